//! A shard that this broker owns: its rows under one lock, and its archive.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use esker_archive::ShardArchive;
use esker_core::{Epoch, FastMap, LedgerId, Offset, PartitionId, ShardId};
use esker_env::Monotonic;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{error::LogError, partition::Partition, transactions::TxnGuard};

/// A shard.
pub(crate) struct Shard {
    /// Its id.
    pub(crate) id: ShardId,
    /// The epoch under which this broker owns it.
    pub(crate) epoch: Epoch,
    /// Its objects.
    pub(crate) archive: Arc<ShardArchive>,
    /// Its rows. Held for short, never across I/O or an await.
    pub(crate) state: Mutex<ShardState>,
    /// One flush at a time.
    pub(crate) flushing: tokio::sync::Mutex<()>,
    /// Wakes appends that wait for the end of a hold.
    pub(crate) settled: Notify,
    /// Guards given out so far.
    guards: AtomicU64,
}

impl Shard {
    /// A shard that begins to be served.
    pub(crate) fn new(id: ShardId, epoch: Epoch, archive: Arc<ShardArchive>, state: ShardState) -> Self {
        Self {
            id,
            epoch,
            archive,
            state: Mutex::new(state),
            flushing: tokio::sync::Mutex::new(()),
            settled: Notify::new(),
            guards: AtomicU64::new(0),
        }
    }

    /// A guard like no other.
    pub(crate) fn fresh_guard(&self) -> TxnGuard {
        TxnGuard { epoch: self.epoch, number: self.guards.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether a transaction that was looked up under this guard was looked up for this ownership of the shard.
    ///
    /// # Errors
    /// [`LogError::Reopened`] when it was not.
    pub(crate) fn check_guard(&self, id: PartitionId, guard: Option<TxnGuard>) -> Result<(), LogError> {
        match guard {
            Some(guard) if guard.epoch != self.epoch => Err(LogError::Reopened(id)),
            _ => Ok(()),
        }
    }
}

/// What the lock guards.
#[derive(Default)]
pub(crate) struct ShardState {
    /// A row for each partition that was ever written or asked for.
    pub(crate) rows: FastMap<PartitionId, Partition>,
    /// Ledgers of earlier sessions that may hold records no object has.
    pub(crate) pending: BTreeSet<LedgerId>,
    /// Committed bytes that no object has.
    pub(crate) unarchived_bytes: u64,
    /// Committed batches that no object has.
    pub(crate) unarchived_batches: usize,
    /// When the oldest of them was committed.
    pub(crate) unarchived_since: Option<Monotonic>,
    /// What has too few copies, until objects have it.
    pub(crate) repair: Option<Goal>,
    /// When its objects are listed next, to find orphans; `None` until that is decided.
    pub(crate) orphans_due: Option<Monotonic>,
    /// Appends wait: a planned move is under way, which may still be called off.
    pub(crate) held: bool,
    /// Nothing more is served: the shard is given up.
    pub(crate) closed: bool,
}

/// What a flush of everything is to reach.
pub(crate) struct Goal {
    /// How far each partition is committed.
    ends: Vec<(PartitionId, Offset)>,
    /// Ledgers of earlier sessions.
    pending: BTreeSet<LedgerId>,
}

impl ShardState {
    /// Whether an append may be taken now.
    ///
    /// # Errors
    /// [`LogError::Moving`] while the shard is held, [`LogError::NotOwner`] once it is given up.
    pub(crate) fn may_append(&self, id: PartitionId) -> Result<(), LogError> {
        match (self.closed, self.held) {
            (true, _) => Err(LogError::NotOwner(id)),
            (false, true) => Err(LogError::Moving(id)),
            (false, false) => Ok(()),
        }
    }

    /// What is committed by now goes to the object store without waiting to be enough for an object.
    pub(crate) fn ask_for_repair(&mut self) {
        if self.repair.is_none() {
            let goal = self.to_archive();
            self.repair = (!self.has_archived(&goal)).then_some(goal);
        }
    }

    /// What objects are to have and do not have yet.
    pub(crate) fn to_archive(&self) -> Goal {
        let rows = self.rows.values().map(|row| (row.id, row.high_watermark));
        Goal { ends: rows.collect(), pending: self.pending.clone() }
    }

    /// Whether they have it. A partition that was deleted meanwhile counts as if.
    pub(crate) fn has_archived(&self, goal: &Goal) -> bool {
        let archived = |(id, end): &(PartitionId, Offset)| {
            self.rows.get(id).is_none_or(|row| row.archived_end >= *end && row.start_to_save().is_none())
        };
        goal.ends.iter().all(archived) && goal.pending.is_disjoint(&self.pending)
    }

    /// The row of a partition, made when missing. The caller has checked that the partition exists.
    pub(crate) fn row(&mut self, id: PartitionId) -> &mut Partition {
        self.rows.entry(id).or_insert_with(|| Partition::new(id))
    }
}
