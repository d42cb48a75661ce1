//! Building a frame in one contiguous buffer.

use bytes::{BufMut, BytesMut};

use crate::{BatchHeader, EntryKind, FrameIndex, LedgerId, Mode};

use super::{Frame, FrameHeader};

/// In a Kafka record batch v2: base offset, i64 big-endian.
const KAFKA_BASE_OFFSET: std::ops::Range<usize> = 0..8;
/// In a Kafka record batch v2: partition leader epoch, i32 big-endian. Neither field is under the batch's CRC.
const KAFKA_LEADER_EPOCH: std::ops::Range<usize> = 12..16;

/// Builds one frame. Entry count and payload size are known up front, so the buffer is allocated once and each batch is
/// copied exactly once: from the request's bytes to its place.
#[derive(Debug)]
pub struct FrameBuilder {
    ledger: LedgerId,
    index: FrameIndex,
    mode: Mode,
    capacity: usize,
    payload_len: usize,
    directory: Vec<BatchHeader>,
    buffer: BytesMut,
}

/// The frame would pass a bound of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {entries} entries and {payload} payload bytes is beyond the format's bounds")]
pub struct FrameTooLarge {
    /// Entries asked for.
    pub entries: usize,
    /// Payload bytes asked for.
    pub payload: usize,
}

impl FrameBuilder {
    /// Starts a frame of exactly `entries` entries and `payload` payload bytes.
    ///
    /// # Errors
    /// When that is beyond [`Frame::MAX_ENTRIES`] or [`Frame::MAX_ENCODED`].
    pub fn new(
        ledger: LedgerId,
        index: FrameIndex,
        mode: Mode,
        entries: usize,
        payload: usize,
    ) -> Result<Self, FrameTooLarge> {
        let too_large = FrameTooLarge { entries, payload };
        if entries > Frame::MAX_ENTRIES || payload > Frame::MAX_ENCODED {
            return Err(too_large);
        }
        let payload_start = FrameHeader::SIZE + entries * BatchHeader::SIZE;
        if payload_start + payload > Frame::MAX_ENCODED {
            return Err(too_large);
        }
        let mut buffer = BytesMut::with_capacity(payload_start + payload);
        buffer.put_bytes(0, payload_start);
        Ok(Self {
            ledger,
            index,
            mode,
            capacity: entries,
            payload_len: payload,
            directory: Vec::with_capacity(entries),
            buffer,
        })
    }

    /// Adds the next entry. Of a [`EntryKind::Batch`], base offset and leader epoch are patched in the copy to what the
    /// header says.
    ///
    /// # Panics
    /// When `bytes` is not `header.length` long, or more is pushed than was announced.
    pub fn push(&mut self, header: BatchHeader, bytes: &[u8]) {
        assert_eq!(bytes.len(), header.length as usize, "an entry's length is its bytes' length");
        assert!(self.directory.len() < self.capacity, "more entries than announced");
        let at = FrameHeader::SIZE + self.directory.len() * BatchHeader::SIZE;
        self.buffer[at..at + BatchHeader::SIZE].copy_from_slice(&header.encode());
        let start = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        if header.kind == EntryKind::Batch && bytes.len() >= KAFKA_LEADER_EPOCH.end {
            let batch = &mut self.buffer[start..];
            batch[KAFKA_BASE_OFFSET].copy_from_slice(&header.base_offset.0.to_be_bytes());
            batch[KAFKA_LEADER_EPOCH].copy_from_slice(&header.epoch.0.to_be_bytes());
        }
        self.directory.push(header);
    }

    /// Ends the frame: CRCs and fixed header.
    ///
    /// # Panics
    /// When less was pushed than was announced.
    #[must_use]
    pub fn finish(mut self) -> Frame {
        let payload_start = FrameHeader::SIZE + self.capacity * BatchHeader::SIZE;
        assert_eq!(self.directory.len(), self.capacity, "fewer entries than announced");
        assert_eq!(
            self.buffer.len(),
            payload_start + self.payload_len,
            "another payload size than announced"
        );
        let mut header = FrameHeader {
            mode: self.mode,
            ledger: self.ledger,
            index: self.index,
            entries: self.capacity as u32,
            payload_len: self.payload_len as u32,
            payload_crc: crc32c::crc32c(&self.buffer[payload_start..]),
            header_crc: 0,
        };
        header.header_crc = header.seal(&mut self.buffer);
        Frame { header, directory: self.directory.into(), encoded: self.buffer.freeze() }
    }
}
