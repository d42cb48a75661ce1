//! The ends of transactions, as their coordinators ask for them, and what is open.

use esker_core::{
    Offset, PartitionId, ProducerId,
    batch::{BatchBuilder, CheckedBatch},
};

use crate::{
    append::{AppendOptions, Appended},
    error::{AppendError, LogError},
    log::Log,
    transactions::TxnGuard,
};

/// The end of a producer's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Whose transaction.
    pub producer: ProducerId,
    /// The producer's epoch from here on: that of the transaction, or a newer one that fences it.
    pub epoch: i16,
    /// Whether it is committed; else it is aborted.
    pub commit: bool,
    /// The leader epoch of the coordinator's partition.
    pub coordinator_epoch: i32,
}

/// A transaction that has begun in a partition and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTransaction {
    /// Its producer.
    pub producer: ProducerId,
    /// The producer's epoch.
    pub epoch: i16,
    /// Its first offset.
    pub first_offset: Offset,
    /// When its producer last wrote, milliseconds since the Unix epoch.
    pub last_timestamp: i64,
    /// The newest epoch of a coordinator that ended a transaction of this producer; -1 for none.
    pub coordinator_epoch: i32,
}

impl Log {
    /// What a transaction's first batch in this partition needs once its coordinator has been asked; `None` when the
    /// transaction has begun here, and nobody needs to be asked.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn guard(&self, id: PartitionId, producer: ProducerId) -> Result<Option<TxnGuard>, LogError> {
        self.0.with_row(id, |_, row| row.transactions.guard(producer))
    }

    /// Ends a producer's transaction. Returns once the marker has its place in the log: readers of committed records see
    /// the end when its ticket resolves. A marker that was written before is not written again.
    ///
    /// # Errors
    /// [`crate::ProducerError::OldEpoch`] and [`crate::ProducerError::OldCoordinator`] when it is too late for it; others
    /// as [`AppendError`] says.
    pub fn append_marker(&self, id: PartitionId, marker: Marker) -> Result<Appended, AppendError> {
        let Marker { producer, epoch, commit, coordinator_epoch } = marker;
        let now = self.0.env.clock.wall_ms();
        let bytes = BatchBuilder::end_marker(producer, epoch, commit, coordinator_epoch, now);
        self.append(id, CheckedBatch::internal(&bytes)?, AppendOptions::default())
    }

    /// The transactions that are open in a partition, by producer.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn open_transactions(&self, id: PartitionId) -> Result<Vec<OpenTransaction>, LogError> {
        self.0.with_row(id, |_, row| {
            let open = row.transactions.open().filter_map(|(producer, first_offset)| {
                let state = row.producers.get(producer)?;
                Some(OpenTransaction {
                    producer,
                    epoch: state.epoch,
                    first_offset,
                    last_timestamp: state.last_timestamp,
                    coordinator_epoch: state.coordinator_epoch,
                })
            });
            open.collect()
        })
    }
}
