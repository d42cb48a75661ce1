//! HTTP/2 over connections that come from anywhere.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use esker_env::Env;
use futures::{Stream, StreamExt, stream};
use hyper::{body::Incoming, server::conn::http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tonic::body::Body;
use tower_service::Service;

use super::ServerOptions;
use crate::runtime::Executor;

/// Most bytes of a request's headers.
const HEADERS: u32 = 16 << 10;
/// After a connection that could not be accepted: the process is likely out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The connections that a listener accepts, sending without delay.
pub fn tcp_incoming(listener: TcpListener) -> impl Stream<Item = io::Result<TcpStream>> + Send {
    stream::unfold(listener, |listener| async move {
        let accepted = match listener.accept().await {
            Ok((stream, _)) => stream.set_nodelay(true).map(|()| stream),
            Err(error) => Err(error),
        };
        Some((accepted, listener))
    })
}

/// Serves what it is given (a [`StoreService`](super::StoreService), or several services told apart by path) on every
/// connection that comes, until none comes any more. Dropping this ends all connections.
pub async fn serve<S, Io>(
    service: S,
    incoming: impl Stream<Item = io::Result<Io>> + Send,
    env: &Env,
    options: &ServerOptions,
) where
    S: Service<http::Request<Incoming>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut incoming = pin!(incoming);
    let open = Arc::new(AtomicUsize::new(0));
    let alive = watch::Sender::new(());
    while let Some(accepted) = incoming.next().await {
        let io = match accepted {
            Ok(io) => io,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                env.clock.sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if open.load(Ordering::Relaxed) >= options.connections {
            tracing::warn!(limit = options.connections, "too many connections: one is closed");
            continue;
        }
        let counted = Counted::new(&open);
        let mut ended = alive.subscribe();
        let connection = connection(service.clone(), io, env.clone(), options.clone());
        env.tasks.spawn(async move {
            let _counted = counted;
            tokio::select! {
                () = connection => {}
                // Nothing is ever sent: this is the end of `serve`.
                _ = ended.changed() => {}
            }
        });
    }
    alive.closed().await;
}

struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn connection<S, Io>(service: S, io: Io, env: Env, options: ServerOptions)
where
    S: Service<http::Request<Incoming>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asked = Arc::new(AtomicBool::new(false));
    let first = Arc::clone(&asked);
    let service = hyper::service::service_fn(move |request| {
        first.store(true, Ordering::Relaxed);
        service.clone().call(request)
    });
    let mut connection = pin!(
        http2::Builder::new(Executor(env.tasks.clone()))
            .timer(TokioTimer::new())
            .keep_alive_interval(options.ping_interval)
            .keep_alive_timeout(options.ping_timeout)
            .initial_stream_window_size(options.stream_window)
            .initial_connection_window_size(options.connection_window)
            .max_send_buf_size(options.send_buffer)
            .max_concurrent_streams(options.streams)
            .max_header_list_size(HEADERS)
            .serve_connection(TokioIo::new(io), service)
    );
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = env.clock.sleep(options.first_request) => {
            if !asked.load(Ordering::Relaxed) {
                tracing::debug!("a connection on which nothing was asked is closed");
                return;
            }
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended");
    }
}
