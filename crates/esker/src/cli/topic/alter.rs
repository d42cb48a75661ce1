//! `esker topic alter`.

use clap::Args;
use esker_client::{ConfigOp, ResourceKind};
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::{output, values};

#[derive(Args)]
#[command(after_help = "Examples:
  esker topic alter orders --config retention.ms=604800000
  esker topic alter orders --delete-config retention.ms --partitions 32")]
pub(crate) struct Alter {
    /// The topic
    name: String,
    /// Set a setting, may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = values::key_value)]
    config: Vec<(String, String)>,
    /// Go back to what the topic inherits, may be repeated
    #[arg(long, value_name = "KEY")]
    delete_config: Vec<String>,
    /// Raise the number of partitions; keys are then spread anew
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Alter {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let set = self.config.into_iter().map(|(key, value)| (key, ConfigOp::Set(value)));
        let delete = self.delete_config.into_iter().map(|key| (key, ConfigOp::Delete));
        let changes: Vec<_> = set.chain(delete).collect();
        if changes.is_empty() && self.partitions.is_none() {
            return Err(CliError::usage("nothing to change: give --config, --delete-config or --partitions"));
        }
        let client = self.connect.client(env).await?;
        // Told as an unknown topic rather than an unknown resource.
        client.topic(&self.name).await?;
        if !changes.is_empty() {
            client.alter_configs(ResourceKind::Topic, &self.name, &changes).await?;
        }
        if let Some(count) = self.partitions {
            client.create_partitions(&self.name, count).await?;
        }
        let keys: Vec<&String> = changes.iter().map(|(key, _)| key).collect();
        let json = json!({ "topic": self.name, "configs": keys, "partitions": self.partitions });
        output::show(self.connect.output, &json, |out| {
            for key in &keys {
                writeln!(out, "changed {key} of topic {}", self.name)?;
            }
            match self.partitions {
                Some(count) => writeln!(out, "topic {} has {count} partitions now", self.name),
                None => Ok(()),
            }
        })?;
        Ok(())
    }
}
