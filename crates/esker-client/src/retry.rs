//! Trying again: pauses between attempts, and when to stop.

use std::time::Duration;

use esker_env::{Env, Monotonic};

use crate::{Client, ClientConfig, ClientError};

/// Exponential pauses with jitter, until a deadline.
pub(crate) struct Backoff {
    next: Duration,
    max: Duration,
    deadline: Monotonic,
}

impl Backoff {
    pub(crate) fn new(config: &ClientConfig, env: &Env) -> Self {
        Self::until(config, env.clock.now() + config.retry_for)
    }

    pub(crate) fn until(config: &ClientConfig, deadline: Monotonic) -> Self {
        Self { next: config.backoff, max: config.backoff_max, deadline }
    }

    /// Waits before the next attempt; `false`, without waiting, when the deadline would pass meanwhile.
    pub(crate) async fn pause(&mut self, env: &Env) -> bool {
        let pause = self.step(env);
        if env.clock.now() + pause >= self.deadline {
            return false;
        }
        env.clock.sleep(pause).await;
        true
    }

    /// The next pause: between half and all of the current step.
    pub(crate) fn step(&mut self, env: &Env) -> Duration {
        let full = self.next.as_micros() as u64;
        self.next = (self.next * 2).min(self.max);
        Duration::from_micros(full / 2 + env.random.below(full / 2 + 1))
    }
}

/// Evaluates a block of type `Result<_, ClientError>`, as if in a function of its own, until it succeeds, fails for
/// good, or the retry time is over. Metadata is refreshed between attempts. (A macro, as a closure that returns
/// futures would make those of its callers impossible to spawn.)
macro_rules! with_retry {
    ($client:expr, $attempt:block) => {{
        let mut again = crate::retry::Again::new($client);
        loop {
            let attempted: Result<_, crate::ClientError> = async { $attempt }.await;
            match attempted {
                Ok(done) => break Ok(done),
                Err(error) => {
                    if let Err(error) = again.after(error).await {
                        break Err(error);
                    }
                }
            }
        }
    }};
}

pub(crate) use with_retry;

/// The state between attempts of one call.
pub(crate) struct Again<'a> {
    client: &'a Client,
    backoff: Backoff,
}

impl<'a> Again<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client, backoff: Backoff::new(client.config(), client.env()) }
    }

    /// Pauses after a failure that may pass; gives every other one back.
    pub(crate) async fn after(&mut self, error: ClientError) -> Result<(), ClientError> {
        if !error.is_retriable() || !self.backoff.pause(self.client.env()).await {
            return Err(error);
        }
        tracing::debug!(%error, "trying again");
        if let Err(stale) = self.client.refresh_known().await {
            tracing::debug!(error = %stale, "metadata stays as it is");
        }
        Ok(())
    }
}
