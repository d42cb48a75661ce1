//! The HTTP side: one task per connection.

use std::{io, sync::Arc};

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::BodyExt;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::{Body, service::S3Service};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    Faults,
    actions::{self, Actions},
    admin,
    faults::Fate,
    locks::Locks,
};

#[derive(Clone)]
pub(crate) struct Endpoint {
    service: S3Service,
    faults: Arc<Faults>,
    actions: Arc<Actions>,
    locks: Arc<Locks>,
}

pub(crate) async fn accept(listener: TcpListener, endpoint: Endpoint) {
    // The connections end with the server: the set aborts them when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, endpoint.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, endpoint: Endpoint) {
    // Without it, small answers wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let endpoint = endpoint.clone();
        async move { endpoint.handle(request).await }
    });
    // An error means a closed connection: the client's affair, or a fault.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Endpoint {
    pub(crate) fn new(service: S3Service, faults: Arc<Faults>, actions: Arc<Actions>) -> Self {
        Self { service, faults, actions, locks: Arc::default() }
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
        if request.uri().path() == admin::PATH {
            let change = request.method() != Method::GET;
            let (status, text) =
                admin::answer(&self.faults, change, request.uri().query().unwrap_or_default());
            return Response::builder().status(status).body(Body::from(text)).map_err(io::Error::other);
        }
        if request.uri().path() == actions::PATH {
            let text = self.actions.answer(request.method() != Method::GET);
            return Response::builder().body(Body::from(text)).map_err(io::Error::other);
        }
        let (fate, latency) = self.faults.fate(request.method().as_str());
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if fate == Fate::Refuse {
            // The body is read first, as a real server does: the client is still sending it.
            request.into_body().collect().await.map_err(io::Error::other)?;
            let text =
                "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>a fault</Message></Error>";
            let answer = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
            return answer.body(Body::from(text.to_owned())).map_err(io::Error::other);
        }
        let key = request.uri().path().to_owned();
        let response = {
            let _lock = self.locks.lock(&key).await;
            self.service
                .call(request.map(Body::from))
                .await
                .map_err(|error| io::Error::other(format!("{error:?}")))?
        };
        match fate {
            Fate::LoseAnswer => Err(io::Error::other("a fault loses the answer")),
            Fate::CutBody => Ok(cut(response)),
            Fate::Serve | Fate::Refuse => Ok(response),
        }
    }
}

/// The response with a body that breaks off after its first piece's first half.
fn cut(response: Response<Body>) -> Response<Body> {
    response.map(|body| {
        let mut whole = body.into_data_stream();
        let pieces = futures::stream::once(async move {
            let first = whole.next().await.and_then(Result::ok).unwrap_or_default();
            Ok::<Bytes, io::Error>(first.slice(..first.len() / 2))
        });
        let broken = futures::stream::once(async { Err(io::Error::other("a fault cuts the body")) });
        let frames = pieces.chain(broken).map(|piece| piece.map(hyper::body::Frame::data));
        Body::http_body_unsync(http_body_util::StreamBody::new(Box::pin(frames)))
    })
}
