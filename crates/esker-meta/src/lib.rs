//! The few facts that a cluster must agree on: their schema, and their typed transactions over a [`MetaStore`].
//!
//! [`MetaStore`] is what Esker asks of the place where they live; [`Meta`] is what the rest of Esker uses. One file
//! per key family holds its record, the conversion to and from bytes, and its transactions. The schema's page is
//! `docs/formats/metadata.md`.

mod catalog;
mod cluster;
mod codec;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod controller;
mod counter;
mod embedded;
mod engine;
mod error;
mod exchange;
mod group_configs;
mod keys;
mod ledger;
mod manifest;
mod membership;
mod memory;
mod meta;
mod metered;
mod producer_ids;
mod proto;
mod session;
mod shard;
mod store;
mod store_record;
mod topic;
mod topic_name;
mod txn;
mod watching;

pub use catalog::{Catalog, Topic};
pub use cluster::Cluster;
pub use codec::Versioned;
pub use controller::{Authority, Controller};
pub use embedded::{EmbeddedMeta, EmbeddedState};
pub use engine::HistoryLimit;
pub use error::MetaError;
pub use exchange::{Binding, Exchange, ExchangeKind, ExchangeRecord, Exchanges};
pub use group_configs::{GroupConfigs, GroupOverrides};
pub use keys::Keys;
pub use ledger::{LedgerRecord, LedgerState, NewLedger};
pub use manifest::{CommitRefused, ManifestGuard};
pub use membership::{Membership, MembershipView};
pub use memory::{Ambiguous, Faults, MemoryMeta};
pub use meta::{GuardedError, Meta, SessionKey};
pub use metered::{CallMetrics, MetaMetrics, MeteredMeta};
pub use producer_ids::ProducerIds;
pub use session::{Endpoint, LiveSession, OpenSessionError, OpenedSession, SessionRecord};
pub use shard::{ShardMove, ShardRecord};
pub use store::{Event, KeyValue, Listing, MetaStore, Watch, WatchError};
pub use store_record::{StoreRecord, StoreState};
pub use topic::{NewTopic, TopicError, TopicRecord};
pub use topic_name::{BadTopicName, MAX_TOPIC_NAME, check_topic_name, topic_names_collide};
pub use txn::{Compare, Expect, LeaseId, Op, Revision, Txn, TxnAnswer};

#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod typed_tests;
