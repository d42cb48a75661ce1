//! The physical log: bytes in files. The format page is `docs/formats/wal-file.md`.

mod codec;
mod entry;
mod identity;
mod record;
mod scan;

use std::fmt;

pub(crate) use entry::{ALIGN, EntryHeader, Kind, padded};
pub(crate) use identity::{FileHeader, IDENTITY_LEN, Identity};
pub(crate) use record::{Checkpoint, LedgerMark, Record};
pub(crate) use scan::{FileScan, Found, Step};

/// Where the first entry of a file stands; the file's header has the block before. Also the size to which writes are
/// padded, so that the page cache never has to read a page in order to write a part of it.
pub(crate) const FIRST_ENTRY: u32 = 4096;

/// A position in the log: file sequence in the upper half, offset in the file in the lower. Grows along the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lsn(pub(crate) u64);

impl Lsn {
    pub(crate) const fn new(file: u32, offset: u32) -> Self {
        Self(((file as u64) << 32) | offset as u64)
    }

    pub(crate) const fn file(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) const fn offset(self) -> u32 {
        self.0 as u32
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} offset {}", file_name(self.file()), self.offset())
    }
}

/// The name of the log file with this sequence.
pub(crate) fn file_name(sequence: u32) -> String {
    format!("{sequence:010}.wal")
}

/// The sequence in a log file's name.
pub(crate) fn file_sequence(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".wal")?;
    (digits.len() == 10).then(|| digits.parse().ok())?
}
