//! Names of objects: ULIDs, made from the caller's clock and randomness.

use std::{fmt, str::FromStr};

/// Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a name.
const LENGTH: usize = 26;

/// An object's name: a ULID, 48 bits of wall-clock milliseconds and 80 random bits. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u128);

impl ObjectId {
    /// A fresh name. The caller brings the time (milliseconds since the Unix epoch) and the randomness.
    #[must_use]
    pub fn new(wall_ms: i64, random: [u8; 16]) -> Self {
        let time = wall_ms.clamp(0, (1 << 48) - 1).cast_unsigned();
        Self((u128::from(time) << 80) | (u128::from_be_bytes(random) >> 48))
    }

    /// The time in the name, milliseconds since the Unix epoch.
    #[must_use]
    pub const fn created_ms(self) -> i64 {
        (self.0 >> 80) as i64
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LENGTH];
        for (at, byte) in text.iter_mut().rev().enumerate() {
            *byte = ALPHABET[(self.0 >> (5 * at)) as usize & 31];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an object's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an object name (26 characters of Crockford's base 32)")]
pub struct BadObjectId(pub String);

impl FromStr for ObjectId {
    type Err = BadObjectId;

    fn from_str(text: &str) -> Result<Self, BadObjectId> {
        let bad = || BadObjectId(text.to_owned());
        // 26 characters carry 130 bits: the first may only use 3 of its 5.
        if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
            return Err(bad());
        }
        let mut value = 0;
        for byte in text.bytes() {
            let digit = ALPHABET.iter().position(|&known| known == byte).ok_or_else(bad)?;
            value = (value << 5) | digit as u128;
        }
        Ok(Self(value))
    }
}
