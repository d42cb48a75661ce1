//! Simulated time: tokio's paused clock, plus a wall clock that starts at a fixed moment.

use std::time::Duration;

use esker_env::{BoxFuture, Clock, Monotonic};

/// 2026-01-01T00:00:00Z, so that timestamps look like timestamps.
const WALL_START_MS: i64 = 1_767_225_600_000;

/// The clock of a simulated world. Must be made inside its paused runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimClock {
    start: tokio::time::Instant,
}

#[allow(clippy::disallowed_methods, reason = "the runtime's clock is paused: this is simulated time")]
impl SimClock {
    /// Time zero is now.
    pub(crate) fn new() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::disallowed_methods, reason = "the runtime's clock is paused: this is simulated time")]
impl Clock for SimClock {
    fn now(&self) -> Monotonic {
        Monotonic(tokio::time::Instant::now() - self.start)
    }

    fn wall_ms(&self) -> i64 {
        WALL_START_MS + i64::try_from(self.now().0.as_millis()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
