//! The byte level of the object and manifest formats: LEB128 varints, zigzag for signed values, little-endian fixed
//! fields. The reader trusts nothing: every take is bounds-checked, and a count is believed only as far as the bytes
//! that remain could hold that many items.

use super::FormatError;
use crate::{Epoch, Offset};

/// Appends values to a buffer.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn zigzag(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub(crate) fn count(&mut self, items: usize) {
        self.varint(items as u64);
    }

    pub(crate) fn offset(&mut self, offset: Offset) {
        self.varint(offset.0.cast_unsigned());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends the CRC32C of everything so far and gives the buffer.
    pub(crate) fn seal(mut self) -> Vec<u8> {
        let crc = crc32c::crc32c(&self.0);
        self.0.extend_from_slice(&crc.to_le_bytes());
        self.0
    }
}

/// Takes values from bytes of unknown origin.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// What is being read, for errors.
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// A reader for bytes that end in their own CRC32C, once it has been checked.
    pub(crate) fn sealed(bytes: &'a [u8], what: &'static str) -> Result<Self, FormatError> {
        let (body, crc) = bytes.split_last_chunk::<4>().ok_or(FormatError::Truncated(what))?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return Err(FormatError::Crc(what));
        }
        Ok(Self::new(body, what))
    }

    pub(crate) const fn bad(&self, field: &'static str) -> FormatError {
        FormatError::Field { what: self.what, field }
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(FormatError::Truncated(self.what))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(FormatError::Truncated(self.what))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatError> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u128(&mut self) -> Result<u128, FormatError> {
        // Big-endian: the bytes of names sort as the names do.
        self.array().map(u128::from_be_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, FormatError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.bad("varint"))
    }

    pub(crate) fn zigzag(&mut self) -> Result<i64, FormatError> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(crate) fn varint32(&mut self, field: &'static str) -> Result<u32, FormatError> {
        u32::try_from(self.varint()?).map_err(|_| self.bad(field))
    }

    /// A number of items of at least `least` bytes each, `least > 0`.
    pub(crate) fn count(&mut self, least: usize) -> Result<usize, FormatError> {
        let items = self.varint()?;
        if items > (self.rest.len() / least) as u64 {
            return Err(self.bad("count"));
        }
        Ok(items as usize)
    }

    /// An offset, 0 or more.
    pub(crate) fn offset(&mut self, field: &'static str) -> Result<Offset, FormatError> {
        i64::try_from(self.varint()?).map(Offset).map_err(|_| self.bad(field))
    }

    /// `base` plus a delta of 0 or more, as an offset.
    pub(crate) fn offset_after(&mut self, base: Offset, field: &'static str) -> Result<Offset, FormatError> {
        let delta = self.varint()?;
        base.0.checked_add_unsigned(delta).map(Offset).ok_or_else(|| self.bad(field))
    }

    /// `base` plus a signed delta.
    pub(crate) fn near(&mut self, base: i64, field: &'static str) -> Result<i64, FormatError> {
        let delta = self.zigzag()?;
        base.checked_add(delta).ok_or_else(|| self.bad(field))
    }

    pub(crate) fn epoch(&mut self) -> Result<Epoch, FormatError> {
        i32::try_from(self.varint()?).map(Epoch).map_err(|_| self.bad("epoch"))
    }

    /// Checks that nothing is left over.
    pub(crate) fn finish(self) -> Result<(), FormatError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(FormatError::Field { what: self.what, field: "length" })
        }
    }
}
