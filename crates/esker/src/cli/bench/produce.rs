//! `esker bench produce`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use esker_client::{Delivery, Producer, ProducerRecord};
use esker_env::{Env, Monotonic};
use tokio::sync::mpsc;

use super::load::{Load, Pace, Values};
use super::report::{Latencies, Report};
use super::workers::Workers;
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::progress::Progress;

#[derive(Args)]
#[command(after_help = "Examples:
  esker bench produce --records 1000000 --size 1024 --partitions 16
  esker bench produce --records 200000 --throughput 20000 --acks all --output json")]
pub(crate) struct Produce {
    #[command(flatten)]
    load: Load,
    /// Records in all
    #[arg(long, short = 'n', default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
    /// Records per second in all, 0 for as many as possible
    #[arg(long, default_value_t = 0)]
    throughput: u64,
    /// Producers at once, each with connections of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    producers: u64,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// One producer's share of the work.
struct Share {
    producer: Arc<Producer>,
    topic: Arc<str>,
    values: Arc<Values>,
    pace: Pace,
    records: u64,
    first: u64,
}

impl Produce {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env.clone()).await?;
        let topic = self.load.topic(&client).await?;
        let values = Arc::new(Values::new(&*env.random, self.load.size));
        let done = Arc::new(AtomicU64::new(0));
        let mut workers = Workers::new(&env);
        let start = env.clock.now();
        for number in 0..self.producers {
            let producer = Arc::new(Producer::new(&client, self.load.producer())?);
            let (sender, deliveries) = mpsc::channel(64 * 1024);
            let share = Share {
                producer,
                topic: Arc::clone(&topic),
                values: Arc::clone(&values),
                pace: Pace::new(&env, self.throughput as f64 / self.producers as f64),
                records: self.records / self.producers + u64::from(number < self.records % self.producers),
                first: number,
            };
            workers.start(async move { share.send_all(sender).await.map(|()| None) });
            let done = Arc::clone(&done);
            workers.start(async move { collect(deliveries, &done).await.map(Some) });
        }
        let mut latencies = Latencies::new();
        let mut progress = Progress::new(&env);
        loop {
            let next = env.timeout(Duration::from_millis(200), workers.next()).await;
            progress.update(|| format!("{} of {} records", done.load(Ordering::Relaxed), self.records));
            match next {
                Err(_) => {}
                Ok(None) => break,
                Ok(Some(result)) => result?.iter().for_each(|other| latencies.merge(other)),
            }
        }
        drop(progress);
        let took = env.clock.now() - start;
        let bytes = self.records * u64::from(self.load.size);
        let report = Report::new(&topic, self.records, bytes, took, Some(&latencies));
        output::show(self.connect.output, &report, |out| report.text(out))?;
        Ok(())
    }
}

impl Share {
    async fn send_all(self, deliveries: mpsc::Sender<(Delivery, Monotonic)>) -> Result<(), CliError> {
        for number in 0..self.records {
            let from = self.pace.due(number).await;
            let record = ProducerRecord {
                topic: Arc::clone(&self.topic),
                value: Some(self.values.get(number.wrapping_add(self.first << 32))),
                ..ProducerRecord::default()
            };
            let delivery = self.producer.send(record).await?;
            if deliveries.send((delivery, from)).await.is_err() {
                // The collector failed, and tells why.
                return Ok(());
            }
        }
        self.producer.flush().await;
        Ok(())
    }
}

async fn collect(
    mut deliveries: mpsc::Receiver<(Delivery, Monotonic)>,
    done: &AtomicU64,
) -> Result<Latencies, CliError> {
    let mut latencies = Latencies::new();
    while let Some((delivery, from)) = deliveries.recv().await {
        let acknowledged = delivery.wait().await?;
        latencies.record(acknowledged.at - from);
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(latencies)
}
