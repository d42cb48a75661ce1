//! Two services on one port.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use esker_env::BoxFuture;
use esker_wal_grpc::StoreService;
use tonic::{Status, body::Body, server::NamedService};
use tower_service::Service;

use crate::{ControlService, SERVICE};

/// Sends each request to the service whose path it has; any other is UNIMPLEMENTED.
#[derive(Clone)]
pub struct Router {
    control: ControlService,
    store: StoreService,
}

impl Router {
    /// Control, and the store.
    #[must_use]
    pub const fn new(control: ControlService, store: StoreService) -> Self {
        Self { control, store }
    }
}

impl<B> Service<http::Request<B>> for Router
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
        let path = request.uri().path();
        if path.starts_with(SERVICE) {
            return self.control.call(request);
        }
        let service = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        if service.is_some_and(|(name, _)| name == StoreService::NAME) {
            return self.store.call(request);
        }
        Box::pin(async { Ok(Status::unimplemented("no such service").into_http()) })
    }
}
