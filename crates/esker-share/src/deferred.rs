//! Records that nobody gets before their time.

use std::collections::{BTreeMap, BTreeSet};

use esker_env::Monotonic;

/// The time of each, found by time and by offset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deferred {
    by_time: BTreeSet<(Monotonic, i64)>,
    by_offset: BTreeMap<i64, Monotonic>,
}

impl Deferred {
    pub(crate) fn len(&self) -> usize {
        self.by_offset.len()
    }

    /// The first time.
    pub(crate) fn next(&self) -> Option<Monotonic> {
        self.by_time.first().map(|(time, _)| *time)
    }

    pub(crate) fn insert(&mut self, offset: i64, until: Monotonic) {
        if let Some(before) = self.by_offset.insert(offset, until) {
            self.by_time.remove(&(before, offset));
        }
        self.by_time.insert((until, offset));
    }

    /// Takes out one whose time has come.
    pub(crate) fn pop_due(&mut self, now: Monotonic) -> Option<i64> {
        let (time, offset) = *self.by_time.first()?;
        if time > now {
            return None;
        }
        self.by_time.pop_first();
        self.by_offset.remove(&offset);
        Some(offset)
    }

    /// Takes out what lies before `offset`.
    pub(crate) fn drop_before(&mut self, offset: i64) {
        while let Some(entry) = self.by_offset.first_entry()
            && *entry.key() < offset
        {
            let (offset, time) = entry.remove_entry();
            self.by_time.remove(&(time, offset));
        }
    }
}
