//! `esker bench e2e`.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clap::Args;
use esker_client::{
    Client, Consumer, ConsumerConfig, Isolation, OffsetSpec, Producer, ProducerRecord, StartAt,
};
use esker_env::{Env, Monotonic};

use super::load::{Load, Pace, Values};
use super::report::{Latencies, Report};
use super::workers::Workers;
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::progress::Progress;

#[derive(Args)]
#[command(after_help = "Example:
  esker bench e2e --rate 1000 --records 30000 --size 100 --linger-ms 0")]
pub(crate) struct EndToEnd {
    #[command(flatten)]
    load: Load,
    /// Records per second
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,
    /// Records in all
    #[arg(long, short = 'n', default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// What every value starts with: this run's number, then the time that its latency counts from, nanoseconds on this
/// process's clock.
struct Mark {
    run: u64,
    from: u64,
}

impl Mark {
    const LEN: usize = 16;

    fn read(value: &[u8]) -> Option<Self> {
        let (run, rest) = value.split_first_chunk::<8>()?;
        let (from, _) = rest.split_first_chunk::<8>()?;
        Some(Self { run: u64::from_be_bytes(*run), from: u64::from_be_bytes(*from) })
    }

    fn put(&self, value: &[u8]) -> Bytes {
        let mut marked = BytesMut::with_capacity(value.len().max(Self::LEN));
        marked.extend_from_slice(&self.run.to_be_bytes());
        marked.extend_from_slice(&self.from.to_be_bytes());
        marked.extend_from_slice(value.get(Self::LEN..).unwrap_or_default());
        marked.freeze()
    }
}

impl EndToEnd {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env.clone()).await?;
        let topic = self.load.topic(&client).await?;
        let mut consumer = self.consumer(&client, &topic).await?;
        let run = env.random.next_u64();
        let mut workers = Workers::new(&env);
        let start = env.clock.now();
        let producer = Producer::new(&client, self.load.producer())?;
        let values = Values::new(&*env.random, self.load.size);
        let pace = Pace::new(&env, self.rate as f64);
        workers.start(send_all(producer, Arc::clone(&topic), values, pace, run, self.records));

        let mut latencies = Latencies::new();
        let mut progress = Progress::new(&env);
        let mut seen = 0;
        let mut last = env.clock.now();
        let stall = Duration::from_secs(self.connect.timeout.max(1));
        while seen < self.records {
            tokio::select! {
                biased;
                Some(sent) = workers.next() => sent?,
                polled = consumer.poll(Duration::from_millis(200)) => {
                    let now = env.clock.now();
                    for polled in polled? {
                        polled.for_each(|record| {
                            let mark = Mark::read(record.value.unwrap_or_default());
                            if let Some(mark) = mark.filter(|mark| mark.run == run) {
                                latencies.record(now - Monotonic(Duration::from_nanos(mark.from)));
                                (seen, last) = (seen + 1, now);
                            }
                        })?;
                    }
                    if now - last > stall {
                        let text = format!("no record for {stall:?}: {seen} of {} arrived", self.records);
                        return Err(CliError::usage(text));
                    }
                }
            }
            progress.update(|| format!("{seen} of {} records", self.records));
        }
        drop(progress);
        let took = env.clock.now() - start;
        let bytes = self.records * u64::from(self.load.size);
        let report = Report::new(&topic, seen, bytes, took, Some(&latencies));
        output::show(self.connect.output, &report, |out| report.text(out))?;
        Ok(())
    }

    /// A consumer that waits at the end of every partition.
    async fn consumer(&self, client: &Client, topic: &Arc<str>) -> Result<Consumer, CliError> {
        let partitions = &client.topic(topic).await?.partitions;
        let places: Vec<_> = partitions.iter().map(|p| (&**topic, p.index, OffsetSpec::Latest)).collect();
        let ends = client.offsets(&places, Isolation::ReadUncommitted).await?;
        let mut consumer = Consumer::new(client, ConsumerConfig::default());
        consumer.assign(
            ends.into_iter().map(|((topic, partition), end)| (topic, partition, StartAt::Offset(end.offset))),
        );
        Ok(consumer)
    }
}

async fn send_all(
    producer: Producer,
    topic: Arc<str>,
    values: Values,
    pace: Pace,
    run: u64,
    records: u64,
) -> Result<(), CliError> {
    let mut last = None;
    for number in 0..records {
        let from = pace.due(number).await;
        let mark = Mark { run, from: from.0.as_nanos() as u64 };
        let value = Some(mark.put(&values.get(number)));
        let record = ProducerRecord { topic: Arc::clone(&topic), value, ..ProducerRecord::default() };
        let delivery = producer.send(record).await?;
        if let Some(Err(error)) = delivery.poll_result() {
            return Err(error.into());
        }
        last = Some(delivery);
    }
    producer.flush().await;
    if let Some(delivery) = last {
        delivery.wait().await?;
    }
    Ok(())
}
