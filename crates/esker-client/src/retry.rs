//! Pauses between attempts.

use std::time::Duration;

use esker_env::{Env, Monotonic};

use crate::ClientConfig;

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
