//! The writer of a lane: one durability mode of one session, ledger after ledger.
//!
//! Batches are enqueued under the shard's lock, in offset order. A task packs what waits into the next frame, sends it to
//! every store of the copyset, and commits frames in order once W stores hold them. Several frames may be on their way.
//!
//! - `queue`: what waits for a frame;
//! - `ledger`, `member`: the open ledger, its stores, what each of them lacks, sending again after a broken connection;
//! - `roll`: leaving a ledger whose stores are dead, slow or unwanted (W3), and the seam to whoever creates the next one;
//! - `progress`: who waits for what;
//! - `task`: the loop that drives them.

mod lane;
mod ledger;
mod member;
mod progress;
mod queue;
mod roll;
mod sink;
mod task;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use esker_core::{
    BatchHeader, FrameIndex, LedgerId, StoreId,
    frame::{Frame, FrameHeader},
};
use esker_env::{Clock, Env, Random, TaskGuard};
use parking_lot::Mutex;
use tokio::sync::Notify;

pub use lane::LaneConfig;
pub use roll::{Avoid, AvoidReason, NextLedger, NextLedgerPlan, NoRoll, NotReady, RollError, Roller};
pub use sink::{CommitSink, CommittedFrame, CopiesError, WriterClosed};

use crate::{
    Descriptor, LogStore,
    metrics::{CopiesGauge, CopiesStatus},
};
use ledger::OpenLedger;
use progress::Progress;
use queue::Queue;
use task::Task;

/// A batch on its way into a frame.
#[derive(Clone, Debug)]
pub struct PendingBatch {
    /// Its directory entry: base offset and epoch already assigned, `length` the length of `bytes`.
    pub header: BatchHeader,
    /// The batch as it was produced. Base offset and leader epoch are patched in the frame's copy. Empty for
    /// [`esker_core::EntryKind::LogStart`].
    pub bytes: Bytes,
}

impl PendingBatch {
    /// Bytes that it takes in a frame.
    #[must_use]
    pub const fn size(&self) -> usize {
        BatchHeader::SIZE + self.header.length as usize
    }
}

/// The place of a batch in its lane: counted from 1, in the order of [`LedgerWriter::enqueue`], across ledgers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The writer of a lane, which has one open ledger at a time. Dropping it ends its task at once; what is on its way stays
/// undecided.
pub struct LedgerWriter {
    shared: Arc<Shared>,
    _task: TaskGuard,
}

/// The commit point and the right to move it (W3): both under one lock, so that after a freeze it stays.
#[derive(Debug)]
struct Gate {
    descriptor: Arc<Descriptor>,
    /// Frames below are committed.
    end: FrameIndex,
    /// And the sink has heard of those below.
    told: FrameIndex,
    frozen: bool,
    /// Frozen from outside: there is no next ledger.
    over: bool,
}

impl Gate {
    fn new(descriptor: Arc<Descriptor>) -> Self {
        Self { descriptor, end: FrameIndex(0), told: FrameIndex(0), frozen: false, over: false }
    }

    /// Goes on in a new ledger, unless the writer was frozen from outside.
    fn open(&mut self, descriptor: Arc<Descriptor>) -> bool {
        assert!(self.frozen, "the old ledger is frozen before there is a new one");
        if self.over {
            return false;
        }
        *self = Self::new(descriptor);
        true
    }
}

struct Shared {
    lane: LaneConfig,
    clock: Arc<dyn Clock>,
    queue: Mutex<Queue>,
    gate: Mutex<Gate>,
    /// Something for the task to look at: the first batch of a queue, a full window, a close.
    wake: Notify,
    progress: Progress,
    /// Bytes enqueued and not committed.
    backlog: AtomicUsize,
    /// Stores that the caller wants to be rid of.
    draining: Mutex<Vec<StoreId>>,
    /// Copies that a new ledger could have.
    possible: AtomicUsize,
    /// One of them has changed.
    look: AtomicBool,
    /// How the copies of the open ledger are.
    copies: CopiesGauge,
}

impl std::fmt::Debug for LedgerWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerWriter").field("descriptor", &self.descriptor()).finish_non_exhaustive()
    }
}

impl LedgerWriter {
    /// Largest batch: alone in a frame it just fits.
    pub const MAX_BATCH: usize = Frame::MAX_ENCODED - FrameHeader::SIZE - BatchHeader::SIZE;

    /// Starts writing a ledger that this session has just created (W2: never one that was written before). `roller`
    /// creates the ones after it; [`NoRoll`] where there are no other stores.
    ///
    /// # Panics
    /// When `stores` are not the descriptor's copyset, one for one, or the quorum is not in `1..=R`.
    #[must_use]
    pub fn open(
        descriptor: Descriptor,
        stores: Vec<Arc<dyn LogStore>>,
        lane: LaneConfig,
        env: &Env,
        sink: Arc<dyn CommitSink>,
        roller: Arc<dyn Roller>,
    ) -> Self {
        let ids: Vec<_> = stores.iter().map(|store| store.id()).collect();
        assert_eq!(ids, descriptor.copyset, "a ledger is written to its copyset");
        assert!((1..=stores.len()).contains(&descriptor.write_quorum), "W is in 1..=R");
        let descriptor = Arc::new(descriptor);
        let ledger = OpenLedger::new(Arc::clone(&descriptor), stores, Ticket(0), lane.clone(), env.clone());
        let copies = CopiesGauge::default();
        copies.set(ledger.copies_status());
        let shared = Arc::new(Shared {
            lane,
            clock: Arc::clone(&env.clock),
            queue: Mutex::new(Queue::default()),
            gate: Mutex::new(Gate::new(descriptor)),
            wake: Notify::new(),
            progress: Progress::default(),
            backlog: AtomicUsize::new(0),
            draining: Mutex::default(),
            possible: AtomicUsize::new(0),
            look: AtomicBool::new(false),
            copies,
        });
        shared.progress.copy(|copies| ledger.copies(copies));
        let task = Task::new(Arc::clone(&shared), ledger, env.clone(), sink, roller);
        let guard = env.tasks.spawn_vital_guarded("a ledger's writer", task.run());
        Self { shared, _task: guard }
    }

    /// The ledger that is written now.
    #[must_use]
    pub fn descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(&self.shared.gate.lock().descriptor)
    }

    /// Puts a batch behind all that were enqueued before. Takes a short lock and never waits; the caller keeps
    /// [`LedgerWriter::backlog`] bounded.
    ///
    /// # Errors
    /// When the writer is closed, or the batch is larger than [`LedgerWriter::MAX_BATCH`].
    ///
    /// # Panics
    /// When the header's length is not the bytes' length.
    pub fn enqueue(&self, batch: PendingBatch) -> Result<Ticket, WriterClosed> {
        assert_eq!(batch.header.length as usize, batch.bytes.len(), "an entry's length is its bytes' length");
        if batch.bytes.len() > Self::MAX_BATCH {
            return Err(WriterClosed::TooLarge { size: batch.bytes.len(), limit: Self::MAX_BATCH });
        }
        let size = batch.size();
        let (ticket, wake) = {
            let now = self.shared.clock.now();
            let mut queue = self.shared.queue.lock();
            self.shared.backlog.fetch_add(size, Ordering::Relaxed);
            queue.push(batch, now, self.shared.lane.window_bytes).inspect_err(|_| {
                self.shared.backlog.fetch_sub(size, Ordering::Relaxed);
            })?
        };
        if wake {
            self.shared.wake.notify_one();
        }
        Ok(ticket)
    }

    /// Waits until the batch is committed.
    ///
    /// # Errors
    /// When the writer ended before; a recovery may still find the batch, unless the writer was frozen.
    pub async fn committed(&self, ticket: Ticket) -> Result<(), WriterClosed> {
        self.shared.progress.reached(ticket).await
    }

    /// Waits until the batch is committed and `copies` stores of its ledger's copyset hold it. A batch that is not
    /// committed when the lane rolls goes on in the next ledger and counts there; one that is committed stays where it is,
    /// and waiting for more copies ends with the roll, or with the death of the stores that could be them.
    ///
    /// # Errors
    /// See [`CopiesError`].
    pub async fn held_by(&self, ticket: Ticket, copies: usize) -> Result<(), CopiesError> {
        self.shared.progress.held(ticket, copies).await
    }

    /// The stores that the lane should be rid of, from now on: it rolls away from them as soon as it can. Replaces those
    /// of the last call; none calls it off. [`CommitSink::rolled`] tells when it is done.
    pub fn roll_away(&self, stores: Vec<StoreId>) {
        *self.shared.draining.lock() = stores;
        self.shared.look.store(true, Ordering::Release);
        self.shared.wake.notify_one();
    }

    /// How many stores a new ledger could have. A lane whose ledger has fewer rolls to one with more as soon as it can:
    /// it was opened or rolled while stores were away.
    pub fn widen(&self, possible: usize) {
        if self.shared.possible.swap(possible, Ordering::AcqRel) < possible {
            self.shared.look.store(true, Ordering::Release);
            self.shared.wake.notify_one();
        }
    }

    /// Bytes enqueued and not yet committed, directory entries included.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.shared.backlog.load(Ordering::Relaxed)
    }

    /// How the copies of the open ledger are.
    #[must_use]
    pub fn copies(&self) -> CopiesStatus {
        self.shared.copies.get()
    }

    /// The current ledger, and its frames below this index are committed and known to the sink.
    #[must_use]
    pub fn commit_end(&self) -> (LedgerId, FrameIndex) {
        let gate = self.shared.gate.lock();
        (gate.descriptor.ledger, gate.told)
    }

    /// The ledger whose commit point may move now; `None` between a freeze and what follows it, when others may have taken
    /// over without a trace on this ledger's stores.
    #[must_use]
    pub fn unfrozen(&self) -> Option<Arc<Descriptor>> {
        let gate = self.shared.gate.lock();
        (!gate.frozen).then(|| Arc::clone(&gate.descriptor))
    }

    /// W3, first half: stops the commit point where it is, for good, and ends the writer. Returns the ledger and its end:
    /// frames below are committed, nothing at or above it ever will be, whatever a store still answers. The sink may still
    /// be hearing of the last of them. In the middle of a roll it is the old ledger; should the roll still succeed, the
    /// sink hears of the new one, which stays empty.
    pub fn freeze(&self) -> (LedgerId, FrameIndex) {
        let end = {
            let mut gate = self.shared.gate.lock();
            gate.frozen = true;
            gate.over = true;
            (gate.descriptor.ledger, gate.end)
        };
        self.shared.end(&WriterClosed::Frozen);
        end
    }

    /// Ends the writer in order: refuses new batches, commits what was enqueued, then returns. Returns also when the writer
    /// ends for another reason.
    pub async fn close(&self) {
        self.shared.queue.lock().drain();
        self.shared.wake.notify_one();
        self.shared.progress.ended().await;
    }
}

impl Shared {
    /// Ends the writer: no batch is taken, no waiter waits on. Returns whether this call did it.
    fn end(&self, reason: &WriterClosed) -> bool {
        let gone = self.queue.lock().close(reason.clone());
        self.backlog.fetch_sub(gone, Ordering::Relaxed);
        let ended = self.progress.end(reason);
        self.wake.notify_one();
        ended
    }

    fn ended(&self) -> bool {
        self.progress.is_over()
    }
}

/// The pause after so many tries in vain: doubles from the first to the longest, and is spread so that many do not
/// come back at once.
fn backoff((first, longest): (Duration, Duration), tries: u32, random: &dyn Random) -> Duration {
    let full = first.saturating_mul(1 << tries.min(16)).min(longest);
    let half = full / 2;
    half + Duration::from_micros(random.below(half.as_micros() as u64 + 1))
}
