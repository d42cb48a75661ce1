//! Starting and stopping.

use std::{sync::Arc, time::Duration};

use esker_archive::{Archive, ArchiveConfig, ArchiveError};
use esker_control::{BrokerSession, Controller, PeerError, StartOptions, WalLedgers, start_broker};
use esker_core::{Action, BrokerId, LedgerId, Mode, ShardId};
use esker_env::{Disk, Env, Rule, TaskGuard};
use esker_log::{
    FlushError, LedgerPlace, Log, LogConfig, LogParts, OpenError, OwnedLane, OwnedShard, RollerOf,
    StoreLookup,
};
use esker_meta::{
    Catalog, Cluster, Endpoint, GuardedError, Keys, LedgerRecord, Membership, Meta, MetaError, MetaStore,
    SessionKey,
};
use esker_wal::{LogStore, NoRoll, Store, StoreConfig};
use object_store::ObjectStore;

use crate::cluster::{ClusterParts, ClusterRoller, Joined};

/// The parts of the world that a node stands on.
pub struct NodeParts {
    /// Clock, randomness, tasks.
    pub env: Env,
    /// The log's directory.
    pub disk: Arc<dyn Disk>,
    /// The metadata store.
    pub meta: Arc<dyn MetaStore>,
    /// The object store.
    pub objects: Arc<dyn ObjectStore>,
}

/// Settings of a node: plain data.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The broker's id.
    pub broker: BrokerId,
    /// Where it can be reached, for other brokers and for clients.
    pub endpoints: Vec<Endpoint>,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Shards of the cluster, if this start creates it.
    pub shards: u32,
    /// Path below which the objects live in the object store; may be empty.
    pub object_prefix: String,
    /// The store.
    pub store: StoreConfig,
    /// The archive.
    pub archive: ArchiveConfig,
    /// The log.
    pub log: LogConfig,
    /// How long the session outlives its last renewal.
    pub session_ttl: Duration,
    /// Start although ledgers are lost; see [`StartOptions::accept_lost_stores`].
    pub accept_lost_stores: bool,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The metadata store.
    #[error("metadata: {0}")]
    Meta(#[from] MetaError),
    /// The log's directory.
    #[error("log directory: {0}")]
    Store(#[from] esker_wal::OpenError),
    /// The object store or its cache.
    #[error("archive: {0}")]
    Archive(#[from] ArchiveError),
    /// The session, or what earlier sessions left.
    #[error(transparent)]
    Session(#[from] esker_control::StartError),
    /// A lane's ledger.
    #[error("lane: {0}")]
    Lane(#[from] GuardedError),
    /// A shard.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A running broker without its front ends.
pub struct Node {
    /// The log.
    pub log: Log,
    /// The metadata, typed.
    pub meta: Meta,
    /// All topics.
    pub catalog: Arc<Catalog>,
    /// The cluster's facts.
    pub cluster: Cluster,
    /// This incarnation.
    pub session: Arc<BrokerSession>,
    /// The archive, for maintenance commands.
    pub archive: Arc<Archive>,
    store: Arc<Store>,
    joined: Option<Arc<Joined>>,
    unneeded: Arc<Unneeded>,
    _following: Vec<TaskGuard>,
}

/// Ledgers of this session that nothing needs and whose descriptors are still there. The log names each once, and the
/// metadata store may be away just then.
#[derive(Default)]
struct Unneeded(tokio::sync::Mutex<Vec<LedgerId>>);

impl Unneeded {
    /// Retires them, and these.
    async fn retire(&self, session: &BrokerSession, more: Vec<LedgerId>) -> Result<(), GuardedError> {
        let mut owed = self.0.lock().await;
        owed.extend(more);
        if let Err(error @ GuardedError::Meta(_)) = session.retire(&owed).await {
            return Err(error);
        }
        // One whose descriptor is gone already, by an attempt whose answer was lost, must not keep the others.
        while let Some(&ledger) = owed.last() {
            match session.retire(&[ledger]).await {
                Ok(()) | Err(GuardedError::Changed(_)) => {}
                Err(error) => return Err(error),
            }
            owed.pop();
        }
        Ok(())
    }
}

/// The lanes that a node opens, the strictest first. An empty one costs a metadata record and no disk. In a cluster those
/// that do not sync are opened only once a topic wants them.
pub(crate) const LANES: [Mode; 3] = [Mode::Fsync, Mode::Throughput, Mode::Received];

/// Between two looks at whether the store has failed.
const LOOK_AT_STORE: Duration = Duration::from_secs(1);

/// How long a start waits for the object store.
const CLAIM_AT_START: Duration = Duration::from_secs(3);

/// Between two questions to an object store that could not be asked whose it is.
const CLAIM_AGAIN: Duration = Duration::from_secs(1);

/// A node whose store is open and which nobody knows of yet.
pub struct PreparedNode {
    env: Env,
    meta: Meta,
    archive: Arc<Archive>,
    cluster: Cluster,
    store: Arc<Store>,
    config: NodeConfig,
}

impl PreparedNode {
    /// Opens the store, finds the cluster or makes it, and sees whether the archive is this cluster's.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(keys: Keys, parts: NodeParts, config: NodeConfig) -> Result<Self, StartError> {
        let NodeParts { env, disk, meta, objects } = parts;
        let meta = Meta::new(meta, keys, env.clone());
        let store = Store::open(disk, env.clone(), config.store.clone()).await?;
        let cluster = meta.create_or_load_cluster(config.shards).await?;
        let (pointers, archive) = (Arc::new(meta.clone()), config.archive.clone());
        let archive =
            Archive::open(objects, &config.object_prefix, cluster.id, pointers, env.clone(), archive).await?;
        claim(&env, &archive).await?;
        Ok(Self { env, meta, archive: Arc::new(archive), cluster, store, config })
    }

    /// The store, to be served to other brokers before [`PreparedNode::join`]: their ledgers' recovery may wait for it.
    #[must_use]
    pub fn store(&self) -> Arc<dyn LogStore> {
        Arc::clone(&self.store) as Arc<dyn LogStore>
    }

    /// Where the broker can be reached, for other brokers and for clients.
    pub fn set_endpoints(&mut self, endpoints: Vec<Endpoint>) {
        self.config.endpoints = endpoints;
    }

    fn options(&self) -> StartOptions {
        StartOptions {
            broker: self.config.broker,
            endpoints: self.config.endpoints.clone(),
            rack: self.config.rack.clone(),
            store: self.store.id(),
            session_ttl: self.config.session_ttl,
            accept_lost_stores: self.config.accept_lost_stores,
        }
    }

    /// Serves alone: takes over what earlier sessions left, and opens every shard.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_alone(self) -> Result<Node, StartError> {
        let (env, meta, store) = (self.env.clone(), self.meta.clone(), Arc::clone(&self.store));
        let ledgers = Arc::new(WalLedgers::one(Arc::clone(&store), env.clone()));
        let session = start_broker(meta.clone(), env, ledgers, &self.cluster, self.options()).await?;
        let mut lanes = Vec::new();
        for mode in LANES {
            let record = session.open_lane(mode, vec![store.id()], 1).await?;
            let write_quorum = usize::from(record.write_quorum);
            let stores = vec![Arc::clone(&store) as Arc<dyn LogStore>];
            lanes.push(OwnedLane { mode, ledger: ledger_place(record), stores, write_quorum });
        }
        let opened = Opened {
            shards: owned_shards(&session),
            ledgers: pending_ledgers(&meta, &session).await?,
            session: Arc::new(session),
            lanes,
            stores: own_store_only(&store),
            roller: Box::new(|_| Arc::new(NoRoll)),
        };
        self.serve(opened, None).await
    }

    /// Joins a cluster: the controller gives this broker its shards.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn join(self, parts: ClusterParts) -> Result<Node, StartError> {
        let joined =
            Joined::join(&self.env, &self.meta, &self.store, &self.cluster, self.options(), parts).await?;
        let rollers = Arc::clone(&joined);
        let opened = Opened {
            session: Arc::clone(&joined.session),
            lanes: joined.open_lanes().await?,
            stores: joined.lookup(),
            roller: Box::new(move |mode| Arc::new(ClusterRoller { joined: Arc::clone(&rollers), mode })),
            shards: Vec::new(),
            ledgers: Vec::new(),
        };
        self.serve(opened, Some(joined)).await
    }

    async fn serve(self, opened: Opened, joined: Option<Arc<Joined>>) -> Result<Node, StartError> {
        let Self { env, meta, archive, cluster, store, config } = self;
        let catalog = Catalog::start(meta.clone()).await?;
        let parts = LogParts {
            env: env.clone(),
            catalog: Arc::clone(&catalog),
            archive: Arc::clone(&archive),
            store: Arc::clone(&store),
            stores: opened.stores,
            roller: opened.roller,
            session: opened.session.key(),
            shard_count: cluster.shards,
            shards: opened.shards,
            ledgers: opened.ledgers,
            lanes: opened.lanes,
        };
        let log = Log::open(parts, config.log).await?;
        let following = joined.as_ref().map(|joined| joined.follow(&log, &catalog)).unwrap_or_default();
        let session = opened.session;
        let node = Node {
            log,
            meta,
            catalog,
            cluster,
            session,
            archive,
            store,
            joined,
            unneeded: Arc::default(),
            _following: following,
        };
        node.watch_over(&env);
        Ok(node)
    }
}

/// Refuses to start on objects of another cluster. When the object store cannot say within [`CLAIM_AT_START`], the start
/// goes on, as the log can do without it for a while: the first upload asks again.
async fn claim(env: &Env, archive: &Archive) -> Result<(), ArchiveError> {
    let error = match env.timeout(CLAIM_AT_START, archive.claim()).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) if error.is_foreign() => return Err(error),
        Ok(Err(error)) => error.to_string(),
        Err(elapsed) => elapsed.to_string(),
    };
    tracing::warn!(%error, "the object store cannot be used so far; starting without it");
    Ok(())
}

/// What the two ways to start have found.
struct Opened {
    session: Arc<BrokerSession>,
    lanes: Vec<OwnedLane>,
    stores: StoreLookup,
    roller: RollerOf,
    shards: Vec<OwnedShard>,
    ledgers: Vec<LedgerPlace>,
}

impl Node {
    /// Opens the store, takes over what earlier sessions left, and opens every shard, on one broker alone.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(parts: NodeParts, config: NodeConfig) -> Result<Self, StartError> {
        Self::start_below(Keys::new("")?, parts, config).await
    }

    /// As [`Node::start`], with the metadata below a prefix: for a store that is shared with others.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_below(keys: Keys, parts: NodeParts, config: NodeConfig) -> Result<Self, StartError> {
        PreparedNode::open(keys, parts, config).await?.start_alone().await
    }

    /// The other brokers and who owns what; `None` for a node alone.
    #[must_use]
    pub fn membership(&self) -> Option<&Arc<Membership>> {
        self.joined.as_ref().map(|joined| &joined.membership)
    }

    /// Why the broker's own store takes nothing more, if so.
    #[must_use]
    pub fn store_failure(&self) -> Option<String> {
        self.store.failure().map(|error| error.to_string())
    }

    /// This broker's part in controlling the cluster; `None` for a node alone.
    #[must_use]
    pub fn controller(&self) -> Option<&Controller> {
        self.joined.as_ref()?.controller.get()
    }

    /// Hands a shard over to another broker's session: a planned move, ordered by the controller.
    ///
    /// # Errors
    /// When it cannot be flushed or handed over; it is served here as before then.
    pub async fn move_shard(&self, shard: ShardId, to: SessionKey) -> Result<(), PeerError> {
        let Some(joined) = &self.joined else {
            let why = "this broker is in no cluster".to_owned();
            return Err(PeerError { why, action: Action::GiveUp });
        };
        joined.move_shard(&self.log, shard, to).await
    }

    /// Lets other brokers take over everything that this one does, for at most `limit`. Returns whether they have.
    pub async fn drain(&self, limit: Duration) -> bool {
        let Some(joined) = &self.joined else { return false };
        joined.drain(limit).await
    }

    /// Gives everything up when the session is lost or the own store has failed, and forgets ledgers once the log needs them no
    /// more.
    fn watch_over(&self, env: &Env) {
        let (log, session, clock) = (self.log.clone(), Arc::clone(&self.session), Arc::clone(&env.clock));
        let (store, archive) = (Arc::clone(&self.store), Arc::clone(&self.archive));
        let mut lost = session.lost();
        env.tasks.spawn_vital("watching over the session and the store", async move {
            // S6: it takes nothing more until the process is started again. Others' ledgers are on it too, so its own lanes
            // may have nothing to notice that by.
            let failed = async {
                loop {
                    if let Some(error) = store.failure() {
                        return error;
                    }
                    clock.sleep(LOOK_AT_STORE).await;
                }
            };
            // Whose the objects are may have been unknown at the start.
            let foreign = async {
                loop {
                    match archive.claim().await {
                        Ok(()) => std::future::pending().await,
                        Err(error) if error.is_foreign() => return error,
                        Err(_) => clock.sleep(CLAIM_AGAIN).await,
                    }
                }
            };
            tokio::select! {
                biased;
                over = async { lost.wait_for(|lost| *lost).await.is_ok() } => {
                    if over && !Rule::LostSessionEnds.is_broken() {
                        log.abandon("the broker's session is over: another process or a recovery took its place");
                    }
                }
                error = foreign => log.abandon(&error.to_string()),
                error = failed => log.abandon(&format!("the broker's own store has failed: {error}")),
            }
        });
        // Beside that, for it waits for stores, one after another.
        let (log, session, unneeded) =
            (self.log.clone(), Arc::clone(&self.session), Arc::clone(&self.unneeded));
        let (mut released, mut lost) = (log.released_ledgers(), session.lost());
        env.tasks.spawn_vital("forgetting ledgers", async move {
            let forgetting = async {
                while released.changed().await.is_ok() {
                    if let Err(error) = unneeded.retire(&session, log.take_retired()).await {
                        tracing::warn!(%error, "ledgers that nothing needs stay for now");
                    }
                    if let Err(error) = session.forget_unneeded().await {
                        tracing::warn!(%error, "ledgers that nothing needs stay until the next start");
                    }
                }
            };
            tokio::select! {
                biased;
                _ = lost.wait_for(|lost| *lost) => {}
                () = forgetting => {}
            }
        });
    }

    /// Stops gracefully: everything goes to the object store, and nothing refers to the log directory any more.
    ///
    /// # Errors
    /// When the object store did not take everything. The log directory has it, and the next start goes on from there.
    pub async fn stop(&self) -> Result<(), FlushError> {
        let flushed = self.log.shutdown().await;
        if flushed.is_ok()
            && let Err(error) = self.retire().await
        {
            tracing::warn!(%error, "the metadata could not be tidied; the next start does it");
        }
        if let Err(error) = self.session.close().await {
            tracing::warn!(%error, "the session could not be closed; it ends with its lease");
        }
        if let Err(error) = self.store.close().await {
            tracing::warn!(%error, "the store could not be closed in order");
        }
        flushed
    }

    /// Seals this session's ledgers, which objects hold wholly, and forgets them and all earlier ones.
    async fn retire(&self) -> Result<(), GuardedError> {
        let ends = self.log.lane_ends();
        for &(ledger, end) in &ends {
            self.session.seal_lane(ledger, end).await?;
        }
        let mut ledgers: Vec<LedgerId> = ends.into_iter().map(|(ledger, _)| ledger).collect();
        ledgers.extend(self.log.rolled_ledgers());
        ledgers.extend(self.log.take_retired());
        self.unneeded.retire(&self.session, ledgers).await?;
        self.session.forget_unneeded().await?;
        Ok(())
    }
}

/// A node alone finds no store but its own.
fn own_store_only(own: &Arc<Store>) -> StoreLookup {
    let own = Arc::clone(own);
    Arc::new(move |id| (id == own.id()).then(|| Arc::clone(&own) as Arc<dyn LogStore>))
}

fn owned_shards(session: &BrokerSession) -> Vec<OwnedShard> {
    let shards = session.shards().iter();
    shards
        .map(|(id, record)| OwnedShard { id: *id, epoch: record.epoch, pending: record.pending.clone() })
        .collect()
}

/// The sealed ledgers that this broker's shards have pending.
async fn pending_ledgers(meta: &Meta, session: &BrokerSession) -> Result<Vec<LedgerPlace>, MetaError> {
    let pending: std::collections::BTreeSet<LedgerId> =
        session.shards().iter().flat_map(|(_, record)| record.pending.iter().copied()).collect();
    let ledgers = meta.list_all_ledgers().await?.into_iter().map(|ledger| ledger.record);
    Ok(ledgers.filter(|ledger| pending.contains(&ledger.id)).map(ledger_place).collect())
}

pub(crate) fn ledger_place(record: LedgerRecord) -> LedgerPlace {
    LedgerPlace { id: record.id, mode: record.mode, end: record.end(), copyset: record.copyset }
}
