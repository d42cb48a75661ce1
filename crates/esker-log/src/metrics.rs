//! What is counted of the log.

use std::sync::Arc;

use esker_core::batch::BatchView;
use esker_metrics::{Counter, Histogram};
use esker_wal::LaneMetrics;

/// Figures of a log.
#[derive(Debug, Default)]
pub struct LogMetrics {
    /// The stages of appends.
    pub lanes: Arc<LaneMetrics>,
    /// Reads from the memory tail alone.
    pub memory: ReadMetrics,
    /// Reads of which some part came from a store.
    pub log: ReadMetrics,
    /// Reads from objects, cached or not.
    pub archive: ReadMetrics,
}

/// Figures of reads from one place.
#[derive(Debug, Default)]
pub struct ReadMetrics {
    /// One read of one partition.
    pub seconds: Histogram,
    /// Bytes that came from there.
    pub bytes: Counter,
}

/// Figures of one topic, or of all that have none of their own, as far as this broker leads its partitions.
#[derive(Debug, Default)]
pub struct TopicMetrics {
    /// Bytes of batches that were appended: as stored, compressed ones as they are.
    pub produced_bytes: Counter,
    /// Records in them.
    pub produced_records: Counter,
    /// Bytes of batches that were read.
    pub fetched_bytes: Counter,
    /// Records in them.
    pub fetched_records: Counter,
}

/// Records in whole batches; what cannot be read counts as none.
pub(crate) fn records(chunks: &[bytes::Bytes]) -> u64 {
    let batches = chunks.iter().flat_map(BatchView::all).map_while(Result::ok);
    batches.map(|batch| u64::try_from(batch.fields.records_count).unwrap_or(0)).sum()
}
