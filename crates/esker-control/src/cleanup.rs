//! Forgetting ledgers that nothing needs any more.
//!
//! The descriptor goes first, then what the stores hold. Cut in between, a store holds frames of a ledger that has no
//! descriptor, which the next start finds; the other order would leave a descriptor that promises frames nobody has.

use std::collections::BTreeSet;

use esker_meta::{
    Authority, GuardedError, LedgerRecord, Meta, MetaError, SessionKey, ShardRecord, StoreRecord, Versioned,
};

use crate::Ledgers;

/// Forgets the ledgers of earlier sessions of the broker that no shard needs. Returns how many.
pub(crate) async fn forget_own_unneeded(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    session: SessionKey,
) -> Result<usize, GuardedError> {
    let mut old = meta.list_ledgers(session.broker).await?;
    old.retain(|ledger| ledger.record.writer() != session);
    if old.is_empty() {
        return Ok(0);
    }
    // It stands, so the broker's other sessions are over.
    if !meta.session_stands(session).await? {
        return Err(GuardedError::SessionLost(session));
    }
    forget_unneeded(meta, ledgers, session.into(), old).await
}

/// Forgets the ledgers of all dead sessions that no shard needs. Returns how many.
pub(crate) async fn forget_all_unneeded(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    by: Authority,
) -> Result<usize, GuardedError> {
    let (revision, living) = meta.sessions_at().await?;
    let living: BTreeSet<SessionKey> = living.into_iter().map(|live| live.key).collect();
    let mut old = meta.list_all_ledgers().await?;
    old.retain(|ledger| {
        let writer = ledger.record.writer();
        // One that was opened after the listing of sessions is not in it, and lives.
        writer.session.0 <= revision.0 && !living.contains(&writer)
    });
    forget_unneeded(meta, ledgers, by, old).await
}

/// Forgets those ledgers of fenced sessions that no shard needs: none has it pending, and none names the session that
/// wrote it.
///
/// The condition, once true, stays so: the session that wrote it is fenced, so no shard comes to name it again, and a
/// shard takes on pending ledgers only of the session that it names.
async fn forget_unneeded(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    by: Authority,
    mut old: Vec<Versioned<LedgerRecord>>,
) -> Result<usize, GuardedError> {
    if old.is_empty() {
        return Ok(0);
    }
    // The shards after the ledgers and the fence: a ledger that is listed has a session that is over by now.
    let shards = meta.list_shards().await?;
    let needed = Needed::by(shards.values().map(|shard| &shard.record));
    old.retain(|ledger| !needed.needs(&ledger.record));
    forget(meta, ledgers, by, &old).await?;
    Ok(old.len())
}

/// What shards need.
pub(crate) struct Needed {
    pending: BTreeSet<esker_core::LedgerId>,
    writers: BTreeSet<SessionKey>,
}

impl Needed {
    pub(crate) fn by<'a>(shards: impl Iterator<Item = &'a ShardRecord>) -> Self {
        let mut needed = Self { pending: BTreeSet::new(), writers: BTreeSet::new() };
        for shard in shards {
            needed.writers.extend(shard.owned_by());
            needed.pending.extend(&shard.pending);
        }
        needed
    }

    /// Whether a ledger of a dead session is needed.
    pub(crate) fn needs(&self, ledger: &LedgerRecord) -> bool {
        self.is_pending(ledger) || self.writers.contains(&ledger.writer())
    }

    pub(crate) fn is_pending(&self, ledger: &LedgerRecord) -> bool {
        self.pending.contains(&ledger.id)
    }
}

/// Deletes the descriptors, then lets the stores forget.
pub(crate) async fn forget(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    by: Authority,
    unneeded: &[Versioned<LedgerRecord>],
) -> Result<(), GuardedError> {
    meta.delete_ledgers(by, unneeded).await?;
    for Versioned { record, .. } in unneeded {
        tracing::info!(ledger = %record.id, "forgot a ledger that nothing needs");
        if let Err(error) = ledgers.forget(record.id, record.copyset.clone()).await {
            tracing::warn!(%error, ledger = %record.id, "a store keeps what it holds of a forgotten ledger for now");
        }
    }
    Ok(())
}

/// Deletes the records of stores that were replaced, once no ledger names them. Returns how many.
pub(crate) async fn forget_replaced_stores(meta: &Meta, by: Authority) -> Result<usize, GuardedError> {
    let stores = meta.store_records().await?;
    let (_, living) = meta.sessions_at().await?;
    let serves = |store: &StoreRecord| living.iter().any(|live| live.record.store == store.id);
    let lives = |store: &StoreRecord| living.iter().any(|live| live.key.broker == store.broker);
    let mut replaced: Vec<_> = stores.into_iter().filter(|store| lives(store) && !serves(store)).collect();
    if replaced.is_empty() {
        return Ok(0);
    }
    // The ledgers after the sessions: only what is served gets into a copyset, and whoever comes to serve one of these
    // writes its record before, which then is another one than was listed.
    let ledgers = meta.list_all_ledgers().await?;
    let named: BTreeSet<_> = ledgers.iter().flat_map(|ledger| &ledger.record.copyset).collect();
    replaced.retain(|store| !named.contains(&store.id));
    for store in &replaced {
        meta.delete_store(by, store).await?;
        tracing::info!(store = %store.id, broker = %store.broker, "forgot a store that was replaced");
    }
    Ok(replaced.len())
}

/// Lets the own store forget what it holds of ledgers that have no descriptor, whoever wrote them.
pub(crate) async fn forget_orphans(meta: &Meta, ledgers: &dyn Ledgers) -> Result<(), MetaError> {
    // The descriptors after the store: a ledger has one before it has its first frame.
    let held = ledgers.held();
    if held.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<_> =
        meta.list_all_ledgers().await?.into_iter().map(|ledger| ledger.record.id).collect();
    for orphan in held.into_iter().filter(|ledger| !known.contains(ledger)) {
        if let Err(error) = ledgers.forget(orphan, vec![ledgers.own()]).await {
            tracing::warn!(%error, ledger = %orphan, "a store keeps what it holds of a forgotten ledger for now");
        }
    }
    Ok(())
}
