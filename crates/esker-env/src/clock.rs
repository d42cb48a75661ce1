//! Time, monotonic and wall.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

use crate::BoxFuture;

/// A moment on the process's own clock: time since its start. Never goes back, says nothing across processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(pub Duration);

impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, more: Duration) -> Self {
        Self(self.0.saturating_add(more))
    }
}

impl Sub for Monotonic {
    type Output = Duration;

    /// Zero when `earlier` is not earlier.
    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The source of time.
pub trait Clock: Send + Sync + 'static {
    /// Now, on the monotonic clock.
    fn now(&self) -> Monotonic;

    /// Now, in milliseconds since the Unix epoch. May jump either way.
    fn wall_ms(&self) -> i64;

    /// Completes once `duration` has passed on the monotonic clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The operating system's clocks and tokio's timer.
#[derive(Debug)]
pub struct RealClock {
    start: std::time::Instant,
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the real clocks")]
impl RealClock {
    /// A clock whose monotonic zero is now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Default for RealClock {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the real clocks")]
impl Clock for RealClock {
    fn now(&self) -> Monotonic {
        Monotonic(self.start.elapsed())
    }

    fn wall_ms(&self) -> i64 {
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
