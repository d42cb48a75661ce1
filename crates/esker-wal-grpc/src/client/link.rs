//! The task behind a [`super::RemoteStore`]: one connection at a time, and the stream of changes on it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::StoreId;
use esker_env::{BoxFuture, Env, Monotonic};
use esker_wal::StoreError;
use futures::{Stream, StreamExt, TryFutureExt, stream};
use http::uri::PathAndQuery;
use tokio::sync::{mpsc, watch};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::{
    ClientOptions, Connector, OnLost,
    call::{Answer, Call, Entry, Reply},
    connect::{Channel, Connection},
    read::{garbled, refused},
    unreachable,
};
use crate::{
    WRITE, convert,
    proto::{self, write_response},
};

/// Changes handed to HTTP/2 and not yet taken by it. The rest waits in the link's own queue.
const AHEAD: usize = 4;

pub(super) struct Link {
    id: StoreId,
    store: Bytes,
    endpoint: watch::Receiver<String>,
    publish: watch::Sender<Option<Channel>>,
    env: Env,
    connector: Connector,
    options: ClientOptions,
    pub(super) on_lost: OnLost,
    /// Failures since the last answer.
    failures: u32,
}

/// A change that was sent.
struct Sent {
    reply: Reply,
    _entry: Entry,
    due: Monotonic,
}

impl Link {
    pub(super) fn new(
        id: StoreId,
        endpoint: watch::Receiver<String>,
        publish: watch::Sender<Option<Channel>>,
        env: Env,
        connector: Connector,
        options: ClientOptions,
    ) -> Self {
        let (store, on_lost): (_, OnLost) = (convert::store_bytes(id), Arc::new(|_, _| {}));
        Self { id, store, endpoint, publish, env, connector, options, on_lost, failures: 0 }
    }

    pub(super) async fn run(mut self, mut called: mpsc::UnboundedReceiver<Call>) {
        while let Some(first) = called.recv().await {
            self.pause().await;
            let (endpoint, opened) = self.open().await;
            let why = match opened {
                Ok(connection) => {
                    self.publish.send_replace(Some(connection.channel.clone()));
                    let why = self.drive(connection, first, &mut called).await;
                    self.publish.send_replace(None);
                    match why {
                        Some(why) => why,
                        None => return,
                    }
                }
                Err(why) => {
                    let why = unreachable(format!("{endpoint}: {why}"));
                    first.fail(&why);
                    why
                }
            };
            self.failures = self.failures.saturating_add(1);
            tracing::warn!(store = %self.id, endpoint, error = %why, "no connection to a store");
            // Nothing is wrong with a place that the store has moved away from.
            if *self.endpoint.borrow() == endpoint {
                (self.on_lost)(self.id, &why);
            }
            // What was called before now shares the connection's end. What comes after takes its chance with the next.
            while let Ok(call) = called.try_recv() {
                call.fail(&why);
            }
        }
    }

    /// Waits before a new attempt, longer and longer; not when the store has moved.
    async fn pause(&mut self) {
        let Some(doublings) = self.failures.checked_sub(1) else { return };
        let full =
            self.options.first_pause.saturating_mul(1 << doublings.min(16)).min(self.options.longest_pause);
        // Each a little different, so that not all come at once.
        let less = self.env.random.below(full.as_micros() as u64 / 2 + 1);
        let pause = full.saturating_sub(Duration::from_micros(less));
        tokio::select! {
            biased;
            moved = self.endpoint.changed() => {
                if moved.is_ok() {
                    self.failures = 0;
                }
            }
            () = self.env.clock.sleep(pause) => {}
        }
    }

    /// Connects to where the store is by then.
    async fn open(&mut self) -> (String, Result<Connection, String>) {
        loop {
            let endpoint = self.endpoint.borrow_and_update().clone();
            tokio::select! {
                biased;
                opened = Connection::open(endpoint.clone(), &self.connector, &self.env, &self.options) => {
                    return (endpoint, opened);
                }
                Ok(()) = self.endpoint.changed() => {}
            }
        }
    }

    /// Uses a connection until it ends; says why. `None` once the client is gone.
    async fn drive(
        &mut self,
        mut connection: Connection,
        first: Call,
        called: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Option<StoreError> {
        let (send, changes) = mpsc::channel(AHEAD);
        let mut answers = std::pin::pin!(changes_stream(connection.channel.clone(), changes));
        let mut sent = Changes { next: 0, waiting: BTreeMap::new() };
        let mut next = Some(first);
        let mut overdue = Overdue::new(self.env.clone());
        let why = loop {
            // Only a change waits here for room; a reader is given its connection at once.
            if let Some(Call::Channel(_)) = &next {
                let Some(Call::Channel(reply)) = next.take() else { unreachable!("just seen") };
                let _ = reply.send(Ok(connection.channel.clone()));
            }
            tokio::select! {
                biased;
                answer = answers.next() => {
                    match sent.answered(answer) {
                        Ok(()) => self.failures = 0,
                        Err(why) => break why,
                    }
                }
                why = &mut connection.ended => {
                    break unreachable(why.unwrap_or_else(|_| "the connection's task was ended".to_owned()));
                }
                Ok(()) = self.endpoint.changed() => {
                    self.failures = 0;
                    break unreachable("it has moved");
                }
                () = overdue.reached(sent.due()) => {
                    let limit = self.options.call_timeout.as_millis();
                    break unreachable(format!("no answer within {limit} ms"));
                }
                call = called.recv(), if next.is_none() => {
                    next = Some(call?);
                }
                permit = send.reserve(), if next.is_some() => {
                    let Ok(permit) = permit else { break unreachable("the stream of changes ended") };
                    if let Some(Call::Change { change, reply, entry }) = next.take() {
                        let due = self.env.clock.now() + self.options.call_timeout;
                        let sequence = sent.enter(Sent { reply, _entry: entry, due });
                        permit.send(proto::WriteRequest {
                            store: self.store.clone(),
                            sequence,
                            change: Some(change),
                        });
                    }
                }
            }
        };
        sent.fail(&why);
        if let Some(call) = next {
            call.fail(&why);
        }
        Some(why)
    }
}

/// Changes of one stream that are not answered.
struct Changes {
    next: u64,
    waiting: BTreeMap<u64, Sent>,
}

impl Changes {
    fn enter(&mut self, sent: Sent) -> u64 {
        let sequence = self.next;
        self.next += 1;
        self.waiting.insert(sequence, sent);
        sequence
    }

    /// When the oldest has to be answered.
    fn due(&self) -> Option<Monotonic> {
        self.waiting.first_key_value().map(|(_, sent)| sent.due)
    }

    /// Passes an answer on; an error ends the connection.
    fn answered(&mut self, answer: Option<Result<proto::WriteResponse, Status>>) -> Result<(), StoreError> {
        let answer = match answer {
            Some(Ok(answer)) => answer,
            Some(Err(status)) => return Err(refused(&status)),
            None => return Err(unreachable("it ended the stream of changes")),
        };
        let Some(sent) = self.waiting.remove(&answer.sequence) else {
            return Err(unreachable("it answered what it was not asked"));
        };
        let result = match answer.result {
            Some(write_response::Result::Done(proto::Unit {})) => Ok(Answer::Done),
            Some(write_response::Result::Sealed(message)) => {
                convert::sealed(message).map(Answer::Sealed).map_err(garbled)
            }
            Some(write_response::Result::Fault(message)) => {
                Err(convert::fault(message).unwrap_or_else(garbled))
            }
            None => Err(unreachable("it answered a change with something else")),
        };
        // Whoever does not wait any more does not need the answer.
        let _ = sent.reply.send(result);
        Ok(())
    }

    fn fail(self, why: &StoreError) {
        for sent in self.waiting.into_values() {
            let _ = sent.reply.send(Err(why.clone()));
        }
    }
}

/// Waits for the oldest change's time to be up. Set again only when it goes off, not with every answer.
struct Overdue {
    env: Env,
    timer: Option<BoxFuture<'static, ()>>,
}

impl Overdue {
    const fn new(env: Env) -> Self {
        Self { env, timer: None }
    }

    async fn reached(&mut self, due: Option<Monotonic>) {
        let Some(due) = due else { return std::future::pending().await };
        loop {
            let now = self.env.clock.now();
            if now >= due {
                return;
            }
            self.timer.get_or_insert_with(|| self.env.clock.sleep(due - now)).await;
            self.timer = None;
        }
    }
}

/// Sends changes as they come and yields the answers.
fn changes_stream(
    channel: Channel,
    changes: mpsc::Receiver<proto::WriteRequest>,
) -> impl Stream<Item = Result<proto::WriteResponse, Status>> + Send {
    let changes =
        stream::unfold(changes, |mut changes| async { changes.recv().await.map(|change| (change, changes)) });
    async move {
        let mut grpc = channel.grpc();
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let codec = ProstCodec::<_, proto::WriteResponse>::default();
        let path = PathAndQuery::from_static(WRITE);
        let answers = grpc.streaming(Request::new(changes), path, codec).await?;
        Ok(answers.into_inner())
    }
    .try_flatten_stream()
    .fuse()
}
