//! `esker archive`: what the object store holds. On a machine without the broker's configuration there is nothing to
//! look at, so these commands take that configuration rather than an address.

mod inspect;
mod list;
mod remote;
mod source;
mod verify;

use clap::Subcommand;
use esker_env::Env;

use super::error::CliError;
use super::output::Format;

#[derive(Subcommand)]
pub(crate) enum ArchiveCommand {
    /// List the objects, or the partitions in them
    List(list::List),
    /// Show what an object holds
    Inspect(inspect::Inspect),
    /// Read everything back: every checksum, every batch, every offset
    Verify(verify::Verify),
}

impl ArchiveCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::List(command) => command.source.output,
            Self::Inspect(command) => command.source.output,
            Self::Verify(command) => command.source.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(env).await,
            Self::Inspect(command) => command.run(env).await,
            Self::Verify(command) => command.run(env).await,
        }
    }
}
