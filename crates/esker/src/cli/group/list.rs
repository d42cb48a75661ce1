//! `esker group list`.

use clap::Args;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Example:
  esker group list")]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl List {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let groups = self.connect.client(env).await?.list_groups().await?;
        let all: Vec<_> = groups
            .iter()
            .map(|group| {
                json!({
                    "group": group.group,
                    "state": group.state,
                    "type": group.kind,
                    "protocol_type": group.protocol_type,
                })
            })
            .collect();
        output::show(self.connect.output, &all, |mut out| {
            let mut table = Table::new(&["group", "state", "type", "protocol"]);
            for group in &groups {
                table.row([&group.group, &group.state, &group.kind, &group.protocol_type]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}
