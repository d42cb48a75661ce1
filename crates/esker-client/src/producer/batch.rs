//! One batch from its first record to its acknowledgement.

use bytes::{Bytes, BytesMut};
use esker_core::ProducerId;
use esker_core::batch::{BatchBuilder, BatchError, BatchFields, NewRecord};
use esker_env::Monotonic;

use super::outcome::{Delivery, Promise};
use super::{ProducerConfig, ProducerRecord};
use crate::ClientError;

/// Producer id, epoch and sequence of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) producer: i64,
    pub(super) epoch: i16,
    pub(super) sequence: i32,
}

enum Body {
    Open(BatchBuilder),
    Built(Bytes),
    /// Only while it is being built.
    Taken,
}

pub(super) struct Batch {
    /// Position among the batches of its partition.
    pub(super) serial: u64,
    pub(super) created: Monotonic,
    pub(super) promise: Promise,
    /// Bytes taken from the producer's memory.
    pub(super) memory: usize,
    /// Set when it was first sent, under idempotence.
    pub(super) stamp: Option<Stamp>,
    /// An attempt ended without a clear answer: it may be in the log.
    pub(super) maybe_appended: bool,
    /// The last failure, for the error of a batch that runs out of time.
    pub(super) last_failure: Option<ClientError>,
    pub(super) records: usize,
    body: Body,
}

impl Batch {
    pub(super) fn new(serial: u64, config: &ProducerConfig, created: Monotonic) -> Self {
        Self {
            serial,
            created,
            promise: Promise::new(),
            memory: 0,
            stamp: None,
            maybe_appended: false,
            last_failure: None,
            records: 0,
            body: Body::Open(BatchBuilder::new(config.compression)),
        }
    }

    /// Bytes so far, before compression.
    pub(super) fn size(&self) -> usize {
        match &self.body {
            Body::Open(builder) => builder.size(),
            Body::Built(bytes) => bytes.len(),
            Body::Taken => 0,
        }
    }

    pub(super) fn push(
        &mut self,
        topic: &std::sync::Arc<str>,
        partition: i32,
        record: &ProducerRecord,
        timestamp: i64,
    ) -> Result<Delivery, BatchError> {
        let headers: Vec<(&[u8], Option<&[u8]>)> =
            record.headers.iter().map(|(key, value)| (&key[..], value.as_deref())).collect();
        let new = NewRecord {
            timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        };
        match &mut self.body {
            Body::Open(builder) => builder.push(&new)?,
            Body::Built(_) | Body::Taken => return Err(BatchError::Invalid("the batch is sealed")),
        }
        let delivery = self.promise.delivery(topic, partition, self.records);
        self.records += 1;
        Ok(delivery)
    }

    /// Forgets the producer id that it was built with; the next one is written over it.
    pub(super) fn forget_stamp(&mut self) {
        self.stamp = None;
    }

    /// The bytes to send under `stamp`; compresses at the first call.
    pub(super) fn bytes(&mut self, stamp: Option<Stamp>) -> Result<Bytes, BatchError> {
        let bytes = match std::mem::replace(&mut self.body, Body::Taken) {
            Body::Open(builder) => match stamp {
                Some(stamp) => {
                    builder.producer(ProducerId(stamp.producer), stamp.epoch, stamp.sequence).build()?
                }
                None => builder.build()?,
            },
            Body::Built(bytes) if self.stamp == stamp => bytes,
            Body::Built(bytes) => restamped(&bytes, stamp)?,
            Body::Taken => return Err(BatchError::Invalid("the batch failed to build")),
        };
        self.stamp = stamp;
        self.body = Body::Built(bytes.clone());
        Ok(bytes)
    }
}

/// A copy under another producer id: what a batch needs that outlives its first one.
fn restamped(bytes: &Bytes, stamp: Option<Stamp>) -> Result<Bytes, BatchError> {
    let stamp = stamp.unwrap_or(Stamp { producer: -1, epoch: -1, sequence: -1 });
    let mut fields = BatchFields::read(bytes)?;
    fields.producer_id = stamp.producer;
    fields.producer_epoch = stamp.epoch;
    fields.base_sequence = stamp.sequence;
    let mut copy = BytesMut::from(&bytes[..]);
    fields.write(&mut copy);
    // The CRC covers everything from the attributes on.
    fields.crc = crc32c::crc32c(&copy[21..]);
    fields.write(&mut copy);
    Ok(copy.freeze())
}
