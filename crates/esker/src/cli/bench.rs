//! `esker bench`.

use clap::Subcommand;
use esker_env::Env;

use super::error::CliError;
use super::output::Format;

#[derive(Subcommand)]
pub(crate) enum BenchCommand {}

impl BenchCommand {
    pub(super) fn format(&self) -> Format {
        match *self {}
    }

    pub(super) async fn run(self, _env: Env) -> Result<(), CliError> {
        match self {}
    }
}
