//! An internal topic as its coordinator needs it.

use bytes::Bytes;
use esker_core::{Epoch, Offset};
use esker_env::BoxFuture;

/// The name of the topic that holds groups and their offsets.
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// The name of the topic that holds the state of transactional ids.
pub const TRANSACTIONS_TOPIC: &str = "__transaction_state";

/// The name of the topic that holds what share groups are done with.
pub const SHARE_TOPIC: &str = "__share_group_state";

/// Why the log did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Nothing was written; the same may succeed later.
    #[error("the topic is not available: {0}")]
    Unavailable(String),
    /// Nothing was written, and the same would not be later: the batch speaks for a producer that has a newer epoch.
    #[error("the batch is refused: {0}")]
    Refused(String),
    /// This broker does not own the partition (any more), or its log is closed. What was being written may or may
    /// not have been.
    #[error("the partition is not served here: {0}")]
    Lost(String),
}

/// The readable part of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicRange {
    /// First offset.
    pub start: Offset,
    /// Offset after the last durable record.
    pub end: Offset,
    /// The leader epoch under which this broker owns the partition. What was loaded under another one is stale.
    pub epoch: Epoch,
}

/// Whole batches.
#[derive(Clone, Debug)]
pub struct TopicRead {
    /// Batches, back to back in each chunk.
    pub chunks: Vec<Bytes>,
    /// Where to read on.
    pub next: Offset,
}

/// The topic. The real one is a topic on the broker's log; tests bring one in memory that fails on demand.
///
/// Contract: batches of one partition are durable and readable in the order of their appends; a future that
/// [`InternalTopic::append`] returned completes with `Ok` only once its batch is durable; after `Lost` nothing more is
/// written to the partition on behalf of this broker until it owns the partition anew.
pub trait InternalTopic: Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Its partitions; `None` until it has been created.
    fn partitions(&self) -> Option<u32>;

    /// Creates it with so many partitions, unless it exists. Returns how many it has.
    ///
    /// # Errors
    /// [`TopicError::Unavailable`].
    fn create(&self, partitions: u32) -> BoxFuture<'_, Result<u32, TopicError>>;

    /// What can be read of a partition.
    ///
    /// # Errors
    /// [`TopicError::Lost`] when another broker owns it.
    fn range(&self, partition: u32) -> Result<TopicRange, TopicError>;

    /// Reads batches from the one that contains `from` on, at least one, about `max_bytes`.
    ///
    /// # Errors
    /// See [`TopicError`].
    fn read(
        &self,
        partition: u32,
        from: Offset,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<TopicRead, TopicError>>;

    /// Makes sure that this broker owned the partition when this was called: that no other one has taken over and gone on.
    ///
    /// # Errors
    /// [`TopicError::Lost`] when that cannot be told.
    fn confirm(&self, partition: u32) -> BoxFuture<'_, Result<(), TopicError>>;

    /// Lets go of everything below `before`, an offset of the readable part. It is durable once this completes.
    ///
    /// # Errors
    /// See [`TopicError`].
    fn trim(&self, partition: u32, before: Offset) -> BoxFuture<'_, Result<(), TopicError>>;

    /// Appends one batch; its place is fixed when this returns. A transactional batch may begin a transaction: the caller has
    /// asked its coordinator. `epoch`: the leader epoch under which the partition was read; it may have been elsewhere since.
    ///
    /// # Errors
    /// See [`TopicError`]; [`TopicError::Lost`] under another epoch. Nothing was appended.
    fn append(
        &self,
        partition: u32,
        epoch: Epoch,
        batch: Bytes,
    ) -> Result<BoxFuture<'static, Result<(), TopicError>>, TopicError>;
}
