//! The fixed parts of an object: header and footer.

use super::{FormatError, codec::Reader};
use crate::{Epoch, ShardId};

/// First bytes of an object.
const MAGIC: [u8; 8] = *b"\x89ESKOBJ\n";
/// Last bytes of an object.
const END_MAGIC: [u8; 8] = *b"ESKOBJ\r\n";
/// The format this code writes, and the newest it reads.
const VERSION: u16 = 1;

/// Bytes of the header.
pub const HEADER_SIZE: usize = 16;
/// Bytes of the footer.
pub const FOOTER_SIZE: usize = 64;

/// The header's bytes.
#[must_use]
pub fn encode_header() -> [u8; HEADER_SIZE] {
    let mut out = [0; HEADER_SIZE];
    out[..8].copy_from_slice(&MAGIC);
    out[8..10].copy_from_slice(&VERSION.to_le_bytes());
    // 10..12 flags: none yet
    let crc = crc32c::crc32c(&out[..12]);
    out[12..].copy_from_slice(&crc.to_le_bytes());
    out
}

/// Checks an object's header.
///
/// # Errors
/// When the bytes are not a header of a version this code reads.
pub fn check_header(bytes: &[u8; HEADER_SIZE]) -> Result<(), FormatError> {
    let what = "object header";
    if bytes[..8] != MAGIC {
        return Err(FormatError::Magic(what));
    }
    let mut reader = Reader::sealed(bytes, what)?;
    reader.array::<8>()?;
    check_version(reader.u16()?, reader.u16()?, what)
}

fn check_version(version: u16, flags: u16, what: &'static str) -> Result<(), FormatError> {
    if version != VERSION || flags != 0 {
        return Err(FormatError::Version { what, version, flags });
    }
    Ok(())
}

/// The last 64 bytes of an object: where the rest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// The shard whose data this is.
    pub shard: ShardId,
    /// The shard's epoch when the object was built.
    pub epoch: Epoch,
    /// Position of the first section.
    pub sections: u32,
    /// Position of the index.
    pub index: u32,
    /// Position of the footer itself; the object is [`FOOTER_SIZE`] longer.
    pub footer: u32,
    /// CRC32C of the index.
    pub index_crc: u32,
    /// Partitions in the index.
    pub partitions: u32,
    /// Blocks of all partitions.
    pub blocks: u32,
}

impl Footer {
    /// The footer's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; FOOTER_SIZE] {
        let mut out = [0; FOOTER_SIZE];
        let fields = [
            self.sections,
            self.index,
            self.footer,
            self.index_crc,
            self.partitions,
            self.blocks,
            self.shard.0,
            self.epoch.0.cast_unsigned(),
        ];
        for (at, field) in fields.into_iter().enumerate() {
            out[4 * at..4 * at + 4].copy_from_slice(&field.to_le_bytes());
        }
        // 32..48 reserved, zero
        out[48..50].copy_from_slice(&VERSION.to_le_bytes());
        // 50..52 flags: none yet
        out[56..].copy_from_slice(&END_MAGIC);
        let crc = crc32c::crc32c(&out);
        out[52..56].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a footer; `position` is where it was found.
    ///
    /// # Errors
    /// When the bytes are not a footer of a version this code reads, or its positions contradict each other.
    pub fn decode(bytes: &[u8; FOOTER_SIZE], position: u64) -> Result<Self, FormatError> {
        let what = "object footer";
        if bytes[56..] != END_MAGIC {
            return Err(FormatError::Magic(what));
        }
        let mut zeroed = *bytes;
        zeroed[52..56].fill(0);
        if crc32c::crc32c(&zeroed).to_le_bytes() != bytes[52..56] {
            return Err(FormatError::Crc(what));
        }
        let mut reader = Reader::new(bytes, what);
        let mut fields = [0; 8];
        for field in &mut fields {
            *field = reader.u32()?;
        }
        reader.array::<16>()?;
        check_version(reader.u16()?, reader.u16()?, what)?;
        let [sections, index, footer, index_crc, partitions, blocks, shard, epoch] = fields;
        if (sections as usize) < HEADER_SIZE
            || sections > index
            || index > footer
            || u64::from(footer) != position
        {
            return Err(reader.bad("positions"));
        }
        let epoch = Epoch(epoch.cast_signed());
        if epoch.0 < 0 {
            return Err(reader.bad("epoch"));
        }
        Ok(Self { shard: ShardId(shard), epoch, sections, index, footer, index_crc, partitions, blocks })
    }
}
