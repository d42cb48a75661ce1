//! Hosts with simulated disks, and frames to put on them.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{sync::Arc, time::Duration};

use esker_core::{
    BatchHeader, BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ProducerId,
    StoreId, TopicNumber,
    frame::{Frame, FrameBuilder},
};
use esker_env::{BoxFuture, Clock, Env, Monotonic, Random, SeededRandom, SimDisk, Tasks};
use esker_wal::{LogStore, OpenError, Store, StoreConfig};

/// Tokio's clock, so that paused time is the only time.
pub struct TokioClock(tokio::time::Instant);

#[allow(clippy::disallowed_methods, reason = "the clock of these tests")]
impl TokioClock {
    pub fn start() -> Arc<Self> {
        Arc::new(Self(tokio::time::Instant::now()))
    }
}

#[allow(clippy::disallowed_methods, reason = "the clock of these tests")]
impl Clock for TokioClock {
    fn now(&self) -> Monotonic {
        Monotonic(self.0.elapsed())
    }

    fn wall_ms(&self) -> i64 {
        1_700_000_000_000 + self.0.elapsed().as_millis() as i64
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A machine with a disk and, at times, a store running on it.
pub struct Host {
    pub disk: SimDisk,
    pub env: Env,
    pub config: StoreConfig,
    boot: u32,
    store: Option<Arc<Store>>,
}

pub fn small() -> StoreConfig {
    StoreConfig { file_size: 64 << 10, max_bytes: 16 * (64 << 10), ..StoreConfig::default() }
}

impl Host {
    pub fn new(seed: u64, config: StoreConfig) -> Self {
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(seed));
        let clock: Arc<dyn Clock> = TokioClock::start();
        let disk = SimDisk::new(Arc::clone(&random), Arc::clone(&clock), 1 << 40);
        Self { disk, env: Env { clock, random, tasks: Tasks::new() }, config, boot: 1, store: None }
    }

    pub async fn started(seed: u64, config: StoreConfig) -> Self {
        let mut host = Self::new(seed, config);
        host.start().await;
        host
    }

    pub async fn try_start(&mut self) -> Result<(), OpenError> {
        assert!(self.store.is_none());
        self.env.tasks = Tasks::new();
        self.config.boot_id = Some(format!("boot-{}", self.boot));
        self.store =
            Some(Store::open(Arc::new(self.disk.clone()), self.env.clone(), self.config.clone()).await?);
        Ok(())
    }

    pub async fn start(&mut self) {
        self.try_start().await.unwrap();
    }

    pub fn store(&self) -> &Arc<Store> {
        self.store.as_ref().unwrap()
    }

    pub fn as_log_store(&self) -> Arc<dyn LogStore> {
        Arc::clone(self.store()) as Arc<dyn LogStore>
    }

    pub fn id(&self) -> StoreId {
        self.store().id()
    }

    /// kill -9.
    pub async fn kill(&mut self) {
        self.store = None;
        self.env.tasks.abort_all();
        self.env.tasks.wait_idle().await;
        self.disk.process_death();
    }

    pub async fn power_loss(&mut self) {
        self.kill().await;
        self.disk.power_loss();
        self.boot += 1;
    }

    pub async fn close(&mut self) {
        self.store().close().await.unwrap();
        self.kill().await;
    }

    /// Without losing anything that the operating system has.
    pub async fn reboot_cleanly(&mut self) {
        self.close().await;
        self.boot += 1;
    }

    pub async fn restart(&mut self) {
        self.kill().await;
        self.start().await;
    }
}

pub fn ledger(number: u64) -> LedgerId {
    LedgerId { broker: BrokerId(1), number }
}

/// Frame `index` of a ledger: always the same for the same arguments.
pub fn frame(ledger: LedgerId, mode: Mode, index: u64, size: usize) -> Frame {
    let mut builder = FrameBuilder::new(ledger, FrameIndex(index), mode, 1, size).unwrap();
    let fill: Vec<u8> = (0..size).map(|at| (at as u64 * 31 + index * 7 + ledger.number) as u8).collect();
    let header = BatchHeader {
        kind: EntryKind::Batch,
        partition: PartitionId { topic: TopicNumber(ledger.number as u32), index: 0 },
        epoch: Epoch(1),
        base_offset: Offset(index as i64 * 10),
        last_offset_delta: 9,
        records: 10,
        max_timestamp: 1,
        producer: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        attributes: 0,
        length: size as u32,
        control_type: -1,
    };
    builder.push(header, &fill);
    builder.finish()
}

/// Asserts that the store holds this frame, through every way to read it.
pub async fn assert_holds(store: &Store, frame: &Frame) {
    let (ledger, index) = (frame.ledger(), frame.index());
    let read = store.read_frame(ledger, index).await.unwrap();
    assert_eq!(read.header(), frame.header());
    assert_eq!(store.read(ledger, index, 0..u32::MAX).await.unwrap(), frame.payload());
    let directory = store.directory(ledger, index).await.unwrap();
    assert_eq!(directory[0].0, index);
    assert_eq!(directory[0].1[..], frame.headers()[..]);
}

pub const FSYNC: Mode = Mode::Fsync;
pub const RECEIVED: Mode = Mode::Received;
