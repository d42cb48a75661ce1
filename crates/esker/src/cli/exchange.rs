//! `esker exchange`: exchanges and their bindings by the native API.

mod bind;
mod create;
mod delete;
mod describe;
mod list;

use clap::{Subcommand, ValueEnum};
use esker_env::Env;
use esker_grpc::messages::ExchangeKind;

use super::{
    error::CliError,
    native::{Api, said},
    output::Format,
};

#[derive(Subcommand)]
pub(crate) enum ExchangeCommand {
    /// Make an exchange
    Create(create::Create),
    /// Delete exchanges with their bindings; queues stay
    Delete(delete::Delete),
    /// List exchanges
    List(list::List),
    /// Show an exchange and its bindings
    Describe(describe::Describe),
    /// Bind a queue: it gets what is published to the exchange and matches
    Bind(bind::Bind),
    /// Take a binding away, given as it was made
    Unbind(bind::Unbind),
}

/// How an exchange finds the queues of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// By the routing key
    Direct,
    /// By a pattern of the routing key's words: * for one, # for any number
    Topic,
    /// Every bound queue
    Fanout,
    /// By headers
    Headers,
}

impl Kind {
    const fn message(self) -> ExchangeKind {
        match self {
            Self::Direct => ExchangeKind::Direct,
            Self::Topic => ExchangeKind::Topic,
            Self::Fanout => ExchangeKind::Fanout,
            Self::Headers => ExchangeKind::Headers,
        }
    }
}

/// A kind's name.
fn kind_name(kind: i32) -> &'static str {
    match ExchangeKind::try_from(kind) {
        Ok(ExchangeKind::Direct) => "direct",
        Ok(ExchangeKind::Topic) => "topic",
        Ok(ExchangeKind::Fanout) => "fanout",
        Ok(ExchangeKind::Headers) => "headers",
        Ok(ExchangeKind::Unspecified) | Err(_) => "unknown",
    }
}

impl ExchangeCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Create(command) => command.api.output,
            Self::Delete(command) => command.api.output,
            Self::List(command) => command.api.output,
            Self::Describe(command) => command.api.output,
            Self::Bind(command) => command.what.api.output,
            Self::Unbind(command) => command.what.api.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(&env).await,
            Self::Delete(command) => command.run(&env).await,
            Self::List(command) => command.run(&env).await,
            Self::Describe(command) => command.run(&env).await,
            Self::Bind(command) => command.run(&env).await,
            Self::Unbind(command) => command.run(&env).await,
        }
    }
}
