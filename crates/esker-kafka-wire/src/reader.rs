//! Bounded decoding over a slice of a request.

use crate::error::{DecodeError, DecodeErrorKind as Kind};
use crate::kstring::KString;
use crate::wire::Wire;
use bytes::Bytes;

/// Most elements that one array may have.
pub const MAX_ELEMENTS: usize = 1_000_000;

/// Most tagged fields that one structure may have. Unknown ones are skipped.
pub const MAX_TAGGED_FIELDS: u32 = 10_000;

/// Bytes of memory that decoding `input` bytes may take: what the largest structure needs for its smallest encoding,
/// times the input, and never more than 256 MiB.
pub const fn decode_budget(input: usize) -> usize {
    let proportional = input.saturating_mul(MEMORY_PER_BYTE);
    if proportional < MAX_MEMORY { proportional } else { MAX_MEMORY }
}

/// An empty compact string is 1 byte on the wire and 32 in memory; structures take less than 48 per byte
/// (`tests/allocation.rs` holds it).
pub(crate) const MEMORY_PER_BYTE: usize = 48;
const MAX_MEMORY: usize = 256 << 20;

/// A position in a message's bytes, with the version being read and the memory still allowed.
#[derive(Debug, Clone)]
pub struct Reader {
    data: Bytes,
    position: usize,
    /// End of what may be read: of the data, or of the tagged field being read.
    end: usize,
    budget: usize,
    version: i16,
    flexible: bool,
}

type Read<T> = Result<T, DecodeError>;

impl Reader {
    /// Starts at the first byte, with the [`decode_budget`] of the input's length.
    pub fn new(data: Bytes) -> Self {
        let budget = decode_budget(data.len());
        Self::with_budget(data, budget)
    }

    /// As [`Reader::new`], with a memory budget in bytes of the caller's choice.
    pub fn with_budget(data: Bytes, budget: usize) -> Self {
        let end = data.len();
        Self { data, position: 0, end, budget, version: 0, flexible: false }
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.end - self.position
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes of memory that what is still to be read may take.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// The version being read.
    pub(crate) fn version(&self) -> i16 {
        self.version
    }

    pub(crate) fn set_version(&mut self, version: i16, flexible: bool) {
        (self.version, self.flexible) = (version, flexible);
    }

    pub(crate) fn fail<T>(&self, field: &'static str, kind: Kind) -> Read<T> {
        Err(DecodeError { field, position: self.position, kind })
    }

    /// Errors unless everything was read.
    ///
    /// # Errors
    /// [`Kind::TrailingBytes`].
    pub fn finish(&self, field: &'static str) -> Read<()> {
        match self.remaining() {
            0 => Ok(()),
            n => self.fail(field, Kind::TrailingBytes(n)),
        }
    }

    fn advance(&mut self, needed: usize, field: &'static str) -> Read<usize> {
        let remaining = self.remaining();
        if needed > remaining {
            return self.fail(field, Kind::UnexpectedEnd { needed: needed - remaining, remaining });
        }
        let start = self.position;
        self.position += needed;
        Ok(start)
    }

    pub(crate) fn fixed<const N: usize>(&mut self, field: &'static str) -> Read<[u8; N]> {
        let start = self.advance(N, field)?;
        let mut out = [0; N];
        out.copy_from_slice(&self.data[start..start + N]);
        Ok(out)
    }

    /// The next `len` bytes, shared with the input.
    pub(crate) fn slice(&mut self, len: usize, field: &'static str) -> Read<Bytes> {
        let start = self.advance(len, field)?;
        Ok(self.data.slice(start..start + len))
    }

    /// At most five bytes, at most 32 bits.
    pub(crate) fn varint(&mut self, field: &'static str) -> Read<u32> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.fixed(field)?;
            if shift == 28 && byte > 0x0f {
                return self.fail(field, Kind::Varint);
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        self.fail(field, Kind::Varint)
    }

    /// A length: varint plus one in flexible versions, else `i16` for strings and `i32` for the rest. `None` is null.
    fn length(&mut self, string: bool, flexible: bool, field: &'static str) -> Read<Option<usize>> {
        let signed = match (flexible, string) {
            (true, _) => i64::from(self.varint(field)?) - 1,
            (false, true) => i64::from(i16::from_be_bytes(self.fixed(field)?)),
            (false, false) => i64::from(i32::from_be_bytes(self.fixed(field)?)),
        };
        match signed {
            -1 => Ok(None),
            n if !(0..=i64::from(i32::MAX)).contains(&n) => self.fail(field, Kind::NegativeLength(n)),
            n => Ok(Some(n as usize)),
        }
    }

    pub(crate) fn string(&mut self, field: &'static str) -> Read<Option<KString>> {
        let flexible = self.flexible;
        self.string_as(flexible, field)
    }

    /// A string with a two-byte length, whatever the version.
    pub(crate) fn classic_string(&mut self, field: &'static str) -> Read<Option<KString>> {
        self.string_as(false, field)
    }

    fn string_as(&mut self, flexible: bool, field: &'static str) -> Read<Option<KString>> {
        let Some(len) = self.length(true, flexible, field)? else { return Ok(None) };
        if len > i16::MAX as usize {
            return self.fail(field, Kind::StringTooLong(len));
        }
        let bytes = self.slice(len, field)?;
        match KString::from_utf8(bytes) {
            Some(text) => Ok(Some(text)),
            None => self.fail(field, Kind::Utf8),
        }
    }

    pub(crate) fn bytes(&mut self, field: &'static str) -> Read<Option<Bytes>> {
        let flexible = self.flexible;
        match self.length(false, flexible, field)? {
            Some(len) => self.slice(len, field).map(Some),
            None => Ok(None),
        }
    }

    /// The count of an array whose elements take at least `min` bytes here and `size` in memory, charged to the budget.
    pub(crate) fn count(&mut self, min: usize, size: usize, field: &'static str) -> Read<Option<usize>> {
        let flexible = self.flexible;
        let Some(count) = self.length(false, flexible, field)? else { return Ok(None) };
        let remaining = self.remaining();
        if count > MAX_ELEMENTS || count.saturating_mul(min.max(1)) > remaining {
            return self.fail(field, Kind::TooManyElements { count, remaining });
        }
        let memory = count.saturating_mul(size);
        match self.budget.checked_sub(memory) {
            Some(left) => self.budget = left,
            None => return self.fail(field, Kind::OverBudget(memory)),
        }
        Ok(Some(count))
    }

    /// A value that may be null if this version allows it.
    pub(crate) fn nullable<T: Wire>(&mut self, allowed: bool, field: &'static str) -> Read<Option<T>> {
        if allowed { T::read_nullable(self, field) } else { T::read(self, field).map(Some) }
    }

    /// A tagged structure that may be null: a varint before it, 0 for null.
    pub(crate) fn tagged_struct<T: Wire>(&mut self, field: &'static str) -> Read<Option<T>> {
        match self.varint(field)? {
            0 => Ok(None),
            _ => T::read(self, field).map(Some),
        }
    }

    /// The tagged section of a structure without known tags.
    pub(crate) fn skip_tagged(&mut self, field: &'static str) -> Read<()> {
        self.tagged(field, &mut |_, _| Ok(false))
    }

    /// The tagged section, nothing in versions that are not flexible. `known` reads the value of a tag it knows and
    /// answers whether it did; other values are skipped.
    pub(crate) fn tagged(
        &mut self,
        field: &'static str,
        known: &mut dyn FnMut(&mut Reader, u32) -> Read<bool>,
    ) -> Read<()> {
        if !self.flexible {
            return Ok(());
        }
        let count = self.varint(field)?;
        if count > MAX_TAGGED_FIELDS {
            return self.fail(field, Kind::TooManyTaggedFields(count));
        }
        for _ in 0..count {
            let tag = self.varint(field)?;
            let size = self.varint(field)? as usize;
            let start = self.advance(size, field)?;
            self.position = start;
            let outer = std::mem::replace(&mut self.end, start + size);
            if !known(self, tag)? {
                self.position = self.end;
            }
            if self.position != self.end {
                return self.fail(field, Kind::TaggedFieldSize(tag));
            }
            self.end = outer;
        }
        Ok(())
    }
}
