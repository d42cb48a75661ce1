//! One client connection: frames in, responses out, in the order of their requests.
//!
//! A connection is one task. It reads a frame, begins its request and queues the answer; at the same time it waits for
//! the queue's first answer and writes it. Produce requests follow one another without waiting for their commits;
//! any other request begins once everything before it is answered, and is answered before anything after it begins.

mod frames;
mod writes;

#[cfg(test)]
mod tests;

use std::{panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use esker_env::{BoxFuture, Monotonic};
use esker_kafka_wire::{ApiKey, EncodeError};
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tracing::{Instrument, Span};

use crate::{
    api::{self, share_session::ShareSessions},
    broker::Broker,
    budget::{Budget, Grant},
    context::{Connection, Context, FrameMemory, Memory, Peer, Principal},
    dispatch::{self, Api, Begun, Handler, Outcome, Refusal},
};
use frames::FrameReader;
use writes::{Queue, Queued};

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// The client closed it between two requests.
    #[error("closed by the client")]
    ByPeer,
    /// The broker is stopping.
    #[error("the broker is stopping")]
    Stopping,
    /// No request for too long.
    #[error("idle")]
    Idle,
    /// A frame that was begun did not arrive in time.
    #[error("a request stopped arriving, or came too slowly")]
    Stalled,
    /// A frame that was begun came too slowly while others waited for the memory that it held.
    #[error("a request came too slowly while others waited for request memory")]
    Displaced,
    /// The client does not take its responses.
    #[error("the client takes no response bytes")]
    NotReading,
    /// A frame length outside the bounds.
    #[error("frame length {0} is not acceptable")]
    FrameLength(i32),
    /// An API that is not served.
    #[error("api key {0} is not served")]
    UnknownApi(i16),
    /// A version that is not served.
    #[error("version {version} of {api} is not served")]
    UnsupportedVersion {
        /// The API.
        api: ApiKey,
        /// The version asked for.
        version: i16,
    },
    /// The request cannot be answered.
    #[error("{api}: {reason}")]
    Refused {
        /// The API.
        api: ApiKey,
        /// Why.
        reason: String,
        /// Whether the broker is to blame.
        bug: bool,
    },
    /// The socket failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A handler panicked.
    #[error("a request handler panicked: {0}")]
    Panic(String),
}

impl Closed {
    fn refused(api: ApiKey, refusal: &Refusal) -> Self {
        Self::Refused { api, reason: refusal.to_string(), bug: matches!(refusal, Refusal::Unencodable(_)) }
    }

    /// Whether the client sent what is no request that is served.
    fn is_protocol(&self) -> bool {
        matches!(self, Self::FrameLength(_) | Self::UnknownApi(_) | Self::UnsupportedVersion { .. })
            || matches!(self, Self::Refused { bug: false, .. })
    }

    /// Whether an operator should see it.
    fn is_bug(&self) -> bool {
        matches!(self, Self::Panic(_) | Self::Refused { bug: true, .. })
    }
}

impl From<EncodeError> for Closed {
    fn from(error: EncodeError) -> Self {
        Self::refused(ApiKey::ApiVersions, &Refusal::Unencodable(error))
    }
}

/// Serves one connection until it ends, and says why it did. A panic in a handler ends it and nothing else.
/// `stop` turns true when the broker stops: requests that have begun are still answered.
pub async fn serve_connection<R, W>(
    broker: Arc<Broker>,
    reader: R,
    writer: W,
    peer: Peer,
    stop: watch::Receiver<bool>,
) -> Closed
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let name = format!("{}:{}", peer.address, peer.port);
    let connection = Arc::new(Connection {
        peer,
        principal: Principal::anonymous(),
        software: Mutex::default(),
        share_sessions: Mutex::default(),
    });
    let running = run(Arc::clone(&broker), reader, writer, Arc::clone(&connection), stop);
    let served = AssertUnwindSafe(running).catch_unwind().await;
    ShareSessions::disconnected(&broker, &connection);
    let closed = served.unwrap_or_else(|panic| Closed::Panic(panic_text(&*panic)));
    if closed.is_protocol() {
        broker.config.metrics.refused_protocol.inc();
    }
    if closed.is_bug() {
        tracing::error!(client = %name, reason = %closed, "closing a connection because of a bug in the broker");
    } else {
        tracing::debug!(client = %name, reason = %closed, "connection closed");
    }
    closed
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

async fn run<R, W>(
    broker: Arc<Broker>,
    reader: R,
    writer: W,
    connection: Arc<Connection>,
    stop: watch::Receiver<bool>,
) -> Closed
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (queue, incoming) = Queue::new(broker.config.pipelined_requests);
    let (hurry, hurried) = watch::channel(false);
    let own_memory = Budget::new(broker.config.connection_request_memory);
    let reading = async {
        let address = connection.peer.address;
        let frames = FrameReader { broker: &broker, input: reader, own_memory, address };
        let end = read_requests(frames, connection, queue, hurried, stop).await;
        // Whatever still runs for this client should come to an end.
        hurry.send_replace(true);
        end
    };
    let writing = writes::write_answers(&broker, writer, incoming);
    tokio::pin!(reading, writing);
    tokio::select! {
        // The answers of a client that has closed its side may still be wanted: write until the queue is empty.
        end = &mut reading => match writing.await {
            Ok(()) => end,
            Err(error) => error,
        },
        written = &mut writing => match written {
            Ok(()) => Closed::ByPeer,
            Err(error) => error,
        },
    }
}

async fn read_requests<R: AsyncRead + Unpin>(
    mut frames: FrameReader<'_, R>,
    connection: Arc<Connection>,
    mut queue: Queue,
    hurry: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) -> Closed {
    let mut last_was_pipelined = true;
    loop {
        let next = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Closed::Stopping,
            next = next_request(&mut frames, &queue, &mut last_was_pipelined) => next,
        };
        let begun = match next {
            Ok(next) => begin(frames.broker, &connection, &mut queue, &hurry, next).await,
            Err(end) => Err(end),
        };
        if let Err(end) = begun {
            return end;
        }
    }
}

/// A request that has arrived.
struct Arrived {
    api: &'static Api,
    start: FrameStart,
    frame: Bytes,
    memory: FrameMemory,
    /// When all of it was there.
    at: Monotonic,
}

/// Reads the next request, up to the moment when it may begin. What it must wait for comes before its memory: a client
/// that takes no answers, or has a long one coming, holds none for what it sends meanwhile.
async fn next_request<R: AsyncRead + Unpin>(
    frames: &mut FrameReader<'_, R>,
    queue: &Queue,
    last_was_pipelined: &mut bool,
) -> Result<Arrived, Closed> {
    let start = frames.start().await?;
    let api = dispatch::find(start.api_key).ok_or(Closed::UnknownApi(start.api_key))?;
    // Of ApiVersions, other versions are answered, see `begin`.
    if !api.serves(start.version) && api.key != ApiKey::ApiVersions {
        return Err(Closed::UnsupportedVersion { api: api.key, version: start.version });
    }
    let pipelined = matches!(api.handler, Handler::Pipelined(_));
    if !(pipelined && *last_was_pipelined) {
        queue.drained().await;
    }
    *last_was_pipelined = pipelined;
    let (frame, memory) = frames.rest(&start).await?;
    Ok(Arrived { api, start, frame, memory, at: frames.broker.env.clock.now() })
}

/// What of a frame is read before the rest.
#[derive(Clone, Copy, Debug)]
struct FrameStart {
    length: usize,
    api_key: i16,
    version: i16,
    /// The bytes of the key and version.
    header: [u8; 4],
}

impl FrameStart {
    /// Bytes that the decoded request may take beside its frame; part of what is granted for it. A partition of a
    /// produce request never takes more than its smallest batch; structures of other requests may take ten times
    /// their bytes.
    fn decode_budget(self) -> usize {
        if self.api_key == ApiKey::Produce.code() {
            self.length.min(8 << 20) + (2 << 10)
        } else {
            self.length * 16 + (2 << 10)
        }
    }
}

/// What log lines and traces say of a request; it is the root of its trace.
fn request_span(api: ApiKey, context: &Context) -> Span {
    let Peer { address, port, .. } = &context.connection.peer;
    tracing::info_span!(
        parent: None,
        "request",
        otel.name = %api,
        otel.kind = "server",
        client = format_args!("{address}:{port}"),
        client_id = context.client_id.as_deref(),
        correlation_id = context.correlation_id,
        version = context.version,
    )
}

fn within<T: 'static>(span: &Span, future: BoxFuture<'static, T>) -> BoxFuture<'static, T> {
    if span.is_disabled() { future } else { Box::pin(future.instrument(span.clone())) }
}

async fn begin(
    broker: &Arc<Broker>,
    connection: &Arc<Connection>,
    queue: &mut Queue,
    hurry: &watch::Receiver<bool>,
    Arrived { api, start, frame, memory, at }: Arrived,
) -> Result<(), Closed> {
    let key = api.key;
    let refused = |refusal: Refusal| Closed::refused(key, &refusal);
    let memory = Arc::new(Memory { request: Mutex::new(memory), response: Mutex::default() });
    if !api.serves(start.version) {
        let rope = api::api_versions::refuse_version(&frame).map_err(refused)?;
        let outcome: Outcome = Ok(dispatch::Answer { rope: Some(rope), memory: Grant::default() });
        queue.push(Queued { api: key, at, answer: Box::pin(std::future::ready(outcome)), memory }).await;
        return Ok(());
    }
    let (reader, correlation_id, client_id) =
        dispatch::open(frame, start.decode_budget()).map_err(refused)?;
    let context = Context {
        broker: Arc::clone(broker),
        connection: Arc::clone(connection),
        client_id,
        version: start.version,
        correlation_id,
        hurry: hurry.clone(),
        frame: start.length,
        decode_budget: start.decode_budget(),
        memory: Arc::clone(&memory),
    };
    let span = request_span(key, &context);
    match api.handler {
        Handler::Alone(handle) => {
            let answer = within(&span, span.in_scope(|| handle(context, reader)));
            queue.push(Queued { api: key, at, answer, memory }).await
        }
        Handler::Pipelined(handle) => {
            let started = match span.in_scope(|| handle(context, reader)).map_err(refused)? {
                Begun::Now(started) => started,
                Begun::Later(begin) => begin.instrument(span.clone()).await,
            };
            queue.push(Queued { api: key, at, answer: within(&span, started.answer), memory }).await;
            if !started.mute.is_zero() {
                broker.config.metrics.throttled_requests.inc();
                broker.config.metrics.throttled.add(started.mute);
                broker.env.clock.sleep(started.mute).await;
            }
        }
    }
    Ok(())
}
