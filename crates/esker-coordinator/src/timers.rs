//! Deadlines by key: each key has at most one.

use std::collections::{BTreeMap, BTreeSet};

use esker_env::Monotonic;

/// A set of deadlines. Setting, cancelling and taking the next one are logarithmic; asking for the next is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Timers<K> {
    by_key: BTreeMap<K, Monotonic>,
    queue: BTreeSet<(Monotonic, K)>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { by_key: BTreeMap::new(), queue: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Timers<K> {
    /// Sets the deadline of `key`, in place of an earlier one.
    pub(crate) fn set(&mut self, key: K, deadline: Monotonic) {
        if let Some(old) = self.by_key.insert(key.clone(), deadline) {
            if old == deadline {
                return;
            }
            self.queue.remove(&(old, key.clone()));
        }
        self.queue.insert((deadline, key));
    }

    /// Forgets the deadline of `key`, if it has one.
    pub(crate) fn cancel(&mut self, key: &K) {
        if let Some(old) = self.by_key.remove(key) {
            self.queue.remove(&(old, key.clone()));
        }
    }

    /// The deadline of `key`.
    pub(crate) fn get(&self, key: &K) -> Option<Monotonic> {
        self.by_key.get(key).copied()
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Monotonic> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    /// Takes one key whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Monotonic) -> Option<K> {
        let due = self.queue.first().is_some_and(|(deadline, _)| *deadline <= now);
        let (_, key) = due.then(|| self.queue.pop_first())??;
        self.by_key.remove(&key);
        Some(key)
    }
}
