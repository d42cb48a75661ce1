//! What the writing measurements share: arguments, the topic, values, pace.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clap::Args;
use esker_client::{Acks, Client, ClientError, NewTopic, ProducerConfig};
use esker_core::batch::Compression;
use esker_env::{Env, Monotonic, Random};
use esker_kafka_wire::ErrorCode;

use crate::cli::error::CliError;
use crate::cli::values;

/// Arguments of measurements that write.
#[derive(Args, Clone)]
pub(super) struct Load {
    /// The topic; created if it does not exist
    #[arg(long, default_value = "esker-bench")]
    pub(super) topic: String,
    /// Partitions of the topic when it is created
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// A setting of the topic when it is created, may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::key_value)]
    config: Vec<(String, String)>,
    /// Bytes of a value
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(16..=67_108_864))]
    pub(super) size: u32,
    /// When the broker answers: 0 never, 1 leader, all
    #[arg(long, default_value = "all", value_parser = values::acks)]
    acks: Acks,
    /// none, gzip, snappy, lz4 or zstd
    #[arg(long, default_value = "none", value_parser = values::compression)]
    compression: Compression,
    /// How long a batch waits for more records, milliseconds
    #[arg(long, default_value_t = 5)]
    linger_ms: u64,
    /// Size at which a batch is sent without waiting, bytes
    #[arg(long, default_value_t = 131_072)]
    batch_bytes: usize,
    /// Memory for records not yet acknowledged, per producer, bytes
    #[arg(long, default_value_t = 33_554_432)]
    buffer_bytes: usize,
}

impl Load {
    /// Creates the topic if it does not exist.
    pub(super) async fn topic(&self, client: &Client) -> Result<Arc<str>, CliError> {
        match client.topic(&self.topic).await {
            Ok(topic) => return Ok(Arc::clone(&topic.name)),
            Err(ClientError::UnknownTopic(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let topic = NewTopic {
            name: self.topic.clone(),
            partitions: Some(self.partitions),
            replication_factor: None,
            configs: self.config.iter().cloned().collect(),
        };
        match client.create_topic(&topic, false).await {
            Ok(_) | Err(ClientError::Refused { code: ErrorCode::TopicAlreadyExists, .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // The new topic may take a moment to be known everywhere.
        let topic = client.topic_or_create(&self.topic).await?;
        Ok(Arc::clone(&topic.name))
    }

    pub(super) fn producer(&self) -> ProducerConfig {
        let max_request_bytes = (self.size as usize + 4096).max(1024 * 1024);
        ProducerConfig {
            acks: self.acks,
            compression: self.compression,
            linger: Duration::from_millis(self.linger_ms),
            batch_bytes: self.batch_bytes,
            buffer_bytes: self.buffer_bytes.max(max_request_bytes),
            max_request_bytes,
            ..ProducerConfig::default()
        }
    }
}

/// Values cut from one random text of 64 letters, so that making them costs next to nothing and compressing them
/// gains a quarter.
pub(super) struct Values {
    pool: Bytes,
    size: usize,
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Values {
    pub(super) fn new(random: &dyn Random, size: u32) -> Self {
        let size = size as usize;
        let mut pool = BytesMut::with_capacity(size + 1024 * 1024);
        while pool.len() < size + 1024 * 1024 {
            let bits = random.next_u64();
            pool.extend((0..10).map(|i| LETTERS[(bits >> (6 * i)) as usize & 63]));
        }
        Self { pool: pool.freeze(), size }
    }

    /// The value for a record number.
    pub(super) fn get(&self, number: u64) -> Bytes {
        // A stride that is prime to the pool's length, so that neighbours differ.
        let at = (number.wrapping_mul(7_919) % (self.pool.len() - self.size) as u64) as usize;
        self.pool.slice(at..at + self.size)
    }
}

/// Spreads records evenly over time.
pub(super) struct Pace {
    env: Env,
    start: Monotonic,
    /// Nanoseconds between records, 0 for no limit.
    gap: f64,
}

/// A record later than this was held up by us or the producer, not by the timer: it counts from when it was due.
const SLOP: Duration = Duration::from_millis(3);

impl Pace {
    /// `rate` in records per second, 0 for no limit.
    pub(super) fn new(env: &Env, rate: f64) -> Self {
        let gap = if rate > 0.0 { 1e9 / rate } else { 0.0 };
        Self { env: env.clone(), start: env.clock.now(), gap }
    }

    /// Waits until a record is due. Returns the time from which its latency counts.
    pub(super) async fn due(&self, number: u64) -> Monotonic {
        let due = self.start + Duration::from_nanos((self.gap * number as f64) as u64);
        let mut now = self.env.clock.now();
        if self.gap == 0.0 {
            return now;
        }
        if due > now {
            self.env.clock.sleep(due - now).await;
            now = self.env.clock.now();
        }
        if now - due > SLOP { due } else { now }
    }
}
