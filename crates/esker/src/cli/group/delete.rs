//! `esker group delete`.

use clap::Args;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(after_help = "Example:
  esker group delete billing")]
pub(crate) struct Delete {
    /// The groups; they must have no members
    #[arg(required = true)]
    groups: Vec<String>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Delete {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        for group in &self.groups {
            client.delete_group(group).await?;
        }
        output::show(self.connect.output, &json!({ "deleted": self.groups }), |out| {
            self.groups.iter().try_for_each(|group| writeln!(out, "deleted group {group}"))
        })?;
        Ok(())
    }
}
