//! `esker queue`: queues by the native API.

mod create;
mod describe;
mod publish;
mod receive;

use clap::Subcommand;
use esker_env::Env;
use esker_grpc::messages as api;
use serde_json::{Value, json};

use super::{
    error::CliError,
    native::{Api, said},
    output::Format,
};

#[derive(Subcommand)]
pub(crate) enum QueueCommand {
    /// Make a queue, or change the settings of one
    Create(create::Create),
    /// Put messages into a queue, from the command line or from standard input
    Publish(publish::Publish),
    /// Take messages out of a queue
    Receive(receive::Receive),
    /// Show a queue's settings and how many messages are in it
    Describe(describe::Describe),
}

impl QueueCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Create(command) => command.api.output,
            Self::Publish(command) => command.api.output,
            Self::Receive(command) => command.api.output,
            Self::Describe(command) => command.api.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(&env).await,
            Self::Publish(command) => command.run(&env).await,
            Self::Receive(command) => command.run(&env).await,
            Self::Describe(command) => command.run(&env).await,
        }
    }
}

fn settings(queue: &api::Queue) -> Value {
    json!({
        "name": queue.name,
        "group": queue.group,
        "partitions": queue.partitions,
        "delivery_limit": queue.delivery_limit,
        "lease_ms": queue.lease_ms,
        "dead_letter_topic": queue.dead_letter_topic,
    })
}
