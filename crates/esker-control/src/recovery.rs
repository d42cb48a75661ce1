//! What dead sessions of a broker leave behind, and how living ones take it over.
//!
//! **The order is load-bearing.**
//! 1. The dead session is *fenced*: its key is gone, so none of its transactions can happen any more. At a broker's
//!    start that is so because the living session's key stands in the same place; the controller sees that it is gone.
//! 2. Only then are its ledgers and shards *listed*: after the fence no ledger can be added to the list.
//! 3. Each open ledger is *sealed on its stores*, which gives its end; everything acknowledged is below.
//! 4. Each of these ends is *written into the ledger's descriptor*. The first to write it wins.
//! 5. Only then do its *shards change owner*: new session, epoch + 1, `pending` ∪= its ledgers. From here on they are
//!    served, and whatever is served must have a known end.
//!
//! Steps 4 and 5 are one transaction in the model. A node may own more shards than one transaction can hold, so here
//! they are several, all ledgers before any shard, and this is why a cut between any two of them is safe:
//! - A ledger sealed in the metadata while its shards still name the dead session changes nothing for anyone: the dead
//!   session is fenced, nobody serves these shards, and the cleanup leaves the ledger alone as long as *any shard names
//!   the session that wrote it*.
//! - Each shard's change is one put, bound to the record that was read. Which ledgers it needs follows from that record
//!   alone: those pending in it, and those written by the session that it names. So whoever repeats the recovery comes to
//!   the same `pending` for the shards that were not moved, and leaves the others, which name a later session, with the
//!   `pending` that they have.
//! - Several may do this at once, a controller, its successor and the broker that starts again: each write is bound to
//!   the record as read, so of two only the first happens, and the other reads again and finds less to do.
//! - The repeater may itself be dead in between and have left some shards to its own session. That session has ledgers
//!   only if it had finished this recovery; they are recovered by the same rule.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{Action, BrokerId, Epoch, FrameIndex, LedgerId, SessionId, ShardId, StoreId};
use esker_env::Rule;
use esker_meta::{
    Authority, GuardedError, LedgerRecord, Meta, MetaError, Revision, SessionKey, ShardMove, ShardRecord,
    Versioned,
};
use futures::future::join_all;

use crate::{LedgerError, Ledgers, LostLedger};

/// What dead sessions of one broker left, read after they were fenced.
pub(crate) struct Inheritance {
    /// Ledgers of the dead sessions.
    ledgers: BTreeMap<LedgerId, Versioned<LedgerRecord>>,
    /// All shards.
    shards: BTreeMap<ShardId, Versioned<ShardRecord>>,
}

/// Why a ledger of a dead session is still open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Guarded(#[from] GuardedError),
}

/// A shard has changed owner as often as its epoch can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("shard {0} has no epochs left")]
pub(crate) struct NoEpochsLeft(pub(crate) ShardId);

impl Inheritance {
    /// Step 2. `dead` names sessions of the broker that the caller knows to be fenced.
    pub(crate) async fn read(
        meta: &Meta,
        broker: BrokerId,
        dead: impl Fn(SessionKey) -> bool,
    ) -> Result<Self, MetaError> {
        let ledgers = meta.list_ledgers(broker).await?;
        let ledgers = ledgers
            .into_iter()
            .filter(|ledger| dead(ledger.record.writer()))
            .map(|ledger| (ledger.record.id, ledger))
            .collect();
        Ok(Self { ledgers, shards: meta.list_shards().await? })
    }

    /// Leaves out ledgers that are not among these.
    #[cfg(feature = "mutations")]
    pub(crate) fn retain(&mut self, listed: &BTreeSet<LedgerId>) {
        self.ledgers.retain(|id, _| listed.contains(id));
    }

    /// Reads the shards again; the ledgers of a fenced session stay what they are.
    pub(crate) async fn read_shards_again(&mut self, meta: &Meta) -> Result<(), MetaError> {
        self.shards = meta.list_shards().await?;
        Ok(())
    }

    pub(crate) const fn shards(&self) -> &BTreeMap<ShardId, Versioned<ShardRecord>> {
        &self.shards
    }

    pub(crate) fn ledger(&self, id: LedgerId) -> Option<&LedgerRecord> {
        self.ledgers.get(&id).map(|ledger| &ledger.record)
    }

    /// The shards that need a ledger: those that have it pending, and those that name the session that wrote it.
    pub(crate) fn needed_by(&self, ledger: &LedgerRecord) -> Vec<ShardId> {
        let needs = |record: &ShardRecord| {
            record.pending.contains(&ledger.id) || record.owned_by() == Some(ledger.writer())
        };
        self.shards.iter().filter(|(_, shard)| needs(&shard.record)).map(|(id, _)| *id).collect()
    }

    /// Ledgers that some shard needs and too few stores hold.
    pub(crate) fn lost(&self, reachable: &BTreeSet<StoreId>) -> Vec<LostLedger> {
        let mut lost = Vec::new();
        for Versioned { record, .. } in self.ledgers.values() {
            let missing: Vec<_> =
                record.copyset.iter().filter(|store| !reachable.contains(store)).copied().collect();
            let here = record.copyset.len() - missing.len();
            let shards = self.needed_by(record);
            if here < record.read_quorum() && !shards.is_empty() {
                lost.push(LostLedger {
                    ledger: record.id,
                    mode: record.mode,
                    missing,
                    reachable: here,
                    needed: record.read_quorum(),
                    shards,
                });
            }
        }
        lost
    }

    /// Steps 3 and 4 for every open ledger but those to skip, all at once. Returns those that could not be sealed; the
    /// others are.
    pub(crate) async fn seal(
        &mut self,
        meta: &Meta,
        ledgers: &dyn Ledgers,
        by: Authority,
        skip: impl Fn(&LedgerRecord) -> bool,
        unclean: bool,
    ) -> Vec<(LedgerId, SealError)> {
        let open = self.ledgers.values_mut().filter(|ledger| ledger.record.end().is_none());
        let sealing = open.filter(|ledger| !skip(&ledger.record)).map(async |ledger| {
            let id = ledger.record.id;
            match seal(meta, ledgers, by, ledger, unclean).await {
                Ok(sealed) => {
                    tracing::info!(ledger = %id, end = ?sealed.record.end(), "recovered a dead session's ledger");
                    *ledger = sealed;
                    None
                }
                Err(error) => Some((id, error)),
            }
        });
        join_all(sealing).await.into_iter().flatten().collect()
    }

    /// Step 5: the changes of owner that give shards of dead sessions, and shards of nobody, to the session that
    /// `heir` names for each. It is asked for all shards in order, and says `None` for those to be left alone.
    pub(crate) fn moves(
        &self,
        shard_count: u32,
        given_up: &BTreeSet<LedgerId>,
        mut heir: impl FnMut(ShardId, Option<&ShardRecord>) -> Option<SessionKey>,
    ) -> Result<Vec<ShardMove>, NoEpochsLeft> {
        let mut moves = Vec::new();
        for shard in (0..shard_count).map(ShardId) {
            let found = self.shards.get(&shard);
            let Some(heir) = heir(shard, found.map(|found| &found.record)) else { continue };
            let (expect, epoch, pending) = match found {
                None => (Revision::NONE, Epoch(0), BTreeSet::new()),
                Some(found) => {
                    let epoch = found.record.epoch.next().ok_or(NoEpochsLeft(shard))?;
                    (found.modified, epoch, self.pending(&found.record, given_up))
                }
            };
            let to = ShardRecord { owner: Some(heir.broker), session: heir.session, epoch, pending };
            moves.push(ShardMove { shard, expect, to });
        }
        Ok(moves)
    }

    /// What a shard of a dead session needs: what it needed already, and what that session wrote.
    fn pending(&self, shard: &ShardRecord, given_up: &BTreeSet<LedgerId>) -> BTreeSet<LedgerId> {
        let mut pending = shard.pending.clone();
        for Versioned { record, .. } in self.ledgers.values() {
            if shard.session != SessionId(0) && shard.owned_by() == Some(record.writer()) {
                // In a ledger that is not sealed nobody could tell where it ends.
                assert!(
                    record.end().is_some() || given_up.contains(&record.id),
                    "ledger {} is open",
                    record.id
                );
                // One that ended before its first frame holds nothing: starts that fail again and again would
                // otherwise pile up such ledgers.
                if record.end() != Some(FrameIndex(0)) && !Rule::LedgersInherited.is_broken() {
                    pending.insert(record.id);
                }
            }
        }
        pending.retain(|ledger| !given_up.contains(ledger));
        pending
    }
}

/// Steps 3 and 4 for one ledger.
async fn seal(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    by: Authority,
    ledger: &Versioned<LedgerRecord>,
    unclean: bool,
) -> Result<Versioned<LedgerRecord>, SealError> {
    let end = match ledgers.recover(ledger.record.clone(), unclean).await {
        Ok(end) => end,
        // Somebody else was here: the metadata says what came of it.
        Err(error) if error.action == Action::Refresh => {
            let changed = GuardedError::Changed(format!("of ledger {}", ledger.record.id));
            return Err(SealError::Guarded(changed));
        }
        Err(error) => return Err(SealError::Ledger(error)),
    };
    Ok(meta.seal_ledger(by, ledger, end).await?)
}
