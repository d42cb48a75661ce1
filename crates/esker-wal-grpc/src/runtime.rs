//! What hyper needs of its surroundings.

use std::future::Future;

use esker_env::Tasks;

/// Runs hyper's tasks among the broker's own, so that they end with it.
#[derive(Clone)]
pub(crate) struct Executor(pub(crate) Tasks);

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}
