//! `esker cluster`: who is there, who owns what, and what waits for what. Asks a broker's gRPC port.

mod drain;
mod status;
mod unclean_recover;

use std::fmt::Write as _;

use clap::Subcommand;
use esker_control_grpc::{ControlClient, LedgerIdView};
use esker_env::Env;

use super::{error::CliError, output::Format};

#[derive(Subcommand)]
pub(crate) enum ClusterCommand {
    /// Show the brokers, their shards, and what is blocked
    Status(status::Status),
    /// Let others take over everything that a broker does, and wait until it can be stopped
    Drain(drain::Drain),
    /// Go on without stores that do not come back: says what is lost, and does it when that is accepted
    UncleanRecover(unclean_recover::UncleanRecover),
}

/// Where to ask.
#[derive(clap::Args)]
pub(crate) struct Peer {
    /// The gRPC address of any broker
    #[arg(long, value_name = "HOST:PORT", env = "ESKER_GRPC", default_value = "127.0.0.1:9094")]
    grpc: String,
    /// Text for people, or JSON, one document per line
    #[arg(long, value_enum, default_value = "text")]
    output: Format,
}

impl ClusterCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Status(command) => command.peer.output,
            Self::Drain(command) => command.peer.output,
            Self::UncleanRecover(command) => command.peer.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Status(command) => command.run(&env).await,
            Self::Drain(command) => command.run(&env).await,
            Self::UncleanRecover(command) => command.run(&env).await,
        }
    }
}

impl Peer {
    async fn connect(&self, env: &Env) -> Result<ControlClient, CliError> {
        ControlClient::connect(&self.grpc, env).await.map_err(|error| {
            CliError::Found(format!("no broker of a cluster at {}: {error}; name one with --grpc", self.grpc))
        })
    }
}

fn name(ledger: LedgerIdView) -> String {
    format!("{}/{}", ledger.broker, ledger.number)
}

/// `no shards`, `1 shard`, `shards 1, 2, 5`.
fn shards(shards: &[u32]) -> String {
    match shards {
        [] => "no shards".to_owned(),
        [one] => format!("shard {one}"),
        many => {
            let mut text = "shards".to_owned();
            for (at, shard) in many.iter().enumerate() {
                let _ = write!(text, "{} {shard}", if at > 0 { "," } else { "" });
            }
            text
        }
    }
}
