//! Sending records: batches per partition, pipelined, in order, without duplicates.
//!
//! [`Producer::send`] puts a record into the open batch of its partition. One task, the sender, takes batches that are
//! full or old enough and sends one per partition in requests to each leader, up to five at once. A batch that fails
//! in a way that may pass is sent again: its partition first waits for everything in flight, then goes on from the
//! oldest batch, so order holds. With idempotence (the default) the broker drops what it has already appended.

mod batch;
mod outcome;
mod queue;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use esker_core::batch::Compression;
use esker_env::TaskGuard;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

use crate::{Client, ClientError, Topic, partition_for_key};
pub use outcome::{Acknowledged, Delivery};
use queue::Queues;

/// When the broker answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// Never: offsets are unknown and losses go unnoticed.
    None,
    /// Once the leader has the records.
    Leader,
    /// Once as many have the records as the topic demands.
    #[default]
    All,
}

impl Acks {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

/// Plain settings of a producer.
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// When the broker answers.
    pub acks: Acks,
    /// Whether the broker drops what it already has when a batch is sent again. Takes effect with [`Acks::All`];
    /// without it one batch per partition is in flight at a time and a retry may duplicate.
    pub idempotence: bool,
    /// How batches are compressed.
    pub compression: Compression,
    /// How long an open batch waits for more records.
    pub linger: Duration,
    /// Size at which a batch is full, bytes before compression. A larger record gets a batch of its own.
    pub batch_bytes: usize,
    /// The most bytes of a request, and so of a record.
    pub max_request_bytes: usize,
    /// The most bytes of records not yet acknowledged; [`Producer::send`] waits above it.
    pub buffer_bytes: usize,
    /// Requests in flight per broker, 1 to 5.
    pub max_in_flight: usize,
    /// The longest time from [`Producer::send`] to success or failure.
    pub delivery_timeout: Duration,
}

impl Default for ProducerConfig {
    fn default() -> Self {
        Self {
            acks: Acks::All,
            idempotence: true,
            compression: Compression::None,
            linger: Duration::ZERO,
            batch_bytes: 64 * 1024,
            max_request_bytes: 1024 * 1024,
            buffer_bytes: 32 * 1024 * 1024,
            max_in_flight: 5,
            delivery_timeout: Duration::from_secs(120),
        }
    }
}

impl ProducerConfig {
    fn check(&self) -> Result<(), ClientError> {
        let wrong = |text: &str| Err(ClientError::Settings(text.into()));
        if !(1..=5).contains(&self.max_in_flight) {
            return wrong("max_in_flight must be 1 to 5: brokers remember five batches per producer");
        }
        if self.buffer_bytes < self.max_request_bytes {
            return wrong("buffer_bytes must be at least max_request_bytes");
        }
        if u32::try_from(self.buffer_bytes).is_err() || self.max_request_bytes == 0 {
            return wrong("buffer_bytes must be below 4 GiB, max_request_bytes above 0");
        }
        Ok(())
    }

    fn idempotent(&self) -> bool {
        self.idempotence && self.acks == Acks::All
    }
}

/// A record to send.
#[derive(Clone, Debug, Default)]
pub struct ProducerRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition; chosen by key, or batch by batch at random without one, if `None`.
    pub partition: Option<i32>,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Headers in order.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
    /// Milliseconds since the Unix epoch; now if `None`.
    pub timestamp: Option<i64>,
}

impl ProducerRecord {
    /// An upper bound of its size in a batch, bytes.
    fn size(&self) -> usize {
        let length = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        let headers: usize = self.headers.iter().map(|(key, value)| key.len() + length(value) + 10).sum();
        length(&self.key) + length(&self.value) + headers + 32
    }
}

/// Sends records. Dropping it drops what is not yet sent; see [`Producer::close`].
pub struct Producer {
    shared: Arc<Shared>,
    _sender: TaskGuard,
}

struct Shared {
    client: Client,
    config: ProducerConfig,
    /// Bytes that may still be buffered.
    memory: Semaphore,
    queues: Mutex<Queues>,
    /// Something for the sender to look at.
    wake: Notify,
    /// Nothing is left to send.
    idle: Notify,
}

impl Producer {
    /// Starts a producer with connections of its own.
    ///
    /// # Errors
    /// Settings that contradict each other.
    pub fn new(client: &Client, config: ProducerConfig) -> Result<Self, ClientError> {
        config.check()?;
        let client = client.fork();
        let tasks = client.env().tasks.clone();
        let shared = Arc::new(Shared {
            memory: Semaphore::new(config.buffer_bytes),
            queues: Mutex::new(Queues::default()),
            wake: Notify::new(),
            idle: Notify::new(),
            client,
            config,
        });
        let sender = sender::Sender::new(Arc::clone(&shared));
        Ok(Self { shared, _sender: tasks.spawn_guarded(sender.run()) })
    }

    /// Buffers a record, waiting for room, and returns a handle to its fate. Records of one task to one partition
    /// keep the order of the calls.
    ///
    /// # Errors
    /// The topic or partition does not exist, the record is too large, or the producer is closed.
    pub async fn send(&self, record: ProducerRecord) -> Result<Delivery, ClientError> {
        let shared = &*self.shared;
        let known = shared.client.cluster().topics.get(&record.topic).cloned();
        let topic = match known.filter(|topic| !topic.partitions.is_empty()) {
            Some(topic) => topic,
            None => shared.client.topic_or_create(&record.topic).await?,
        };
        let size = record.size();
        if size > shared.config.max_request_bytes {
            return Err(ClientError::RecordTooLarge { size, limit: shared.config.max_request_bytes });
        }
        let permit = shared.memory.acquire_many(size as u32).await.map_err(|_| ClientError::Closed)?;
        let now = shared.client.env().clock.now();
        let timestamp = record.timestamp.unwrap_or_else(|| shared.client.env().clock.wall_ms());
        let (delivery, ready) = {
            let mut queues = shared.queues.lock();
            let partition = shared.choose(&topic, &record, &mut queues)?;
            queues.push(&shared.config, &topic.name, partition, &record, timestamp, size, now)?
        };
        // Given back when the batch is done.
        permit.forget();
        if ready {
            shared.wake.notify_one();
        }
        Ok(delivery)
    }

    /// Sends everything buffered now and waits until all of it succeeded or failed.
    pub async fn flush(&self) {
        self.shared.queues.lock().flushing += 1;
        self.shared.wake.notify_one();
        loop {
            let idle = self.shared.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            {
                let mut queues = self.shared.queues.lock();
                if queues.is_idle() {
                    queues.flushing -= 1;
                    return;
                }
            }
            idle.await;
        }
    }

    /// Flushes and takes nothing more.
    pub async fn close(self) {
        self.shared.memory.close();
        self.flush().await;
    }
}

impl Shared {
    fn choose(
        &self,
        topic: &Arc<Topic>,
        record: &ProducerRecord,
        queues: &mut Queues,
    ) -> Result<i32, ClientError> {
        let count = topic.partitions.len();
        match (record.partition, &record.key) {
            (Some(partition), _) if topic.partition(partition).is_some() => Ok(partition),
            (Some(partition), _) => {
                Err(ClientError::UnknownPartition { topic: topic.name.to_string(), partition, count })
            }
            (None, Some(key)) => Ok(partition_for_key(key, count)),
            (None, None) => Ok(queues.sticky(&topic.name, count, &*self.client.env().random)),
        }
    }
}

#[cfg(test)]
#[path = "producer_tests.rs"]
mod tests;
