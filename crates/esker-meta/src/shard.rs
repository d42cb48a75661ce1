//! `/shards/<id>`: who owns each shard, under which epoch, and which ledgers of earlier owners it still needs.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{BrokerId, Epoch, LedgerId, SessionId, ShardId};

use crate::{
    Authority, Expect, GuardedError, KeyValue, LedgerRecord, Meta, MetaError, Revision, SessionKey, Txn,
    Versioned,
    codec::{Source, encode},
    meta::{Settled, session_stands},
    proto,
};

/// A shard's ownership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRecord {
    /// The owner.
    pub owner: Option<BrokerId>,
    /// The owner's session; 0 without an owner.
    pub session: SessionId,
    /// Grows with each change of owner.
    pub epoch: Epoch,
    /// Sealed ledgers of earlier owners that may hold bytes of this shard which are not in the object store yet.
    pub pending: BTreeSet<LedgerId>,
}

impl ShardRecord {
    /// Most pending ledgers of one shard.
    pub const MAX_PENDING: usize = 10_000;

    /// The owner's session, with its broker.
    #[must_use]
    pub fn owned_by(&self) -> Option<SessionKey> {
        self.owner.map(|broker| SessionKey { broker, session: self.session })
    }

    pub(crate) fn encode(&self, id: ShardId) -> bytes::Bytes {
        let pending = self.pending.iter();
        encode(&proto::Shard {
            id: id.0,
            owner: self.owner.map(|broker| broker.0),
            session: self.session.0,
            epoch: self.epoch.0,
            pending: pending
                .map(|ledger| proto::PendingLedger { broker: ledger.broker.0, number: ledger.number })
                .collect(),
        })
    }

    /// A shard's record from its key and value, for those who watch the keys themselves.
    ///
    /// # Errors
    /// [`MetaError::Corrupt`].
    pub fn decode(entry: &KeyValue) -> Result<(ShardId, Versioned<Self>), MetaError> {
        let (source, message) = Source::message::<proto::Shard>(entry)?;
        source.ensure(entry.key.ends_with(&format!("/shards/{}", message.id)), "id")?;
        source.ensure(message.owner.is_none_or(|owner| owner >= 0), "owner")?;
        source.ensure((message.session > 0) == message.owner.is_some(), "session")?;
        source.ensure(message.epoch >= 0, "epoch")?;
        source.ensure(message.pending.len() <= Self::MAX_PENDING, "pending ledgers")?;
        let mut pending = BTreeSet::new();
        for ledger in &message.pending {
            source.ensure(ledger.broker >= 0, "pending ledgers")?;
            pending.insert(LedgerId { broker: BrokerId(ledger.broker), number: ledger.number });
        }
        let record = Self {
            owner: message.owner.map(BrokerId),
            session: SessionId(message.session),
            epoch: Epoch(message.epoch),
            pending,
        };
        Ok((ShardId(message.id), Versioned { record, modified: entry.modified }))
    }
}

/// One shard's change of owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMove {
    /// The shard.
    pub shard: ShardId,
    /// Its key's modification revision as the mover knows it; [`Revision::NONE`] when it has no record yet.
    pub expect: Revision,
    /// Its new record.
    pub to: ShardRecord,
}

impl Meta {
    /// Every shard that has a record.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_shards(&self) -> Result<BTreeMap<ShardId, Versioned<ShardRecord>>, MetaError> {
        self.store().list(self.keys().shards()).await?.entries.iter().map(ShardRecord::decode).collect()
    }

    /// A shard's record.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shard(&self, shard: ShardId) -> Result<Option<Versioned<ShardRecord>>, MetaError> {
        let found = self.store().get(self.keys().shard(shard)).await?;
        Ok(found.as_ref().map(ShardRecord::decode).transpose()?.map(|(_, record)| record))
    }

    /// Changes the owner of shards, in as few transactions as the store allows (step 6 of a recovery, and the first
    /// claim). Each shard changes atomically; all of them do not. Returns the records with their revisions.
    ///
    /// What makes the steps between two transactions safe: a shard that has not been moved yet still names the session
    /// of its dead owner, and a ledger is never deleted while a shard names the session that wrote it. So whoever
    /// repeats the recovery finds, for each shard by itself, which ledgers it needs.
    ///
    /// A session that is given shards must stand, so that no session is named by a shard again once it was fenced.
    ///
    /// After a lost answer, another mover that wrote the same first record is taken for this one: a mover that acts for
    /// others lists again before it relies on the whole.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`] when the mover's session is over; [`GuardedError::Changed`] when a shard is not as
    /// expected, a new owner's session is over, or the mover is no longer the controller. Earlier shards of the list may have been moved then.
    pub async fn move_shards(
        &self,
        by: impl Into<Authority>,
        moves: &[ShardMove],
    ) -> Result<Vec<(ShardId, Versioned<ShardRecord>)>, GuardedError> {
        let by = by.into();
        let mut moved = Vec::with_capacity(moves.len());
        let mut rest = moves;
        while !rest.is_empty() {
            let mut txn = self.guarded(by);
            let (mut taken, mut bytes) = (0, 0);
            let mut targets = BTreeSet::new();
            for change in rest {
                let key = self.keys().shard(change.shard);
                let value = change.to.encode(change.shard);
                let target = change.to.owned_by().filter(|target| *target != by.session);
                let new_target = target.filter(|target| !targets.contains(target));
                bytes += 2 * key.len() + value.len();
                let comparisons = txn.compare.len() + 1 + usize::from(new_target.is_some());
                if taken > 0 && (comparisons > Txn::MAX_OPS || bytes > Txn::MAX_BYTES / 2) {
                    break;
                }
                if let Some(target) = new_target {
                    targets.insert(target);
                    let created = Expect::Created(Revision(target.session.0));
                    txn = txn.when(self.keys().session(target.broker), created);
                }
                txn = txn.when(&key, Expect::Modified(change.expect)).put(&key, value);
                taken += 1;
            }
            let (now, later) = rest.split_at(taken);
            let first = self.keys().shard(now[0].shard);
            match self.settle(txn, Some(&first)).await? {
                Settled::Done(modified) => moved.extend(
                    now.iter()
                        .map(|change| (change.shard, Versioned { record: change.to.clone(), modified })),
                ),
                Settled::Refused(reads) => return Err(self.refusal(by, &reads, first)),
            }
            rest = later;
        }
        Ok(moved)
    }

    /// Gives a shard that the session owns under `epoch` to another living session: the end of a planned move. Returns
    /// the new record, under the next epoch.
    ///
    /// The caller vouches that of what its own session wrote, everything of this shard is in the object store and
    /// committed there, except for what is in `keep`: sealed ledgers of its own, which become pending beside those that
    /// are. It has stopped serving the shard.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] with the shard's key when the session does not own it
    /// under `epoch`, with a ledger's key when one of `keep` is not as the caller knows it, or with the other session's
    /// key when that is over: the shard has not moved then.
    ///
    /// # Panics
    /// When a ledger of `keep` is open or not the session's, or when `to` is of the same broker.
    pub async fn hand_over(
        &self,
        by: SessionKey,
        shard: ShardId,
        epoch: Epoch,
        to: SessionKey,
        keep: &[Versioned<LedgerRecord>],
    ) -> Result<Versioned<ShardRecord>, GuardedError> {
        assert_ne!(by.broker, to.broker, "a broker has one session");
        for ledger in keep {
            assert_eq!(ledger.record.writer(), by, "a session hands over only its own ledgers");
            assert!(ledger.record.end().is_some(), "what another broker serves has a known end");
        }
        let (key, target_key) = (self.keys().shard(shard), self.keys().session(to.broker));
        loop {
            let found = self.shard(shard).await?;
            let owned = |found: &Versioned<ShardRecord>| {
                found.record.owned_by() == Some(by) && found.record.epoch == epoch
            };
            let Some(found) = found.filter(owned) else {
                let stands = self.session_stands(by).await?;
                return Err(if stands { GuardedError::Changed(key) } else { GuardedError::SessionLost(by) });
            };
            let next =
                epoch.next().ok_or_else(|| MetaError::Invalid(format!("shard {shard}: no epochs left")))?;
            let mut record =
                ShardRecord { owner: Some(to.broker), session: to.session, epoch: next, ..found.record };
            record.pending.extend(keep.iter().map(|ledger| ledger.record.id));
            let mut txn = self
                .guarded(by)
                .when(&key, Expect::Modified(found.modified))
                .when(&target_key, Expect::Created(Revision(to.session.0)))
                .put(&key, record.encode(shard))
                .or_get(&target_key);
            for ledger in keep {
                let key = self.keys().ledger(ledger.record.id);
                txn = txn.when(&key, Expect::Modified(ledger.modified)).or_get(key);
            }
            let reads = match self.settle(txn, Some(&key)).await? {
                Settled::Done(modified) => return Ok(Versioned { record, modified }),
                Settled::Refused(reads) => reads,
            };
            if !session_stands(by, &reads) {
                return Err(GuardedError::SessionLost(by));
            }
            if !session_stands(to, &reads[1..]) {
                return Err(GuardedError::Changed(target_key));
            }
            for (ledger, read) in keep.iter().zip(&reads[2..]) {
                if read.as_ref().is_none_or(|read| read.modified != ledger.modified) {
                    return Err(GuardedError::Changed(self.keys().ledger(ledger.record.id)));
                }
            }
            // Only the shard's record is left: an offload commit of the owner changed it. Look again.
        }
    }

    /// Takes ledgers out of a shard's pending set, for a shard that turned out to have nothing in them. (An offload
    /// does this in [`Meta::commit_manifest`].)
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] when the session does not own the shard under `epoch`.
    pub async fn clear_pending(
        &self,
        session: SessionKey,
        shard: ShardId,
        epoch: Epoch,
        ledgers: &[LedgerId],
    ) -> Result<(), GuardedError> {
        let key = self.keys().shard(shard);
        loop {
            let found = self.shard(shard).await?;
            let owned = |found: &Versioned<ShardRecord>| {
                found.record.owned_by() == Some(session) && found.record.epoch == epoch
            };
            let Some(found) = found.filter(owned) else {
                let stands = self.session_stands(session).await?;
                return Err(if stands {
                    GuardedError::Changed(key)
                } else {
                    GuardedError::SessionLost(session)
                });
            };
            let Some(record) = without_pending(&found.record, ledgers) else { return Ok(()) };
            let txn = self
                .guarded(session)
                .when(&key, Expect::Modified(found.modified))
                .put(&key, record.encode(shard));
            if let Settled::Done(_) = self.settle(txn, Some(&key)).await? {
                return Ok(());
            }
            // Somebody changed the shard, or the session ended: the reads above tell which.
            if !self.session_stands(session).await? {
                return Err(GuardedError::SessionLost(session));
            }
        }
    }
}

/// The record without these pending ledgers; `None` when it has none of them.
pub(crate) fn without_pending(record: &ShardRecord, ledgers: &[LedgerId]) -> Option<ShardRecord> {
    let mut next = record.clone();
    for ledger in ledgers {
        next.pending.remove(ledger);
    }
    (next != *record).then_some(next)
}
