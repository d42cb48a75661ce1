//! The header of a physical entry.

use super::{
    Lsn,
    codec::{Put, Take},
};

const MAGIC: u32 = u32::from_le_bytes(*b"EskE");

/// Entries start at multiples of this many bytes. Large enough that looking for the next valid entry behind a damaged one
/// is a matter of milliseconds for a whole file, small enough to waste little behind a small frame.
pub(crate) const ALIGN: u32 = 64;

/// What an entry is. Persisted by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A frame of a ledger, appended by its writer or by a repair.
    Frame = 1,
    /// A ledger was sealed.
    Seal = 2,
    /// A ledger was trimmed.
    Trim = 3,
    /// A ledger was forgotten.
    Forget = 4,
    /// All state but the frames; the first entry of every file, and written at every start.
    Checkpoint = 5,
    /// Nothing but its `synced`, written when the log becomes idle.
    Mark = 6,
    /// The store was closed in order; everything before is durable.
    Clean = 7,
    /// The log goes on in the next file.
    End = 8,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Frame,
        Self::Seal,
        Self::Trim,
        Self::Forget,
        Self::Checkpoint,
        Self::Mark,
        Self::Clean,
        Self::End,
    ];
}

/// The fixed header of an entry; its body follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryHeader {
    pub(crate) kind: Kind,
    /// Sequence of the file, so that bytes from the file's earlier lives are recognised.
    pub(crate) file: u32,
    /// Bytes of the body.
    pub(crate) length: u32,
    /// Everything in the log below this position was durable when the entry was written.
    pub(crate) synced: Lsn,
    /// For a frame, its header's CRC (which covers the payload's); otherwise CRC32C of the body.
    pub(crate) check: u32,
}

impl EntryHeader {
    pub(crate) const SIZE: u32 = 32;

    /// `nonce` is the store's secret: nobody who chooses a frame's payload can make it look like an entry.
    pub(crate) fn encode(&self, nonce: u64) -> Vec<u8> {
        let mut out = Put(Vec::with_capacity(Self::SIZE as usize));
        out.u32(MAGIC);
        out.u8(self.kind as u8);
        out.0.extend_from_slice(&[0; 3]);
        out.u32(self.file);
        out.u32(self.length);
        out.u64(self.synced.0);
        out.u32(self.check);
        let crc = crc(nonce, &out.0);
        out.u32(crc);
        out.0
    }

    /// The header at the front of `bytes`, if there is one that this store wrote in this life of the file.
    pub(crate) fn decode(bytes: &[u8], nonce: u64, file: u32) -> Option<Self> {
        let mut fields = Take(bytes);
        if fields.u32()? != MAGIC {
            return None;
        }
        let number = fields.u8()?;
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == number)?;
        fields.bytes(3)?;
        let header = Self {
            kind,
            file: fields.u32()?,
            length: fields.u32()?,
            synced: Lsn(fields.u64()?),
            check: fields.u32()?,
        };
        let covered = &bytes[..Self::SIZE as usize - 4];
        (fields.u32()? == crc(nonce, covered) && header.file == file).then_some(header)
    }

    /// Bytes from this entry's start to the next one's.
    pub(crate) fn span(&self) -> u64 {
        padded(self.length)
    }
}

/// Bytes that an entry with a body of this length takes in the log.
pub(crate) fn padded(length: u32) -> u64 {
    (u64::from(EntryHeader::SIZE) + u64::from(length)).next_multiple_of(u64::from(ALIGN))
}

fn crc(nonce: u64, header: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&nonce.to_le_bytes()), header)
}
