//! The share partitions of one shard: a state machine without I/O or a clock.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_core::{Epoch, Offset};
use esker_env::{Monotonic, Rule};
use esker_kafka_wire::KString;
use esker_share::{
    AckBatch, Acked, Acquired, Cursor, Dead, Depth, Limits, Look, Member, Mode, Plan, Release,
    SharePartition, Span, Wanted,
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    ShareKey,
    api::{Seek, Selected},
    checkpoint::{Checkpoint, Order},
    entry::{Entry, Weight, remember},
    error::ShareError,
    record::tombstone,
};
use crate::{
    records::Record,
    runtime::{self, Token},
    timers::Timers,
    usage::Usage,
};

/// Runs of records that a reader is told to look at, at most.
const OPEN_RUNS: usize = 32;
/// Runs of records that are buried together, at most.
const BURIED_TOGETHER: usize = 100;
/// After dead letters could not be written.
const BURY_AGAIN: Duration = Duration::from_secs(1);
/// After a write that nothing came of.
const WRITE_AGAIN: Duration = Duration::from_millis(100);

/// What it is given with each call, and where it leaves what it wants done.
pub(crate) type Cx<'a> = runtime::Cx<'a, StateShard>;

/// The share partitions.
#[derive(Default)]
pub(crate) struct StateShard {
    pub(super) partitions: BTreeMap<ShareKey, Entry>,
    /// A time for each share partition not after its next deadline.
    wakes: Timers<ShareKey>,
    pub(super) usage: Usage,
    pub(super) epoch: Epoch,
    pub(super) checkpoint: Checkpoint,
}

/// What is written together.
#[derive(Debug)]
pub(crate) struct Write {
    pub(super) records: Vec<Record>,
    pub(super) key: ShareKey,
    /// The share partition's number of it; `None` for its end.
    pub(super) number: Option<u64>,
    pub(super) waiting: Vec<Token>,
}

/// Whether somebody may read what is to be given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The group has not read from the partition.
    Unknown,
    /// Not now; the watcher is told when to look again.
    Wait,
    /// To be ended by [`StateShard::acquire`], [`StateShard::select`] or [`StateShard::end_read`].
    Read(ReadFrom),
}

/// Where somebody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadFrom {
    /// The first offset that may be given out.
    pub(super) from: i64,
    /// The leader epoch.
    pub(super) epoch: Epoch,
    /// Those that may be from there on, if that was asked for.
    pub(super) open: Vec<(i64, i64)>,
    /// How far the member has looked.
    cursor: Option<Cursor>,
}

/// A share partition as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareSummary {
    /// The first offset that the group is not done with.
    pub start: i64,
    /// Records behind the start that it is done with.
    pub done: u64,
    /// Behind the last record that was looked at.
    pub end: i64,
    /// Records with members.
    pub acquired: u64,
    /// Records between start and end that are not done with, by kind.
    pub depth: Depth,
    /// The leader epoch under which this was answered.
    pub leader_epoch: Epoch,
}

/// What is read and given out.
pub(super) struct Taking<'a> {
    pub(super) member: &'a Member,
    pub(super) from: i64,
    pub(super) read: &'a [Span],
    pub(super) wanted: (u64, Mode),
}

impl StateShard {
    pub(crate) fn new(usage: Usage) -> Self {
        Self { usage, ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.partitions.len()
    }

    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.wakes.next()
    }

    /// Acts on every deadline that has passed.
    pub(crate) fn expire(&mut self, cx: &mut Cx<'_>) {
        while let Some(key) = self.wakes.pop_due(cx.now.monotonic) {
            self.with(cx, &key, |entry, cx, limits| {
                if entry.share.expire(cx.now.monotonic, limits) {
                    entry.wake_watchers();
                }
                entry.write_after = entry.write_after.filter(|after| *after > cx.now.monotonic);
                entry.bury_after = entry.bury_after.filter(|after| *after > cx.now.monotonic);
            });
        }
    }

    /// Makes a share partition that begins at `start`, unless there is one. `token` is answered once that is durable.
    pub(super) fn initialize(&mut self, cx: &mut Cx<'_>, key: &ShareKey, start: i64, token: Token) {
        if !self.partitions.contains_key(key) {
            let mut entry = Entry::new(SharePartition::new(start), 0);
            entry.share.set_life(life(self.epoch));
            entry.weight = entry.weigh(key);
            if entry.weight.memory > self.usage.room(cx.config.max_state)
                || i16::try_from(key.group.len()).is_err()
            {
                cx.answers.push((token, Err(ShareError::Limit)));
                return;
            }
            self.usage.change(0, entry.weight.memory);
            self.checkpoint.weighed(Weight::default(), entry.weight);
            entry.waiting.push(token);
            let key = ShareKey { group: key.group.compact(), ..*key };
            self.partitions.insert(key.clone(), entry);
            self.with(cx, &key, |_, _, _| ());
            return;
        }
        // Another request may be making it: its write is waited for.
        let answered = self.with(cx, key, |entry, _, _| {
            if entry.snapshots == 0 {
                entry.waiting.push(token);
            }
            entry.snapshots > 0
        });
        if answered == Some(true) {
            cx.answers.push((token, Ok(())));
        }
    }

    /// Whether `watcher` may read. It is told of whatever gives it something to read that the log does not tell it of.
    pub(super) fn begin_read(
        &mut self,
        cx: &mut Cx<'_>,
        key: &ShareKey,
        seek: Seek,
        watcher: &Arc<Notify>,
    ) -> Turn {
        let epoch = self.epoch;
        self.with(cx, key, |entry, _, limits| {
            let Seek { log_start, end, mut cursor, each } = seek;
            entry.share.log_start_moved(log_start);
            remember(&mut entry.watchers, watcher);
            if entry.snapshots == 0 || entry.ending {
                return Turn::Wait;
            }
            if entry.reading {
                remember(&mut entry.queued, watcher);
                return Turn::Wait;
            }
            match entry.share.plan(limits, end, cursor.as_mut()) {
                Plan::Full => Turn::Wait,
                Plan::ReadFrom(from) => {
                    entry.reading = true;
                    let open = if each { entry.share.open_runs(from, OPEN_RUNS) } else { Vec::new() };
                    Turn::Read(ReadFrom { from, epoch, open, cursor })
                }
            }
        })
        .unwrap_or(Turn::Unknown)
    }

    /// The read that was begun came to nothing.
    pub(super) fn end_read(&mut self, cx: &mut Cx<'_>, key: &ShareKey) {
        self.with(cx, key, |entry, _, _| {
            entry.reading = false;
            entry.wake_queued();
        });
    }

    /// Gives out what was read. Ends the read.
    pub(super) fn acquire(&mut self, cx: &mut Cx<'_>, key: &ShareKey, taking: &Taking<'_>) -> Vec<Acquired> {
        let Taking { member, from, read, wanted } = taking;
        self.with(cx, key, |entry, cx, limits| {
            entry.reading = false;
            entry.wake_queued();
            entry.share.acquire(member, *from, read, *wanted, cx.now.monotonic, limits)
        })
        .unwrap_or_default()
    }

    /// Gives out what was read, record by record. Ends the read.
    pub(super) fn select(
        &mut self,
        cx: &mut Cx<'_>,
        key: &ShareKey,
        (member, start): (&Member, &ReadFrom),
        read: (&[Span], &[Look]),
        wanted: Wanted,
    ) -> Selected {
        let mut cursor = start.cursor;
        let acquired = self.with(cx, key, |entry, cx, limits| {
            entry.reading = false;
            entry.wake_queued();
            let wanted = (wanted, cursor.as_mut());
            entry.share.select(member, start.from, read, wanted, cx.now.monotonic, limits)
        });
        Selected { acquired: acquired.unwrap_or_default(), cursor }
    }

    /// Takes what a member says of records. `token` is answered once that is durable.
    pub(super) fn acknowledge(
        &mut self,
        cx: &mut Cx<'_>,
        key: &ShareKey,
        member: &str,
        batches: &[AckBatch<'_>],
        token: Token,
    ) {
        let said = self.with(cx, key, |entry, cx, limits| {
            let said = entry.share.acknowledge(member, batches, cx.now.monotonic, limits);
            if let Ok(Acked::With { .. }) = said
                && !Rule::ShareAckDurable.is_broken()
            {
                entry.waiting.push(token);
            }
            said
        });
        let answer = match said {
            Some(Ok(Acked::With { .. })) if !Rule::ShareAckDurable.is_broken() => return,
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error.into()),
            // Nothing was ever given out.
            None => Err(ShareError::InvalidRecordState),
        };
        cx.answers.push((token, answer));
    }

    /// Takes back what a member has.
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, key: &ShareKey, member: &str, how: Release) {
        self.with(cx, key, |entry, _, limits| {
            if entry.share.release(member, how, limits) {
                entry.wake_watchers();
            }
        });
    }

    /// Takes back what never reached the member to which it was just given.
    pub(super) fn give_back(&mut self, cx: &mut Cx<'_>, key: &ShareKey, member: &str, runs: &[Acquired]) {
        self.with(cx, key, |entry, _, _| {
            if entry.share.give_back(member, runs) {
                entry.wake_watchers();
            }
        });
    }

    /// Moves the start. `token` is answered once that is durable.
    pub(super) fn reset(&mut self, cx: &mut Cx<'_>, key: &ShareKey, start: i64, token: Token) {
        if !self.partitions.contains_key(key) {
            return self.initialize(cx, key, start, token);
        }
        self.with(cx, key, |entry, _, _| {
            entry.share.reset(start);
            entry.waiting.push(token);
            entry.wake_watchers();
        });
    }

    /// Ends a share partition. `token` is answered once that is durable.
    pub(super) fn end(&mut self, cx: &mut Cx<'_>, key: &ShareKey, token: Option<Token>) {
        let Some(entry) = self.partitions.get_mut(key).filter(|entry| !entry.ending) else {
            cx.answers.extend(token.map(|token| (token, Ok(()))));
            return;
        };
        entry.ending = true;
        let records = tombstone(key).into_iter().collect();
        let write = Write { records, key: key.clone(), number: None, waiting: token.into_iter().collect() };
        cx.writes.push(write);
    }

    /// Ends the share partitions of topics that are gone.
    pub(super) fn topics_deleted(&mut self, cx: &mut Cx<'_>, topics: &[Uuid]) {
        let gone: Vec<ShareKey> =
            self.partitions.keys().filter(|key| topics.contains(&key.topic)).cloned().collect();
        for key in gone {
            self.end(cx, &key, None);
        }
    }

    pub(super) fn summary(&self, key: &ShareKey) -> Option<ShareSummary> {
        let entry = self.partitions.get(key).filter(|entry| !entry.ending)?;
        Some(ShareSummary {
            start: entry.share.start(),
            done: entry.share.done(),
            end: entry.share.end(),
            acquired: entry.share.acquired(),
            depth: entry.share.depth(),
            leader_epoch: self.epoch,
        })
    }

    /// The partitions that a group has read from.
    pub(super) fn of_group(&self, group: &KString) -> Vec<(Uuid, i32)> {
        let keys = self.partitions.iter().filter(|(key, entry)| key.group == *group && !entry.ending);
        keys.map(|(key, _)| (key.topic, key.partition)).collect()
    }

    /// A write is durable, or is known not to be.
    pub(crate) fn written(&mut self, cx: &mut Cx<'_>, write: Write, result: Result<(), ShareError>) {
        for token in write.waiting {
            cx.answers.push((token, result));
        }
        if let Err(error) = result {
            tracing::warn!(key = ?write.key, %error, "the state of a share partition could not be stored");
        }
        let Some(number) = write.number else {
            if result.is_err() {
                self.with(cx, &write.key, |entry, _, _| entry.ending = false);
            } else if let Some(mut entry) = self.partitions.remove(&write.key) {
                self.usage.change(entry.weight.memory, 0);
                self.checkpoint.weighed(entry.weight, Weight::default());
                self.wakes.cancel(&write.key);
                cx.orders.extend(self.checkpoint.gone(&write.key));
                entry.wake_watchers();
                entry.wake_queued();
                // Somebody may have waited for a write that does not come any more.
                cx.answers.extend(entry.waiting.into_iter().map(|token| (token, Err(ShareError::Unknown))));
            }
            return;
        };
        let snapshots = self.with(cx, &write.key, |entry, cx, limits| {
            let whole = entry.share.is_writing_all();
            entry.share.written(number, result.is_ok(), limits);
            match result {
                Ok(()) if whole => entry.snapshots = entry.snapshots.saturating_add(1),
                Ok(()) => {}
                Err(_) => entry.write_after = Some(cx.now.monotonic + WRITE_AGAIN),
            }
            entry.wake_watchers();
            entry.snapshots
        });
        if let Some(snapshots) = snapshots.filter(|_| result.is_ok()) {
            let bytes = write.records.iter().map(|record| record.size() as u64).sum();
            let enough = cx.config.checkpoint_records.max(4 * self.partitions.len() as u64);
            cx.orders.extend(self.checkpoint.written(&write.key, snapshots, bytes, enough));
            // One that failed meanwhile does not count.
            if self.checkpoint.wants(&write.key) {
                self.with(cx, &write.key, |entry, _, _| {
                    if !entry.share.is_writing_all() {
                        entry.share.touch_all();
                    }
                });
            }
        }
    }

    /// What was given up is buried, up to an offset, or is not.
    pub(super) fn buried(&mut self, cx: &mut Cx<'_>, key: &ShareKey, done: Vec<Dead>) {
        self.with(cx, key, |entry, cx, _| {
            entry.burying = false;
            if done.is_empty() {
                entry.bury_after = Some(cx.now.monotonic + BURY_AGAIN);
            }
            for dead in done {
                entry.share.buried(dead.first, dead.last);
            }
            entry.wake_watchers();
        });
    }

    /// Writes everything once more, so that what lies before `end` can go.
    pub(super) fn checkpoint(&mut self, cx: &mut Cx<'_>, end: Option<Offset>) {
        let Some(end) = end else { return self.checkpoint.give_up() };
        // A snapshot that is under way may lie before the end.
        let wanted =
            |entry: &Entry| entry.snapshots.saturating_add(1 + i32::from(entry.share.is_writing_all()));
        // One that is about to end may not, if that cannot be written.
        let left: BTreeMap<_, _> =
            self.partitions.iter().map(|(key, entry)| (key.clone(), wanted(entry))).collect();
        let keys: Vec<ShareKey> = left.keys().cloned().collect();
        cx.orders.extend(self.checkpoint.begin(end, left));
        for key in keys {
            self.with(cx, &key, |entry, _, _| entry.share.touch_all());
        }
    }

    /// Runs `act` on a share partition; afterwards writes what is to be written, and looks at its deadlines.
    fn with<T>(
        &mut self,
        cx: &mut Cx<'_>,
        key: &ShareKey,
        act: impl FnOnce(&mut Entry, &mut Cx<'_>, &Limits) -> T,
    ) -> Option<T> {
        let own = cx.around.as_ref().map(|facts| facts.overrides(&key.group).share).unwrap_or_default();
        let limits = cx.config.limits(&own);
        let entry = self.partitions.get_mut(key)?;
        let done = act(entry, cx, &limits);
        if !entry.burying && entry.bury_after.is_none() && !entry.ending {
            let dead = entry.share.dying(BURIED_TOGETHER);
            if !dead.is_empty() {
                entry.burying = true;
                cx.orders.push(Order::Bury { key: key.clone(), dead });
            }
        }
        cx.writes.extend(entry.write(key, self.epoch, cx.now.wall_ms));
        let now = entry.weigh(key);
        self.usage.change(entry.weight.memory, now.memory);
        self.checkpoint.weighed(entry.weight, now);
        entry.weight = now;
        match entry.next_deadline() {
            Some(deadline) if self.wakes.get(key).is_none_or(|wake| deadline < wake) => {
                self.wakes.set(key.clone(), deadline);
            }
            _ => {}
        }
        Some(done)
    }
}

/// A number that no other leader's state has.
pub(super) fn life(epoch: Epoch) -> u64 {
    u64::from(epoch.0.unsigned_abs())
}
