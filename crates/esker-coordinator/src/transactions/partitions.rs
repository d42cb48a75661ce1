//! A set of partitions.

use std::collections::{BTreeMap, BTreeSet};

use esker_kafka_wire::KString;

/// Around a topic, and around a partition, in bytes.
const TOPIC: usize = 128;
const PARTITION: usize = 16;

/// Partitions by topic, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partitions {
    topics: BTreeMap<KString, BTreeSet<i32>>,
    count: usize,
    bytes: usize,
}

impl Partitions {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes in memory, and about those in a record.
    pub(crate) fn weight(&self) -> usize {
        self.bytes
    }

    pub(crate) fn contains(&self, topic: &str, partition: i32) -> bool {
        self.topics.get(topic).is_some_and(|partitions| partitions.contains(&partition))
    }

    pub(crate) fn contains_all(&self, partitions: &[(KString, i32)]) -> bool {
        partitions.iter().all(|(topic, partition)| self.contains(topic, *partition))
    }

    pub(crate) fn insert(&mut self, topic: &KString, partition: i32) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.compact(), BTreeSet::new());
            self.bytes += TOPIC + topic.len();
        }
        if self.topics.get_mut(topic).expect("made above").insert(partition) {
            self.count += 1;
            self.bytes += PARTITION;
        }
    }

    pub(crate) fn remove(&mut self, topic: &KString, partition: i32) {
        let Some(partitions) = self.topics.get_mut(topic) else { return };
        if partitions.remove(&partition) {
            self.count -= 1;
            self.bytes -= PARTITION;
        }
        if partitions.is_empty() {
            self.topics.remove(topic);
            self.bytes -= TOPIC + topic.len();
        }
    }

    /// By topic.
    pub(crate) fn topics(&self) -> impl Iterator<Item = (&KString, &BTreeSet<i32>)> {
        self.topics.iter()
    }

    /// Each by itself, in order.
    pub(crate) fn to_vec(&self) -> Vec<(KString, i32)> {
        let each = |(topic, partitions): (&KString, &BTreeSet<i32>)| {
            partitions.iter().map(|partition| (topic.clone(), *partition)).collect::<Vec<_>>()
        };
        self.topics().flat_map(each).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_leaves_nothing_behind() {
        let mut set = Partitions::default();
        let all: Vec<(KString, i32)> = vec![("a".into(), 1), ("a".into(), 2), ("b".into(), 1)];
        for (topic, partition) in all.iter().chain(&all) {
            set.insert(topic, *partition);
        }
        assert_eq!((set.len(), set.to_vec()), (3, all.clone()));
        assert!(set.contains_all(&all) && !set.contains("b", 2));
        for (topic, partition) in all.iter().chain(&all) {
            set.remove(topic, *partition);
        }
        assert_eq!(set, Partitions::default());
    }
}
