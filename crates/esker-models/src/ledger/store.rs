//! One store of the copyset, with all that concerns it: what it holds, what the writer knows of it, what it told
//! recoverers. All in one place, so that states which differ only in the order of stores are one state.

use super::{LEDGERS, RECOVERERS};
use crate::sequence::Sequence;

/// Frames of one record each, from index 0.
pub(super) type Frames = Sequence;

/// A record: its offset plus one, and 16 for each time that its writer had restarted.
pub(super) type Record = u8;

/// No record: a frame that a store pretends to hold.
pub(super) const HOLE: Record = 0xff;

pub(super) const fn offset(record: Record) -> u8 {
    (record & 15) - 1
}

/// What a store holds of one ledger. Unknown to it while it is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) frames: Frames,
    /// Frames below were synced.
    pub(super) durable: u8,
    pub(super) sealed: bool,
    /// It may not deny frames at and above its tail.
    pub(super) doubt: bool,
    /// Frames below were answered for, on a stream that still lasts or that has arrived.
    pub(super) answered: u8,
    /// The frame whose bytes are damaged, plus one.
    pub(super) rotten: u8,
}

impl Held {
    /// What a reader gets of a frame.
    pub(super) fn read(&self, index: u8) -> Option<Record> {
        if self.rotten == index + 1 { None } else { self.frames.get(index) }
    }

    /// Whether everything below `end` can be read.
    pub(super) fn is_whole(&self, end: u8) -> bool {
        self.frames.len() >= end && (self.rotten == 0 || self.rotten > end)
    }
}

/// A store's answer to a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SealAnswer {
    pub(super) tail: u8,
    pub(super) authoritative: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Store {
    /// Its disk is lost, and with it its id.
    pub(super) gone: bool,
    /// A sync failed: it takes nothing more (S6).
    pub(super) failed: bool,
    /// A sync failed and the next one will succeed without having written (only when S6 is broken).
    pub(super) lies: bool,
    pub(super) lost_power: bool,
    pub(super) held: [Held; LEDGERS],
    /// The writer has heard answers for the frames of its ledger below.
    pub(super) heard: u8,
    pub(super) answers: [Option<SealAnswer>; RECOVERERS],
    /// The recoverer has made it hold everything below the end.
    pub(super) filled: [bool; RECOVERERS],
}

impl Store {
    pub(super) const fn takes_changes(&self) -> bool {
        !self.gone && !self.failed
    }
}
