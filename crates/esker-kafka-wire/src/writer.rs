//! Encoding into one buffer for small fields, with record bytes beside it.

use crate::error::{EncodeError, EncodeErrorKind as Kind};
use crate::kstring::KString;
use crate::records::Records;
use crate::rope::Rope;
use crate::wire::Wire;
use bytes::{Bytes, BytesMut};

/// `bytes` fields from this size on are shared, as records are, rather than copied.
const SHARE_FROM: usize = 4096;

/// Gathers a message. Small fields go to one buffer; shared chunks are remembered with the place where they belong.
#[derive(Debug, Default)]
pub struct Writer {
    buf: BytesMut,
    /// Chunks by the length of `buf` that comes before them.
    shared: Vec<(usize, Bytes)>,
    shared_len: usize,
    version: i16,
    flexible: bool,
}

type Write = Result<(), EncodeError>;

/// Where a tagged field's value begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TagStart {
    at: usize,
    shared: usize,
    shared_len: usize,
}

impl Writer {
    /// Nothing written yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.buf.len() + self.shared_len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was written, as chunks.
    pub fn finish(self) -> Rope {
        let mut rope = Rope::new();
        let small = self.buf.freeze();
        let mut from = 0;
        for (at, chunk) in self.shared {
            rope.push(small.slice(from..at));
            rope.push(chunk);
            from = at;
        }
        rope.push(small.slice(from..));
        rope
    }

    pub(crate) fn version(&self) -> i16 {
        self.version
    }

    pub(crate) fn set_version(&mut self, version: i16, flexible: bool) {
        (self.version, self.flexible) = (version, flexible);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }

    /// Overwrites four bytes written before with a length.
    pub(crate) fn patch_length(&mut self, at: usize, length: usize, field: &'static str) -> Write {
        let length = i32::try_from(length).map_err(|_| EncodeError { field, kind: Kind::TooLong(length) })?;
        self.buf[at..at + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn share(&mut self, chunk: Bytes) {
        self.shared_len += chunk.len();
        self.shared.push((self.buf.len(), chunk));
    }

    /// The error of a field that holds a value but is not in this version.
    pub(crate) fn lacks(&self, field: &'static str) -> Write {
        Err(EncodeError { field, kind: Kind::FieldNotInVersion(self.version) })
    }

    pub(crate) fn varint(&mut self, value: u32) {
        let (bytes, len) = varint_bytes(value);
        self.raw(&bytes[..len]);
    }

    /// The counterpart of the reader's length; `None` is null.
    fn length(&mut self, len: Option<usize>, string: bool, flexible: bool, field: &'static str) -> Write {
        let kind = match len {
            Some(n) if string && n > i16::MAX as usize => Kind::StringTooLong(n),
            Some(n) if n >= i32::MAX as usize => Kind::TooLong(n),
            _ => {
                match (flexible, string) {
                    (true, _) => self.varint(len.map_or(0, |n| n as u32 + 1)),
                    (false, true) => self.raw(&len.map_or(-1, |n| n as i16).to_be_bytes()),
                    (false, false) => self.raw(&len.map_or(-1, |n| n as i32).to_be_bytes()),
                }
                return Ok(());
            }
        };
        Err(EncodeError { field, kind })
    }

    pub(crate) fn string(&mut self, text: Option<&KString>, field: &'static str) -> Write {
        let flexible = self.flexible;
        self.string_as(text, flexible, field)
    }

    /// A string with a two-byte length, whatever the version.
    pub(crate) fn classic_string(&mut self, text: Option<&KString>, field: &'static str) -> Write {
        self.string_as(text, false, field)
    }

    fn string_as(&mut self, text: Option<&KString>, flexible: bool, field: &'static str) -> Write {
        self.length(text.map(KString::len), true, flexible, field)?;
        self.raw(text.map_or(&[], KString::as_bytes));
        Ok(())
    }

    pub(crate) fn bytes(&mut self, bytes: Option<&Bytes>, field: &'static str) -> Write {
        self.length(bytes.map(Bytes::len), false, self.flexible, field)?;
        match bytes {
            Some(bytes) if bytes.len() >= SHARE_FROM => self.share(bytes.clone()),
            Some(bytes) => self.raw(bytes),
            None => {}
        }
        Ok(())
    }

    pub(crate) fn records(&mut self, records: Option<&Records>, field: &'static str) -> Write {
        self.length(records.map(Records::len), false, self.flexible, field)?;
        records.map_or(&[][..], Records::chunks).iter().for_each(|chunk| self.share(chunk.clone()));
        Ok(())
    }

    pub(crate) fn count(&mut self, count: Option<usize>, field: &'static str) -> Write {
        self.length(count, false, self.flexible, field)
    }

    /// A value that may be null if this version allows it.
    pub(crate) fn nullable<T: Wire>(
        &mut self,
        value: Option<&T>,
        allowed: bool,
        field: &'static str,
    ) -> Write {
        match value {
            _ if allowed => T::write_nullable(value, self, field),
            Some(value) => value.write(self, field),
            None => Err(EncodeError { field, kind: Kind::Null(self.version) }),
        }
    }

    /// A tagged structure that may be null: a varint before it, 0 for null.
    pub(crate) fn tagged_struct<T: Wire>(&mut self, value: Option<&T>, field: &'static str) -> Write {
        self.varint(u32::from(value.is_some()));
        value.map_or(Ok(()), |value| value.write(self, field))
    }

    /// How many tagged fields follow; nothing in versions that are not flexible.
    pub(crate) fn tag_count(&mut self, count: u32) {
        if self.flexible {
            self.varint(count);
        }
    }

    pub(crate) fn begin_tag(&mut self, tag: u32) -> TagStart {
        self.varint(tag);
        TagStart { at: self.buf.len(), shared: self.shared.len(), shared_len: self.shared_len }
    }

    /// Puts the size, known only now, in front of the value: moves a few bytes rather than computing sizes twice.
    pub(crate) fn end_tag(&mut self, start: TagStart) {
        let end = self.buf.len();
        let size = end - start.at + self.shared_len - start.shared_len;
        let (prefix, width) = varint_bytes(size as u32);
        self.buf.resize(end + width, 0);
        self.buf.copy_within(start.at..end, start.at + width);
        self.buf[start.at..start.at + width].copy_from_slice(&prefix[..width]);
        self.shared[start.shared..].iter_mut().for_each(|(at, _)| *at += width);
    }
}

fn varint_bytes(mut value: u32) -> ([u8; 5], usize) {
    let mut out = [0; 5];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return (out, i + 1);
        }
        *byte |= 0x80;
    }
    (out, 5)
}
