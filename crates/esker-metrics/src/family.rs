//! One figure for many names.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;

/// The name under which everything beyond a family's bound adds up. No topic or group that a client can make hides it: it is
/// no legal topic name, and a group of this name would add to it.
pub const OTHER: &str = "(other)";

/// Figures by name, at most so many; whoever comes later shares one. A handle is looked up once and kept: counting by it
/// takes no lock.
#[derive(Debug)]
pub struct Family<K, T> {
    limit: usize,
    by_name: RwLock<BTreeMap<K, Arc<T>>>,
    other: Arc<T>,
}

impl<K: Ord + Clone, T: Default> Family<K, T> {
    /// An empty family of at most `limit` names.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, by_name: RwLock::new(BTreeMap::new()), other: Arc::default() }
    }

    /// The figures of a name, its own or the shared ones.
    #[must_use]
    pub fn get(&self, name: &K) -> Arc<T> {
        if let Some(known) = self.by_name.read().get(name) {
            return Arc::clone(known);
        }
        let mut by_name = self.by_name.write();
        if by_name.len() >= self.limit && !by_name.contains_key(name) {
            return Arc::clone(&self.other);
        }
        Arc::clone(by_name.entry(name.clone()).or_default())
    }

    /// Forgets a name that is gone, which makes room for another.
    pub fn remove(&self, name: &K) {
        self.by_name.write().remove(name);
    }

    /// Every name with figures of its own, in order.
    #[must_use]
    pub fn all(&self) -> Vec<(K, Arc<T>)> {
        self.by_name.read().iter().map(|(name, figures)| (name.clone(), Arc::clone(figures))).collect()
    }

    /// What adds up for all others.
    #[must_use]
    pub fn other(&self) -> &Arc<T> {
        &self.other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counter;

    #[test]
    fn what_is_beyond_the_bound_adds_up_and_a_name_that_goes_makes_room() {
        let family: Family<&str, Counter> = Family::new(2);
        for name in ["a", "b", "c", "d", "a"] {
            family.get(&name).inc();
        }
        let seen = |family: &Family<&'static str, Counter>| {
            family.all().iter().map(|(name, count)| (*name, count.get())).collect::<Vec<_>>()
        };
        assert_eq!(seen(&family), [("a", 2), ("b", 1)]);
        assert_eq!(family.other().get(), 2);
        let held = family.get(&"b");
        family.remove(&"b");
        held.inc();
        family.get(&"c").inc();
        assert_eq!(seen(&family), [("a", 2), ("c", 1)]);
    }
}
