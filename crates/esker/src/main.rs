//! The `esker` binary.

mod api;
mod archive;
mod broker;
mod cli;
mod cluster_view;
mod config;
mod coordination;
mod http;
mod metadata;
mod metrics;
mod peer;
mod running;
mod settings;
mod state;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

/// A distributed message queue and event log that speaks the Kafka protocol.
#[derive(Parser)]
#[command(name = "esker", version, propagate_version = true, arg_required_else_help = true)]
struct Esker {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Dev(broker::Dev),
    Broker(broker::BrokerCommand),
    #[command(flatten)]
    Client(cli::ClientCommand),
}

fn main() -> ExitCode {
    match Esker::parse().command {
        Command::Dev(dev) => dev.run(),
        Command::Broker(broker) => broker.run(),
        Command::Client(command) => cli::run(command),
    }
}
