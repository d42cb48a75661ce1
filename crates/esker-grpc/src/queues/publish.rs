//! Publish: messages in, an answer for each once it is durable. What comes together is written together. A message to an
//! exchange is written to each of its queues as if it had come for that one alone.

mod destination;
mod routings;
mod writer;

use std::sync::Arc;

use futures::{FutureExt, Stream};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

pub(super) use self::{
    destination::{Destination, find, heeds},
    routings::Outcome,
    writer::{Hears, Writer},
};
use crate::{
    OWNER_WAIT, PATIENCE, STREAM_BYTES,
    budget::{Intake, Share},
    fault::Fault,
    lane::Done,
    produce::{broken, until_gone},
    proto::esker::v1::{self as api, publish_response::Result as Said},
    queues::message::put_headers,
    targets::Targets,
};

/// Answers that wait for the connection.
const ANSWERS: usize = 256;
/// Messages of one stream that are not answered, above which no more is read from it.
const STREAM_MESSAGES: usize = 10_000;
/// The most messages that are taken together.
pub(super) const TOGETHER: usize = 1_000;

type Answer = Result<api::PublishResponse, Status>;

/// Serves one stream; `place` is its own among all streams.
pub(crate) fn serve(
    targets: &Arc<Targets>,
    intake: Intake,
    place: Share,
    requests: Streaming<api::PublishRequest>,
) -> impl Stream<Item = Answer> + Send + use<> {
    let (answers, receiver) = mpsc::channel(ANSWERS);
    let targets = Arc::clone(targets);
    let tasks = targets.env.tasks.clone();
    let task = tasks.spawn_guarded(async move {
        let _place = place;
        let client = Client { answers, targets: Arc::clone(&targets) };
        let (writer, done) = Writer::new(&targets, client);
        let mut publish = Publish { requests, intake, targets, writer };
        if let Err(fault) = publish.run(done).await {
            let _ = publish.writer.hears.say(Err(fault.into())).await;
        }
    });
    until_gone(receiver, task)
}

/// Who publishes.
struct Client {
    answers: mpsc::Sender<Answer>,
    targets: Arc<Targets>,
}

impl Client {
    /// Sends an answer. A client that takes none for long is given up.
    async fn say(&self, answer: Answer) -> Result<(), Fault> {
        match self.targets.env.timeout(PATIENCE, self.answers.send(answer)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Fault::refused(Code::DeadlineExceeded, "TOO_SLOW", "answers are not read")),
        }
    }
}

impl Hears for Client {
    async fn hear(&mut self, id: u64, outcome: Outcome) -> Result<(), Fault> {
        let (result, copies) = match outcome {
            Outcome::Published(place) => (Said::Published(place), Vec::new()),
            Outcome::Routed(copies) => (Said::Routed(api::Routed { copies }), Vec::new()),
            Outcome::Failed(fault, copies) => (Said::Error(fault.rpc()), copies),
        };
        self.say(Ok(api::PublishResponse { id, result: Some(result), copies })).await
    }
}

struct Publish {
    requests: Streaming<api::PublishRequest>,
    intake: Intake,
    targets: Arc<Targets>,
    writer: Writer<Client>,
}

impl Publish {
    async fn run(&mut self, mut done: mpsc::UnboundedReceiver<Done>) -> Result<(), Fault> {
        let answers = self.writer.hears.answers.clone();
        let mut more = true;
        while more || !self.writer.is_idle() {
            let room = more && self.writer.messages() < STREAM_MESSAGES && self.writer.bytes() < STREAM_BYTES;
            tokio::select! {
                biased;
                Some(finished) = done.recv(), if !self.writer.is_idle() => self.writer.answer(finished).await?,
                next = self.next(), if room => {
                    more = self.gather(next?).await?;
                    self.writer.flush().await?;
                }
                // Whoever does not listen any more has gone.
                () = answers.closed() => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes a message and all that have come by now. Whether there may be more.
    async fn gather(&mut self, first: Option<(api::PublishRequest, Share)>) -> Result<bool, Fault> {
        let mut next = first;
        for _ in 0..TOGETHER {
            let Some((request, share)) = next else { return Ok(false) };
            self.take(request, share).await?;
            if self.writer.bytes() >= STREAM_BYTES {
                return Ok(true);
            }
            let Some(come) = self.next().now_or_never() else { return Ok(true) };
            next = come?;
        }
        let Some((request, share)) = next else { return Ok(false) };
        self.take(request, share).await?;
        Ok(true)
    }

    /// The next message, with what it holds of the memory for requests; `None` at the end.
    async fn next(&mut self) -> Result<Option<(api::PublishRequest, Share)>, Fault> {
        let request = self.requests.message().await.map_err(|status| broken(&status))?;
        let Some(request) = request else { return Ok(None) };
        let share = self.intake.message(request.encoded_len() + 5);
        Ok(Some((request, share)))
    }

    /// Puts a message to those for its queue, or its queues, or answers that it cannot go.
    async fn take(&mut self, asked: api::PublishRequest, share: Share) -> Result<(), Fault> {
        let api::PublishRequest { id, queue, message, exchange, routing_key } = asked;
        let mut message = message.unwrap_or_default();
        let heeds = || heeds(&self.targets, &queue, &exchange);
        if let Err(fault) = put_headers(&mut message, self.targets.env.clock.wall_ms(), heeds) {
            return self.writer.refuse(id, fault).await;
        }
        match find(&self.targets, &queue, (&exchange, &routing_key), &message.headers).await {
            Ok(Destination::Queue(topic))
                if !message.deduplication_id.is_empty() && self.targets.window_ms(&topic) == 0 =>
            {
                let text = "the queue has no window: set `deduplication_window_ms` with CreateQueue";
                self.writer.refuse(id, Fault::invalid("message.deduplication_id", text)).await
            }
            Ok(to) => {
                let give_up = self.targets.env.clock.now() + OWNER_WAIT;
                self.writer.take(id, to, message, share, give_up).await
            }
            Err(fault) => self.writer.refuse(id, fault).await,
        }
    }
}
