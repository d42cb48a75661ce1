//! `esker txn abort`.

use clap::Args;
use esker_client::{ActiveProducer, Client, HangingTransaction};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(
    after_help = "For what `esker txn find-hanging` finds. The records of the transaction become aborted in this partition,
and readers of committed records go on. A transaction that its coordinator still knows is ended by its producer, or by
its timeout; aborting it here breaks it apart.

Examples:
  esker txn abort orders --partition 3 --start-offset 1042
  esker txn abort orders --partition 3 --producer 4000 --epoch 7 --coordinator-epoch 12"
)]
pub(crate) struct Abort {
    /// The topic
    topic: String,
    /// The partition
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(0..))]
    partition: i32,
    /// Where the transaction begins in the partition
    #[arg(long, value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..), conflicts_with = "producer",
          required_unless_present = "producer")]
    start_offset: Option<i64>,
    /// The producer's id
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..), requires = "epoch")]
    producer: Option<i64>,
    /// The producer's epoch
    #[arg(long, value_parser = clap::value_parser!(i16).range(0..), requires = "producer")]
    epoch: Option<i16>,
    /// The coordinator's epoch as the partition says it
    #[arg(long, default_value_t = -1, allow_negative_numbers = true, requires = "producer",
          value_parser = clap::value_parser!(i32).range(-1..))]
    coordinator_epoch: i32,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Abort {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let (producer, epoch, coordinator_epoch) = match (self.producer, self.epoch) {
            (Some(producer), Some(epoch)) => (producer, epoch, self.coordinator_epoch),
            _ => self.found(&client).await?,
        };
        let transaction = HangingTransaction {
            topic: &self.topic,
            partition: self.partition,
            producer,
            epoch,
            coordinator_epoch,
        };
        client.abort_hanging(&transaction).await?;
        let done = json!({
            "topic": self.topic,
            "partition": self.partition,
            "producer_id": producer,
            "producer_epoch": epoch,
        });
        output::show(self.connect.output, &done, |out| {
            let Self { topic, partition, .. } = &self;
            writeln!(
                out,
                "aborted the transaction of producer {producer} epoch {epoch} in {topic}-{partition}"
            )
        })?;
        Ok(())
    }

    /// The producer whose open transaction begins there.
    async fn found(&self, client: &Client) -> Result<(i64, i16, i32), CliError> {
        let all = client.describe_producers(&self.topic, self.partition).await?;
        let begins = |producer: &&ActiveProducer| {
            producer.open_since.is_some() && producer.open_since == self.start_offset
        };
        let found = all.iter().find(begins).and_then(|found| {
            Some((found.producer, i16::try_from(found.epoch).ok()?, found.coordinator_epoch))
        });
        found.ok_or_else(|| {
            CliError::usage(format!(
                "no open transaction of {}-{} begins at offset {}: see `esker txn producers`",
                self.topic,
                self.partition,
                self.start_offset.unwrap_or(-1)
            ))
        })
    }
}
