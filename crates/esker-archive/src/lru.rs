//! A bounded map that forgets what was used least recently. The same operations give the same content in every run.

use std::{collections::BTreeMap, hash::Hash};

use esker_core::FastMap;

/// Entries with weights, bounded by the sum of the weights.
pub(crate) struct Lru<K, V> {
    entries: FastMap<K, Entry<V>>,
    /// By last use.
    order: BTreeMap<u64, K>,
    clock: u64,
    weight: usize,
    capacity: usize,
}

struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Copy + Eq + Hash, V: Clone> Lru<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: FastMap::default(), order: BTreeMap::new(), clock: 0, weight: 0, capacity }
    }

    /// The value, which now counts as used.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        self.order.remove(&entry.used);
        entry.used = self.clock;
        self.order.insert(self.clock, *key);
        Some(entry.value.clone())
    }

    /// The sum of the weights.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// Puts a value in; one heavier than the whole capacity is not kept.
    pub(crate) fn insert(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        if weight > self.capacity {
            return;
        }
        while self.weight + weight > self.capacity {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            let entry = self.entries.remove(&oldest).expect("the order names exactly the entries");
            self.weight -= entry.weight;
        }
        self.clock += 1;
        self.weight += weight;
        self.order.insert(self.clock, key);
        self.entries.insert(key, Entry { value, weight, used: self.clock });
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.take(key);
    }

    /// Removes an entry and gives its value.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.used);
        self.weight -= entry.weight;
        Some(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first_and_the_bound_holds() {
        let mut lru = Lru::new(10);
        lru.insert(1, 'a', 4);
        lru.insert(2, 'b', 4);
        assert_eq!(lru.get(&1), Some('a'));
        lru.insert(3, 'c', 4);
        assert_eq!((lru.get(&1), lru.get(&2), lru.get(&3)), (Some('a'), None, Some('c')));
        lru.insert(4, 'd', 11);
        assert_eq!(lru.get(&4), None);
        lru.insert(1, 'e', 10);
        assert_eq!((lru.get(&1), lru.get(&3), lru.weight), (Some('e'), None, 10));
        lru.remove(&1);
        assert_eq!((lru.weight, lru.order.len()), (0, 0));
    }
}
