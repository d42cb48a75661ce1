//! `esker topic delete`.

use clap::Args;
use esker_client::ClientError;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(after_help = "Examples:
  esker topic delete orders
  esker topic delete orders clicks --if-exists")]
pub(crate) struct Delete {
    /// The topics
    #[arg(required = true)]
    names: Vec<String>,
    /// Succeed if a topic does not exist
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Delete {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let mut deleted = Vec::new();
        for name in &self.names {
            match client.delete_topic(name).await {
                Ok(()) => deleted.push(name),
                Err(ClientError::UnknownTopic(_)) if self.if_exists => {}
                Err(error) => return Err(error.into()),
            }
        }
        output::show(self.connect.output, &json!({ "deleted": deleted }), |out| {
            deleted.iter().try_for_each(|name| writeln!(out, "deleted topic {name}"))
        })?;
        Ok(())
    }
}
