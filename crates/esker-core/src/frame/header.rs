//! The frame's fixed header and its directory.

use crate::{BatchHeader, BrokerId, FrameIndex, LedgerId, Mode};

use super::{Frame, FrameError};

const MAGIC: [u8; 4] = *b"EskF";
const VERSION: u8 = 1;
/// Where the header's own CRC stands: everything before it, then the directory, is covered.
const CRC_AT: usize = FrameHeader::SIZE - 4;

/// The fixed header's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The ledger's mode.
    pub mode: Mode,
    /// The ledger.
    pub ledger: LedgerId,
    /// Index in the ledger.
    pub index: FrameIndex,
    /// Directory entries, `0..=Frame::MAX_ENTRIES`.
    pub entries: u32,
    /// Payload bytes.
    pub payload_len: u32,
    /// CRC32C of the payload.
    pub payload_crc: u32,
    /// CRC32C of this header (up to the CRC itself) and the directory. It covers `payload_crc` too, so that two
    /// frames with equal `header_crc` and `payload_crc` are the same frame.
    pub header_crc: u32,
}

impl FrameHeader {
    /// Bytes of the fixed header.
    pub const SIZE: usize = 64;

    /// Where the payload starts in the encoded frame.
    #[must_use]
    pub const fn payload_start(&self) -> usize {
        Self::SIZE + self.entries as usize * BatchHeader::SIZE
    }

    /// Bytes of the whole encoded frame.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        self.payload_start() + self.payload_len as usize
    }

    /// Reads the fixed header and checks its ranges. The CRC needs the directory too: see [`decode_directory`].
    ///
    /// # Errors
    /// When the bytes are short or a field is out of range.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        let Some(head) = bytes.first_chunk::<{ Self::SIZE }>() else {
            return Err(FrameError::Short { expected: Self::SIZE, found: bytes.len() });
        };
        if head[..4] != MAGIC {
            return Err(FrameError::Magic);
        }
        if head[4] != VERSION {
            return Err(FrameError::Version(head[4]));
        }
        let mode = Mode::from_number(head[5]).ok_or(FrameError::Field("mode"))?;
        let u32_at = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | (u64::from(u32_at(at + 4)) << 32);
        let header = Self {
            mode,
            ledger: LedgerId { broker: BrokerId(u32_at(8).cast_signed()), number: u64_at(16) },
            index: FrameIndex(u64_at(24)),
            entries: u32_at(12),
            payload_len: u32_at(32),
            payload_crc: u32_at(36),
            header_crc: u32_at(CRC_AT),
        };
        if header.entries as usize > Frame::MAX_ENTRIES {
            return Err(FrameError::Field("entry count"));
        }
        if header.encoded_len() > Frame::MAX_ENCODED {
            return Err(FrameError::Field("payload length"));
        }
        if header.index.0 == u64::MAX {
            return Err(FrameError::Field("index"));
        }
        Ok(header)
    }

    /// Writes the fixed header to the front of `buffer`, which already holds the directory behind it, and returns the
    /// header's CRC.
    pub(super) fn seal(&self, buffer: &mut [u8]) -> u32 {
        buffer[..4].copy_from_slice(&MAGIC);
        buffer[4] = VERSION;
        buffer[5] = self.mode.number();
        buffer[8..12].copy_from_slice(&self.ledger.broker.0.to_le_bytes());
        buffer[12..16].copy_from_slice(&self.entries.to_le_bytes());
        buffer[16..24].copy_from_slice(&self.ledger.number.to_le_bytes());
        buffer[24..32].copy_from_slice(&self.index.0.to_le_bytes());
        buffer[32..36].copy_from_slice(&self.payload_len.to_le_bytes());
        buffer[36..40].copy_from_slice(&self.payload_crc.to_le_bytes());
        // 6..8 and 40..60 reserved, zero
        let crc = head_crc(&buffer[..self.payload_start()]);
        buffer[CRC_AT..Self::SIZE].copy_from_slice(&crc.to_le_bytes());
        crc
    }
}

fn head_crc(header_and_directory: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&header_and_directory[..CRC_AT]);
    crc32c::crc32c_append(crc, &header_and_directory[FrameHeader::SIZE..])
}

/// Reads header and directory from the front of `bytes`, which need not hold the payload, and checks their CRC and that
/// the entries' lengths add up to the payload's.
///
/// # Errors
/// When the bytes are short, damaged, or a field is out of range.
pub fn decode_directory(bytes: &[u8]) -> Result<(FrameHeader, Vec<BatchHeader>), FrameError> {
    let header = FrameHeader::parse(bytes)?;
    let Some(head) = bytes.get(..header.payload_start()) else {
        return Err(FrameError::Short { expected: header.payload_start(), found: bytes.len() });
    };
    if head_crc(head) != header.header_crc {
        return Err(FrameError::HeaderCrc);
    }
    let (entries, rest) = head[FrameHeader::SIZE..].as_chunks::<{ BatchHeader::SIZE }>();
    debug_assert!(rest.is_empty());
    let directory = entries.iter().map(BatchHeader::decode).collect::<Result<Vec<_>, _>>()?;
    let total: u64 = directory.iter().map(|entry| u64::from(entry.length)).sum();
    if total != u64::from(header.payload_len) {
        return Err(FrameError::Field("payload length"));
    }
    Ok((header, directory))
}
