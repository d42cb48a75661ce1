//! Groups and transactions of one broker, and their ways to those of the others.

use std::sync::Arc;

use esker_control_grpc::Sessions;
use esker_coordinator::{
    CatalogFacts, GateRouter, Groups, GroupsGuard, Leaders, LocalMarkers, LogTopic, MarkerRouter,
    OFFSETS_TOPIC, RemoteCoordination, Routes, TRANSACTIONS_TOPIC, TransactionGate, Transactions,
    TransactionsGuard, forget_deleted_topics,
};
use esker_coordinator_grpc::{CoordinationService, Coordinators, GrpcCoordination};
use esker_env::{Env, TaskGuard};
use esker_meta::{GroupConfigs, ProducerIds};
use esker_node::Node;
use esker_wal_grpc::{ClientOptions, tcp};

use crate::{broker::Failure, config::Config, settings};

/// What front ends need of it.
pub(crate) struct Coordination {
    pub(crate) groups: Groups,
    pub(crate) group_configs: Arc<GroupConfigs>,
    pub(crate) transactions: Transactions,
    pub(crate) gate: Arc<dyn TransactionGate>,
    pub(crate) producer_ids: Arc<ProducerIds>,
}

/// Ends it when dropped.
pub(crate) struct CoordinationGuard {
    _timing: (GroupsGuard, TransactionsGuard),
    _following: [TaskGuard; 2],
}

impl Coordination {
    /// Begins to load what this broker coordinates. `service` answers the other brokers, where there are others.
    ///
    /// # Errors
    /// When the metadata store does not say what is set for groups.
    pub(crate) async fn start(
        config: &Config,
        env: &Env,
        node: &Node,
        service: Option<&CoordinationService>,
    ) -> Result<(Self, CoordinationGuard), Failure> {
        let replicas = config.kafka.default_replication_factor;
        let topic =
            |name| Arc::new(LogTopic::new(name, node.log.clone(), node.meta.clone(), env.clone(), replicas));
        let group_configs = GroupConfigs::start(node.meta.clone())
            .await
            .map_err(|error| Failure(format!("cannot read the configs of groups: {error}")))?;
        let facts = Arc::new(CatalogFacts::new(Arc::clone(&node.catalog), Arc::clone(&group_configs)));
        let groups = Groups::in_cluster(settings::groups(config), env.clone(), topic(OFFSETS_TOPIC), facts);
        let markers = LocalMarkers::new(node.log.clone(), groups.clone());
        let routes = routes(env, node);
        let peers = MarkerRouter::new(routes.clone(), markers.clone(), node.meta.clone());
        let producer_ids = Arc::new(ProducerIds::new(node.meta.clone()));
        let transactions = Transactions::new(
            settings::transactions(config),
            env.clone(),
            topic(TRANSACTIONS_TOPIC),
            Arc::clone(&producer_ids),
            Arc::new(peers),
        );
        let own_gate: Arc<dyn TransactionGate> = Arc::new(transactions.clone());
        if let Some(service) = service {
            service.bind(Coordinators { markers: Arc::new(markers), gate: Arc::clone(&own_gate) });
        }
        let guard = CoordinationGuard {
            _timing: (groups.start(), transactions.start()),
            _following: [
                forget_deleted_topics(&env.tasks, &node.catalog, &groups),
                follow_ownership(env, node, &groups, &transactions),
            ],
        };
        let gate = Arc::new(GateRouter::new(routes, own_gate));
        Ok((Self { groups, group_configs, transactions, gate, producer_ids }, guard))
    }
}

fn routes(env: &Env, node: &Node) -> Routes {
    let membership = node.membership();
    let leaders = membership.map_or(Leaders::Alone, |membership| Leaders::Members {
        own: node.session.key(),
        shards: node.cluster.shards,
        membership: Arc::clone(membership),
    });
    let remote = membership.map(|membership| {
        let sessions = Sessions::new(Arc::clone(membership), env, tcp(), ClientOptions::default());
        Arc::new(GrpcCoordination::new(sessions)) as Arc<dyn RemoteCoordination>
    });
    Routes { env: env.clone(), catalog: Arc::clone(&node.catalog), leaders, remote }
}

/// Tells the coordinators of shards that come and go.
fn follow_ownership(env: &Env, node: &Node, groups: &Groups, transactions: &Transactions) -> TaskGuard {
    let mut ownership = node.log.ownership();
    let (groups, transactions) = (groups.clone(), transactions.clone());
    env.tasks.spawn_guarded(async move {
        while ownership.changed().await.is_ok() {
            groups.ownership_changed();
            transactions.ownership_changed();
        }
    })
}
