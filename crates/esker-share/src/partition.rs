//! The share partition: where it begins and ends, and what happens by itself.

use esker_env::{Monotonic, Rule};

use crate::{
    acquire::Acquired,
    changes::{Changes, Turns},
    cursor::News,
    deferred::Deferred,
    limits::Limits,
    picker::Picker,
    ranges::{Class, Ranges},
    snapshot::{Snapshot, SnapshotError},
    state::{Entry, Member, State},
    writing::Writing,
};

/// The most records of a partition that are deferred: beyond it nothing new is given out.
const MAX_DEFERRED: usize = 1_000_000;
/// The most runs of records in the same state: beyond it nothing new is looked at. A whole snapshot is one record, of 20 bytes
/// for each, and a batch of the log has at most 127 MiB.
const MAX_RUNS: usize = 2_500_000;

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
    /// The times of those whose state says that they have one.
    pub(crate) deferred: Deferred,
    /// What is known of records that have to be looked at before one is chosen.
    pub(crate) picker: Option<Box<Picker>>,
    /// What can be given out that could not before.
    pub(crate) news: News,
    /// No lock ends before.
    wake: Option<Monotonic>,
    /// The number of the next write.
    pub(crate) next_write: u64,
    /// The write under way.
    pub(crate) writing: Option<Writing>,
    /// There is something to write that somebody waits for, or that should outlive this broker.
    pub(crate) dirty: bool,
    /// What the next write has to say.
    pub(crate) changes: Changes,
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
            deferred: Deferred::default(),
            picker: None,
            news: News::default(),
            wake: None,
            next_write: 0,
            writing: None,
            dirty: true,
            changes: Changes::Everything,
        }
    }

    /// One as it was stored. What was with members is available.
    ///
    /// # Errors
    /// When the batches are not in order, overlap, or lie before the start.
    pub fn restore(stored: &Snapshot) -> Result<Self, SnapshotError> {
        let mut partition = Self { state_epoch: stored.state_epoch, ..Self::new(stored.start) };
        partition.update(stored)?;
        Ok(partition)
    }

    /// Takes what was stored after what it was restored from: these records are as said, all others as they were.
    ///
    /// # Errors
    /// When the batches are not in order, overlap, or lie before the start. Nothing has changed then.
    pub fn update(&mut self, stored: &Snapshot) -> Result<(), SnapshotError> {
        stored.check()?;
        if stored.start > self.start {
            self.ranges.drop_before(stored.start);
            self.start = stored.start;
            self.end = self.end.max(stored.start);
        }
        for batch in &stored.batches {
            let entry = Entry { count: batch.count, state: batch.state.into() };
            if batch.first > self.end {
                // Given out, and nothing was ever said of them.
                self.append(batch.first - 1, Entry { count: 0, state: State::Available });
            }
            self.ranges.change(batch.first, batch.last, |_, _, _| Some(entry.clone()));
            if batch.last >= self.end {
                self.append(batch.last, entry);
            }
        }
        self.advance();
        self.dirty = false;
        self.changes = Changes::NOTHING;
        Ok(())
    }

    /// Whose state it is: cursors of another life begin anew.
    pub fn set_life(&mut self, life: u64) {
        self.news.life = life;
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
        // Both are offsets, and the end is never before the start.
        (self.end - self.start).unsigned_abs() - self.done()
    }

    /// Records between start and end that are done with.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.ranges.count(Class::Done)
    }

    /// Runs of records in the same state; a whole snapshot has at most as many.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.ranges.len()
    }

    /// Memory, bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let picker = self.picker.as_ref().map_or(0, |picker| picker.bytes());
        self.ranges.bytes() + self.deferred.bytes() + self.changes.bytes() + self.says_bytes() + picker
    }

    /// Records that count for [`Limits::max_locks`].
    pub(crate) fn counted(&self) -> u64 {
        self.ranges.count(Class::Out) + self.ranges.count(Class::Dying)
    }

    /// As many records are deferred as may be.
    pub(crate) fn defers_much(&self) -> bool {
        self.deferred.len() >= MAX_DEFERRED
    }

    /// Nothing is looked at that was not before.
    pub(crate) fn is_crowded(&self) -> bool {
        self.defers_much() || self.ranges.len() >= MAX_RUNS
    }

    /// When [`SharePartition::expire`] is to be called.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Monotonic> {
        let expiry = self.picker.as_ref().and_then(|picker| picker.next_deadline());
        self.wake.into_iter().chain(self.deferred.next()).chain(expiry).min()
    }

    /// Records with members.
    #[must_use]
    pub fn acquired(&self) -> u64 {
        let out = self.ranges.iter_of(Class::Out);
        let acquired = out.filter(|(_, _, entry)| matches!(entry.state, State::Acquired { .. }));
        acquired.map(|(first, last, _)| count(first, last)).sum()
    }

    /// How many records there are of each kind.
    #[must_use]
    pub fn depth(&self) -> Depth {
        Depth {
            available: self.ranges.count(Class::Available),
            acquired: self.ranges.count(Class::Out),
            deferred: self.ranges.count(Class::Deferred),
            dying: self.ranges.count(Class::Dying),
        }
    }

    /// Takes back records whose lock has ended, and those that were deferred until now. Whether there were any.
    pub fn expire(&mut self, now: Monotonic, limits: &Limits) -> bool {
        let mut moved = false;
        while let Some(offset) = self.deferred.pop_due(now) {
            self.change(offset, offset, |_, _, entry| {
                (entry.state == State::Deferred).then(|| Entry { state: State::Available, ..entry.clone() })
            });
            moved = true;
        }
        if let Some(ready) = self.picker.as_mut().and_then(|picker| picker.expire(now)) {
            self.news.extend(ready);
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
        let deadlines = self.ranges.iter_of(Class::Out).filter_map(|(_, _, entry)| match entry.state {
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

    /// Takes back records that a member was just given and that never reached it: they were not given out. What it has had
    /// since, it keeps. Whether there were any.
    pub fn give_back(&mut self, member: &str, runs: &[Acquired]) -> bool {
        let mut moved = false;
        for run in runs {
            self.change(run.first.max(self.start), run.last, |_, _, entry| {
                let with =
                    matches!(&entry.state, State::Acquired { member: holder, .. } if **holder == *member);
                (with && entry.count == run.count).then(|| {
                    moved = true;
                    Entry { count: entry.count.saturating_sub(1), state: State::Available }
                })
            });
        }
        // The next write says so; it is not worth one.
        moved
    }

    /// The log begins at `log_start` now: what lies before is gone. Whether that is news.
    pub fn log_start_moved(&mut self, log_start: i64) -> bool {
        if log_start <= self.start {
            return false;
        }
        self.ranges.drop_before(log_start);
        self.start = log_start;
        self.end = self.end.max(log_start);
        if let Some(picker) = &mut self.picker {
            self.news.extend(picker.drop_before(log_start));
        }
        self.advance();
        self.dirty = true;
        true
    }

    /// An operator moves the start: whatever was known is void.
    pub fn reset(&mut self, start: i64) {
        let next = Self {
            state_epoch: self.state_epoch.saturating_add(1),
            next_write: self.next_write,
            writing: self.writing.take(),
            news: self.news.voided(),
            ..Self::new(start)
        };
        *self = next;
    }

    /// A lock ends at `until`.
    pub(crate) fn watch(&mut self, until: Monotonic) {
        self.wake = Some(self.wake.map_or(until, |wake| wake.min(until)));
    }

    /// Adds records behind the end, up to `last`.
    pub(crate) fn append(&mut self, last: i64, entry: Entry) {
        self.changes.note(self.end, last);
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
        if let Some(picker) = &mut self.picker {
            picker.done_before(self.start);
        }
    }

    /// Changes records, as [`Ranges::change`] does.
    pub(crate) fn change(
        &mut self,
        first: i64,
        last: i64,
        change: impl FnMut(i64, i64, &Entry) -> Option<Entry>,
    ) {
        let mut turns = Turns::default();
        self.ranges.change(first, last, turns.noting(change));
        self.turned(turns);
    }

    /// Changes records of a class, as [`Ranges::change_of`] does.
    pub(crate) fn change_of(&mut self, class: Class, change: impl FnMut(i64, i64, &Entry) -> Option<Entry>) {
        let mut turns = Turns::default();
        self.ranges.change_of(class, turns.noting(change));
        self.turned(turns);
    }

    fn turned(&mut self, turns: Turns) {
        for (first, last) in turns.stored {
            self.changes.note(first, last);
        }
        for (first, last, class) in turns.classes {
            match &mut self.picker {
                Some(picker) => self.news.extend(picker.turned(first, last, class)),
                None if class == Class::Available => self.news.push((0, first)),
                None => {}
            }
        }
    }

    fn take_back(
        &mut self,
        limits: &Limits,
        how: Release,
        which: impl Fn(&Member, Monotonic) -> bool,
    ) -> bool {
        let mut moved = false;
        self.change_of(Class::Out, |_, _, entry| {
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
            self.advance();
        }
        moved
    }

    #[cfg(test)]
    pub(crate) fn check(&self) {
        use crate::ranges::Classed;

        let mut next = self.start;
        let mut before: Option<Entry> = None;
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for (first, last, entry) in self.ranges.iter() {
            assert_eq!(first, next, "no gap between runs");
            assert!(last >= first, "no empty run");
            assert_ne!(before.as_ref(), Some(&entry), "neighbours differ");
            *counts.entry(format!("{:?}", entry.class())).or_default() += count(first, last);
            (next, before) = (last + 1, Some(entry));
        }
        assert_eq!(next, self.end, "runs reach to the end");
        let first = self.ranges.first().map(|(_, _, entry)| entry.state);
        assert!(!matches!(first, Some(State::Done { .. })), "the start is not done with");
        for class in [Class::Available, Class::Out, Class::Deferred, Class::Dying, Class::Done] {
            let counted = counts.get(&format!("{class:?}")).copied().unwrap_or(0);
            assert_eq!(self.ranges.count(class), counted, "{class:?} is counted");
        }
        assert!(self.depth().deferred <= self.deferred.len() as u64, "each has its time");
        if let Some(picker) = &self.picker {
            picker.check(&self.ranges, self.start);
        }
    }
}

/// How many offsets there are.
pub(crate) fn count(first: i64, last: i64) -> u64 {
    last.abs_diff(first) + 1
}
