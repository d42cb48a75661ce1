//! A lane over stores behind connections that break, and the metadata store that it rolls with.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use esker_core::{FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_env::{BoxFuture, Env, Tasks};
use esker_wal::{
    Avoid, AvoidReason, CommitSink, CommittedFrame, Descriptor, Directory, LaneConfig, LedgerWriter,
    LogStore, NextLedger, NextLedgerPlan, NotReady, RollError, Roller, SealAnswer, StoreError, Trim,
    WriterClosed,
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use super::{FSYNC, Host, delay, hosts, ledger};

struct Message {
    connection: u64,
    frame: Frame,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

/// The way to one store: a connection at a time, on which appends arrive late and in order.
pub struct Wire {
    id: StoreId,
    inner: Mutex<Arc<dyn LogStore>>,
    connection: watch::Sender<u64>,
    up: AtomicBool,
    stalled: watch::Sender<bool>,
    longest: Mutex<Duration>,
    messages: mpsc::UnboundedSender<Message>,
    /// Bytes sent and not answered, and the most that there ever were.
    outstanding: Mutex<(u64, u64)>,
    /// Frames that the writer knows to be held: never sent again.
    acked: Mutex<BTreeSet<(LedgerId, FrameIndex)>>,
    env: Env,
}

fn unreachable(why: &str) -> StoreError {
    StoreError::Unreachable(why.into())
}

impl Wire {
    fn open(inner: Arc<dyn LogStore>, env: &Env) -> Arc<Self> {
        let (messages, arriving) = mpsc::unbounded_channel();
        let wire = Arc::new(Self {
            id: inner.id(),
            inner: Mutex::new(inner),
            connection: watch::Sender::new(0),
            up: AtomicBool::new(true),
            stalled: watch::Sender::new(false),
            longest: Mutex::new(Duration::from_millis(1)),
            messages,
            outstanding: Mutex::default(),
            acked: Mutex::default(),
            env: env.clone(),
        });
        env.tasks.spawn(Arc::clone(&wire).carry(arriving));
        wire
    }

    async fn carry(self: Arc<Self>, mut arriving: mpsc::UnboundedReceiver<Message>) {
        while let Some(message) = arriving.recv().await {
            self.pass().await;
            let broken = message.connection != *self.connection.borrow();
            if !self.is_up() || (broken && self.env.random.below(2) == 0) {
                // Lost on the way; now and then one arrives all the same. It may take a while to be noticed.
                let wire = Arc::clone(&self);
                self.env.tasks.spawn(async move {
                    wire.pass().await;
                    drop(message.reply);
                });
                continue;
            }
            let answer = self.inner.lock().append(message.frame);
            let wire = Arc::clone(&self);
            self.env.tasks.spawn(async move {
                let result = answer.await;
                wire.pass().await;
                let _ = message.reply.send(result);
            });
        }
    }

    async fn pass(&self) {
        let longest = *self.longest.lock();
        self.env.clock.sleep(delay(&self.env, longest)).await;
        let _ = self.stalled.subscribe().wait_for(|stalled| !stalled).await;
    }

    pub fn id(&self) -> StoreId {
        self.id
    }

    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }

    /// Breaks the connection; the next append makes a new one.
    pub fn cut(&self) {
        self.connection.send_modify(|number| *number += 1);
    }

    pub fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::SeqCst);
        if !up {
            self.cut();
        }
    }

    /// Holds back everything, both ways.
    pub fn stall(&self, stalled: bool) {
        self.stalled.send_replace(stalled);
    }

    pub fn set_delay(&self, longest: Duration) {
        *self.longest.lock() = longest;
    }

    pub fn replace(&self, inner: Arc<dyn LogStore>) {
        *self.inner.lock() = inner;
    }

    pub fn most_outstanding(&self) -> u64 {
        self.outstanding.lock().1
    }
}

/// The writer's end of a wire.
pub struct Client(pub Arc<Wire>);

impl LogStore for Client {
    fn id(&self) -> StoreId {
        self.0.id
    }

    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        let wire = Arc::clone(&self.0);
        let place = (frame.ledger(), frame.index());
        assert!(!wire.acked.lock().contains(&place), "{place:?} was acknowledged and is sent again");
        if !wire.is_up() {
            return Box::pin(async { Err(unreachable("the host is down")) });
        }
        let size = frame.encoded().len() as u64;
        {
            let mut outstanding = wire.outstanding.lock();
            outstanding.0 += size;
            outstanding.1 = outstanding.1.max(outstanding.0);
        }
        let (reply, answer) = oneshot::channel();
        let mut connection = wire.connection.subscribe();
        let number = *connection.borrow_and_update();
        // An answer that was read before the connection broke may be handed on after that.
        let notices = wire.env.random.below(2) == 0;
        let _ = wire.messages.send(Message { connection: number, frame, reply });
        Box::pin(async move {
            let result = tokio::select! {
                biased;
                _ = connection.changed(), if notices => Err(unreachable("the connection broke")),
                answer = answer => answer.unwrap_or(Err(unreachable("lost"))),
            };
            wire.outstanding.lock().0 -= size;
            if result.is_ok() {
                wire.acked.lock().insert(place);
            }
            result
        })
    }

    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        self.0.inner.lock().seal(ledger, mode)
    }

    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.0.inner.lock().repair_append(frame)
    }

    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> BoxFuture<'static, Result<bytes::Bytes, StoreError>> {
        self.0.inner.lock().read(ledger, index, range)
    }

    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>> {
        self.0.inner.lock().read_frame(ledger, index)
    }

    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>> {
        self.0.inner.lock().directory(ledger, from)
    }

    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.0.inner.lock().is_open(ledger)
    }

    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        self.0.inner.lock().trim(ledger, trim)
    }
}

/// A ledger in the metadata store.
#[derive(Clone, Debug)]
pub struct Record {
    pub descriptor: Descriptor,
    pub end: Option<FrameIndex>,
}

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    /// It is done, and nobody learns of it.
    Lost,
}

/// The metadata store, and placement.
pub struct Meta {
    pub ledgers: Mutex<Vec<Record>>,
    pub questions: Mutex<Vec<Vec<Avoid>>>,
    pub up: AtomicBool,
    pub outcome: Mutex<Outcome>,
    /// While this is true a transaction waits.
    pub held_up: watch::Sender<bool>,
    pub longest: Mutex<Duration>,
    /// Dead stores that are up may be named again.
    pub forgiving: AtomicBool,
    /// Plans do not care for what is to be avoided.
    pub careless: AtomicBool,
    next: AtomicU64,
    wires: Vec<Arc<Wire>>,
    env: Env,
}

impl Meta {
    pub fn ledger_ids(&self) -> Vec<u64> {
        self.ledgers.lock().iter().map(|record| record.descriptor.ledger.number).collect()
    }

    fn plan(&self, avoid: &[Avoid]) -> Result<NextLedgerPlan, NotReady> {
        if !self.up.load(Ordering::SeqCst) {
            return Err(NotReady::Later("the metadata store is down".into()));
        }
        let forgiving = self.forgiving.load(Ordering::SeqCst);
        let careless = self.careless.load(Ordering::SeqCst);
        let unwanted = |id: StoreId| {
            let forgiven = |avoid: &Avoid| forgiving && avoid.reason == AvoidReason::Dead;
            !careless && avoid.iter().any(|avoid| avoid.store == id && !forgiven(avoid))
        };
        let mut copyset: Vec<StoreId> =
            self.wires.iter().filter(|wire| wire.is_up() && !unwanted(wire.id)).map(|wire| wire.id).collect();
        let current = self.ledgers.lock().last().unwrap().descriptor.clone();
        // Those of the old ledger first: only what must change does.
        copyset.sort_by_key(|id| !current.copyset.contains(id));
        copyset.truncate(current.copyset.len());
        if copyset.len() < current.copyset.len() {
            return Err(NotReady::Later("too few stores".into()));
        }
        Ok(NextLedgerPlan { copyset, write_quorum: current.write_quorum })
    }

    fn transact(
        &self,
        old: LedgerId,
        end: FrameIndex,
        plan: NextLedgerPlan,
    ) -> Result<Descriptor, RollError> {
        let outcome = *self.outcome.lock();
        if outcome == Outcome::Refused {
            return Err(RollError("the session is over".into()));
        }
        let mut ledgers = self.ledgers.lock();
        let last = ledgers.last_mut().unwrap();
        assert_eq!((last.descriptor.ledger, last.end), (old, None), "the open ledger is rolled, once");
        last.end = Some(end);
        let descriptor = Descriptor {
            ledger: ledger(self.next.fetch_add(1, Ordering::SeqCst)),
            mode: last.descriptor.mode,
            copyset: plan.copyset,
            write_quorum: plan.write_quorum,
        };
        ledgers.push(Record { descriptor: descriptor.clone(), end: None });
        if outcome == Outcome::Lost {
            return Err(RollError("no answer".into()));
        }
        Ok(descriptor)
    }
}

/// The roller of a test's lane.
pub struct TestRoller(pub Arc<Meta>);

impl Roller for TestRoller {
    fn ready(&self, _: LedgerId, avoid: Vec<Avoid>) -> BoxFuture<'static, Result<NextLedgerPlan, NotReady>> {
        let meta = Arc::clone(&self.0);
        Box::pin(async move {
            let longest = *meta.longest.lock();
            meta.env.clock.sleep(delay(&meta.env, longest)).await;
            let plan = meta.plan(&avoid);
            meta.questions.lock().push(avoid);
            meta.env.clock.sleep(delay(&meta.env, longest)).await;
            plan
        })
    }

    fn roll(
        &self,
        old: LedgerId,
        end: FrameIndex,
        plan: NextLedgerPlan,
    ) -> BoxFuture<'static, Result<NextLedger, RollError>> {
        let meta = Arc::clone(&self.0);
        Box::pin(async move {
            let _ = meta.held_up.subscribe().wait_for(|held_up| !held_up).await;
            let longest = *meta.longest.lock();
            meta.env.clock.sleep(delay(&meta.env, longest)).await;
            let descriptor = meta.transact(old, end, plan)?;
            meta.env.clock.sleep(delay(&meta.env, longest)).await;
            let by_id: BTreeMap<_, _> = meta.wires.iter().map(|wire| (wire.id, wire)).collect();
            let client = |id: &StoreId| Arc::new(Client(Arc::clone(by_id[id]))) as Arc<dyn LogStore>;
            let stores = descriptor.copyset.iter().map(client).collect();
            Ok(NextLedger { descriptor, stores })
        })
    }
}

/// Checks what it hears, and remembers it.
#[derive(Default)]
pub struct LaneSink {
    pub frames: Mutex<Vec<CommittedFrame>>,
    pub rolls: Mutex<Vec<(LedgerId, FrameIndex)>>,
    pub closed: Mutex<Vec<WriterClosed>>,
    current: Mutex<Option<(LedgerId, FrameIndex)>>,
    writer: OnceLock<Weak<LedgerWriter>>,
}

impl CommitSink for LaneSink {
    fn committed(&self, frame: CommittedFrame) {
        let mut current = self.current.lock();
        let expected = current.get_or_insert((frame.ledger, FrameIndex(0)));
        assert_eq!((frame.ledger, frame.index), *expected, "commits are in order, in the current ledger");
        expected.1 = frame.index.next();
        if let Some((ledger, end)) = self.commit_end() {
            assert_eq!(ledger, frame.ledger);
            assert!(end <= frame.index, "the commit point is not ahead of what the sink has heard");
        }
        self.frames.lock().push(frame);
    }

    fn rolled(&self, old: LedgerId, end: FrameIndex, new: &Descriptor, stores: &[Arc<dyn LogStore>]) {
        let mut current = self.current.lock();
        assert_eq!((old, end), current.unwrap_or((old, FrameIndex(0))), "all of the old ledger was heard of");
        let ids: Vec<StoreId> = stores.iter().map(|store| store.id()).collect();
        assert_eq!(ids, new.copyset);
        *current = Some((new.ledger, FrameIndex(0)));
        if let Some(seen) = self.commit_end() {
            assert_eq!(seen, (old, end), "the sink hears of the new ledger before anybody");
        }
        self.rolls.lock().push((old, end));
    }

    fn closed(&self, reason: &WriterClosed) {
        self.closed.lock().push(reason.clone());
    }
}

impl LaneSink {
    fn commit_end(&self) -> Option<(LedgerId, FrameIndex)> {
        Some(self.writer.get()?.upgrade()?.commit_end())
    }

    pub fn offsets(&self) -> Vec<i64> {
        let frames = self.frames.lock();
        frames.iter().flat_map(|frame| frame.headers.iter().map(|header| header.base_offset.0)).collect()
    }
}

/// A lane and all around it.
pub struct LaneWorld {
    pub hosts: Vec<Host>,
    pub wires: Vec<Arc<Wire>>,
    pub meta: Arc<Meta>,
    pub sink: Arc<LaneSink>,
    /// The writer's process.
    pub env: Env,
    pub writer: Arc<LedgerWriter>,
}

impl LaneWorld {
    /// `count` stores; the first `replicas` of them are the copyset of ledger 1.
    pub async fn open(count: u64, replicas: usize, write_quorum: usize, lane: LaneConfig) -> Self {
        Self::seeded(0, FSYNC, count, (replicas, write_quorum), lane).await
    }

    pub async fn seeded(
        seed: u64,
        mode: Mode,
        count: u64,
        (replicas, write_quorum): (usize, usize),
        lane: LaneConfig,
    ) -> Self {
        let config = esker_wal::StoreConfig {
            file_size: 1 << 20,
            max_bytes: 32 << 20,
            ..esker_wal::StoreConfig::default()
        };
        let mut hosts = hosts(count, &config).await;
        let random = Arc::new(esker_env::SeededRandom::new(seed));
        for host in &mut hosts {
            host.env.random = random.clone();
        }
        let env = Env { tasks: Tasks::new(), ..hosts[0].env.clone() };
        let net = Env { tasks: Tasks::new(), ..env.clone() };
        let wires: Vec<_> = hosts.iter().map(|host| Wire::open(host.as_log_store(), &net)).collect();
        let copyset = wires.iter().take(replicas).map(|wire| wire.id).collect();
        let descriptor = Descriptor { ledger: ledger(1), mode, copyset, write_quorum };
        let meta = Arc::new(Meta {
            ledgers: Mutex::new(vec![Record { descriptor: descriptor.clone(), end: None }]),
            questions: Mutex::default(),
            up: AtomicBool::new(true),
            outcome: Mutex::new(Outcome::Done),
            held_up: watch::Sender::new(false),
            longest: Mutex::new(Duration::from_millis(2)),
            forgiving: AtomicBool::new(true),
            careless: AtomicBool::new(false),
            next: AtomicU64::new(2),
            wires: wires.clone(),
            env: net,
        });
        let sink = Arc::new(LaneSink::default());
        let client = |wire: &Arc<Wire>| Arc::new(Client(Arc::clone(wire))) as Arc<dyn LogStore>;
        let stores = wires.iter().take(replicas).map(client).collect();
        let roller = Arc::new(TestRoller(meta.clone()));
        let writer = Arc::new(LedgerWriter::open(descriptor, stores, lane, &env, sink.clone(), roller));
        sink.writer.set(Arc::downgrade(&writer)).unwrap();
        Self { hosts, wires, meta, sink, env, writer }
    }

    pub fn id(&self, host: usize) -> StoreId {
        self.wires[host].id
    }

    /// Kill -9, or a loss of power, and a start.
    pub async fn restart(&mut self, host: usize, power: bool) {
        let (wire, host) = (&self.wires[host], &mut self.hosts[host]);
        let was_up = wire.is_up();
        wire.set_up(false);
        if power {
            host.power_loss().await;
        } else {
            host.kill().await;
        }
        host.start().await;
        wire.replace(host.as_log_store());
        wire.set_up(was_up);
    }

    /// The frames of a ledger that a host holds.
    pub async fn tail(&self, host: usize, number: u64) -> u64 {
        let directory = self.hosts[host].store().directory(ledger(number), FrameIndex(0)).await.unwrap();
        directory.len() as u64
    }

    /// What the ledgers hold below their ends, one after another: base offsets. Each frame must be on W stores.
    pub async fn contents(&self) -> Vec<i64> {
        let records = self.meta.ledgers.lock().clone();
        let mut offsets = Vec::new();
        for Record { descriptor, end } in records {
            for index in 0..end.expect("sealed").0 {
                let mut copies: Vec<Frame> = Vec::new();
                for host in &self.hosts {
                    if descriptor.copyset.contains(&host.id()) {
                        copies.extend(host.store().read_frame(descriptor.ledger, FrameIndex(index)).await);
                    }
                }
                assert!(
                    copies.len() >= descriptor.write_quorum,
                    "{} {index}: {}",
                    descriptor.ledger,
                    copies.len()
                );
                assert!(copies.iter().all(|copy| copy.encoded() == copies[0].encoded()));
                offsets.extend(copies[0].headers().iter().map(|header| header.base_offset.0));
            }
        }
        offsets
    }
}
