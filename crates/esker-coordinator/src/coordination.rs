//! Everything that one broker coordinates, put together on its log.

use std::sync::Arc;

use esker_env::{Env, TaskGuard};
use esker_log::Log;
use esker_meta::{Catalog, GroupConfigs, Meta, MetaError, ProducerIds};

use crate::{
    CatalogFacts, DeadLetters, GateRouter, GroupConfig, Groups, GroupsGuard, Leaders, LocalMarkers,
    LocalShares, LogHomes, LogTopic, MarkerRouter, OFFSETS_TOPIC, RemoteCoordination, Routes, SHARE_TOPIC,
    ShareAdmin, ShareConfig, ShareGuard, ShareRouter, ShareStates, TRANSACTIONS_TOPIC, TransactionConfig,
    TransactionGate, Transactions, TransactionsGuard, forget_deleted_topics,
};

/// What the coordinators of a broker stand on.
pub struct CoordinationParts {
    /// Clock, randomness, tasks.
    pub env: Env,
    /// The broker's log.
    pub log: Log,
    /// The metadata, typed.
    pub meta: Meta,
    /// All topics.
    pub catalog: Arc<Catalog>,
    /// Who leads their partitions.
    pub leaders: Leaders,
    /// The other brokers; `None` where there are none.
    pub remote: Option<Arc<dyn RemoteCoordination>>,
    /// Counts when an internal topic is created.
    pub replication_factor: u16,
    /// Settings of groups.
    pub groups: GroupConfig,
    /// Settings of transactions.
    pub transactions: TransactionConfig,
    /// Settings of share groups.
    pub shares: ShareConfig,
}

/// Groups and transactions of one broker, and their ways to those of the others.
pub struct Coordination {
    /// The groups.
    pub groups: Groups,
    /// What is set for single groups.
    pub group_configs: Arc<GroupConfigs>,
    /// The transactional ids.
    pub transactions: Transactions,
    /// What share groups are done with, in partitions that are led here.
    pub shares: ShareStates,
    /// Admits to transactions, wherever they are coordinated.
    pub gate: Arc<dyn TransactionGate>,
    /// Answers administrators of share groups, wherever their partitions are led.
    pub share_admin: Arc<dyn ShareAdmin>,
    /// What other brokers may ask for share groups: of partitions that are led here.
    pub local_shares: LocalShares,
    /// Ids for new producers.
    pub producer_ids: Arc<ProducerIds>,
    /// What other brokers may ask for: markers in partitions that are led here. For admissions they ask `transactions`.
    pub markers: LocalMarkers,
}

/// Ends the timing of coordinators, and what they follow, when dropped.
#[must_use = "dropping it ends timeouts, expiration, and the watch over what is owned"]
pub struct CoordinationGuard {
    _timing: (GroupsGuard, TransactionsGuard, ShareGuard),
    _following: [TaskGuard; 2],
}

impl Coordination {
    /// Begins to load what this broker coordinates.
    ///
    /// # Errors
    /// When the metadata store does not say what is set for groups.
    pub async fn start(parts: CoordinationParts) -> Result<(Self, CoordinationGuard), MetaError> {
        let CoordinationParts { env, log, meta, catalog, leaders, remote, replication_factor, .. } = parts;
        let topic =
            |name| Arc::new(LogTopic::new(name, log.clone(), meta.clone(), env.clone(), replication_factor));
        let group_configs = GroupConfigs::start(meta.clone()).await?;
        let facts = Arc::new(CatalogFacts::new(Arc::clone(&catalog), Arc::clone(&group_configs)));
        let groups =
            Groups::in_cluster(parts.groups, env.clone(), topic(OFFSETS_TOPIC), Arc::clone(&facts) as _);
        let markers = LocalMarkers::new(log.clone(), groups.clone());
        let routes = Routes { env: env.clone(), catalog: Arc::clone(&catalog), leaders, remote };
        let shares = ShareStates::new(
            ShareConfig { topic_partitions: log.shard_count(), ..parts.shares },
            env.clone(),
            topic(SHARE_TOPIC),
            Arc::clone(&facts) as _,
            Arc::new(LogHomes(log.clone())),
            Arc::new(DeadLetters::new(log.clone(), facts, routes.clone())),
        );
        let peers = MarkerRouter::new(routes.clone(), markers.clone(), meta.clone());
        let producer_ids = Arc::new(ProducerIds::new(meta.clone()));
        let transactions = Transactions::new(
            parts.transactions,
            env.clone(),
            topic(TRANSACTIONS_TOPIC),
            Arc::clone(&producer_ids),
            Arc::new(peers),
        );
        let local_shares = LocalShares::new(shares.clone(), log.clone(), env.clone());
        let share_admin = Arc::new(ShareRouter::new(routes.clone(), local_shares.clone()));
        let gate = Arc::new(GateRouter::new(routes, Arc::new(transactions.clone())));
        let guard = CoordinationGuard {
            _timing: (groups.start(), transactions.start(), shares.start()),
            _following: [
                forget_deleted_topics(&env.tasks, &catalog, &groups, Some(&shares)),
                follow_ownership(&env, &log, &groups, &transactions, &shares),
            ],
        };
        Ok((
            Self {
                groups,
                group_configs,
                transactions,
                shares,
                gate,
                share_admin,
                local_shares,
                producer_ids,
                markers,
            },
            guard,
        ))
    }
}

/// Tells the coordinators of shards that come and go.
fn follow_ownership(
    env: &Env,
    log: &Log,
    groups: &Groups,
    transactions: &Transactions,
    shares: &ShareStates,
) -> TaskGuard {
    let mut ownership = log.ownership();
    let (groups, transactions, shares) = (groups.clone(), transactions.clone(), shares.clone());
    env.tasks.spawn_vital_guarded("following coordinators", async move {
        while ownership.changed().await.is_ok() {
            groups.ownership_changed();
            transactions.ownership_changed();
            shares.ownership_changed();
        }
    })
}
