//! `esker group describe`.

use clap::Args;
use esker_client::GroupDescription;
use esker_env::Env;
use serde_json::json;

use super::members;
use super::positions::{self, Position};
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(after_help = "Examples:
  esker group describe billing
  esker group describe billing --output json")]
pub(crate) struct Describe {
    /// The group
    group: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Describe {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let (group, committed) = positions::existing(&client, &self.group).await?;
        let rows = positions::positions(&client, &group, &committed).await?;
        output::show(self.connect.output, &as_json(&group, &rows), |mut out| {
            writeln!(
                out,
                "group {}: {}, {} members, coordinator {}",
                group.group,
                group.state,
                group.members.len(),
                group.coordinator
            )?;
            positions::table(&rows).write(&mut out)
        })?;
        Ok(())
    }
}

fn as_json(group: &GroupDescription, rows: &[Position]) -> serde_json::Value {
    json!({
        "group": group.group,
        "state": group.state,
        "type": group.kind,
        "assignor": group.assignor,
        "coordinator": group.coordinator,
        "members": group.members.iter().map(members::as_json).collect::<Vec<_>>(),
        "partitions": rows.iter().map(Position::as_json).collect::<Vec<_>>(),
    })
}
