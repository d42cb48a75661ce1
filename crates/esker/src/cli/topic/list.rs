//! `esker topic list`.

use clap::Args;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Examples:
  esker topic list
  esker topic list --internal --output json")]
pub(crate) struct List {
    /// List the brokers' own topics too
    #[arg(long)]
    internal: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl List {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let mut topics = self.connect.client(env).await?.list_topics().await?;
        topics.retain(|topic| self.internal || !topic.internal);
        let replicas =
            |topic: &esker_client::Topic| topic.partitions.first().map_or(0, |first| first.replicas.len());
        let all: Vec<_> = topics
            .iter()
            .map(|topic| {
                json!({
                    "topic": &*topic.name,
                    "id": topic.id.to_string(),
                    "partitions": topic.partitions.len(),
                    "replication_factor": replicas(topic),
                    "internal": topic.internal,
                })
            })
            .collect();
        output::show(self.connect.output, &all, |mut out| {
            let mut table = Table::new(&["topic", "partitions", "replicas"]);
            for topic in &topics {
                table.row([
                    topic.name.to_string(),
                    topic.partitions.len().to_string(),
                    replicas(topic).to_string(),
                ]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}
