//! Several tasks at once, and the first error of any.

use std::future::Future;

use esker_env::Env;
use tokio::sync::mpsc;

use crate::cli::error::CliError;

/// Results of tasks, as they end.
pub(super) struct Workers<T> {
    env: Env,
    sender: mpsc::UnboundedSender<Result<T, CliError>>,
    results: mpsc::UnboundedReceiver<Result<T, CliError>>,
    running: usize,
}

impl<T: Send + 'static> Workers<T> {
    pub(super) fn new(env: &Env) -> Self {
        let (sender, results) = mpsc::unbounded_channel();
        Self { env: env.clone(), sender, results, running: 0 }
    }

    pub(super) fn start(&mut self, work: impl Future<Output = Result<T, CliError>> + Send + 'static) {
        self.running += 1;
        let sender = self.sender.clone();
        self.env.tasks.spawn(async move {
            // Nobody listens only after another's error.
            let _ = sender.send(work.await);
        });
    }

    /// The next result; `None` when all are done. May be dropped without losing one.
    pub(super) async fn next(&mut self) -> Option<Result<T, CliError>> {
        if self.running == 0 {
            return None;
        }
        let result = self.results.recv().await;
        self.running -= 1;
        result
    }
}
