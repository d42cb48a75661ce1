//! `esker bench`: load and measurements over the Kafka protocol.

mod consume;
mod e2e;
mod load;
mod produce;
mod read;
mod replay;
mod report;
mod workers;

use clap::Subcommand;
use esker_env::Env;

use super::error::CliError;
use super::output::Format;

#[derive(Subcommand)]
pub(crate) enum BenchCommand {
    /// Write records; measure throughput and the time to their acknowledgement
    Produce(produce::Produce),
    /// Read and decode records from the beginning of a topic
    Consume(consume::Consume),
    /// Write records at a rate and read them at once; measure the time from one to the other
    E2e(e2e::EndToEnd),
    /// Read a whole topic as fast as it comes, over several connections
    Replay(replay::Replay),
}

impl BenchCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Produce(command) => command.connect.output,
            Self::Consume(command) => command.connect.output,
            Self::E2e(command) => command.connect.output,
            Self::Replay(command) => command.connect.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Produce(command) => command.run(env).await,
            Self::Consume(command) => command.run(env).await,
            Self::E2e(command) => command.run(env).await,
            Self::Replay(command) => command.run(env).await,
        }
    }
}
