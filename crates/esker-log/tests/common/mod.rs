//! A log whose lane is on three stores, each on a simulated disk. What is sent to the third can be held up.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_archive::{Archive, ArchiveConfig};
use esker_control::{BrokerSession, StartOptions, WalLedgers, start_broker};
use esker_core::{
    BrokerId, FrameIndex, LedgerId, Mode, PartitionId, ProducerId, StoreId,
    batch::{BatchBuilder, Compression, NewRecord},
    frame::Frame,
};
use esker_env::{BoxFuture, Env, SimDisk};
use esker_log::{
    AppendOptions, Appended, Isolation, LedgerPlace, Log, LogConfig, LogParts, OwnedLane, OwnedShard,
    ReadLimits,
};
use esker_meta::{Catalog, Keys, MemoryMeta, Meta, NewTopic};
use esker_wal::{Directory, LogStore, NoRoll, SealAnswer, Store, StoreConfig, StoreError, Trim};
use object_store::memory::InMemory;
use tokio::sync::watch;

/// What becomes of appends to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    HeldUp,
    /// Refused for good.
    Dead,
}

/// A store behind a way that can be closed for appends.
struct Behind {
    store: Arc<Store>,
    way: watch::Receiver<Way>,
}

impl LogStore for Behind {
    fn id(&self) -> StoreId {
        self.store.id()
    }

    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        let (store, mut way) = (Arc::clone(&self.store), self.way.clone());
        Box::pin(async move {
            let way = *way.wait_for(|way| *way != Way::HeldUp).await.expect("the world is there");
            if way == Way::Dead { Err(StoreError::Closed) } else { store.append(frame).await }
        })
    }

    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        self.store.seal(ledger, mode)
    }

    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.store.repair_append(frame)
    }

    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>> {
        self.store.read(ledger, index, range)
    }

    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>> {
        self.store.read_frame(ledger, index)
    }

    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>> {
        self.store.directory(ledger, from)
    }

    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.store.is_open(ledger)
    }

    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        self.store.trim(ledger, trim)
    }
}

pub struct World {
    pub log: Log,
    pub archive: Arc<Archive>,
    pub disks: Vec<SimDisk>,
    /// Past the way.
    pub stores: Vec<Arc<Store>>,
    /// The lane's.
    pub ledger: LedgerId,
    /// To the third store.
    pub way: watch::Sender<Way>,
    pub topic: PartitionId,
    _session: BrokerSession,
    env: Env,
}

impl World {
    /// With a topic that has these settings, and a log that keeps nothing in memory and flushes when told.
    pub async fn open(configs: &[(&str, &str)]) -> Self {
        let env = Env::real();
        let meta = Meta::new(Arc::new(MemoryMeta::new(env.clone())), Keys::new("").unwrap(), env.clone());
        let cluster = meta.create_or_load_cluster(1).await.unwrap();
        let (mut disks, mut stores) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let disk = SimDisk::new(Arc::clone(&env.random), Arc::clone(&env.clock), 1 << 30);
            let config = StoreConfig { file_size: 1 << 20, max_bytes: 16 << 20, ..StoreConfig::default() };
            stores.push(Store::open(Arc::new(disk.clone()), env.clone(), config).await.unwrap());
            disks.push(disk);
        }
        let options = StartOptions {
            broker: BrokerId(1),
            endpoints: Vec::new(),
            rack: None,
            store: stores[0].id(),
            session_ttl: Duration::from_secs(60),
            accept_lost_stores: false,
        };
        let ledgers = Arc::new(WalLedgers::one(Arc::clone(&stores[0]), env.clone()));
        let session = start_broker(meta.clone(), env.clone(), ledgers, &cluster, options).await.unwrap();
        let configs = configs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let new = NewTopic { name: "t".to_owned(), partitions: 1, replication_factor: 3, configs };
        let topic = meta.create_topic(&new).await.unwrap();
        let catalog = Catalog::start(meta.clone()).await.unwrap();
        let (pointers, objects) = (Arc::new(meta.clone()), Arc::new(InMemory::new()));
        let archive = Archive::open(objects, "", cluster.id, pointers, env.clone(), ArchiveConfig::default());
        let archive = Arc::new(archive.await.unwrap());

        let way = watch::Sender::new(Way::Open);
        let third = Arc::new(Behind { store: Arc::clone(&stores[2]), way: way.subscribe() });
        let (first, second) = (Arc::clone(&stores[0]), Arc::clone(&stores[1]));
        let copyset: Vec<Arc<dyn LogStore>> = vec![first, second, third];
        let ids = copyset.iter().map(|store| store.id()).collect();
        let record = session.open_lane(Mode::Fsync, ids, 2).await.unwrap();
        let ledger = record.id;
        let place =
            LedgerPlace { id: record.id, mode: record.mode, end: record.end(), copyset: record.copyset };
        let lane = OwnedLane { mode: Mode::Fsync, ledger: place, stores: copyset.clone(), write_quorum: 2 };
        let owned = |(id, record): &(esker_core::ShardId, esker_meta::ShardRecord)| OwnedShard {
            id: *id,
            epoch: record.epoch,
            pending: record.pending.clone(),
        };
        let known: BTreeMap<StoreId, Arc<dyn LogStore>> =
            copyset.into_iter().map(|store| (store.id(), store)).collect();
        let parts = LogParts {
            env: env.clone(),
            catalog: Arc::clone(&catalog),
            archive: Arc::clone(&archive),
            store: Arc::clone(&stores[0]),
            stores: Arc::new(move |id| known.get(&id).cloned()),
            roller: Box::new(|_| Arc::new(NoRoll)),
            session: session.key(),
            shard_count: cluster.shards,
            shards: session.shards().iter().map(owned).collect(),
            ledgers: Vec::new(),
            lanes: vec![lane],
        };
        let config = LogConfig { tail_bytes: 0, tick: Duration::from_millis(5), ..LogConfig::default() };
        let log = Log::open(parts, config).await.unwrap();
        let topic = PartitionId { topic: topic.record.number, index: 0 };
        Self { log, archive, disks, stores, ledger, way, topic, _session: session, env }
    }

    /// Appends as `acks=all` does.
    pub fn append(&self, batch: &Bytes) -> Appended {
        let checked = self.log.check(self.topic, batch).unwrap();
        self.log
            .append(self.topic, checked, AppendOptions { all_replicas: true, ..AppendOptions::default() })
            .unwrap()
    }

    /// Waits until so many records are visible.
    pub async fn visible(&self, records: i64) {
        while self.log.offsets(self.topic).unwrap().high_watermark.0 < records {
            self.env.clock.sleep(Duration::from_millis(1)).await;
        }
    }

    pub async fn read(&self) -> Result<Vec<Bytes>, esker_log::ReadError> {
        let isolation = Isolation::ReadUncommitted;
        let limits = ReadLimits { max_bytes: 1 << 20, at_least_one: true, isolation };
        Ok(self.log.read(self.topic, esker_core::Offset(0), limits).await?.chunks)
    }

    /// A bit of a value that is a run of this byte rots on these disks.
    pub fn rot(&self, disks: Range<usize>, value: u8) {
        for disk in &self.disks[disks] {
            let run = [value; 64];
            let found = disk.paths().into_iter().find_map(|path| {
                let bytes = disk.peek(&path)?;
                let at = bytes.windows(run.len()).position(|window| window == run)?;
                Some((path, at as u64))
            });
            let (path, at) = found.expect("the value is on this disk");
            assert!(disk.flip_bit(&path, at + 10, 3));
        }
    }

    pub async fn settle<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        self.env.timeout(limit, future).await.ok()
    }
}

/// One record of `value` bytes, of an idempotent producer.
pub fn batch(sequence: i32, value: u8) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None).producer(ProducerId(7), 0, sequence);
    let value = [value; 2000];
    let timestamp = Env::real().clock.wall_ms();
    builder.push(&NewRecord { timestamp, value: Some(&value), ..NewRecord::default() }).unwrap();
    builder.build().unwrap()
}
