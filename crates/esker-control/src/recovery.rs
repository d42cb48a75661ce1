//! What a dead session of a broker leaves behind, and how a living one takes it over.
//!
//! **The order is load-bearing.**
//! 1. The dead session is *fenced*: its key is gone, so none of its transactions can happen any more. Here that is so
//!    because the living session's key stands in the same place.
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
//! - The repeater may itself be dead in between and have left some shards to its own session. That session has ledgers
//!   only if it had finished this recovery; they are recovered by the same rule.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{Action, Epoch, FrameIndex, LedgerId, SessionId, ShardId, StoreId};
use esker_meta::{Cluster, LedgerRecord, Meta, Revision, SessionKey, ShardMove, ShardRecord, Versioned};

use crate::{Ledgers, LostLedger, StartError};

/// The broker's part of the metadata, read after the fence.
pub(crate) struct Inheritance {
    session: SessionKey,
    shard_count: u32,
    /// Ledgers of the broker's earlier sessions.
    ledgers: BTreeMap<LedgerId, Versioned<LedgerRecord>>,
    shards: BTreeMap<ShardId, Versioned<ShardRecord>>,
}

impl Inheritance {
    /// Steps 1 and 2; `session` is the living one, and its standing is the fence.
    pub(crate) async fn read(
        meta: &Meta,
        cluster: &Cluster,
        session: SessionKey,
    ) -> Result<Self, StartError> {
        if !meta.session_stands(session).await? {
            return Err(StartError::SessionLost(session));
        }
        let ledgers = meta.list_ledgers(session.broker).await?;
        let ledgers = ledgers
            .into_iter()
            .filter(|ledger| ledger.record.writer() != session)
            .map(|ledger| (ledger.record.id, ledger))
            .collect();
        let shards = meta.list_shards().await?;
        Ok(Self { session, shard_count: cluster.shards, ledgers, shards })
    }

    /// The shards that need a ledger: those that have it pending, and those that name the session that wrote it.
    fn needed_by(&self, ledger: &LedgerRecord) -> Vec<ShardId> {
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

    /// Steps 3 and 4 for every open ledger but those that are given up.
    pub(crate) async fn seal(
        &mut self,
        meta: &Meta,
        ledgers: &dyn Ledgers,
        given_up: &BTreeSet<LedgerId>,
        unclean: bool,
    ) -> Result<(), StartError> {
        let reachable = ledgers.reachable();
        let open = self.ledgers.values_mut().filter(|ledger| ledger.record.end().is_none());
        for ledger in open.filter(|ledger| !given_up.contains(&ledger.record.id)) {
            let here = ledger.record.copyset.iter().filter(|store| reachable.contains(store)).count();
            if here < ledger.record.read_quorum() {
                // No shard needs it, or it would be lost: the cleanup drops its descriptor.
                continue;
            }
            let id = ledger.record.id;
            let end = match ledgers.recover(ledger.record.clone(), unclean).await {
                Ok(end) => end,
                // Somebody else was here: the metadata says what came of it.
                Err(error) if error.action == Action::Refresh => {
                    return Err(StartError::Contended(format!("of ledger {id}")));
                }
                Err(source) => return Err(StartError::Ledger { ledger: id, source }),
            };
            *ledger = meta.seal_ledger(self.session, ledger, end).await?;
            tracing::info!(ledger = %id, end = ?ledger.record.end(), "recovered a ledger of an earlier session");
        }
        Ok(())
    }

    /// Step 5. Also claims what nobody owns. Returns the shards that the session owns then.
    pub(crate) async fn take_shards(
        &self,
        meta: &Meta,
        given_up: &BTreeSet<LedgerId>,
    ) -> Result<BTreeMap<ShardId, Versioned<ShardRecord>>, StartError> {
        let mut owned = BTreeMap::new();
        let mut moves = Vec::new();
        for shard in (0..self.shard_count).map(ShardId) {
            let (expect, to) = match self.shards.get(&shard) {
                None => (Revision::NONE, self.claim(Epoch(0), BTreeSet::new())),
                Some(found) if found.record.owned_by() == Some(self.session) => {
                    owned.insert(shard, found.clone());
                    continue;
                }
                Some(found) if found.record.owner.is_some_and(|owner| owner != self.session.broker) => {
                    continue;
                }
                Some(found) => {
                    let epoch = found.record.epoch.next().ok_or(StartError::NoEpochsLeft(shard))?;
                    (found.modified, self.claim(epoch, self.pending(&found.record, given_up)))
                }
            };
            moves.push(ShardMove { shard, expect, to });
        }
        owned.extend(meta.move_shards(self.session, &moves).await?);
        Ok(owned)
    }

    fn claim(&self, epoch: Epoch, pending: BTreeSet<LedgerId>) -> ShardRecord {
        let SessionKey { broker, session } = self.session;
        ShardRecord { owner: Some(broker), session, epoch, pending }
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
                if record.end() != Some(FrameIndex(0)) {
                    pending.insert(record.id);
                }
            }
        }
        pending.retain(|ledger| !given_up.contains(ledger));
        pending
    }
}
