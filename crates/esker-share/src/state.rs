//! What is known of a record between start and end.

use std::sync::Arc;

use esker_env::{Monotonic, Rule};

use crate::{
    limits::Limits,
    ranges::{Class, Classed},
    snapshot::StoredState,
};

/// A member of the group, by the id that it has given itself.
pub type Member = Arc<str>;

/// The state of a record between start and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// How often it was given out.
    pub(crate) count: u16,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Whoever asks next gets it.
    Available,
    /// With a member, until it says what became of it or its time is up.
    Acquired { member: Member, until: Monotonic },
    /// What became of it is to be durable with this write.
    Settling { to: Outcome, write: u64 },
    /// Nobody gets it before its time.
    Deferred,
    /// It was given up, and is to be buried.
    Dying,
    /// Nobody gets it again.
    Done { accepted: bool },
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Archived,
    Dying,
    Available,
    Deferred { until: Monotonic },
}

impl Limits {
    /// What becomes of a record that is given up.
    pub(crate) const fn given_up(&self) -> Outcome {
        if self.dead_letters { Outcome::Dying } else { Outcome::Archived }
    }
}

impl Entry {
    /// What of it is stored.
    pub(crate) fn stored(&self) -> (StoredState, u16) {
        let count = if Rule::ShareCountStored.is_broken() { 0 } else { self.count };
        (self.state.stored(), count)
    }

    pub(crate) const fn done(count: u16) -> Self {
        Self { count, state: State::Done { accepted: false } }
    }
}

impl Outcome {
    pub(crate) fn state(self) -> State {
        match self {
            Self::Accepted => State::Done { accepted: true },
            Self::Archived => State::Done { accepted: false },
            Self::Dying => State::Dying,
            Self::Available => State::Available,
            Self::Deferred { .. } => State::Deferred,
        }
    }
}

impl State {
    pub(crate) fn stored(&self) -> StoredState {
        match self {
            Self::Done { accepted: true } => StoredState::Accepted,
            Self::Done { accepted: false } => StoredState::Archived,
            Self::Dying => StoredState::Dying,
            Self::Settling { to, .. } => to.state().stored(),
            Self::Available | Self::Acquired { .. } | Self::Deferred => StoredState::Available,
        }
    }
}

impl From<StoredState> for State {
    fn from(stored: StoredState) -> Self {
        match stored {
            StoredState::Available => Self::Available,
            StoredState::Accepted => Self::Done { accepted: true },
            StoredState::Archived => Self::Done { accepted: false },
            StoredState::Dying => Self::Dying,
        }
    }
}

/// Packed, the count is in the lower 16 bits, and one of these above.
const AVAILABLE: u32 = 0;
const DEFERRED: u32 = 1;
const DYING: u32 = 2;
const ARCHIVED: u32 = 3;
const ACCEPTED: u32 = 4;

impl Classed for Entry {
    fn class(&self) -> Class {
        match self.state {
            State::Available => Class::Available,
            State::Acquired { .. } | State::Settling { .. } => Class::Out,
            State::Deferred => Class::Deferred,
            State::Dying => Class::Dying,
            State::Done { .. } => Class::Done,
        }
    }

    fn pack(&self) -> Option<u32> {
        let kind = match self.state {
            State::Available => AVAILABLE,
            State::Deferred => DEFERRED,
            State::Dying => DYING,
            State::Done { accepted: false } => ARCHIVED,
            State::Done { accepted: true } => ACCEPTED,
            State::Acquired { .. } | State::Settling { .. } => return None,
        };
        Some(kind << 16 | u32::from(self.count))
    }

    fn unpack(packed: u32) -> Self {
        let state = match packed >> 16 {
            AVAILABLE => State::Available,
            DEFERRED => State::Deferred,
            DYING => State::Dying,
            ACCEPTED => State::Done { accepted: true },
            _ => State::Done { accepted: false },
        };
        // The lower half.
        Self { count: (packed & 0xffff) as u16, state }
    }
}
