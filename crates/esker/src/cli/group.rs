//! `esker group`.

mod delete;
mod describe;
mod list;
mod reset;

use clap::Subcommand;
use esker_env::Env;

use super::error::CliError;
use super::output::Format;

#[derive(Subcommand)]
pub(crate) enum GroupCommand {
    /// List groups
    List(list::List),
    /// Show members, positions and lag of a group
    Describe(describe::Describe),
    /// Move the committed positions of a group without members
    Reset(reset::Reset),
    /// Delete groups without members, and their positions
    Delete(delete::Delete),
}

impl GroupCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::List(command) => command.connect.output,
            Self::Describe(command) => command.connect.output,
            Self::Reset(command) => command.connect.output,
            Self::Delete(command) => command.connect.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(env).await,
            Self::Describe(command) => command.run(env).await,
            Self::Reset(command) => command.run(env).await,
            Self::Delete(command) => command.run(env).await,
        }
    }
}
