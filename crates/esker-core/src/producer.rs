//! What a partition remembers of an idempotent or transactional producer.
//!
//! The log keeps one of these per (partition, producer), answers duplicates from it, and hands a snapshot to every
//! object it writes, so that a new owner knows which sequence numbers were already used.

use crate::{Offset, ProducerId};

#[cfg(test)]
mod tests;

/// Batches remembered per producer: as many as a Kafka producer may have in flight.
pub const REMEMBERED_BATCHES: usize = 5;

/// One appended batch, as far as telling a repeat of it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerBatch {
    /// Sequence number of the first record.
    pub base_sequence: i32,
    /// Sequence number of the last record; below `base_sequence` once the numbers wrapped.
    pub last_sequence: i32,
    /// Offset of the first record.
    pub base_offset: Offset,
    /// Offset of the last record.
    pub last_offset: Offset,
    /// The batch's largest timestamp, milliseconds since the Unix epoch.
    pub timestamp: i64,
}

/// A producer's state in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerState {
    /// The producer; never [`ProducerId::NONE`].
    pub producer: ProducerId,
    /// Its newest epoch seen, `0..=i16::MAX`.
    pub epoch: i16,
    /// Its newest batches, oldest first, at most [`REMEMBERED_BATCHES`]. Empty after an epoch bump by a marker.
    pub batches: Vec<ProducerBatch>,
    /// When it last wrote, milliseconds since the Unix epoch: what expiry goes by.
    pub last_timestamp: i64,
    /// First offset of its open transaction, if one is open.
    pub current_txn_first_offset: Option<Offset>,
    /// The newest epoch of a coordinator that ended a transaction of it here; -1 when none has.
    pub coordinator_epoch: i32,
}

impl ProducerState {
    /// A producer that was not known before.
    #[must_use]
    pub const fn new(producer: ProducerId, epoch: i16) -> Self {
        Self {
            producer,
            epoch,
            batches: Vec::new(),
            last_timestamp: -1,
            current_txn_first_offset: None,
            coordinator_epoch: -1,
        }
    }

    /// Remembers a batch and forgets the oldest beyond [`REMEMBERED_BATCHES`].
    ///
    /// # Panics
    /// When the batch does not lie after the newest one.
    pub fn remember(&mut self, batch: ProducerBatch) {
        if let Some(newest) = self.batches.last() {
            assert!(
                batch.base_offset > newest.last_offset,
                "a producer's batches are appended in offset order"
            );
        }
        if self.batches.len() == REMEMBERED_BATCHES {
            self.batches.remove(0);
        }
        self.last_timestamp = self.last_timestamp.max(batch.timestamp);
        self.batches.push(batch);
    }

    /// The remembered batch with exactly these sequence numbers: the request is a repeat of it.
    #[must_use]
    pub fn duplicate(&self, base_sequence: i32, last_sequence: i32) -> Option<&ProducerBatch> {
        self.batches
            .iter()
            .find(|batch| batch.base_sequence == base_sequence && batch.last_sequence == last_sequence)
    }
}

/// A transaction that was aborted: readers in `read_committed` skip this producer's records in the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTxn {
    /// Who wrote it.
    pub producer: ProducerId,
    /// The transaction's first offset.
    pub first_offset: Offset,
    /// Offset of the abort marker.
    pub last_offset: Offset,
}
