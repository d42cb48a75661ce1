//! A session's ledgers in one lane, and their recovery.
//!
//! One writer, a copyset of three stores, up to two ledgers (one roll), the metadata as an atomic register, recoverers that
//! overlap. Messages are late, repeated or lost by the order in which steps are taken; the writer is never told that it is
//! dead, so it is a zombie whenever a recovery runs. Each frame holds one record, named by its offset, so that loss,
//! reordering and other contents at an acked offset all show.
//!
//! - `store`: what is known at and about a store;
//! - `steps`: what may happen next;
//! - `writer`, `recovery`: what those steps do;
//! - `properties`: what must hold.

mod properties;
mod recovery;
mod rules;
mod steps;
mod store;
mod writer;

use stateright::{Model, Property};

pub use rules::LedgerRule;
use steps::Step;
use store::{Frames, Store};

/// R.
const R: usize = 3;
const LEDGERS: usize = 2;
const RECOVERERS: usize = 2;

/// When a store may answer an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerMode {
    /// After `fdatasync`.
    Fsync,
    /// Once it is in the page cache.
    Received,
}

/// The ledger protocol, bounded.
#[derive(Clone, Copy, Debug)]
pub struct LedgerModel {
    /// W, of three stores.
    pub write_quorum: usize,
    /// The lane's mode.
    pub mode: LedgerMode,
    /// Records that clients produce, at most 3.
    pub records: u8,
    /// Whether the lane may roll, once.
    pub rolls: bool,
    /// Recoveries that may run at the same time, 1 or 2.
    pub recoverers: usize,
    /// Disks that may be lost.
    pub disk_losses: u8,
    /// Stores that may lose power.
    pub power_losses: u8,
    /// Syncs that may fail.
    pub sync_failures: u8,
    /// Frames that may rot on one store.
    pub rots: u8,
    /// A rule to leave out.
    pub without: Option<LedgerRule>,
}

impl Default for LedgerModel {
    fn default() -> Self {
        Self {
            write_quorum: 2,
            mode: LedgerMode::Fsync,
            records: 2,
            rolls: false,
            recoverers: 1,
            disk_losses: 0,
            power_losses: 0,
            sync_failures: 0,
            rots: 0,
            without: None,
        }
    }
}

/// A ledger's descriptor in the metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Descriptor {
    #[default]
    Absent,
    Open,
    Sealed(u8),
}

/// A ledger apart from its copies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Ledger {
    descriptor: Descriptor,
    /// What the writer has sent.
    sent: Frames,
    /// Ends recorded for it, counted up to 2.
    ends: u8,
    /// Frames below were acked to clients.
    acked: u8,
}

/// The transaction of a roll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Roll {
    #[default]
    None,
    /// On its way; may happen at any time, or never.
    Sent,
    Done,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Writer {
    running: bool,
    restarted: bool,
    /// The ledger that it writes.
    ledger: usize,
    /// The commit point there: frames below are acked.
    committed: u8,
    frozen: bool,
    roll: Roll,
    /// Records taken from clients.
    produced: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Phase {
    #[default]
    Idle,
    Sealing,
    Repairing {
        end: u8,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Recoverer {
    ledger: usize,
    phase: Phase,
}

/// One state of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LedgerState {
    stores: [Store; R],
    ledgers: [Ledger; LEDGERS],
    writer: Writer,
    /// Acked records in the order of their offsets.
    acked: Frames,
    /// The session's key stands.
    session: bool,
    /// Ledgers that recoveries know of, once they have listed them.
    listed: Option<[bool; LEDGERS]>,
    recoverers: [Recoverer; RECOVERERS],
    /// What the next owner serves, once it does.
    served: Option<Served>,
    disk_losses: u8,
    power_losses: u8,
    sync_failures: u8,
    rots: u8,
}

/// A log as read from sealed ledgers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Served {
    log: Frames,
    /// Records are missing before one that is there.
    gap: bool,
}

impl LedgerModel {
    /// Whether a rule is followed.
    fn keeps(&self, rule: LedgerRule) -> bool {
        self.without != Some(rule)
    }

    /// Whether accepting an append and syncing it are two steps that anything can come between. When every answer waits
    /// for the sync and nothing can be lost before it, they are one.
    fn splits_sync(&self) -> bool {
        self.mode == LedgerMode::Received
            || self.sync_failures > 0
            || !self.keeps(LedgerRule::AcksAfterSync)
            || !self.keeps(LedgerRule::SealQueues)
    }

    fn read_quorum(&self) -> usize {
        R - self.write_quorum + 1
    }
}

impl Model for LedgerModel {
    type State = LedgerState;
    type Action = Step;

    fn init_states(&self) -> Vec<LedgerState> {
        let mut ledgers: [Ledger; LEDGERS] = Default::default();
        ledgers[0].descriptor = Descriptor::Open;
        vec![LedgerState {
            stores: [Store::default(); R],
            ledgers,
            writer: Writer {
                running: true,
                restarted: false,
                ledger: 0,
                committed: 0,
                frozen: false,
                roll: Roll::None,
                produced: 0,
            },
            acked: Frames::default(),
            session: true,
            listed: None,
            recoverers: [Recoverer::default(); RECOVERERS],
            served: None,
            disk_losses: 0,
            power_losses: 0,
            sync_failures: 0,
            rots: 0,
        }]
    }

    fn actions(&self, state: &LedgerState, steps: &mut Vec<Step>) {
        self.possible(state, steps);
    }

    fn next_state(&self, before: &LedgerState, step: Step) -> Option<LedgerState> {
        let mut state = before.clone();
        self.take(&mut state, step)?;
        // Stores are alike: of states that differ in their order alone, one is enough.
        state.stores.sort_unstable();
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}
