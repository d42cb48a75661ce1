//! Consumer group coordination on the log.
//!
//! [`Groups`] is what front ends call. Below it, a [`group`] is a state machine without I/O or a clock, a [`shard`] holds
//! the groups of one partition of `__consumer_offsets`, and [`groups`] is the thin shell that locks, writes, loads and
//! keeps time. Records are in Kafka's own format ([`records`]); what is answered as done is durable.

mod deleted_topics;
mod effects;
mod error;
mod group;
mod groups;
mod log_topic;
mod offsets;
mod partitioner;
mod records;
mod settings;
mod shard;
mod timers;
mod topic;
pub mod transactions;
mod types;
mod usage;

#[cfg(any(test, feature = "testing"))]
mod memory_topic;

pub use deleted_topics::forget_deleted_topics;
pub use error::GroupError;
pub use groups::{Groups, GroupsGuard, Results};
pub use log_topic::LogTopic;
#[cfg(any(test, feature = "testing"))]
pub use memory_topic::MemoryTopic;
pub use offsets::CommittedOffset;
pub use partitioner::partition_of;
pub use settings::GroupConfig;
pub use topic::{OFFSETS_TOPIC, OffsetsTopic, TopicError, TopicRange, TopicRead};
pub use types::*;
