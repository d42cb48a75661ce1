//! One broker's world: metadata that outlives it, a log directory that may not, and a switch that ends the process
//! at any of its steps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use esker_core::{Action, BrokerId, Epoch, FrameIndex, LedgerId, Mode, ShardId, StoreId};
use esker_env::{BoxFuture, Env, SeededRandom};
use esker_meta::{
    Cluster, KeyValue, Keys, LeaseId, LedgerRecord, Listing, ManifestGuard, MemoryMeta, Meta, MetaError,
    MetaStore, Revision, Txn, TxnAnswer, Watch,
};
use parking_lot::Mutex;

use crate::{BrokerSession, LedgerError, Ledgers, StartError, StartOptions, start_broker};

pub(super) const BROKER: BrokerId = BrokerId(1);
/// More than one transaction can move.
pub(super) const SHARDS: u32 = 130;

/// Steps that a process may still take; then it is dead and nothing it does has an effect.
pub(super) struct Life(AtomicU64);

impl Life {
    pub(super) fn steps(steps: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(steps)))
    }

    pub(super) fn step(&self) -> bool {
        let less = |left: u64| left.checked_sub(1);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    /// So many more steps from here on.
    pub(super) fn limit(&self, steps: u64) {
        self.0.store(steps, Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

/// A metadata client of a process that may die.
pub(super) struct Mortal {
    pub(super) store: MemoryMeta,
    pub(super) life: Arc<Life>,
    /// Watches below this prefix show nothing.
    pub(super) blind: Option<&'static str>,
}

impl Mortal {
    fn step(&self) -> Result<(), MetaError> {
        if self.life.step() { Ok(()) } else { Err(MetaError::Unavailable("the process is dead".to_owned())) }
    }
}

impl MetaStore for Mortal {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>> {
        Box::pin(async move {
            self.step()?;
            self.store.get(key).await
        })
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>> {
        Box::pin(async move {
            self.step()?;
            self.store.list(prefix).await
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>> {
        Box::pin(async move {
            self.step()?;
            self.store.txn(txn).await
        })
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>> {
        Box::pin(async move {
            self.step()?;
            self.store.grant(ttl).await
        })
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            self.step()?;
            self.store.keep_alive(lease).await
        })
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            self.step()?;
            self.store.revoke(lease).await
        })
    }

    fn watch(&self, prefix: String, from: Revision) -> Watch {
        if self.blind.is_some_and(|blind| prefix.ends_with(blind)) {
            return Watch::new(Box::pin(futures::stream::pending()));
        }
        self.store.watch(prefix, from)
    }
}

/// What a log directory holds of a ledger.
#[derive(Clone, Debug, Default)]
struct Held {
    tail: u64,
    sealed: bool,
}

/// A log directory.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) id: StoreId,
    held: Mutex<BTreeMap<LedgerId, Held>>,
}

impl Directory {
    pub(super) fn ledgers(&self) -> Vec<LedgerId> {
        self.held.lock().keys().copied().collect()
    }
}

/// The stores as one process sees them.
pub(super) struct Stores {
    directory: Arc<Directory>,
    life: Arc<Life>,
}

impl Stores {
    fn step(&self) -> Result<(), LedgerError> {
        let dead = || LedgerError { why: "the process is dead".to_owned(), action: Action::Retry };
        if self.life.step() { Ok(()) } else { Err(dead()) }
    }
}

impl Ledgers for Stores {
    fn reachable(&self) -> BTreeSet<StoreId> {
        [self.directory.id].into()
    }

    fn recover(&self, ledger: LedgerRecord, _: bool) -> BoxFuture<'_, Result<FrameIndex, LedgerError>> {
        Box::pin(async move {
            self.step()?;
            assert!(
                ledger.copyset.contains(&self.directory.id),
                "asked a store that never held {}",
                ledger.id
            );
            let mut held = self.directory.held.lock();
            let found = held.entry(ledger.id).or_default();
            found.sealed = true;
            Ok(FrameIndex(found.tail))
        })
    }

    fn survey(&self, _: LedgerRecord) -> BoxFuture<'_, Vec<(StoreId, Result<crate::Holding, String>)>> {
        unreachable!("nobody here recovers uncleanly")
    }

    fn own(&self) -> StoreId {
        self.directory.id
    }

    fn forget(&self, ledger: LedgerId, _: Vec<StoreId>) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async move {
            self.step()?;
            self.directory.held.lock().remove(&ledger);
            Ok(())
        })
    }

    fn held(&self) -> Vec<LedgerId> {
        self.directory.ledgers()
    }
}

/// A running broker, with what it knows of its log.
pub(super) struct Process {
    pub(super) session: BrokerSession,
    pub(super) life: Arc<Life>,
    env: Env,
    meta: Meta,
    lanes: BTreeMap<LedgerId, Option<FrameIndex>>,
}

/// Everything outside the process.
pub(super) struct World {
    pub(super) memory: MemoryMeta,
    pub(super) env: Env,
    pub(super) directory: Arc<Directory>,
    pub(super) cluster: Cluster,
    /// Looks at the metadata without being part of the world.
    pub(super) meta: Meta,
    /// Acknowledged, and not in the object store.
    pub(super) owed: BTreeMap<ShardId, BTreeSet<LedgerId>>,
    /// Of a thousand transactions of a process, so many lose their answer.
    pub(super) lost_answers: u32,
    epochs: BTreeMap<ShardId, Epoch>,
    written: u64,
}

fn meta_over(store: Arc<dyn MetaStore>, env: &Env) -> Meta {
    Meta::new(store, Keys::new("/esker").unwrap(), env.clone())
}

impl World {
    pub(super) async fn new() -> Self {
        Self::seeded(0).await
    }

    pub(super) async fn seeded(seed: u64) -> Self {
        let env = Env { random: Arc::new(SeededRandom::new(seed)), ..Env::real() };
        let memory = MemoryMeta::new(env.clone());
        let meta = meta_over(Arc::new(memory.client()), &env);
        let cluster = meta.create_or_load_cluster(SHARDS).await.unwrap();
        let mut world = Self {
            memory,
            directory: Arc::new(Directory { id: StoreId::from_random([0; 16]), held: Mutex::default() }),
            cluster,
            meta,
            owed: BTreeMap::new(),
            epochs: BTreeMap::new(),
            written: 0,
            lost_answers: 0,
            env,
        };
        world.blank_directory();
        world
    }

    /// Another, empty log directory takes the place of the present one.
    pub(super) fn blank_directory(&mut self) {
        let id = StoreId::from_random(self.env.random.bytes16());
        self.directory = Arc::new(Directory { id, held: Mutex::default() });
    }

    pub(super) fn options(&self) -> StartOptions {
        StartOptions {
            broker: BROKER,
            endpoints: Vec::new(),
            rack: None,
            store: self.directory.id,
            session_ttl: Duration::from_secs(60),
            accept_lost_stores: false,
        }
    }

    /// Starts a broker that dies after so many steps.
    pub(super) async fn start(
        &mut self,
        life: Arc<Life>,
        options: StartOptions,
    ) -> Result<Process, StartError> {
        let env = Env { tasks: esker_env::Tasks::new(), ..self.env.clone() };
        let store = Mortal { store: self.memory.client(), life: Arc::clone(&life), blind: None };
        store.store.faults().set_ambiguity(self.lost_answers);
        let meta = meta_over(Arc::new(store), &env);
        let stores = Arc::new(Stores { directory: Arc::clone(&self.directory), life: Arc::clone(&life) });
        match start_broker(meta.clone(), env.clone(), stores, &self.cluster, options).await {
            Ok(session) => Ok(Process { session, life, env, meta, lanes: BTreeMap::new() }),
            Err(error) => {
                env.tasks.abort_all();
                Err(error)
            }
        }
    }

    /// Starts a broker that lives, and checks what it took over.
    pub(super) async fn start_well(&mut self) -> Process {
        let options = self.options();
        let process = self.start(Life::steps(u64::MAX), options).await.unwrap();
        self.check(&process).await;
        process
    }

    /// What must hold after a successful start.
    async fn check(&mut self, process: &Process) {
        let key = process.session.key();
        let shards = self.meta.list_shards().await.unwrap();
        assert_eq!(shards.len(), SHARDS as usize);
        let seen: Vec<_> = shards.iter().map(|(id, shard)| (*id, shard.record.clone())).collect();
        assert_eq!(process.session.shards(), seen);
        let ledgers: BTreeMap<_, _> = self
            .meta
            .list_ledgers(BROKER)
            .await
            .unwrap()
            .into_iter()
            .map(|l| (l.record.id, l.record))
            .collect();
        for ledger in ledgers.values() {
            assert!(ledger.end().is_some(), "ledger {} of a dead session is open", ledger.id);
            let needed = seen.iter().any(|(_, shard)| shard.pending.contains(&ledger.id));
            assert!(needed, "ledger {} is kept for nothing", ledger.id);
        }
        let held = self.directory.held.lock().clone();
        assert!(held.keys().all(|ledger| ledgers.contains_key(ledger)), "the store holds forgotten ledgers");
        for (id, shard) in seen {
            assert_eq!(shard.owned_by(), Some(key), "shard {id}");
            if let Some(before) = self.epochs.insert(id, shard.epoch) {
                assert!(shard.epoch > before, "shard {id} has a new owner and needs a new epoch");
            }
            for ledger in self.owed.get(&id).into_iter().flatten() {
                assert!(shard.pending.contains(ledger), "shard {id} forgot ledger {ledger}");
                let tail = held.get(ledger).map(|held| FrameIndex(held.tail));
                assert!(tail.is_some(), "the store lost ledger {ledger}");
                assert_eq!(
                    ledgers.get(ledger).and_then(LedgerRecord::end),
                    tail,
                    "the end of ledger {ledger}"
                );
            }
        }
    }

    /// Acknowledges one frame with bytes of the shard.
    pub(super) async fn append(&mut self, process: &mut Process, mode: Mode, shard: ShardId) {
        let ledger = process.session.open_lane(mode, vec![self.directory.id], 1).await.unwrap();
        process.lanes.insert(ledger.id, None);
        let mut held = self.directory.held.lock();
        let found = held.entry(ledger.id).or_default();
        assert!(!found.sealed, "a session never writes a sealed ledger");
        found.tail += 1;
        self.owed.entry(shard).or_default().insert(ledger.id);
    }

    /// Brings everything of the shard into the object store.
    pub(super) async fn offload(&mut self, process: &Process, shard: ShardId) {
        self.written += 1;
        let record = self.meta.shard(shard).await.unwrap().unwrap().record;
        let pointer = self.meta.read_manifest(shard).await.unwrap();
        let guard = ManifestGuard {
            session: process.session.key(),
            epoch: record.epoch,
            pointer: pointer.map_or(Revision::NONE, |(_, revision)| revision),
        };
        let pending: Vec<_> = record.pending.into_iter().collect();
        let value = Bytes::from(self.written.to_string());
        process.meta.commit_manifest(shard, guard, value, &pending).await.unwrap();
        self.owed.remove(&shard);
    }

    /// Rolls the lane to a new ledger.
    pub(super) async fn roll(&mut self, process: &mut Process, ledger: LedgerId) {
        let end = FrameIndex(self.directory.held.lock().get(&ledger).map_or(0, |held| held.tail));
        let next = process.session.roll_lane(ledger, end, vec![self.directory.id], 1).await.unwrap();
        process.lanes.insert(ledger, Some(end));
        process.lanes.insert(next.id, None);
    }

    /// The process is killed.
    #[allow(clippy::unused_self, reason = "reads as what happens in the world")]
    pub(super) fn kill(&self, process: Process) {
        let Process { life, env, .. } = process;
        life.end();
        env.tasks.abort_all();
    }

    /// A graceful stop; `drained` brings everything into the object store first.
    pub(super) async fn stop(&mut self, process: Process, drained: bool) {
        let open: Vec<_> = process.lanes.iter().filter(|(_, end)| end.is_none()).map(|(id, _)| *id).collect();
        for ledger in open {
            let end = self.directory.held.lock().get(&ledger).map_or(0, |held| held.tail);
            process.session.seal_lane(ledger, FrameIndex(end)).await.unwrap();
        }
        if drained {
            for shard in (0..SHARDS).map(ShardId) {
                let pending = !self.meta.shard(shard).await.unwrap().unwrap().record.pending.is_empty();
                if pending || self.owed.contains_key(&shard) {
                    self.offload(&process, shard).await;
                }
            }
            process.session.forget_unneeded().await.unwrap();
            process.session.retire(&process.lanes.keys().copied().collect::<Vec<_>>()).await.unwrap();
        }
        process.session.close().await.unwrap();
        self.kill(process);
    }
}

impl Process {
    /// The ledgers that can be written.
    pub(super) fn open_ledgers(&self) -> Vec<LedgerId> {
        self.lanes.iter().filter(|(_, end)| end.is_none()).map(|(id, _)| *id).collect()
    }
}
