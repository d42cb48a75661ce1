//! `esker queue publish`.

use std::{
    collections::BTreeSet,
    io::{self, BufRead},
};

use bytes::Bytes;
use clap::Args;
use esker_env::Env;
use esker_grpc::messages::{Message, PublishRequest, publish_response::Result as Answer};
use serde_json::json;
use tokio::sync::mpsc;

use super::{Api, headers, said};
use crate::cli::{error::CliError, output, values};

/// Messages that are not answered, above which no more are read.
const UNDER_WAY: usize = 5_000;

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue publish jobs 'do this' 'and that'
  esker queue publish jobs --key customer-3 --header source=shop < lines.txt
  esker queue publish payments --deduplication-id invoice-7 '{\"id\": 7}'
  esker queue publish --exchange orders --routing-key order.eu.paid '{\"id\": 7}'")]
pub(crate) struct Publish {
    /// The queue; with --exchange the first message
    #[arg(required_unless_present = "exchange")]
    queue: Option<String>,
    /// The messages; lines of standard input, one message each, if none is given
    message: Vec<String>,
    /// Publish to this exchange instead of a queue
    #[arg(long, short = 'x', value_name = "EXCHANGE")]
    exchange: Option<String>,
    /// The routing key of every message
    #[arg(long, short = 'r', requires = "exchange", value_name = "KEY")]
    routing_key: Option<String>,
    /// The key of every message
    #[arg(long, short)]
    key: Option<String>,
    /// A header of every message, may be repeated
    #[arg(long, short = 'H', value_name = "KEY=VALUE", value_parser = values::key_value)]
    header: Vec<(String, String)>,
    /// Nobody gets them before this has passed
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, hide_default_value = true)]
    delay_ms: u64,
    /// Nobody gets them after this has passed
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, hide_default_value = true)]
    ttl_ms: u64,
    /// 0 to 9, the higher comes first
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    priority: u32,
    /// Names the message: a second one of it is not written within the queue's window. It is the id of every message
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    deduplication_id: String,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Publish {
    fn message(&self, value: Vec<u8>) -> Message {
        Message {
            value: Some(value.into()),
            key: self.key.clone().map(Bytes::from),
            headers: headers(&self.header),
            delay_ms: self.delay_ms,
            ttl_ms: self.ttl_ms,
            priority: self.priority,
            deduplication_id: self.deduplication_id.clone(),
            ..Message::default()
        }
    }

    /// What every message has.
    fn request(&self, id: u64, value: Vec<u8>) -> PublishRequest {
        let exchange = self.exchange.clone().unwrap_or_default();
        let queue = self.queue.clone().filter(|_| self.exchange.is_none());
        PublishRequest {
            id,
            queue: queue.unwrap_or_default(),
            message: Some(self.message(value)),
            exchange,
            routing_key: self.routing_key.clone().unwrap_or_default(),
        }
    }

    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let mut messages = self.message.clone();
        if self.exchange.is_some() {
            messages.splice(0..0, self.queue.clone());
        }
        let client = self.api.connect(env).await?;
        let (send, requests) = mpsc::unbounded_channel();
        let mut answers = client.publish(requests).await.map_err(|status| said(&status))?;
        let mut lines = io::stdin().lock();
        let mut given = messages.iter();
        let mut waiting = BTreeSet::new();
        let mut sender = Some(send);
        let (mut id, mut published, mut copies, mut duplicates) = (0_u64, 0_u64, 0_usize, 0_usize);
        loop {
            while let Some(send) = sender.as_ref().filter(|_| waiting.len() < UNDER_WAY) {
                let value = if messages.is_empty() {
                    let mut line = Vec::new();
                    let read = lines.read_until(b'\n', &mut line)?;
                    if line.last() == Some(&b'\n') {
                        line.pop();
                    }
                    (read > 0).then_some(line)
                } else {
                    given.next().map(|value| value.clone().into_bytes())
                };
                let Some(value) = value else {
                    sender = None;
                    break;
                };
                id += 1;
                waiting.insert(id);
                // The other end goes only after an error, which it tells.
                let _ = send.send(self.request(id, value));
            }
            if waiting.is_empty() {
                break;
            }
            let Some(answer) = answers.message().await.map_err(|status| said(&status))? else {
                return Err(CliError::Found(format!("{} messages were not answered", waiting.len())));
            };
            waiting.remove(&answer.id);
            match answer.result {
                Some(Answer::Published(place)) => {
                    published += 1;
                    copies += 1;
                    duplicates += usize::from(place.duplicate);
                }
                Some(Answer::Routed(routed)) => {
                    published += 1;
                    copies += routed.copies.len();
                    duplicates += routed.copies.iter().filter(|copy| copy.duplicate).count();
                }
                Some(Answer::Error(error)) => {
                    return Err(CliError::Found(format!("message {}: {}", answer.id, error.message)));
                }
                None => return Err(CliError::Found(format!("message {} has no answer", answer.id))),
            }
        }
        let mut document = match (&self.exchange, &self.queue) {
            (Some(exchange), _) => json!({"exchange": exchange, "published": published, "copies": copies}),
            (None, queue) => json!({"queue": queue, "published": published}),
        };
        if !self.deduplication_id.is_empty() {
            document["duplicates"] = json!(duplicates);
        }
        output::show(self.api.output, &document, |out| {
            match (&self.exchange, &self.queue) {
                (Some(exchange), _) => {
                    write!(out, "published {published} messages to {exchange}, {copies} to queues")?;
                }
                (None, queue) => {
                    let queue = queue.as_deref().unwrap_or_default();
                    write!(out, "published {published} messages to {queue}")?;
                }
            }
            match duplicates {
                0 => writeln!(out),
                duplicates => writeln!(out, ", {duplicates} were there already"),
            }
        })?;
        Ok(())
    }
}
