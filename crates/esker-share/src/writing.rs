//! What of a share partition is written, and what came of that.

use esker_env::Rule;

use crate::{
    partition::{Dead, Limits, SharePartition},
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
        self.advance();
    }

    /// As it would be stored now: what is with members as available, what is on its way to the log as if it were there.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut batches: Vec<StoredBatch> = Vec::new();
        for (first, last, entry) in self.ranges.iter() {
            let state = entry.state.stored();
            let count = if Rule::ShareCountStored.is_broken() { 0 } else { entry.count };
            match batches.last_mut() {
                Some(before) if before.state == state && before.count == count => before.last = last,
                _ => batches.push(StoredBatch { first, last, state, count }),
            }
        }
        let mut start = self.start();
        let done = batches.iter().take_while(|batch| batch.state.is_done()).count();
        for batch in batches.drain(..done) {
            start = batch.last + 1;
        }
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

    /// Whether a write is under way.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// It is to be written, whether something has changed or not.
    pub fn touch(&mut self) {
        self.dirty = true;
    }
}
