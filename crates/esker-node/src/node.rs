//! Starting and stopping.

use std::{sync::Arc, time::Duration};

use esker_archive::{Archive, ArchiveConfig, ArchiveError};
use esker_control::{BrokerSession, StartOptions, WalLedgers, start_broker};
use esker_core::{BrokerId, LedgerId, Mode};
use esker_env::{Disk, Env};
use esker_log::{
    FlushError, LedgerPlace, Log, LogConfig, LogParts, OpenError, OwnedLane, OwnedShard, StoreLookup,
};
use esker_meta::{Catalog, Cluster, Endpoint, GuardedError, Keys, Meta, MetaError, MetaStore};
use esker_wal::{LogStore, NoRoll, Store, StoreConfig};
use object_store::ObjectStore;

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
}

/// The lanes that a node opens, the strictest first. An empty one costs a metadata record and no disk.
const LANES: [Mode; 3] = [Mode::Fsync, Mode::Throughput, Mode::Received];

impl Node {
    /// Opens the store, takes over what earlier sessions left, and opens every shard.
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
        let NodeParts { env, disk, meta, objects } = parts;
        let meta = Meta::new(meta, keys, env.clone());
        let store = Store::open(disk, env.clone(), config.store).await?;
        let cluster = meta.create_or_load_cluster(config.shards).await?;
        let options = StartOptions {
            broker: config.broker,
            endpoints: config.endpoints,
            rack: None,
            store: store.id(),
            session_ttl: config.session_ttl,
            accept_lost_stores: config.accept_lost_stores,
        };
        let ledgers = Arc::new(WalLedgers::one(Arc::clone(&store), env.clone()));
        let session = start_broker(meta.clone(), env.clone(), ledgers, &cluster, options).await?;
        let session = Arc::new(session);
        let catalog = Catalog::start(meta.clone()).await?;
        let pointers = Arc::new(meta.clone());
        let archive =
            Archive::open(objects, &config.object_prefix, pointers, env.clone(), config.archive).await?;
        let archive = Arc::new(archive);
        let mut lanes = Vec::new();
        for mode in LANES {
            let record = session.open_lane(mode, vec![store.id()], 1).await?;
            let ledger = LedgerPlace { id: record.id, copyset: record.copyset, end: None };
            lanes.push(OwnedLane { mode, ledger, write_quorum: usize::from(record.write_quorum) });
        }
        let parts = LogParts {
            env: env.clone(),
            catalog: Arc::clone(&catalog),
            archive: Arc::clone(&archive),
            store: Arc::clone(&store),
            stores: own_store_only(&store),
            roller: Arc::new(NoRoll),
            session: session.key(),
            shard_count: cluster.shards,
            shards: owned_shards(&session),
            ledgers: pending_ledgers(&meta, &session).await?,
            lanes,
        };
        let log = Log::open(parts, config.log).await?;
        let node = Self { log, meta, catalog, cluster, session, archive, store };
        node.watch_over(&env);
        Ok(node)
    }

    /// Forgets ledgers once the log needs them no more, and gives everything up when the session is lost.
    fn watch_over(&self, env: &Env) {
        let (log, session) = (self.log.clone(), Arc::clone(&self.session));
        let mut released = log.released_ledgers();
        let mut lost = session.lost();
        env.tasks.spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    over = async { lost.wait_for(|lost| *lost).await.is_ok() } => {
                        if over {
                            log.abandon("the broker's session is over: another process or a recovery took its place");
                        }
                        return;
                    }
                    changed = released.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        let retired = log.take_retired();
                        if let Err(error) = session.retire(&retired).await {
                            tracing::warn!(%error, ?retired, "ledgers that nothing needs stay until the next start");
                        }
                        if let Err(error) = session.forget_unneeded().await {
                            tracing::warn!(%error, "ledgers that nothing needs stay until the next start");
                        }
                    }
                }
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
        self.session.retire(&ledgers).await?;
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
    let ledgers = meta.list_all_ledgers().await?;
    let places =
        ledgers.into_iter().map(|ledger| ledger.record).filter(|ledger| pending.contains(&ledger.id));
    Ok(places
        .map(|ledger| LedgerPlace { id: ledger.id, end: ledger.end(), copyset: ledger.copyset })
        .collect())
}
