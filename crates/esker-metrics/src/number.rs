//! Single figures.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts one more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Counts `more`.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A sum of durations. Wraps after 584 years.
#[derive(Debug, Default)]
pub struct SecondsCounter(Counter);

impl SecondsCounter {
    /// A sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Counter::new())
    }

    /// Adds a duration.
    pub fn add(&self, more: Duration) {
        self.0.add(nanos(more));
    }

    /// The sum, seconds.
    #[must_use]
    pub fn get(&self) -> f64 {
        self.0.get() as f64 / 1e9
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A figure that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// A gauge at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds to it, or takes from it.
    pub fn add(&self, more: i64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Its value.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_count() {
        static COUNTER: Counter = Counter::new();
        COUNTER.inc();
        COUNTER.add(4);
        assert_eq!(COUNTER.get(), 5);
        let seconds = SecondsCounter::new();
        seconds.add(Duration::from_millis(1500));
        seconds.add(Duration::from_millis(250));
        assert!((seconds.get() - 1.75).abs() < 1e-9);
        let gauge = Gauge::new();
        gauge.set(3);
        gauge.add(-5);
        assert_eq!(gauge.get(), -2);
    }
}
