//! Reading records of assigned partitions.
//!
//! One fetch per broker is on its way at a time. When one comes back, the next is sent before its records are handed
//! out, so that the broker works while the caller does. No tasks of its own: everything happens in
//! [`Consumer::poll`], which may be dropped at any await without losing records.

mod fetch;
mod polled;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use esker_env::{BoxFuture, Monotonic};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use crate::retry::Backoff;
use crate::{Client, ClientError, Isolation, OffsetSpec};
use fetch::Fetched;
pub use polled::{ConsumedRecord, Polled};

/// Where to start in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// At the first record.
    Earliest,
    /// At what is written from now on.
    Latest,
    /// At this offset.
    Offset(i64),
    /// At the first record at or after this time, milliseconds since the Unix epoch; at the end if there is none.
    Timestamp(i64),
}

/// What to do when the position is not in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResetTo {
    /// Fail with [`ClientError::OffsetOutOfRange`].
    #[default]
    Fail,
    /// Go on at the first record.
    Earliest,
    /// Go on at the end.
    Latest,
}

/// Plain settings of a consumer.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// The longest that a broker waits for [`ConsumerConfig::min_bytes`].
    pub max_wait: Duration,
    /// Bytes that a broker waits for.
    pub min_bytes: usize,
    /// Bytes of one fetch; a larger batch comes alone. Up to twice as much per broker is in memory.
    pub max_bytes: usize,
    /// Bytes of one partition in one fetch.
    pub partition_max_bytes: usize,
    /// Bytes to which a batch may decompress.
    pub max_decompressed_bytes: usize,
    /// Which records are seen.
    pub isolation: Isolation,
    /// What to do when the position is not in the log.
    pub reset: ResetTo,
    /// Whether to check every batch's CRC.
    pub check_crc: bool,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            max_wait: Duration::from_millis(500),
            min_bytes: 1,
            max_bytes: 16 * 1024 * 1024,
            partition_max_bytes: 1024 * 1024,
            max_decompressed_bytes: 256 * 1024 * 1024,
            isolation: Isolation::default(),
            reset: ResetTo::default(),
            check_crc: true,
        }
    }
}

type Partition = (Arc<str>, i32);

/// What is known of an assigned partition.
struct Position {
    /// To be turned into an offset first.
    start: Option<OffsetSpec>,
    /// The next offset to fetch, once `start` is `None`.
    offset: i64,
    /// Changes with every assignment and seek: answers to earlier fetches are dropped.
    generation: u64,
    fetching: bool,
}

/// Reads assigned partitions.
pub struct Consumer {
    client: Client,
    config: ConsumerConfig,
    positions: BTreeMap<Partition, Position>,
    generation: u64,
    fetches: FuturesUnordered<BoxFuture<'static, Fetched>>,
    /// Brokers with a fetch on its way.
    busy: BTreeSet<i32>,
    ready: VecDeque<Polled>,
    /// Something failed: refresh the metadata and wait before the next fetch.
    stale: bool,
    backoff: Option<(Backoff, Monotonic)>,
}

impl Consumer {
    /// A consumer with connections of its own and nothing assigned.
    #[must_use]
    pub fn new(client: &Client, config: ConsumerConfig) -> Self {
        Self {
            client: client.fork(),
            config,
            positions: BTreeMap::new(),
            generation: 0,
            fetches: FuturesUnordered::new(),
            busy: BTreeSet::new(),
            ready: VecDeque::new(),
            stale: false,
            backoff: None,
        }
    }

    /// Replaces the assignment. Partitions that were assigned before start anew too.
    pub fn assign(&mut self, partitions: impl IntoIterator<Item = (Arc<str>, i32, StartAt)>) {
        self.generation += 1;
        self.ready.clear();
        self.positions.clear();
        for (topic, partition, start) in partitions {
            self.positions.insert((topic, partition), Position::new(start, self.generation));
        }
    }

    /// Moves an assigned partition; no effect on others.
    pub fn seek(&mut self, topic: &str, partition: i32, start: StartAt) {
        self.generation += 1;
        let key = (Arc::from(topic), partition);
        self.ready.retain(|polled| (&polled.topic, polled.partition) != (&key.0, key.1));
        if let Some(position) = self.positions.get_mut(&key) {
            *position = Position::new(start, self.generation);
        }
    }

    /// The partitions assigned, with the offset behind the last record handed out where one is known.
    pub fn positions(&self) -> impl Iterator<Item = (&Arc<str>, i32, Option<i64>)> {
        self.positions.iter().map(|((topic, partition), position)| {
            let waiting = self.ready.iter().find(|p| p.topic == *topic && p.partition == *partition);
            let offset = position.start.is_none().then_some(position.offset);
            (topic, *partition, waiting.map(Polled::first_offset).or(offset))
        })
    }

    /// Waits up to `limit` for records and returns those of one or more partitions; nothing when the time is over.
    ///
    /// # Errors
    /// What retries cannot mend: a partition that does not exist, a position that is not in the log, damaged batches.
    pub async fn poll(&mut self, limit: Duration) -> Result<Vec<Polled>, ClientError> {
        let env = self.client.env().clone();
        let deadline = env.clock.now() + limit;
        loop {
            if !self.ready.is_empty() {
                self.prefetch();
                return Ok(self.ready.drain(..).collect());
            }
            self.recover().await?;
            self.resolve().await?;
            self.start_fetches();
            let now = env.clock.now();
            if now >= deadline {
                return Ok(Vec::new());
            }
            let until = match &self.backoff {
                Some((_, resume)) if *resume > now => deadline.min(*resume),
                Some(_) if self.stale => now,
                _ => deadline,
            };
            tokio::select! {
                biased;
                Some(fetched) = self.fetches.next() => self.take(fetched)?,
                () = env.clock.sleep(until - now) => {}
            }
        }
    }

    /// Sends the next fetches without waiting for anything.
    fn prefetch(&mut self) {
        if self.backoff.is_some() || self.positions.values().any(|position| position.start.is_some()) {
            return;
        }
        self.start_fetches();
        // One poll puts the requests on the wire; what has landed already is kept.
        if let Some(Some(fetched)) = self.fetches.next().now_or_never()
            && let Err(error) = self.take(fetched)
        {
            tracing::debug!(%error, "told at the next poll, when the fetch fails again");
            self.stale = true;
        }
    }

    /// After a failure: refreshes the metadata once the pause is over.
    async fn recover(&mut self) -> Result<(), ClientError> {
        let env = self.client.env().clone();
        if self.stale && self.backoff.is_none() {
            let mut backoff = Backoff::new(self.client.config(), &env);
            let resume = env.clock.now() + backoff.step(&env);
            self.backoff = Some((backoff, resume));
        }
        let Some((backoff, resume)) = &mut self.backoff else { return Ok(()) };
        if !self.stale || env.clock.now() < *resume {
            return Ok(());
        }
        *resume = env.clock.now() + backoff.step(&env);
        let mut topics: Vec<&str> = self.positions.keys().map(|(topic, _)| &**topic).collect();
        topics.dedup();
        match self.client.refresh_once(Some(&topics)).await {
            Ok(cluster) => match topics.iter().find(|topic| !cluster.topics.contains_key(**topic)) {
                Some(missing) => return Err(ClientError::UnknownTopic((*missing).to_owned())),
                None => self.stale = false,
            },
            Err(error) => tracing::debug!(%error, "metadata stays as it is"),
        }
        Ok(())
    }

    /// Turns starts into offsets.
    async fn resolve(&mut self) -> Result<(), ClientError> {
        let wanted: Vec<(Partition, OffsetSpec)> = self
            .positions
            .iter()
            .filter_map(|(key, position)| Some((key.clone(), position.start?)))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let places: Vec<_> =
            wanted.iter().map(|((topic, partition), spec)| (&**topic, *partition, *spec)).collect();
        let mut found = self.client.offsets(&places, self.config.isolation).await?;
        let young: Vec<_> = places
            .iter()
            .filter(|(topic, partition, _)| {
                found.get(&(Arc::from(*topic), *partition)).is_none_or(|found| found.offset < 0)
            })
            .map(|(topic, partition, _)| (*topic, *partition, OffsetSpec::Latest))
            .collect();
        if !young.is_empty() {
            found.extend(self.client.offsets(&young, self.config.isolation).await?);
        }
        for (key, _) in &wanted {
            if let (Some(position), Some(found)) = (self.positions.get_mut(key), found.get(key)) {
                (position.start, position.offset) = (None, found.offset);
            }
        }
        Ok(())
    }
}

impl Position {
    fn new(start: StartAt, generation: u64) -> Self {
        let (start, offset) = match start {
            StartAt::Earliest => (Some(OffsetSpec::Earliest), -1),
            StartAt::Latest => (Some(OffsetSpec::Latest), -1),
            StartAt::Timestamp(at) => (Some(OffsetSpec::Timestamp(at.max(0))), -1),
            StartAt::Offset(offset) => (None, offset),
        };
        Self { start, offset, generation, fetching: false }
    }
}

#[cfg(test)]
#[path = "consumer_tests.rs"]
mod tests;
