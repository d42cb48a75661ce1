//! Metrics in the OpenMetrics text format.

use std::sync::atomic::{AtomicU64, Ordering};

use esker_log::{Log, Stats};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

/// Panics of any thread since the start. A panic is a bug; the counter is there to be alerted on.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Counts panics from now on, besides printing them as before.
pub(crate) fn count_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        print(info);
    }));
}

/// Renders the broker's figures.
#[derive(Default)]
pub(crate) struct Metrics;

impl Metrics {
    /// The whole page.
    pub(crate) fn render(&self, log: Option<&Log>) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Figures { stats: log.map(Log::stats) }));
        let mut page = String::new();
        encode(&mut page, &registry).expect("writing into a string does not fail");
        page
    }
}

#[derive(Debug)]
struct Figures {
    stats: Option<Stats>,
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut counter = |name: &str, help: &str, value: u64| {
            let metric = ConstCounter::new(value);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        counter("esker_panics", "Panics of any thread since the start", PANICS.load(Ordering::Relaxed))?;
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: u64| {
            let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
        };
        let bytes = Some(&Unit::Bytes);
        gauge("process_resident_memory", "Resident memory of the process", bytes, resident_bytes())?;
        let Some(stats) = &self.stats else { return Ok(()) };
        gauge("esker_partitions", "Partitions that were written or read", None, stats.partitions as u64)?;
        gauge("esker_wal_used", "Log files in use", bytes, stats.wal_used)?;
        gauge("esker_wal_capacity", "What log files may take", bytes, stats.wal_capacity)?;
        gauge("esker_wal_backlog", "Appended and not committed yet", bytes, stats.backlog_bytes as u64)?;
        gauge("esker_tail", "Committed data kept in memory", bytes, stats.tail_bytes as u64)?;
        gauge("esker_archive_lag", "Committed and in no object yet", bytes, stats.unarchived_bytes)?;
        gauge("esker_archive_lag_records", "Offsets in no object yet", None, stats.unarchived_records)
    }
}

/// Resident memory as Linux counts it; 0 where it cannot be read.
fn resident_bytes() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "the kernel's figures are not on any disk")]
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
