//! Hosts with simulated disks, and frames to put on them.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod lane;
pub mod rules;

use std::{sync::Arc, time::Duration};

use esker_core::{
    BatchHeader, BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ProducerId,
    StoreId, TopicNumber,
    frame::{Frame, FrameBuilder},
};
use esker_env::{BoxFuture, Clock, Env, Monotonic, Random, SeededRandom, SimDisk, Tasks};
use esker_wal::{
    CommitSink, CommittedFrame, Descriptor, Directory, LaneConfig, LedgerWriter, LogStore, NoRoll, OpenError,
    PendingBatch, SealAnswer, Store, StoreConfig, StoreError, Trim, WriterClosed,
};
use parking_lot::Mutex;

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
        coordinator_epoch: -1,
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

/// Remembers what it hears.
#[derive(Default)]
pub struct Sink {
    pub frames: Mutex<Vec<CommittedFrame>>,
    pub closed: Mutex<Vec<WriterClosed>>,
}

impl CommitSink for Sink {
    fn committed(&self, frame: CommittedFrame) {
        let mut frames = self.frames.lock();
        assert_eq!(frame.index, FrameIndex(frames.len() as u64), "frames are committed in order, once");
        frames.push(frame);
    }

    fn rolled(&self, old: LedgerId, _: FrameIndex, _: &Descriptor, _: &[Arc<dyn LogStore>]) {
        panic!("{old} was rolled");
    }

    fn closed(&self, reason: &WriterClosed) {
        self.closed.lock().push(reason.clone());
    }
}

impl Sink {
    pub fn offsets(&self) -> Vec<i64> {
        let frames = self.frames.lock();
        frames.iter().flat_map(|frame| frame.headers.iter().map(|header| header.base_offset.0)).collect()
    }
}

pub fn batch(offset: i64, length: usize) -> PendingBatch {
    let header = BatchHeader {
        base_offset: Offset(offset),
        length: length as u32,
        ..frame(ledger(0), FSYNC, 0, 0).headers()[0]
    };
    PendingBatch { header, bytes: vec![offset as u8; length].into() }
}

pub fn descriptor(number: u64, mode: Mode, hosts: &[Host], write_quorum: usize) -> Descriptor {
    let copyset = hosts.iter().map(Host::id).collect();
    Descriptor { ledger: ledger(number), mode, copyset, write_quorum }
}

pub fn stores(hosts: &[Host]) -> Vec<Arc<dyn LogStore>> {
    hosts.iter().map(Host::as_log_store).collect()
}

pub async fn hosts(count: u64, config: &StoreConfig) -> Vec<Host> {
    let mut hosts = Vec::new();
    for seed in 0..count {
        hosts.push(Host::started(seed, config.clone()).await);
    }
    hosts
}

/// A writer in a process of its own.
pub struct Session {
    pub env: Env,
    pub sink: Arc<Sink>,
    pub writer: LedgerWriter,
    pub descriptor: Descriptor,
}

impl Session {
    pub fn open(number: u64, mode: Mode, hosts: &[Host], write_quorum: usize, lane: LaneConfig) -> Self {
        Self::behind(number, mode, hosts, write_quorum, lane, |_, store, _| store)
    }

    /// With something between the writer and each store.
    pub fn behind(
        number: u64,
        mode: Mode,
        hosts: &[Host],
        write_quorum: usize,
        lane: LaneConfig,
        between: impl Fn(usize, Arc<dyn LogStore>, &Env) -> Arc<dyn LogStore>,
    ) -> Self {
        let env = Env { tasks: Tasks::new(), ..hosts[0].env.clone() };
        let descriptor = descriptor(number, mode, hosts, write_quorum);
        let sink = Arc::new(Sink::default());
        let stores =
            stores(hosts).into_iter().enumerate().map(|(n, store)| between(n, store, &env)).collect();
        let writer =
            LedgerWriter::open(descriptor.clone(), stores, lane, &env, sink.clone(), Arc::new(NoRoll));
        Self { env, sink, writer, descriptor }
    }
}

type Call = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// A store behind a network: calls arrive late, in order, and answers come back late too.
pub struct Link {
    inner: Arc<dyn LogStore>,
    calls: tokio::sync::mpsc::UnboundedSender<Call>,
    env: Env,
    longest: Duration,
}

impl Link {
    /// Every call takes up to `longest` to arrive, behind those before it.
    pub fn open(inner: Arc<dyn LogStore>, env: Env, longest: Duration) -> Arc<dyn LogStore> {
        let (calls, mut arriving) = tokio::sync::mpsc::unbounded_channel::<Call>();
        let link = Arc::new(Self { inner, calls, env: env.clone(), longest });
        let tasks = env.tasks.clone();
        tasks.clone().spawn(async move {
            while let Some(call) = arriving.recv().await {
                env.clock.sleep(delay(&env, longest)).await;
                tasks.spawn(call());
            }
        });
        link
    }

    fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn LogStore) -> BoxFuture<'static, Result<T, StoreError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let (inner, env, longest) = (Arc::clone(&self.inner), self.env.clone(), self.longest);
        let _ = self.calls.send(Box::new(move || {
            let result = call(inner.as_ref());
            Box::pin(async move {
                let result = result.await;
                env.clock.sleep(delay(&env, longest)).await;
                let _ = reply.send(result);
            })
        }));
        Box::pin(
            async move { answer.await.unwrap_or(Err(StoreError::Unreachable("the link is down".into()))) },
        )
    }
}

pub fn delay(env: &Env, longest: Duration) -> Duration {
    Duration::from_micros(env.random.below(longest.as_micros() as u64 + 1))
}

impl LogStore for Link {
    fn id(&self) -> StoreId {
        self.inner.id()
    }

    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.call(move |store| store.append(frame))
    }

    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        self.call(move |store| store.seal(ledger, mode))
    }

    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.call(move |store| store.repair_append(frame))
    }

    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: std::ops::Range<u32>,
    ) -> BoxFuture<'static, Result<bytes::Bytes, StoreError>> {
        self.call(move |store| store.read(ledger, index, range))
    }

    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>> {
        self.call(move |store| store.read_frame(ledger, index))
    }

    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>> {
        self.call(move |store| store.directory(ledger, from))
    }

    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.call(move |store| store.is_open(ledger))
    }

    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        self.call(move |store| store.trim(ledger, trim))
    }
}
