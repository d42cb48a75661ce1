//! `esker queue describe`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::GetQueueRequest;
use serde_json::json;

use super::{Api, said, settings};
use crate::cli::{
    error::CliError,
    output::{self, Table},
};

#[derive(Args)]
#[command(after_help = "Example:
  esker queue describe jobs --output json")]
pub(crate) struct Describe {
    /// The queue
    queue: String,
    /// The share group to look at; the queue's own if not given
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Describe {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let asked = GetQueueRequest { name: self.queue, group: self.group };
        let found = self.api.connect(env).await?.get(asked).await.map_err(|status| said(&status))?;
        let queue = found.queue.unwrap_or_default();
        let depth: Vec<_> = found
            .partitions
            .iter()
            .map(|part| {
                json!({
                    "partition": part.partition,
                    "ready": part.ready,
                    "leased": part.leased,
                    "delayed": part.delayed,
                    "dying": part.dying,
                })
            })
            .collect();
        let mut document = settings(&queue);
        document["depth"] = json!(depth);
        output::show(self.api.output, &document, |mut out| {
            let dead = if queue.dead_letter_topic.is_empty() { "none" } else { &queue.dead_letter_topic };
            writeln!(
                out,
                "queue {}, group {}: delivery limit {}, lease {} ms, dead letters {dead}",
                queue.name, queue.group, queue.delivery_limit, queue.lease_ms
            )?;
            if queue.deduplication_window_ms > 0 {
                writeln!(out, "deduplication window {} ms", queue.deduplication_window_ms)?;
            }
            let mut table = Table::new(&["partition", "ready", "leased", "delayed", "dying"]);
            for part in &found.partitions {
                table.row([part.partition.into(), part.ready, part.leased, part.delayed, part.dying]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}
