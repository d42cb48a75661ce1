//! The 64-byte directory entry: one for each record batch (or small fact) that a frame carries.
//!
//! A store keeps these in memory for all it has not trimmed. Offsets, watermarks, producer state and time index are
//! rebuilt from them alone. The format page is `docs/formats/frame.md`; all integers are little-endian.

use crate::{Epoch, Offset, PartitionId, ProducerId, TopicNumber, batch::Attributes};

/// What a directory entry stands for. Persisted by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EntryKind {
    /// A record batch; its bytes are in the payload.
    Batch = 1,
    /// The partition's log start moved up to `base_offset` (retention, DeleteRecords). No payload.
    LogStart = 2,
}

/// One directory entry. For [`EntryKind::LogStart`] only `partition`, `epoch`, `base_offset` and `max_timestamp`
/// (when it moved) carry meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// What the entry stands for.
    pub kind: EntryKind,
    /// The partition.
    pub partition: PartitionId,
    /// The shard epoch (Kafka: leader epoch) under which it was appended.
    pub epoch: Epoch,
    /// Offset of the first record.
    pub base_offset: Offset,
    /// Offset of the last record minus `base_offset`; `0..=i32::MAX`.
    pub last_offset_delta: i32,
    /// Records in the batch; smaller than `last_offset_delta + 1` once compaction removed some.
    pub records: u32,
    /// The largest timestamp in the batch, milliseconds since the Unix epoch; -1 when it has none.
    pub max_timestamp: i64,
    /// The producer, [`ProducerId::NONE`] without idempotence.
    pub producer: ProducerId,
    /// The producer's epoch, -1 without idempotence.
    pub producer_epoch: i16,
    /// Sequence number of the first record, -1 without idempotence.
    pub base_sequence: i32,
    /// The batch's own attribute bits as Kafka defines them (compression, timestamp type, transactional, control).
    pub attributes: u16,
    /// Length of the batch's bytes, 0 for an entry without payload.
    pub length: u32,
    /// For a control batch, Kafka's control record type (0 abort, 1 commit); -1 otherwise.
    pub control_type: i8,
    /// For a transaction marker, the epoch of the coordinator that wrote it; -1 otherwise.
    pub coordinator_epoch: i32,
}

impl BatchHeader {
    /// Bytes of an encoded entry.
    pub const SIZE: usize = 64;

    /// Whether it belongs to a transaction, as a batch of records or as the marker that ends it.
    #[must_use]
    pub const fn is_transactional(&self) -> bool {
        self.attributes & Attributes::TRANSACTIONAL != 0
    }

    /// How a transaction ends, if this is its marker: whether it is committed.
    #[must_use]
    pub const fn marker(&self) -> Option<bool> {
        match self.control_type {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Offset of the last record.
    #[must_use]
    pub const fn last_offset(&self) -> Offset {
        Offset(self.base_offset.0 + self.last_offset_delta as i64)
    }

    /// Offset after the last record.
    #[must_use]
    pub const fn next_offset(&self) -> Offset {
        Offset(self.last_offset().0 + 1)
    }

    /// Sequence number of the last record, wrapping at `i32::MAX` to 0 as Kafka's producers do.
    #[must_use]
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            return self.base_sequence;
        }
        ((self.base_sequence as i64 + self.last_offset_delta as i64) % (i32::MAX as i64 + 1)) as i32
    }

    /// The entry's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        out[0] = self.kind as u8;
        out[1] = self.control_type.cast_unsigned();
        out[2..4].copy_from_slice(&self.attributes.to_le_bytes());
        out[4..8].copy_from_slice(&self.partition.topic.0.to_le_bytes());
        out[8..12].copy_from_slice(&self.partition.index.to_le_bytes());
        out[12..16].copy_from_slice(&self.epoch.0.to_le_bytes());
        out[16..24].copy_from_slice(&self.base_offset.0.to_le_bytes());
        out[24..28].copy_from_slice(&self.last_offset_delta.to_le_bytes());
        out[28..32].copy_from_slice(&self.records.to_le_bytes());
        out[32..40].copy_from_slice(&self.max_timestamp.to_le_bytes());
        out[40..48].copy_from_slice(&self.producer.0.to_le_bytes());
        out[48..52].copy_from_slice(&self.base_sequence.to_le_bytes());
        out[52..54].copy_from_slice(&self.producer_epoch.to_le_bytes());
        // 54..56 reserved, zero
        out[56..60].copy_from_slice(&self.length.to_le_bytes());
        // As the coordinator's epoch plus one, so that a batch without one has the zeros that it always had.
        out[60..64].copy_from_slice(&self.coordinator_epoch.wrapping_add(1).to_le_bytes());
        out
    }

    /// Reads an entry; the enclosing frame's CRC has already been checked, so a refusal here means a newer format or
    /// a bug, and says which field.
    ///
    /// # Errors
    /// When a field is outside its range.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Result<Self, BadEntry> {
        fn take<const N: usize>(bytes: &[u8; BatchHeader::SIZE], at: usize) -> [u8; N] {
            let mut out = [0; N];
            out.copy_from_slice(&bytes[at..at + N]);
            out
        }
        let kind = match bytes[0] {
            1 => EntryKind::Batch,
            2 => EntryKind::LogStart,
            _ => return Err(BadEntry("kind")),
        };
        let entry = Self {
            kind,
            control_type: bytes[1].cast_signed(),
            attributes: u16::from_le_bytes(take(bytes, 2)),
            partition: PartitionId {
                topic: TopicNumber(u32::from_le_bytes(take(bytes, 4))),
                index: u32::from_le_bytes(take(bytes, 8)),
            },
            epoch: Epoch(i32::from_le_bytes(take(bytes, 12))),
            base_offset: Offset(i64::from_le_bytes(take(bytes, 16))),
            last_offset_delta: i32::from_le_bytes(take(bytes, 24)),
            records: u32::from_le_bytes(take(bytes, 28)),
            max_timestamp: i64::from_le_bytes(take(bytes, 32)),
            producer: ProducerId(i64::from_le_bytes(take(bytes, 40))),
            base_sequence: i32::from_le_bytes(take(bytes, 48)),
            producer_epoch: i16::from_le_bytes(take(bytes, 52)),
            length: u32::from_le_bytes(take(bytes, 56)),
            coordinator_epoch: i32::from_le_bytes(take(bytes, 60)).wrapping_sub(1),
        };
        if entry.base_offset.0 < 0 {
            return Err(BadEntry("base offset"));
        }
        if entry.last_offset_delta < 0
            || entry.base_offset.0.checked_add(i64::from(entry.last_offset_delta) + 1).is_none()
        {
            return Err(BadEntry("last offset delta"));
        }
        if entry.epoch.0 < 0 {
            return Err(BadEntry("epoch"));
        }
        if entry.coordinator_epoch < -1 {
            return Err(BadEntry("coordinator epoch"));
        }
        Ok(entry)
    }
}

/// A directory entry with a field outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("directory entry has a bad {0}")]
pub struct BadEntry(pub &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> BatchHeader {
        BatchHeader {
            kind: EntryKind::Batch,
            partition: PartitionId { topic: TopicNumber(7), index: 3 },
            epoch: Epoch(2),
            base_offset: Offset(100),
            last_offset_delta: 9,
            records: 10,
            max_timestamp: 1_700_000_000_000,
            producer: ProducerId(5),
            producer_epoch: 1,
            base_sequence: i32::MAX - 3,
            attributes: 0x10,
            length: 4096,
            control_type: -1,
            coordinator_epoch: 7,
        }
    }

    #[test]
    fn an_entry_survives_its_bytes() {
        assert_eq!(BatchHeader::decode(&entry().encode()), Ok(entry()));
    }

    #[test]
    fn sequences_wrap_at_the_largest_i32() {
        assert_eq!(entry().last_sequence(), 5);
        assert_eq!(BatchHeader { base_sequence: -1, ..entry() }.last_sequence(), -1);
    }

    #[test]
    fn fields_out_of_range_are_named() {
        let mut bytes = entry().encode();
        bytes[0] = 9;
        assert_eq!(BatchHeader::decode(&bytes), Err(BadEntry("kind")));
        let bytes = BatchHeader { base_offset: Offset(i64::MAX - 3), ..entry() }.encode();
        assert_eq!(BatchHeader::decode(&bytes), Err(BadEntry("last offset delta")));
    }
}
