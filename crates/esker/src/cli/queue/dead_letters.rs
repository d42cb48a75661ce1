//! `esker queue dead-letters`.

use std::io::Write;

use clap::Args;
use esker_env::Env;
use esker_grpc::{
    DeadLetter,
    messages::{
        ConsumeOpen, ConsumeRequest, Credit, GetQueueRequest, Position, Unit, consume_request::Request,
        consume_response::Response, position,
    },
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Api, said, text};
use crate::cli::{
    error::CliError,
    output::{self, Format},
    values,
};

/// What is on its way at a time, bytes.
const BYTES: u64 = 1 << 20;

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue dead-letters jobs
  esker queue dead-letters jobs --count 100 --output json")]
pub(crate) struct DeadLetters {
    /// The queue
    queue: String,
    /// The share group that has given them up; the queue's own if not given
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// Show at most so many
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    pub(crate) api: Api,
}

/// A letter and where it lies.
struct Shown {
    partition: u32,
    offset: i64,
    timestamp_ms: i64,
    letter: DeadLetter,
}

impl DeadLetters {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let client = self.api.connect(env).await?;
        let asked = GetQueueRequest { name: self.queue.clone(), group: self.group.clone() };
        let queue = client.get(asked).await.map_err(|status| said(&status))?.queue.unwrap_or_default();
        if queue.dead_letter_topic.is_empty() {
            let text = format!("group {} has no topic for dead letters", queue.group);
            return Err(CliError::Found(text));
        }
        let (send, requests) = mpsc::unbounded_channel();
        // The other end goes only after an error, which it tells.
        let say = |request| drop(send.send(ConsumeRequest { request: Some(request) }));
        let earliest = Position { position: Some(position::Position::Earliest(Unit {})) };
        say(Request::Open(ConsumeOpen {
            topic: queue.dead_letter_topic,
            start: Some(earliest),
            until_end: true,
            credit_bytes: BYTES,
            ..ConsumeOpen::default()
        }));
        let mut records = client.consume(requests).await.map_err(|status| said(&status))?;
        let mut left = self.count.unwrap_or(u64::MAX);
        while left > 0 {
            let Some(answer) = records.message().await.map_err(|status| said(&status))? else { break };
            let Some(Response::Records(page)) = answer.response else { continue };
            let mut out = output::stdout();
            for record in page.records {
                let (offset, timestamp_ms) = (record.offset, record.timestamp_ms);
                let letter = DeadLetter::read(record)
                    .filter(|letter| letter.queue == queue.name && letter.group == queue.group);
                let Some(letter) = letter.filter(|_| left > 0) else { continue };
                left -= 1;
                let shown = Shown { partition: page.partition, offset, timestamp_ms, letter };
                match self.api.output {
                    Format::Json => output::json_line(&mut out, &shown.document())?,
                    Format::Text => shown.write(&mut out)?,
                }
            }
            out.flush()?;
            say(Request::Credit(Credit { bytes: page.cost }));
        }
        Ok(())
    }
}

impl Shown {
    fn document(&self) -> Value {
        let Self { partition, offset, timestamp_ms, letter } = self;
        let headers: Vec<Value> = letter
            .message
            .headers
            .iter()
            .map(|header| json!({"key": header.key, "value": text(header.value.as_ref())}))
            .collect();
        json!({
            "partition": partition,
            "offset": offset,
            "timestamp": timestamp_ms,
            "queue": letter.queue,
            "group": letter.group,
            "delivery_count": letter.delivery_count,
            "message": { "partition": letter.partition, "offset": letter.offset },
            "key": text(letter.message.key.as_ref()),
            "value": text(letter.message.value.as_ref()),
            "headers": headers,
        })
    }

    fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        let Self { partition, offset, timestamp_ms, letter } = self;
        let count = letter.delivery_count.map_or_else(|| "?".to_owned(), |count| count.to_string());
        let at = values::utc(*timestamp_ms);
        let from = format!("{}:{}", letter.partition, letter.offset);
        write!(out, "{partition}:{offset} {at} was {from}, given out {count} times: ")?;
        out.write_all(letter.message.value.as_deref().unwrap_or_default())?;
        out.write_all(b"\n")
    }
}
