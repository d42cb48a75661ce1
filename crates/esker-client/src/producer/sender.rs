//! The task that sends batches and learns what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use esker_env::{BoxFuture, Monotonic};
use esker_kafka_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use esker_kafka_wire::messages::produce_response::PartitionProduceResponse;
use esker_kafka_wire::messages::{InitProducerIdRequest, ProduceRequest, ProduceResponse};
use esker_kafka_wire::{ErrorCode, KString};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::batch::Batch;
use super::outcome::Ack;
use super::queue::{Identity, Queues};
use super::{Acks, Shared};
use crate::{ClientError, Cluster, Connection, Topic};

/// The newest produce version that names topics rather than giving their ids.
const LAST_VERSION_WITH_NAMES: i16 = 12;

pub(super) struct Sender {
    shared: Arc<Shared>,
    nodes: BTreeMap<i32, Node>,
    flights: FuturesUnordered<BoxFuture<'static, Landed>>,
    identity: Identities,
    /// Topics whose leaders must be learned again.
    stale: BTreeSet<Arc<str>>,
    refreshing: bool,
    refresh_after: Monotonic,
    /// Where the next round of queues starts, so that none starves.
    turn: usize,
}

#[derive(Default)]
struct Node {
    connection: Option<Arc<Connection>>,
    connecting: bool,
    in_flight: usize,
    retry_after: Monotonic,
}

/// The producer id for partitions that have none yet.
enum Identities {
    None { retry_after: Monotonic },
    Asking,
    Have { producer: i64, epoch: i16 },
}

type Sent = Vec<(usize, Batch)>;

/// What a future of the sender ends with.
enum Landed {
    Connected(i32, Result<Arc<Connection>, ClientError>),
    Refreshed(Result<Arc<Cluster>, ClientError>),
    Identified(Result<(i64, i16), ClientError>),
    Produced(i32, Sent, Result<ProduceResponse, ClientError>),
}

/// A request while it is put together.
#[derive(Default)]
struct Draft {
    topics: Vec<(Arc<Topic>, Vec<PartitionProduceData>)>,
    sent: Sent,
    bytes: usize,
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            nodes: BTreeMap::new(),
            flights: FuturesUnordered::new(),
            identity: Identities::None { retry_after: Monotonic::default() },
            stale: BTreeSet::new(),
            refreshing: false,
            refresh_after: Monotonic::default(),
            turn: 0,
        }
    }

    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let env = shared.client.env().clone();
        loop {
            let now = env.clock.now();
            let next = self.round(now);
            let wait = next.map_or(Duration::from_secs(3600), |next| next - now);
            tokio::select! {
                biased;
                Some(landed) = self.flights.next() => {
                    let now = env.clock.now();
                    self.land(landed, now);
                    // Take what else has landed before the next round: fewer rounds, fuller requests.
                    while let Some(Some(landed)) = futures::FutureExt::now_or_never(self.flights.next()) {
                        self.land(landed, now);
                    }
                }
                () = shared.wake.notified() => {}
                () = env.clock.sleep(wait) => {}
            }
        }
    }

    /// Sends what can be sent. Returns when to look again, if nothing happens before.
    fn round(&mut self, now: Monotonic) -> Option<Monotonic> {
        let shared = Arc::clone(&self.shared);
        let cluster = shared.client.cluster();
        let mut queues = shared.queues.lock();
        let mut next = Deadline(None);
        let mut drafts: BTreeMap<i32, Draft> = BTreeMap::new();
        let order = {
            let (before, after): (Vec<_>, Vec<_>) =
                queues.active.iter().copied().partition(|number| *number < self.turn);
            after.into_iter().chain(before)
        };
        for number in order {
            self.tend(&mut queues, number, now);
            if self.ready(&mut queues, number, now, &mut next) {
                self.draft(&mut queues, number, &cluster, &mut drafts, now, &mut next);
            }
            queues.settle(number);
        }
        self.turn = self.turn.wrapping_add(1) % queues.active.len().max(1);
        if queues.is_idle() {
            shared.idle.notify_waiters();
        }
        drop(queues);
        for (node, draft) in drafts {
            self.dispatch(node, draft);
        }
        self.refresh_if_stale(now, &mut next);
        next.0
    }

    /// Fails what is too old and drops a spent identity.
    fn tend(&mut self, queues: &mut Queues, number: usize, now: Monotonic) {
        let limit = self.shared.config.delivery_timeout;
        let queue = queues.get(number);
        while queue.sealed.front().is_some_and(|batch| now - batch.created >= limit) {
            let batch = queue.sealed.pop_front().expect("looked at above");
            // Its sequence numbers are lost, and with them the identity's order.
            queue.broken |= batch.stamp.is_some();
            queue.stamped.remove(&batch.serial);
            let last = batch.last_failure.as_ref().map_or("none".to_owned(), ToString::to_string);
            self.shared.finish(&batch, Err(ClientError::DeliveryTimeout(limit, last)));
        }
        if queue.in_flight > 0 {
            return;
        }
        queue.draining = false;
        if queue.broken {
            let spent = queue.identity;
            for batch in queue.reset_identity() {
                let error = batch.last_failure.clone().unwrap_or(ClientError::Closed);
                self.shared.finish(&batch, Err(error));
            }
            if let (Some(spent), Identities::Have { producer, .. }) = (spent, &self.identity)
                && spent.producer == *producer
            {
                self.identity = Identities::None { retry_after: now };
            }
        }
    }

    /// Whether the queue has a batch that may go out now; seals the open one if it is time.
    fn ready(&self, queues: &mut Queues, number: usize, now: Monotonic, next: &mut Deadline) -> bool {
        let config = &self.shared.config;
        let flushing = queues.flushing > 0;
        let queue = queues.get(number);
        let most = if config.idempotent() { config.max_in_flight } else { 1 };
        if queue.draining || queue.broken || queue.in_flight >= most {
            return false;
        }
        if queue.not_before > now {
            next.at(queue.not_before);
            return false;
        }
        if let Some(oldest) = queue.sealed.front() {
            next.at(oldest.created + config.delivery_timeout);
            return true;
        }
        let Some(open) = &queue.open else { return false };
        let due = open.created + config.linger;
        if due > now && !flushing {
            next.at(due);
            return false;
        }
        // Sealed only when it can go out, so that it fills meanwhile.
        if self.node_is_full(&queue.topic, queue.partition) {
            return false;
        }
        queue.seal();
        true
    }

    fn node_is_full(&self, topic: &str, partition: i32) -> bool {
        let leader = self.shared.client.cluster().leader(topic, partition);
        let node = leader.and_then(|leader| self.nodes.get(&leader));
        node.is_some_and(|node| node.in_flight >= self.shared.config.max_in_flight)
    }

    /// Adds the queue's oldest batch to the request for its leader, if that can take one.
    #[allow(clippy::too_many_arguments, reason = "the inner part of one loop")]
    fn draft(
        &mut self,
        queues: &mut Queues,
        number: usize,
        cluster: &Arc<Cluster>,
        drafts: &mut BTreeMap<i32, Draft>,
        now: Monotonic,
        next: &mut Deadline,
    ) {
        let shared = Arc::clone(&self.shared);
        let queue = queues.get(number);
        let topic = cluster.topics.get(&queue.topic);
        let leader = cluster.leader(&queue.topic, queue.partition);
        let (Some(topic), Some(leader)) = (topic, leader) else {
            self.stale.insert(Arc::clone(&queue.topic));
            return;
        };
        if shared.config.idempotent() && queue.identity.is_none() {
            match self.identity {
                Identities::Have { producer, epoch } => queue.identity = Some(Identity::new(producer, epoch)),
                Identities::Asking => return,
                Identities::None { retry_after } if retry_after > now => return next.at(retry_after),
                Identities::None { .. } => return self.ask_identity(),
            }
        }
        if !self.node_ready(leader, now, next) {
            return;
        }
        let draft = drafts.entry(leader).or_default();
        let mut batch = queue.sealed.pop_front().expect("ready() saw a batch");
        let stamp = queue.stamp(&batch);
        let bytes = match batch.bytes(stamp) {
            Ok(bytes) => bytes,
            Err(error) => {
                queue.broken = stamp.is_some();
                queue.stamped.remove(&batch.serial);
                let (topic, partition) = (queue.topic.to_string(), queue.partition);
                return shared.finish(&batch, Err(ClientError::Batch { topic, partition, error }));
            }
        };
        if draft.bytes > 0 && draft.bytes + bytes.len() > shared.config.max_request_bytes {
            queue.sealed.push_front(batch);
            // Another request may take it at once.
            return next.at(now);
        }
        queue.in_flight += 1;
        draft.add(topic, queue.partition, bytes);
        draft.sent.push((number, batch));
    }

    /// Whether a request to the node may start; connects if there is no connection.
    fn node_ready(&mut self, id: i32, now: Monotonic, next: &mut Deadline) -> bool {
        let node = self.nodes.entry(id).or_default();
        if node.connection.as_ref().is_some_and(|connection| connection.is_closed()) {
            node.connection = None;
        }
        if node.connection.is_some() {
            return node.in_flight < self.shared.config.max_in_flight;
        }
        if node.retry_after > now {
            next.at(node.retry_after);
        } else if !node.connecting {
            node.connecting = true;
            let client = self.shared.client.clone();
            self.flights.push(Box::pin(async move { Landed::Connected(id, client.connection(id).await) }));
        }
        false
    }

    fn dispatch(&mut self, id: i32, draft: Draft) {
        let config = &self.shared.config;
        if draft.sent.is_empty() {
            return;
        }
        let node = self.nodes.get_mut(&id).expect("node_ready() was asked before the draft");
        let connection = node.connection.clone().expect("node_ready() saw a connection");
        node.in_flight += 1;
        let with_ids = draft.topics.iter().all(|(topic, _)| !topic.id.is_nil());
        let cap = if with_ids { i16::MAX } else { LAST_VERSION_WITH_NAMES };
        let timeout = self.shared.client.config().request_timeout;
        let request = ProduceRequest {
            transactional_id: None,
            acks: config.acks.number(),
            timeout_ms: i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
            topic_data: draft.topics.into_iter().map(|(topic, data)| of_topic(&topic, data)).collect(),
        };
        let sent = draft.sent;
        if config.acks == Acks::None {
            let result = connection.send_unanswered(&request, cap).map(|()| ProduceResponse::default());
            self.flights.push(Box::pin(async move { Landed::Produced(id, sent, result) }));
            return;
        }
        // Started here and not in the future: requests must leave in this order.
        let started = connection.start(&request, cap, Duration::ZERO);
        self.flights.push(Box::pin(async move {
            let result = match started {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            Landed::Produced(id, sent, result)
        }));
    }

    fn ask_identity(&mut self) {
        self.identity = Identities::Asking;
        let client = self.shared.client.clone();
        self.flights.push(Box::pin(async move {
            let request = InitProducerIdRequest {
                transactional_id: None,
                transaction_timeout_ms: i32::MAX,
                ..InitProducerIdRequest::default()
            };
            let asked = client.call_any(&request).await.and_then(|response| {
                ClientError::check(response.error_code, None, || "asking for a producer id".into())?;
                Ok((response.producer_id, response.producer_epoch))
            });
            Landed::Identified(asked)
        }));
    }

    fn refresh_if_stale(&mut self, now: Monotonic, next: &mut Deadline) {
        if self.stale.is_empty() || self.refreshing {
            return;
        }
        if self.refresh_after > now {
            return next.at(self.refresh_after);
        }
        self.refreshing = true;
        let topics = std::mem::take(&mut self.stale);
        let client = self.shared.client.clone();
        self.flights.push(Box::pin(async move {
            let names: Vec<&str> = topics.iter().map(|name| &**name).collect();
            Landed::Refreshed(client.refresh_once(Some(&names)).await)
        }));
    }

    fn land(&mut self, landed: Landed, now: Monotonic) {
        let pause = self.shared.client.config().backoff;
        match landed {
            Landed::Connected(id, result) => {
                let node = self.nodes.entry(id).or_default();
                node.connecting = false;
                match result {
                    Ok(connection) => node.connection = Some(connection),
                    Err(error) => {
                        tracing::debug!(broker = id, %error, "no connection");
                        node.retry_after = now + self.shared.client.config().backoff_max;
                        let mut queues = self.shared.queues.lock();
                        let active: Vec<usize> = queues.active.iter().copied().collect();
                        for number in active {
                            let queue = queues.get(number);
                            self.stale.insert(Arc::clone(&queue.topic));
                            if let Some(batch) = queue.sealed.front_mut() {
                                batch.last_failure = Some(error.clone());
                            }
                        }
                    }
                }
            }
            Landed::Refreshed(result) => {
                self.refreshing = false;
                self.refresh_after = now + pause;
                if let Err(error) = result {
                    tracing::debug!(%error, "metadata stays as it is");
                }
            }
            Landed::Identified(Ok((producer, epoch))) => self.identity = Identities::Have { producer, epoch },
            Landed::Identified(Err(error)) => {
                tracing::debug!(%error, "no producer id yet");
                self.identity = Identities::None { retry_after: now + pause };
            }
            Landed::Produced(id, sent, result) => {
                self.nodes.get_mut(&id).expect("it was sent to").in_flight -= 1;
                self.settle(sent, &result, now);
            }
        }
    }

    fn settle(&mut self, sent: Sent, result: &Result<ProduceResponse, ClientError>, now: Monotonic) {
        let shared = Arc::clone(&self.shared);
        let cluster = shared.client.cluster();
        let mut queues = shared.queues.lock();
        for (number, batch) in sent {
            let queue = queues.get(number);
            let result = match result {
                Err(error) => Err(error.clone()),
                Ok(_) if shared.config.acks == Acks::None => Ok(Ack::unknown(now)),
                Ok(response) => {
                    let topic = cluster.topics.get(&queue.topic);
                    match find(response, &queue.topic, topic, queue.partition) {
                        Some(partition) => outcome(partition, &queue.topic, now),
                        None => Err(ClientError::Malformed {
                            address: "the broker".into(),
                            detail: format!("no answer for {}-{}", queue.topic, queue.partition),
                        }),
                    }
                }
            };
            queue.in_flight -= 1;
            self.judge(&mut queues, number, batch, result, now);
            queues.settle(number);
        }
        if queues.is_idle() {
            shared.idle.notify_waiters();
        }
    }

    /// Decides about a batch that came back.
    fn judge(
        &mut self,
        queues: &mut Queues,
        number: usize,
        mut batch: Batch,
        result: Result<Ack, ClientError>,
        now: Monotonic,
    ) {
        let config = &self.shared.config;
        let queue = queues.get(number);
        let error = match result {
            Ok(_) | Err(ClientError::Refused { code: ErrorCode::DuplicateSequenceNumber, .. }) => {
                queue.failures = 0;
                queue.stamped.remove(&batch.serial);
                let ack = result.unwrap_or(Ack::unknown(now));
                return self.shared.finish(&batch, Ok(ack));
            }
            Err(error) => error,
        };
        batch.maybe_appended |= is_unclear(&error);
        let out_of_order = error.code() == Some(ErrorCode::OutOfOrderSequenceNumber);
        // Behind a batch that must be sent again, this is what the broker has to say.
        let behind = out_of_order && (queue.broken || !queue.is_oldest(batch.serial));
        let spent = matches!(
            error.code(),
            Some(
                ErrorCode::OutOfOrderSequenceNumber
                    | ErrorCode::UnknownProducerId
                    | ErrorCode::InvalidProducerIdMapping
                    | ErrorCode::InvalidProducerEpoch
            )
        );
        let again = behind || error.is_retriable() && !spent;
        if again {
            if error.is_retriable() {
                queue.failures += 1;
                let config = self.shared.client.config();
                let step = config.backoff * 2_u32.pow(queue.failures.min(10) - 1);
                queue.not_before = now + step.min(config.backoff_max);
                self.stale.insert(Arc::clone(&queue.topic));
            }
            tracing::debug!(topic = %queue.topic, partition = queue.partition, %error, "sending again");
            batch.last_failure = Some(error);
            return queue.put_back(batch);
        }
        queue.stamped.remove(&batch.serial);
        // The sequence numbers of a failed batch are a hole that the broker will not step over.
        queue.broken |= config.idempotent();
        self.shared.finish(&batch, Err(error));
    }
}

impl Shared {
    fn finish(&self, batch: &Batch, result: Result<Ack, ClientError>) {
        self.memory.add_permits(batch.memory);
        batch.promise.tell(result);
    }
}

/// The earliest of several moments.
struct Deadline(Option<Monotonic>);

impl Deadline {
    fn at(&mut self, moment: Monotonic) {
        self.0 = Some(self.0.map_or(moment, |other| other.min(moment)));
    }
}

impl Draft {
    fn add(&mut self, topic: &Arc<Topic>, partition: i32, bytes: Bytes) {
        self.bytes += bytes.len();
        let data = PartitionProduceData { index: partition, records: Some(bytes.into()) };
        match self.topics.iter_mut().find(|(known, _)| known.name == topic.name) {
            Some((_, all)) => all.push(data),
            None => self.topics.push((Arc::clone(topic), vec![data])),
        }
    }
}

fn of_topic(topic: &Topic, partition_data: Vec<PartitionProduceData>) -> TopicProduceData {
    TopicProduceData { name: KString::from(&*topic.name), topic_id: topic.id, partition_data }
}

fn find<'a>(
    response: &'a ProduceResponse,
    name: &str,
    topic: Option<&Arc<Topic>>,
    partition: i32,
) -> Option<&'a PartitionProduceResponse> {
    let id = topic.map(|topic| topic.id).unwrap_or_default();
    let is_it = |name_: &KString, id_| if name_.is_empty() { id == id_ } else { name_.as_str() == name };
    let topic = response.responses.iter().find(|topic| is_it(&topic.name, topic.topic_id))?;
    topic.partition_responses.iter().find(|answer| answer.index == partition)
}

fn outcome(answer: &PartitionProduceResponse, topic: &str, at: Monotonic) -> Result<Ack, ClientError> {
    let record = answer.record_errors.first().and_then(|record| record.batch_index_error_message.as_ref());
    let message = answer.error_message.as_ref().or(record).map(KString::as_str);
    ClientError::check(answer.error_code, message, || format!("producing to {topic}-{}", answer.index))?;
    Ok(Ack { base_offset: answer.base_offset, log_append_time: answer.log_append_time_ms, at })
}

/// Whether the batch may have been appended although the attempt failed: anything but a clear refusal.
fn is_unclear(error: &ClientError) -> bool {
    error.code().is_none_or(|code| {
        matches!(
            code,
            ErrorCode::RequestTimedOut
                | ErrorCode::NotEnoughReplicasAfterAppend
                | ErrorCode::KafkaStorageError
        )
    })
}
