//! The store service: what a ledger's writer, its readers and a recoverer ask of one store.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use esker_core::{BatchHeader, FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_env::BoxFuture;

use crate::StoreError;

/// What the metadata store says about a ledger, as far as the log needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its id.
    pub ledger: LedgerId,
    /// Its mode, the same for all its frames.
    pub mode: Mode,
    /// The R stores that hold it, by id and never by host.
    pub copyset: Vec<StoreId>,
    /// W: stores that must hold a frame before it is committed, `1..=R`.
    pub write_quorum: usize,
}

/// The answer to a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealAnswer {
    /// The index after the last frame that this store holds, or has held and trimmed.
    pub tail: FrameIndex,
    /// Frames below were trimmed.
    pub trim: FrameIndex,
    /// Whether the store may deny frames at and above `tail`. A store in limbo (it lost power and the ledger's mode
    /// promises no more than the page cache), or one that lost log entries it cannot name, may offer frames but not
    /// deny them.
    pub authoritative: bool,
    /// Frames in `trim..tail` that the store held and can no longer read. Not a matter of authority: they exist.
    pub missing: Vec<Range<FrameIndex>>,
}

/// Headers of frames, by their indexes, in order.
pub type Directory = Vec<(FrameIndex, Arc<[BatchHeader]>)>;

/// How much of a ledger may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// Every frame below this index.
    Before(FrameIndex),
    /// All of it, and the ledger is never asked for again: it is sealed in the metadata store and offloaded to its end.
    /// The store forgets it but for its id, so that a late writer is still refused.
    Forget,
}

/// One store of a copyset. A local [`crate::Store`], or a client of one over the network.
///
/// Calls take their place in order when they are made, not when their future is first polled: a writer appends frame
/// after frame and awaits the answers later. Dropping a future abandons the answer, not the operation.
///
/// What an implementation promises (numbers as in the architecture's store rules):
/// - S1 an append is accepted iff its ledger is not sealed and its index is the tail; a frame below the tail with the
///   same checksums is acknowledged again while the ledger is not sealed; anything else is refused;
/// - S2 an append is answered after the durability point of the frame's mode;
/// - S3 a seal takes its place behind accepted appends and is durable, in every mode, before its answer;
/// - S4 a repair works on a sealed ledger only, is contiguous (or fills a hole) and durable before its answer;
/// - S5 an unknown ledger has tail 0;
/// - S6 after a failed write or sync every later change fails, with the recorded reason; reads go on.
///
/// And the caller's part: a stream of appends ends with the store's process. After reconnecting, a writer starts at the
/// first frame that this store has not acknowledged. It never sends a frame again that this store acknowledged.
pub trait LogStore: Send + Sync + 'static {
    /// The store's id, written when its directory was formatted.
    fn id(&self) -> StoreId;

    /// Appends a writer's frame (S1, S2).
    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>>;

    /// Seals the ledger (S3). Sealing again answers the same tail, or a larger one after repairs. `mode` is the ledger's,
    /// for a store that does not know the ledger.
    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>>;

    /// Writes a frame that the store of a sealed ledger lacks (S4). Not an acknowledgement to anyone's writer.
    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>>;

    /// Bytes of one frame's payload; `range` is clamped to it.
    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>>;

    /// A whole frame, checked.
    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>>;

    /// Headers of the frames from `from` (or from the trim point, if that is higher) on, in order: up to the tail, or to the
    /// first frame whose entry is lost. From memory. Empty for an unknown ledger.
    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>>;

    /// Whether a writer can still append to the ledger here, as far as this store knows: true for an unknown one, false from
    /// the moment a seal is accepted. When W stores say so after a question was asked, no recovery of the ledger had come
    /// to its end when it was asked (the read-index round).
    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>>;

    /// Lets frames go. Never moves back. On an open ledger it stops at the tail; on a sealed one it may pass the tail, which
    /// then moves along: everything below was committed and is in the object store.
    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>>;
}
