//! `esker queue create`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::CreateQueueRequest;
use serde_json::json;

use super::{Api, said, settings};
use crate::cli::{error::CliError, output};

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue create jobs
  esker queue create jobs --partitions 8 --delivery-limit 3 --lease 60 --dead-letters dlq.jobs
  esker queue create orders --key-order --priority
  esker queue create payments --deduplication-window 3600")]
pub(crate) struct Create {
    /// The queue: a topic of this name, made if there is none
    queue: String,
    /// Partitions of a topic that is made
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
    partitions: u32,
    /// How often a message is given out before it is given up
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
    delivery_limit: u32,
    /// How long a receiver has a message
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "SECONDS")]
    lease: u32,
    /// The topic of what is given up, made if there is none; its name begins with "dlq."
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOPIC")]
    dead_letters: String,
    /// Whether messages may say when they are to be given out, and when they expire
    #[arg(long, value_name = "BOOL")]
    times: Option<bool>,
    /// Whether messages with a higher priority are given out first
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    priority: Option<bool>,
    /// Whether messages of one key are given out one at a time, in their order
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    key_order: Option<bool>,
    /// For how long a message's id counts: a second one is not written; 0 for none
    #[arg(long, value_name = "SECONDS")]
    deduplication_window: Option<u64>,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Create {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let asked = CreateQueueRequest {
            name: self.queue,
            partitions: self.partitions,
            delivery_limit: self.delivery_limit,
            lease_ms: self.lease.saturating_mul(1_000),
            dead_letter_topic: self.dead_letters,
            times: self.times,
            priority: self.priority,
            key_order: self.key_order,
            deduplication_window_ms: self.deduplication_window.map(|seconds| seconds.saturating_mul(1_000)),
        };
        let made = self.api.connect(env).await?.create(asked).await.map_err(|status| said(&status))?;
        let queue = made.queue.unwrap_or_default();
        let mut document = settings(&queue);
        document["created"] = json!(made.created);
        output::show(self.api.output, &document, |out| {
            let what = if made.created { "created" } else { "changed" };
            writeln!(out, "{what} queue {} with {} partitions", queue.name, queue.partitions)
        })?;
        Ok(())
    }
}
