//! `esker txn describe`.

use clap::Args;
use esker_client::TransactionDescription;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};
use crate::cli::values;

#[derive(Args)]
#[command(after_help = "Example:
  esker txn describe billing-1")]
pub(crate) struct Describe {
    /// The transactional id
    transactional_id: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Describe {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let found = client.describe_transaction(&self.transactional_id).await?;
        let txn = found.ok_or_else(|| {
            CliError::usage(format!("transactional id {:?} is not known", self.transactional_id))
        })?;
        let now = client.env().clock.wall_ms();
        output::show(self.connect.output, &as_json(&txn, now), |mut out| {
            writeln!(
                out,
                "transactional id {}: {}, producer {} epoch {}, timeout {} ms, coordinator {}",
                txn.transactional_id, txn.state, txn.producer, txn.epoch, txn.timeout_ms, txn.coordinator
            )?;
            if let Some(started) = txn.started_ms {
                writeln!(out, "began at {}, {} s ago", values::utc(started), (now - started).max(0) / 1_000)?;
            }
            let mut table = Table::new(&["topic", "partition"]);
            for (topic, partitions) in &txn.partitions {
                for partition in partitions {
                    table.row([topic.clone(), partition.to_string()]);
                }
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}

fn as_json(txn: &TransactionDescription, now: i64) -> serde_json::Value {
    json!({
        "transactional_id": txn.transactional_id,
        "coordinator": txn.coordinator,
        "producer_id": txn.producer,
        "producer_epoch": txn.epoch,
        "state": txn.state,
        "timeout_ms": txn.timeout_ms,
        "started_ms": txn.started_ms,
        "duration_ms": txn.started_ms.map(|started| (now - started).max(0)),
        "partitions": txn.partitions,
    })
}
