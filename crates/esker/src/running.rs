//! One broker of a process, from its configuration to its graceful end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_coordinator::{Coordination, CoordinationGuard};
use esker_core::BrokerId;
use esker_env::{Env, RealDisk, TaskGuard, watch};
use esker_grpc::Deduplication;
use esker_kafka::{Broker, Cluster, KafkaConfig, KafkaParts, Node as KafkaNode, Server, SingleNode};
use esker_meta::Endpoint;
use esker_node::{Node, NodeParts, PreparedNode};
use parking_lot::Mutex;

use crate::{
    api,
    archive::ArchiveAccess,
    broker::{Failure, variables},
    cluster_view::{ClusterView, Told},
    config::Config,
    coordination,
    http::{self, Http},
    metadata::Metadata,
    metrics::{Coordinated, Counted, Parts},
    peer::{Links, PeerPort, cluster_parts},
    settings,
    state::Serving,
};

/// The name of the one listener for Kafka clients.
const LISTENER: &str = "kafka";

/// How long connections may take to read their last responses.
const GOODBYE: Duration = Duration::from_secs(5);

/// How long a broker that is told to stop waits until others have taken over what it does.
const DRAIN: Duration = Duration::from_secs(25);

/// A broker that serves.
pub(crate) struct Running {
    node: Arc<Node>,
    server: Server,
    serving: Arc<Serving>,
    http: Arc<Http>,
    closed: watch::Receiver<Option<String>>,
    api: Option<TaskGuard>,
    _helpers: (CoordinationGuard, Vec<TaskGuard>),
}

impl Running {
    /// Starts a broker. `alone`: there are no others, and none can join.
    pub(crate) async fn start(
        config: &Config,
        env: &Env,
        meta: &Metadata,
        alone: bool,
        accept_lost_stores: bool,
    ) -> Result<Self, Failure> {
        let serving = Arc::new(Serving::default());
        let counted = Counted::default();
        let http = Arc::new(Http::new(Arc::clone(&serving), counted.clone()));
        let http_address =
            http::serve(Arc::clone(&http), &config.listeners.http, &env.tasks).await.map_err(|error| {
                Failure(format!("listeners.http cannot use {}: {error}", config.listeners.http))
            })?;
        meta.await_answer(env).await?;
        let disk = RealDisk::open(config.node.data_dir.join("store"))
            .map_err(|error| Failure(format!("log directory: {error}")))?;
        let (objects, prefix) = settings::object_store(config, &variables().collect())?;
        let parts = NodeParts {
            env: env.clone(),
            disk: Arc::new(disk),
            meta: counted.meta(meta.store(), env),
            objects,
        };
        let mut node_config = settings::node(config, prefix, accept_lost_stores);
        counted.count_node(&mut node_config);
        let mut prepared = PreparedNode::open(meta.keys()?, parts, node_config).await?;
        let listeners = &config.listeners;
        let (host, port) = settings::advertised(LISTENER, &listeners.kafka, &listeners.kafka_advertised)?;
        let mut helpers = Vec::new();
        let (mut coordination_service, mut forward_service) = (None, None);
        let ids_of = |node: &Node| {
            let bytes = config.limits.deduplication_bytes_total;
            Deduplication::new(env, &node.log, usize::try_from(bytes).unwrap_or(usize::MAX))
        };
        let (node, ids) = if alone {
            let node = Arc::new(prepared.start_alone().await?);
            let ids = ids_of(&node);
            (node, ids)
        } else {
            let peers = PeerPort::open(&listeners.grpc, prepared.store(), env)
                .await
                .map_err(|error| Failure(format!("listeners.grpc cannot use {}: {error}", listeners.grpc)))?;
            let bound = peers.address.to_string();
            let (grpc_host, grpc_port) = settings::advertised("grpc", &bound, &listeners.grpc_advertised)?;
            prepared.set_endpoints(vec![
                Endpoint { listener: LISTENER.to_owned(), host: host.clone(), port },
                Endpoint { listener: "grpc".to_owned(), host: grpc_host, port: grpc_port },
            ]);
            let links = Arc::new(Links::default());
            let replication = settings::replication(&config.replication, config.meta.is_embedded());
            let node = Arc::new(prepared.join(cluster_parts(replication, env, &links)).await?);
            coordination_service = Some(peers.coordination().clone());
            forward_service = Some(peers.forward().clone());
            let ids = ids_of(&node);
            helpers.push(peers.bind(&node, &links, env, ids.clone()));
            (node, ids)
        };
        let cluster = view_of(config, env, &node, (host, port));
        let (coordination, coordinating, lag) =
            coordination::start(config, env, &node, coordination_service.as_ref()).await?;
        let Coordination {
            groups, group_configs, transactions, shares, share_admin, gate, producer_ids, ..
        } = coordination;
        if let Some(forward) = &forward_service {
            forward.bind_shares(node.log.clone(), shares.clone());
        }
        helpers.extend(lag.start());
        let coordinated = Coordinated {
            groups: groups.clone(),
            lag,
            shares: shares.clone(),
            transactions: transactions.clone(),
        };
        let of_queues = (&shares, &group_configs);
        let api =
            api::start(config, env, &node, &producer_ids, of_queues, forward_service.as_ref(), ids.clone())
                .await?;
        let (api, streams) = api.unzip();
        let parts = KafkaParts {
            groups,
            group_configs,
            transactions,
            shares,
            share_admin,
            gate,
            producer_ids,
            env: env.clone(),
            log: node.log.clone(),
            meta: node.meta.clone(),
            catalog: Arc::clone(&node.catalog),
            cluster,
        };
        let kafka = KafkaConfig { metrics: Arc::clone(&counted.kafka), ..settings::kafka(config) };
        let broker = Broker::new(kafka, parts);
        let server = Server::new(Arc::clone(&broker));
        server.listen(LISTENER, &listeners.kafka).await?;
        let (archive, catalog) = (Arc::clone(&node.archive), Arc::clone(&node.catalog));
        // Nobody else sets it.
        let _ = http.archive.set(ArchiveAccess { archive, catalog, shards: node.cluster.shards });
        let copies = if alone {
            1
        } else {
            settings::replication(&config.replication, config.meta.is_embedded()).factor
        };
        http.metrics.serves(Parts {
            env: env.clone(),
            node: Arc::clone(&node),
            broker,
            coordinated,
            streams,
            ids,
            copies,
            session_ttl: Duration::from_millis(config.replication.session_ttl_ms),
            settings: config.metrics.clone(),
        });
        serving.ready(node.log.clone());
        tracing::info!(
            broker = config.node.id,
            cluster = %node.cluster.id,
            kafka = %listeners.kafka,
            api = %listeners.api,
            http = %http_address,
            "ready"
        );
        let closed = node.log.closed();
        Ok(Self { node, server, serving, http, closed, api, _helpers: (coordinating, helpers) })
    }

    /// Completes with the reason once the broker can no longer write. Reads could go on, but it should be started again,
    /// and soon.
    pub(crate) async fn failed(&mut self) -> String {
        match self.closed.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Stops gracefully: everything goes to the object store, and others take over. `last`: there are no others, or all
    /// stop together.
    pub(crate) async fn stop(self, last: bool) -> Result<(), Failure> {
        let drained = !last && self.node.drain(DRAIN).await;
        self.serving.stopping();
        tracing::info!(drained, "stopping: flushing to the object store");
        drop(self.api);
        self.server.stop(GOODBYE).await;
        let flushed = self.node.stop().await;
        self.http.metrics.is_over();
        flushed.map_err(|error| Failure(format!("the last flush failed, the log keeps the rest: {error}")))
    }

    /// Says that the process ends without a graceful stop.
    pub(crate) fn stopping(&self) {
        self.serving.stopping();
    }
}

fn rack(config: &Config) -> Option<String> {
    Some(config.node.rack.clone()).filter(|rack| !rack.is_empty())
}

fn view_of(config: &Config, env: &Env, node: &Node, advertised: (String, u16)) -> Arc<dyn Cluster> {
    let cluster_id = node.cluster.id.to_string();
    let broker = BrokerId(config.node.id);
    match node.membership() {
        Some(membership) => Arc::new(ClusterView {
            cluster_id,
            broker,
            shards: node.cluster.shards,
            membership: Arc::clone(membership),
            told: Mutex::new(Told::new(KafkaNode {
                id: broker,
                host: advertised.0,
                port: advertised.1,
                rack: rack(config),
            })),
            env: env.clone(),
        }),
        None => Arc::new(SingleNode {
            cluster_id,
            broker,
            rack: rack(config),
            advertised: BTreeMap::from([(LISTENER.to_owned(), advertised)]),
            log: node.log.clone(),
        }),
    }
}
