//! What other brokers ask of this one, and how this one reaches them: the gRPC port.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, OnceLock, Weak},
    task::{Context, Poll},
};

use esker_control::{ClusterStatus, ControllerConfig, LossError, PeerError, Peers, Replication};
use esker_control_grpc::{
    ControlApi, ControlService, GrpcPeers, GrpcStores, LossView, PeerOptions, Router, TopicView,
};
use esker_coordinator_grpc::CoordinationService;
use esker_core::{
    Action, BrokerId, Classified, FrameIndex, LedgerId, PartitionId, ShardId, StoreId, shard_map::shard_of,
};
use esker_env::{BoxFuture, Env, TaskGuard};
use esker_grpc::{Deduplication, ForwardService};
use esker_meta::{MetaError, SessionKey, Topic};
use esker_node::{ClusterParts, Node};
use esker_wal::LogStore;
use esker_wal_grpc::{ClientOptions, ServerOptions, StoreService, serve, tcp, tcp_incoming};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tonic::{body::Body, server::NamedService};
use tower_service::Service;

/// The gRPC port, serving the store from the start, control once there is a node, and coordination once that is there.
pub(crate) struct PeerPort {
    control: ControlService,
    coordination: CoordinationService,
    forward: ForwardService,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    serving: TaskGuard,
}

impl PeerPort {
    /// Binds the port and serves the store on it.
    pub(crate) async fn open(address: &str, store: Arc<dyn LogStore>, env: &Env) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        let control = ControlService::unbound(env);
        // Other brokers' clients have a stream or a long poll each here.
        let options = ServerOptions { streams: 6_144, ..ServerOptions::default() };
        let forward = ForwardService::unbound(env);
        let coordination = CoordinationService::unbound(env);
        let store = StoreService::new(store, options.clone());
        let router = Router::new(control.clone(), store, coordination.clone());
        let services = Services { router, forward: forward.clone() };
        let inner = env.clone();
        let serving = env.tasks.spawn_vital_guarded("the gRPC port", async move {
            serve(services, tcp_incoming(listener), &inner, &options).await
        });
        Ok(Self { control, coordination, forward, address: bound, serving })
    }

    /// What answers other brokers for groups and transactions, once it is bound.
    pub(crate) const fn coordination(&self) -> &CoordinationService {
        &self.coordination
    }

    /// What answers other brokers for this one's partitions, and for its queues once they are bound.
    pub(crate) const fn forward(&self) -> &ForwardService {
        &self.forward
    }

    /// Answers for a node from now on, as long as the guard is held.
    pub(crate) fn bind(self, node: &Arc<Node>, links: &Links, env: &Env, ids: Deduplication) -> TaskGuard {
        let api: Arc<dyn ControlApi> = Arc::new(Answers { node: Arc::downgrade(node), env: env.clone() });
        let _ = links.node.set(Arc::downgrade(node));
        if let Some(peers) = links.peers.get() {
            let _ = links.api.set(Arc::clone(&api));
            peers.answer_own(Arc::downgrade(&api));
        }
        self.forward.bind(node.log.clone(), ids);
        self.control.bind(node.session.key(), api);
        self.serving
    }
}

/// All that is on the port.
#[derive(Clone)]
struct Services {
    router: Router<CoordinationService>,
    forward: ForwardService,
}

impl Service<http::Request<Incoming>> for Services {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Incoming>) -> Self::Future {
        let path = request.uri().path().strip_prefix('/').unwrap_or_default();
        match path.split_once('/') {
            Some((ForwardService::NAME, _)) => self.forward.call(request),
            _ => self.router.call(request),
        }
    }
}

/// What ties a node and its connections to others together, once both are there.
#[derive(Default)]
pub(crate) struct Links {
    node: OnceLock<Weak<Node>>,
    peers: OnceLock<Arc<GrpcPeers>>,
    /// The one that `peers` knows weakly.
    api: OnceLock<Arc<dyn ControlApi>>,
}

impl Links {
    /// A store did not answer, or its connection ended.
    fn lost(&self, store: StoreId, why: &str) {
        let Some(node) = self.node.get().and_then(Weak::upgrade) else { return };
        let serving = node.membership().and_then(|known| known.view().serving(store).map(|live| live.key));
        if let (Some(session), Some(controller)) = (serving, node.controller()) {
            controller.suspect(session.broker, why);
        }
    }
}

/// How a node is to take part in its cluster.
pub(crate) fn cluster_parts(replication: Replication, env: &Env, links: &Arc<Links>) -> ClusterParts {
    let told = Arc::clone(links);
    let on_lost =
        Arc::new(move |store: StoreId, error: &esker_wal::StoreError| told.lost(store, &error.to_string()));
    let stores = GrpcStores::new(env, tcp(), ClientOptions::default(), on_lost);
    let (env, links) = (env.clone(), Arc::clone(links));
    ClusterParts {
        remote_stores: Arc::new(stores),
        peers: Box::new(move |own, membership| {
            let peers =
                Arc::new(GrpcPeers::new(own, Arc::clone(membership), &env, tcp(), PeerOptions::default()));
            let _ = links.peers.set(Arc::clone(&peers));
            peers as Arc<dyn Peers>
        }),
        replication,
        controller: ControllerConfig::default(),
    }
}

/// A node's answers.
struct Answers {
    node: Weak<Node>,
    env: Env,
}

fn refused(why: impl Into<String>, action: Action) -> PeerError {
    PeerError { why: why.into(), action }
}

fn not_assessed(error: &LossError) -> PeerError {
    refused(error.to_string(), error.action())
}

fn unavailable(error: &MetaError) -> PeerError {
    refused(error.to_string(), Action::Retry)
}

impl Answers {
    fn node(&self) -> Result<Arc<Node>, PeerError> {
        self.node.upgrade().ok_or_else(|| refused("this broker is stopping", Action::Refresh))
    }
}

impl ControlApi for Answers {
    fn move_shard(&self, shard: ShardId, to: SessionKey) -> BoxFuture<'_, Result<(), PeerError>> {
        Box::pin(async move { self.node()?.move_shard(shard, to).await })
    }

    fn report(&self, suspect: SessionKey, why: &str) -> BoxFuture<'_, Result<(), PeerError>> {
        let told = self.node().map(|node| {
            if let Some(controller) = node.controller() {
                controller.suspect_reported(suspect.broker, why);
            }
        });
        Box::pin(async move { told })
    }

    fn status(&self) -> BoxFuture<'_, Result<ClusterStatus, PeerError>> {
        Box::pin(async move {
            let node = self.node()?;
            let controller = node.controller().ok_or_else(not_clustered)?;
            controller.status().await.map_err(|error| unavailable(&error))
        })
    }

    fn drain(&self, broker: BrokerId) -> BoxFuture<'_, Result<(), PeerError>> {
        Box::pin(async move {
            let node = self.node()?;
            let view = node.membership().ok_or_else(not_clustered)?.view();
            let live = view
                .sessions
                .get(&broker)
                .ok_or_else(|| refused(format!("broker {broker} is not alive"), Action::Refresh))?;
            let marked = node.session.set_draining(live.record.store, true).await;
            marked.map_err(|error| refused(error.to_string(), Action::Retry))
        })
    }

    fn drained(&self, broker: BrokerId) -> BoxFuture<'_, Result<bool, PeerError>> {
        Box::pin(async move {
            let node = self.node()?;
            let controller = node.controller().ok_or_else(not_clustered)?;
            controller.drained(broker).await.map_err(|error| unavailable(&error))
        })
    }

    fn assess_loss(&self, ledger: LedgerId) -> BoxFuture<'_, Result<LossView, PeerError>> {
        Box::pin(async move {
            let node = self.node()?;
            let loss = node.session.assess_loss(ledger).await.map_err(|error| not_assessed(&error))?;
            Ok(LossView::new(&loss, partitions_of(&node, &loss.shards)))
        })
    }

    fn accept_loss(&self, ledger: LedgerId, token: String) -> BoxFuture<'_, Result<FrameIndex, PeerError>> {
        Box::pin(async move {
            let node = self.node()?;
            let loss = node.session.assess_loss(ledger).await.map_err(|error| not_assessed(&error))?;
            if loss.token() != token {
                return Err(not_assessed(&LossError::Changed(ledger)));
            }
            // Whoever asked may go away; what was decided is done all the same.
            let (done, outcome) = tokio::sync::oneshot::channel();
            let session = Arc::clone(&node.session);
            self.env.tasks.spawn(async move {
                let _ = done.send(session.accept_loss(&loss).await);
            });
            let outcome = outcome.await.map_err(|_| refused("this broker is stopping", Action::Refresh))?;
            outcome.map_err(|error| not_assessed(&error))
        })
    }
}

/// The partitions of some shards.
fn partitions_of(node: &Node, shards: &[ShardId]) -> Vec<TopicView> {
    let shards: BTreeSet<ShardId> = shards.iter().copied().collect();
    let of_topic = |topic: Arc<Topic>| {
        let within = |index: &u32| {
            let partition = PartitionId { topic: topic.record.number, index: *index };
            shards.contains(&shard_of(partition, node.cluster.shards))
        };
        let partitions: Vec<u32> = (0..topic.record.partitions).filter(within).collect();
        (!partitions.is_empty()).then(|| TopicView { topic: topic.record.name.clone(), partitions })
    };
    node.catalog.all().into_iter().filter_map(of_topic).collect()
}

fn not_clustered() -> PeerError {
    refused("this broker is in no cluster", Action::GiveUp)
}
