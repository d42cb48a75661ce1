//! `esker exchange bind` and `esker exchange unbind`.

use bytes::Bytes;
use clap::Args;
use esker_env::Env;
use esker_grpc::messages::{BindRequest, Binding, Header, HeaderMatch, UnbindRequest};
use serde_json::json;

use super::{Api, said};
use crate::cli::{error::CliError, output};

/// A binding.
#[derive(Args)]
pub(crate) struct What {
    /// The exchange
    exchange: String,
    /// The queue
    queue: String,
    /// Direct: the routing key; topic: the pattern
    #[arg(long, short = 'r', default_value = "", hide_default_value = true, value_name = "KEY")]
    routing_key: String,
    /// A header that a message must have, with this value or with any; may be repeated
    #[arg(long, short = 'H', value_name = "KEY[=VALUE]")]
    header: Vec<String>,
    /// One of the headers is enough
    #[arg(long, requires = "header")]
    any: bool,
    #[command(flatten)]
    pub(crate) api: Api,
}

#[derive(Args)]
#[command(after_help = "Examples:
  esker exchange bind orders billing --routing-key 'order.*.paid'
  esker exchange bind alerts pager --header severity=high --header site --any")]
pub(crate) struct Bind {
    #[command(flatten)]
    pub(crate) what: What,
}

#[derive(Args)]
#[command(after_help = "Example:
  esker exchange unbind orders billing --routing-key 'order.*.paid'")]
pub(crate) struct Unbind {
    #[command(flatten)]
    pub(crate) what: What,
}

impl What {
    fn binding(&self) -> Binding {
        let header = |text: &String| match text.split_once('=') {
            Some((key, value)) => Header { key: key.to_owned(), value: Some(Bytes::from(value.to_owned())) },
            None => Header { key: text.clone(), value: None },
        };
        Binding {
            queue: self.queue.clone(),
            routing_key: self.routing_key.clone(),
            header_match: if self.any { HeaderMatch::Any } else { HeaderMatch::Unspecified }.into(),
            headers: self.header.iter().map(header).collect(),
        }
    }

    /// Tells what has become of it.
    fn tell(&self, fact: &str, is_so: bool, text: [&str; 2]) -> Result<(), CliError> {
        let Self { exchange, queue, .. } = self;
        let document = json!({ "exchange": exchange, "queue": queue, fact: is_so });
        output::show(self.api.output, &document, |out| {
            writeln!(out, "{} queue {queue} and exchange {exchange}", text[usize::from(!is_so)])
        })?;
        Ok(())
    }
}

impl Bind {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let what = self.what;
        let asked = BindRequest { exchange: what.exchange.clone(), binding: Some(what.binding()) };
        let done = what.api.connect(env).await?.bind(asked).await.map_err(|status| said(&status))?;
        what.tell("created", done.created, ["bound", "there is this binding already of"])
    }
}

impl Unbind {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let what = self.what;
        let asked = UnbindRequest { exchange: what.exchange.clone(), binding: Some(what.binding()) };
        let done = what.api.connect(env).await?.unbind(asked).await.map_err(|status| said(&status))?;
        what.tell("removed", done.removed, ["took away the binding of", "there was no such binding of"])
    }
}
