//! `esker txn producers`.

use clap::Args;
use esker_client::ActiveProducer;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(after_help = "Example:
  esker txn producers orders --partition 3")]
pub(crate) struct Producers {
    /// The topic
    topic: String,
    /// The partition
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(0..))]
    partition: i32,
    /// Only those with an open transaction
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Producers {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let mut found = client.describe_producers(&self.topic, self.partition).await?;
        found.retain(|producer| !self.open || producer.open_since.is_some());
        let all: Vec<_> = found.iter().map(as_json).collect();
        output::show(self.connect.output, &all, |mut out| {
            let mut table = Table::new(&[
                "producer id",
                "epoch",
                "last sequence",
                "last write",
                "coordinator epoch",
                "open since offset",
            ]);
            for producer in &found {
                table.row([
                    producer.producer.to_string(),
                    producer.epoch.to_string(),
                    producer.last_sequence.to_string(),
                    values::utc(producer.last_timestamp),
                    producer.coordinator_epoch.to_string(),
                    producer.open_since.map_or("-".to_owned(), |offset| offset.to_string()),
                ]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}

fn as_json(producer: &ActiveProducer) -> serde_json::Value {
    json!({
        "producer_id": producer.producer,
        "producer_epoch": producer.epoch,
        "last_sequence": producer.last_sequence,
        "last_timestamp": producer.last_timestamp,
        "coordinator_epoch": producer.coordinator_epoch,
        "transaction_start_offset": producer.open_since,
    })
}
