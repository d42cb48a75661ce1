//! What share groups (KIP-932) know of partitions, at the partitions' leaders.
//!
//! The share partitions of a broker are [`esker_share::SharePartition`]s, kept by the same [`runtime`](crate::runtime) as
//! groups and transactions. `__share_group_state` has a partition for each shard, and a share partition's state is in the
//! one that belongs to the shard of its data ([`Homes`]): whoever leads the data leads the state, under the same epoch, so
//! one local write makes an acknowledgement durable and one loss of ownership fences both.

mod admin;
mod api;
pub mod attributes;
mod checkpoint;
mod dead_letters;
mod entry;
mod error;
mod homes;
mod loading;
mod machine;
mod record;
mod settings;
mod shard;
mod stats;

#[cfg(test)]
mod checkpoint_tests;
#[cfg(test)]
mod tests;

pub use self::stats::ShareStats;
pub use self::{
    admin::{
        LocalShares, ShareAdmin, ShareFound, ShareOrder, SharePeer, ShareRouter, ShareStand, ShareTarget,
        ShareWhat,
    },
    api::{Reading, Seek, Selected, ShareGuard, ShareStates, Turned, is_hidden},
    dead_letters::{DeadLetters, NoDeadLetters, Undertaker},
    error::ShareError,
    homes::{Homes, LogHomes},
    settings::{HEEDS_ORDER, HEEDS_PRIORITY, HEEDS_TIMES, ShareConfig, ShareOverrides, ShareReset},
    shard::ShareSummary,
};

pub(crate) use self::settings::DEAD_LETTERS;

use esker_core::PartitionId;
use esker_kafka_wire::KString;
use uuid::Uuid;

/// A group and a partition that it reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShareKey {
    /// The group.
    pub group: KString,
    /// The topic.
    pub topic: Uuid,
    /// The partition.
    pub partition: i32,
}

/// A share partition, and where its records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePlace {
    /// What it is called.
    pub key: ShareKey,
    /// The partition of the log.
    pub data: PartitionId,
}
