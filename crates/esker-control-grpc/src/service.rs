//! The control service behind a port.

use std::{
    convert::Infallible,
    future::Future,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use esker_control::PeerError;
use esker_core::ShardId;
use esker_env::{BoxFuture, Env};
use esker_meta::SessionKey;
use tonic::{
    Status,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::{
    ACCEPT_LOSS_PATH, ASSESS_LOSS_PATH, ControlApi, DRAIN_PATH, DRAINED_PATH, LOSS, MAX_REQUEST, MOVE_SHARD,
    MOVE_SHARD_PATH, OTHERS, REPORT_PATH, STATUS_PATH, convert,
    error::{cut, status},
    method::Method,
    proto,
    view::ClusterView,
};

/// A session's answers as a gRPC service. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct ControlService {
    bound: Arc<OnceLock<Bound>>,
    env: Env,
}

struct Bound {
    session: SessionKey,
    api: Arc<dyn ControlApi>,
}

impl ControlService {
    /// Answers for this session.
    #[must_use]
    pub fn new(session: SessionKey, api: Arc<dyn ControlApi>, env: &Env) -> Self {
        let service = Self::unbound(env);
        service.bind(session, api);
        service
    }

    /// Has nothing to say (UNAVAILABLE) until [`ControlService::bind`]: a node serves its store before it has all that
    /// answers.
    #[must_use]
    pub fn unbound(env: &Env) -> Self {
        Self { bound: Arc::default(), env: env.clone() }
    }

    /// Answers for this session from now on.
    ///
    /// # Panics
    /// When it was bound already.
    pub fn bind(&self, session: SessionKey, api: Arc<dyn ControlApi>) {
        assert!(self.bound.set(Bound { session, api }).is_ok(), "a control service is bound once");
    }

    /// What answers, if it is the one that is meant.
    fn meant(&self, meant: SessionKey) -> Result<Arc<dyn ControlApi>, Status> {
        let bound = self.bound()?;
        if bound.session != meant {
            return Err(Status::failed_precondition(format!("this is {}, not {meant}", bound.session)));
        }
        Ok(Arc::clone(&bound.api))
    }

    /// The same, where nobody need be meant.
    fn perhaps_meant(&self, meant: Option<proto::Session>) -> Result<Arc<dyn ControlApi>, Status> {
        match meant {
            Some(_) => self.meant(convert::session(meant, "session that is meant")?),
            None => Ok(Arc::clone(&self.bound()?.api)),
        }
    }

    fn bound(&self) -> Result<&Bound, Status> {
        self.bound.get().ok_or_else(|| Status::unavailable("the broker is starting"))
    }

    async fn within<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, PeerError>>,
    ) -> Result<T, Status> {
        match self.env.timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|error| status(&error)),
            Err(_) => Err(Status::deadline_exceeded(format!("not done within {} ms", limit.as_millis()))),
        }
    }

    async fn move_shard(self, asked: proto::MoveShardRequest) -> Result<proto::MoveShardResponse, Status> {
        let api = self.meant(convert::session(asked.meant, "session that is meant")?)?;
        let to = convert::session(asked.to, "session to move to")?;
        self.within(MOVE_SHARD, api.move_shard(ShardId(asked.shard), to)).await?;
        Ok(proto::MoveShardResponse {})
    }

    async fn report(self, asked: proto::ReportRequest) -> Result<proto::ReportResponse, Status> {
        let api = self.meant(convert::session(asked.meant, "session that is meant")?)?;
        let suspect = convert::session(asked.suspect, "suspect")?;
        self.within(OTHERS, api.report(suspect, cut(&asked.why))).await?;
        Ok(proto::ReportResponse {})
    }

    async fn status(self, asked: proto::StatusRequest) -> Result<proto::StatusResponse, Status> {
        let api = self.perhaps_meant(asked.meant)?;
        let status = self.within(OTHERS, api.status()).await?;
        Ok(proto::StatusResponse { json: json(&ClusterView::from(&status))? })
    }

    async fn drain(self, asked: proto::DrainRequest) -> Result<proto::DrainResponse, Status> {
        let api = self.perhaps_meant(asked.meant)?;
        self.within(OTHERS, api.drain(convert::broker(asked.broker)?)).await?;
        Ok(proto::DrainResponse {})
    }

    async fn drained(self, asked: proto::DrainedRequest) -> Result<proto::DrainedResponse, Status> {
        let api = self.perhaps_meant(asked.meant)?;
        let drained = self.within(OTHERS, api.drained(convert::broker(asked.broker)?)).await?;
        Ok(proto::DrainedResponse { drained })
    }

    async fn assess_loss(self, asked: proto::AssessLossRequest) -> Result<proto::AssessLossResponse, Status> {
        let api = self.perhaps_meant(None)?;
        let loss = self.within(LOSS, api.assess_loss(convert::ledger(asked.ledger)?)).await?;
        Ok(proto::AssessLossResponse { json: json(&loss)? })
    }

    async fn accept_loss(self, asked: proto::AcceptLossRequest) -> Result<proto::AcceptLossResponse, Status> {
        let api = self.perhaps_meant(None)?;
        let ledger = convert::ledger(asked.ledger)?;
        let end = self.within(LOSS, api.accept_loss(ledger, asked.token)).await?;
        Ok(proto::AcceptLossResponse { end: end.0 })
    }

    async fn answer<B>(self, request: http::Request<B>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        // A request that is announced and does not come ends with the connection, or here.
        let (env, limit) = (self.env.clone(), MOVE_SHARD + OTHERS);
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
            MOVE_SHARD_PATH => unary(Method(move |asked| self.clone().move_shard(asked)), request).await,
            REPORT_PATH => unary(Method(move |asked| self.clone().report(asked)), request).await,
            STATUS_PATH => unary(Method(move |asked| self.clone().status(asked)), request).await,
            DRAIN_PATH => unary(Method(move |asked| self.clone().drain(asked)), request).await,
            DRAINED_PATH => unary(Method(move |asked| self.clone().drained(asked)), request).await,
            ASSESS_LOSS_PATH => unary(Method(move |asked| self.clone().assess_loss(asked)), request).await,
            ACCEPT_LOSS_PATH => unary(Method(move |asked| self.clone().accept_loss(asked)), request).await,
            _ => Status::unimplemented("no such method").into_http(),
        }
    }
}

fn json(document: &impl serde::Serialize) -> Result<String, Status> {
    serde_json::to_string(document)
        .map_err(|error| Status::internal(format!("there is no JSON of it: {error}")))
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

impl<B> Service<http::Request<B>> for ControlService
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

impl NamedService for ControlService {
    const NAME: &'static str = "esker.control.v1.Control";
}
