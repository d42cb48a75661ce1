//! A machine's clocks: time passes as in the world, and the wall clock may be wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use esker_env::{BoxFuture, Clock, Monotonic};

/// The world's clock with a wall clock of its own.
pub(super) struct SkewedClock {
    world: Arc<dyn Clock>,
    skew_ms: AtomicI64,
}

impl SkewedClock {
    pub(super) fn new(world: Arc<dyn Clock>) -> Self {
        Self { world, skew_ms: AtomicI64::new(0) }
    }

    /// Sets how far the wall clock is ahead, ms.
    pub(super) fn set_skew(&self, ms: i64) {
        self.skew_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Monotonic {
        self.world.now()
    }

    fn wall_ms(&self) -> i64 {
        self.world.wall_ms() + self.skew_ms.load(Ordering::Relaxed)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.world.sleep(duration)
    }
}
