//! Metadata, ledgers, and what each session believes.

use super::{LEDGERS, SESSIONS};
use crate::sequence::Sequence;

/// An entry of a ledger: offset and epoch of its record.
pub(super) const fn entry(offset: u8, epoch: u8) -> u8 {
    16 * offset + epoch + 1
}

pub(super) const fn entry_offset(entry: u8) -> u8 {
    entry / 16
}

/// What the entry's record says, as logs hold it: its epoch plus one.
pub(super) const fn entry_record(entry: u8) -> u8 {
    entry % 16
}

/// A ledger's descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Descriptor {
    #[default]
    Absent,
    Open,
    Sealed(u8),
    /// Forgotten, and gone from its stores.
    Deleted,
}

/// A ledger, copies and metadata in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    pub(super) descriptor: Descriptor,
    /// What its writer has sent.
    pub(super) entries: Sequence,
    /// Entries below are acked.
    pub(super) committed: u8,
    /// Entries below are gone from the stores.
    pub(super) trimmed: u8,
}

impl Ledger {
    /// Entries that an owner can read, now or once it is sealed.
    pub(super) fn readable(&self) -> impl Iterator<Item = u8> + use<> {
        let end = match self.descriptor {
            Descriptor::Open => self.entries.len(),
            Descriptor::Sealed(end) => end,
            Descriptor::Absent | Descriptor::Deleted => 0,
        };
        self.entries.below(end).iter().skip(usize::from(self.trimmed))
    }
}

/// Which ledgers: `[session][number]`.
pub(super) type Ledgers = [[bool; LEDGERS]; SESSIONS];

/// The manifest's pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pointer {
    pub(super) revision: u8,
    pub(super) epoch: u8,
    /// What objects hold.
    pub(super) log: Sequence,
}

/// A metadata transaction on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Txn {
    /// An offload's.
    Commit { session: usize, epoch: u8, revision: u8, log: Sequence, clear: Ledgers },
    /// The end of a planned move.
    HandOver { session: usize, epoch: u8, revision: u8, to: usize, keep: Ledgers },
    /// A change of owner by a recovery.
    Recover { revision: u8, epoch: u8, to: usize, pending: Ledgers },
}

/// A planned move at the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Move {
    #[default]
    None,
    /// Appends wait.
    Held,
    /// The hand-over was sent.
    Sent { to: usize },
}

/// The shard as a session serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Open {
    pub(super) epoch: u8,
    pub(super) log: Sequence,
    pub(super) high_watermark: u8,
    /// Offset after the last record that objects hold, as far as the session knows.
    pub(super) archived_end: u8,
    pub(super) uploaded: u8,
    /// The pointer's revision, as far as it knows.
    pub(super) revision: u8,
    pub(super) moving: Move,
}

/// One session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Session {
    pub(super) over: bool,
    pub(super) ledgers: [Ledger; LEDGERS],
    /// The ledger that it writes.
    pub(super) writing: usize,
    /// Ledgers that it has offered with the shard.
    pub(super) kept: [bool; LEDGERS],
    pub(super) open: Option<Open>,
}

/// One state of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShardState {
    pub(super) sessions: [Session; SESSIONS],
    /// The shard's record.
    pub(super) owner: usize,
    pub(super) epoch: u8,
    pub(super) pending: Ledgers,
    pub(super) revision: u8,
    pub(super) pointer: Pointer,
    /// The pointer before its last move.
    pub(super) former: Pointer,
    /// Sorted.
    pub(super) txns: Vec<Txn>,
    /// Records acked, by offset.
    pub(super) acked: Sequence,
    /// Two records were acked at one offset, or objects changed what they hold.
    pub(super) clash: bool,
    /// An owner found a hole in what it was given.
    pub(super) hole: bool,
    pub(super) deaths: u8,
    pub(super) moves: u8,
    pub(super) commits: u8,
    pub(super) recoveries: u8,
    /// A shard with kept ledgers was opened.
    pub(super) kept_opened: bool,
}

impl ShardState {
    pub(super) fn new() -> Self {
        let mut sessions = [Session::default(); SESSIONS];
        for session in &mut sessions {
            session.ledgers[0].descriptor = Descriptor::Open;
        }
        sessions[0].open = Some(Open {
            epoch: 0,
            log: Sequence::default(),
            high_watermark: 0,
            archived_end: 0,
            uploaded: 0,
            revision: 0,
            moving: Move::None,
        });
        Self {
            sessions,
            owner: 0,
            epoch: 0,
            pending: Ledgers::default(),
            revision: 0,
            pointer: Pointer::default(),
            former: Pointer::default(),
            txns: Vec::new(),
            acked: Sequence::default(),
            clash: false,
            hole: false,
            deaths: 0,
            moves: 0,
            commits: 0,
            recoveries: 0,
            kept_opened: false,
        }
    }

    /// Ledgers in a set, with whose they are and their numbers.
    pub(super) fn ledgers(&self, among: &Ledgers) -> impl Iterator<Item = (usize, usize, &Ledger)> {
        let among = *among;
        let all = self.sessions.iter().enumerate().flat_map(|(whose, session)| {
            session.ledgers.iter().enumerate().map(move |(number, ledger)| (whose, number, ledger))
        });
        all.filter(move |(whose, number, _)| among[*whose][*number])
    }

    pub(super) fn send(&mut self, txn: Txn) {
        if let Err(at) = self.txns.binary_search(&txn) {
            self.txns.insert(at, txn);
        }
    }
}
