//! `esker group`.

mod delete;
mod describe;
mod list;
mod members;
mod offsets;
mod positions;
mod reset_offsets;

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
    /// Show the members of a group and what is assigned to them
    Members(members::Members),
    /// Show the positions and lag of a group
    Offsets(offsets::Offsets),
    /// Move the committed positions of a group without members
    #[command(alias = "reset")]
    ResetOffsets(reset_offsets::ResetOffsets),
    /// Delete groups without members, and their positions
    Delete(delete::Delete),
}

impl GroupCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::List(command) => command.connect.output,
            Self::Describe(command) => command.connect.output,
            Self::Members(command) => command.connect.output,
            Self::Offsets(command) => command.connect.output,
            Self::ResetOffsets(command) => command.connect.output,
            Self::Delete(command) => command.connect.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(env).await,
            Self::Describe(command) => command.run(env).await,
            Self::Members(command) => command.run(env).await,
            Self::Offsets(command) => command.run(env).await,
            Self::ResetOffsets(command) => command.run(env).await,
            Self::Delete(command) => command.run(env).await,
        }
    }
}
