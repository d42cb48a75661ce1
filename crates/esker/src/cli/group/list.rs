//! `esker group list`.

use clap::Args;
use esker_env::Env;
use serde_json::json;

use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output::{self, Table};

#[derive(Args)]
#[command(after_help = "Examples:
  esker group list
  esker group list --type consumer --state Stable --state Reconciling
  esker group list billing --output json")]
pub(crate) struct List {
    /// Only groups whose names begin with this
    prefix: Option<String>,
    /// Only in this state, such as Stable or Empty; may be repeated
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Only of this type, classic or consumer; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    kind: Vec<String>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl List {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let mut groups = self.connect.client(env).await?.list_groups(&self.state, &self.kind).await?;
        groups.retain(|group| self.prefix.as_ref().is_none_or(|prefix| group.group.starts_with(prefix)));
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
