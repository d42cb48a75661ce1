//! Groups and transactions of one broker, and their ways to those of the others.

use std::sync::Arc;

use esker_control_grpc::Sessions;
use esker_coordinator::{
    Coordination, CoordinationGuard, CoordinationParts, GroupLag, Leaders, RemoteCoordination, Routes,
};
use esker_coordinator_grpc::{CoordinationService, Coordinators, GrpcCoordination};
use esker_env::Env;
use esker_node::Node;
use esker_wal_grpc::{ClientOptions, tcp};

use crate::{broker::Failure, config::Config, settings};

/// Begins to load what this broker coordinates. `service` answers the other brokers, where there are others.
///
/// # Errors
/// When the metadata store does not say what is set for groups.
pub(crate) async fn start(
    config: &Config,
    env: &Env,
    node: &Node,
    service: Option<&CoordinationService>,
) -> Result<(Coordination, CoordinationGuard, Arc<GroupLag>), Failure> {
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
    let routes = Routes {
        env: env.clone(),
        catalog: Arc::clone(&node.catalog),
        leaders: leaders.clone(),
        remote: remote.clone(),
    };
    let parts = CoordinationParts {
        env: env.clone(),
        log: node.log.clone(),
        meta: node.meta.clone(),
        catalog: Arc::clone(&node.catalog),
        leaders,
        remote,
        replication_factor: config.kafka.default_replication_factor,
        groups: settings::groups(config),
        transactions: settings::transactions(config),
        shares: settings::shares(config),
    };
    let started = Coordination::start(parts).await;
    let (coordination, guard) =
        started.map_err(|error| Failure(format!("cannot read the configs of groups: {error}")))?;
    let lag = GroupLag::new(coordination.groups.clone(), node.log.clone(), routes);
    if let Some(service) = service {
        service.bind(Coordinators {
            markers: Arc::new(coordination.markers.clone()),
            gate: Arc::new(coordination.transactions.clone()),
            shares: Arc::new(coordination.local_shares.clone()),
        });
    }
    Ok((coordination, guard, lag))
}
