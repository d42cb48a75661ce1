//! The pure function from a partition to its shard.

use crate::{PartitionId, ShardId};

/// The shard of `partition` in a cluster of `shards` shards (fixed when the cluster is created).
///
/// Consecutive partitions of a topic fall on different shards; a topic's first shard is spread by its number, so
/// that many one-partition topics do not crowd shard 0.
///
/// # Panics
/// When `shards` is 0.
#[must_use]
pub fn shard_of(partition: PartitionId, shards: u32) -> ShardId {
    assert!(shards > 0, "a cluster has at least one shard");
    // Fibonacci hashing: the high bits of the product are well spread even for consecutive numbers.
    let start = u64::from(partition.topic.0).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    ShardId(((start + u64::from(partition.index)) % u64::from(shards)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TopicNumber;

    #[test]
    fn consecutive_partitions_fall_on_different_shards() {
        for topic in 0..100 {
            let shards: std::collections::BTreeSet<_> =
                (0..8).map(|index| shard_of(PartitionId { topic: TopicNumber(topic), index }, 8)).collect();
            assert_eq!(shards.len(), 8);
        }
    }

    #[test]
    fn single_partition_topics_spread_over_all_shards() {
        let mut counts = [0; 8];
        for topic in 0..8000 {
            counts[shard_of(PartitionId { topic: TopicNumber(topic), index: 0 }, 8).0 as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (800..1200).contains(&count)), "{counts:?}");
    }

    #[test]
    fn the_mapping_never_changes() {
        // Persisted by implication: a partition's data lives in its shard's objects for ever.
        let at = |topic, index| shard_of(PartitionId { topic: TopicNumber(topic), index }, 256).0;
        assert_eq!((at(1, 0), at(2, 5), at(1000, 77)), (185, 119, 230));
    }
}
