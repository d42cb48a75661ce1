//! Small makers for unit tests.

use std::sync::Arc;

use esker_core::{
    BatchHeader, BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Offset, PartitionId, ProducerId,
    TopicNumber,
};

use esker_env::Monotonic;

use crate::partition::{FrameRef, Partition};

pub(crate) const PARTITION: PartitionId = PartitionId { topic: TopicNumber(1), index: 0 };

/// A batch of `records` records of 10 bytes each at `offset`, of producer 7 with sequences equal to offsets.
pub(crate) fn batch(offset: i64, records: u32) -> BatchHeader {
    BatchHeader {
        kind: EntryKind::Batch,
        partition: PARTITION,
        epoch: Epoch(3),
        base_offset: Offset(offset),
        last_offset_delta: records.cast_signed() - 1,
        records,
        max_timestamp: offset * 100,
        producer: ProducerId(7),
        producer_epoch: 0,
        base_sequence: offset as i32,
        attributes: 0,
        length: records * 10,
        control_type: -1,
        coordinator_epoch: -1,
    }
}

/// A frame of ledger `1/<ledger>`.
pub(crate) fn frame(ledger: u64, index: u64, headers: &[BatchHeader]) -> Arc<FrameRef> {
    let ledger = LedgerId { broker: BrokerId(1), number: ledger };
    Arc::new(FrameRef {
        ledger,
        index: FrameIndex(index),
        headers: headers.into(),
        written: None,
        since: Monotonic::default(),
    })
}

/// A row to which frames of one ten-record batch each were appended and committed.
pub(crate) fn row_with_batches(count: i64) -> Partition {
    let mut row = Partition::new(PARTITION);
    for number in 0..count {
        let header = batch(number * 10, 10);
        row.appended(&header, 0);
        drop(row.committed(&frame(1, number.cast_unsigned(), &[header]), 0, 0));
    }
    row
}
