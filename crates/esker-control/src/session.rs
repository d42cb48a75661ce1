//! A running broker's session.

use std::sync::Arc;

use esker_core::{Epoch, FrameIndex, LedgerId, Mode, ShardId, StoreId};
use esker_env::{Rule, TaskGuard, watch};
use esker_meta::{
    GuardedError, LedgerRecord, LedgerState, Meta, MetaError, NewLedger, OpenedSession, SessionKey,
    ShardRecord, StoreState, Versioned,
};
use tokio::sync::Mutex;

use crate::{Ledgers, LostLedger, cleanup, lanes::Lanes};

/// A broker's session, from its start to its end: which shards it owns, which ledgers it writes.
pub struct BrokerSession {
    meta: Meta,
    ledgers: Arc<dyn Ledgers>,
    opened: OpenedSession,
    shards: Vec<(ShardId, ShardRecord)>,
    losses: Vec<LostLedger>,
    lost: watch::Sender<bool>,
    // Across transactions: see `Lanes`.
    lanes: Mutex<Lanes>,
    renewal: parking_lot::Mutex<Option<TaskGuard>>,
}

impl BrokerSession {
    pub(crate) fn new(
        meta: Meta,
        ledgers: Arc<dyn Ledgers>,
        opened: OpenedSession,
        shards: Vec<(ShardId, ShardRecord)>,
        losses: Vec<LostLedger>,
        lost: watch::Sender<bool>,
        renewal: TaskGuard,
    ) -> Self {
        Self {
            meta,
            ledgers,
            opened,
            shards,
            losses,
            lost,
            lanes: Mutex::default(),
            renewal: parking_lot::Mutex::new(Some(renewal)),
        }
    }

    /// Who it is.
    #[must_use]
    pub const fn key(&self) -> SessionKey {
        self.opened.key
    }

    pub(crate) const fn opened(&self) -> &OpenedSession {
        &self.opened
    }

    pub(crate) const fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(crate) fn ledgers(&self) -> &Arc<dyn Ledgers> {
        &self.ledgers
    }

    /// The shards that it took over or claimed when it started, by number.
    #[must_use]
    pub fn shards(&self) -> &[(ShardId, ShardRecord)] {
        &self.shards
    }

    /// The ledgers that were given up when it started.
    #[must_use]
    pub fn losses(&self) -> &[LostLedger] {
        &self.losses
    }

    /// Becomes true once the session is over for certain: pending requests fail then, and the shards are dropped.
    #[must_use]
    pub fn lost(&self) -> watch::Receiver<bool> {
        self.lost.subscribe()
    }

    /// The lane's open ledger, created on first use.
    ///
    /// # Errors
    /// [`GuardedError`]; see [`BrokerSession::lost`] for the end of the session.
    pub async fn open_lane(
        &self,
        mode: Mode,
        copyset: Vec<StoreId>,
        write_quorum: u8,
    ) -> Result<LedgerRecord, GuardedError> {
        let new = NewLedger { mode, copyset, write_quorum };
        let opened = self.lanes.lock().await.open(&self.meta, self.key(), &new).await;
        self.noticed(opened).map(|ledger| ledger.record)
    }

    /// Replaces a lane's ledger, whose writer is frozen at `end`, by a new one (rule W3). After an error the session
    /// is over (rule W4).
    ///
    /// # Errors
    /// [`GuardedError`].
    pub async fn roll_lane(
        &self,
        old: LedgerId,
        end: FrameIndex,
        copyset: Vec<StoreId>,
        write_quorum: u8,
    ) -> Result<LedgerRecord, GuardedError> {
        let mut lanes = self.lanes.lock().await;
        match lanes.roll(&self.meta, self.key(), old, end, copyset, write_quorum).await {
            Ok(ledger) => Ok(ledger.record),
            Err(error) => {
                tracing::error!(%error, ledger = %old, "could not roll a ledger; the session is over");
                if !Rule::RefusedRollEnds.is_broken() {
                    self.lost.send_replace(true);
                }
                Err(error)
            }
        }
    }

    /// Seals a ledger of this session whose writer has stopped: nothing at or beyond `end` was acknowledged, and nothing
    /// will be. The first step of a graceful stop.
    ///
    /// # Errors
    /// [`GuardedError`].
    pub async fn seal_lane(&self, ledger: LedgerId, end: FrameIndex) -> Result<(), GuardedError> {
        let sealed = self.lanes.lock().await.seal(&self.meta, self.key(), ledger, end).await;
        self.noticed(sealed)
    }

    /// Forgets sealed ledgers of this session, but for those that went with a shard to another broker. The caller vouches
    /// that everything in them is in the object store and committed there, for every shard. After this nothing refers to
    /// the stores that held them: a broker stopped this way starts again on a blank log directory.
    ///
    /// # Errors
    /// [`GuardedError`]; [`GuardedError::Changed`] for a ledger that is open or not this session's.
    pub async fn retire(&self, ledgers: &[LedgerId]) -> Result<(), GuardedError> {
        let mut lanes = self.lanes.lock().await;
        let mut sealed = Vec::with_capacity(ledgers.len());
        for id in ledgers.iter().filter(|id| !lanes.is_kept(**id)) {
            let ledger = lanes.known(*id)?;
            if ledger.record.state == LedgerState::Open {
                return Err(GuardedError::Changed(format!("ledger {id} (open)")));
            }
            sealed.push(ledger);
        }
        let retired = cleanup::forget(&self.meta, &*self.ledgers, self.key().into(), &sealed).await;
        self.noticed(retired)?;
        sealed.iter().for_each(|ledger| lanes.remove(ledger.record.id));
        Ok(())
    }

    /// Forgets ledgers of earlier sessions that no shard has pending any more. To be called now and then, and after an
    /// offload that cleared pending ledgers. Returns how many.
    ///
    /// # Errors
    /// [`GuardedError`].
    pub async fn forget_unneeded(&self) -> Result<usize, GuardedError> {
        self.noticed(cleanup::forget_own_unneeded(&self.meta, &*self.ledgers, self.key()).await)
    }

    /// Gives a shard to another living session, the end of a planned move. Returns the shard's new record.
    ///
    /// By now the caller has stopped serving the shard, and everything of it that this session wrote is in the object
    /// store and committed there, except for what is in `keep`: sealed ledgers of this session, for when the object
    /// store is away. They stay until the session is over and no shard needs them.
    ///
    /// # Errors
    /// [`GuardedError`], see [`Meta::hand_over`]. After [`MetaError::Unknown`] the shard may have moved or may still: it
    /// must not be served until the metadata tells.
    pub async fn hand_over(
        &self,
        shard: ShardId,
        epoch: Epoch,
        to: SessionKey,
        keep: &[LedgerId],
    ) -> Result<Versioned<ShardRecord>, GuardedError> {
        let mut lanes = self.lanes.lock().await;
        let kept = lanes.keep(keep)?;
        let handed = self.meta.hand_over(self.key(), shard, epoch, to, &kept).await;
        drop(lanes);
        self.noticed(handed)
    }

    /// Marks a broker's store as being drained, or takes that back: no new ledgers go there, ledgers roll off it, and
    /// the broker's shards are moved away. It lasts until the broker starts again.
    ///
    /// # Errors
    /// [`GuardedError`]; [`GuardedError::Changed`] when there is no such store or its record just changed.
    pub async fn set_draining(&self, store: StoreId, draining: bool) -> Result<(), GuardedError> {
        let state = if draining { StoreState::Draining } else { StoreState::Active };
        self.noticed(self.meta.set_store_state(self.key(), store, state).await)
    }

    /// Ends the session: the last step of a graceful stop.
    ///
    /// # Errors
    /// When the metadata store fails; the session then ends with its lease.
    pub async fn close(&self) -> Result<(), MetaError> {
        drop(self.renewal.lock().take());
        self.lost.send_replace(true);
        self.meta.close_session(&self.opened).await
    }

    /// Passes a result on, and takes note of what it says about the session.
    fn noticed<T>(&self, result: Result<T, GuardedError>) -> Result<T, GuardedError> {
        if let Err(GuardedError::SessionLost(_)) = &result {
            self.lost.send_replace(true);
        }
        result
    }
}
