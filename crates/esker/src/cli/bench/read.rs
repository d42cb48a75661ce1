//! What the reading measurements share: partitions spread over consumers, read from the first record to the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use esker_client::{
    Client, ClientError, Consumer, ConsumerConfig, Isolation, OffsetSpec, Polled, ResetTo, StartAt,
};
use esker_env::Env;

use super::report::Report;
use super::workers::Workers;
use crate::cli::error::CliError;
use crate::cli::progress::Progress;

/// What to read and how.
pub(super) struct Reading {
    pub(super) topic: String,
    pub(super) connections: usize,
    /// Stop after so many records.
    pub(super) records: u64,
    /// Look at every record, or only count what the batches' headers say.
    pub(super) decode: bool,
    pub(super) config: ConsumerConfig,
    /// Fail when nothing arrives for so long.
    pub(super) stall: Duration,
}

#[derive(Default)]
struct Counters {
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Reading {
    pub(super) async fn run(self, client: &Client, env: &Env) -> Result<Report, CliError> {
        let ranges = self.ranges(client).await?;
        let total: i64 = ranges.values().map(|(first, end)| end - first).sum();
        let mut shares: Vec<BTreeMap<i32, (i64, i64)>> = Vec::new();
        let count = self.connections.min(ranges.len()).max(1);
        shares.resize_with(count, BTreeMap::new);
        for (i, (partition, range)) in ranges.into_iter().enumerate() {
            shares[i % count].insert(partition, range);
        }
        let reading = Arc::new(self);
        let counters = Arc::new(Counters::default());
        let mut workers = Workers::new(env);
        let start = env.clock.now();
        for share in shares {
            let mut consumer = Consumer::new(client, reading.config.clone());
            let (reading, counters) = (Arc::clone(&reading), Arc::clone(&counters));
            workers.start(async move { reading.read(&mut consumer, share, &counters).await });
        }
        let mut progress = Progress::new(env);
        loop {
            let next = env.timeout(Duration::from_millis(200), workers.next()).await;
            progress.update(|| {
                let (records, bytes) = counters.get();
                format!("{records} of {total} records, {} MB", bytes / 1_000_000)
            });
            match next {
                Err(_) => {}
                Ok(None) => break,
                Ok(Some(result)) => result?,
            }
        }
        let took = env.clock.now() - start;
        let (records, bytes) = counters.get();
        Ok(Report::new(&reading.topic, records, bytes, took, None))
    }

    /// First offset and end of every partition.
    async fn ranges(&self, client: &Client) -> Result<BTreeMap<i32, (i64, i64)>, ClientError> {
        let topic = client.topic(&self.topic).await?;
        let ask = async |spec| {
            let places: Vec<_> = topic.partitions.iter().map(|p| (&*topic.name, p.index, spec)).collect();
            client.offsets(&places, Isolation::ReadUncommitted).await
        };
        let (first, end) = (ask(OffsetSpec::Earliest).await?, ask(OffsetSpec::Latest).await?);
        let pairs =
            first.iter().filter_map(|(key, first)| Some((key.1, (first.offset, end.get(key)?.offset))));
        Ok(pairs.filter(|(_, (first, end))| first < end).collect())
    }

    async fn read(
        &self,
        consumer: &mut Consumer,
        mut share: BTreeMap<i32, (i64, i64)>,
        counters: &Counters,
    ) -> Result<(), CliError> {
        let topic: Arc<str> = Arc::from(self.topic.as_str());
        let assignment = share
            .iter()
            .map(|(partition, (first, _))| (Arc::clone(&topic), *partition, StartAt::Offset(*first)));
        consumer.assign(assignment.collect::<Vec<_>>());
        while !share.is_empty() && counters.get().0 < self.records {
            let all = consumer.poll(self.stall).await?;
            if all.is_empty() {
                let left = share.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let text = format!("no records for {:?}; partitions not read to the end: {left}", self.stall);
                return Err(CliError::usage(text));
            }
            for polled in all {
                self.count(&polled, counters)?;
                if share.get(&polled.partition).is_some_and(|(_, end)| polled.next_offset >= *end) {
                    share.remove(&polled.partition);
                }
            }
        }
        Ok(())
    }

    fn count(&self, polled: &Polled, counters: &Counters) -> Result<(), ClientError> {
        let mut records = 0;
        if self.decode {
            polled.for_each(|_| records += 1)?;
        } else {
            // The position may lie inside of the first batch.
            let counts = polled.batches().iter().map(|batch| {
                let before = (polled.first_offset() - batch.fields.base_offset).max(0);
                (i64::from(batch.fields.records_count) - before).max(0) as u64
            });
            records = counts.sum();
        }
        counters.records.fetch_add(records, Ordering::Relaxed);
        counters.bytes.fetch_add(polled.bytes() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// The settings for reading much at once.
pub(super) fn bulk(check_crc: bool) -> ConsumerConfig {
    ConsumerConfig {
        max_bytes: 16 * 1024 * 1024,
        partition_max_bytes: 4 * 1024 * 1024,
        reset: ResetTo::Fail,
        check_crc,
        ..ConsumerConfig::default()
    }
}

impl Counters {
    fn get(&self) -> (u64, u64) {
        (self.records.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}
