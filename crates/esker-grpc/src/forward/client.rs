//! Asking the other brokers.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use esker_control_grpc::Sessions;
use esker_core::PartitionId;
use esker_env::{Env, TaskGuard};
use esker_meta::SessionKey;
use esker_wal_grpc::Channel;
use futures::{Stream, stream};
use http::uri::PathAndQuery;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::{
    APPEND, ASK, AWAIT, DELIVER, DELIVERIES, DEPTH, LOCATE, MAX_MESSAGE, POLLS, QUESTIONS, READ, REPLY,
};
use crate::{
    convert,
    fault::Fault,
    owner::{Page, Repeat, Rules, Written},
    proto::esker::{forward::v1 as proto, v1 as api},
    targets::{LONG_POLL, Road, not_yet},
};

/// The other brokers, as owners of partitions.
pub(crate) struct Remote {
    sessions: Sessions,
    env: Env,
    questions: Semaphore,
    /// Long polls, which must not keep the others waiting.
    polls: Semaphore,
    deliveries: Semaphore,
}

async fn unary<Q, A>(channel: Channel, path: &'static str, asked: Q) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut grpc = channel.grpc().max_decoding_message_size(MAX_MESSAGE);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(path);
    Ok(grpc.unary(Request::new(asked), path, ProstCodec::<Q, A>::default()).await?.into_inner())
}

impl Remote {
    pub(crate) fn new(sessions: Sessions, env: &Env) -> Self {
        Self {
            sessions,
            env: env.clone(),
            questions: Semaphore::new(QUESTIONS),
            polls: Semaphore::new(POLLS),
            deliveries: Semaphore::new(DELIVERIES),
        }
    }

    async fn ask<Q, A>(
        &self,
        turns: &Semaphore,
        at: SessionKey,
        limit: std::time::Duration,
        path: &'static str,
        asked: Q,
    ) -> Result<A, Fault>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let _turn = turns.acquire().await.map_err(|_| Fault::not_here("the broker is stopping"))?;
        let answer = self.sessions.ask(at, limit, |channel| unary(channel, path, asked)).await;
        // What only reads has changed nothing.
        answer.map_err(|error| Fault::not_here(error.why))
    }

    pub(crate) async fn read(
        &self,
        at: SessionKey,
        id: PartitionId,
        from: i64,
        max_bytes: usize,
        committed: bool,
    ) -> Result<Page, Fault> {
        let asked = proto::ReadRequest {
            partition: Some(convert::partition_message(id)),
            from,
            max_bytes: u32::try_from(max_bytes).unwrap_or(u32::MAX),
            committed,
        };
        let answer: proto::ReadResponse = self.ask(&self.questions, at, ASK, READ, asked).await?;
        if let Some(fault) = answer.fault {
            return Err(convert::fault(fault));
        }
        Ok(Page {
            chunks: vec![answer.batches],
            next: answer.next.max(from),
            offsets: answer.offsets.unwrap_or_default(),
            aborted: answer.aborted,
        })
    }

    pub(crate) async fn await_end(
        &self,
        at: SessionKey,
        id: PartitionId,
        from: i64,
        committed: bool,
    ) -> Result<proto::Offsets, Fault> {
        let asked = proto::AwaitRequest {
            partition: Some(convert::partition_message(id)),
            from,
            committed,
            wait_ms: LONG_POLL.as_millis() as u32,
        };
        let answer: proto::OffsetsResponse = self.ask(&self.polls, at, LONG_POLL + ASK, AWAIT, asked).await?;
        match answer.fault {
            Some(fault) => Err(convert::fault(fault)),
            None => Ok(answer.offsets.unwrap_or_default()),
        }
    }

    pub(crate) async fn locate(
        &self,
        at: SessionKey,
        id: PartitionId,
        timestamp: Option<i64>,
    ) -> Result<(proto::Offsets, Option<i64>), Fault> {
        let partition = Some(convert::partition_message(id));
        let asked = proto::LocateRequest { partition, timestamp_ms: timestamp };
        let answer: proto::LocateResponse = self.ask(&self.questions, at, ASK, LOCATE, asked).await?;
        match answer.fault {
            Some(fault) => Err(convert::fault(fault)),
            None => Ok((answer.offsets.unwrap_or_default(), answer.offset)),
        }
    }
}

impl Remote {
    pub(crate) async fn depth(
        &self,
        at: SessionKey,
        group: &str,
        id: PartitionId,
    ) -> Result<proto::DepthResponse, Fault> {
        let partition = Some(convert::partition_message(id));
        let asked = proto::DepthRequest { partition, group: group.to_owned() };
        let mut answer: proto::DepthResponse = self.ask(&self.questions, at, ASK, DEPTH, asked).await?;
        match answer.fault.take() {
            Some(fault) => Err(convert::fault(fault)),
            None => Ok(answer),
        }
    }

    /// Has another broker hand a reply to the request that waits there.
    pub(crate) async fn reply(
        &self,
        at: SessionKey,
        reply_to: String,
        reply: api::Reply,
    ) -> Result<(), Fault> {
        let asked = proto::ReplyRequest { reply_to, reply: Some(reply) };
        let answer = self.ask::<_, proto::ReplyResponse>(&self.questions, at, ASK, REPLY, asked).await;
        // Without an answer it may have been handed over.
        let answer = answer.map_err(|fault| Fault::unknown(fault.message))?;
        answer.fault.map_or(Ok(()), |fault| Err(convert::fault(fault)))
    }

    /// Takes what a receiver says to a broker, and answers back, until that ends. Why it does.
    pub(crate) async fn deliver(
        &self,
        at: SessionKey,
        requests: mpsc::UnboundedReceiver<proto::DeliverRequest>,
        answers: &mpsc::Sender<proto::DeliverResponse>,
    ) -> Fault {
        let Ok(_turn) = self.deliveries.acquire().await else {
            return Fault::not_here("the broker is stopping");
        };
        let held = match self.sessions.hold(at, ASK).await {
            Ok(held) => held,
            Err(error) => return Fault::not_here(error.why),
        };
        let ended = receive(held.channel().clone(), requests, answers).await;
        if let Err(status) = &ended {
            held.failed();
            return Fault::not_here(format!("{at}: {}", status.message()));
        }
        Fault::not_here(format!("{at}: it was ended"))
    }
}

async fn receive(
    channel: Channel,
    requests: mpsc::UnboundedReceiver<proto::DeliverRequest>,
    answers: &mpsc::Sender<proto::DeliverResponse>,
) -> Result<(), Status> {
    let mut grpc = channel.grpc().max_decoding_message_size(MAX_MESSAGE);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<proto::DeliverRequest, proto::DeliverResponse>::default();
    let request = Request::new(stream_of(requests));
    let opened = grpc.streaming(request, PathAndQuery::from_static(DELIVER), codec);
    let mut received = opened.await?.into_inner();
    while let Some(answer) = received.message().await? {
        if answers.send(answer).await.is_err() {
            break;
        }
    }
    Ok(())
}

type Answer = Result<Written, Fault>;

/// One client's ways of appends to other brokers: a stream to each, so that what goes there keeps its order.
#[derive(Default)]
pub(crate) struct RemoteAppends(Mutex<Ways>);

#[derive(Default)]
struct Ways {
    open: BTreeMap<SessionKey, Way>,
    /// So many have been opened.
    number: u64,
}

/// A stream of appends to one broker.
struct Way {
    number: u64,
    send: mpsc::UnboundedSender<proto::AppendRequest>,
    waiting: Arc<Mutex<Waiting>>,
    _task: TaskGuard,
}

/// Appends that are not answered.
#[derive(Default)]
struct Waiting {
    next: u64,
    answers: BTreeMap<u64, oneshot::Sender<Answer>>,
    /// Why nothing goes this way any more.
    over: Option<Fault>,
}

impl Waiting {
    fn end(&mut self, fault: &Fault) {
        self.over = Some(fault.clone());
        for answer in std::mem::take(&mut self.answers).into_values() {
            let _ = answer.send(Err(fault.clone()));
        }
    }
}

impl RemoteAppends {
    /// Sends a batch behind those that were sent there before: with `behind`, only by that road. With the number of the road.
    ///
    /// # Errors
    /// It was not sent.
    #[expect(clippy::too_many_arguments, reason = "a request, and where it goes")]
    pub(crate) fn send(
        &self,
        remote: &Arc<Remote>,
        at: SessionKey,
        id: PartitionId,
        batch: Bytes,
        rules: Rules,
        attempt: u32,
        behind: Option<Road>,
    ) -> Result<(u64, oneshot::Receiver<Answer>), Fault> {
        let mut ways = self.0.lock();
        let Ways { open, number } = &mut *ways;
        open.retain(|_, way| way.waiting.lock().over.is_none());
        let way = open.entry(at).or_insert_with(|| {
            *number += 1;
            Way::open(remote, at, *number)
        });
        if behind.is_some_and(|road| road != Road::There(way.number)) {
            return Err(not_yet());
        }
        let (reply, answer) = oneshot::channel();
        let mut waiting = way.waiting.lock();
        if let Some(fault) = &waiting.over {
            return Err(fault.clone());
        }
        let sequence = waiting.next;
        waiting.next += 1;
        let partition = Some(convert::partition_message(id));
        let Rules { all_replicas, window_ms } = rules;
        let request = proto::AppendRequest { sequence, partition, batch, all_replicas, attempt, window_ms };
        way.send.send(request).map_err(|_| Fault::not_here("the way to its owner has ended"))?;
        waiting.answers.insert(sequence, reply);
        Ok((way.number, answer))
    }
}

impl Way {
    fn open(remote: &Arc<Remote>, at: SessionKey, number: u64) -> Self {
        let (send, requests) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let (of_task, through) = (Arc::clone(&waiting), Arc::clone(remote));
        let task = remote.env.tasks.spawn_guarded(async move {
            let fault = through.drive(at, requests, &of_task).await;
            tracing::debug!(%fault, session = %at, "a way of appends ends");
            of_task.lock().end(&fault);
        });
        Self { number, send, waiting, _task: task }
    }
}

impl Remote {
    /// Takes appends to a broker and answers back, until that ends. Why it does.
    async fn drive(
        &self,
        at: SessionKey,
        requests: mpsc::UnboundedReceiver<proto::AppendRequest>,
        waiting: &Mutex<Waiting>,
    ) -> Fault {
        let Ok(_turn) = self.questions.acquire().await else {
            return Fault::not_here("the broker is stopping");
        };
        let held = match self.sessions.hold(at, ASK).await {
            Ok(held) => held,
            // Nothing was sent.
            Err(error) => return Fault::not_here(error.why),
        };
        let answered = self.answers(held.channel().clone(), requests, waiting).await;
        held.failed();
        let why = answered.map_or_else(|status| status.message().to_owned(), |()| "it was ended".to_owned());
        Fault::unknown(format!("{at}: {why}"))
    }

    async fn answers(
        &self,
        channel: Channel,
        requests: mpsc::UnboundedReceiver<proto::AppendRequest>,
        waiting: &Mutex<Waiting>,
    ) -> Result<(), Status> {
        let mut grpc = channel.grpc().max_decoding_message_size(MAX_MESSAGE);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let codec = ProstCodec::<proto::AppendRequest, proto::AppendResponse>::default();
        let request = Request::new(stream_of(requests));
        let opened = grpc.streaming(request, PathAndQuery::from_static(APPEND), codec);
        let mut answers = opened.await?.into_inner();
        while let Some(answer) = answers.message().await? {
            let reply = waiting.lock().answers.remove(&answer.sequence);
            let Some(reply) = reply else {
                return Err(Status::internal(format!(
                    "an answer to {}, which was not asked",
                    answer.sequence
                )));
            };
            let _ = reply.send(result(answer.result));
        }
        Ok(())
    }
}

fn result(answer: Option<proto::append_response::Result>) -> Answer {
    use proto::append_response::Result as Sent;
    match answer {
        Some(Sent::Appended(proto::Appended { first_offset, last_offset, duplicate, repeats })) => {
            let repeat = |repeat: proto::Repeat| Repeat { record: repeat.record, offset: repeat.offset };
            let repeats = repeats.into_iter().map(repeat).collect();
            Ok(Written { first_offset, last_offset, duplicate, repeats })
        }
        Some(Sent::Fault(fault)) => Err(convert::fault(fault)),
        None => Err(Fault::unknown("an answer without a result that this version knows")),
    }
}

pub(crate) fn stream_of<T: Send + 'static>(
    requests: mpsc::UnboundedReceiver<T>,
) -> impl Stream<Item = T> + Send {
    stream::unfold(requests, |mut requests| async move { Some((requests.recv().await?, requests)) })
}
