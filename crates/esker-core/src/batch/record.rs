//! Records inside a batch, walked without allocation.

use bytes::Bytes;

use super::{BatchError, BatchFields, read_varint, read_varlong};

/// A batch's records after decompression, with what their deltas count from.
#[derive(Clone, Debug)]
pub struct RecordSet {
    fields: BatchFields,
    bytes: Bytes,
}

impl RecordSet {
    pub(super) fn new(fields: BatchFields, bytes: Bytes) -> Self {
        Self { fields, bytes }
    }

    /// The decompressed bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Walks the records. Yields exactly as many as the header counts, or an error, after which it ends; bytes left
    /// over after the last record are an error too.
    #[must_use]
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter { fields: self.fields, rest: &self.bytes, index: 0, done: false }
    }
}

impl<'a> IntoIterator for &'a RecordSet {
    type Item = Result<Record<'a>, BatchError>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

/// One record, borrowed from its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Offset minus the batch's base offset.
    pub offset_delta: i32,
    /// Its offset, as far as the batch's base offset is already the broker's.
    pub offset: i64,
    /// Milliseconds since the Unix epoch; the batch's maximum for log append time; -1 when it has none.
    pub timestamp: i64,
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is null, a tombstone in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers, in order, duplicates kept.
    pub headers: Headers<'a>,
}

/// A record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key; UTF-8 by convention, not checked.
    pub key: &'a [u8],
    /// The value; `None` is null.
    pub value: Option<&'a [u8]>,
}

/// The headers of a record; iterating parses them again, they were checked when the record was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a> {
    count: usize,
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Checks `count` headers that must fill `bytes` exactly.
    fn check(count: usize, bytes: &'a [u8]) -> Result<Self, &'static str> {
        let headers = Self { count, rest: bytes };
        let mut walk = bytes;
        for _ in 0..count {
            read_header(&mut walk).ok_or("a header is cut short")?;
        }
        if walk.is_empty() { Ok(headers) } else { Err("bytes are left over after its headers") }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.count = self.count.checked_sub(1)?;
        read_header(&mut self.rest)
    }
}

/// Splits `length` bytes off the front.
fn take<'a>(input: &mut &'a [u8], length: i32) -> Option<&'a [u8]> {
    let (head, rest) = input.split_at_checked(usize::try_from(length).ok()?)?;
    *input = rest;
    Some(head)
}

/// Bytes with a varint length before them; a negative length is null.
fn take_nullable<'a>(input: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    match read_varint(input)? {
        length if length < 0 => Some(None),
        length => take(input, length).map(Some),
    }
}

fn read_header<'a>(input: &mut &'a [u8]) -> Option<Header<'a>> {
    let key_length = read_varint(input)?;
    Some(Header { key: take(input, key_length)?, value: take_nullable(input)? })
}

/// See [`RecordSet::iter`].
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    fields: BatchFields,
    rest: &'a [u8],
    index: i32,
    done: bool,
}

impl<'a> RecordIter<'a> {
    pub(super) fn over(fields: BatchFields, bytes: &'a [u8]) -> Self {
        Self { fields, rest: bytes, index: 0, done: false }
    }

    fn read(&mut self) -> Result<Record<'a>, &'static str> {
        let length = read_varint(&mut self.rest).ok_or("its length is cut short")?;
        let mut body = take(&mut self.rest, length).ok_or("it ends after the batch")?;
        let body = &mut body;
        // The record's own attributes are unused, whatever they say.
        take(body, 1).ok_or("it is empty")?;
        let timestamp_delta = read_varlong(body).ok_or("its timestamp is cut short")?;
        let offset_delta = read_varint(body).ok_or("its offset is cut short")?;
        let key = take_nullable(body).ok_or("its key is cut short")?;
        let value = take_nullable(body).ok_or("its value is cut short")?;
        let count = read_varint(body).ok_or("its header count is cut short")?;
        // A header takes at least two bytes, so this bounds the walk by the bytes that are there.
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= body.len() / 2)
            .ok_or("its header count is impossible")?;
        let headers = Headers::check(count, body)?;
        let timestamp = if self.fields.attributes.is_log_append_time() {
            self.fields.max_timestamp
        } else {
            self.fields.base_timestamp.checked_add(timestamp_delta).ok_or("its timestamp overflows")?
        };
        let offset =
            self.fields.base_offset.checked_add(i64::from(offset_delta)).ok_or("its offset overflows")?;
        Ok(Record { offset_delta, offset, timestamp, key, value, headers })
    }
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<Record<'a>, BatchError>;

    fn next(&mut self) -> Option<Result<Record<'a>, BatchError>> {
        if self.done {
            return None;
        }
        let index = self.index;
        if index >= self.fields.records_count {
            self.done = true;
            let left_over = BatchError::Record { index, detail: "bytes are left over after the last record" };
            return (!self.rest.is_empty()).then_some(Err(left_over));
        }
        self.index += 1;
        let read = self.read();
        self.done = read.is_err();
        Some(read.map_err(|detail| BatchError::Record { index, detail }))
    }
}
