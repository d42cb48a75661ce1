//! The ends of transactions, as their coordinators ask for them, and what may begin.

use esker_core::{
    PartitionId, ProducerId,
    batch::{BatchBuilder, CheckedBatch},
    producer::ProducerState,
};

use crate::{
    append::{AppendOptions, Appended},
    error::{AppendError, LogError},
    log::Log,
    transactions::{TxnGuard, TxnWrite},
};

/// The end of a producer's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Whose transaction.
    pub producer: ProducerId,
    /// The producer's epoch from here on: that of the transaction, or a newer one that fences it.
    pub epoch: i16,
    /// It is a newer one for certain. A partition that has a transaction of this very epoch is in the next one then.
    pub bumped: bool,
    /// Whether it is committed; else it is aborted.
    pub commit: bool,
    /// The leader epoch of the coordinator's partition.
    pub coordinator_epoch: i32,
}

impl Log {
    /// What a transaction's first batch in this partition needs once its coordinator has been asked; `None` when the
    /// transaction has begun here, and nobody needs to be asked.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn guard(&self, id: PartitionId, write: TxnWrite) -> Result<Option<TxnGuard>, LogError> {
        self.0.with_row(id, |shard, row| row.guard(write, || shard.fresh_guard()))
    }

    /// Ends a producer's transaction. Returns once the marker has its place in the log: readers of committed records see
    /// the end when its ticket resolves. A marker that was written before is not written again.
    ///
    /// # Errors
    /// [`crate::ProducerError::OldEpoch`] and [`crate::ProducerError::OldCoordinator`] when it is too late for it; others
    /// as [`AppendError`] says.
    pub fn append_marker(&self, id: PartitionId, marker: Marker) -> Result<Appended, AppendError> {
        let Marker { producer, epoch, bumped, commit, coordinator_epoch } = marker;
        let now = self.0.env.clock.wall_ms();
        let bytes = BatchBuilder::end_marker(producer, epoch, commit, coordinator_epoch, now);
        let options = AppendOptions { bumped, ..AppendOptions::default() };
        self.append(id, CheckedBatch::internal(&bytes)?, options)
    }

    /// The producers that a partition knows, by id.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn producers(&self, id: PartitionId) -> Result<Vec<ProducerState>, LogError> {
        self.0.with_row(id, |_, row| row.producers.snapshot())
    }
}
