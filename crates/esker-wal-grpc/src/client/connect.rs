//! One HTTP/2 connection, seen as what tonic's client calls a channel.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};

use esker_env::{BoxFuture, Env, TaskGuard};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
};
use tonic::{body::Body, client::Grpc};
use tower_service::Service;

use super::ClientOptions;
use crate::{MAX_MESSAGE, runtime::Executor};

/// Bytes that a server may send ahead on one call.
const STREAM_WINDOW: u32 = 4 << 20;
/// And on all of a connection.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// A connection's bytes.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection's bytes, of whatever kind.
pub type BoxIo = Box<dyn Io>;

/// How an endpoint's name becomes a connection: TCP, TLS over it, or a test's network.
pub type Connector = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<BoxIo>> + Send + Sync>;

/// TCP to `host:port`, sending without delay.
#[must_use]
pub fn tcp() -> Connector {
    Arc::new(|endpoint| {
        Box::pin(async move {
            let stream = TcpStream::connect(endpoint).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxIo)
        })
    })
}

/// Where requests of one connection go: what tonic's client calls a channel.
#[derive(Clone)]
pub struct Channel(http2::SendRequest<Body>);

impl Channel {
    /// A client that takes messages up to [`MAX_MESSAGE`].
    #[must_use]
    pub fn grpc(&self) -> Grpc<Self> {
        let origin = http::Uri::from_static("http://store.esker");
        Grpc::with_origin(self.clone(), origin).max_decoding_message_size(MAX_MESSAGE)
    }
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, hyper::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// An open HTTP/2 connection. Dropping it closes it.
pub struct Connection {
    pub(crate) channel: Channel,
    /// Why it ended, once it has.
    pub(super) ended: oneshot::Receiver<String>,
    _task: TaskGuard,
}

impl Connection {
    /// Connects to what `connector` takes. Of the options, those about connections count. The peer has not said
    /// anything yet when this answers.
    ///
    /// # Errors
    /// What happened, for people.
    pub async fn open(
        endpoint: String,
        connector: &Connector,
        env: &Env,
        options: &ClientOptions,
    ) -> Result<Self, String> {
        let limit = options.connect_timeout;
        let opened = async {
            let io = connector(endpoint).await.map_err(|error| error.to_string())?;
            let handshake = http2::Builder::new(Executor(env.tasks.clone()))
                .timer(TokioTimer::new())
                .keep_alive_interval(options.ping_interval)
                .keep_alive_timeout(options.ping_timeout)
                .keep_alive_while_idle(true)
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .handshake(TokioIo::new(io));
            handshake.await.map_err(|error| reasons(&error))
        };
        let (sender, connection) = env
            .timeout(limit, opened)
            .await
            .unwrap_or_else(|_| Err(format!("no connection within {} ms", limit.as_millis())))?;
        let (say, ended) = oneshot::channel();
        let task = env.tasks.spawn_guarded(async move {
            let why = match connection.await {
                Ok(()) => "the connection was closed".to_owned(),
                Err(error) => reasons(&error),
            };
            let _ = say.send(why);
        });
        Ok(Self { channel: Channel(sender), ended, _task: task })
    }

    /// Where requests go.
    #[must_use]
    pub const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Whether it takes no further requests.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.channel.0.is_closed()
    }
}

/// An error with what caused it.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
