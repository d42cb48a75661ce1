//! `esker queue request`.

use bytes::Bytes;
use clap::Args;
use esker_env::Env;
use esker_grpc::messages::{Message, RequestRequest};
use serde_json::{Value, json};

use super::{Api, headers, said, shown, text, value};
use crate::cli::{error::CliError, output, values};

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue request prices 'EUR/USD'
  esker queue request --exchange rpc --routing-key price.eu 'EUR/USD' --timeout 5
  esker queue request thumbnails --header size=64 < picture.png > thumbnail.png")]
pub(crate) struct Request {
    /// The queue; with --exchange the message
    #[arg(required_unless_present = "exchange")]
    queue: Option<String>,
    /// The message; all of standard input if it is not given
    message: Option<String>,
    /// Publish it to this exchange instead of a queue: the first reply counts
    #[arg(long, short = 'x', value_name = "EXCHANGE", conflicts_with = "message")]
    exchange: Option<String>,
    /// The routing key
    #[arg(long, short = 'r', requires = "exchange", value_name = "KEY")]
    routing_key: Option<String>,
    /// The message's key
    #[arg(long, short)]
    key: Option<String>,
    /// A header, may be repeated
    #[arg(long, short = 'H', value_name = "KEY=VALUE", value_parser = values::key_value)]
    header: Vec<(String, String)>,
    /// How long to wait for the reply
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=300))]
    timeout: u32,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Request {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let (queue, message) = match &self.exchange {
            Some(_) => (None, self.queue),
            None => (self.queue, self.message),
        };
        let message = Message {
            value: Some(value(message)?),
            key: self.key.map(Bytes::from),
            headers: headers(&self.header),
            ..Message::default()
        };
        let asked = RequestRequest {
            queue: queue.unwrap_or_default(),
            message: Some(message),
            exchange: self.exchange.unwrap_or_default(),
            routing_key: self.routing_key.unwrap_or_default(),
            timeout_ms: self.timeout.saturating_mul(1_000),
        };
        let client = self.api.connect(env).await?;
        let answer = client.request(asked).await.map_err(|status| said(&status))?;
        let reply = answer.reply.unwrap_or_default();
        let copies: Vec<Value> = answer
            .copies
            .iter()
            .map(|copy| json!({"queue": copy.queue, "partition": copy.partition, "offset": copy.offset}))
            .collect();
        let document = json!({
            "value": text(reply.value.as_ref()),
            "headers": shown(&reply.headers),
            "partition": answer.published.map(|at| at.partition),
            "offset": answer.published.map(|at| at.offset),
            "copies": copies,
        });
        // As it is: it may be anything.
        output::show(self.api.output, &document, |out| {
            out.write_all(reply.value.as_deref().unwrap_or_default())
        })?;
        Ok(())
    }
}
