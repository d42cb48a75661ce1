//! The share partition: where it begins and ends, and what happens by itself.

use std::{sync::Arc, time::Duration};

use esker_env::{Monotonic, Rule};

use crate::{
    deferred::Deferred,
    ranges::Ranges,
    snapshot::{Snapshot, SnapshotError, StoredBatch, StoredState},
};

/// The most records of a partition that are deferred: beyond it nothing new is given out.
const MAX_DEFERRED: usize = 1_000_000;

/// A member of the group, by the id that it has given itself.
pub type Member = Arc<str>;

/// What an operator may choose, for all groups or for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a record stays with a member that does not answer (`share.record.lock.duration.ms`).
    pub lock: Duration,
    /// How often a record is given out before it is given up (`share.delivery.count.limit`); at least 1.
    pub max_deliveries: u16,
    /// The most records between start and end that are not done with (`share.partition.max.record.locks`).
    pub max_locks: u32,
    /// Records that are given up are kept until somebody says that they are buried ([`SharePartition::buried`]).
    pub dead_letters: bool,
}

/// The state of a record between start and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// How often it was given out.
    pub(crate) count: u16,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Whoever asks next gets it.
    Available,
    /// With a member, until it says what became of it or its time is up.
    Acquired { member: Member, until: Monotonic },
    /// What became of it is to be durable with this write.
    Settling { to: Outcome, write: u64 },
    /// Nobody gets it before its time.
    Deferred,
    /// It was given up, and is to be buried.
    Dying,
    /// Nobody gets it again.
    Done { accepted: bool },
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Archived,
    Dying,
    Available,
    Deferred { until: Monotonic },
}

/// Records that were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    /// First offset.
    pub first: i64,
    /// Last offset.
    pub last: i64,
    /// How often they were given out.
    pub count: u16,
}

impl Limits {
    /// What becomes of a record that is given up.
    pub(crate) const fn given_up(&self) -> Outcome {
        if self.dead_letters { Outcome::Dying } else { Outcome::Archived }
    }
}

/// How many records there are of each kind, between start and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// To be given out to whoever asks next.
    pub available: u64,
    /// With members, or with what these said of them on its way to the log.
    pub acquired: u64,
    /// To be given out later.
    pub deferred: u64,
    /// Given up, and to be buried.
    pub dying: u64,
}

/// How records come back from a member that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// It closed its session: what it still had it has never looked at, so that does not count as given out.
    Unseen,
    /// It is gone: what it had may be why.
    Counted,
}

/// A share partition.
#[derive(Clone, Debug)]
pub struct SharePartition {
    /// Grows when an operator moves the start.
    state_epoch: i32,
    /// The first offset that is not done with.
    start: i64,
    /// Behind the last offset that was given out, or passed over.
    end: i64,
    pub(crate) ranges: Ranges<Entry>,
    /// Records between start and end that are not done with.
    open: u64,
    /// Exactly those whose state says so.
    deferred: Deferred,
    /// No lock ends before.
    wake: Option<Monotonic>,
    /// The number of the next write.
    pub(crate) next_write: u64,
    /// The write under way.
    writing: Option<u64>,
    /// There is something to write that somebody waits for, or that should outlive this broker.
    dirty: bool,
}

impl SharePartition {
    /// One that nobody has read from: begins at `start`, 0 or more.
    #[must_use]
    pub fn new(start: i64) -> Self {
        let start = start.max(0);
        Self {
            state_epoch: 0,
            start,
            end: start,
            ranges: Ranges::default(),
            open: 0,
            deferred: Deferred::default(),
            wake: None,
            next_write: 0,
            writing: None,
            dirty: true,
        }
    }

    /// One as it was stored. What was with members is available.
    ///
    /// # Errors
    /// When the batches are not in order, overlap, or lie before the start.
    pub fn restore(stored: &Snapshot) -> Result<Self, SnapshotError> {
        stored.check()?;
        let mut partition = Self { dirty: false, state_epoch: stored.state_epoch, ..Self::new(stored.start) };
        for batch in &stored.batches {
            if batch.first > partition.end {
                // Given out, and nothing was ever said of them.
                partition.append(batch.first - 1, Entry { count: 0, state: State::Available });
            }
            partition.append(batch.last, Entry { count: batch.count, state: batch.state.into() });
        }
        partition.advance();
        Ok(partition)
    }

    /// The first offset that is not done with.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Behind the last offset that was given out.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Grows when an operator moves the start.
    #[must_use]
    pub fn state_epoch(&self) -> i32 {
        self.state_epoch
    }

    /// Records between start and end that are not done with.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open
    }

    /// Records between start and end that are done with.
    #[must_use]
    pub fn done(&self) -> u64 {
        // Both are offsets, and the end is never before the start.
        (self.end - self.start).unsigned_abs() - self.open
    }

    /// Entries in memory.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.ranges.len() + self.deferred.len()
    }

    /// Records that count for [`Limits::max_locks`].
    pub(crate) fn counted(&self) -> u64 {
        self.open - self.deferred.len() as u64
    }

    /// As many records are deferred as may be.
    pub(crate) fn defers_much(&self) -> bool {
        self.deferred.len() >= MAX_DEFERRED
    }

    /// When [`SharePartition::expire`] is to be called.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Monotonic> {
        self.wake.into_iter().chain(self.deferred.next()).min()
    }

    /// Records with members.
    #[must_use]
    pub fn acquired(&self) -> u64 {
        let acquired =
            self.ranges.iter().filter(|(_, _, entry)| matches!(entry.state, State::Acquired { .. }));
        acquired.map(|(first, last, _)| count(first, last)).sum()
    }

    /// How many records there are of each kind.
    #[must_use]
    pub fn depth(&self) -> Depth {
        let mut depth = Depth::default();
        for (first, last, entry) in self.ranges.iter() {
            let of_kind = match &entry.state {
                State::Available => &mut depth.available,
                State::Acquired { .. } | State::Settling { .. } => &mut depth.acquired,
                State::Deferred => &mut depth.deferred,
                State::Dying => &mut depth.dying,
                State::Done { .. } => continue,
            };
            *of_kind += count(first, last);
        }
        depth
    }

    /// Takes back records whose lock has ended, and those that were deferred until now. Whether there were any.
    pub fn expire(&mut self, now: Monotonic, limits: &Limits) -> bool {
        let mut moved = false;
        while let Some(offset) = self.deferred.pop_due(now) {
            self.ranges.change(offset, offset, |_, _, entry| {
                (entry.state == State::Deferred).then(|| Entry { state: State::Available, ..entry.clone() })
            });
            moved = true;
        }
        if self.wake.is_none_or(|wake| wake > now) {
            return moved;
        }
        if Rule::ShareLockEnds.is_broken() {
            self.wake = None;
            return moved;
        }
        moved |= self.take_back(limits, Release::Counted, |_, until| until <= now);
        let deadlines = self.ranges.iter().filter_map(|(_, _, entry)| match entry.state {
            State::Acquired { until, .. } => Some(until),
            _ => None,
        });
        self.wake = deadlines.min();
        moved
    }

    /// Takes back what a member has. Whether it had anything.
    pub fn release(&mut self, member: &str, how: Release, limits: &Limits) -> bool {
        self.take_back(limits, how, |holder, _| **holder == *member)
    }

    /// The log begins at `log_start` now: what lies before is gone. Whether that is news.
    pub fn log_start_moved(&mut self, log_start: i64) -> bool {
        if log_start <= self.start {
            return false;
        }
        self.ranges.drop_before(log_start);
        self.deferred.drop_before(log_start);
        self.start = log_start;
        self.end = self.end.max(log_start);
        self.recount();
        self.advance();
        self.dirty = true;
        true
    }

    /// An operator moves the start: whatever was known is void.
    pub fn reset(&mut self, start: i64) {
        let next = Self {
            state_epoch: self.state_epoch.saturating_add(1),
            next_write: self.next_write,
            writing: self.writing,
            ..Self::new(start)
        };
        *self = next;
    }

    /// Whether [`SharePartition::begin_write`] should be called.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.dirty && self.writing.is_none()
    }

    /// What is to be written now, and under which number.
    ///
    /// # Panics
    /// While another write is under way.
    pub fn begin_write(&mut self) -> (u64, Snapshot) {
        assert_eq!(self.writing, None, "one write at a time");
        let number = self.next_write;
        self.next_write += 1;
        self.writing = Some(number);
        self.dirty = false;
        (number, self.snapshot())
    }

    /// A write is durable, or nothing of it was written: what it said of records is void then, and they are available.
    ///
    /// # Panics
    /// When no such write is under way.
    pub fn written(&mut self, number: u64, durable: bool, limits: &Limits) {
        assert_eq!(self.writing.take(), Some(number), "the write that was begun");
        let mut lost = false;
        let mut deferred = Vec::new();
        self.ranges.change(self.start, i64::MAX, |first, last, entry| {
            let State::Settling { to, write } = entry.state else { return None };
            if write != number {
                return None;
            }
            let state = match (durable, to) {
                (true, Outcome::Deferred { until }) => {
                    deferred.push((first, last, until));
                    State::Deferred
                }
                (true, to) => to.state(),
                (false, _) if entry.count >= limits.max_deliveries => {
                    lost = true;
                    limits.given_up().state()
                }
                (false, _) => State::Available,
            };
            Some(Entry { state, ..entry.clone() })
        });
        for (first, last, until) in deferred {
            (first..=last).for_each(|offset| self.deferred.insert(offset, until));
        }
        // To be told again, and where something was given up rather than given out once more.
        self.dirty |= lost || !durable;
        self.recount();
        self.advance();
    }

    /// As it would be stored now: what is with members as available, what is on its way to the log as if it were there.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut batches: Vec<StoredBatch> = Vec::new();
        for (first, last, entry) in self.ranges.iter() {
            let state = match &entry.state {
                State::Available | State::Acquired { .. } | State::Deferred => StoredState::Available,
                State::Settling { to, .. } => to.state().stored(),
                State::Done { .. } | State::Dying => entry.state.stored(),
            };
            let count = if Rule::ShareCountStored.is_broken() { 0 } else { entry.count };
            match batches.last_mut() {
                Some(before) if before.state == state && before.count == count => before.last = last,
                _ => batches.push(StoredBatch { first, last, state, count }),
            }
        }
        let mut start = self.start;
        let done = batches.iter().take_while(|batch| batch.state.is_done()).count();
        for batch in batches.drain(..done) {
            start = batch.last + 1;
        }
        Snapshot { state_epoch: self.state_epoch, start, batches }
    }

    /// Records that were given up and are not buried, at most so many runs.
    #[must_use]
    pub fn dying(&self, most: usize) -> Vec<Dead> {
        let dying = self.ranges.iter().filter(|(_, _, entry)| entry.state == State::Dying);
        dying.take(most).map(|(first, last, entry)| Dead { first, last, count: entry.count }).collect()
    }

    /// Records that were given up are buried: they are done with.
    pub fn buried(&mut self, first: i64, last: i64) {
        self.ranges.change(first.max(self.start), last, |_, _, entry| {
            let done = State::Done { accepted: false };
            (entry.state == State::Dying).then(|| Entry { state: done, ..entry.clone() })
        });
        self.dirty = true;
        self.recount();
        self.advance();
    }

    /// Whether a write is under way.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// It is to be written, whether something has changed or not.
    pub fn touch(&mut self) {
        self.dirty = true;
    }

    /// A lock ends at `until`.
    pub(crate) fn watch(&mut self, until: Monotonic) {
        self.wake = Some(self.wake.map_or(until, |wake| wake.min(until)));
    }

    /// Adds records behind the end, up to `last`.
    pub(crate) fn append(&mut self, last: i64, entry: Entry) {
        if !matches!(entry.state, State::Done { .. }) {
            self.open += count(self.end, last);
        }
        self.ranges.push(self.end, last, entry);
        self.end = last + 1;
    }

    /// Moves the start over what is done with.
    pub(crate) fn advance(&mut self) {
        while let Some((_, last, entry)) = self.ranges.first()
            && matches!(entry.state, State::Done { .. })
        {
            self.ranges.pop_first();
            self.start = last + 1;
        }
    }

    pub(crate) fn recount(&mut self) {
        let open = self.ranges.iter().filter(|(_, _, entry)| !matches!(entry.state, State::Done { .. }));
        self.open = open.map(|(first, last, _)| count(first, last)).sum();
    }

    fn take_back(
        &mut self,
        limits: &Limits,
        how: Release,
        which: impl Fn(&Member, Monotonic) -> bool,
    ) -> bool {
        let mut moved = false;
        self.ranges.change(self.start, i64::MAX, |_, _, entry| {
            let State::Acquired { member, until } = &entry.state else { return None };
            if !which(member, *until) {
                return None;
            }
            moved = true;
            let count = match how {
                Release::Unseen => entry.count.saturating_sub(1),
                Release::Counted => entry.count,
            };
            let given_up = count >= limits.max_deliveries;
            let state = if given_up { limits.given_up().state() } else { State::Available };
            Some(Entry { count, state })
        });
        if moved {
            self.dirty = true;
            self.recount();
            self.advance();
        }
        moved
    }

    #[cfg(test)]
    pub(crate) fn check(&self) {
        let mut next = self.start;
        let mut before: Option<&Entry> = None;
        for (first, last, entry) in self.ranges.iter() {
            assert_eq!(first, next, "no gap between runs");
            assert!(last >= first, "no empty run");
            assert_ne!(before, Some(entry), "neighbours differ");
            (next, before) = (last + 1, Some(entry));
        }
        assert_eq!(next, self.end, "runs reach to the end");
        let first = self.ranges.first().map(|(_, _, entry)| &entry.state);
        assert!(!matches!(first, Some(State::Done { .. })), "the start is not done with");
        let mut counted = self.clone();
        counted.recount();
        assert_eq!(counted.open, self.open, "what is open is counted");
        assert_eq!(self.depth().deferred, self.deferred.len() as u64, "each has its time");
    }
}

/// How many offsets there are.
pub(crate) fn count(first: i64, last: i64) -> u64 {
    last.abs_diff(first) + 1
}

impl Outcome {
    pub(crate) fn state(self) -> State {
        match self {
            Self::Accepted => State::Done { accepted: true },
            Self::Archived => State::Done { accepted: false },
            Self::Dying => State::Dying,
            Self::Available => State::Available,
            Self::Deferred { .. } => State::Deferred,
        }
    }
}

impl State {
    fn stored(&self) -> StoredState {
        match self {
            Self::Done { accepted: true } => StoredState::Accepted,
            Self::Done { accepted: false } => StoredState::Archived,
            Self::Dying => StoredState::Dying,
            _ => StoredState::Available,
        }
    }
}

impl From<StoredState> for State {
    fn from(stored: StoredState) -> Self {
        match stored {
            StoredState::Available => Self::Available,
            StoredState::Accepted => Self::Done { accepted: true },
            StoredState::Archived => Self::Done { accepted: false },
            StoredState::Dying => Self::Dying,
        }
    }
}
