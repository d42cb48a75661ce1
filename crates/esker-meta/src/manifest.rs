//! `/manifests/<id>`: each shard's pointer to what it has in the object store. The value is the archive's own format
//! (`docs/formats/manifest.md`); here it is bytes, and the transaction that moves it.

use bytes::Bytes;
use esker_core::{Action, Classified, Epoch, LedgerId, ShardId};

use crate::{
    Expect, Meta, MetaError, Revision, SessionKey,
    meta::{Settled, session_stands},
    shard::without_pending,
};

/// What must still hold for a manifest pointer to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestGuard {
    /// The session that owns the shard.
    pub session: SessionKey,
    /// The epoch under which it does.
    pub epoch: Epoch,
    /// The revision that put the pointer last; [`Revision::NONE`] when there is none yet.
    pub pointer: Revision,
}

/// Why a manifest pointer was not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitRefused {
    /// The session is over.
    #[error("{0} is over")]
    SessionLost(SessionKey),
    /// The session does not own the shard under that epoch; the shard's present epoch is named.
    #[error("shard {shard} is owned under epoch {now:?}, not {expected}")]
    Fenced {
        /// The shard.
        shard: ShardId,
        /// The epoch of the guard.
        expected: Epoch,
        /// The present one; `None` when the shard has no record.
        now: Option<Epoch>,
    },
    /// The pointer was moved by another commit, at this revision.
    #[error("the manifest pointer of shard {shard} was moved at revision {now}")]
    PointerMoved {
        /// The shard.
        shard: ShardId,
        /// The revision that put the pointer last.
        now: Revision,
    },
    /// The store failed. After [`MetaError::Unknown`] the pointer may have moved, or may still: read it before
    /// anything else, and repeat the same commit rather than another.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl Classified for CommitRefused {
    fn action(&self) -> Action {
        match self {
            Self::SessionLost(_) | Self::Fenced { .. } | Self::PointerMoved { .. } => Action::Refresh,
            Self::Meta(error) => error.action(),
        }
    }
}

impl Meta {
    /// Most bytes of a pointer.
    pub const MAX_MANIFEST_POINTER: usize = 64 << 10;

    /// The shard's pointer and the revision that put it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_manifest(&self, shard: ShardId) -> Result<Option<(Bytes, Revision)>, MetaError> {
        let found = self.store().get(self.keys().manifest(shard)).await?;
        Ok(found.map(|found| (found.value, found.modified)))
    }

    /// Moves the shard's pointer to `value` and takes `clear_pending` out of its pending ledgers, in one transaction,
    /// if the guard holds. Returns the pointer's new revision.
    ///
    /// `value` must be one that no other commit would write (it names a new object, or a new sequence number): after a
    /// lost answer that is how this commit is recognized.
    ///
    /// # Errors
    /// [`CommitRefused`].
    pub async fn commit_manifest(
        &self,
        shard: ShardId,
        guard: ManifestGuard,
        value: Bytes,
        clear_pending: &[LedgerId],
    ) -> Result<Revision, CommitRefused> {
        if value.len() > Self::MAX_MANIFEST_POINTER {
            let why = format!("manifest pointer of shard {shard} with {} bytes", value.len());
            return Err(MetaError::Invalid(why).into());
        }
        let (pointer_key, shard_key) = (self.keys().manifest(shard), self.keys().shard(shard));
        loop {
            // The epoch is inside the shard's record, and a comparison knows only revisions: look first, then compare
            // the record looked at.
            let found = self.shard(shard).await?;
            let now = found.as_ref().map(|found| found.record.epoch);
            let fenced = CommitRefused::Fenced { shard, expected: guard.epoch, now };
            let Some(found) = found.filter(|found| {
                found.record.owned_by() == Some(guard.session) && found.record.epoch == guard.epoch
            }) else {
                return Err(if self.session_stands(guard.session).await? {
                    fenced
                } else {
                    CommitRefused::SessionLost(guard.session)
                });
            };
            let mut txn = self
                .guarded(guard.session)
                .when(&shard_key, Expect::Modified(found.modified))
                .when(&pointer_key, Expect::Modified(guard.pointer))
                .put(&pointer_key, value.clone())
                .or_get(&pointer_key);
            if let Some(record) = without_pending(&found.record, clear_pending) {
                txn = txn.put(&shard_key, record.encode(shard));
            }
            let reads = match self.settle(txn, Some(&pointer_key)).await? {
                Settled::Done(revision) => return Ok(revision),
                Settled::Refused(reads) => reads,
            };
            if !session_stands(guard.session, &reads) {
                return Err(CommitRefused::SessionLost(guard.session));
            }
            let pointer = reads.get(1).and_then(Option::as_ref);
            let now = pointer.map_or(Revision::NONE, |found| found.modified);
            if now != guard.pointer {
                return Err(CommitRefused::PointerMoved { shard, now });
            }
            // Only the shard's record is left: it was changed after the look, so look again.
        }
    }
}
