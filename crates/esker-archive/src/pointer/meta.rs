//! Pointers in the metadata store.

use bytes::Bytes;
use esker_core::{BrokerId, LedgerId, ShardId};
use esker_env::BoxFuture;
use esker_meta::{CommitRefused, ManifestGuard, Meta, Revision as MetaRevision, SessionKey};

use super::{CommitError, CommitGuard, PointerStore, Revision, StoredPointer};

/// The pointers of `/manifests/<shard>`, moved in the name of one broker's session.
pub struct MetaPointers {
    meta: Meta,
    broker: BrokerId,
}

impl MetaPointers {
    /// Commits in the name of `broker`.
    #[must_use]
    pub const fn new(meta: Meta, broker: BrokerId) -> Self {
        Self { meta, broker }
    }
}

impl PointerStore for MetaPointers {
    fn read(&self, shard: ShardId) -> BoxFuture<'_, Result<Option<StoredPointer>, String>> {
        Box::pin(async move {
            let found = self.meta.read_manifest(shard).await.map_err(|error| error.to_string())?;
            Ok(found.map(|(value, revision)| StoredPointer { value, revision: Revision(revision.0) }))
        })
    }

    fn commit(
        &self,
        shard: ShardId,
        guard: CommitGuard,
        value: Bytes,
        clear_pending: Vec<LedgerId>,
    ) -> BoxFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async move {
            let guard = ManifestGuard {
                session: SessionKey { broker: self.broker, session: guard.session },
                epoch: guard.epoch,
                pointer: guard.revision.map_or(MetaRevision::NONE, |revision| MetaRevision(revision.0)),
            };
            let moved = self.meta.commit_manifest(shard, guard, value, &clear_pending).await;
            moved.map(|revision| Revision(revision.0)).map_err(|refused| match refused {
                CommitRefused::SessionLost(_) | CommitRefused::Fenced { .. } => {
                    CommitError::Fenced(refused.to_string())
                }
                CommitRefused::PointerMoved { .. } => CommitError::Conflict,
                // Also errors that say for sure that nothing happened: the archive reads the pointer again either way.
                CommitRefused::Meta(error) => CommitError::Unknown(error.to_string()),
            })
        })
    }
}
