//! What is counted of the log.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use esker_metrics::{Counter, Histogram};

/// Figures of a store: of everything that is written to it, by whatever broker.
#[derive(Debug, Default)]
pub struct StoreMetrics {
    /// One write with its sync, or one sync alone.
    pub sync: Histogram,
    /// Bytes written to log files, fillings of pages included.
    pub written: Counter,
}

/// Figures of a broker's lanes, all together. The stages of a batch follow one another: their sum is the time from
/// [`crate::LedgerWriter::enqueue`] to the high watermark. What moves to another ledger before it is committed starts anew there
/// with the second stage.
#[derive(Debug, Default)]
pub struct LaneMetrics {
    /// From the enqueueing of a batch to the frame that takes it.
    pub queue: Histogram,
    /// From the sending of the frame until the broker's own store has it by the lane's mode; to the quorum where that is first.
    pub sync: Histogram,
    /// From there until W stores have it; zero where they had it before.
    pub replication: Histogram,
    /// From there until readers see it.
    pub commit: Histogram,
}

/// How the copies of one lane are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopiesStatus {
    /// Stores of the open ledger that are not given up.
    pub live: usize,
    /// Bytes by which the slowest of them is behind what was sent.
    pub lag: u64,
}

/// The same as the lane's task keeps it.
#[derive(Debug, Default)]
pub(crate) struct CopiesGauge {
    live: AtomicUsize,
    lag: AtomicU64,
}

impl CopiesGauge {
    pub(crate) fn set(&self, status: CopiesStatus) {
        self.live.store(status.live, Ordering::Relaxed);
        self.lag.store(status.lag, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> CopiesStatus {
        CopiesStatus { live: self.live.load(Ordering::Relaxed), lag: self.lag.load(Ordering::Relaxed) }
    }
}

/// The figures of a lane, and which of its stores is the broker's own.
#[derive(Clone, Debug, Default)]
pub struct LaneWatch {
    /// The broker's own store; without one, the stage of its sync ends with the quorum.
    pub own_store: Option<esker_core::StoreId>,
    /// Where it is counted.
    pub metrics: Arc<LaneMetrics>,
}

impl PartialEq for LaneWatch {
    fn eq(&self, other: &Self) -> bool {
        self.own_store == other.own_store && Arc::ptr_eq(&self.metrics, &other.metrics)
    }
}

impl Eq for LaneWatch {}
