//! Randomness.

use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// The source of randomness.
pub trait Random: Send + Sync + 'static {
    /// 64 random bits.
    fn next_u64(&self) -> u64;

    /// A number in `0..bound`, without modulo bias worth the name.
    ///
    /// # Panics
    /// When `bound` is 0.
    fn below(&self, bound: u64) -> u64 {
        assert!(bound > 0, "an empty range has no random member");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// 16 random bytes, for UUIDs and ULIDs.
    fn bytes16(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out[..8].copy_from_slice(&self.next_u64().to_le_bytes());
        out[8..].copy_from_slice(&self.next_u64().to_le_bytes());
        out
    }
}

/// The operating system's randomness, stretched by the thread's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealRandom;

#[allow(clippy::disallowed_methods, reason = "this is the one place that draws real randomness")]
impl Random for RealRandom {
    fn next_u64(&self) -> u64 {
        rand::rng().next_u64()
    }
}

/// A generator that gives the same numbers for the same seed: for the simulator and for tests.
#[derive(Debug)]
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    /// A generator for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn next_u64(&self) -> u64 {
        self.0.lock().next_u64()
    }
}
