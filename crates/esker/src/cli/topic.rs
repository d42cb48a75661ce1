//! `esker topic`.

mod alter;
mod create;
mod delete;
mod describe;
mod list;

use clap::Subcommand;
use esker_env::Env;

use super::error::CliError;
use super::output::Format;

#[derive(Subcommand)]
pub(crate) enum TopicCommand {
    /// Create a topic
    Create(create::Create),
    /// List topics
    List(list::List),
    /// Show partitions, offsets and settings of a topic
    Describe(describe::Describe),
    /// Change settings, add partitions
    Alter(alter::Alter),
    /// Delete topics and everything in them
    Delete(delete::Delete),
}

impl TopicCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Create(command) => command.connect.output,
            Self::List(command) => command.connect.output,
            Self::Describe(command) => command.connect.output,
            Self::Alter(command) => command.connect.output,
            Self::Delete(command) => command.connect.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(env).await,
            Self::List(command) => command.run(env).await,
            Self::Describe(command) => command.run(env).await,
            Self::Alter(command) => command.run(env).await,
            Self::Delete(command) => command.run(env).await,
        }
    }
}
