//! The coordination service behind a port.

use std::{
    convert::Infallible,
    future::Future,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use esker_coordinator::{MAX_PARTITIONS, SharePeer, TransactionGate, TransactionPeers};
use esker_core::{PartitionId, TopicNumber};
use esker_env::{BoxFuture, Env};
use tonic::{
    Status,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::{
    ADMIT, ADMIT_PATH, APPEND_PATH, ENDS_PATH, MAX_REQUEST, SHARE, SHARE_PATH, WRITE_MARKERS,
    WRITE_MARKERS_PATH, convert, method::Method, proto,
};

/// Who answers at a broker: for what it leads and coordinates, and for nothing else.
#[derive(Clone)]
pub struct Coordinators {
    /// Writes markers into this broker's partitions.
    pub markers: Arc<dyn TransactionPeers>,
    /// Admits to transactions that this broker coordinates.
    pub gate: Arc<dyn TransactionGate>,
    /// Answers for share partitions that this broker leads.
    pub shares: Arc<dyn SharePeer>,
}

/// A broker's answers as a gRPC service. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct CoordinationService {
    bound: Arc<OnceLock<Coordinators>>,
    env: Env,
}

impl CoordinationService {
    /// Has nothing to say (UNAVAILABLE) until [`CoordinationService::bind`]: a node serves its store before it has all that
    /// answers.
    #[must_use]
    pub fn unbound(env: &Env) -> Self {
        Self { bound: Arc::default(), env: env.clone() }
    }

    /// Answers from now on.
    ///
    /// # Panics
    /// When it was bound already.
    pub fn bind(&self, coordinators: Coordinators) {
        assert!(self.bound.set(coordinators).is_ok(), "a coordination service is bound once");
    }

    fn bound(&self) -> Result<&Coordinators, Status> {
        self.bound.get().ok_or_else(|| Status::unavailable("the broker is starting"))
    }

    async fn within<T>(&self, limit: Duration, answer: impl Future<Output = T>) -> Result<T, Status> {
        let overdue = |_| Status::deadline_exceeded(format!("not done within {} ms", limit.as_millis()));
        self.env.timeout(limit, answer).await.map_err(overdue)
    }

    pub(crate) async fn write_markers(
        self,
        asked: proto::WriteMarkersRequest,
    ) -> Result<proto::WriteMarkersResponse, Status> {
        let order = convert::order(asked)?;
        let results = self.within(WRITE_MARKERS, self.bound()?.markers.write_markers(order)).await?;
        let results = results.into_iter().map(convert::result_message).collect();
        Ok(proto::WriteMarkersResponse { results })
    }

    pub(crate) async fn admit(self, asked: proto::AdmitRequest) -> Result<proto::AdmitResponse, Status> {
        let request = convert::admit(asked)?;
        let results = self.within(ADMIT, self.bound()?.gate.admit(request)).await?;
        let errors = results.into_iter().map(convert::error_message).collect();
        Ok(proto::AdmitResponse { errors })
    }

    pub(crate) async fn share(self, asked: proto::ShareRequest) -> Result<proto::ShareResponse, Status> {
        let order = convert::share(asked)?;
        let found = self.within(SHARE, self.bound()?.shares.share(order)).await?;
        Ok(proto::ShareResponse { results: found.iter().map(convert::found_message).collect() })
    }

    pub(crate) async fn append(self, asked: proto::AppendRequest) -> Result<proto::AppendResponse, Status> {
        let target = PartitionId { topic: TopicNumber(asked.topic), index: asked.index };
        let appended = self.within(SHARE, self.bound()?.shares.append(target, asked.batch.into())).await?;
        let why = appended.err().map_or_else(String::new, |why| convert::cut(&why).to_owned());
        Ok(proto::AppendResponse { why })
    }

    pub(crate) async fn ends(self, asked: proto::EndsRequest) -> Result<proto::EndsResponse, Status> {
        if asked.partitions.len() > MAX_PARTITIONS {
            return Err(Status::invalid_argument("too many partitions"));
        }
        let named =
            |id: &proto::NumberedPartition| PartitionId { topic: TopicNumber(id.topic), index: id.index };
        let partitions: Vec<_> = asked.partitions.iter().map(named).collect();
        let ends = self.bound()?.shares.ends(&partitions);
        Ok(proto::EndsResponse { ends: ends.into_iter().map(|end| end.map_or(-1, |end| end.0)).collect() })
    }

    async fn answer<B>(self, request: http::Request<B>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        // A request that is announced and does not come ends with the connection, or here.
        let (env, limit) = (self.env.clone(), WRITE_MARKERS + ADMIT);
        let answered = self.dispatch(request);
        env.timeout(limit, answered)
            .await
            .unwrap_or_else(|_| Status::deadline_exceeded("the request did not come").into_http())
    }

    async fn dispatch<B>(self, request: http::Request<B>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        match request.uri().path() {
            WRITE_MARKERS_PATH => {
                unary(Method(move |asked| self.clone().write_markers(asked)), request).await
            }
            ADMIT_PATH => unary(Method(move |asked| self.clone().admit(asked)), request).await,
            SHARE_PATH => unary(Method(move |asked| self.clone().share(asked)), request).await,
            ENDS_PATH => unary(Method(move |asked| self.clone().ends(asked)), request).await,
            APPEND_PATH => unary(Method(move |asked| self.clone().append(asked)), request).await,
            _ => Status::unimplemented("no such method").into_http(),
        }
    }
}

async fn unary<F, Q, A, Fut, B>(method: Method<F>, request: http::Request<B>) -> http::Response<Body>
where
    F: FnMut(Q) -> Fut,
    Q: prost::Message + Default + Send + 'static,
    A: prost::Message + Send + 'static,
    Fut: Future<Output = Result<A, Status>> + Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    Grpc::new(ProstCodec::<A, Q>::default())
        .max_decoding_message_size(MAX_REQUEST)
        .unary(method, request)
        .await
}

impl<B> Service<http::Request<B>> for CoordinationService
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

impl NamedService for CoordinationService {
    const NAME: &'static str = "esker.coordination.v1.Coordination";
}
