//! Builds batches: for the coordinators, the command line and tests.

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    Attributes, BatchError, BatchFields, Compression, HEADER_LEN, compress, fields, write_varint,
    write_varlong,
};
use crate::ProducerId;

/// A record to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRecord<'a> {
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The key, `None` for null.
    pub key: Option<&'a [u8]>,
    /// The value, `None` for null.
    pub value: Option<&'a [u8]>,
    /// Headers in order; a `None` value is null.
    pub headers: &'a [(&'a [u8], Option<&'a [u8]>)],
}

/// Collects records into one batch. A batch never starts out valid: push at least one record.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    codec: Compression,
    fields: BatchFields,
    records: BytesMut,
    scratch: Vec<u8>,
}

impl BatchBuilder {
    /// An empty batch at base offset 0, without a producer id.
    #[must_use]
    pub fn new(codec: Compression) -> Self {
        let fields = BatchFields {
            base_offset: 0,
            length: 0,
            leader_epoch: -1,
            crc: 0,
            attributes: Attributes(u16::from(codec.number())),
            last_offset_delta: -1,
            base_timestamp: -1,
            max_timestamp: -1,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            records_count: 0,
        };
        Self { codec, fields, records: BytesMut::new(), scratch: Vec::new() }
    }

    /// The transaction marker that ends a producer's transaction on a partition.
    ///
    /// # Panics
    /// Never: a marker is far below every limit.
    #[must_use]
    pub fn end_marker(
        producer: ProducerId,
        producer_epoch: i16,
        commit: bool,
        coordinator_epoch: i32,
        timestamp: i64,
    ) -> Bytes {
        let mut key = [0; 4];
        key[3] = u8::from(commit);
        let mut value = [0; 6];
        value[2..].copy_from_slice(&coordinator_epoch.to_be_bytes());
        let mut builder = Self::new(Compression::None).producer(producer, producer_epoch, -1);
        builder.fields.attributes.0 |= Attributes::TRANSACTIONAL | Attributes::CONTROL;
        let record = NewRecord { timestamp, key: Some(&key), value: Some(&value), headers: &[] };
        builder.push(&record).expect("the first record of a batch fits");
        builder.build().expect("a marker is small")
    }

    /// Sets the producer and the sequence number of the first record.
    #[must_use]
    pub fn producer(mut self, producer: ProducerId, epoch: i16, base_sequence: i32) -> Self {
        self.fields.producer_id = producer.0;
        self.fields.producer_epoch = epoch;
        self.fields.base_sequence = base_sequence;
        self
    }

    /// Marks the batch as part of a transaction.
    #[must_use]
    pub fn transactional(mut self) -> Self {
        self.fields.attributes.0 |= Attributes::TRANSACTIONAL;
        self
    }

    /// Sets base offset and leader epoch, which a broker overwrites.
    #[must_use]
    pub fn at(mut self, base_offset: crate::Offset, leader_epoch: crate::Epoch) -> Self {
        self.fields.base_offset = base_offset.0;
        self.fields.leader_epoch = leader_epoch.0;
        self
    }

    /// Records so far.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.fields.records_count).expect("counted up from 0")
    }

    /// Whether there is no record yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.records_count == 0
    }

    /// Bytes of the batch so far, before compression.
    #[must_use]
    pub fn size(&self) -> usize {
        HEADER_LEN + self.records.len()
    }

    /// Appends a record at the next offset.
    ///
    /// # Errors
    /// When the batch is full: `i32` lengths or counts, or a timestamp too far from the first record's.
    pub fn push(&mut self, record: &NewRecord<'_>) -> Result<(), BatchError> {
        self.push_at(self.fields.last_offset_delta.checked_add(1).ok_or(FULL)?, record)
    }

    /// Appends a record at an offset of its own, as compaction does. Deltas must grow.
    ///
    /// # Errors
    /// As [`BatchBuilder::push`], and when `offset_delta` does not grow.
    pub fn push_at(&mut self, offset_delta: i32, record: &NewRecord<'_>) -> Result<(), BatchError> {
        if offset_delta <= self.fields.last_offset_delta {
            return Err(BatchError::Invalid("offsets of a batch grow"));
        }
        let base = if self.is_empty() { record.timestamp } else { self.fields.base_timestamp };
        let timestamp_delta = record.timestamp.checked_sub(base).ok_or(FULL)?;
        let payload: usize = [record.key, record.value]
            .into_iter()
            .flatten()
            .map(<[u8]>::len)
            .chain(record.headers.iter().map(|(key, value)| key.len() + value.map_or(0, <[u8]>::len)))
            .sum();
        // 32 bytes cover a record's own numbers, 10 those of a header.
        let most = payload + 32 + 10 * record.headers.len();
        if self.size().checked_add(most).is_none_or(|size| size > i32::MAX as usize) {
            return Err(FULL);
        }
        self.scratch.clear();
        self.scratch.put_u8(0);
        write_varlong(&mut self.scratch, timestamp_delta);
        write_varint(&mut self.scratch, offset_delta);
        put_nullable(&mut self.scratch, record.key);
        put_nullable(&mut self.scratch, record.value);
        write_varint(&mut self.scratch, record.headers.len() as i32);
        for (key, value) in record.headers {
            put_nullable(&mut self.scratch, Some(key));
            put_nullable(&mut self.scratch, *value);
        }
        write_varint(&mut self.records, self.scratch.len() as i32);
        self.records.extend_from_slice(&self.scratch);
        self.fields.base_timestamp = base;
        self.fields.max_timestamp = self.fields.max_timestamp.max(record.timestamp);
        self.fields.last_offset_delta = offset_delta;
        self.fields.records_count += 1;
        Ok(())
    }

    /// The batch's bytes, its records compressed, CRC set.
    ///
    /// # Errors
    /// When there is no record, or compression fails or yields more than a batch can hold.
    pub fn build(self) -> Result<Bytes, BatchError> {
        if self.is_empty() {
            return Err(BatchError::Invalid("a batch has at least one record"));
        }
        let mut out = BytesMut::with_capacity(self.size());
        out.resize(HEADER_LEN, 0);
        if self.codec == Compression::None {
            out.extend_from_slice(&self.records);
        } else {
            out.extend_from_slice(&compress(self.codec, &self.records)?);
        }
        let mut header = self.fields;
        header.length = i32::try_from(out.len() - fields::LENGTH_PREFIX).map_err(|_| FULL)?;
        header.write(&mut out);
        header.crc = crc32c::crc32c(&out[fields::CRC_COVERS..]);
        header.write(&mut out);
        Ok(out.freeze())
    }
}

const FULL: BatchError = BatchError::Invalid("the batch is full");

/// A varint length and the bytes; -1 for null.
fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            write_varint(out, bytes.len() as i32);
            out.extend_from_slice(bytes);
        }
        None => write_varint(out, -1),
    }
}
