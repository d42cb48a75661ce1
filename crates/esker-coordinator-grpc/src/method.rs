//! A function as what tonic calls a service of one method.

use std::future::Future;

use esker_env::BoxFuture;
use tonic::{Request, Response, Status, server::UnaryService};

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
