//! A function as what tonic calls a service of one method.

use std::future::Future;

use esker_env::BoxFuture;
use futures::Stream;
use tonic::{
    Request, Response, Status, Streaming,
    server::{ServerStreamingService, StreamingService, UnaryService},
};

pub(super) struct Method<F>(pub(super) F);

type Answer<A> = BoxFuture<'static, Result<Response<A>, Status>>;

fn answer<A>(made: impl Future<Output = Result<A, Status>> + Send + 'static) -> Answer<A> {
    Box::pin(async move { made.await.map(Response::new) })
}

impl<F, Q, A, Fut> UnaryService<Q> for Method<F>
where
    F: FnMut(Q) -> Fut,
    Fut: Future<Output = Result<A, Status>> + Send + 'static,
{
    type Response = A;
    type Future = Answer<A>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        answer((self.0)(request.into_inner()))
    }
}

impl<F, Q, A, S, Fut> ServerStreamingService<Q> for Method<F>
where
    F: FnMut(Q) -> Fut,
    S: Stream<Item = Result<A, Status>>,
    Fut: Future<Output = Result<S, Status>> + Send + 'static,
{
    type Response = A;
    type ResponseStream = S;
    type Future = Answer<S>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        answer((self.0)(request.into_inner()))
    }
}

impl<F, Q, A, S, Fut> StreamingService<Q> for Method<F>
where
    F: FnMut(Streaming<Q>) -> Fut,
    S: Stream<Item = Result<A, Status>>,
    Fut: Future<Output = Result<S, Status>> + Send + 'static,
{
    type Response = A;
    type ResponseStream = S;
    type Future = Answer<S>;

    fn call(&mut self, request: Request<Streaming<Q>>) -> Self::Future {
        answer((self.0)(request.into_inner()))
    }
}
