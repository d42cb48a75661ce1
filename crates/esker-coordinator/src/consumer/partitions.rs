//! Sets of partitions, by topic id.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_kafka_wire::KString;
use uuid::Uuid;

use crate::types::TopicPartitions;

/// Partitions of topics; no topic is without one.
pub(crate) type Partitions = BTreeMap<Uuid, BTreeSet<i32>>;

/// Partitions that a member has, each with the member epoch at which it was given to it.
pub(crate) type Owned = BTreeMap<Uuid, BTreeMap<i32, i32>>;

/// How many there are.
pub(crate) fn count(owned: &Owned) -> usize {
    owned.values().map(BTreeMap::len).sum()
}

pub(crate) fn contains(owned: &Owned, topic: Uuid, partition: i32) -> bool {
    owned.get(&topic).is_some_and(|partitions| partitions.contains_key(&partition))
}

/// Whether both name the same partitions.
pub(crate) fn same_partitions(one: &Owned, other: &Owned) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|((topic, partitions), (other_topic, others))| {
            topic == other_topic && partitions.keys().eq(others.keys())
        })
}

/// For answers.
pub(crate) fn listed(owned: &Owned) -> TopicPartitions {
    owned.iter().map(|(topic, partitions)| (*topic, partitions.keys().copied().collect())).collect()
}

/// For answers.
pub(crate) fn listed_target(target: &Partitions) -> TopicPartitions {
    target.iter().map(|(topic, partitions)| (*topic, partitions.iter().copied().collect())).collect()
}

/// Who has each partition, or has still to confirm that it has let go of it. A topic's part is copied when it changes
/// while somebody looks at an older state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Owners(BTreeMap<Uuid, Arc<BTreeMap<i32, KString>>>);

impl Owners {
    pub(crate) fn get(&self, topic: Uuid, partition: i32) -> Option<&KString> {
        self.0.get(&topic)?.get(&partition)
    }

    /// Partitions with an owner.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(|partitions| partitions.len()).sum()
    }

    /// Notes an owner. False when there is another one, which stays.
    pub(crate) fn claim(&mut self, topic: Uuid, partition: i32, member: &KString) -> bool {
        let partitions = Arc::make_mut(self.0.entry(topic).or_default());
        partitions.entry(partition).or_insert_with(|| member.clone()) == member
    }

    /// Forgets an owner, if it is this one.
    pub(crate) fn release(&mut self, topic: Uuid, partition: i32, member: &KString) {
        let Some(partitions) = self.0.get_mut(&topic) else { return };
        if partitions.get(&partition) == Some(member) {
            let partitions = Arc::make_mut(partitions);
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.0.remove(&topic);
            }
        }
    }
}
