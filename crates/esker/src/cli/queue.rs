//! `esker queue`: queues by the native API.

mod create;
mod dead_letters;
mod describe;
mod publish;
mod receive;
mod redrive;
mod reply;
mod request;

use std::io::Read;

use bytes::Bytes;
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
    /// Put a message into a queue, wait for the reply to it and show that
    Request(request::Request),
    /// Reply to a message that somebody waits with; `receive` shows its address
    Reply(reply::Reply),
    /// Show a queue's settings and how many messages are in it
    Describe(describe::Describe),
    /// Show what a queue has given up, also what was moved back since; nothing is taken
    DeadLetters(dead_letters::DeadLetters),
    /// Move dead letters back to their queue
    Redrive(redrive::Redrive),
}

impl QueueCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Create(command) => command.api.output,
            Self::Publish(command) => command.api.output,
            Self::Receive(command) => command.api.output,
            Self::Request(command) => command.api.output,
            Self::Reply(command) => command.api.output,
            Self::Describe(command) => command.api.output,
            Self::DeadLetters(command) => command.api.output,
            Self::Redrive(command) => command.api.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(&env).await,
            Self::Publish(command) => command.run(&env).await,
            Self::Receive(command) => command.run(&env).await,
            Self::Request(command) => command.run(&env).await,
            Self::Reply(command) => command.run(&env).await,
            Self::Describe(command) => command.run(&env).await,
            Self::DeadLetters(command) => command.run(&env).await,
            Self::Redrive(command) => command.run(&env).await,
        }
    }
}

/// Bytes that are not UTF-8 are shown as far as they are.
fn text(bytes: Option<&Bytes>) -> Value {
    bytes.map_or(Value::Null, |bytes| json!(String::from_utf8_lossy(bytes)))
}

/// Headers as they are shown.
fn shown(headers: &[api::Header]) -> Vec<Value> {
    let shown = |header: &api::Header| json!({"key": header.key, "value": text(header.value.as_ref())});
    headers.iter().map(shown).collect()
}

/// Headers from the command line.
fn headers(given: &[(String, String)]) -> Vec<api::Header> {
    let header = |(key, value): &(String, String)| api::Header {
        key: key.clone(),
        value: Some(Bytes::from(value.clone())),
    };
    given.iter().map(header).collect()
}

/// A message from the command line, or all of standard input.
fn value(given: Option<String>) -> std::io::Result<Bytes> {
    if let Some(given) = given {
        return Ok(given.into());
    }
    let mut value = Vec::new();
    std::io::stdin().lock().read_to_end(&mut value)?;
    Ok(value.into())
}

fn settings(queue: &api::Queue) -> Value {
    json!({
        "name": queue.name,
        "group": queue.group,
        "partitions": queue.partitions,
        "delivery_limit": queue.delivery_limit,
        "lease_ms": queue.lease_ms,
        "dead_letter_topic": queue.dead_letter_topic,
        "times": queue.times,
        "priority": queue.priority,
        "key_order": queue.key_order,
        "deduplication_window_ms": queue.deduplication_window_ms,
    })
}
