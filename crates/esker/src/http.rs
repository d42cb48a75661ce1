//! The HTTP port: health, metrics, and the few things an operator may ask for.

mod archive;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use esker_env::Tasks;
use esker_log::Log;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::Semaphore};

use crate::{
    archive::ArchiveAccess,
    metrics::{Counted, Metrics},
    state::Serving,
};

/// What the port answers from.
pub(crate) struct Http {
    pub(crate) serving: Arc<Serving>,
    pub(crate) metrics: Metrics,
    /// Set once the broker serves.
    pub(crate) archive: OnceLock<ArchiveAccess>,
    /// A look into the archive may read all of it: one at a time.
    archive_turn: Semaphore,
}

/// Binds the port and answers until the tasks end.
pub(crate) async fn serve(http: Arc<Http>, address: &str, tasks: &Tasks) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let connections = tasks.clone();
    tasks.spawn_vital("the HTTP port", async move {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "accepting an HTTP connection failed");
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            let http = Arc::clone(&http);
            connections.spawn(async move {
                let service = service_fn(|request| {
                    let http = Arc::clone(&http);
                    async move { Ok::<_, Infallible>(http.answer(&request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "HTTP connection ended");
                }
            });
        }
    });
    Ok(bound)
}

impl Http {
    pub(crate) fn new(serving: Arc<Serving>, counted: Counted) -> Self {
        let metrics = Metrics::new(counted);
        Self { serving, metrics, archive: OnceLock::new(), archive_turn: Semaphore::new(1) }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/livez") => match self.serving.failure() {
                None => text(StatusCode::OK, "ok\n"),
                Some(reason) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{reason}\n")),
            },
            (&Method::GET, "/readyz") => match self.serving.not_ready() {
                None => text(StatusCode::OK, "ok\n"),
                Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
            },
            (&Method::GET, "/metrics") => {
                let Ok(body) = self.metrics.render(&self.serving) else {
                    return text(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be written\n");
                };
                let mut response = text(StatusCode::OK, body);
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
                response
            }
            (&Method::POST, "/admin/flush") => match self.serving.log() {
                Some(log) => flush(&log).await,
                None => text(StatusCode::SERVICE_UNAVAILABLE, "not serving\n"),
            },
            (&Method::GET, path) if path.starts_with("/archive/") => {
                let page = path.trim_start_matches("/archive/");
                let found = archive::answer(self, page, request.uri().query()).await;
                found.unwrap_or_else(|| {
                    text(
                        StatusCode::NOT_FOUND,
                        "try /archive/list, /archive/inspect?object=NAME or /archive/verify\n",
                    )
                })
            }
            (_, "/livez" | "/readyz" | "/metrics" | "/admin/flush") => text(
                StatusCode::METHOD_NOT_ALLOWED,
                "use GET for health and metrics, POST for /admin/flush\n",
            ),
            _ => text(StatusCode::NOT_FOUND, "try /livez, /readyz, /metrics or POST /admin/flush\n"),
        }
    }
}

async fn flush(log: &Log) -> Response<Full<Bytes>> {
    match log.flush_all().await {
        Ok(()) => text(StatusCode::OK, "flushed\n"),
        Err(error) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}
