//! `esker queue receive`.

use std::{collections::VecDeque, io::Write, time::Duration};

use clap::Args;
use esker_env::Env;
use esker_grpc::{
    QueueClient,
    messages::{
        Delivery, ReceiveCredit, ReceiveOpen, ReceiveRequest, ReceiveResponse, Settle, Verdict,
        receive_request::Request, receive_response::Response,
    },
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tonic::Streaming;

use super::{Api, said, shown, text};
use crate::cli::{
    error::CliError,
    output::{self, Format},
};

/// Messages that are asked for together.
const TOGETHER: u32 = 100;
/// The same, bytes.
const BYTES: u64 = 4 << 20;

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue receive jobs --count 10
  esker queue receive jobs --idle 5 --output json
  esker queue receive jobs --filter \"headers.region == 'eu' && priority >= 5\"
  esker queue receive jobs --count 1 --nack")]
pub(crate) struct Receive {
    /// The queue
    queue: String,
    /// The share group; the queue's own if not given
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// Which messages to take: an expression over headers, key and priority
    #[arg(long, default_value = "", hide_default_value = true, value_name = "EXPRESSION")]
    filter: String,
    /// End after so many messages
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// End when no message has come for so long
    #[arg(long, value_name = "SECONDS")]
    idle: Option<u64>,
    /// Put each message back after it was shown
    #[arg(long, conflicts_with = "reject")]
    nack: bool,
    /// Put them back for later
    #[arg(long, requires = "nack", value_name = "SECONDS")]
    delay: Option<u32>,
    /// Give each message up after it was shown: to the dead letters
    #[arg(long)]
    reject: bool,
    #[command(flatten)]
    pub(crate) api: Api,
}

/// A receiver's stream.
struct Stream {
    send: Option<mpsc::UnboundedSender<ReceiveRequest>>,
    answers: Streaming<ReceiveResponse>,
    /// What has come and is not shown yet.
    come: VecDeque<Vec<Delivery>>,
}

impl Stream {
    async fn open(client: &QueueClient, open: ReceiveOpen) -> Result<Self, CliError> {
        let (send, requests) = mpsc::unbounded_channel();
        let _ = send.send(ReceiveRequest { request: Some(Request::Open(open)) });
        let answers = client.receive(requests).await.map_err(|status| said(&status))?;
        Ok(Self { send: Some(send), answers, come: VecDeque::new() })
    }

    fn say(&self, request: Request) {
        // The other end goes only after an error, which it tells.
        let _ = self.send.as_ref().map(|send| send.send(ReceiveRequest { request: Some(request) }));
    }

    async fn next(&mut self) -> Result<Option<Response>, CliError> {
        let answer = self.answers.message().await.map_err(|status| said(&status))?;
        Ok(answer.and_then(|answer| answer.response))
    }

    async fn messages(&mut self) -> Result<Vec<Delivery>, CliError> {
        if let Some(come) = self.come.pop_front() {
            return Ok(come);
        }
        loop {
            match self.next().await? {
                Some(Response::Messages(messages)) => return Ok(messages.deliveries),
                Some(_) => {}
                None => return Err(ended()),
            }
        }
    }
}

impl Receive {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let client = self.api.connect(env).await?;
        let mut left = self.count.unwrap_or(u64::MAX);
        let credit = ReceiveCredit { messages: ask_for(left), bytes: BYTES };
        let open = ReceiveOpen {
            queue: self.queue.clone(),
            group: self.group.clone(),
            credit: Some(credit),
            filter: self.filter.clone(),
        };
        let mut stream = Stream::open(&client, open).await?;
        let verdict = match (self.nack, self.reject) {
            (true, _) => Verdict::Nack,
            (_, true) => Verdict::Reject,
            _ => Verdict::Ack,
        };
        let idle = Duration::from_secs(self.idle.unwrap_or(365 * 86_400));
        while left > 0 {
            let Ok(deliveries) = env.timeout(idle, stream.messages()).await else { break };
            let deliveries = deliveries?;
            let count = deliveries.len() as u64;
            let bytes = deliveries.iter().map(|delivery| delivery.cost).sum();
            self.show(&deliveries)?;
            let receipts = deliveries.into_iter().filter_map(|delivery| delivery.receipt).collect();
            let delay_ms = self.delay.unwrap_or(0).saturating_mul(1_000);
            let said = Settle { id: 1, verdict: verdict.into(), receipts, delay_ms };
            settle(&mut stream, said).await?;
            left = left.saturating_sub(count);
            if left > 0 {
                let messages = u32::try_from(count).unwrap_or(u32::MAX).min(ask_for(left));
                stream.say(Request::Credit(ReceiveCredit { messages, bytes }));
            }
        }
        // It has its answers: what else it was given goes back.
        drop(stream.send.take());
        while stream.next().await?.is_some() {}
        Ok(())
    }

    fn show(&self, deliveries: &[Delivery]) -> Result<(), CliError> {
        let mut out = output::stdout();
        for delivery in deliveries {
            match self.api.output {
                Format::Json => output::json_line(&mut out, &document(delivery))?,
                Format::Text => {
                    out.write_all(delivery.value.as_deref().unwrap_or_default())?;
                    out.write_all(b"\n")?;
                }
            }
        }
        out.flush()?;
        Ok(())
    }
}

/// Says what became of messages, and waits until it counts.
async fn settle(stream: &mut Stream, said: Settle) -> Result<(), CliError> {
    stream.say(Request::Settle(said));
    loop {
        match stream.next().await? {
            Some(Response::Settled(settled)) => {
                let error = settled.failed.into_iter().find_map(|failed| failed.error);
                return error.map_or(Ok(()), |error| Err(CliError::Found(error.message)));
            }
            Some(Response::Messages(messages)) => stream.come.push_back(messages.deliveries),
            Some(Response::Opened(_)) => {}
            None => return Err(ended()),
        }
    }
}

fn ended() -> CliError {
    CliError::Found("the broker has ended the stream".to_owned())
}

fn ask_for(left: u64) -> u32 {
    u32::try_from(left).unwrap_or(TOGETHER).min(TOGETHER)
}

fn document(delivery: &Delivery) -> Value {
    let receipt = delivery.receipt.unwrap_or_default();
    let reply_to = Some(&delivery.reply_to).filter(|address| !address.is_empty());
    json!({
        "partition": receipt.partition,
        "offset": receipt.offset,
        "delivery_count": receipt.delivery_count,
        "timestamp": delivery.timestamp_ms,
        "key": text(delivery.key.as_ref()),
        "value": text(delivery.value.as_ref()),
        "headers": shown(&delivery.headers),
        "reply_to": reply_to,
    })
}
