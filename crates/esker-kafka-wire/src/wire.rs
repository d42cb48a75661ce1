//! How each type of field is read and written.

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::kstring::KString;
use crate::reader::{MEMORY_PER_BYTE, Reader};
use crate::records::Records;
use crate::writer::Writer;
use bytes::Bytes;
use uuid::Uuid;

/// A value on the wire, in the version that the reader or writer is set to.
pub trait Wire: Sized {
    /// Least bytes that a value takes in any version.
    const MIN: usize;

    /// Reads a value.
    ///
    /// # Errors
    /// Malformed bytes; the error names `field`, or the field inside a structure.
    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError>;

    /// Writes the value.
    ///
    /// # Errors
    /// The version cannot carry the value.
    fn write(&self, w: &mut Writer, field: &'static str) -> Result<(), EncodeError>;

    /// Reads a value or null. Structures have a byte in front, below zero for null.
    ///
    /// # Errors
    /// As [`Wire::read`].
    fn read_nullable(r: &mut Reader, field: &'static str) -> Result<Option<Self>, DecodeError> {
        if i8::read(r, field)? < 0 { Ok(None) } else { Self::read(r, field).map(Some) }
    }

    /// Writes a value or null.
    ///
    /// # Errors
    /// As [`Wire::write`].
    fn write_nullable(value: Option<&Self>, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.raw(&[if value.is_some() { 1 } else { 0xff }]);
        value.map_or(Ok(()), |value| value.write(w, field))
    }
}

macro_rules! fixed {
    ($($ty:ty: $size:literal)*) => {$(
        impl Wire for $ty {
            const MIN: usize = $size;

            fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
                r.fixed(field).map(<$ty>::from_be_bytes)
            }

            fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
                w.raw(&self.to_be_bytes());
                Ok(())
            }
        }
    )*};
}

fixed!(i8: 1 i16: 2 u16: 2 i32: 4 i64: 8 f64: 8);

impl Wire for bool {
    const MIN: usize = 1;

    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
        r.fixed(field).map(|[byte]| byte != 0)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.raw(&[u8::from(*self)]);
        Ok(())
    }
}

impl Wire for Uuid {
    const MIN: usize = 16;

    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
        r.fixed(field).map(Uuid::from_bytes)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.raw(self.as_bytes());
        Ok(())
    }
}

fn not_null<T>(value: Option<T>, r: &Reader, field: &'static str) -> Result<T, DecodeError> {
    value.map_or_else(|| r.fail(field, DecodeErrorKind::Null), Ok)
}

impl Wire for KString {
    const MIN: usize = 1;

    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
        let value = r.string(field)?;
        not_null(value, r, field)
    }

    fn write(&self, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.string(Some(self), field)
    }

    fn read_nullable(r: &mut Reader, field: &'static str) -> Result<Option<Self>, DecodeError> {
        r.string(field)
    }

    fn write_nullable(value: Option<&Self>, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.string(value, field)
    }
}

impl Wire for Bytes {
    const MIN: usize = 1;

    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
        let value = r.bytes(field)?;
        not_null(value, r, field)
    }

    fn write(&self, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.bytes(Some(self), field)
    }

    fn read_nullable(r: &mut Reader, field: &'static str) -> Result<Option<Self>, DecodeError> {
        r.bytes(field)
    }

    fn write_nullable(value: Option<&Self>, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.bytes(value, field)
    }
}

impl Wire for Records {
    const MIN: usize = 1;

    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
        Bytes::read(r, field).map(Records::from)
    }

    fn write(&self, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.records(Some(self), field)
    }

    fn read_nullable(r: &mut Reader, field: &'static str) -> Result<Option<Self>, DecodeError> {
        Ok(r.bytes(field)?.map(Records::from))
    }

    fn write_nullable(value: Option<&Self>, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.records(value, field)
    }
}

impl<T: Wire> Wire for Vec<T> {
    const MIN: usize = 1;

    fn read(r: &mut Reader, field: &'static str) -> Result<Self, DecodeError> {
        let value = Self::read_nullable(r, field)?;
        not_null(value, r, field)
    }

    fn write(&self, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        Self::write_nullable(Some(self), w, field)
    }

    fn read_nullable(r: &mut Reader, field: &'static str) -> Result<Option<Self>, DecodeError> {
        const {
            assert!(
                size_of::<T>() <= MEMORY_PER_BYTE * T::MIN,
                "the budget must admit every well-formed array"
            )
        };
        let Some(count) = r.count(T::MIN, size_of::<T>(), field)? else { return Ok(None) };
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(T::read(r, field)?);
        }
        Ok(Some(all))
    }

    fn write_nullable(value: Option<&Self>, w: &mut Writer, field: &'static str) -> Result<(), EncodeError> {
        w.count(value.map(Vec::len), field)?;
        for item in value.into_iter().flatten() {
            item.write(w, field)?;
        }
        Ok(())
    }
}
