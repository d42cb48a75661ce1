//! Where fetched blocks are kept.

mod hybrid;
mod memory;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use esker_core::object::ObjectId;
use esker_env::BoxFuture;

use crate::{ArchiveError, CacheConfig, CacheKind};

/// A block, by where it lies. Objects are immutable, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BlockKey {
    pub(crate) object: ObjectId,
    pub(crate) position: u32,
}

/// A block from the cache.
pub(crate) struct Cached {
    pub(crate) bytes: Bytes,
    /// It came from a disk, which may have damaged it: check it before use.
    pub(crate) unchecked: bool,
}

/// What a block is fetched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// A read out of the blue: worth a place on the disk, if there is one.
    Long,
    /// A sequential reader passes it: in memory only. A scan would write the disk tier at its own speed, and push out
    /// what is worth keeping there.
    Briefly,
    /// A sequential reader will come for it: apart from the cache until then.
    Ahead,
}

/// A bounded cache of blocks. May forget anything at any time, and never fails: what it cannot give is fetched.
pub(crate) trait BlockCache: Send + Sync + 'static {
    fn get(&self, key: BlockKey) -> BoxFuture<'_, Option<Cached>>;

    fn insert(&self, key: BlockKey, bytes: Bytes, keep: Keep);

    /// Makes room for a better copy. A removed block may still be given once or twice.
    fn remove(&self, key: BlockKey);

    /// Bytes of blocks in memory.
    fn bytes(&self) -> usize;

    /// Lets go of files; what is cached on a disk is there for the next process.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Opens the cache that the settings name.
pub(crate) async fn open(config: &CacheConfig) -> Result<Arc<dyn BlockCache>, ArchiveError> {
    match &config.kind {
        CacheKind::Memory => Ok(Arc::new(memory::MemoryCache::new(config.memory_bytes))),
        CacheKind::Foyer { disk } => {
            Ok(Arc::new(hybrid::FoyerCache::open(config.memory_bytes, disk.as_ref()).await?))
        }
    }
}
