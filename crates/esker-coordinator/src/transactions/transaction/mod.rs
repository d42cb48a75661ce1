//! One transactional id: a state machine without I/O and without a clock.
//!
//! ```text
//!              partitions          end: commit                     every partition has its marker
//!    Empty ─────────────▶ Ongoing ─────────────▶ PrepareCommit ─────────────────────────▶ CompleteCommit
//!      ▲                     │                                                                  │
//!      │                     └─────────────────▶ PrepareAbort ──────────────────────────▶ CompleteAbort
//!      │          end: abort, timeout, or a newer producer                                      │
//!      └──────────────────────── a producer begins with the id ─────────────────────────────────┘
//! ```
//!
//! The decision is the record of a `Prepare` state: once it is durable, the transaction ends that way and no other. Every
//! method says what is to be written; [`Transaction::decided`] and [`Transaction::undone`] take note of what became of
//! it. Rules and their order are those of Kafka 4.3, with two that are stricter: after a fence nothing that the old epoch
//! says counts as a repetition, and a fenced producer cannot fence the one that fenced it.

mod add;
mod end;
mod init;

use esker_core::ProducerId;
use esker_env::Monotonic;
use esker_kafka_wire::KString;

use super::{
    error::TransactionError,
    partitions::Partitions,
    types::{
        EndProtocol, MarkerOrder, Producer, TransactionDescription, TransactionState, TransactionSummary,
    },
};

/// Around a transactional id, in bytes.
const ID: usize = 768;

/// The last epoch that a producer may have: one more is left to fence it with.
pub(crate) const LAST_EPOCH: i16 = i16::MAX - 1;

/// What is known of a transactional id. All but `last_epoch` is in its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) state: TransactionState,
    /// The epoch is -1 until the id has its first record.
    pub(crate) producer: Producer,
    /// The producer's id one record earlier.
    pub(crate) previous: ProducerId,
    /// The id that the producer gets once the transaction is complete, because its epochs are used up.
    pub(crate) next: ProducerId,
    /// The epoch from which the producer itself came to the one it has; -1 when another one took over.
    pub(crate) last_epoch: i16,
    pub(crate) timeout_ms: i32,
    pub(crate) partitions: Partitions,
    /// When the transaction began, milliseconds since the Unix epoch; -1 without one.
    pub(crate) started_ms: i64,
    /// When this was written, milliseconds since the Unix epoch.
    pub(crate) updated_ms: i64,
    /// What the end of the last transaction did to the epoch.
    pub(crate) bump: Bump,
}

/// What the end of a transaction does to the producer's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bump {
    /// It stays: the end of a client of the first protocol.
    No,
    /// The producer is fenced: what its old epoch says is never a repetition.
    Fence,
    /// The producer itself goes on with the new one: the end of a client of the second protocol.
    End,
}

impl Facts {
    fn is_exhausted(&self) -> bool {
        self.producer.epoch >= LAST_EPOCH
    }

    /// The decision, if it is made and not everybody has been told.
    pub(crate) fn decision(&self) -> Option<bool> {
        match self.state {
            TransactionState::PrepareCommit => Some(true),
            TransactionState::PrepareAbort => Some(false),
            _ => None,
        }
    }

    /// How partitions are told the decision, if it is made.
    pub(crate) fn marker_order(&self, coordinator_epoch: i32, to: &Partitions) -> Option<MarkerOrder> {
        Some(MarkerOrder {
            producer: self.producer.id,
            epoch: self.producer.epoch,
            commit: self.decision()?,
            bumped: self.bump != Bump::No,
            coordinator_epoch,
            partitions: to.to_vec(),
        })
    }

    /// What is known once every partition has been told.
    fn completed(&self, now_ms: i64) -> Self {
        let commit = self.decision().expect("only what is decided is completed");
        let producer = match self.next {
            ProducerId::NONE => self.producer,
            id => Producer { id, epoch: 0 },
        };
        Self {
            state: if commit { TransactionState::CompleteCommit } else { TransactionState::CompleteAbort },
            producer,
            previous: self.producer.id,
            next: ProducerId::NONE,
            partitions: Partitions::default(),
            updated_ms: now_ms,
            ..self.clone()
        }
    }

    /// The decision to abort that also gives the producer's epoch away.
    fn fenced(&self, last_epoch: i16, now_ms: i64) -> Self {
        Self {
            state: TransactionState::PrepareAbort,
            producer: Producer { epoch: self.producer.epoch.saturating_add(1), ..self.producer },
            previous: self.producer.id,
            next: ProducerId::NONE,
            last_epoch,
            updated_ms: now_ms,
            bump: Bump::Fence,
            ..self.clone()
        }
    }
}

/// What a request leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing is to be written.
    Answer(Result<Producer, TransactionError>),
    /// Ask again with a producer id that nobody has had.
    NeedsProducerId,
    /// Once this is durable, the answer is that.
    Write { next: Box<Facts>, answer: Result<Producer, TransactionError> },
}

impl Step {
    fn refuse(error: TransactionError) -> Self {
        Self::Answer(Err(error))
    }

    fn write(next: Facts, answer: Result<Producer, TransactionError>) -> Self {
        Self::Write { next: Box::new(next), answer }
    }
}

/// What is on its way to the log.
#[derive(Clone, Debug)]
struct Pending {
    /// As of the last of the writes.
    next: Facts,
    /// Writes without an answer.
    in_flight: u32,
}

/// Partitions that have not been told how the transaction ended.
#[derive(Clone, Debug)]
struct Telling {
    remaining: Partitions,
    /// How often some of them could not be told.
    attempts: u32,
}

/// A transactional id.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: KString,
    /// What is durable.
    pub(crate) facts: Facts,
    pending: Option<Pending>,
    telling: Option<Telling>,
    /// When it wants to be looked at.
    pub(crate) wake: Option<Monotonic>,
}

impl Transaction {
    /// An id of which nothing is durable.
    pub(crate) fn new(id: KString, producer: ProducerId) -> Self {
        let facts = Facts {
            state: TransactionState::Empty,
            producer: Producer { id: producer, epoch: -1 },
            previous: ProducerId::NONE,
            next: ProducerId::NONE,
            last_epoch: -1,
            timeout_ms: 0,
            partitions: Partitions::default(),
            started_ms: -1,
            updated_ms: -1,
            bump: Bump::No,
        };
        Self::loaded(id, facts)
    }

    /// An id as its last record has it.
    pub(crate) fn loaded(id: KString, facts: Facts) -> Self {
        Self { id, facts, pending: None, telling: None, wake: None }
    }

    /// Nothing of it is durable.
    pub(crate) fn is_new(&self) -> bool {
        self.facts.producer.epoch < 0
    }

    /// Something is on its way to the log.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        let pending = self.pending.as_ref().map_or(0, |pending| pending.next.partitions.weight());
        let telling = self.telling.as_ref().map_or(0, |telling| telling.remaining.weight());
        ID + self.id.len() + self.facts.partitions.weight() + pending + telling
    }

    /// A write has been handed to the log.
    pub(crate) fn hand_over(&mut self, next: Facts) {
        let in_flight = self.pending.as_ref().map_or(0, |pending| pending.in_flight) + 1;
        // Only what adds partitions may come behind something else that is on its way.
        assert!(in_flight == 1 || next.state == TransactionState::Ongoing, "one step after another");
        self.pending = Some(Pending { next, in_flight });
    }

    /// A write is durable.
    pub(crate) fn decided(&mut self, next: Facts) {
        self.answered();
        check_transition(&self.facts, &next);
        self.telling = next.decision().map(|_| Telling { remaining: next.partitions.clone(), attempts: 0 });
        self.facts = next;
    }

    /// A write did not happen.
    pub(crate) fn undone(&mut self) {
        self.answered();
    }

    fn answered(&mut self) {
        let pending = self.pending.as_mut().expect("what is answered was handed over");
        pending.in_flight -= 1;
        if pending.in_flight == 0 {
            self.pending = None;
        }
    }

    /// The log has been read: whoever may not have been told is told.
    pub(crate) fn resume(&mut self) {
        let remaining = || self.facts.partitions.clone();
        self.telling = self.facts.decision().map(|_| Telling { remaining: remaining(), attempts: 0 });
    }

    /// Whom to tell what; `None` when there is nobody (left), or nothing decided.
    pub(crate) fn marker_order(&self, coordinator_epoch: i32) -> Option<MarkerOrder> {
        let telling = self.telling.as_ref().filter(|telling| !telling.remaining.is_empty())?;
        self.facts.marker_order(coordinator_epoch, &telling.remaining)
    }

    /// A partition has been told, or does not exist.
    pub(crate) fn told(&mut self, topic: &KString, partition: i32) {
        if let Some(telling) = &mut self.telling {
            telling.remaining.remove(topic, partition);
        }
    }

    /// Some could not be told: how often that has happened.
    pub(crate) fn not_all_told(&mut self) -> u32 {
        self.telling.as_mut().map_or(0, |telling| {
            telling.attempts = telling.attempts.saturating_add(1);
            telling.attempts
        })
    }

    /// What is to be written once everybody has been told.
    pub(crate) fn complete(&self, now_ms: i64) -> Option<Facts> {
        let everybody = self.telling.as_ref().is_some_and(|telling| telling.remaining.is_empty());
        (everybody && !self.is_pending()).then(|| self.facts.completed(now_ms))
    }

    /// The decision to abort an ongoing transaction that takes too long.
    pub(crate) fn time_out(&self, now_ms: i64) -> Option<Facts> {
        let ongoing = self.facts.state == TransactionState::Ongoing && !self.is_pending();
        ongoing.then(|| self.facts.fenced(-1, now_ms))
    }

    /// The end of an id that nobody has used since `before_ms`.
    pub(crate) fn expire(&self, before_ms: i64) -> Option<Facts> {
        use TransactionState::{CompleteAbort, CompleteCommit, Dead, Empty};
        let idle = matches!(self.facts.state, Empty | CompleteCommit | CompleteAbort) && !self.is_pending();
        let unused = idle && self.facts.updated_ms <= before_ms;
        unused.then(|| Facts { state: Dead, ..self.facts.clone() })
    }

    /// Being forgotten, or not there yet: nobody is told of it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.is_new()
            || self.pending.as_ref().is_some_and(|pending| pending.next.state == TransactionState::Dead)
    }

    pub(crate) fn describe(&self) -> TransactionDescription {
        let remaining = self.telling.as_ref().map(|telling| &telling.remaining);
        TransactionDescription {
            state: self.facts.state,
            producer: self.facts.producer,
            timeout: std::time::Duration::from_millis(u64::try_from(self.facts.timeout_ms).unwrap_or(0)),
            started_ms: self.facts.started_ms,
            partitions: remaining.unwrap_or(&self.facts.partitions).to_vec(),
        }
    }

    pub(crate) fn summary(&self) -> TransactionSummary {
        TransactionSummary {
            transactional_id: self.id.clone(),
            state: self.facts.state,
            producer: self.facts.producer,
            started_ms: self.facts.started_ms,
        }
    }
}

/// What may follow what: a decision is followed by its own completion, and by nothing else.
fn check_transition(before: &Facts, after: &Facts) {
    use TransactionState::{
        CompleteAbort, CompleteCommit, Dead, Empty, Ongoing, PrepareAbort, PrepareCommit, PrepareEpochFence,
    };
    let idle = matches!(before.state, Empty | CompleteCommit | CompleteAbort);
    let valid = match after.state {
        Empty | Dead => idle,
        Ongoing => idle || before.state == Ongoing,
        PrepareCommit => before.state == Ongoing,
        PrepareAbort => idle || before.state == Ongoing,
        CompleteCommit => before.state == PrepareCommit,
        CompleteAbort => before.state == PrepareAbort,
        // A state that is never written: the decision to abort is.
        PrepareEpochFence => false,
    };
    assert!(valid, "a transaction does not go from {:?} to {:?}", before.state, after.state);
    let same = after.producer.id == before.producer.id;
    assert!(!same || after.producer.epoch >= before.producer.epoch, "a producer's epochs grow");
}
