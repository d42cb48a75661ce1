//! What all connections of a broker share.

use std::sync::Arc;

use esker_coordinator::{Groups, LocalMarkers, ShareAdmin, ShareStates, TransactionGate, Transactions};
use esker_env::Env;
use esker_log::Log;
use esker_meta::{Catalog, GroupConfigs, Meta, ProducerIds};

use crate::{
    api::{fetch_session::FetchSessions, share_session::ShareSessions},
    budget::Budget,
    cluster::Cluster,
    config::KafkaConfig,
    request_memory::RequestMemory,
};

/// The parts that the front end needs.
#[derive(Clone)]
pub struct KafkaParts {
    /// Clock, randomness, tasks.
    pub env: Env,
    /// The log.
    pub log: Log,
    /// The metadata store, for administrative changes.
    pub meta: Meta,
    /// The topics.
    pub catalog: Arc<Catalog>,
    /// Brokers and leaders.
    pub cluster: Arc<dyn Cluster>,
    /// Consumer groups.
    pub groups: Groups,
    /// What is set for single groups.
    pub group_configs: Arc<GroupConfigs>,
    /// The transactional ids that this broker coordinates.
    pub transactions: Transactions,
    /// What share groups are done with, in partitions that are led here.
    pub shares: ShareStates,
    /// Answers administrators of share groups, wherever their partitions are led.
    pub share_admin: Arc<dyn ShareAdmin>,
    /// Asks a transaction's coordinator, wherever it is.
    pub gate: Arc<dyn TransactionGate>,
    /// Hands out producer ids.
    pub producer_ids: Arc<ProducerIds>,
}

/// A budget of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// Bytes that are granted.
    pub used: usize,
    /// Bytes that may be.
    pub limit: usize,
}

/// The Kafka front end of one broker.
pub struct Broker {
    pub(crate) config: KafkaConfig,
    pub(crate) env: Env,
    pub(crate) log: Log,
    pub(crate) meta: Meta,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) producer_ids: Arc<ProducerIds>,
    pub(crate) cluster: Arc<dyn Cluster>,
    pub(crate) groups: Groups,
    pub(crate) group_configs: Arc<GroupConfigs>,
    pub(crate) transactions: Transactions,
    pub(crate) shares: ShareStates,
    pub(crate) share_admin: Arc<dyn ShareAdmin>,
    pub(crate) gate: Arc<dyn TransactionGate>,
    pub(crate) markers: LocalMarkers,
    pub(crate) request_memory: RequestMemory,
    pub(crate) response_memory: Budget,
    pub(crate) fetch_sessions: FetchSessions,
    pub(crate) share_sessions: ShareSessions,
}

impl Broker {
    /// What requests take, read and decoded.
    #[must_use]
    pub fn request_memory(&self) -> MemoryUse {
        let (used, limit) = self.request_memory.used();
        MemoryUse { used, limit }
    }

    /// What responses take until they are written.
    #[must_use]
    pub fn response_memory(&self) -> MemoryUse {
        let (limit, free) = (self.response_memory.total(), self.response_memory.available());
        MemoryUse { used: limit.saturating_sub(free), limit }
    }

    /// A front end on these parts. It does nothing until it is given connections: see [`crate::serve_connection`]
    /// and [`crate::Server`].
    ///
    /// # Panics
    /// When `request_memory` cannot hold one largest request.
    #[must_use]
    pub fn new(config: KafkaConfig, parts: KafkaParts) -> Arc<Self> {
        assert!(
            config.request_memory >= config.max_request_bytes,
            "request_memory holds one largest request"
        );
        Arc::new(Self {
            request_memory: RequestMemory::new(&config, Arc::clone(&parts.env.clock)),
            response_memory: Budget::new(config.response_memory),
            fetch_sessions: FetchSessions::new(&config),
            share_sessions: ShareSessions::new(&config),
            markers: LocalMarkers::new(parts.log.clone(), parts.groups.clone()),
            config,
            env: parts.env,
            log: parts.log,
            producer_ids: parts.producer_ids,
            meta: parts.meta,
            catalog: parts.catalog,
            cluster: parts.cluster,
            groups: parts.groups,
            group_configs: parts.group_configs,
            transactions: parts.transactions,
            shares: parts.shares,
            share_admin: parts.share_admin,
            gate: parts.gate,
        })
    }
}
