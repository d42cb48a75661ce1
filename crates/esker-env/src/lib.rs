//! The world outside: clock, randomness, tasks and disk, behind small traits, with their real implementations.
//!
//! Components receive an [`Env`] and a [`Disk`]; the simulator hands in its own. A lint (`clippy.toml`) keeps the
//! ambient ones out of every other crate.

mod clock;
mod disk;
#[cfg(feature = "sim")]
mod gate;
mod random;
mod real_disk;
mod rules;
#[cfg(feature = "sim")]
pub mod sim_disk;
mod tasks;
pub mod watch;

use std::{future::Future, sync::Arc, time::Duration};

pub use clock::{Clock, Monotonic, RealClock};
pub use disk::{Disk, DiskFile, DiskUsage, Durability};
#[cfg(feature = "sim")]
pub use gate::Gate;
pub use random::{Random, RealRandom, SeededRandom};
pub use real_disk::RealDisk;
pub use rules::Rule;
#[cfg(feature = "mutations")]
pub use rules::break_rule;
#[cfg(feature = "sim")]
pub use sim_disk::SimDisk;
pub use tasks::{TaskGuard, Tasks};

/// A future on the heap that may move between threads.
pub type BoxFuture<'a, T> = futures::future::BoxFuture<'a, T>;

/// What a component needs of the world besides its disk. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Where tasks are spawned; dropping the process (or the simulated host) ends them all.
    pub tasks: Tasks,
}

impl Env {
    /// The real world.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(RealClock::new()), random: Arc::new(RealRandom), tasks: Tasks::new() }
    }

    /// Runs `future` for at most `limit`.
    ///
    /// # Errors
    /// [`Elapsed`] once the limit has passed; the future is dropped.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        let sleep = self.clock.sleep(limit);
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = sleep => Err(Elapsed),
        }
    }
}

/// The time limit passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timed out")]
pub struct Elapsed;
