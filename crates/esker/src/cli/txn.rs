//! `esker txn`.

mod abort;
mod describe;
mod find_hanging;
mod list;
mod producers;

use clap::Subcommand;
use esker_env::Env;

use super::error::CliError;
use super::output::Format;

#[derive(Subcommand)]
pub(crate) enum TxnCommand {
    /// List transactional ids
    List(list::List),
    /// Show a transactional id and the partitions in its transaction
    Describe(describe::Describe),
    /// Show the producers that a partition knows
    Producers(producers::Producers),
    /// Look for open transactions that no coordinator will end
    FindHanging(find_hanging::FindHanging),
    /// Abort a transaction in one partition, whatever its coordinator says
    Abort(abort::Abort),
}

impl TxnCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::List(command) => command.connect.output,
            Self::Describe(command) => command.connect.output,
            Self::Producers(command) => command.connect.output,
            Self::FindHanging(command) => command.connect.output,
            Self::Abort(command) => command.connect.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(env).await,
            Self::Describe(command) => command.run(env).await,
            Self::Producers(command) => command.run(env).await,
            Self::FindHanging(command) => command.run(env).await,
            Self::Abort(command) => command.run(env).await,
        }
    }
}
