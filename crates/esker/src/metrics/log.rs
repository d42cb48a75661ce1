//! The log, its copies, and the topics in it.

use esker_kafka::KafkaMetrics;
use esker_log::{Log, LogMetrics, PartitionStats, Stats, TopicMetrics};
use esker_metrics::{OTHER, Page};
use esker_wal::StoreMetrics;

use super::Parts;

pub(super) fn write_counted(
    page: &mut Page<'_>,
    log: &LogMetrics,
    store: &StoreMetrics,
    kafka: &KafkaMetrics,
) {
    let lanes = &log.lanes;
    page.histogram("esker_produce_stage_seconds", "Stages of a produced batch, one after another")
        .histogram(&[("stage", "queue")], &lanes.queue)
        .histogram(&[("stage", "sync")], &lanes.sync)
        .histogram(&[("stage", "replication")], &lanes.replication)
        .histogram(&[("stage", "commit")], &lanes.commit)
        .histogram(&[("stage", "response")], &kafka.produce_response);
    let places = [("memory", &log.memory), ("log", &log.log), ("archive", &log.archive)];
    let mut seconds =
        page.histogram("esker_fetch_read_seconds", "Reads of one partition, by where the records were");
    for (source, read) in places {
        seconds.histogram(&[("source", source)], &read.seconds);
    }
    let mut bytes =
        page.counter("esker_fetch_read_bytes", "Bytes of records that were read, by where they were");
    for (source, read) in places {
        bytes.add(&[("source", source)], read.bytes.get());
    }
    page.histogram("esker_wal_sync_seconds", "Writes to the log with their sync").histogram(&[], &store.sync);
    page.counter("esker_wal_written_bytes", "Written to log files").value(store.written.get());
}

pub(super) fn write(page: &mut Page<'_>, parts: &Parts, stats: &Stats) {
    page.gauge("esker_wal_used_bytes", "Log files in use").value(stats.wal_used);
    page.gauge("esker_wal_capacity_bytes", "What log files may take").value(stats.wal_capacity);
    page.gauge("esker_wal_backlog_bytes", "Appended and not committed yet").value(stats.backlog_bytes);
    page.gauge("esker_wal_copies", "Stores that should have what this broker writes, and those that take it")
        .add(&[("state", "wanted")], parts.copies)
        .add(&[("state", "live")], stats.live_copies);
    page.gauge("esker_replication_lag_bytes", "Sent to the slowest copy, and not there yet")
        .value(stats.replication_lag);
    page.gauge("esker_wal_failed", "1 once this broker's log has failed: it takes nothing more")
        .value(parts.node.store_failure().is_some());
    page.gauge("esker_tail_bytes", "Committed data kept in memory").value(stats.tail_bytes);
}

pub(super) fn write_topics(page: &mut Page<'_>, log: &Log) {
    let topics = log.topic_metrics();
    let mut family = |name: &str, help: &str, of: fn(&TopicMetrics) -> u64| {
        let mut samples = page.counter(name, help);
        for (topic, metrics) in &topics {
            samples.add(&[("topic", topic.as_deref().unwrap_or(OTHER))], of(metrics));
        }
    };
    family("esker_topic_produced_bytes", "Bytes of batches that were produced", |topic| {
        topic.produced_bytes.get()
    });
    family("esker_topic_produced_records", "Records that were produced", |topic| {
        topic.produced_records.get()
    });
    family("esker_topic_fetched_bytes", "Bytes of batches that were read", |topic| topic.fetched_bytes.get());
    family("esker_topic_fetched_records", "Records that were read", |topic| topic.fetched_records.get());
}

/// One line for every partition, three times: by choice.
pub(super) fn write_partitions(page: &mut Page<'_>, log: &Log) {
    let found: Vec<_> = log
        .partition_stats()
        .into_iter()
        .filter_map(|partition| {
            let topic = log.catalog().by_number(partition.id.topic)?;
            Some((topic, partition.id.index.to_string(), partition))
        })
        .collect();
    let mut family = |name: &str, help: &str, of: fn(&PartitionStats) -> u64| {
        let mut samples = page.gauge(name, help);
        for (topic, index, partition) in &found {
            samples.add(&[("topic", &topic.record.name), ("partition", index)], of(partition));
        }
    };
    family("esker_partition_log_end_offset", "Offset after the last appended record", |partition| {
        partition.log_end.0.cast_unsigned()
    });
    family("esker_partition_high_watermark", "Offset after the last committed record", |partition| {
        partition.high_watermark.0.cast_unsigned()
    });
    family("esker_partition_log_bytes", "Bytes in the local log", |partition| partition.local_bytes);
}
