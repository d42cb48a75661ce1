//! Which partition of `__share_group_state` belongs to the shard of a partition of the log.

use esker_core::{PartitionId, shard_map::shard_of};
use esker_log::Log;

use crate::topic::SHARE_TOPIC;

/// Knows where share partitions are kept.
pub trait Homes: Send + Sync + 'static {
    /// The partition of the topic whose shard is that of `data`; `None` while there is none.
    fn home(&self, data: PartitionId) -> Option<u32>;
}

/// By the shards of the log.
pub struct LogHomes(pub Log);

impl Homes for LogHomes {
    fn home(&self, data: PartitionId) -> Option<u32> {
        let topic = self.0.catalog().by_name(SHARE_TOPIC).filter(|topic| !topic.record.deleting)?;
        let shards = self.0.shard_count();
        let at = |index| shard_of(PartitionId { topic: topic.record.number, index }, shards).0;
        // Partitions that follow one another are in shards that do.
        let home = (shard_of(data, shards).0 + shards - at(0)) % shards;
        // The topic may have been made by somebody else, with too few.
        (home < topic.record.partitions).then_some(home)
    }
}
