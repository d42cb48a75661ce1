//! What is counted of the archive.

use std::time::Duration;

use esker_metrics::{Counter, Histogram};

/// Figures of an archive.
#[derive(Debug, Default)]
pub struct ArchiveMetrics {
    /// Writes of objects.
    pub put: RequestMetrics,
    /// Reads of objects or parts of them.
    pub get: RequestMetrics,
    /// Questions for an object's length.
    pub head: RequestMetrics,
    /// Deletions.
    pub delete: RequestMetrics,
    /// Listings.
    pub list: RequestMetrics,
    /// Objects with records that were uploaded and committed.
    pub uploads: Counter,
    /// Their bytes.
    pub uploaded_bytes: Counter,
    /// Blocks that a reader found in memory or on the cache's disk. One that is on its way for another reader is neither.
    pub cache_hits: Counter,
    /// Blocks that were fetched for a reader.
    pub cache_misses: Counter,
}

/// Figures of one kind of request. Each attempt counts.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    /// Those that did what was asked.
    pub ok: Counter,
    /// Those that failed, or took too long.
    pub errors: Counter,
    /// How long each took, either way.
    pub seconds: Histogram,
    /// Bytes of objects that went with those that succeeded.
    pub bytes: Counter,
}

impl RequestMetrics {
    pub(crate) fn done(&self, ok: bool, took: Duration) {
        if ok {
            self.ok.inc()
        } else {
            self.errors.inc()
        }
        self.seconds.observe(took);
    }
}
