//! Transactions on ledgers.

use esker_core::{BrokerId, FrameIndex, LedgerId, Mode, StoreId};
use esker_env::Rule;

use super::{LedgerRecord, LedgerState};
use crate::{
    Authority, Expect, GuardedError, Meta, MetaError, SessionKey, Txn, Versioned,
    counter::Counter,
    meta::{Settled, session_stands},
};

/// A ledger to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLedger {
    /// Its durability mode.
    pub mode: Mode,
    /// The stores that will hold it.
    pub copyset: Vec<StoreId>,
    /// How many of them commit a frame.
    pub write_quorum: u8,
}

impl NewLedger {
    fn record(&self, session: SessionKey, number: u64) -> Result<LedgerRecord, MetaError> {
        if let Some(flaw) = LedgerRecord::flaw(&self.copyset, self.write_quorum) {
            return Err(MetaError::Invalid(format!("new ledger of {session}: bad {flaw}")));
        }
        Ok(LedgerRecord {
            id: LedgerId { broker: session.broker, number },
            session: session.session,
            mode: self.mode,
            copyset: self.copyset.clone(),
            write_quorum: self.write_quorum,
            state: LedgerState::Open,
        })
    }
}

impl Meta {
    /// Creates an open ledger, under the broker's next ledger number, while the session stands.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`], or when the store fails. After [`MetaError::Unknown`] an empty open ledger may
    /// be left behind, which the next recovery of the broker seals.
    pub async fn create_ledger(
        &self,
        session: SessionKey,
        new: &NewLedger,
    ) -> Result<Versioned<LedgerRecord>, GuardedError> {
        self.add_ledger(session, new, self.guarded(session)).await
    }

    /// The roll (rule W3): in one transaction `old` becomes sealed at `end` and a new ledger opens, if the session
    /// stands and `old` is as the caller knows it. From this on the caller acknowledges nothing of `old` at or beyond
    /// `end`.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] when `old` has changed, which only a recovery of this
    /// session can have done: the session is over then too (rule W4).
    ///
    /// # Panics
    /// When `old` is not an open ledger of the session.
    pub async fn roll_ledger(
        &self,
        session: SessionKey,
        old: &Versioned<LedgerRecord>,
        end: FrameIndex,
        new: &NewLedger,
    ) -> Result<Versioned<LedgerRecord>, GuardedError> {
        assert_eq!(old.record.writer(), session, "a session rolls only its own ledgers");
        assert_eq!(old.record.state, LedgerState::Open, "only an open ledger can roll");
        let key = self.keys().ledger(old.record.id);
        let sealed = LedgerRecord { state: LedgerState::Sealed(end), ..old.record.clone() };
        let mut txn = self.guarded(session);
        if !Rule::LedgerCompared.is_broken() {
            txn = txn.when(&key, Expect::Modified(old.modified));
        }
        let txn = txn.put(&key, sealed.encode()).or_get(&key);
        self.add_ledger(session, new, txn).await
    }

    /// Adds to `txn` (which reads the session's key first and perhaps one other in its second branch) the creation of
    /// a ledger, and runs it until the ledger counter does not move under it.
    async fn add_ledger(
        &self,
        session: SessionKey,
        new: &NewLedger,
        txn: Txn,
    ) -> Result<Versioned<LedgerRecord>, GuardedError> {
        let name = format!("ledger/{}", session.broker);
        let counter_key = self.keys().id(&name);
        loop {
            let counter = self.counter(&name).await?;
            let record = new.record(session, counter.next)?;
            let next = counter
                .next
                .checked_add(1)
                .ok_or_else(|| MetaError::Corrupt { key: counter_key.clone(), field: "next".to_owned() })?;
            let key = self.keys().ledger(record.id);
            let attempt = txn
                .clone()
                .when(&counter_key, Expect::Modified(counter.modified))
                .put(&counter_key, Counter::encode(next))
                .put(&key, record.encode());
            let reads = match self.settle(attempt, Some(&key)).await? {
                Settled::Done(modified) => return Ok(Versioned { record, modified }),
                Settled::Refused(reads) => reads,
            };
            if !session_stands(session, &reads) {
                return Err(GuardedError::SessionLost(session));
            }
            // The roll's read of the old ledger, when there is one.
            for compare in &txn.compare {
                let found = reads.iter().flatten().find(|found| found.key == compare.key);
                if let Expect::Modified(expected) = compare.is
                    && found.is_none_or(|found| found.modified != expected)
                {
                    return Err(GuardedError::Changed(compare.key.clone()));
                }
            }
            // Only the counter is left: another lane of this session took the number.
        }
    }

    /// Seals a ledger in the metadata, while the session of whoever does it stands. The first to seal wins: what comes
    /// back is the ledger as it is sealed, perhaps by another and at another end.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] when the ledger no longer exists, or when whoever does
    /// it is no longer the controller and the ledger is open.
    pub async fn seal_ledger(
        &self,
        by: impl Into<Authority>,
        ledger: &Versioned<LedgerRecord>,
        end: FrameIndex,
    ) -> Result<Versioned<LedgerRecord>, GuardedError> {
        let by = by.into();
        if ledger.record.end().is_some() {
            return Ok(ledger.clone());
        }
        let key = self.keys().ledger(ledger.record.id);
        let record = LedgerRecord { state: LedgerState::Sealed(end), ..ledger.record.clone() };
        let mut txn = self.guarded(by);
        if !Rule::FirstEndWins.is_broken() {
            txn = txn.when(&key, Expect::Modified(ledger.modified));
        }
        let txn = txn.put(&key, record.encode()).or_get(&key);
        // An equal value by another recovery is as good as ours.
        let reads = match self.settle(txn, Some(&key)).await? {
            Settled::Done(modified) => return Ok(Versioned { record, modified }),
            Settled::Refused(reads) => reads,
        };
        let refusal = self.refusal(by, &reads, key);
        match reads.into_iter().next_back().flatten() {
            Some(found) => {
                let found = LedgerRecord::decode(&found)?;
                // A descriptor changes once, from open to sealed.
                if found.record.end().is_none() || matches!(refusal, GuardedError::SessionLost(_)) {
                    return Err(refusal);
                }
                Ok(found)
            }
            None => Err(refusal),
        }
    }

    /// Deletes the descriptors of sealed ledgers, if they are as the caller knows them and its session stands.
    ///
    /// Whether a ledger may go is for the caller to know: no shard may have it pending, and none may still name the
    /// session that wrote it, unless that session is the caller's own and everything in it is offloaded.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] when a ledger has changed. Earlier ledgers of the list
    /// may be gone then.
    pub async fn delete_ledgers(
        &self,
        by: impl Into<Authority>,
        ledgers: &[Versioned<LedgerRecord>],
    ) -> Result<(), GuardedError> {
        let by = by.into();
        for some in ledgers.chunks(Txn::MAX_OPS / 2) {
            let mut txn = self.guarded(by);
            for ledger in some {
                let key = self.keys().ledger(ledger.record.id);
                txn = txn.when(&key, Expect::Modified(ledger.modified)).delete(&key);
            }
            let first = self.keys().ledger(some[0].record.id);
            if let Settled::Refused(reads) = self.settle(txn, Some(&first)).await? {
                return Err(self.refusal(by, &reads, first));
            }
        }
        Ok(())
    }

    /// The broker's ledgers, by number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_ledgers(&self, broker: BrokerId) -> Result<Vec<Versioned<LedgerRecord>>, MetaError> {
        self.ledgers_below(self.keys().ledgers(broker)).await
    }

    /// All ledgers, by broker and number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_all_ledgers(&self) -> Result<Vec<Versioned<LedgerRecord>>, MetaError> {
        self.ledgers_below(self.keys().all_ledgers()).await
    }

    async fn ledgers_below(&self, prefix: String) -> Result<Vec<Versioned<LedgerRecord>>, MetaError> {
        let listing = self.store().list(prefix).await?;
        let mut ledgers =
            listing.entries.iter().map(LedgerRecord::decode).collect::<Result<Vec<_>, MetaError>>()?;
        ledgers.sort_by_key(|ledger| ledger.record.id);
        Ok(ledgers)
    }
}
