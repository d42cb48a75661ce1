//! A function as what tonic calls a service of one method.

use std::future::Future;

use esker_env::BoxFuture;
use futures::Stream;
use tonic::{
    Request, Response, Status, Streaming,
    server::{StreamingService, UnaryService},
};

pub(crate) struct Method<F>(pub(crate) F);

impl<F, Q, A, Fut> UnaryService<Q> for Method<F>
where
    F: FnMut(Q) -> Fut,
    Fut: Future<Output = Result<A, Status>> + Send + 'static,
{
    type Response = A;
    type Future = BoxFuture<'static, Result<Response<A>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let made = (self.0)(request.into_inner());
        Box::pin(async move { made.await.map(Response::new) })
    }
}

impl<F, Q, A, S> StreamingService<Q> for Method<F>
where
    F: FnMut(Streaming<Q>) -> S,
    S: Stream<Item = Result<A, Status>> + Send + 'static,
{
    type Response = A;
    type ResponseStream = S;
    type Future = BoxFuture<'static, Result<Response<S>, Status>>;

    fn call(&mut self, request: Request<Streaming<Q>>) -> Self::Future {
        let answers = (self.0)(request.into_inner());
        Box::pin(async move { Ok(Response::new(answers)) })
    }
}
