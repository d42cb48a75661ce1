//! The fixed part of a batch: where each field lies and what it says.

use std::ops::Range;

use super::{BatchError, Compression};
use crate::{BatchHeader, EntryKind, Epoch, Offset, PartitionId, ProducerId};

/// Bytes before the first record.
pub const HEADER_LEN: usize = 61;
/// Bytes that the length field does not count: base offset and the length itself.
pub(super) const LENGTH_PREFIX: usize = 12;

pub(super) const BASE_OFFSET: Range<usize> = 0..8;
pub(super) const LENGTH: Range<usize> = 8..12;
pub(super) const LEADER_EPOCH: Range<usize> = 12..16;
pub(super) const MAGIC: usize = 16;
pub(super) const CRC: Range<usize> = 17..21;
/// The CRC covers the batch from here to its end.
pub(super) const CRC_COVERS: usize = 21;
pub(super) const ATTRIBUTES: Range<usize> = 21..23;
pub(super) const LAST_OFFSET_DELTA: Range<usize> = 23..27;
pub(super) const BASE_TIMESTAMP: Range<usize> = 27..35;
pub(super) const MAX_TIMESTAMP: Range<usize> = 35..43;
pub(super) const PRODUCER_ID: Range<usize> = 43..51;
pub(super) const PRODUCER_EPOCH: Range<usize> = 51..53;
pub(super) const BASE_SEQUENCE: Range<usize> = 53..57;
pub(super) const RECORDS_COUNT: Range<usize> = 57..61;

/// The only version that is served.
pub(super) const MAGIC_V2: u8 = 2;

/// The attribute bits of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub u16);

impl Attributes {
    /// Bits 0..3: the compression codec.
    pub const CODEC_MASK: u16 = 0x07;
    /// Bit 3: timestamps were set by the broker.
    pub const LOG_APPEND_TIME: u16 = 0x08;
    /// Bit 4: part of a transaction.
    pub const TRANSACTIONAL: u16 = 0x10;
    /// Bit 5: holds control records.
    pub const CONTROL: u16 = 0x20;
    /// Bit 6: the base timestamp is a compaction's delete horizon.
    pub const DELETE_HORIZON: u16 = 0x40;

    /// The codec.
    ///
    /// # Errors
    /// When the number stands for none.
    pub fn compression(self) -> Result<Compression, BatchError> {
        Compression::from_number((self.0 & Self::CODEC_MASK) as u8)
    }

    /// Whether any codec bit is set.
    #[must_use]
    pub const fn is_compressed(self) -> bool {
        self.0 & Self::CODEC_MASK != 0
    }

    /// Whether the broker set the timestamps.
    #[must_use]
    pub const fn is_log_append_time(self) -> bool {
        self.0 & Self::LOG_APPEND_TIME != 0
    }

    /// Whether the batch is part of a transaction.
    #[must_use]
    pub const fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Whether the batch holds control records (transaction markers).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// Whether the base timestamp is a delete horizon.
    #[must_use]
    pub const fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }
}

/// All header fields of a batch, copied out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchFields {
    /// Offset of the first record; whatever the producer wrote until the broker patches it.
    pub base_offset: i64,
    /// The length field: bytes after it. At least `HEADER_LEN - LENGTH_PREFIX` once read.
    pub length: i32,
    /// Epoch of the leader that appended it.
    pub leader_epoch: i32,
    /// CRC-32C of everything after it.
    pub crc: u32,
    /// Attribute bits.
    pub attributes: Attributes,
    /// Offset of the last record minus the base offset.
    pub last_offset_delta: i32,
    /// Milliseconds since the Unix epoch that record timestamps count from (or the delete horizon).
    pub base_timestamp: i64,
    /// The largest timestamp of its records, -1 when there is none.
    pub max_timestamp: i64,
    /// The producer's id, -1 without idempotence.
    pub producer_id: i64,
    /// The producer's epoch, -1 without idempotence.
    pub producer_epoch: i16,
    /// Sequence number of the first record, -1 without idempotence.
    pub base_sequence: i32,
    /// Records in the batch.
    pub records_count: i32,
}

impl BatchFields {
    /// Reads the header at the front of `bytes`. Only the length field and the magic are judged.
    ///
    /// # Errors
    /// When there are fewer bytes than a header, the length field is impossible, or the magic is not 2.
    pub fn read(bytes: &[u8]) -> Result<Self, BatchError> {
        fn take<const N: usize>(bytes: &[u8], range: Range<usize>) -> [u8; N] {
            let mut out = [0; N];
            out.copy_from_slice(&bytes[range]);
            out
        }
        if bytes.len() > MAGIC && bytes[MAGIC] != MAGIC_V2 {
            return Err(BatchError::Magic(bytes[MAGIC].cast_signed()));
        }
        if bytes.len() < HEADER_LEN {
            return Err(BatchError::Truncated { need: HEADER_LEN, have: bytes.len() });
        }
        let length = i32::from_be_bytes(take(bytes, LENGTH));
        if usize::try_from(length).map_or(true, |length| length < HEADER_LEN - LENGTH_PREFIX) {
            return Err(BatchError::Length(length));
        }
        Ok(Self {
            base_offset: i64::from_be_bytes(take(bytes, BASE_OFFSET)),
            length,
            leader_epoch: i32::from_be_bytes(take(bytes, LEADER_EPOCH)),
            crc: u32::from_be_bytes(take(bytes, CRC)),
            attributes: Attributes(u16::from_be_bytes(take(bytes, ATTRIBUTES))),
            last_offset_delta: i32::from_be_bytes(take(bytes, LAST_OFFSET_DELTA)),
            base_timestamp: i64::from_be_bytes(take(bytes, BASE_TIMESTAMP)),
            max_timestamp: i64::from_be_bytes(take(bytes, MAX_TIMESTAMP)),
            producer_id: i64::from_be_bytes(take(bytes, PRODUCER_ID)),
            producer_epoch: i16::from_be_bytes(take(bytes, PRODUCER_EPOCH)),
            base_sequence: i32::from_be_bytes(take(bytes, BASE_SEQUENCE)),
            records_count: i32::from_be_bytes(take(bytes, RECORDS_COUNT)),
        })
    }

    /// Writes the header to the front of `out`.
    ///
    /// # Panics
    /// When `out` is shorter than a header.
    pub fn write(&self, out: &mut [u8]) {
        out[BASE_OFFSET].copy_from_slice(&self.base_offset.to_be_bytes());
        out[LENGTH].copy_from_slice(&self.length.to_be_bytes());
        out[LEADER_EPOCH].copy_from_slice(&self.leader_epoch.to_be_bytes());
        out[MAGIC] = MAGIC_V2;
        out[CRC].copy_from_slice(&self.crc.to_be_bytes());
        out[ATTRIBUTES].copy_from_slice(&self.attributes.0.to_be_bytes());
        out[LAST_OFFSET_DELTA].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        out[BASE_TIMESTAMP].copy_from_slice(&self.base_timestamp.to_be_bytes());
        out[MAX_TIMESTAMP].copy_from_slice(&self.max_timestamp.to_be_bytes());
        out[PRODUCER_ID].copy_from_slice(&self.producer_id.to_be_bytes());
        out[PRODUCER_EPOCH].copy_from_slice(&self.producer_epoch.to_be_bytes());
        out[BASE_SEQUENCE].copy_from_slice(&self.base_sequence.to_be_bytes());
        out[RECORDS_COUNT].copy_from_slice(&self.records_count.to_be_bytes());
    }

    /// Whether `bytes` are, whole and undamaged, the batch that this directory entry stands for: the fields that no
    /// checksum covers are those of the entry, and the batch's own CRC32C covers the rest.
    #[must_use]
    pub fn proves(entry: &BatchHeader, bytes: &[u8]) -> bool {
        let Ok(fields) = Self::read(bytes) else { return false };
        entry.kind == EntryKind::Batch
            && bytes.len() == entry.length as usize
            && fields.total_len() == bytes.len()
            && fields.base_offset == entry.base_offset.0
            && fields.leader_epoch == entry.epoch.0
            && crc32c::crc32c(&bytes[CRC_COVERS..]) == fields.crc
    }

    /// Bytes of the whole batch.
    #[must_use]
    pub fn total_len(&self) -> usize {
        usize::try_from(self.length).expect("read() refuses negative lengths") + LENGTH_PREFIX
    }

    /// Offset of the last record. Saturates on a hostile base offset.
    #[must_use]
    pub const fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(self.last_offset_delta as i64)
    }

    /// The directory entry for this batch. `control` comes from [`super::BatchView::control`].
    ///
    /// # Panics
    /// When the fields were not checked: a negative count cannot become an entry.
    #[must_use]
    pub fn directory_entry(
        &self,
        partition: PartitionId,
        epoch: Epoch,
        base_offset: Offset,
        (control_type, coordinator_epoch): (i8, i32),
    ) -> BatchHeader {
        BatchHeader {
            kind: EntryKind::Batch,
            partition,
            epoch,
            base_offset,
            last_offset_delta: self.last_offset_delta,
            records: u32::try_from(self.records_count).expect("a checked batch has a count"),
            max_timestamp: self.max_timestamp,
            producer: ProducerId(self.producer_id),
            producer_epoch: self.producer_epoch,
            base_sequence: self.base_sequence,
            attributes: self.attributes.0,
            length: u32::try_from(self.total_len()).expect("an i32 length plus 12 fits u32"),
            control_type,
            coordinator_epoch,
        }
    }
}
