//! Durability modes, the value of the topic config `esker.mode`.

use std::{fmt, str::FromStr};

/// When an append counts as held by a store, and how long the writer waits for more before it closes a frame. Each
/// mode is a lane: a ledger of its own. Persisted in ledger descriptors and frames by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Mode {
    /// After `fdatasync`; what waits while a sync runs is the next frame. Safe and low latency.
    #[default]
    Fsync = 1,
    /// Once the operating system has the bytes. Lowest latency; a power loss of W stores can lose acked data.
    Received = 2,
    /// After `fdatasync`; frames wait for 5 ms or 1 MiB. High bandwidth.
    Throughput = 3,
    /// After an object PUT and a frame that refers to it.
    Diskless = 4,
}

impl Mode {
    /// The mode with this persisted number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Fsync),
            2 => Some(Self::Received),
            3 => Some(Self::Throughput),
            4 => Some(Self::Diskless),
            _ => None,
        }
    }

    /// The number that formats persist.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether a store answers an append only after `fdatasync`.
    #[must_use]
    pub const fn syncs(self) -> bool {
        !matches!(self, Self::Received)
    }

    /// The value as the topic config spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fsync => "fsync",
            Self::Received => "received",
            Self::Throughput => "throughput",
            Self::Diskless => "diskless",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown mode {0:?}: use one of fsync, received, throughput, diskless")]
pub struct UnknownMode(pub String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        [Self::Fsync, Self::Received, Self::Throughput, Self::Diskless]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_survives_its_number_and_its_name() {
        for number in 0..=u8::MAX {
            if let Some(mode) = Mode::from_number(number) {
                assert_eq!(mode.number(), number);
                assert_eq!(mode.as_str().parse(), Ok(mode));
            }
        }
        assert!("safe".parse::<Mode>().unwrap_err().to_string().contains("fsync"));
    }
}
