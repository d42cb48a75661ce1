//! `/ledgers/<broker>/<n>`: the ledgers' descriptors.

mod txns;

use std::collections::BTreeSet;

use esker_core::{BrokerId, FrameIndex, LedgerId, Mode, SessionId, StoreId};

pub use self::txns::NewLedger;
use crate::{
    KeyValue, MetaError, SessionKey, Versioned,
    codec::{Source, encode, uuid_bytes},
    proto,
};

/// Whether a ledger may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerState {
    /// Its session may append.
    Open,
    /// It holds exactly the frames below this index, for ever.
    Sealed(FrameIndex),
}

/// A ledger's descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRecord {
    /// Its id.
    pub id: LedgerId,
    /// The session that writes it, and no other ever does.
    pub session: SessionId,
    /// Its durability mode.
    pub mode: Mode,
    /// The stores that hold it: R different ones, `1..=`[`LedgerRecord::MAX_COPYSET`].
    pub copyset: Vec<StoreId>,
    /// How many of them commit a frame (W), `1..=R`.
    pub write_quorum: u8,
    /// Whether it may grow.
    pub state: LedgerState,
}

impl LedgerRecord {
    /// Most stores of one ledger.
    pub const MAX_COPYSET: usize = 15;

    /// The session that writes it, with its broker.
    #[must_use]
    pub const fn writer(&self) -> SessionKey {
        SessionKey { broker: self.id.broker, session: self.session }
    }

    /// How many stores must answer before the ledger's end is known, and how many of them one must be able to reach
    /// to read every frame for sure: R − W + 1.
    #[must_use]
    pub fn read_quorum(&self) -> usize {
        self.copyset.len() + 1 - usize::from(self.write_quorum)
    }

    /// Its end, once it is sealed.
    #[must_use]
    pub const fn end(&self) -> Option<FrameIndex> {
        match self.state {
            LedgerState::Open => None,
            LedgerState::Sealed(end) => Some(end),
        }
    }

    /// What is wrong with the copyset and quorum, if anything.
    fn flaw(copyset: &[StoreId], write_quorum: u8) -> Option<&'static str> {
        let different: BTreeSet<_> = copyset.iter().collect();
        if !(1..=Self::MAX_COPYSET).contains(&copyset.len()) || different.len() != copyset.len() {
            Some("copyset")
        } else if !(1..=copyset.len()).contains(&usize::from(write_quorum)) {
            Some("write quorum")
        } else {
            None
        }
    }

    pub(crate) fn encode(&self) -> bytes::Bytes {
        let (state, end) = match self.state {
            LedgerState::Open => (proto::LedgerState::Open, 0),
            LedgerState::Sealed(end) => (proto::LedgerState::Sealed, end.0),
        };
        encode(&proto::Ledger {
            broker: self.id.broker.0,
            number: self.id.number,
            session: self.session.0,
            mode: u32::from(self.mode.number()),
            copyset: self.copyset.iter().map(|store| uuid_bytes(store.0)).collect(),
            write_quorum: u32::from(self.write_quorum),
            state: state.into(),
            end,
        })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Versioned<Self>, MetaError> {
        let (source, message) = Source::message::<proto::Ledger>(entry)?;
        let id = LedgerId { broker: BrokerId(message.broker), number: message.number };
        source.ensure(id.broker.0 >= 0 && entry.key.ends_with(&format!("/ledgers/{id}")), "id")?;
        source.ensure(message.session > 0, "session")?;
        let state = match message.state() {
            proto::LedgerState::Open => LedgerState::Open,
            proto::LedgerState::Sealed => LedgerState::Sealed(FrameIndex(message.end)),
            proto::LedgerState::Unspecified => return Err(source.bad("state")),
        };
        source.ensure(message.end == 0 || state != LedgerState::Open, "end")?;
        let mode = source.fit::<_, u8>(message.mode, "mode")?;
        let mode = Mode::from_number(mode).ok_or_else(|| source.bad("mode"))?;
        source.ensure(message.copyset.len() <= Self::MAX_COPYSET, "copyset")?;
        let copyset = message.copyset.iter().map(|store| source.uuid(store, "copyset").map(StoreId));
        let copyset = copyset.collect::<Result<Vec<_>, _>>()?;
        let write_quorum = source.fit(message.write_quorum, "write quorum")?;
        if let Some(flaw) = Self::flaw(&copyset, write_quorum) {
            return Err(source.bad(flaw));
        }
        let record = Self { id, session: SessionId(message.session), mode, copyset, write_quorum, state };
        Ok(Versioned { record, modified: entry.modified })
    }
}
