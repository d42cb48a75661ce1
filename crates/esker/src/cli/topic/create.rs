//! `esker topic create`.

use clap::Args;
use esker_client::{ClientError, NewTopic};
use esker_env::Env;
use esker_kafka_wire::ErrorCode;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::{output, values};

#[derive(Args)]
#[command(after_help = "Examples:
  esker topic create orders --partitions 16
  esker topic create clicks --partitions 8 --config retention.ms=86400000 --config esker.mode=throughput")]
pub(crate) struct Create {
    /// Name: letters, digits, dots, underscores and hyphens, at most 249
    name: String,
    /// Partitions; the broker's default if not given
    #[arg(long, short, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Copies of every record; the broker's default if not given
    #[arg(long, value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// A setting, may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = values::key_value)]
    config: Vec<(String, String)>,
    /// Succeed if the topic exists already, whatever its settings
    #[arg(long)]
    if_not_exists: bool,
    /// Only say whether it could be created
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Create {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let topic = NewTopic {
            name: self.name.clone(),
            partitions: self.partitions,
            replication_factor: self.replication_factor,
            configs: self.config.into_iter().collect(),
        };
        let created = match client.create_topic(&topic, self.dry_run).await {
            Ok(created) => Some(created),
            Err(ClientError::Refused { code: ErrorCode::TopicAlreadyExists, .. }) if self.if_not_exists => {
                None
            }
            Err(error) => return Err(error.into()),
        };
        let json = json!({
            "topic": self.name,
            "created": created.is_some() && !self.dry_run,
            "id": created.map(|created| created.id.to_string()),
            "partitions": created.map(|created| created.partitions),
            "replication_factor": created.map(|created| created.replication_factor),
        });
        output::show(self.connect.output, &json, |out| match created {
            None => writeln!(out, "topic {} exists already", self.name),
            Some(_) if self.dry_run => writeln!(out, "topic {} could be created", self.name),
            Some(created) if created.partitions > 0 => {
                let many = if created.partitions == 1 { "" } else { "s" };
                writeln!(out, "created topic {} with {} partition{many}", self.name, created.partitions)
            }
            Some(_) => writeln!(out, "created topic {}", self.name),
        })?;
        Ok(())
    }
}
