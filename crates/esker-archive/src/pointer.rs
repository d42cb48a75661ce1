//! The one thing the archive needs of the metadata store: a shard's manifest pointer.

use bytes::Bytes;
use esker_core::{LedgerId, ShardId};
use esker_env::BoxFuture;
use esker_meta::{CommitRefused, ManifestGuard, Meta, MetaError, Revision};
use futures::FutureExt;

#[cfg(any(test, feature = "sim"))]
pub mod memory;

/// A pointer's value as it was read, and the revision that put it.
pub type StoredPointer = (Bytes, Revision);

/// Reads and commits manifest pointers. [`Meta`] is one.
///
/// Contract: `commit` is one transaction. Iff the guard holds at one moment, the new value is written and the
/// ledgers are taken out of the shard's pending set, both or neither. A call that answers [`MetaError::Unknown`] may
/// take effect at any later time, at most once, still only under its guard.
pub trait PointerStore: Send + Sync + 'static {
    /// The pointer of a shard, linearizable: it shows every commit that succeeded before the call.
    fn read(&self, shard: ShardId) -> BoxFuture<'_, Result<Option<StoredPointer>, MetaError>>;

    /// Replaces the pointer of a shard and takes `clear_pending` out of the shard's pending ledgers.
    fn commit<'a>(
        &'a self,
        shard: ShardId,
        guard: ManifestGuard,
        value: Bytes,
        clear_pending: &'a [LedgerId],
    ) -> BoxFuture<'a, Result<Revision, CommitRefused>>;
}

impl PointerStore for Meta {
    fn read(&self, shard: ShardId) -> BoxFuture<'_, Result<Option<StoredPointer>, MetaError>> {
        self.read_manifest(shard).boxed()
    }

    fn commit<'a>(
        &'a self,
        shard: ShardId,
        guard: ManifestGuard,
        value: Bytes,
        clear_pending: &'a [LedgerId],
    ) -> BoxFuture<'a, Result<Revision, CommitRefused>> {
        self.commit_manifest(shard, guard, value, clear_pending).boxed()
    }
}
