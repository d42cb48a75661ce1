//! `esker group offsets`.

use clap::Args;
use esker_env::Env;

use super::positions::{self, Position};
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(after_help = "Example:
  esker group offsets billing")]
pub(crate) struct Offsets {
    /// The group
    group: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Offsets {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env).await?;
        let (group, committed) = positions::existing(&client, &self.group).await?;
        let rows = positions::positions(&client, &group, &committed).await?;
        let json: Vec<_> = rows.iter().map(Position::as_json).collect();
        output::show(self.connect.output, &json, |mut out| positions::table(&rows).write(&mut out))?;
        Ok(())
    }
}
