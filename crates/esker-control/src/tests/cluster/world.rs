//! A cluster: brokers that start, write, die and are drained; and what must hold of it at any time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use esker_core::{Action, BrokerId, Epoch, LedgerId, Mode, ShardId, StoreId};
use esker_env::{BoxFuture, Clock, Env, Monotonic, SeededRandom, Tasks};
use esker_meta::{
    Cluster, Endpoint, Event, GuardedError, Keys, LedgerRecord, ManifestGuard, Membership, MemoryMeta, Meta,
    Revision, SessionKey, ShardRecord,
};
use parking_lot::Mutex;

use super::{
    super::world::{Life, Mortal},
    stores::{Disks, Process},
};
use crate::{
    BrokerSession, Controller, ControllerConfig, ControllerParts, PeerError, Peers, Probe, Replication,
    StartOptions, candidates, choose_copyset, join_cluster,
};

pub(super) const SHARDS: u32 = 24;
pub(super) const TTL: Duration = Duration::from_secs(3);
const REPLICATION: Replication = Replication { factor: 3, write_quorum: 2 };

/// Tokio's clock, which a test pauses.
pub(super) struct TokioClock(pub(super) tokio::time::Instant);

#[allow(clippy::disallowed_methods, reason = "the clock of tests")]
impl Clock for TokioClock {
    fn now(&self) -> Monotonic {
        Monotonic(self.0.elapsed())
    }

    fn wall_ms(&self) -> i64 {
        self.0.elapsed().as_millis() as i64
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[allow(clippy::disallowed_methods, reason = "the clock of tests")]
pub(super) fn env(seed: u64) -> Env {
    Env {
        clock: Arc::new(TokioClock(tokio::time::Instant::now())),
        random: Arc::new(SeededRandom::new(seed)),
        tasks: Tasks::new(),
    }
}

/// A running broker.
pub(super) struct Broker {
    pub(super) session: Arc<BrokerSession>,
    pub(super) membership: Arc<Membership>,
    pub(super) controller: Controller,
    pub(super) memory: MemoryMeta,
    pub(super) meta: Meta,
    pub(super) life: Arc<Life>,
    store: StoreId,
    env: Env,
}

/// What every part of the world can see and change.
pub(super) struct Shared {
    pub(super) disks: Arc<Disks>,
    /// Looks at the metadata without being part of the world.
    pub(super) meta: Meta,
    /// Acknowledged, and not in the object store.
    pub(super) owed: Mutex<BTreeMap<ShardId, BTreeSet<LedgerId>>>,
    brokers: Mutex<BTreeMap<SessionKey, Arc<Broker>>>,
    /// Hosts that answer nothing at all, rather than refusing.
    pub(super) silent: Mutex<BTreeSet<BrokerId>>,
    /// Planned moves that were ordered.
    pub(super) moved: Mutex<Vec<(ShardId, SessionKey, SessionKey)>>,
    /// The object store takes nothing.
    pub(super) archive_down: Mutex<bool>,
    /// Shards that their owner does not serve, since it hands them over. For good, unless it knows that they did not move.
    held: Mutex<BTreeSet<(SessionKey, ShardId)>>,
    written: Mutex<u64>,
}

pub(super) struct World {
    pub(super) shared: Arc<Shared>,
    pub(super) memory: MemoryMeta,
    pub(super) env: Env,
    pub(super) cluster: Cluster,
    pub(super) lost_answers: u32,
    /// What brokers that start from now on see no changes of.
    pub(super) blind: Option<&'static str>,
    audit: Arc<Mutex<Audit>>,
}

/// Every record that a shard ever had.
#[derive(Default)]
struct Audit {
    shards: BTreeMap<ShardId, ShardRecord>,
    flaws: Vec<String>,
}

impl Audit {
    fn see(&mut self, id: ShardId, next: &ShardRecord) {
        if let Some(before) = self.shards.insert(id, next.clone()) {
            if next.epoch < before.epoch {
                self.flaws.push(format!("shard {id}: epoch went back"));
            }
            if next.epoch == before.epoch && next.owned_by() != before.owned_by() {
                self.flaws.push(format!("shard {id}: two owners in epoch {:?}", next.epoch));
            }
        }
    }
}

pub(super) fn store_of(broker: i32) -> StoreId {
    StoreId::from_random([broker as u8; 16])
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let env = env(seed);
        let memory = MemoryMeta::new(env.clone());
        let meta = Meta::new(Arc::new(memory.client()), Keys::new("/esker").unwrap(), env.clone());
        let cluster = meta.create_or_load_cluster(SHARDS).await.unwrap();
        let shared = Arc::new(Shared {
            disks: Arc::default(),
            meta: meta.clone(),
            owed: Mutex::default(),
            brokers: Mutex::default(),
            silent: Mutex::default(),
            moved: Mutex::default(),
            archive_down: Mutex::new(false),
            held: Mutex::default(),
            written: Mutex::new(0),
        });
        let audit = Arc::new(Mutex::new(Audit::default()));
        let world = Self { shared, memory, env, cluster, audit, lost_answers: 0, blind: None };
        world.start_audit().await;
        world
    }

    /// Looks at every change of a shard, in order.
    async fn start_audit(&self) {
        let audit = Arc::clone(&self.audit);
        let store = Arc::clone(self.shared.meta.store());
        let listing = store.list("/esker/shards/".to_owned()).await.unwrap();
        let mut watch = store.watch("/esker/shards/".to_owned(), listing.revision.next());
        self.env.tasks.spawn(async move {
            while let Ok(events) = watch.next().await {
                for event in events {
                    let Event::Put(entry) = event else { panic!("a shard's record is never deleted") };
                    let (id, shard) = ShardRecord::decode(&entry).unwrap();
                    audit.lock().see(id, &shard.record);
                }
            }
        });
    }

    pub(super) async fn start(&self, broker: i32) -> Arc<Broker> {
        self.start_with(broker, Life::steps(u64::MAX)).await
    }

    pub(super) async fn start_with(&self, broker: i32, life: Arc<Life>) -> Arc<Broker> {
        self.try_start(broker, life).await.unwrap()
    }

    pub(super) async fn try_start(
        &self,
        broker: i32,
        life: Arc<Life>,
    ) -> Result<Arc<Broker>, Box<dyn std::error::Error>> {
        let env = Env { tasks: Tasks::new(), ..self.env.clone() };
        let memory = self.memory.client();
        memory.faults().set_ambiguity(self.lost_answers);
        let store = Mortal { store: memory.clone(), life: Arc::clone(&life), blind: self.blind };
        let meta = Meta::new(Arc::new(store), Keys::new("/esker").unwrap(), env.clone());
        let options = StartOptions {
            broker: BrokerId(broker),
            endpoints: vec![Endpoint { listener: "grpc".into(), host: broker.to_string(), port: 9094 }],
            rack: Some(format!("rack {}", broker % 3)),
            store: store_of(broker),
            session_ttl: TTL,
            accept_lost_stores: false,
        };
        let process = Arc::new(Process {
            disks: Arc::clone(&self.shared.disks),
            own: store_of(broker),
            life: Arc::clone(&life),
            membership: OnceLock::new(),
        });
        let session =
            Arc::new(join_cluster(meta.clone(), env.clone(), Arc::clone(&process) as _, options).await?);
        self.shared.disks.down.lock().remove(&store_of(broker));
        let membership = Membership::start(meta.clone()).await?;
        let _ = process.membership.set(Arc::clone(&membership));
        let parts = ControllerParts {
            env: env.clone(),
            session: Arc::clone(&session),
            membership: Arc::clone(&membership),
            peers: Arc::new(Net(Arc::clone(&self.shared))),
            cluster: self.cluster,
        };
        let controller = Controller::start(parts, ControllerConfig::default());
        let store = store_of(broker);
        let broker = Arc::new(Broker { session, membership, controller, memory, meta, life, store, env });
        self.shared.brokers.lock().insert(broker.session.key(), Arc::clone(&broker));
        Ok(broker)
    }

    /// The process is killed; its store is away until it starts again.
    pub(super) fn kill(&self, broker: &Broker) {
        broker.life.end();
        broker.env.tasks.abort_all();
        self.shared.disks.down.lock().insert(broker.store);
        self.shared.brokers.lock().remove(&broker.session.key());
    }

    pub(super) fn running(&self) -> Vec<Arc<Broker>> {
        self.shared.brokers.lock().values().cloned().collect()
    }

    /// Waits until shards and brokers are as told; panics with what is wrong after a minute.
    pub(super) async fn until(&self, what: &str, holds: impl Fn(&esker_meta::MembershipView) -> bool) {
        let membership = Membership::start(self.shared.meta.clone()).await.unwrap();
        let waited = self.env.timeout(Duration::from_secs(60), membership.wait_until(holds)).await;
        if waited.is_err() {
            let view = membership.view();
            let blocked: Vec<_> =
                self.running().iter().flat_map(|broker| broker.controller.blocked()).collect();
            panic!(
                "{what}: not in time; controller {:?}, sessions {:?}, stores {:?}, blocked {blocked:?}, shards {:?}",
                view.controller,
                view.sessions.values().map(|live| live.key).collect::<Vec<_>>(),
                view.stores.values().map(|store| (store.broker, store.state)).collect::<Vec<_>>(),
                view.shards.iter().map(|(id, shard)| (id, shard.record.owned_by())).collect::<Vec<_>>(),
            );
        }
    }

    /// Waits until every shard has a living owner.
    pub(super) async fn settled(&self) {
        let running = |key: SessionKey| self.shared.brokers.lock().contains_key(&key);
        let all = |view: &esker_meta::MembershipView| {
            (0..SHARDS).all(|id| view.owner(ShardId(id)).is_some_and(|live| running(live.key)))
        };
        self.until("every shard has a living owner", all).await;
    }

    /// Waits until shards are spread evenly over so many brokers.
    pub(super) async fn even(&self, brokers: usize) {
        let even = |view: &esker_meta::MembershipView| {
            let mut counts = BTreeMap::new();
            for id in (0..SHARDS).map(ShardId) {
                let owner = view.owner(id).filter(|live| self.shared.brokers.lock().contains_key(&live.key));
                let Some(owner) = owner else { return false };
                *counts.entry(owner.key.broker).or_insert(0) += 1;
            }
            let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
            counts.len() == brokers && most - least <= 1
        };
        self.until("shards are spread evenly", even).await;
    }

    pub(super) async fn shards(&self) -> BTreeMap<ShardId, ShardRecord> {
        let shards = self.shared.meta.list_shards().await.unwrap();
        shards.into_iter().map(|(id, shard)| (id, shard.record)).collect()
    }

    /// What must hold at any time.
    pub(super) async fn check(&self) {
        let owed = self.shared.owed.lock().clone();
        let ledgers: BTreeMap<LedgerId, LedgerRecord> = self
            .shared
            .meta
            .list_all_ledgers()
            .await
            .unwrap()
            .into_iter()
            .map(|ledger| (ledger.record.id, ledger.record))
            .collect();
        let shards = self.shards().await;
        assert_eq!(self.audit.lock().flaws, Vec::<String>::new());
        for (shard, owed) in owed {
            let record = &shards[&shard];
            for id in owed {
                let Some(ledger) = ledgers.get(&id) else {
                    panic!("shard {shard} needs ledger {id}, which is gone")
                };
                let needed = record.pending.contains(&id) || record.owned_by() == Some(ledger.writer());
                assert!(needed, "shard {shard} forgot ledger {id}: {record:?}");
                let acked = self.shared.disks.acked.lock().get(&id).copied().unwrap_or(0);
                if let Some(end) = ledger.end() {
                    assert!(
                        end.0 >= acked,
                        "ledger {id} ends at {end}, and {acked} frames were acknowledged"
                    );
                    let has = |store: &StoreId| {
                        self.shared.disks.holds(*store, id).is_some_and(|held| held.tail >= acked)
                    };
                    let holders = ledger.copyset.iter().filter(|store| has(store)).count();
                    assert!(
                        holders >= usize::from(ledger.write_quorum),
                        "ledger {id} is on {holders} stores"
                    );
                }
            }
        }
        for record in shards.values() {
            for pending in &record.pending {
                let end = ledgers.get(pending).map(LedgerRecord::end);
                assert!(matches!(end, Some(Some(_))), "pending ledger {pending} has no end: {end:?}");
            }
        }
    }
}

impl Broker {
    /// Writes a frame with bytes of the shard if it owns it. Whether it was acknowledged.
    pub(super) async fn append(&self, world: &World, shard: ShardId) -> bool {
        let view = self.membership.view();
        let Some(owner) = view.shards.get(&shard).and_then(|found| found.record.owned_by()) else {
            return false;
        };
        let held = || world.shared.held.lock().contains(&(owner, shard));
        if owner != self.session.key() || held() {
            return false;
        }
        let all = candidates(&view);
        let Some(own) = all.iter().find(|candidate| candidate.store == self.store).cloned() else {
            return false;
        };
        let broker = self.session.key().broker;
        let Some(copyset) = choose_copyset(&all, &own, REPLICATION, &BTreeSet::new(), (broker, 0)) else {
            return false;
        };
        let Ok(ledger) = self.session.open_lane(Mode::Fsync, copyset, 2).await else { return false };
        if held() {
            return false;
        }
        // To as many as it takes, not always the same.
        let random = &world.env.random;
        let mut reached = ledger.copyset.clone();
        if reached.len() > 2 && random.below(2) == 0 {
            reached.remove(random.below(reached.len() as u64) as usize);
        }
        let acked = world.shared.disks.append(&ledger, &reached);
        if acked {
            world.shared.owed.lock().entry(shard).or_default().insert(ledger.id);
        }
        acked
    }
}

impl Shared {
    /// Brings everything of a shard into the object store.
    async fn offload(&self, broker: &Broker, shard: ShardId, epoch: Epoch) -> Result<(), PeerError> {
        if *self.archive_down.lock() {
            return Err(refused("the object store is away"));
        }
        let found = self.meta.shard(shard).await.map_err(refused)?.ok_or_else(|| refused("no such shard"))?;
        let before = self.owed.lock().get(&shard).cloned().unwrap_or_default();
        let pointer = self.meta.read_manifest(shard).await.map_err(refused)?;
        let guard = ManifestGuard {
            session: broker.session.key(),
            epoch,
            pointer: pointer.map_or(Revision::NONE, |(_, revision)| revision),
        };
        let value = {
            let mut written = self.written.lock();
            *written += 1;
            Bytes::from(written.to_string())
        };
        let pending: Vec<_> = found.record.pending.into_iter().collect();
        broker.meta.commit_manifest(shard, guard, value, &pending).await.map_err(refused)?;
        if let Some(owed) = self.owed.lock().get_mut(&shard) {
            owed.retain(|ledger| !before.contains(ledger));
        }
        Ok(())
    }

    /// A planned move, at the owner.
    async fn hand_over(&self, broker: &Broker, shard: ShardId, to: SessionKey) -> Result<(), PeerError> {
        let found = self.meta.shard(shard).await.map_err(refused)?.ok_or_else(|| refused("no such shard"))?;
        if found.record.owned_by() != Some(broker.session.key()) {
            return Err(refused("not the owner"));
        }
        let held = (broker.session.key(), shard);
        if !self.held.lock().insert(held) {
            return Err(refused("being moved already"));
        }
        let flushed = self.offload(broker, shard, found.record.epoch).await;
        let keep = match flushed {
            Ok(()) => Vec::new(),
            Err(error) if !*self.archive_down.lock() => {
                self.held.lock().remove(&held);
                return Err(error);
            }
            // Without the object store the ledger itself goes along, sealed. A roll that fails ends the session.
            Err(_) => self.seal_own(broker).await?,
        };
        let handed = broker.session.hand_over(shard, found.record.epoch, to, &keep).await;
        if handed.is_ok() || matches!(handed, Err(GuardedError::Changed(_))) {
            self.held.lock().remove(&held);
        }
        handed.map(drop).map_err(refused)
    }

    /// Rolls the broker's lane. Everything that it wrote, all sealed.
    async fn seal_own(&self, broker: &Broker) -> Result<Vec<LedgerId>, PeerError> {
        let key = broker.session.key();
        for open in self.meta.list_ledgers(key.broker).await.map_err(refused)? {
            if open.record.writer() == key && open.record.end().is_none() {
                self.disks.frozen.lock().insert(open.record.id);
                let end = self.disks.acked.lock().get(&open.record.id).copied().unwrap_or(0);
                let copyset = open.record.copyset.clone();
                let rolled =
                    broker.session.roll_lane(open.record.id, esker_core::FrameIndex(end), copyset, 2).await;
                rolled.map_err(refused)?;
            }
        }
        let ledgers = self.meta.list_ledgers(key.broker).await.map_err(refused)?;
        let own = ledgers.into_iter().map(|ledger| ledger.record).filter(|ledger| ledger.writer() == key);
        Ok(own.filter(|ledger| ledger.end().is_some()).map(|ledger| ledger.id).collect())
    }
}

fn refused(why: impl std::fmt::Display) -> PeerError {
    PeerError { why: why.to_string(), action: Action::Retry }
}

/// The network between brokers.
struct Net(Arc<Shared>);

impl Net {
    fn broker(&self, session: SessionKey) -> Result<Arc<Broker>, PeerError> {
        self.0.brokers.lock().get(&session).cloned().ok_or_else(|| refused("nobody listens"))
    }
}

impl Peers for Net {
    fn move_shard(
        &self,
        owner: SessionKey,
        shard: ShardId,
        to: SessionKey,
    ) -> BoxFuture<'_, Result<(), PeerError>> {
        Box::pin(async move {
            let broker = self.broker(owner)?;
            self.0.moved.lock().push((shard, owner, to));
            self.0.hand_over(&broker, shard, to).await
        })
    }

    fn probe(&self, at: &Endpoint) -> BoxFuture<'_, Probe> {
        let broker = BrokerId(at.host.parse().unwrap());
        let listens = self.0.brokers.lock().keys().any(|key| key.broker == broker);
        let probe = match (listens, self.0.silent.lock().contains(&broker)) {
            (_, true) => Probe::Silent,
            (true, false) => Probe::Alive,
            (false, false) => Probe::Refused,
        };
        Box::pin(async move { probe })
    }

    fn report(
        &self,
        controller: SessionKey,
        suspect: SessionKey,
        why: &str,
    ) -> BoxFuture<'_, Result<(), PeerError>> {
        let (broker, why) = (self.broker(controller), why.to_owned());
        Box::pin(async move {
            broker?.controller.suspect_reported(suspect.broker, &why);
            Ok(())
        })
    }
}

impl World {
    pub(super) async fn offload(&self, broker: &Broker, shard: ShardId) -> bool {
        let Some(found) = self.shared.meta.shard(shard).await.unwrap() else { return false };
        self.shared.offload(broker, shard, found.record.epoch).await.is_ok()
    }
}
