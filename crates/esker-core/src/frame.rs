//! The frame: one group commit of a ledger, the unit that a writer replicates and a store keeps.
//!
//! A frame is a 64-byte header, a directory of [`BatchHeader`]s, then the payload: the batches' bytes back to back, in
//! the directory's order. One CRC32C covers header and directory, another the payload, so that a store can rebuild its
//! directory without reading payloads. The format page is `docs/formats/frame.md`.

mod build;
mod header;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

pub use build::{FrameBuilder, FrameTooLarge};
pub use header::{FrameHeader, decode_directory};

use crate::{BatchHeader, FrameIndex, LedgerId, Mode, batch_header::BadEntry};

/// A complete, checked frame. Cheap to clone: everything is shared.
#[derive(Clone, Debug)]
pub struct Frame {
    header: FrameHeader,
    directory: Arc<[BatchHeader]>,
    encoded: Bytes,
}

impl Frame {
    /// Most entries that a frame may carry. A writer closes a frame long before.
    pub const MAX_ENTRIES: usize = 1 << 16;

    /// Most bytes of an encoded frame: a 128 MiB log file less 1 MiB for the file's own needs.
    pub const MAX_ENCODED: usize = 127 << 20;

    /// Reads a frame and checks both CRCs and every length.
    ///
    /// # Errors
    /// When the bytes are not exactly one intact frame.
    pub fn decode(encoded: Bytes) -> Result<Self, FrameError> {
        let (header, directory) = decode_directory(&encoded)?;
        if encoded.len() != header.encoded_len() {
            return Err(FrameError::Length { expected: header.encoded_len(), found: encoded.len() });
        }
        if crc32c::crc32c(&encoded[header.payload_start()..]) != header.payload_crc {
            return Err(FrameError::PayloadCrc);
        }
        Ok(Self { header, directory: directory.into(), encoded })
    }

    /// The ledger it belongs to.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.header.ledger
    }

    /// Its index in the ledger.
    #[must_use]
    pub const fn index(&self) -> FrameIndex {
        self.header.index
    }

    /// The ledger's mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.header.mode
    }

    /// The header's fields.
    #[must_use]
    pub const fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// The directory: one entry for each batch or fact.
    #[must_use]
    pub const fn headers(&self) -> &Arc<[BatchHeader]> {
        &self.directory
    }

    /// The payload, a slice of [`Frame::encoded`].
    #[must_use]
    pub fn payload(&self) -> Bytes {
        self.encoded.slice(self.header.payload_start()..)
    }

    /// The whole frame as it is stored and sent.
    #[must_use]
    pub const fn encoded(&self) -> &Bytes {
        &self.encoded
    }
}

/// Bytes that are not a frame, or not an intact one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Fewer bytes than the header, or than the header says.
    #[error("frame cut short: {found} bytes of {expected}")]
    Short {
        /// Bytes needed.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// The first four bytes are not a frame's.
    #[error("not a frame: wrong magic")]
    Magic,
    /// A format version that this build does not know.
    #[error("frame of format version {0}, which this build does not know")]
    Version(u8),
    /// A field outside its range.
    #[error("frame has a bad {0}")]
    Field(&'static str),
    /// Header or directory damaged.
    #[error("frame header or directory fails its checksum")]
    HeaderCrc,
    /// Payload damaged.
    #[error("frame payload fails its checksum")]
    PayloadCrc,
    /// More (or fewer) bytes than the header says.
    #[error("frame of {expected} bytes comes in {found} bytes")]
    Length {
        /// By the header.
        expected: usize,
        /// Given.
        found: usize,
    },
    /// A directory entry out of range, behind a CRC that matches: a newer format or a bug.
    #[error("frame: {0}")]
    Entry(#[from] BadEntry),
}
