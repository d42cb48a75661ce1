//! The native API's port.

use std::sync::Arc;

use esker_control_grpc::Sessions;
use esker_coordinator::ShareStates;
use esker_env::{Env, TaskGuard};
use esker_grpc::{
    Deduplication, ForwardService, Others, QueueParts, StreamsParts, StreamsService, server_options,
};
use esker_meta::{Exchanges, GroupConfigs, ProducerIds};
use esker_node::Node;
use esker_wal_grpc::{ClientOptions, serve, tcp, tcp_incoming};
use tokio::net::TcpListener;

use crate::{broker::Failure, config::Config, settings};

/// Serves the API, and replies that other brokers bring, for as long as the guard is held; `None` when the configuration says that there is none.
///
/// # Errors
/// The port cannot be used, or the exchanges cannot be read.
pub(crate) async fn start(
    config: &Config,
    env: &Env,
    node: &Node,
    producer_ids: &Arc<ProducerIds>,
    (shares, group_configs): (&ShareStates, &Arc<GroupConfigs>),
    forward: Option<&ForwardService>,
    ids: Deduplication,
) -> Result<Option<(TaskGuard, StreamsService)>, Failure> {
    let address = &config.listeners.api;
    if address.is_empty() {
        return Ok(None);
    }
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Failure(format!("listeners.api cannot use {address}: {error}")))?;
    let others = node.membership().map(|membership| Others {
        own: node.session.key(),
        shards: node.cluster.shards,
        membership: Arc::clone(membership),
        sessions: Sessions::new(Arc::clone(membership), env, tcp(), ClientOptions::default()),
    });
    let exchanges = Exchanges::start(node.meta.clone()).await;
    let exchanges = exchanges.map_err(|error| Failure(format!("the exchanges cannot be read: {error}")))?;
    let parts = StreamsParts {
        env: env.clone(),
        log: node.log.clone(),
        catalog: Arc::clone(&node.catalog),
        producer_ids: Arc::clone(producer_ids),
        queues: QueueParts {
            shares: shares.clone(),
            group_configs: Arc::clone(group_configs),
            exchanges,
            meta: node.meta.clone(),
            default_partitions: config.kafka.num_partitions,
            max_partitions: settings::kafka(config).max_partitions_per_topic,
            replication_factor: config.kafka.default_replication_factor,
        },
        ids,
        others,
        config: settings::grpc(config),
    };
    let service = StreamsService::new(parts);
    if let Some(forward) = forward {
        forward.bind_replies(service.replies());
    }
    let (inner, running) = (env.clone(), service.clone());
    let serving = env.tasks.spawn_vital_guarded("the port of the native API", async move {
        serve(service, tcp_incoming(listener), &inner, &server_options()).await;
    });
    Ok(Some((serving, running)))
}
