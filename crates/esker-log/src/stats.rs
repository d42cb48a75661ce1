//! Figures of the whole log, for whoever looks: nothing of this is kept while nobody does.

use std::{sync::Arc, time::Duration};

use esker_core::{FastMap, Offset, PartitionId, TopicNumber};

use crate::{
    log::Log,
    metrics::{LogMetrics, TopicMetrics},
    partition::Partition,
};

/// Figures of the whole log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Shards that are open here.
    pub shards: usize,
    /// Partitions with a row.
    pub partitions: usize,
    /// Committed bytes that no object has.
    pub unarchived_bytes: u64,
    /// Committed offsets that no object has.
    pub unarchived_records: u64,
    /// How long the oldest of them has been committed; zero without any. What an earlier session committed counts from
    /// the moment when this one found it.
    pub unarchived_age: Duration,
    /// Bytes of log files in use.
    pub wal_used: u64,
    /// Bytes that log files may take.
    pub wal_capacity: u64,
    /// Bytes of the memory tail.
    pub tail_bytes: usize,
    /// Bytes that the memory tail may take.
    pub tail_limit: usize,
    /// Bytes given to the writers that are not committed.
    pub backlog_bytes: usize,
    /// Of the lane with the fewest copies: stores that take its ledger.
    pub live_copies: usize,
    /// Bytes by which the slowest of all copies is behind what was sent to it.
    pub replication_lag: u64,
}

/// A partition's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionStats {
    /// The partition.
    pub id: PartitionId,
    /// Offset after the last appended record.
    pub log_end: Offset,
    /// Offset after the last committed record.
    pub high_watermark: Offset,
    /// Bytes in the local log.
    pub local_bytes: u64,
}

impl Log {
    /// Figures of the whole log. Walks every row.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let inner = &self.0;
        let now = inner.env.clock.now();
        let usage = inner.store.usage();
        let copies = || inner.lanes.all().map(|lane| lane.copies());
        let shards = inner.shards.all();
        let mut stats = Stats {
            shards: shards.len(),
            wal_used: usage.used,
            wal_capacity: usage.capacity,
            tail_bytes: inner.tail.bytes(),
            tail_limit: inner.config.tail_bytes,
            backlog_bytes: inner.lanes.all().map(|lane| lane.backlog()).sum(),
            live_copies: copies().map(|copies| copies.live).min().unwrap_or(0),
            replication_lag: copies().map(|copies| copies.lag).max().unwrap_or(0),
            ..Stats::default()
        };
        let mut oldest = None;
        for shard in shards.iter() {
            let state = shard.state.lock();
            stats.partitions += state.rows.len();
            stats.unarchived_bytes += state.unarchived_bytes;
            for row in state.rows.values().filter(|row| row.high_watermark > row.archived_end) {
                stats.unarchived_records += (row.high_watermark.0 - row.archived_end.0).cast_unsigned();
                let first = row.local.get(row.unarchived()).map(|batch| batch.frame.since);
                oldest = oldest.into_iter().chain(first).min();
            }
        }
        stats.unarchived_age = oldest.map(|oldest| now - oldest).unwrap_or_default();
        stats
    }

    /// The figures that are counted as things happen.
    #[must_use]
    pub fn metrics(&self) -> &Arc<LogMetrics> {
        &self.0.config.metrics
    }

    /// The figures of every topic that has its own, by name; last those of all others, without one.
    #[must_use]
    pub fn topic_metrics(&self) -> Vec<(Option<Arc<str>>, Arc<TopicMetrics>)> {
        self.0.topics.all_metrics()
    }

    /// Bytes in the local log, by topic.
    #[must_use]
    pub fn local_bytes(&self) -> FastMap<TopicNumber, u64> {
        let mut bytes = FastMap::default();
        self.each_row(|row| *bytes.entry(row.id.topic).or_default() += row.local_bytes);
        bytes
    }

    /// The figures of every partition with a row, by number.
    #[must_use]
    pub fn partition_stats(&self) -> Vec<PartitionStats> {
        let mut found = Vec::new();
        self.each_row(|row| {
            found.push(PartitionStats {
                id: row.id,
                log_end: row.log_end,
                high_watermark: row.high_watermark,
                local_bytes: row.local_bytes,
            });
        });
        found.sort_unstable_by_key(|partition| partition.id);
        found
    }

    fn each_row(&self, mut look: impl FnMut(&Partition)) {
        for shard in self.0.shards.all().iter() {
            shard.state.lock().rows.values().for_each(&mut look);
        }
    }
}
