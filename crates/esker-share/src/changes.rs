//! Which records are no longer as they were last written.

use std::collections::BTreeMap;

use crate::{
    ranges::{Class, Classed},
    state::Entry,
};

/// The most runs of offsets that are remembered one by one; beyond it everything counts as changed.
const MOST: usize = 10_000;

/// What has changed since the last write.
#[derive(Clone, Debug)]
pub(crate) enum Changes {
    /// Whatever there is.
    Everything,
    /// These: first offset and last offset. They neither overlap nor meet.
    Runs(BTreeMap<i64, i64>),
}

impl Changes {
    pub(crate) const NOTHING: Self = Self::Runs(BTreeMap::new());

    /// Remembers `first..=last`.
    pub(crate) fn note(&mut self, mut first: i64, mut last: i64) {
        let Self::Runs(runs) = self else { return };
        while let Some((&known, &end)) = runs.range(..=last.saturating_add(1)).next_back()
            && end.saturating_add(1) >= first
        {
            runs.remove(&known);
            (first, last) = (first.min(known), last.max(end));
        }
        runs.insert(first, last);
        if runs.len() > MOST {
            *self = Self::Everything;
        }
    }

    /// Remembers what others are, too.
    pub(crate) fn join(&mut self, others: Self) {
        match others {
            Self::Everything => *self = Self::Everything,
            Self::Runs(runs) => runs.into_iter().for_each(|(first, last)| self.note(first, last)),
        }
    }

    /// Memory, bytes, about and rather too much than too little.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Everything => 0,
            // Every node of the tree may be half empty.
            Self::Runs(runs) => 2 * runs.len() * size_of::<(i64, i64)>(),
        }
    }
}

/// What one change does.
#[derive(Default)]
pub(crate) struct Turns {
    /// What is of another class now.
    pub(crate) classes: Vec<(i64, i64, Class)>,
    /// What is stored in another way now.
    pub(crate) stored: Vec<(i64, i64)>,
}

impl Turns {
    pub(crate) fn noting(
        &mut self,
        mut change: impl FnMut(i64, i64, &Entry) -> Option<Entry>,
    ) -> impl FnMut(i64, i64, &Entry) -> Option<Entry> {
        move |first, last, entry| {
            let new = change(first, last, entry)?;
            if new.class() != entry.class() {
                self.classes.push((first, last, new.class()));
            }
            if new.stored() != entry.stored() {
                self.stored.push((first, last));
            }
            Some(new)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(all: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut changes = Changes::NOTHING;
        all.iter().for_each(|&(first, last)| changes.note(first, last));
        let Changes::Runs(runs) = changes else { panic!("too many") };
        runs.into_iter().collect()
    }

    #[test]
    fn runs_that_meet_become_one() {
        assert_eq!(noted(&[(5, 6), (1, 2), (9, 9)]), [(1, 2), (5, 6), (9, 9)]);
        assert_eq!(noted(&[(5, 6), (1, 2), (9, 9), (3, 4)]), [(1, 6), (9, 9)]);
        assert_eq!(noted(&[(5, 6), (1, 2), (9, 9), (0, 20)]), [(0, 20)]);
        assert_eq!(noted(&[(0, 20), (5, 6)]), [(0, 20)]);
        assert_eq!(noted(&[(0, i64::MAX), (5, i64::MAX)]), [(0, i64::MAX)]);
    }

    #[test]
    fn what_others_are_is_remembered_too() {
        let others = |runs: &[(i64, i64)]| Changes::Runs(runs.iter().copied().collect());
        let mut changes = others(&[(1, 2), (9, 9)]);
        changes.join(others(&[(3, 4), (20, 20)]));
        let Changes::Runs(runs) = &changes else { panic!("too many") };
        assert!(runs.iter().eq([(&1, &4), (&9, &9), (&20, &20)]));
        changes.join(Changes::Everything);
        changes.join(Changes::NOTHING);
        assert!(matches!(changes, Changes::Everything));
    }

    #[test]
    fn there_are_not_too_many() {
        let mut changes = Changes::NOTHING;
        (0..=20_000).for_each(|at| changes.note(2 * at, 2 * at));
        assert!(matches!(changes, Changes::Everything));
        assert_eq!(changes.bytes(), 0);
    }
}
