//! Coordination on the log: consumer groups and transactions.
//!
//! [`Groups`] and [`Transactions`] are what front ends call. Below [`Groups`], a [`group`] is a state machine without I/O or
//! a clock, which may have become a [`consumer`] group of the newer protocol, and a [`shard`] holds the groups of one
//! partition of `__consumer_offsets`; [`transactions`] are built the same way. The [`runtime`] is the thin shell of both,
//! which locks, writes, loads and keeps time. Records are in Kafka's own format; what is answered as done is durable.

mod consumer;
mod coordination;
mod deleted_topics;
mod effects;
mod error;
mod facts;
mod group;
mod groups;
mod lag;
mod log_topic;
mod offsets;
mod partitioner;
mod records;
mod runtime;
mod settings;
mod shard;
mod share;
mod share_group;
mod timers;
mod topic;
mod transactions;
mod types;
mod usage;

#[cfg(any(test, feature = "testing"))]
mod memory_topic;

pub use coordination::{Coordination, CoordinationGuard, CoordinationParts};
pub use deleted_topics::forget_deleted_topics;
pub use error::GroupError;
pub use facts::{CatalogFacts, ClusterFacts, GroupOverrides, TopicFacts};
pub use groups::{GroupStats, Groups, GroupsGuard, Results, StableOffset, TransactionalCommit};
pub use lag::{GroupLag, GroupLags};
pub use log_topic::LogTopic;
#[cfg(any(test, feature = "testing"))]
pub use memory_topic::MemoryTopic;
pub use offsets::CommittedOffset;
pub use partitioner::partition_of;
pub use settings::{ConsumerConfig, GroupConfig, MigrationPolicy};
pub use share::{
    DeadLetters, HEEDS_ORDER, HEEDS_PRIORITY, HEEDS_TIMES, Homes, LocalShares, LogHomes, NoDeadLetters,
    Reading, Seek, Selected, ShareAdmin, ShareConfig, ShareError, ShareFound, ShareGuard, ShareKey,
    ShareOrder, ShareOverrides, SharePeer, SharePlace, ShareReset, ShareRouter, ShareStand, ShareStates,
    ShareStats, ShareSummary, ShareTarget, ShareWhat, Turned, Undertaker, attributes, is_hidden,
};
pub use topic::{
    InternalTopic, OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTIONS_TOPIC, TopicError, TopicRange, TopicRead,
};
pub use transactions::{
    Admission, AdmitRequest, EndProtocol, GateRouter, Leaders, LocalMarkers, MAX_PARTITIONS, MarkerError,
    MarkerOrder, MarkerRouter, Place, Producer, RemoteCoordination, Routes, TransactionConfig,
    TransactionDescription, TransactionError, TransactionGate, TransactionPeers, TransactionState,
    TransactionStats, TransactionSummary, Transactions, TransactionsGuard,
};
pub use types::*;
