//! When records that are deferred are to come back.

use std::collections::BTreeSet;

use esker_env::Monotonic;

/// Each with its time. Some may be gone meanwhile: whoever takes one out looks whether it is deferred still.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deferred(BTreeSet<(Monotonic, i64)>);

impl Deferred {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Memory, bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        // A time and an offset, in nodes that are three quarters full.
        self.0.len() * 32
    }

    /// The first time.
    pub(crate) fn next(&self) -> Option<Monotonic> {
        self.0.first().map(|(time, _)| *time)
    }

    pub(crate) fn insert(&mut self, offset: i64, until: Monotonic) {
        self.0.insert((until, offset));
    }

    /// Takes out one whose time has come.
    pub(crate) fn pop_due(&mut self, now: Monotonic) -> Option<i64> {
        let (time, _) = self.0.first()?;
        if *time > now {
            return None;
        }
        self.0.pop_first().map(|(_, offset)| offset)
    }
}
