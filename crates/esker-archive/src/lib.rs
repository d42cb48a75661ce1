//! Sealed data in object storage: object writer and reader, manifest, cache, retention, garbage.
//!
//! An [`Archive`] belongs to a broker; [`Archive::open_shard`] gives the shard's owner a [`ShardArchive`] to upload
//! to, to read from and to keep tidy. Nothing here runs by itself except read-ahead: the caller drives offload,
//! expiry and garbage collection.

mod aborted;
mod batches;
mod blocks;
mod cache;
mod commit;
mod config;
mod error;
mod expire;
mod flights;
mod garbage;
mod inspect;
mod lru;
mod marker;
mod metrics;
mod names;
mod offload;
mod open;
mod pointer;
mod read;
mod read_ahead;
mod requests;
mod shard;
mod url;
mod verify;
mod view;

#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "sim"))]
pub mod faults;
#[cfg(feature = "mutations")]
pub mod mutations;

use std::{sync::Arc, time::Duration};

pub use config::{ArchiveConfig, CacheConfig, CacheKind, DiskCacheConfig, ReadAheadConfig, RequestConfig};
pub use error::ArchiveError;
use esker_core::{Action, Classified, ClusterId, Epoch, ShardId};
use esker_env::{Env, Monotonic};
use esker_meta::{MetaError, SessionKey};
pub use expire::Expired;
pub use inspect::{
    BlockDescription, ObjectDescription, ObjectSummary, PartitionSummary, SectionDescription,
    ShardDescription,
};
pub use metrics::{ArchiveMetrics, RequestMetrics};
use object_store::ObjectStore;
pub use offload::{Offload, PartitionUpload};
#[cfg(any(test, feature = "sim"))]
pub use pointer::memory;
pub use pointer::{PointerStore, StoredPointer};
pub use read::{ArchivedBatch, ArchivedRead};
pub use shard::{ArchivedPartition, Segment, ShardArchive};
use tokio::sync::OnceCell;
pub use url::{OpenedStore, object_store_from_url};
pub use verify::{PartitionCounts, Problem, VerifyReport};

/// What all shards of a broker share.
pub(crate) struct Parts {
    pub(crate) requests: requests::Requests,
    pub(crate) names: names::Names,
    pub(crate) cluster: ClusterId,
    /// Set once the prefix is known to be this cluster's.
    pub(crate) claimed: OnceCell<()>,
    pub(crate) pointers: Arc<dyn PointerStore>,
    pub(crate) blocks: Arc<blocks::Blocks>,
    pub(crate) read_ahead: read_ahead::ReadAhead,
    pub(crate) env: Env,
    pub(crate) config: ArchiveConfig,
}

/// A broker's access to the archive.
#[derive(Clone)]
pub struct Archive {
    parts: Arc<Parts>,
}

impl Archive {
    /// Opens a cluster's archive below `prefix` (may be empty) of an object store. Reads nothing yet, except that a
    /// disk tier of the cache is recovered.
    ///
    /// # Errors
    /// When settings contradict each other or the cache's directory cannot be used.
    pub async fn open(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        cluster: ClusterId,
        pointers: Arc<dyn PointerStore>,
        env: Env,
        config: ArchiveConfig,
    ) -> Result<Self, ArchiveError> {
        if config.garbage_grace < config.max_commit_age * 2 {
            return Err(ArchiveError::Config(format!(
                "garbage_grace ({:?}) must be at least twice max_commit_age ({:?})",
                config.garbage_grace, config.max_commit_age
            )));
        }
        let requests =
            requests::Requests::new(store, env.clone(), config.requests.clone(), Arc::clone(&config.metrics));
        let names = names::Names::new(prefix);
        let memory_bytes = config.cache.memory_bytes - config.ahead_bytes();
        let cache = cache::open(&CacheConfig { memory_bytes, ..config.cache.clone() }).await?;
        let blocks = blocks::Blocks::new(requests.clone(), names.clone(), cache, &config);
        let read_ahead = read_ahead::ReadAhead::new(&config);
        let claimed = OnceCell::new();
        let parts = Parts { requests, names, cluster, claimed, pointers, blocks, read_ahead, env, config };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Bytes of blocks that the cache has in memory.
    #[must_use]
    pub fn cached_bytes(&self) -> usize {
        self.parts.blocks.cached_bytes()
    }

    /// Closes the cache's disk tier, so that the next process finds what is in it. The archive goes on working.
    pub async fn close(&self) {
        self.parts.blocks.close().await;
    }

    /// Opens a shard for its owner. Call it only after the epoch is in the metadata store: from then on no earlier
    /// owner can commit.
    ///
    /// # Errors
    /// [`ArchiveError::Fenced`] when a later epoch has committed already; others as [`ArchiveError`] says.
    pub async fn open_shard(
        &self,
        shard: ShardId,
        session: SessionKey,
        epoch: Epoch,
    ) -> Result<Arc<ShardArchive>, ArchiveError> {
        let parts = &self.parts;
        let stored = parts.read_pointer(shard, parts.env.clock.now() + parts.config.commit_deadline).await?;
        let view = parts.load(shard, stored).await?;
        if view.pointer.epoch > epoch {
            let newer = view.pointer.epoch;
            return Err(ArchiveError::Fenced(format!(
                "shard {shard} has a commit of epoch {newer}, ours is {epoch}"
            )));
        }
        Ok(Arc::new(ShardArchive {
            parts: Arc::clone(parts),
            shard,
            session,
            epoch,
            view: parking_lot::RwLock::new(Arc::new(view)),
            commit: tokio::sync::Mutex::default(),
        }))
    }
}

impl Parts {
    /// Reads a pointer, again and again until `end`.
    pub(crate) async fn read_pointer(
        &self,
        shard: ShardId,
        end: Monotonic,
    ) -> Result<Option<StoredPointer>, ArchiveError> {
        for attempt in 1.. {
            let left = (end - self.env.clock.now()).max(Duration::from_millis(1));
            let failed = match self.env.timeout(left, self.pointers.read(shard)).await {
                Ok(Ok(stored)) => return Ok(stored),
                Ok(Err(error)) if matches!(error.action(), Action::Operator | Action::GiveUp) => {
                    return Err(ArchiveError::Metadata(error));
                }
                Ok(Err(error)) => error,
                Err(elapsed) => MetaError::Unavailable(elapsed.to_string()),
            };
            let requests = &self.config.requests;
            let pause = requests::backoff(&self.env, requests.backoff, requests.max_backoff, attempt);
            if self.env.clock.now() + pause >= end {
                return Err(ArchiveError::Metadata(failed));
            }
            self.env.clock.sleep(pause).await;
        }
        unreachable!("the loop ends by the deadline")
    }
}
