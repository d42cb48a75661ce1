//! Hash maps with a fixed hasher: fast for small keys, and the same order in every run.
//!
//! The hasher is not keyed, so never use these for keys that a client chooses freely (names, ids from the wire):
//! those belong in a `BTreeMap`.

use std::hash::{BuildHasherDefault, Hasher};

/// A map for keys that the broker itself assigns (partition ids, ledger ids).
#[allow(clippy::disallowed_types, reason = "the fixed hasher below is what the lint asks for")]
pub type FastMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FastHasher>>;
/// A set for keys that the broker itself assigns.
#[allow(clippy::disallowed_types, reason = "the fixed hasher below is what the lint asks for")]
pub type FastSet<K> = std::collections::HashSet<K, BuildHasherDefault<FastHasher>>;

/// Multiplies and folds each word; good enough for integers, useless against an adversary.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastHasher(u64);

/// 2^64 divided by the golden ratio, made odd: Fibonacci hashing's multiplier.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl FastHasher {
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0.rotate_left(23) ^ word).wrapping_mul(u128::from(SPREAD));
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.add(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    fn write_i64(&mut self, value: i64) {
        self.add(value.cast_unsigned());
    }

    fn write_i32(&mut self, value: i32) {
        self.add(u64::from(value.cast_unsigned()));
    }
}
