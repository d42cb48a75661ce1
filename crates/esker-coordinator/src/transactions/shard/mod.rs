//! The transactional ids of one partition of `__transaction_state`: a state machine over [`Transaction`]s, without I/O or
//! a clock.

mod ends;
mod requests;
mod views;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use esker_core::{Epoch, ProducerId, batch::BatchView};
use esker_env::{Monotonic, Rule};
use esker_kafka_wire::KString;

use super::{
    error::TransactionError,
    record::{self, Decoded, decode},
    transaction::{Facts, Transaction},
    types::{MarkerOrder, Producer, TransactionState},
};
use crate::{
    records::Record,
    runtime::{self, Now, ReplayError, Token},
    timers::Timers,
    usage::Usage,
};

pub(crate) type Cx<'a> = runtime::Cx<'a, Shard>;

/// The most bytes that one batch of the topic may decompress to.
const MAX_DECOMPRESSED: usize = 256 << 20;

/// How long after a failed write the same is tried again.
const WRITE_AGAIN: Duration = Duration::from_millis(500);

/// The answer to a waiting request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What was asked is durable, or is known not to be.
    Done(Result<Producer, TransactionError>),
    /// Said from memory: nothing was to be written.
    Known(Result<Producer, TransactionError>),
    /// Ask again with a producer id that nobody has had.
    NeedsProducerId,
}

/// What is to become known of an id, and who waits for that.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    id: KString,
    /// One.
    pub(super) records: Vec<Record>,
    next: Facts,
    waiter: Option<(Token, Result<Producer, TransactionError>)>,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Partitions are to be told how a transaction of this id ended.
    Tell { id: KString, markers: MarkerOrder },
    /// A transaction of this id is complete: whoever waits for that may go on.
    Completed { id: KString, commit: bool },
}

/// The ids of one partition.
#[derive(Debug)]
pub(crate) struct Shard {
    ids: BTreeMap<KString, Transaction>,
    /// What [`Transaction::wake`] says.
    wakes: Timers<KString>,
    /// When a transaction was last aborted for its age.
    last_abort: Option<Monotonic>,
    /// The partition's leader epoch.
    epoch: Epoch,
    /// Of all ids here.
    usage: Usage,
}

impl Shard {
    /// Without ids, counting among others.
    pub(crate) fn new(usage: Usage) -> Self {
        Self { ids: BTreeMap::new(), wakes: Timers::default(), last_abort: None, epoch: Epoch(0), usage }
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// When it next wants [`Shard::expire`].
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.wakes.next()
    }

    /// Takes one batch, in the order of the log.
    pub(crate) fn replay_batch(&mut self, batch: &BatchView) -> Result<(), ReplayError> {
        if batch.fields.attributes.is_control() {
            return Ok(());
        }
        for record in &batch.records(MAX_DECOMPRESSED)? {
            let record = record?;
            let Some(key) = record.key else { continue };
            match decode(key, record.value)? {
                Decoded::Transaction { id, facts: Some(facts) } if facts.state != TransactionState::Dead => {
                    self.ids.insert(id.clone(), Transaction::loaded(id, *facts));
                }
                Decoded::Transaction { id, .. } => {
                    self.ids.remove(&id);
                }
                Decoded::Other => tracing::warn!("a record of an unknown kind is skipped"),
            }
        }
        Ok(())
    }

    /// Everything has been read, under this leader epoch.
    pub(crate) fn begin(&mut self, cx: &mut Cx<'_>, epoch: Epoch) {
        self.epoch = epoch;
        // Nothing was counted while it came and went.
        self.usage.change(0, self.ids.values().map(Transaction::weight).sum());
        for (id, transaction) in &self.ids {
            tracing::trace!(%id, shard = epoch.0, facts = ?transaction.facts, "loaded");
        }
        let ids: Vec<KString> = self.ids.keys().cloned().collect();
        for id in ids {
            self.with(&id, |transaction| transaction.resume());
            self.go_on(cx, &id);
        }
    }

    /// Runs `act` on an id, and looks at what it weighs and when it wants to be woken.
    fn with<T>(&mut self, id: &KString, act: impl FnOnce(&mut Transaction) -> T) -> Option<T> {
        let transaction = self.ids.get_mut(id)?;
        let before = transaction.weight();
        let done = act(transaction);
        self.usage.change(before, transaction.weight());
        match transaction.wake {
            Some(wake) => self.wakes.set(id.clone(), wake),
            None => self.wakes.cancel(id),
        }
        Some(done)
    }

    /// The id comes into being, when there is room for it.
    fn ensure(&mut self, cx: &Cx<'_>, id: &KString, producer: ProducerId) -> Result<(), TransactionError> {
        if i16::try_from(id.len()).is_err() {
            // No record could carry it.
            return Err(TransactionError::InvalidRequest);
        }
        let transaction = Transaction::new(id.compact(), producer);
        let is_full = self.ids.len() >= cx.config.max_ids_per_partition;
        if is_full || transaction.weight() > self.usage.room(cx.config.max_state) {
            return Err(TransactionError::Limit);
        }
        self.usage.change(0, transaction.weight());
        self.ids.insert(transaction.id.clone(), transaction);
        Ok(())
    }

    fn forget(&mut self, id: &KString) {
        if let Some(transaction) = self.ids.remove(id) {
            self.usage.change(transaction.weight(), 0);
            self.wakes.cancel(id);
        }
    }

    /// Hands a step to the log.
    fn write(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        next: Facts,
        waiter: Option<(Token, Result<Producer, TransactionError>)>,
    ) -> Result<(), TransactionError> {
        tracing::trace!(%id, shard = self.epoch.0, ?next, "to be stored");
        let record = match next.state {
            TransactionState::Dead => record::tombstone(id),
            _ => record::record(id, &next),
        };
        let record = record.map_err(|_| TransactionError::Limit)?;
        if Rule::DecisionDurable.is_broken() && next.decision().is_some() {
            let markers = next.marker_order(self.epoch.0, &next.partitions);
            cx.orders.extend(markers.map(|markers| Order::Tell { id: id.clone(), markers }));
        }
        self.with(id, |transaction| {
            transaction.wake = None;
            transaction.hand_over(next.clone());
        });
        cx.writes.push(Write { id: id.clone(), records: vec![record], next, waiter });
        Ok(())
    }

    /// Transactions that have begun and are not ended everywhere.
    pub(crate) fn open(&self) -> usize {
        use TransactionState::{Ongoing, PrepareAbort, PrepareCommit};
        let states = self.ids.values().map(|transaction| transaction.facts.state);
        states.filter(|state| matches!(state, Ongoing | PrepareAbort | PrepareCommit)).count()
    }

    /// A write is durable, or is known not to be.
    pub(crate) fn written(&mut self, cx: &mut Cx<'_>, write: Write, result: Result<(), TransactionError>) {
        let Write { id, next, waiter, .. } = write;
        tracing::trace!(%id, shard = self.epoch.0, state = ?next.state, producer = ?next.producer, ?result, "stored");
        if let Some((token, answer)) = waiter {
            cx.answers.push((token, Answer::Done(result.and(answer))));
        }
        match result {
            Ok(()) if next.state == TransactionState::Dead => return self.forget(&id),
            Ok(()) => {
                if matches!(next.state, TransactionState::CompleteCommit | TransactionState::CompleteAbort) {
                    let commit = next.state == TransactionState::CompleteCommit;
                    cx.orders.push(Order::Completed { id: id.clone(), commit });
                }
                self.with(&id, |transaction| transaction.decided(next));
            }
            Err(error) => {
                tracing::warn!(%id, %error, "the state of a transactional id could not be stored");
                let again = cx.now.monotonic + WRITE_AGAIN;
                let is_new = self.with(&id, |transaction| {
                    transaction.undone();
                    // Whatever was to be done by itself is to be done still.
                    transaction.wake = Some(again);
                    transaction.is_new() && !transaction.is_pending()
                });
                if is_new == Some(true) {
                    self.forget(&id);
                }
                return;
            }
        }
        self.go_on(cx, &id);
    }

    /// Does what an id's state asks for by itself: tells the end, completes, or waits until time is up.
    fn go_on(&mut self, cx: &mut Cx<'_>, id: &KString) {
        let Some(transaction) = self.ids.get(id) else { return };
        if transaction.is_pending() {
            return;
        }
        if let Some(markers) = transaction.marker_order(self.epoch.0) {
            cx.orders.push(Order::Tell { id: id.clone(), markers });
        } else if let Some(next) = transaction.complete(cx.now.wall_ms) {
            self.write(cx, id, next, None).expect("less than what was written before");
        } else {
            let wake = time_is_up(&transaction.facts, cx.now);
            self.with(id, |transaction| transaction.wake = wake);
        }
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::new(Usage::default())
    }
}

/// When an ongoing transaction has taken too long.
fn time_is_up(facts: &Facts, now: Now) -> Option<Monotonic> {
    if facts.state != TransactionState::Ongoing {
        return None;
    }
    // Another broker's clock may have been wrong, but never by more than a whole timeout counts.
    let timeout = i64::from(facts.timeout_ms.max(0));
    let left = facts.started_ms.saturating_add(timeout).saturating_sub(now.wall_ms).clamp(0, timeout);
    Some(now.monotonic + Duration::from_millis(left.unsigned_abs()))
}

/// How long until those that could not be told are told again.
fn tell_again(attempts: u32) -> Duration {
    Duration::from_millis(10 << attempts.min(7)).min(Duration::from_secs(1))
}

#[cfg(test)]
impl Shard {
    pub(crate) fn weighs(&self) -> (usize, usize) {
        (self.usage.here(), self.ids.values().map(Transaction::weight).sum())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Transaction> {
        self.ids.get(id)
    }
}
