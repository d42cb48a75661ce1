//! The commands that talk to a running cluster, one file each. They use the Kafka protocol and nothing else, but for
//! `esker cluster`, which asks the brokers' own port, `esker queue` and `esker exchange`, which use the native API, and `esker archive`, which
//! reads the object store.

mod archive;
mod bench;
mod cluster;
mod connect;
mod consume;
mod error;
mod exchange;
mod group;
mod native;
mod output;
mod produce;
mod progress;
mod queue;
mod record_json;
mod topic;
mod txn;
mod values;

use std::process::ExitCode;

use clap::Subcommand;
use esker_env::Env;

use error::CliError;
use output::Format;

/// Commands that connect to a cluster.
#[derive(Subcommand)]
pub(crate) enum ClientCommand {
    /// Create, list, describe, alter and delete topics
    #[command(subcommand)]
    Topic(topic::TopicCommand),
    /// Write records, from the command line or from standard input
    Produce(produce::Produce),
    /// Read records
    Consume(consume::Consume),
    /// List, describe, move and delete consumer groups
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// List, describe and end transactions
    #[command(subcommand)]
    Txn(txn::TxnCommand),
    /// Make queues, put messages into them and take messages out, by the native API
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// Make exchanges, and bind queues to them, by the native API
    #[command(subcommand)]
    Exchange(exchange::ExchangeCommand),
    /// Look into the object store: what is there, and whether it is whole
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// See and steer the brokers of a cluster
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Measure a cluster: throughput and latency
    #[command(subcommand)]
    Bench(bench::BenchCommand),
}

impl ClientCommand {
    fn format(&self) -> Format {
        match self {
            Self::Topic(command) => command.format(),
            Self::Produce(command) => command.connect.output,
            Self::Consume(command) => command.connect.output,
            Self::Group(command) => command.format(),
            Self::Txn(command) => command.format(),
            Self::Queue(command) => command.format(),
            Self::Exchange(command) => command.format(),
            Self::Archive(command) => command.format(),
            Self::Cluster(command) => command.format(),
            Self::Bench(command) => command.format(),
        }
    }

    async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Topic(command) => command.run(env).await,
            Self::Produce(command) => command.run(env).await,
            Self::Consume(command) => command.run(env).await,
            Self::Group(command) => command.run(env).await,
            Self::Txn(command) => command.run(env).await,
            Self::Queue(command) => command.run(env).await,
            Self::Exchange(command) => command.run(env).await,
            Self::Archive(command) => command.run(env).await,
            Self::Cluster(command) => command.run(env).await,
            Self::Bench(command) => command.run(env).await,
        }
    }
}

/// Runs a command to its end. The exit code is 0, or 1 after an error told on standard error.
///
/// The command itself runs on this thread and may block it on standard input and output: connections live on the
/// runtime's other threads.
pub(crate) fn run(command: ClientCommand) -> ExitCode {
    let format = command.format();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return error::report(&CliError::Io(error), format),
    };
    let done = runtime.block_on(Box::pin(command.run(Env::real())));
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough, as in `| head`.
        Err(CliError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => error::report(&error, format),
    }
}
