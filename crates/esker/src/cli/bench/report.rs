//! What a measurement found, in words and in JSON.

use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Latencies in microseconds, three significant digits, up to an hour.
pub(super) struct Latencies(Histogram<u64>);

const LONGEST_US: u64 = 3_600_000_000;

impl Latencies {
    pub(super) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are valid"))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        self.0.saturating_record((latency.as_micros() as u64).clamp(1, LONGEST_US));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms have the same bounds");
    }

    fn millis(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }

    fn summary(&self) -> Quantiles {
        Quantiles {
            mean: (self.0.mean() / 10.0).round() / 100.0,
            p50: self.millis(0.5),
            p95: self.millis(0.95),
            p99: self.millis(0.99),
            p999: self.millis(0.999),
            max: self.0.max() as f64 / 1_000.0,
        }
    }
}

/// Milliseconds.
#[derive(Serialize)]
struct Quantiles {
    mean: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

/// The result of one measurement.
#[derive(Serialize)]
pub(super) struct Report {
    topic: String,
    records: u64,
    /// Bytes of what was measured: values when writing, batches as fetched when reading.
    bytes: u64,
    seconds: f64,
    records_per_second: f64,
    /// Millions of bytes.
    megabytes_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<Quantiles>,
}

impl Report {
    pub(super) fn new(
        topic: &str,
        records: u64,
        bytes: u64,
        took: Duration,
        latencies: Option<&Latencies>,
    ) -> Self {
        let seconds = took.as_secs_f64().max(1e-9);
        Self {
            topic: topic.to_owned(),
            records,
            bytes,
            seconds,
            records_per_second: (records as f64 / seconds).round(),
            megabytes_per_second: (bytes as f64 / seconds / 1e4).round() / 100.0,
            latency_ms: latencies.map(Latencies::summary),
        }
    }

    pub(super) fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{} records, {:.1} MB in {:.2} s: {:.0} records/s, {:.2} MB/s",
            self.records,
            self.bytes as f64 / 1e6,
            self.seconds,
            self.records_per_second,
            self.megabytes_per_second
        )?;
        match &self.latency_ms {
            None => Ok(()),
            Some(l) => writeln!(
                out,
                "latency ms: mean {:.2}, p50 {:.2}, p95 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
                l.mean, l.p50, l.p95, l.p99, l.p999, l.max
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut latencies = Latencies::new();
        for ms in 1..=100 {
            latencies.record(Duration::from_millis(ms));
        }
        let summary = latencies.summary();
        assert!((summary.p50 - 50.0).abs() < 0.1, "{}", summary.p50);
        assert!((summary.p99 - 99.0).abs() < 0.1, "{}", summary.p99);
        assert!((summary.max - 100.0).abs() < 0.1, "{}", summary.max);
    }
}
