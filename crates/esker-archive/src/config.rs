//! Settings: plain data with defaults for production.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::ArchiveMetrics;

/// Settings of an [`crate::Archive`].
#[derive(Clone, Debug)]
pub struct ArchiveConfig {
    /// Requests to the object store.
    pub requests: RequestConfig,
    /// The block cache.
    pub cache: CacheConfig,
    /// Reading ahead of sequential readers.
    pub read_ahead: ReadAheadConfig,
    /// Time limit of moving the pointer, with its repetitions.
    pub commit_deadline: Duration,
    /// How long a removed object stays before it is deleted. At least twice `max_commit_age`.
    pub garbage_grace: Duration,
    /// An upload older than this is not committed any more.
    pub max_commit_age: Duration,
    /// Where what happens is counted.
    pub metrics: Arc<ArchiveMetrics>,
}

/// How requests to the object store are repeated and limited.
#[derive(Clone, Debug)]
pub struct RequestConfig {
    /// Time limit of one attempt.
    pub attempt_timeout: Duration,
    /// Time limit of a call, with its repetitions.
    pub deadline: Duration,
    /// The first pause between attempts is at most this; each further one at most twice the one before.
    pub backoff: Duration,
    /// No pause is longer than this.
    pub max_backoff: Duration,
    /// Requests of readers at the same time, so that a scan of old data leaves connections to uploads.
    pub concurrent_reads: usize,
}

/// Where fetched blocks are kept.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// The implementation.
    pub kind: CacheKind,
    /// Bytes of blocks in memory, half of them for blocks that were read ahead.
    pub memory_bytes: usize,
    /// Bytes of decoded block indexes in memory.
    pub index_bytes: usize,
}

/// Implementations of the block cache.
#[derive(Clone, Debug)]
pub enum CacheKind {
    /// An LRU in memory: no threads, no timers, the same in every run.
    Memory,
    /// foyer: memory, and a disk tier when `disk` is given.
    Foyer {
        /// The disk tier.
        disk: Option<DiskCacheConfig>,
    },
}

/// The disk tier of the cache. Nothing in it is needed: it may be deleted while the broker is down.
#[derive(Clone, Debug)]
pub struct DiskCacheConfig {
    /// Its directory, created when missing.
    pub dir: PathBuf,
    /// Its size in bytes, allocated up front; at least 64 MiB.
    pub bytes: usize,
}

/// Reading ahead.
#[derive(Clone, Debug)]
pub struct ReadAheadConfig {
    /// Bytes ahead of a reader once its second read continued the first; doubles with each read.
    pub min_bytes: u64,
    /// The most bytes ahead of one reader; 0 turns reading ahead off. Never more than an eighth of the memory for
    /// blocks, and all readers together never more than half of it.
    pub max_bytes: u64,
    /// Requests for read-ahead at the same time, over all readers. Each holds up to 4 MiB in memory.
    pub concurrent: usize,
    /// Sequential readers remembered, over all partitions.
    pub readers: usize,
}

impl ArchiveConfig {
    /// Bytes of blocks that were read ahead.
    pub(crate) const fn ahead_bytes(&self) -> usize {
        if self.read_ahead.max_bytes == 0 { 0 } else { self.cache.memory_bytes / 2 }
    }
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self {
            requests: RequestConfig::default(),
            cache: CacheConfig::default(),
            read_ahead: ReadAheadConfig::default(),
            commit_deadline: Duration::from_secs(30),
            garbage_grace: Duration::from_secs(24 * 3600),
            max_commit_age: Duration::from_secs(3600),
            metrics: Arc::default(),
        }
    }
}

impl Default for RequestConfig {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(120),
            backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(5),
            concurrent_reads: 32,
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { kind: CacheKind::Memory, memory_bytes: 256 << 20, index_bytes: 32 << 20 }
    }
}

impl Default for ReadAheadConfig {
    fn default() -> Self {
        Self { min_bytes: 1 << 20, max_bytes: 16 << 20, concurrent: 8, readers: 1024 }
    }
}
