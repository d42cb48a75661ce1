//! The one thing the archive needs of the metadata store: a shard's manifest pointer.

use bytes::Bytes;
use esker_core::{Epoch, LedgerId, SessionId, ShardId};
use esker_env::BoxFuture;

#[cfg(any(test, feature = "sim"))]
pub mod memory;

mod meta;
pub use meta::MetaPointers;

/// The revision at which a pointer was last written; two different values of a pointer never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub i64);

/// A pointer's value as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPointer {
    /// The bytes of an [`esker_core::manifest::Pointer`].
    pub value: Bytes,
    /// When it was written.
    pub revision: Revision,
}

/// What must hold at the moment of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitGuard {
    /// The session still exists.
    pub session: SessionId,
    /// The shard is owned by that session, in this epoch.
    pub epoch: Epoch,
    /// The pointer was last written at this revision; `None`: it does not exist.
    pub revision: Option<Revision>,
}

/// Why a commit did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Session or shard are not the committer's any more. Nothing was written.
    #[error("{0}")]
    Fenced(String),
    /// The pointer has another revision. Nothing was written.
    #[error("the pointer has moved")]
    Conflict,
    /// Whether it was written is not known: a timeout, a lost connection.
    #[error("{0}")]
    Unknown(String),
}

/// Reads and commits manifest pointers.
///
/// Contract: `commit` is one transaction. Iff the guard holds at one moment, the new value is written and the
/// ledgers are taken out of the shard's pending set, both or neither. A call that answers
/// [`CommitError::Unknown`] may take effect at any later time, at most once, still only under its guard.
pub trait PointerStore: Send + Sync + 'static {
    /// The pointer of a shard, linearizable: it shows every commit that succeeded before the call.
    ///
    /// # Errors
    /// A text for the log when the metadata store cannot be reached; worth repeating.
    fn read(&self, shard: ShardId) -> BoxFuture<'_, Result<Option<StoredPointer>, String>>;

    /// Replaces the pointer of a shard and takes `clear_pending` out of the shard's pending ledgers.
    fn commit(
        &self,
        shard: ShardId,
        guard: CommitGuard,
        value: Bytes,
        clear_pending: Vec<LedgerId>,
    ) -> BoxFuture<'_, Result<Revision, CommitError>>;
}
