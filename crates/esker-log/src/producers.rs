//! Idempotent producers: what each one wrote last, per partition.
//!
//! The rules are Kafka's (`ProducerStateManager`, `ProducerAppendInfo`): the last five batches of a producer are
//! remembered; a batch that repeats one of them is a duplicate and answered with its first offset; otherwise its
//! sequence must follow the last one, unless the producer is unknown, in which case any sequence is taken.

use std::collections::BTreeMap;

use esker_core::{
    BatchHeader, Offset, ProducerId,
    producer::{ProducerBatch, ProducerState},
};

/// Batches remembered for each producer, Kafka's limit of unacknowledged batches in flight.
pub const REMEMBERED_BATCHES: usize = 5;

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Append it.
    Accept,
    /// It is already in the log at these offsets; answer with them.
    Duplicate {
        /// Offset that its first record has.
        base_offset: Offset,
        /// Offset that its last record has.
        last_offset: Offset,
    },
}

/// Why a batch of an idempotent producer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProducerError {
    /// Kafka: `OUT_OF_ORDER_SEQUENCE_NUMBER`.
    #[error("producer {producer} sent sequence {got}, expected {expected}: a batch before it is missing")]
    OutOfOrder {
        /// Who sent it.
        producer: ProducerId,
        /// The first sequence number of the batch.
        got: i32,
        /// What would have followed.
        expected: i32,
    },
    /// Kafka: `INVALID_PRODUCER_EPOCH`.
    #[error("producer {producer} sent epoch {got}, but epoch {current} has taken over")]
    OldEpoch {
        /// Who sent it.
        producer: ProducerId,
        /// The epoch it sent.
        got: i16,
        /// The epoch in force.
        current: i16,
    },
    /// Kafka: `TRANSACTION_COORDINATOR_FENCED`.
    #[error(
        "coordinator epoch {got} ends a transaction of producer {producer}, but epoch {current} has taken over"
    )]
    OldCoordinator {
        /// Whose transaction.
        producer: ProducerId,
        /// The epoch of the coordinator that asks.
        got: i32,
        /// The epoch in force.
        current: i32,
    },
    /// A transactional batch of a producer whose transaction has not begun in this partition, as far as its coordinator
    /// has said. Kafka: `INVALID_TXN_STATE`.
    #[error("producer {producer} writes in a transaction that this partition was not added to")]
    NoTransaction {
        /// Who sent it.
        producer: ProducerId,
    },
    /// A batch outside of a transaction, of a producer that is in one here. Kafka: `INVALID_TXN_STATE`.
    #[error("producer {producer} writes outside of the transaction that it has begun")]
    InTransaction {
        /// Who sent it.
        producer: ProducerId,
    },
}

/// The producers of one partition. Empty tables cost one pointer.
#[derive(Clone, Debug, Default)]
pub struct ProducerTable(BTreeMap<ProducerId, ProducerState>);

impl ProducerTable {
    /// The table that a snapshot holds.
    #[must_use]
    pub fn from_snapshot(states: Vec<ProducerState>) -> Self {
        Self(states.into_iter().map(|state| (state.producer, state)).collect())
    }

    /// A snapshot, sorted by producer.
    #[must_use]
    pub fn snapshot(&self) -> Vec<ProducerState> {
        self.0.values().cloned().collect()
    }

    /// Judges a batch by its header (base offset and shard epoch are not looked at).
    ///
    /// # Errors
    /// See [`ProducerError`].
    pub fn check(&self, batch: &BatchHeader) -> Result<Verdict, ProducerError> {
        if batch.producer == ProducerId::NONE {
            return Ok(Verdict::Accept);
        }
        let Some(state) = self.0.get(&batch.producer) else { return Ok(Verdict::Accept) };
        self.check_epoch(batch)?;
        let out_of_order = |expected| ProducerError::OutOfOrder {
            producer: batch.producer,
            got: batch.base_sequence,
            expected,
        };
        if batch.producer_epoch > state.epoch {
            return if batch.base_sequence == 0 { Ok(Verdict::Accept) } else { Err(out_of_order(0)) };
        }
        let last_sequence = batch.last_sequence();
        let twin = state
            .batches
            .iter()
            .find(|known| known.base_sequence == batch.base_sequence && known.last_sequence == last_sequence);
        if let Some(twin) = twin {
            return Ok(Verdict::Duplicate { base_offset: twin.base_offset, last_offset: twin.last_offset });
        }
        // A marker has brought the epoch, and nothing has been written with it.
        let last = state.batches.last().map_or(-1, |last| last.last_sequence);
        let expected = if last == i32::MAX { 0 } else { last + 1 };
        if batch.base_sequence == expected { Ok(Verdict::Accept) } else { Err(out_of_order(expected)) }
    }

    /// Judges a batch by its epoch alone.
    ///
    /// # Errors
    /// [`ProducerError::OldEpoch`].
    pub fn check_epoch(&self, batch: &BatchHeader) -> Result<(), ProducerError> {
        let (producer, got) = (batch.producer, batch.producer_epoch);
        match self.0.get(&producer) {
            Some(state) if got < state.epoch => {
                Err(ProducerError::OldEpoch { producer, got, current: state.epoch })
            }
            _ => Ok(()),
        }
    }

    /// Takes note of a batch that is in the log, at `now` (milliseconds since the Unix epoch; a producer of historic
    /// records is not an old producer). Batches must come in offset order; one that is already noted (a replay that
    /// overlaps a snapshot) changes nothing.
    pub fn apply(&mut self, batch: &BatchHeader, now: i64) {
        if batch.producer == ProducerId::NONE {
            return;
        }
        let state = self.0.entry(batch.producer).or_insert_with(|| ProducerState {
            last_timestamp: now,
            ..ProducerState::new(batch.producer, batch.producer_epoch)
        });
        if state.batches.last().is_some_and(|last| last.last_offset >= batch.last_offset()) {
            return;
        }
        if batch.producer_epoch != state.epoch {
            state.epoch = batch.producer_epoch;
            state.batches.clear();
        }
        state.last_timestamp = state.last_timestamp.max(now);
        if batch.marker().is_some() {
            state.current_txn_first_offset = None;
            state.coordinator_epoch = state.coordinator_epoch.max(batch.coordinator_epoch);
        } else if batch.is_transactional() && batch.control_type < 0 {
            state.current_txn_first_offset.get_or_insert(batch.base_offset);
        }
        if batch.base_sequence < 0 {
            return; // a control batch: it carries the epoch, but no sequence
        }
        if state.batches.len() == REMEMBERED_BATCHES {
            state.batches.remove(0);
        }
        state.batches.push(ProducerBatch {
            base_sequence: batch.base_sequence,
            last_sequence: batch.last_sequence(),
            base_offset: batch.base_offset,
            last_offset: batch.last_offset(),
            timestamp: batch.max_timestamp,
        });
    }

    /// Judges the marker that ends a transaction.
    ///
    /// # Errors
    /// [`ProducerError::OldEpoch`] when a newer epoch of the producer has written, [`ProducerError::OldCoordinator`] when a
    /// newer coordinator has ended a transaction of it.
    pub fn check_marker(
        &self,
        producer: ProducerId,
        epoch: i16,
        coordinator_epoch: i32,
    ) -> Result<(), ProducerError> {
        let Some(state) = self.0.get(&producer) else { return Ok(()) };
        if epoch < state.epoch {
            return Err(ProducerError::OldEpoch { producer, got: epoch, current: state.epoch });
        }
        if coordinator_epoch < state.coordinator_epoch {
            let current = state.coordinator_epoch;
            return Err(ProducerError::OldCoordinator { producer, got: coordinator_epoch, current });
        }
        Ok(())
    }

    /// A producer's state.
    #[must_use]
    pub fn get(&self, producer: ProducerId) -> Option<&ProducerState> {
        self.0.get(&producer)
    }

    /// Forgets producers that last wrote before `before` (milliseconds since the Unix epoch) and have no open transaction.
    pub fn expire(&mut self, before: i64) {
        self.0.retain(|_, state| state.last_timestamp >= before || state.current_txn_first_offset.is_some());
    }

    /// Producers known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no producer is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use esker_core::{EntryKind, Epoch, PartitionId, TopicNumber};

    use super::*;

    fn batch(epoch: i16, sequence: i32, records: i32, offset: i64) -> BatchHeader {
        BatchHeader {
            kind: EntryKind::Batch,
            partition: PartitionId { topic: TopicNumber(1), index: 0 },
            epoch: Epoch(0),
            base_offset: Offset(offset),
            last_offset_delta: records - 1,
            records: records.cast_unsigned(),
            max_timestamp: offset,
            producer: ProducerId(9),
            producer_epoch: epoch,
            base_sequence: sequence,
            attributes: 0,
            length: 100,
            control_type: -1,
            coordinator_epoch: -1,
        }
    }

    #[test]
    fn the_last_five_batches_are_recognised_and_older_ones_are_out_of_order() {
        let mut table = ProducerTable::default();
        for number in 0..7 {
            assert_eq!(table.check(&batch(0, number * 2, 2, 0)), Ok(Verdict::Accept));
            table.apply(&batch(0, number * 2, 2, i64::from(number) * 2), 50);
        }
        for number in 2..7 {
            let offset = Offset(i64::from(number) * 2);
            assert_eq!(
                table.check(&batch(0, number * 2, 2, 0)),
                Ok(Verdict::Duplicate { base_offset: offset, last_offset: Offset(offset.0 + 1) })
            );
        }
        assert!(matches!(
            table.check(&batch(0, 2, 2, 0)),
            Err(ProducerError::OutOfOrder { expected: 14, .. })
        ));
        assert!(matches!(
            table.check(&batch(0, 15, 1, 0)),
            Err(ProducerError::OutOfOrder { expected: 14, .. })
        ));
    }

    #[test]
    fn a_new_epoch_starts_at_zero_and_fences_the_old_one() {
        let mut table = ProducerTable::default();
        table.apply(&batch(3, 0, 1, 0), 50);
        assert!(table.check(&batch(4, 5, 1, 0)).is_err());
        assert_eq!(table.check(&batch(4, 0, 1, 0)), Ok(Verdict::Accept));
        table.apply(&batch(4, 0, 1, 1), 50);
        assert!(matches!(table.check(&batch(3, 1, 1, 0)), Err(ProducerError::OldEpoch { current: 4, .. })));
    }

    #[test]
    fn an_unknown_producer_may_start_anywhere_and_sequences_wrap() {
        let mut table = ProducerTable::default();
        assert_eq!(table.check(&batch(0, i32::MAX - 1, 2, 0)), Ok(Verdict::Accept));
        table.apply(&batch(0, i32::MAX - 1, 2, 0), 50);
        assert_eq!(table.check(&batch(0, 0, 1, 0)), Ok(Verdict::Accept));
    }

    #[test]
    fn replaying_what_a_snapshot_holds_changes_nothing() {
        let mut table = ProducerTable::default();
        for number in 0..5 {
            table.apply(&batch(0, number, 1, i64::from(number)), 50);
        }
        let mut again = ProducerTable::from_snapshot(table.snapshot());
        again.apply(&batch(0, 4, 1, 4), 90);
        assert_eq!(again.snapshot(), table.snapshot());
    }

    #[test]
    fn silent_producers_are_forgotten() {
        let mut table = ProducerTable::default();
        table.apply(&batch(0, 0, 1, 50), 50);
        table.expire(50);
        assert_eq!(table.len(), 1);
        table.expire(51);
        assert!(table.is_empty());
    }
}
