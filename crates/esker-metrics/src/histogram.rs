//! Histograms of durations.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::number::nanos;

/// Upper bounds of the buckets, seconds: what a log's sync takes on a good disk up to the time limits of requests.
pub const LATENCY_SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The same, nanoseconds.
const BOUNDS: [u64; 15] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// Buckets, the one for everything longer included.
pub const BUCKETS: usize = BOUNDS.len() + 1;

/// How often something took how long. Observing is a short search and two relaxed additions.
#[derive(Debug, Default)]
pub struct Histogram {
    /// Each one counts what is in no smaller one.
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

/// What a histogram shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// Observations up to each bound, in the order of [`LATENCY_SECONDS`]; the last is all of them.
    pub cumulative: [u64; BUCKETS],
    /// The sum of the durations, seconds. May be ahead of the counts by what is observed at the same moment, or behind.
    pub sum: f64,
}

impl Histogram {
    /// A histogram of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS], nanos: AtomicU64::new(0) }
    }

    /// Takes note of one duration.
    pub fn observe(&self, duration: Duration) {
        self.observe_many(duration, 1);
    }

    /// Takes note of a duration that `count` things took together.
    pub fn observe_many(&self, duration: Duration, count: u64) {
        let nanos = nanos(duration);
        let bucket = BOUNDS.partition_point(|bound| *bound < nanos);
        self.buckets[bucket].fetch_add(count, Ordering::Relaxed);
        self.nanos.fetch_add(nanos.saturating_mul(count), Ordering::Relaxed);
    }

    /// What it has seen so far.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut sum = 0;
        let cumulative = std::array::from_fn(|at| {
            sum += self.buckets[at].load(Ordering::Relaxed);
            sum
        });
        Snapshot { cumulative, sum: self.nanos.load(Ordering::Relaxed) as f64 / 1e9 }
    }
}

impl Snapshot {
    /// All observations.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.cumulative[BUCKETS - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_tables_are_the_same() {
        for (seconds, nanos) in LATENCY_SECONDS.iter().zip(BOUNDS) {
            assert_eq!((seconds * 1e9).round() as u64, nanos);
        }
        assert!(BOUNDS.is_sorted());
    }

    #[test]
    fn a_bound_belongs_to_its_bucket_and_the_longest_to_the_last() {
        let histogram = Histogram::new();
        histogram.observe(Duration::ZERO);
        histogram.observe(Duration::from_micros(500));
        histogram.observe(Duration::from_nanos(500_001));
        histogram.observe_many(Duration::from_secs(1), 3);
        histogram.observe(Duration::from_secs(31));
        let seen = histogram.snapshot();
        assert_eq!(seen.cumulative[..3], [2, 3, 3]);
        assert_eq!((seen.cumulative[9], seen.cumulative[10], seen.cumulative[14]), (3, 6, 6));
        assert_eq!(seen.count(), 7);
        assert!((seen.sum - 34.001).abs() < 1e-3, "{}", seen.sum);
    }
}
