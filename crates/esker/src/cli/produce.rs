//! `esker produce`.
//!
//! The main thread reads lines and sends them; a task learns what became of each and writes it. Both run ahead of the
//! broker only as far as the producer's buffer and the queue between them allow.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use esker_client::{Acknowledged, Acks, ClientError, Delivery, Producer, ProducerConfig, ProducerRecord};
use esker_core::batch::Compression;
use esker_env::Env;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::connect::Connect;
use super::error::CliError;
use super::output::{self, Format};
use super::values;

#[derive(Args)]
#[command(after_help = "Examples:
  esker produce greetings 'Hello, world'
  esker produce orders '{\"id\": 7}' --key customer-3 --header source=shop --output json
  esker produce logs --compression zstd < /var/log/syslog
  printf 'k1:v1\\nk2:v2\\n' | esker produce pairs --key-separator :")]
pub(crate) struct Produce {
    /// The topic; created if the broker allows that
    topic: String,
    /// The value; lines of standard input, one record each, if not given
    value: Option<String>,
    /// The key of the record, or of every line
    #[arg(long, short)]
    key: Option<String>,
    /// What separates key and value in a line
    #[arg(long, conflicts_with_all = ["value", "key"], value_name = "TEXT")]
    key_separator: Option<String>,
    /// A header of every record, may be repeated
    #[arg(long, short = 'H', value_name = "KEY=VALUE", value_parser = values::key_value)]
    header: Vec<(String, String)>,
    /// The partition; by key, or at random, if not given
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// The timestamp of every record, milliseconds since 1970; now if not given
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..))]
    timestamp: Option<i64>,
    /// Send a record without a value: a tombstone for its key in a compacted topic
    #[arg(long, conflicts_with_all = ["value", "key_separator"])]
    null: bool,
    /// none, gzip, snappy, lz4 or zstd
    #[arg(long, default_value = "none", value_parser = values::compression)]
    compression: Compression,
    /// When the broker answers: 0 never, 1 leader, all
    #[arg(long, default_value = "all", value_parser = values::acks)]
    acks: Acks,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Produce {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env.clone()).await?;
        let single = self.value.is_some() || self.null;
        let config = ProducerConfig {
            acks: self.acks,
            compression: self.compression,
            linger: Duration::from_millis(if single { 0 } else { 5 }),
            batch_bytes: 256 * 1024,
            delivery_timeout: Duration::from_secs(self.connect.timeout.max(1)),
            ..ProducerConfig::default()
        };
        let producer = Producer::new(&client, config)?;
        let (deliveries, queue) = mpsc::channel(16 * 1024);
        let (report, reported) = oneshot::channel();
        let format = self.connect.output;
        env.tasks.spawn(async move {
            // Nobody listens only when the command failed meanwhile.
            let _ = report.send(collect(queue, format).await);
        });
        let sent = self.send_all(&producer, deliveries).await;
        // What was sent before an error is told too.
        producer.flush().await;
        let summary = reported.await.map_err(|_| ClientError::Closed)??;
        sent?;
        summary.tell(&self.topic, single, format)?;
        Ok(())
    }

    async fn send_all(
        &self,
        producer: &Producer,
        deliveries: mpsc::Sender<Delivery>,
    ) -> Result<(), CliError> {
        let template = ProducerRecord {
            topic: Arc::from(self.topic.as_str()),
            partition: self.partition,
            key: self.key.clone().map(Bytes::from),
            headers: self
                .header
                .iter()
                .map(|(key, value)| (Bytes::from(key.clone()), Some(Bytes::from(value.clone()))))
                .collect(),
            timestamp: self.timestamp,
            ..ProducerRecord::default()
        };
        if self.null || self.value.is_some() {
            let value = self.value.clone().map(Bytes::from);
            let delivery = producer.send(ProducerRecord { value, ..template }).await?;
            // The other end goes only after an error, which it tells.
            let _ = deliveries.send(delivery).await;
            return Ok(());
        }
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            let mut record = template.clone();
            (record.key, record.value) = match &self.key_separator {
                None => (record.key, Some(Bytes::copy_from_slice(&line))),
                Some(separator) => split(&line, separator.as_bytes())
                    .ok_or_else(|| CliError::usage(format!("line {number} has no {separator:?} in it")))?,
            };
            let delivery = producer.send(record).await?;
            if deliveries.send(delivery).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Key and value around the first separator.
fn split(line: &[u8], separator: &[u8]) -> Option<(Option<Bytes>, Option<Bytes>)> {
    let at = line.windows(separator.len().max(1)).position(|window| window == separator)?;
    let share = |part: &[u8]| Some(Bytes::copy_from_slice(part));
    Some((share(&line[..at]), share(&line[at + separator.len()..])))
}

/// What was acknowledged, per partition.
#[derive(Default)]
struct Summary {
    records: u64,
    partitions: BTreeMap<i32, (i64, i64)>,
}

/// Waits for every record; writes a line for each in JSON. Ends at the first error.
async fn collect(mut queue: mpsc::Receiver<Delivery>, format: Format) -> Result<Summary, CliError> {
    let mut summary = Summary::default();
    let mut lines = Vec::new();
    while let Some(delivery) = queue.recv().await {
        let acknowledged = delivery.wait().await?;
        summary.add(&acknowledged);
        if format == Format::Json {
            output::json_line(&mut lines, &as_json(&acknowledged))?;
        }
        // Written before the next wait, so that a slow input sees each line at once.
        if queue.is_empty() || lines.len() > 64 * 1024 {
            let mut out = io::stdout();
            out.write_all(&lines)?;
            out.flush()?;
            lines.clear();
        }
    }
    Ok(summary)
}

fn as_json(acknowledged: &Acknowledged) -> serde_json::Value {
    json!({
        "topic": &*acknowledged.topic,
        "partition": acknowledged.partition,
        "offset": (acknowledged.offset >= 0).then_some(acknowledged.offset),
        "timestamp": acknowledged.log_append_time,
    })
}

impl Summary {
    fn add(&mut self, record: &Acknowledged) {
        self.records += 1;
        let range = self.partitions.entry(record.partition).or_insert((record.offset, record.offset));
        *range = (range.0.min(record.offset), range.1.max(record.offset));
    }

    fn tell(&self, topic: &str, single: bool, format: Format) -> io::Result<()> {
        if format == Format::Json {
            return Ok(());
        }
        let mut out = output::stdout();
        if !single {
            writeln!(out, "{} records to {topic}", self.records)?;
        }
        for (partition, (first, last)) in &self.partitions {
            let offsets = match (first, last) {
                (-1, _) => "offset unknown".to_owned(),
                _ if first == last => format!("offset {first}"),
                _ => format!("offsets {first} to {last}"),
            };
            writeln!(out, "{topic} partition {partition} {offsets}")?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_the_first_separator() {
        let (key, value) = split(b"k::v::w", b"::").unwrap();
        assert_eq!((key.unwrap(), value.unwrap()), (Bytes::from("k"), Bytes::from("v::w")));
        assert!(split(b"none", b":").is_none());
        assert!(split(b"", b":").is_none());
    }
}
