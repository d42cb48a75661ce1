//! Settings of the log: plain data.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::LogMetrics;

/// What an operator may choose.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Broker-wide defaults of topic configs, by topic config key.
    pub topic_defaults: BTreeMap<String, String>,
    /// Memory tail, bytes.
    pub tail_bytes: usize,
    /// A shard is flushed to an object at this many bytes.
    pub flush_bytes: u64,
    /// A shard is flushed when its oldest unarchived batch is this old.
    pub flush_age: Duration,
    /// A shard is flushed at this many batches.
    pub flush_batches: usize,
    /// How long the local log keeps what an object already has.
    pub trim_delay: Duration,
    /// How often flushes and trims are looked for.
    pub tick: Duration,
    /// How often retention runs.
    pub retention_interval: Duration,
    /// How often a shard's objects are listed to find those that were uploaded and never committed.
    pub orphan_interval: Duration,
    /// Share of the log's capacity in use from which appends are slowed, 0.0 to 1.0.
    pub throttle_at: f64,
    /// Share of the log's capacity in use from which appends are refused, 0.0 to 1.0.
    pub refuse_at: f64,
    /// Batches that only the local log has, over all shards; appends are refused beyond it. Bounds the memory that
    /// an outage of the object store can take, about 160 bytes each.
    pub max_local_batches: usize,
    /// An idempotent producer that wrote nothing for this long is forgotten.
    pub producer_expiration: Duration,
    /// The most bytes that a batch may decompress to where the broker must look inside.
    pub max_decompressed_bytes: usize,
    /// Topics with figures of their own at a time; all others share theirs.
    pub counted_topics: usize,
    /// Where what happens is counted.
    pub metrics: Arc<LogMetrics>,
    /// Breaks a rule on purpose: frames are trimmed once they are on their way, before the manifest has them.
    #[cfg(feature = "mutations")]
    pub trim_before_commit: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            topic_defaults: BTreeMap::new(),
            tail_bytes: 64 << 20,
            flush_bytes: 32 << 20,
            flush_age: Duration::from_secs(300),
            flush_batches: 16 << 10,
            trim_delay: Duration::from_secs(60),
            tick: Duration::from_secs(1),
            retention_interval: Duration::from_secs(60),
            orphan_interval: Duration::from_secs(6 * 60 * 60),
            throttle_at: 0.80,
            refuse_at: 0.95,
            max_local_batches: 4 << 20,
            producer_expiration: Duration::from_secs(24 * 60 * 60),
            max_decompressed_bytes: 128 << 20,
            counted_topics: 1000,
            metrics: Arc::default(),
            #[cfg(feature = "mutations")]
            trim_before_commit: false,
        }
    }
}
