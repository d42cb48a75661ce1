//! Walking the record batches of a block, by the fixed fields of Kafka's batch header (magic 2, big-endian).

use esker_core::{Offset, object::FormatError};

/// Bytes before a batch's own length counts.
const PREFIX: usize = 12;
/// Bytes of a batch's header; no batch is shorter.
const HEADER: usize = 61;
const WHAT: &str = "record batch";

/// A batch in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchSpan {
    /// Its bytes begin here in the block.
    pub(crate) start: usize,
    /// And end before here.
    pub(crate) end: usize,
    pub(crate) base_offset: Offset,
    pub(crate) last_offset: Offset,
    pub(crate) max_timestamp: i64,
}

/// The batches of a block, one after another.
pub(crate) struct Batches<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Batches<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn parse(&self) -> Result<BatchSpan, FormatError> {
        let rest = &self.bytes[self.at..];
        let header: &[u8; HEADER] = rest.first_chunk().ok_or(FormatError::Truncated(WHAT))?;
        let bad = |field| FormatError::Field { what: WHAT, field };
        let base = i64::from_be_bytes(field(header, 0));
        let length = PREFIX + u32::from_be_bytes(field(header, 8)) as usize;
        let delta = i32::from_be_bytes(field(header, 23));
        if length < HEADER {
            return Err(bad("length"));
        }
        if length > rest.len() {
            return Err(FormatError::Truncated(WHAT));
        }
        if base < 0 || delta < 0 {
            return Err(bad("offset"));
        }
        Ok(BatchSpan {
            start: self.at,
            end: self.at + length,
            base_offset: Offset(base),
            last_offset: Offset(base.checked_add(i64::from(delta)).ok_or_else(|| bad("offset"))?),
            max_timestamp: i64::from_be_bytes(field(header, 35)),
        })
    }
}

fn field<const N: usize>(header: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&header[at..at + N]);
    out
}

impl Iterator for Batches<'_> {
    type Item = Result<BatchSpan, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.bytes.len() {
            return None;
        }
        let batch = self.parse();
        self.at = batch.as_ref().map_or(self.bytes.len(), |batch| batch.end);
        Some(batch)
    }
}
