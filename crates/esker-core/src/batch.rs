//! Kafka's record batch, version 2 (magic 2): read, check, patch, walk, build.
//!
//! A batch travels through the broker as the bytes that the producer sent. Nothing here copies or decompresses them
//! unless its documentation says so. The format page is `docs/formats/record-batch.md`; all integers are big-endian.

mod builder;
mod check;
mod codec;
mod error;
mod fields;
mod record;
mod varint;
mod xerial;

#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use builder::{BatchBuilder, NewRecord};
pub use check::{BatchLimits, CheckedBatch, TimestampRule, check_produced};
pub use codec::{Compression, compress, decompress};
pub use error::{BatchError, BatchErrorKind, RecordFault};
pub use fields::{Attributes, BatchFields, HEADER_LEN};
pub use record::{Header, Headers, Record, RecordIter, RecordSet};
pub use varint::{read_varint, read_varlong, write_varint, write_varlong};

/// A whole batch: its header fields, read once, and its bytes, shared.
#[derive(Clone, Debug)]
pub struct BatchView {
    /// The header.
    pub fields: BatchFields,
    bytes: Bytes,
}

impl BatchView {
    /// The batch at the front of `input`, which may go on after it (see [`BatchView::len`]). Bounds and magic are
    /// checked, the CRC is not (see [`BatchView::verify_crc`]).
    ///
    /// # Errors
    /// When the bytes do not start with a whole batch of magic 2.
    pub fn parse(input: &Bytes) -> Result<Self, BatchError> {
        let fields = BatchFields::read(input)?;
        let length = fields.total_len();
        if length > input.len() {
            return Err(BatchError::Truncated { need: length, have: input.len() });
        }
        Ok(Self { fields, bytes: input.slice(..length) })
    }

    /// Every batch of `input`, one after another. After the first error the iterator ends.
    pub fn all(input: &Bytes) -> impl Iterator<Item = Result<Self, BatchError>> + use<> {
        let mut rest = input.clone();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let parsed = Self::parse(&rest);
            rest = match &parsed {
                Ok(view) => rest.slice(view.len()..),
                Err(_) => Bytes::new(),
            };
            Some(parsed)
        })
    }

    /// Bytes of the batch, header included; at least [`HEADER_LEN`].
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The batch's bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The records' bytes as stored, compressed or not.
    #[must_use]
    pub fn stored_records(&self) -> &[u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// One pass over everything that the CRC covers.
    ///
    /// # Errors
    /// [`BatchError::Crc`] when it does not match.
    pub fn verify_crc(&self) -> Result<(), BatchError> {
        let computed = crc32c::crc32c(&self.bytes[fields::CRC_COVERS..]);
        if computed == self.fields.crc {
            Ok(())
        } else {
            Err(BatchError::Crc { stored: self.fields.crc, computed })
        }
    }

    /// The records, decompressed when they must be; `limit` bounds the decompressed bytes. Uncompressed records are
    /// shared, not copied.
    ///
    /// # Errors
    /// When the codec is unknown, the compressed bytes are broken, or they decompress to more than `limit`.
    pub fn records(&self, limit: usize) -> Result<RecordSet, BatchError> {
        let codec = self.fields.attributes.compression()?;
        let stored = self.bytes.slice(HEADER_LEN..);
        let bytes = if codec == Compression::None { stored } else { decompress(codec, &stored, limit)? };
        Ok(RecordSet::new(self.fields, bytes))
    }

    /// For a control batch, the control record's type (0 abort, 1 commit); -1 for any other batch, and for a control
    /// batch that does not carry a key of the known form.
    #[must_use]
    pub fn control_type(&self) -> i8 {
        self.control().0
    }

    /// The control record's type, as [`BatchView::control_type`], and of a transaction marker (`EndTransactionMarker`,
    /// version 0) the coordinator's epoch; -1 without one.
    #[must_use]
    pub fn control(&self) -> (i8, i32) {
        if !self.fields.attributes.is_control() || self.fields.attributes.is_compressed() {
            return (-1, -1);
        }
        let Ok(records) = self.records(0) else { return (-1, -1) };
        let Some(Ok(Record { key: Some(&[_, _, high, low, ..]), value, .. })) = records.iter().next() else {
            return (-1, -1);
        };
        let kind = i8::try_from(i16::from_be_bytes([high, low])).unwrap_or(-1);
        let epoch = match value {
            Some(&[_, _, a, b, c, d, ..]) if matches!(kind, 0 | 1) => {
                i32::from_be_bytes([a, b, c, d]).max(-1)
            }
            _ => -1,
        };
        (kind, epoch)
    }
}

/// Writes the broker's two fields, which lie outside the CRC, in place.
///
/// # Panics
/// When `batch` is shorter than a batch header.
pub fn patch(batch: &mut [u8], base_offset: crate::Offset, leader_epoch: crate::Epoch) {
    assert!(batch.len() >= HEADER_LEN, "only a whole batch is patched");
    batch[fields::BASE_OFFSET].copy_from_slice(&base_offset.0.to_be_bytes());
    batch[fields::LEADER_EPOCH].copy_from_slice(&leader_epoch.0.to_be_bytes());
}

/// Turns the batch into one of log append time: attribute bit, maximum timestamp and CRC change in place.
/// `batch` is exactly one batch; `timestamp` is in milliseconds since the Unix epoch.
///
/// # Panics
/// When `batch` is shorter than a batch header.
pub fn set_log_append_time(batch: &mut [u8], timestamp: i64) {
    assert!(batch.len() >= HEADER_LEN, "only a whole batch is patched");
    // Bit 3 of the attributes' low byte.
    batch[fields::ATTRIBUTES.end - 1] |= Attributes::LOG_APPEND_TIME as u8;
    set_max_timestamp(batch, timestamp);
}

/// Corrects the maximum timestamp, and the CRC with it.
fn set_max_timestamp(batch: &mut [u8], timestamp: i64) {
    batch[fields::MAX_TIMESTAMP].copy_from_slice(&timestamp.to_be_bytes());
    let crc = crc32c::crc32c(&batch[fields::CRC_COVERS..]);
    batch[fields::CRC].copy_from_slice(&crc.to_be_bytes());
}
