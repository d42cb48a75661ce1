//! Forgetting ledgers that nothing needs any more.
//!
//! The descriptor goes first, then what the stores hold. Cut in between, a store holds frames of a ledger that has no
//! descriptor, which the next start finds; the other order would leave a descriptor that promises frames nobody has.

use std::collections::BTreeSet;

use esker_core::BrokerId;
use esker_meta::{GuardedError, LedgerRecord, Meta, MetaError, SessionKey, Versioned};

use crate::Ledgers;

/// Forgets the ledgers of earlier sessions of the broker that no shard needs: none has it pending, and none names the
/// session that wrote it. Returns how many.
///
/// The condition, once true, stays so: the session that wrote it is fenced, so no shard comes to name it again, and a
/// shard takes on pending ledgers only of the session that it names.
pub(crate) async fn forget_unneeded(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    session: SessionKey,
) -> Result<usize, GuardedError> {
    // The shards after the ledgers: a ledger that is listed has a session that is over by now.
    let mut old = meta.list_ledgers(session.broker).await?;
    old.retain(|ledger| ledger.record.writer() != session);
    if old.is_empty() {
        return Ok(0);
    }
    if !meta.session_stands(session).await? {
        return Err(GuardedError::SessionLost(session));
    }
    let shards = meta.list_shards().await?;
    let mut pending = BTreeSet::new();
    let mut writers = BTreeSet::new();
    for shard in shards.into_values() {
        writers.extend(shard.record.owned_by());
        pending.extend(shard.record.pending);
    }
    old.retain(|ledger| !pending.contains(&ledger.record.id) && !writers.contains(&ledger.record.writer()));
    forget(meta, ledgers, session, &old).await?;
    Ok(old.len())
}

/// Deletes the descriptors, then lets the stores forget.
pub(crate) async fn forget(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    session: SessionKey,
    unneeded: &[Versioned<LedgerRecord>],
) -> Result<(), GuardedError> {
    meta.delete_ledgers(session, unneeded).await?;
    for Versioned { record, .. } in unneeded {
        tracing::info!(ledger = %record.id, "forgot a ledger that nothing needs");
        if let Err(error) = ledgers.forget(record.id).await {
            tracing::warn!(%error, ledger = %record.id, "a store keeps what it holds of a forgotten ledger for now");
        }
    }
    Ok(())
}

/// Lets the stores forget what they hold of the broker's ledgers that have no descriptor.
pub(crate) async fn forget_orphans(
    meta: &Meta,
    ledgers: &dyn Ledgers,
    broker: BrokerId,
) -> Result<(), MetaError> {
    // The descriptors after the stores: a ledger has one before it has its first frame.
    let held = ledgers.held();
    let known: BTreeSet<_> =
        meta.list_ledgers(broker).await?.into_iter().map(|ledger| ledger.record.id).collect();
    for orphan in held.into_iter().filter(|ledger| ledger.broker == broker && !known.contains(ledger)) {
        if let Err(error) = ledgers.forget(orphan).await {
            tracing::warn!(%error, ledger = %orphan, "a store keeps what it holds of a forgotten ledger for now");
        }
    }
    Ok(())
}
