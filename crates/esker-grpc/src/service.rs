//! The API behind a port.

mod asking;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use esker_core::BrokerId;
use esker_env::BoxFuture;
use esker_meta::ProducerIds;
use tonic::{
    Status,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::{
    GrpcConfig, MAX_STREAMS, PATIENCE, StreamsParts,
    budget::{Budget, CountedBody, Intake},
    consume,
    fault::Fault,
    method::Method,
    produce,
    proto::esker::v1 as api,
    queues::{self, Requests, Waiting, exchanges},
    replies::Replies,
    targets::Targets,
    topics,
};

/// Most bytes of a request that carries no records.
const SMALL_REQUEST: usize = 64 << 10;
/// The same, for one that opens a stream of many partitions.
const OPENING: usize = 1 << 20;

/// The native API as a tower service. Cheap to clone.
#[derive(Clone)]
pub struct StreamsService(Arc<Inner>);

struct Inner {
    targets: Arc<Targets>,
    producer_ids: Arc<ProducerIds>,
    config: GrpcConfig,
    waiting: Arc<Waiting>,
    asking: Arc<Requests>,
    requests: Arc<Budget>,
    streams: Arc<Budget>,
    /// Streams, counted.
    places: Arc<Budget>,
}

impl StreamsService {
    /// Serves what these parts have.
    #[must_use]
    pub fn new(parts: StreamsParts) -> Self {
        let config = parts.config;
        let requests = Budget::new(config.request_memory);
        let producer_ids = Arc::clone(&parts.producer_ids);
        // Who is alone has nobody to be told from.
        let own = parts.others.as_ref().map_or(BrokerId(0), |others| others.own.broker);
        let random = Arc::clone(&parts.env.random);
        let waiting = Waiting::new(own, random, config.waiting_requests, Arc::clone(&requests));
        let targets = Arc::new(Targets::new(parts));
        Self(Arc::new(Inner {
            producer_ids,
            asking: Arc::new(Requests::new(&targets, &waiting)),
            waiting,
            targets,
            config,
            requests,
            streams: Budget::new(config.stream_memory),
            places: Budget::new(MAX_STREAMS),
        }))
    }

    /// Bytes that are granted, and that may be: for requests, and for what streams have read.
    #[must_use]
    pub fn memory(&self) -> [(usize, usize); 2] {
        [self.0.requests.used(), self.0.streams.used()]
    }

    /// Those of its clients' requests that wait for their replies, for [`crate::ForwardService::bind_replies`].
    #[must_use]
    pub fn replies(&self) -> Replies {
        Replies(Arc::clone(&self.0.waiting))
    }

    async fn answer<B>(self, request: http::Request<B>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        let Inner { targets, producer_ids, config, requests, streams, places, .. } = &*self.0;
        let intake = Intake::new(requests);
        let counted = intake.clone();
        let request = request.map(|body| CountedBody::new(body, counted));
        match request.uri().path() {
            "/esker.v1.Streams/Produce" => {
                let codec = ProstCodec::<api::ProduceResponse, api::ProduceRequest>::default();
                let Some(place) = places.take(1) else { return busy() };
                let mut place = Some(place);
                let (targets, producer_ids) = (Arc::clone(targets), Arc::clone(producer_ids));
                let method = Method(move |requests| {
                    let place = place.take().expect("a call has one stream");
                    produce::serve(&targets, &producer_ids, intake.clone(), place, requests)
                });
                Grpc::new(codec)
                    .max_decoding_message_size(config.message_bytes)
                    .streaming(method, request)
                    .await
            }
            "/esker.v1.Streams/Consume" => {
                let codec = ProstCodec::<api::ConsumeResponse, api::ConsumeRequest>::default();
                let Some(place) = places.take(1) else { return busy() };
                let mut place = Some(place);
                let (targets, streams) = (Arc::clone(targets), Arc::clone(streams));
                let method = Method(move |requests| {
                    let place = place.take().expect("a call has one stream");
                    consume::serve(&targets, &streams, intake.clone(), place, requests)
                });
                Grpc::new(codec).max_decoding_message_size(OPENING).streaming(method, request).await
            }
            "/esker.v1.Streams/ListTopics" => {
                let call = |targets: Arc<Targets>, asked: api::ListTopicsRequest| async move {
                    topics::list(&targets, &asked)
                };
                self.unary(request, call).await
            }
            "/esker.v1.Streams/GetTopic" => {
                let call = |targets: Arc<Targets>, asked: api::GetTopicRequest| async move {
                    topics::get(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/Publish" => {
                let codec = ProstCodec::<api::PublishResponse, api::PublishRequest>::default();
                let Some(place) = places.take(1) else { return busy() };
                let mut place = Some(place);
                let targets = Arc::clone(targets);
                let method = Method(move |requests| {
                    let place = place.take().expect("a call has one stream");
                    queues::publish(&targets, intake.clone(), place, requests)
                });
                Grpc::new(codec)
                    .max_decoding_message_size(config.message_bytes)
                    .streaming(method, request)
                    .await
            }
            "/esker.v1.Queues/Receive" => {
                let codec = ProstCodec::<api::ReceiveResponse, api::ReceiveRequest>::default();
                let Some(place) = places.take(1) else { return busy() };
                let mut place = Some(place);
                let (targets, streams) = (Arc::clone(targets), Arc::clone(streams));
                let method = Method(move |requests| {
                    let place = place.take().expect("a call has one stream");
                    queues::receive(&targets, &streams, intake.clone(), place, requests)
                });
                Grpc::new(codec).max_decoding_message_size(OPENING).streaming(method, request).await
            }
            "/esker.v1.Queues/CreateQueue" => {
                let call = |targets: Arc<Targets>, asked: api::CreateQueueRequest| async move {
                    queues::create(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/GetQueue" => {
                let call = |targets: Arc<Targets>, asked: api::GetQueueRequest| async move {
                    queues::get(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/Request" => self.request(request, intake).await,
            "/esker.v1.Queues/Reply" => self.reply(request, intake).await,
            _ => self.answer_more(request).await,
        }
    }

    async fn answer_more<B>(&self, request: http::Request<CountedBody<B>>) -> http::Response<Body>
    where
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        match request.uri().path() {
            "/esker.v1.Queues/Redrive" => {
                let memory = Arc::clone(&self.0.streams);
                let call = move |targets: Arc<Targets>, asked: api::RedriveRequest| {
                    let memory = Arc::clone(&memory);
                    async move { queues::redrive(&targets, &memory, &asked).await }
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/CreateExchange" => {
                let call = |targets: Arc<Targets>, asked: api::CreateExchangeRequest| async move {
                    exchanges::create(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/DeleteExchange" => {
                let call = |targets: Arc<Targets>, asked: api::DeleteExchangeRequest| async move {
                    exchanges::delete(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/Bind" => {
                let call = |targets: Arc<Targets>, asked: api::BindRequest| async move {
                    exchanges::bind(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/Unbind" => {
                let call = |targets: Arc<Targets>, asked: api::UnbindRequest| async move {
                    exchanges::unbind(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/GetExchange" => {
                let call = |targets: Arc<Targets>, asked: api::GetExchangeRequest| async move {
                    exchanges::describe(&targets, &asked).await
                };
                self.unary(request, call).await
            }
            "/esker.v1.Queues/ListExchanges" => {
                let call = |targets: Arc<Targets>, asked: api::ListExchangesRequest| async move {
                    exchanges::list(&targets, &asked)
                };
                self.unary(request, call).await
            }
            _ => Status::unimplemented("no such method").into_http(),
        }
    }

    /// Answers one request.
    async fn unary<Q, A, C, F, B>(
        &self,
        request: http::Request<CountedBody<B>>,
        call: C,
    ) -> http::Response<Body>
    where
        Q: prost::Message + Default + Send + 'static,
        A: prost::Message + Default + Send + 'static,
        C: Fn(Arc<Targets>, Q) -> F + Send + Sync,
        F: Future<Output = Result<A, Fault>> + Send + 'static,
        B: hyper::body::Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        let targets = &self.0.targets;
        let method = Method(|asked| {
            let answered = call(Arc::clone(targets), asked);
            async move { Ok(answered.await?) }
        });
        self.in_time(small(ProstCodec::<A, Q>::default()).unary(method, request)).await
    }

    /// A request that is announced and does not come ends here.
    async fn in_time(&self, answered: impl Future<Output = http::Response<Body>>) -> http::Response<Body> {
        let answered = self.0.targets.env.timeout(PATIENCE, answered).await;
        answered.unwrap_or_else(|_| late())
    }
}

fn late() -> http::Response<Body> {
    let fault = Fault::refused(tonic::Code::DeadlineExceeded, "TOO_SLOW", "it took too long");
    Status::from(fault).into_http()
}

fn busy() -> http::Response<Body> {
    Status::from(Fault::busy("streams")).into_http()
}

fn small<C: tonic::codec::Codec>(codec: C) -> Grpc<C> {
    Grpc::new(codec).max_decoding_message_size(SMALL_REQUEST)
}

impl<B> Service<http::Request<B>> for StreamsService
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

impl NamedService for StreamsService {
    const NAME: &'static str = "esker.v1.Streams";
}
