//! The writer of one ledger: one lane of one session.
//!
//! Batches are enqueued under the shard's lock, in offset order. A task packs what waits into the next frame, sends it to
//! every store of the copyset, and commits frames in order once W stores hold them. Several frames may be on their way.

mod progress;
mod queue;
mod task;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use esker_core::{
    BatchHeader, FrameIndex, LedgerId, Mode,
    frame::{Frame, FrameHeader},
};
use esker_env::{Env, TaskGuard};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{Descriptor, LogStore};
use progress::Progress;
use queue::Queue;
use task::Task;

/// What a lane's frames look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// How long the first batch of a frame waits for more.
    pub window: Duration,
    /// A frame does not wait once this many payload bytes are there.
    pub window_bytes: usize,
    /// Most payload bytes of a frame, unless a single batch is larger.
    pub frame_bytes: usize,
    /// Most batches of a frame.
    pub frame_entries: usize,
    /// Most frames sent and not committed.
    pub frames_in_flight: usize,
    /// Most encoded bytes sent and not committed, unless a single frame is larger.
    pub bytes_in_flight: usize,
}

impl LaneConfig {
    /// The lane of this mode. `fsync`, `received` and `diskless` wait for nothing; `throughput` waits for 5 ms or 1 MiB.
    #[must_use]
    pub fn for_mode(mode: Mode) -> Self {
        let waits = mode == Mode::Throughput;
        Self {
            window: Duration::from_millis(if waits { 5 } else { 0 }),
            window_bytes: if waits { 1 << 20 } else { 0 },
            frame_bytes: 4 << 20,
            frame_entries: 4096,
            frames_in_flight: 8,
            bytes_in_flight: 16 << 20,
        }
    }
}

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

/// The place of a batch in its ledger: counted from 1, in the order of [`LedgerWriter::enqueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Why a writer takes no more. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriterClosed {
    /// [`LedgerWriter::close`] was called.
    #[error("the ledger's writer was closed")]
    Closed,
    /// [`LedgerWriter::freeze`] was called; the batch is not in this ledger.
    #[error("the ledger is frozen")]
    Frozen,
    /// Fewer than W stores take frames. The session is over.
    #[error("ledger {ledger} lost its write quorum: {reason}")]
    Failed {
        /// The ledger.
        ledger: LedgerId,
        /// The first store's error that made it so.
        reason: Arc<str>,
    },
    /// The batch can never be written: larger than any frame. Only this batch is refused, the writer goes on.
    #[error("a batch of {size} bytes is larger than the largest frame, {limit}")]
    TooLarge {
        /// Bytes of the batch.
        size: usize,
        /// Most bytes of a batch.
        limit: usize,
    },
}

/// A committed frame, handed to the sink.
#[derive(Clone, Debug)]
pub struct CommittedFrame {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its index.
    pub index: FrameIndex,
    /// Its directory.
    pub headers: Arc<[BatchHeader]>,
    /// Its payload: the batches' bytes as they are served, back to back in the directory's order.
    pub payload: Bytes,
}

/// Who hears of commits. Called from the writer's task; must be quick and must not block.
pub trait CommitSink: Send + Sync + 'static {
    /// The next frame is committed. Called in order, and before anyone waiting in [`LedgerWriter::committed`] for one of
    /// its batches goes on.
    fn committed(&self, frame: CommittedFrame);

    /// The writer has failed; called once, and never after [`LedgerWriter::close`] or [`LedgerWriter::freeze`] ended it
    /// in order. What was not committed may or may not be found by a recovery.
    fn closed(&self, reason: &WriterClosed);
}

/// The writer of one open ledger. Dropping it ends its task at once; what is on its way stays undecided.
pub struct LedgerWriter {
    shared: Arc<Shared>,
    _task: TaskGuard,
}

/// The commit point and the right to move it (W3): both under one lock, so that after a freeze it stays.
#[derive(Debug, Default)]
struct Gate {
    /// Frames below are committed.
    end: FrameIndex,
    frozen: bool,
}

struct Shared {
    descriptor: Descriptor,
    lane: LaneConfig,
    queue: Mutex<Queue>,
    gate: Mutex<Gate>,
    /// Something for the task to look at: the first batch of a queue, a full window, a close.
    wake: Notify,
    progress: Progress,
    /// Bytes enqueued and not committed.
    backlog: AtomicUsize,
}

impl std::fmt::Debug for LedgerWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerWriter").field("descriptor", &self.shared.descriptor).finish_non_exhaustive()
    }
}

impl LedgerWriter {
    /// Largest batch: alone in a frame it just fits.
    pub const MAX_BATCH: usize = Frame::MAX_ENCODED - FrameHeader::SIZE - BatchHeader::SIZE;

    /// Starts writing a ledger that this session has just created (W2: never one that was written before).
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
    ) -> Self {
        let ids: Vec<_> = stores.iter().map(|store| store.id()).collect();
        assert_eq!(ids, descriptor.copyset, "a ledger is written to its copyset");
        assert!((1..=stores.len()).contains(&descriptor.write_quorum), "W is in 1..=R");
        let shared = Arc::new(Shared {
            descriptor,
            lane,
            queue: Mutex::new(Queue::default()),
            gate: Mutex::new(Gate::default()),
            wake: Notify::new(),
            progress: Progress::default(),
            backlog: AtomicUsize::new(0),
        });
        let task = Task::new(Arc::clone(&shared), stores, env.clone(), sink);
        let guard = env.tasks.spawn_guarded(task.run());
        Self { shared, _task: guard }
    }

    /// The ledger that is written.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.shared.descriptor
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
            let mut queue = self.shared.queue.lock();
            self.shared.backlog.fetch_add(size, Ordering::Relaxed);
            queue.push(batch, self.shared.lane.window_bytes).inspect_err(|_| {
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

    /// Bytes enqueued and not yet committed, directory entries included.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.shared.backlog.load(Ordering::Relaxed)
    }

    /// Frames below are committed.
    #[must_use]
    pub fn commit_end(&self) -> FrameIndex {
        self.shared.gate.lock().end
    }

    /// W3, first half: stops the commit point where it is, for good, and ends the writer. Returns the ledger's end: frames
    /// below are committed, nothing at or above it ever will be, whatever a store still answers. The sink may still be
    /// hearing of the last of them.
    pub fn freeze(&self) -> FrameIndex {
        let end = {
            let mut gate = self.shared.gate.lock();
            gate.frozen = true;
            gate.end
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
