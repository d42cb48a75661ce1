//! Who hears of a writer's progress, and of its end.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{BatchHeader, FrameIndex, LedgerId};

use super::Ticket;
use crate::{Descriptor, LogStore};

/// Why a writer takes no more. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriterClosed {
    /// [`crate::LedgerWriter::close`] was called.
    #[error("the ledger's writer was closed")]
    Closed,
    /// [`crate::LedgerWriter::freeze`] was called; the batch is not in this ledger.
    #[error("the ledger is frozen")]
    Frozen,
    /// Fewer than W stores take frames and there was no other copyset in time, or the roll was refused (W4). The session
    /// is over.
    #[error("the writer of ledger {ledger} failed: {reason}")]
    Failed {
        /// The ledger.
        ledger: LedgerId,
        /// What made it so.
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

/// Why [`crate::LedgerWriter::held_by`] will never say yes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopiesError {
    /// The batch is not committed, and the writer is over.
    #[error(transparent)]
    Closed(#[from] WriterClosed),
    /// The batch is committed, and its ledger will not get it onto so many stores: they died, or the lane rolled on
    /// (Kafka: `NOT_ENOUGH_REPLICAS_AFTER_APPEND`; an idempotent retry finds the batch and is safe).
    #[error("the batch is committed, but fewer than {wanted} stores hold it")]
    TooFew {
        /// Copies asked for.
        wanted: usize,
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
    /// The last ticket of its batches. What [`crate::LedgerWriter::held_by`] says of it holds for each of them.
    pub last: Ticket,
}

/// Who hears of commits. Called from the writer's task; must be quick and must not block.
pub trait CommitSink: Send + Sync + 'static {
    /// The next frame is committed. Called in order, and before anyone waiting in [`crate::LedgerWriter::committed`] for
    /// one of its batches goes on.
    fn committed(&self, frame: CommittedFrame);

    /// The lane goes on in a new ledger; `old` is sealed at `end` in the metadata store. Called after the last commit of
    /// `old` and before the first of `new`, and before [`crate::LedgerWriter::commit_end`] speaks of `new`. `stores` are
    /// those of its copyset, one for one.
    fn rolled(&self, old: LedgerId, end: FrameIndex, new: &Descriptor, stores: &[Arc<dyn LogStore>]);

    /// The writer has failed; called once, and never after [`crate::LedgerWriter::close`] or
    /// [`crate::LedgerWriter::freeze`] ended it in order. What was not committed may or may not be found by a recovery.
    fn closed(&self, reason: &WriterClosed);
}
