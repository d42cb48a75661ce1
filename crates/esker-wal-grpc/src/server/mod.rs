//! A store behind a port.

mod method;
mod serve;
mod write;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use esker_core::StoreId;
use esker_env::BoxFuture;
use esker_wal::{Directory, LogStore};
use futures::{Stream, StreamExt, stream};
use tonic::{
    Status, Streaming,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::{
    DIRECTORY, IS_OPEN, MAX_MESSAGE, READ, READ_FRAME, WRITE,
    convert::{self, Malformed},
    proto::{self, is_open_response, read_frame_response, read_response},
};

use method::Method;
pub use serve::{serve, tcp_incoming};

/// Most header bytes of one page of a directory, unless a single frame has more.
const PAGE: usize = 1 << 20;

/// Most bytes of a request that carries no records.
const SMALL_REQUEST: usize = 4096;

type Answers<T> = stream::BoxStream<'static, Result<T, Status>>;

/// What a server grants its clients.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Most bytes of a change, [`MAX_MESSAGE`] or less. Smaller frames than the format's largest save memory: each stream
    /// may make the server hold one such message besides its `stream_bytes`.
    pub message_bytes: usize,
    /// Bytes of changes taken from one stream and not answered, above which no more is read from it.
    pub stream_bytes: usize,
    /// The same, in changes.
    pub stream_changes: usize,
    /// Streams and calls of one connection at a time.
    pub streams: u32,
    /// Bytes that a client may send ahead on one stream.
    pub stream_window: u32,
    /// And on all streams of a connection: more than one stream may, so that one that stands still leaves room for others.
    pub connection_window: u32,
    /// Bytes of answers that each stream may have on their way.
    pub send_buffer: usize,
    /// Connections at a time; more are closed at once.
    pub connections: usize,
    /// A connection ends when nothing was asked on it for this long after it was made.
    pub first_request: Duration,
    /// A peer is pinged after so long a silence.
    pub ping_interval: Duration,
    /// And its connection ends when that is not answered.
    pub ping_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            message_bytes: MAX_MESSAGE,
            stream_bytes: 64 << 20,
            stream_changes: 1024,
            streams: 64,
            stream_window: 4 << 20,
            connection_window: 16 << 20,
            send_buffer: 400 << 10,
            connections: 1024,
            first_request: Duration::from_secs(10),
            ping_interval: Duration::from_secs(5),
            ping_timeout: Duration::from_secs(5),
        }
    }
}

/// One store as a gRPC service. Cheap to clone.
#[derive(Clone)]
pub struct StoreService {
    store: Arc<dyn LogStore>,
    options: Arc<ServerOptions>,
}

impl StoreService {
    /// Serves this store.
    #[must_use]
    pub fn new(store: Arc<dyn LogStore>, options: ServerOptions) -> Self {
        Self { store, options: Arc::new(options) }
    }

    async fn answer<B>(self, request: http::Request<B>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        match request.uri().path() {
            WRITE => {
                let codec = ProstCodec::<proto::WriteResponse, proto::WriteRequest>::default();
                let limit = self.options.message_bytes;
                let method = Method(move |changes| self.clone().write(changes));
                Grpc::new(codec).max_decoding_message_size(limit).streaming(method, request).await
            }
            READ => {
                let codec = ProstCodec::<proto::ReadResponse, proto::ReadRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().read(asked)), request).await
            }
            READ_FRAME => {
                let codec = ProstCodec::<proto::ReadFrameResponse, proto::ReadFrameRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().read_frame(asked)), request).await
            }
            DIRECTORY => {
                let codec = ProstCodec::<proto::DirectoryPage, proto::DirectoryRequest>::default();
                small(codec)
                    .server_streaming(Method(move |asked| self.clone().directory(asked)), request)
                    .await
            }
            IS_OPEN => {
                let codec = ProstCodec::<proto::IsOpenResponse, proto::IsOpenRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().tell_open(asked)), request).await
            }
            _ => Status::unimplemented("no such method").into_http(),
        }
    }

    async fn write(
        self,
        changes: Streaming<proto::WriteRequest>,
    ) -> Result<Answers<proto::WriteResponse>, Status> {
        Ok(write::answers(self.store, self.options, changes).boxed())
    }

    async fn read(self, asked: proto::ReadRequest) -> Result<proto::ReadResponse, Status> {
        check_store(self.store.id(), &asked.store)?;
        let (ledger, index) = (convert::ledger(asked.ledger)?, convert::index(asked.index)?);
        let result = match self.store.read(ledger, index, asked.start..asked.end).await {
            Ok(payload) => read_response::Result::Payload(payload),
            Err(error) => read_response::Result::Fault(convert::fault_message(&error)),
        };
        Ok(proto::ReadResponse { result: Some(result) })
    }

    async fn read_frame(self, asked: proto::ReadFrameRequest) -> Result<proto::ReadFrameResponse, Status> {
        check_store(self.store.id(), &asked.store)?;
        let (ledger, index) = (convert::ledger(asked.ledger)?, convert::index(asked.index)?);
        let result = match self.store.read_frame(ledger, index).await {
            Ok(frame) => read_frame_response::Result::Frame(frame.encoded().clone()),
            Err(error) => read_frame_response::Result::Fault(convert::fault_message(&error)),
        };
        Ok(proto::ReadFrameResponse { result: Some(result) })
    }

    async fn tell_open(self, asked: proto::IsOpenRequest) -> Result<proto::IsOpenResponse, Status> {
        check_store(self.store.id(), &asked.store)?;
        let result = match self.store.is_open(convert::ledger(asked.ledger)?).await {
            Ok(open) => is_open_response::Result::Open(open),
            Err(error) => is_open_response::Result::Fault(convert::fault_message(&error)),
        };
        Ok(proto::IsOpenResponse { result: Some(result) })
    }

    async fn directory(
        self,
        asked: proto::DirectoryRequest,
    ) -> Result<Answers<proto::DirectoryPage>, Status> {
        check_store(self.store.id(), &asked.store)?;
        let (ledger, from) = (convert::ledger(asked.ledger)?, convert::index(asked.from)?);
        Ok(match self.store.directory(ledger, from).await {
            Ok(directory) => pages(directory).map(Ok).boxed(),
            Err(error) => {
                let fault = Some(convert::fault_message(&error));
                stream::iter([Ok(proto::DirectoryPage { frames: Vec::new(), fault })]).boxed()
            }
        })
    }
}

/// For requests that carry no records.
fn small<C: tonic::codec::Codec>(codec: C) -> Grpc<C> {
    Grpc::new(codec).max_decoding_message_size(SMALL_REQUEST)
}

/// A page is made when the one before it is on its way.
fn pages(directory: Directory) -> impl Stream<Item = proto::DirectoryPage> + Send {
    let mut rest = directory.into_iter().peekable();
    stream::iter(std::iter::from_fn(move || {
        let mut frames = Vec::new();
        let mut bytes = 0;
        while let Some((index, headers)) =
            rest.next_if(|(_, headers)| frames.is_empty() || bytes + size_of_headers(headers.len()) <= PAGE)
        {
            bytes += size_of_headers(headers.len());
            frames.push(convert::headers_message(index, &headers));
        }
        (!frames.is_empty()).then_some(proto::DirectoryPage { frames, fault: None })
    }))
}

/// With what stands around them.
const fn size_of_headers(count: usize) -> usize {
    count * esker_core::BatchHeader::SIZE + 16
}

/// S5: another store's requests are refused.
fn check_store(own: StoreId, meant: &[u8]) -> Result<(), Status> {
    let meant = convert::store_id(meant)?;
    if meant == own {
        Ok(())
    } else {
        Err(Status::not_found(format!("this is store {own}, store {meant} is not here")))
    }
}

impl From<Malformed> for Status {
    fn from(Malformed(what): Malformed) -> Self {
        Self::invalid_argument(what)
    }
}

impl<B> Service<http::Request<B>> for StoreService
where
    B: hyper::body::Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

impl NamedService for StoreService {
    const NAME: &'static str = "esker.store.v1.Store";
}

#[cfg(test)]
mod tests;
