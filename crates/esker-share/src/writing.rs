//! What of a share partition is written, and what came of that.

use std::collections::BTreeMap;

use crate::{
    changes::Changes,
    limits::Limits,
    partition::{Dead, SharePartition},
    ranges::Class,
    snapshot::{Snapshot, StoredBatch},
    state::{Entry, Outcome, State},
};

impl SharePartition {
    /// Whether [`SharePartition::begin_write`] should be called.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.dirty && self.writing.is_none()
    }

    /// What is to be written now: what has changed since the last write, or everything where that is not much more.
    ///
    /// # Panics
    /// While another write is under way.
    pub fn begin_write(&mut self) -> ToWrite {
        assert!(self.writing.is_none(), "one write at a time");
        let number = self.next_write;
        self.next_write += 1;
        self.dirty = false;
        let mut says = std::mem::replace(&mut self.changes, Changes::NOTHING);
        let update = match &says {
            Changes::Everything => None,
            Changes::Runs(runs) => self.update_of(runs),
        };
        let whole = update.is_none();
        let state = update.unwrap_or_else(|| self.snapshot());
        if whole {
            says = Changes::Everything;
        }
        self.writing = Some(Writing { number, says });
        ToWrite { number, whole, state }
    }

    /// A write is durable, or nothing of it was written: what it said of records is void then, and they are available.
    ///
    /// # Panics
    /// When no such write is under way.
    pub fn written(&mut self, number: u64, durable: bool, limits: &Limits) {
        let writing = self.writing.take().expect("a write was begun");
        assert_eq!(writing.number, number, "the write that was begun");
        let mut lost = false;
        let mut deferred = Vec::new();
        self.change_of(Class::Out, |first, last, entry| {
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
        if !durable {
            self.changes.join(writing.says);
        }
        self.advance();
    }

    /// As it would be stored now: what is with members as available, what is on its way to the log as if it were there.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut batches = Batches::default();
        for (first, last, entry) in self.ranges.iter() {
            batches.push(first, last, &entry);
        }
        self.stored(batches.0)
    }

    /// The same of these runs only; `None` when that is not much less.
    fn update_of(&self, runs: &BTreeMap<i64, i64>) -> Option<Snapshot> {
        let mut batches = Batches::default();
        for (first, last) in runs {
            for (first, last, entry) in self.ranges.within(*first, *last) {
                batches.push(first, last, &entry);
                if 2 * batches.0.len() >= self.ranges.len() {
                    return None;
                }
            }
        }
        Some(self.stored(batches.0))
    }

    fn stored(&self, mut batches: Vec<StoredBatch>) -> Snapshot {
        let done = self.ranges.iter().take_while(|(_, _, entry)| entry.state.stored().is_done());
        let start = done.last().map_or(self.start(), |(_, last, _)| last + 1);
        batches.drain(..batches.partition_point(|batch| batch.last < start));
        Snapshot { state_epoch: self.state_epoch(), start, batches }
    }

    /// Records that were given up and are not buried, at most so many runs.
    #[must_use]
    pub fn dying(&self, most: usize) -> Vec<Dead> {
        self.ranges
            .iter_of(Class::Dying)
            .take(most)
            .map(|(first, last, entry)| Dead { first, last, count: entry.count })
            .collect()
    }

    /// Records that were given up are buried: they are done with.
    pub fn buried(&mut self, first: i64, last: i64) {
        self.change(first.max(self.start()), last, |_, _, entry| {
            (entry.state == State::Dying).then(|| Entry::done(entry.count))
        });
        self.dirty = true;
        self.advance();
    }

    /// Whether a write is under way that says everything.
    #[must_use]
    pub fn is_writing_all(&self) -> bool {
        self.writing.as_ref().is_some_and(|writing| matches!(writing.says, Changes::Everything))
    }

    /// Memory that the write under way takes, bytes, about.
    pub(crate) fn says_bytes(&self) -> usize {
        self.writing.as_ref().map_or(0, |writing| writing.says.bytes())
    }

    /// What has changed is to be written.
    pub(crate) fn touch(&mut self) {
        self.dirty = true;
    }

    /// What is written next says everything, whenever that is.
    pub fn forget_written(&mut self) {
        self.changes = Changes::Everything;
    }

    /// All of it is to be written, whether something has changed or not.
    pub fn touch_all(&mut self) {
        self.dirty = true;
        self.changes = Changes::Everything;
    }
}

/// A write under way.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    number: u64,
    /// To be said again, if nothing comes of it.
    says: Changes,
}

/// What is to be written.
#[derive(Clone, Debug)]
pub struct ToWrite {
    /// The write's number, for [`SharePartition::written`].
    pub number: u64,
    /// Everything that there is. Else only the start and these records, and all others are as they were written before
    /// ([`SharePartition::update`]).
    pub whole: bool,
    /// As it is to be stored.
    pub state: Snapshot,
}

/// Batches in ascending order.
#[derive(Default)]
struct Batches(Vec<StoredBatch>);

impl Batches {
    fn push(&mut self, first: i64, last: i64, entry: &Entry) {
        let (state, count) = entry.stored();
        match self.0.last_mut() {
            Some(before) if before.last + 1 == first && before.state == state && before.count == count => {
                before.last = last;
            }
            _ => self.0.push(StoredBatch { first, last, state, count }),
        }
    }
}
