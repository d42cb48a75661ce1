//! A seeded world with faults and invariants around the real code (tests only).
//!
//! [`run`] builds a broker on a simulated disk, object store and metadata store, lets clients work on it while faults
//! come and go, heals everything, and checks the whole history. All randomness comes from the seed and time is
//! tokio's paused clock, so a seed is a run: the same decisions, the same log, byte for byte.

mod check;
mod clients;
mod clock;
mod cluster;
mod faults;
mod history;
mod host;
mod panics;
mod scenario;
mod seeds;
mod slot;
mod world;

pub use scenario::{Mutation, Options};
pub use seeds::{Tally, replay_command, run_seeds};
pub use world::{Outcome, run};
