//! One connection to one broker: frames, correlation ids, negotiated versions.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use esker_env::{BoxFuture, Env, TaskGuard};
use esker_kafka_wire::messages::{ApiVersionsRequest, ApiVersionsResponse};
use esker_kafka_wire::{ApiKey, ErrorCode, KString, Message, Request, Rope, decode_response, encode_request};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use crate::error::malformed;
use crate::versions::Versions;
use crate::{ClientConfig, ClientError, Connector, Stream};

type Answer = oneshot::Sender<Result<Bytes, ClientError>>;

/// A connection whose versions are negotiated. Requests go out in the order of the calls and may overlap; the callers
/// bound how many do. Dropping it closes it.
pub struct Connection {
    shared: Arc<Shared>,
    outgoing: mpsc::UnboundedSender<Rope>,
    versions: Versions,
    client_id: KString,
    env: Env,
    timeout: Duration,
    _io: TaskGuard,
}

struct Shared {
    address: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next_correlation: i32,
    waiting: BTreeMap<i32, Answer>,
    closed: Option<ClientError>,
}

impl Shared {
    /// Fails everything that waits, now and later. The first reason stays.
    fn close(&self, reason: &ClientError) {
        let waiting = {
            let mut state = self.state.lock();
            state.closed.get_or_insert(reason.clone());
            std::mem::take(&mut state.waiting)
        };
        for answer in waiting.into_values() {
            // A caller that gave up no longer listens.
            let _ = answer.send(Err(reason.clone()));
        }
    }

    fn lost(&self, detail: &(impl ToString + ?Sized)) -> ClientError {
        ClientError::Disconnected { address: self.address.clone(), detail: detail.to_string() }
    }
}

impl Connection {
    /// Connects and asks the broker for its versions.
    ///
    /// # Errors
    /// When the address cannot be reached in time or does not speak the protocol.
    pub async fn open(
        connector: &dyn Connector,
        address: &str,
        config: &ClientConfig,
        env: &Env,
    ) -> Result<Self, ClientError> {
        let unreachable = |detail: String| ClientError::Unreachable { addresses: address.to_owned(), detail };
        let stream = match env.timeout(config.connect_timeout, connector.connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(error.to_string())),
            Err(_) => return Err(unreachable(format!("no connection within {:?}", config.connect_timeout))),
        };
        let mut connection = Self::start_io(stream, address, config, env);
        connection.versions = connection.negotiate().await?;
        Ok(connection)
    }

    fn start_io(stream: Box<dyn Stream>, address: &str, config: &ClientConfig, env: &Env) -> Self {
        let shared = Arc::new(Shared { address: address.to_owned(), state: Mutex::default() });
        let (outgoing, queue) = mpsc::unbounded_channel();
        let (reader, writer) = tokio::io::split(stream);
        let io = {
            let shared = Arc::clone(&shared);
            let limit = config.max_response_bytes;
            async move {
                let reason = tokio::select! {
                    reason = read_answers(reader, &shared, limit) => reason,
                    reason = write_requests(writer, queue, &shared) => reason,
                };
                shared.close(&reason);
            }
        };
        Self {
            shared,
            outgoing,
            versions: Versions::default(),
            client_id: KString::from(config.client_id.as_str()),
            env: env.clone(),
            timeout: config.request_timeout,
            _io: env.tasks.spawn_guarded(io),
        }
    }

    /// The broker's address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.shared.address
    }

    /// Whether it has failed and must be replaced.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.state.lock().closed.is_some()
    }

    /// The version that a request would be sent in, at most `cap`.
    ///
    /// # Errors
    /// When there is no common version.
    pub fn version_of<R: Request>(&self, cap: i16) -> Result<i16, ClientError> {
        self.versions.pick(R::KEY, cap).ok_or_else(|| ClientError::Unsupported {
            address: self.shared.address.clone(),
            api: R::KEY.name(),
            ours: R::KEY.stable_versions().to_string(),
        })
    }

    /// Sends a request in the best common version and waits for the answer.
    ///
    /// # Errors
    /// Transport, timeout, codec; not what the answer itself says.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, ClientError> {
        self.start(request, i16::MAX, Duration::ZERO)?.await
    }

    /// Puts a request on the wire, in a version of at most `cap`, and returns a future of its answer. `server_wait` is
    /// how long the request allows the broker to take; it adds to the request timeout.
    ///
    /// # Errors
    /// The connection is closed, there is no common version, or the request does not fit it.
    pub fn start<R: Request>(
        &self,
        request: &R,
        cap: i16,
        server_wait: Duration,
    ) -> Result<PendingResponse<R::Response>, ClientError> {
        let version = self.version_of::<R>(cap)?;
        self.start_as(request, version, server_wait)
    }

    /// Puts a request on the wire that the broker does not answer (produce with acks=0).
    ///
    /// # Errors
    /// As [`Connection::start`].
    pub fn send_unanswered<R: Request>(&self, request: &R, cap: i16) -> Result<(), ClientError> {
        let version = self.version_of::<R>(cap)?;
        let correlation = self.register(None)?;
        let frame = encode_request(correlation, Some(&self.client_id), version, request)?;
        self.enqueue(frame)
    }

    fn start_as<R: Request>(
        &self,
        request: &R,
        version: i16,
        server_wait: Duration,
    ) -> Result<PendingResponse<R::Response>, ClientError> {
        let (answer, receiver) = oneshot::channel();
        let correlation = self.register(Some(answer))?;
        let frame = match encode_request(correlation, Some(&self.client_id), version, request) {
            Ok(frame) => frame,
            Err(error) => {
                self.shared.state.lock().waiting.remove(&correlation);
                return Err(error.into());
            }
        };
        self.enqueue(frame)?;
        let limit = self.timeout + server_wait;
        Ok(PendingResponse {
            shared: Arc::clone(&self.shared),
            receiver,
            sleep: self.env.clock.sleep(limit),
            limit,
            api: R::KEY,
            version,
            response: PhantomData,
        })
    }

    fn register(&self, answer: Option<Answer>) -> Result<i32, ClientError> {
        let mut state = self.shared.state.lock();
        if let Some(reason) = &state.closed {
            return Err(reason.clone());
        }
        let correlation = state.next_correlation;
        state.next_correlation = correlation.wrapping_add(1) & i32::MAX;
        if let Some(answer) = answer {
            let replaced = state.waiting.insert(correlation, answer);
            assert!(replaced.is_none(), "two billion requests cannot wait at once");
        }
        Ok(correlation)
    }

    fn enqueue(&self, frame: Rope) -> Result<(), ClientError> {
        self.outgoing.send(frame).map_err(|_| self.shared.lost("it was closed"))
    }

    async fn negotiate(&self) -> Result<Versions, ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: KString::from_static("esker"),
            client_software_version: KString::from_static(env!("CARGO_PKG_VERSION")),
        };
        let mut version = ApiKey::ApiVersions.stable_versions().max;
        loop {
            let frame = self.start_as(&request, version, Duration::ZERO)?.frame().await?;
            // A broker that does not know the version answers in version 0; the code comes first in all of them.
            let refused = frame.get(4..6) == Some(&ErrorCode::UnsupportedVersion.code().to_be_bytes()[..]);
            let read_as = if refused { 0 } else { version };
            let response: ApiVersionsResponse = self.decode(frame, read_as)?;
            if !refused {
                ClientError::check(response.error_code, None, || "asking for the broker's versions".into())?;
                return Ok(Versions::new(&response));
            }
            let offered = Versions::new(&response).pick(ApiKey::ApiVersions, version - 1).unwrap_or(0);
            if version == 0 {
                return Err(ClientError::Unsupported {
                    address: self.shared.address.clone(),
                    api: ApiKey::ApiVersions.name(),
                    ours: ApiKey::ApiVersions.stable_versions().to_string(),
                });
            }
            version = offered;
        }
    }

    fn decode<M: esker_kafka_wire::Response>(&self, frame: Bytes, version: i16) -> Result<M, ClientError> {
        decode_response(frame, version)
            .map(|(_, message)| message)
            .map_err(|error| malformed(&self.shared.address, &error))
    }
}

/// The answer to a request on its way. Dropping it forgets the answer, not the request.
pub struct PendingResponse<M> {
    shared: Arc<Shared>,
    receiver: oneshot::Receiver<Result<Bytes, ClientError>>,
    sleep: BoxFuture<'static, ()>,
    limit: Duration,
    api: ApiKey,
    version: i16,
    response: PhantomData<fn() -> M>,
}

impl<M> PendingResponse<M> {
    /// The version that the request was sent in.
    #[must_use]
    pub fn version(&self) -> i16 {
        self.version
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, ClientError>> {
        if let Poll::Ready(answer) = Pin::new(&mut self.receiver).poll(cx) {
            return Poll::Ready(answer.unwrap_or_else(|_| Err(self.shared.lost("it was closed"))));
        }
        if self.sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let error = ClientError::TimedOut {
            address: self.shared.address.clone(),
            api: self.api.name(),
            limit: self.limit,
        };
        // Whatever waits behind this request would time out too: start afresh.
        self.shared.close(&error);
        Poll::Ready(Err(error))
    }

    async fn frame(mut self) -> Result<Bytes, ClientError> {
        std::future::poll_fn(|cx| self.poll_frame(cx)).await
    }
}

impl<M: esker_kafka_wire::Response> Future for PendingResponse<M> {
    type Output = Result<M, ClientError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_frame(cx).map(|frame| {
            let decoded = decode_response(frame?, self.version).map(|(_, message)| message);
            decoded.map_err(|error| malformed(&self.shared.address, &error))
        })
    }
}

/// Writes frames as they come, several in one system call where they queue up. Ends with the reason.
async fn write_requests(
    mut writer: WriteHalf<Box<dyn Stream>>,
    mut queue: mpsc::UnboundedReceiver<Rope>,
    shared: &Shared,
) -> ClientError {
    while let Some(mut rope) = queue.recv().await {
        while let Ok(next) = queue.try_recv() {
            rope.append(next);
        }
        while !rope.is_empty() {
            match writer.write_buf(&mut rope).await {
                Ok(0) => return shared.lost("it takes no more bytes"),
                Ok(_) => {}
                Err(error) => return shared.lost(&error),
            }
        }
        if let Err(error) = writer.flush().await {
            return shared.lost(&error);
        }
    }
    shared.lost("it was closed")
}

/// Reads frames and hands each to whoever waits for it. Ends with the reason.
async fn read_answers(reader: ReadHalf<Box<dyn Stream>>, shared: &Shared, limit: usize) -> ClientError {
    let mut reader = tokio::io::BufReader::with_capacity(16 * 1024, reader);
    loop {
        let frame = match read_frame(&mut reader, limit).await {
            Ok(Some(frame)) => frame,
            Ok(None) => return shared.lost("the broker closed it"),
            Err(error) => return shared.lost(&error),
        };
        let Some((id, _)) = frame.split_first_chunk::<4>() else {
            return shared.lost("the broker sent a frame without a correlation id");
        };
        let correlation = i32::from_be_bytes(*id);
        let Some(answer) = shared.state.lock().waiting.remove(&correlation) else {
            return shared.lost(&format!("the broker answered request {correlation}, which was not sent"));
        };
        // A caller that gave up no longer listens.
        let _ = answer.send(Ok(frame));
    }
}

/// One frame without its length; `None` when the stream ends before it.
async fn read_frame(
    reader: &mut tokio::io::BufReader<ReadHalf<Box<dyn Stream>>>,
    limit: usize,
) -> std::io::Result<Option<Bytes>> {
    let length = match reader.read_i32().await {
        Ok(length) => length,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(length).ok().filter(|length| *length <= limit).ok_or_else(|| {
        std::io::Error::other(format!("a response of {length} bytes; the limit is {limit} bytes"))
    })?;
    let mut frame = BytesMut::with_capacity(length);
    let mut body = reader.take(length as u64);
    while frame.len() < length {
        if body.read_buf(&mut frame).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(frame.freeze()))
}

const _: () = assert!(ApiVersionsRequest::MIN_VERSION == 0, "every broker answers version 0");

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
