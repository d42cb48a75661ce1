//! The ledgers that a session writes: one open ledger per lane.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{FrameIndex, LedgerId, Mode, StoreId};
use esker_env::Rule;
use esker_meta::{GuardedError, LedgerRecord, LedgerState, Meta, NewLedger, SessionKey, Versioned};

/// The session's own ledgers, as last seen. Owned behind an async lock: opening a lane is a transaction, and whoever
/// else wants that lane needs its result.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    ledgers: BTreeMap<LedgerId, Versioned<LedgerRecord>>,
    /// Those that were offered with a shard to another broker, whether it took them or not.
    kept: BTreeSet<LedgerId>,
}

impl Lanes {
    /// The lane's open ledger, created unless there is one.
    pub(crate) async fn open(
        &mut self,
        meta: &Meta,
        session: SessionKey,
        new: &NewLedger,
    ) -> Result<Versioned<LedgerRecord>, GuardedError> {
        if let Some(open) = self.find_open(new.mode) {
            return Ok(open);
        }
        // One may have been created by an attempt whose answer was lost; it is empty, and must not become a second.
        self.refresh(meta, session).await?;
        if let Some(open) = self.find_open(new.mode) {
            return Ok(open);
        }
        let created = meta.create_ledger(session, new).await?;
        self.ledgers.insert(created.record.id, created.clone());
        Ok(created)
    }

    fn find_open(&self, mode: Mode) -> Option<Versioned<LedgerRecord>> {
        let mut open = self.ledgers.values().filter(|ledger| ledger.record.mode == mode && is_open(ledger));
        let found = open.next().cloned();
        assert!(open.next().is_none(), "a lane has at most one open ledger");
        found
    }

    pub(crate) async fn refresh(&mut self, meta: &Meta, session: SessionKey) -> Result<(), GuardedError> {
        let all = meta.list_ledgers(session.broker).await?;
        let own = all.into_iter().filter(|ledger| {
            ledger.record.writer() == session || (Rule::NeverReopens.is_broken() && is_open(ledger))
        });
        self.ledgers = own.map(|ledger| (ledger.record.id, ledger)).collect();
        Ok(())
    }

    /// Replaces an open ledger by a new one (rule W3).
    pub(crate) async fn roll(
        &mut self,
        meta: &Meta,
        session: SessionKey,
        old: LedgerId,
        end: FrameIndex,
        copyset: Vec<StoreId>,
        write_quorum: u8,
    ) -> Result<Versioned<LedgerRecord>, GuardedError> {
        let before = self.known(old)?;
        if !is_open(&before) {
            // Sealed by a recovery of this session, or by a stop of this lane.
            return Err(GuardedError::Changed(format!("ledger {old} (sealed)")));
        }
        let new = NewLedger { mode: before.record.mode, copyset, write_quorum };
        let created = meta.roll_ledger(session, &before, end, &new).await?;
        self.refresh(meta, session).await?;
        Ok(created)
    }

    /// Seals a ledger whose writer has stopped at `end`.
    pub(crate) async fn seal(
        &mut self,
        meta: &Meta,
        session: SessionKey,
        ledger: LedgerId,
        end: FrameIndex,
    ) -> Result<(), GuardedError> {
        let sealed = meta.seal_ledger(session, &self.known(ledger)?, end).await?;
        if sealed.record.state != LedgerState::Sealed(end) {
            // Nobody but a recovery of this session seals its ledgers.
            return Err(GuardedError::SessionLost(session));
        }
        self.ledgers.insert(ledger, sealed);
        Ok(())
    }

    pub(crate) fn known(&self, ledger: LedgerId) -> Result<Versioned<LedgerRecord>, GuardedError> {
        let known = self.ledgers.get(&ledger).cloned();
        known.ok_or_else(|| GuardedError::Changed(format!("ledger {ledger} (none of this session's)")))
    }

    /// Marks sealed ledgers as needed by others from here on. Before the transaction that makes it so, and for good: its
    /// answer may be lost, and it may happen later.
    pub(crate) fn keep(
        &mut self,
        ledgers: &[LedgerId],
    ) -> Result<Vec<Versioned<LedgerRecord>>, GuardedError> {
        let known = ledgers.iter().map(|id| self.known(*id)).collect::<Result<Vec<_>, _>>()?;
        if let Some(open) = known.iter().find(|ledger| is_open(ledger)) {
            return Err(GuardedError::Changed(format!("ledger {} (open)", open.record.id)));
        }
        self.kept.extend(ledgers);
        Ok(known)
    }

    pub(crate) fn is_kept(&self, ledger: LedgerId) -> bool {
        self.kept.contains(&ledger)
    }

    pub(crate) fn remove(&mut self, ledger: LedgerId) {
        self.ledgers.remove(&ledger);
    }
}

fn is_open(ledger: &Versioned<LedgerRecord>) -> bool {
    ledger.record.state == LedgerState::Open
}
