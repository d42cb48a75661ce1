//! Runs of records in the same state, without gaps between them.

use std::collections::BTreeMap;

/// What a run of records has in common.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run<S> {
    /// Its last offset.
    last: i64,
    state: S,
}

/// Runs by their first offset; each begins where the one before it ends. Two neighbours are never the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges<S>(BTreeMap<i64, Run<S>>);

impl<S> Default for Ranges<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S: Clone + PartialEq> Ranges<S> {
    /// Number of runs.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every run: first offset, last offset, state.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, i64, &S)> {
        self.0.iter().map(|(first, run)| (*first, run.last, &run.state))
    }

    /// The runs that reach into `first..=last`, cut to it.
    pub(crate) fn within(&self, first: i64, last: i64) -> impl Iterator<Item = (i64, i64, &S)> {
        let from = self.0.range(..=first).next_back().map_or(first, |(at, _)| *at);
        let runs = if first <= last { Some(self.0.range(from..=last)) } else { None };
        runs.into_iter()
            .flatten()
            .filter(move |(_, run)| run.last >= first)
            .map(move |(at, run)| ((*at).max(first), run.last.min(last), &run.state))
    }

    /// Adds a run behind all others.
    pub(crate) fn push(&mut self, first: i64, last: i64, state: S) {
        assert!(first <= last, "a run has records");
        if let Some((_, before)) = self.0.iter_mut().next_back() {
            assert_eq!(before.last + 1, first, "runs follow one another");
            if before.state == state {
                before.last = last;
                return;
            }
        }
        self.0.insert(first, Run { last, state });
    }

    /// Changes the state of every record in `first..=last`: `change` sees each run cut to it, and says what it is to be,
    /// `None` for what it is. Offsets outside of all runs are passed over.
    pub(crate) fn change(
        &mut self,
        first: i64,
        last: i64,
        mut change: impl FnMut(i64, i64, &S) -> Option<S>,
    ) {
        let changed: Vec<(i64, i64, S)> = self
            .within(first, last)
            .filter_map(|(first, last, state)| {
                let new = change(first, last, state).filter(|new| new != state)?;
                Some((first, last, new))
            })
            .collect();
        for (first, last, state) in changed {
            self.cut(first);
            self.cut(last + 1);
            if let Some(run) = self.0.get_mut(&first) {
                run.state = state;
            }
            self.join(last + 1);
            self.join(first);
        }
    }

    /// Takes out the runs before `offset`.
    pub(crate) fn drop_before(&mut self, offset: i64) {
        self.cut(offset);
        self.0 = self.0.split_off(&offset);
    }

    /// The first run.
    pub(crate) fn first(&self) -> Option<(i64, i64, &S)> {
        self.iter().next()
    }

    /// Takes out the first run.
    pub(crate) fn pop_first(&mut self) {
        self.0.pop_first();
    }

    /// Makes sure that no run reaches over `offset`.
    fn cut(&mut self, offset: i64) {
        let Some((_, run)) = self.0.range_mut(..offset).next_back() else { return };
        if run.last >= offset {
            let tail = run.clone();
            run.last = offset - 1;
            self.0.insert(offset, tail);
        }
    }

    /// Makes one run of two that meet at `offset`, when they are the same.
    fn join(&mut self, offset: i64) {
        let Some(run) = self.0.get(&offset) else { return };
        let (last, state) = (run.last, run.state.clone());
        let Some((_, before)) = self.0.range_mut(..offset).next_back() else { return };
        if before.state == state {
            before.last = last;
            self.0.remove(&offset);
        }
    }
}
