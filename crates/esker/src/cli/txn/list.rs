//! `esker txn list`.

use clap::Args;
use esker_client::TransactionFilter;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Examples:
  esker txn list
  esker txn list --state Ongoing --longer-than 60
  esker txn list --pattern 'billing-.*' --output json")]
pub(crate) struct List {
    /// Only in this state, such as Ongoing or CompleteCommit; may be repeated
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Only of this producer id; may be repeated
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..))]
    producer: Vec<i64>,
    /// Only those under way for longer than this
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32))]
    longer_than: Option<u32>,
    /// Only ids that match this regular expression as a whole
    #[arg(long, value_name = "REGEX")]
    pattern: Option<String>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl List {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let filter = TransactionFilter {
            states: self.state,
            producers: self.producer,
            longer_than_ms: self.longer_than.map(|seconds| i64::from(seconds) * 1_000),
            pattern: self.pattern,
        };
        let found = self.connect.client(env).await?.list_transactions(&filter).await?;
        let all: Vec<_> = found
            .iter()
            .map(|txn| {
                json!({
                    "transactional_id": txn.transactional_id,
                    "coordinator": txn.coordinator,
                    "producer_id": txn.producer,
                    "state": txn.state,
                })
            })
            .collect();
        output::show(self.connect.output, &all, |mut out| {
            let mut table = Table::new(&["transactional id", "coordinator", "producer id", "state"]);
            for txn in &found {
                let (coordinator, producer) = (txn.coordinator.to_string(), txn.producer.to_string());
                table.row([&txn.transactional_id, &coordinator, &producer, &txn.state]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}
