//! Answering the other brokers, for what this one owns.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use esker_coordinator::ShareStates;
use esker_env::{BoxFuture, Env};
use esker_log::Log;
use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tonic::{
    Status, Streaming,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use super::{APPEND, AWAIT, DELIVER, DEPTH, LOCATE, MAX_MESSAGE, READ, REPLY, appends::Appends};
use crate::{
    Deduplication, convert,
    method::Method,
    owner::Owner,
    proto::esker::forward::v1 as proto,
    queues::{self, Address, Leader, Waiting},
    replies::Replies,
    targets::LONG_POLL,
};

/// Most bytes of a request that carries no batch.
const SMALL_REQUEST: usize = 4096;
/// Answers to a receiver that wait for the connection.
const DELIVERED: usize = 4;

/// What this broker owns, as a gRPC service. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct ForwardService {
    owner: Arc<OnceLock<Owner>>,
    leader: Arc<OnceLock<Leader>>,
    waiting: Arc<OnceLock<Arc<Waiting>>>,
    env: Env,
}

impl ForwardService {
    /// Has nothing to say (UNAVAILABLE) until [`ForwardService::bind`].
    #[must_use]
    pub fn unbound(env: &Env) -> Self {
        let (owner, leader, waiting) = (Arc::default(), Arc::default(), Arc::default());
        Self { owner, leader, waiting, env: env.clone() }
    }

    /// Answers out of this log, and by the ids of its messages, from now on.
    ///
    /// # Panics
    /// When it was bound already.
    pub fn bind(&self, log: Log, ids: Deduplication) {
        assert!(self.owner.set(Owner::new(log, &self.env, ids)).is_ok(), "a forward service is bound once");
    }

    /// Gives out of these share partitions from now on.
    ///
    /// # Panics
    /// When it was bound to some already.
    pub fn bind_shares(&self, log: Log, shares: ShareStates) {
        let leader = Leader::new(log, shares, self.env.clone());
        assert!(self.leader.set(leader).is_ok(), "a forward service is bound once");
    }

    /// Hands replies to these requests from now on. Until then nobody waits for one.
    ///
    /// # Panics
    /// When it was bound to some already.
    pub fn bind_replies(&self, replies: Replies) {
        assert!(self.waiting.set(replies.0).is_ok(), "a forward service is bound once");
    }

    fn reply(&self, asked: proto::ReplyRequest) -> proto::ReplyResponse {
        let handed = || {
            let address: Address = asked.reply_to.parse()?;
            let waiting = self.waiting.get().ok_or_else(queues::gone)?;
            waiting.hand(&address, asked.reply.unwrap_or_default(), None)
        };
        proto::ReplyResponse { fault: handed().err().map(convert::fault_message) }
    }

    fn leader(&self) -> Result<&Leader, Status> {
        self.leader.get().ok_or_else(|| Status::unavailable("the broker is starting"))
    }

    fn deliver(
        self,
        requests: Streaming<proto::DeliverRequest>,
    ) -> impl Stream<Item = Result<proto::DeliverResponse, Status>> + Send {
        let (answers, receiver) = mpsc::channel(DELIVERED);
        let refused = match self.leader() {
            Ok(leader) => {
                // Not ended with the stream: it gives back what the receiver had.
                self.env.tasks.spawn(queues::desk(leader.clone(), requests, answers));
                None
            }
            Err(status) => Some(Err(status)),
        };
        let answers =
            stream::unfold(
                receiver,
                |mut receiver| async move { Some((Ok(receiver.recv().await?), receiver)) },
            );
        stream::iter(refused).chain(answers)
    }

    async fn depth(self, asked: proto::DepthRequest) -> Result<proto::DepthResponse, Status> {
        let id = convert::partition(asked.partition)?;
        Ok(self.leader()?.depth(&asked.group, id).await.unwrap_or_else(|fault| proto::DepthResponse {
            fault: Some(convert::fault_message(fault)),
            ..proto::DepthResponse::default()
        }))
    }

    fn owner(&self) -> Result<&Owner, Status> {
        self.owner.get().ok_or_else(|| Status::unavailable("the broker is starting"))
    }

    async fn read(self, asked: proto::ReadRequest) -> Result<proto::ReadResponse, Status> {
        let id = convert::partition(asked.partition)?;
        let read = self.owner()?.read(id, asked.from, asked.max_bytes as usize, asked.committed).await;
        Ok(match read {
            Ok(page) => proto::ReadResponse {
                batches: joined(page.chunks),
                next: page.next,
                offsets: Some(page.offsets),
                aborted: page.aborted,
                fault: None,
            },
            Err(fault) => proto::ReadResponse {
                fault: Some(convert::fault_message(fault)),
                ..proto::ReadResponse::default()
            },
        })
    }

    async fn await_end(self, asked: proto::AwaitRequest) -> Result<proto::OffsetsResponse, Status> {
        let id = convert::partition(asked.partition)?;
        let limit = Duration::from_millis(u64::from(asked.wait_ms)).min(LONG_POLL);
        Ok(match self.owner()?.await_end(id, asked.from, asked.committed, limit).await {
            Ok(offsets) => proto::OffsetsResponse { offsets: Some(offsets), fault: None },
            Err(fault) => {
                proto::OffsetsResponse { offsets: None, fault: Some(convert::fault_message(fault)) }
            }
        })
    }

    async fn locate(self, asked: proto::LocateRequest) -> Result<proto::LocateResponse, Status> {
        let id = convert::partition(asked.partition)?;
        Ok(match self.owner()?.locate(id, asked.timestamp_ms).await {
            Ok((offsets, offset)) => proto::LocateResponse { offsets: Some(offsets), offset, fault: None },
            Err(fault) => {
                let fault = Some(convert::fault_message(fault));
                proto::LocateResponse { fault, ..proto::LocateResponse::default() }
            }
        })
    }

    fn append(
        self,
        requests: Streaming<proto::AppendRequest>,
    ) -> impl Stream<Item = Result<proto::AppendResponse, Status>> + Send {
        let state = Appends::new(self.owner().cloned(), self.env, requests);
        stream::unfold(state, |mut state| async move { state.next().await.map(|answer| (answer, state)) })
    }

    async fn answer<B>(self, request: http::Request<B>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        match request.uri().path() {
            APPEND => {
                let codec = ProstCodec::<proto::AppendResponse, proto::AppendRequest>::default();
                let method = Method(move |requests| self.clone().append(requests));
                Grpc::new(codec).max_decoding_message_size(MAX_MESSAGE).streaming(method, request).await
            }
            READ => {
                let codec = ProstCodec::<proto::ReadResponse, proto::ReadRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().read(asked)), request).await
            }
            AWAIT => {
                let codec = ProstCodec::<proto::OffsetsResponse, proto::AwaitRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().await_end(asked)), request).await
            }
            LOCATE => {
                let codec = ProstCodec::<proto::LocateResponse, proto::LocateRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().locate(asked)), request).await
            }
            DELIVER => {
                let codec = ProstCodec::<proto::DeliverResponse, proto::DeliverRequest>::default();
                let method = Method(move |requests| self.clone().deliver(requests));
                Grpc::new(codec).max_decoding_message_size(MAX_MESSAGE).streaming(method, request).await
            }
            REPLY => {
                let codec = ProstCodec::<proto::ReplyResponse, proto::ReplyRequest>::default();
                let method = Method(move |asked| std::future::ready(Ok(self.reply(asked))));
                Grpc::new(codec).max_decoding_message_size(MAX_MESSAGE).unary(method, request).await
            }
            DEPTH => {
                let codec = ProstCodec::<proto::DepthResponse, proto::DepthRequest>::default();
                small(codec).unary(Method(move |asked| self.clone().depth(asked)), request).await
            }
            _ => Status::unimplemented("no such method").into_http(),
        }
    }
}

fn small<C: tonic::codec::Codec>(codec: C) -> Grpc<C> {
    Grpc::new(codec).max_decoding_message_size(SMALL_REQUEST)
}

/// The chunks as one; a single one is shared.
fn joined(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    for chunk in &chunks {
        all.extend_from_slice(chunk);
    }
    all.freeze()
}

impl<B> Service<http::Request<B>> for ForwardService
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

impl NamedService for ForwardService {
    const NAME: &'static str = "esker.forward.v1.Forward";
}
