//! Answers on their way to the client.

use std::sync::Arc;

use esker_env::{BoxFuture, Monotonic};
use esker_kafka_wire::{ApiKey, Rope};
use futures::FutureExt;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{mpsc, watch},
};

use super::Closed;
use crate::{
    broker::Broker,
    budget::Grant,
    context::Memory,
    dispatch::{Answer, Outcome},
};

/// Answers are gathered until there are this many bytes to write.
const TOGETHER: usize = 64 << 10;

/// An answer to come, with what its request holds.
pub(super) struct Queued {
    pub(super) api: ApiKey,
    /// When its request was there.
    pub(super) at: Monotonic,
    pub(super) answer: BoxFuture<'static, Outcome>,
    pub(super) memory: Arc<Memory>,
}

/// The reader's end: begun requests, in order.
pub(super) struct Queue {
    sender: mpsc::Sender<Queued>,
    /// Counts the answers that are written (or need no writing).
    written: watch::Receiver<u64>,
    pushed: u64,
}

/// The writer's end.
pub(super) struct Incoming {
    receiver: mpsc::Receiver<Queued>,
    written: watch::Sender<u64>,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> (Self, Incoming) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        let (count, written) = watch::channel(0);
        (Self { sender, written, pushed: 0 }, Incoming { receiver, written: count })
    }

    /// Waits for room. When the writer is gone, so is the connection, and the answer goes nowhere.
    pub(super) async fn push(&mut self, queued: Queued) {
        self.pushed += 1;
        let _ = self.sender.send(queued).await;
    }

    /// Completes once every answer so far is written.
    pub(super) async fn drained(&self) {
        let pushed = self.pushed;
        let mut written = self.written.clone();
        let _ = written.wait_for(|written| *written >= pushed).await;
    }
}

/// Writes answers in order until the queue is closed and empty.
pub(super) async fn write_answers<W: AsyncWrite + Unpin>(
    broker: &Arc<Broker>,
    mut output: W,
    mut incoming: Incoming,
) -> Result<(), Closed> {
    let mut early = None;
    let mut ready = Ready::default();
    loop {
        let next = match early.take() {
            Some(next) => Some(next),
            None => incoming.receiver.recv().await,
        };
        let Some(queued) = next else { break };
        let answer = queued.answer.await.map_err(|refusal| Closed::refused(queued.api, &refusal))?;
        ready.known = broker.env.clock.now();
        ready.add(answer, queued.api, queued.at);
        // The request's memory is free once its answer is known; the response has its own.
        queued.memory.give_back_request();
        // What a commit has answered at the same time goes out together.
        let mut refused = None;
        while ready.rope.len() < TOGETHER {
            let Ok(mut next) = incoming.receiver.try_recv() else { break };
            match (&mut next.answer).now_or_never() {
                Some(Ok(answer)) => {
                    next.memory.give_back_request();
                    ready.add(answer, next.api, next.at);
                }
                Some(Err(refusal)) => {
                    refused = Some(Closed::refused(next.api, &refusal));
                    break;
                }
                None => {
                    early = Some(next);
                    break;
                }
            }
        }
        write(broker, &mut output, std::mem::take(&mut ready.rope)).await?;
        ready.memory.clear();
        count(broker, ready.known, &ready.answers);
        incoming.written.send_modify(|count| *count += ready.answers.len() as u64);
        ready.answers.clear();
        if let Some(refused) = refused {
            return Err(refused);
        }
    }
    let _ = output.shutdown().await;
    Ok(())
}

/// Answers that are written together; empty again once they are.
#[derive(Default)]
struct Ready {
    rope: Rope,
    memory: Vec<Grant>,
    /// Whose they are, and when their requests were there.
    answers: Vec<(ApiKey, Monotonic)>,
    /// When the first of them was known.
    known: Monotonic,
}

impl Ready {
    fn add(&mut self, answer: Answer, api: ApiKey, at: Monotonic) {
        self.rope.append(answer.rope.unwrap_or_default());
        self.memory.push(answer.memory);
        self.answers.push((api, at));
    }
}

/// Counts answers that are written.
fn count(broker: &Broker, known: Monotonic, answers: &[(ApiKey, Monotonic)]) {
    let metrics = &broker.config.metrics;
    let now = broker.env.clock.now();
    for (api, at) in answers {
        if let Some(request) = metrics.request(*api) {
            request.observe(now - *at);
        }
        if *api == ApiKey::Produce {
            metrics.produce_response.observe(now - known);
        }
    }
}

/// Vectored writes of the rope's chunks, as they are.
async fn write<W: AsyncWrite + Unpin>(
    broker: &Arc<Broker>,
    output: &mut W,
    mut rope: Rope,
) -> Result<(), Closed> {
    while !rope.is_empty() {
        let wrote = broker.env.timeout(broker.config.send_timeout, output.write_buf(&mut rope)).await;
        if wrote.map_err(|_| Closed::NotReading)?? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::WriteZero).into());
        }
    }
    Ok(())
}
