//! Services on one port.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use esker_env::BoxFuture;
use esker_wal_grpc::StoreService;
use tonic::{Status, body::Body, server::NamedService};
use tower_service::Service;

use crate::ControlService;

/// Sends each request to the service whose path it has; any other is UNIMPLEMENTED.
#[derive(Clone)]
pub struct Router<S> {
    control: ControlService,
    store: StoreService,
    other: S,
}

impl<S: NamedService> Router<S> {
    /// Control, the store, and what else brokers ask of one another.
    #[must_use]
    pub const fn new(control: ControlService, store: StoreService, other: S) -> Self {
        Self { control, store, other }
    }
}

impl<B, S> Service<http::Request<B>> for Router<S>
where
    S: NamedService
        + Service<
            http::Request<B>,
            Response = http::Response<Body>,
            Error = Infallible,
            Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>,
        >,
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
        let path = request.uri().path();
        let service = path.strip_prefix('/').and_then(|path| path.split_once('/')).map(|(name, _)| name);
        match service {
            Some(name) if name == ControlService::NAME => self.control.call(request),
            Some(name) if name == StoreService::NAME => self.store.call(request),
            Some(name) if name == S::NAME => self.other.call(request),
            _ => Box::pin(async { Ok(Status::unimplemented("no such service").into_http()) }),
        }
    }
}
