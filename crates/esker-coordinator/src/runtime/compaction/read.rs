//! What counts in a partition's log.

use std::collections::BTreeMap;

use bytes::Bytes;
use esker_core::{FastMap, Offset, ProducerId, batch::BatchView};

use super::RESTATED;
use crate::{
    records::Record,
    topic::{InternalTopic, TopicRange},
};

/// How much is read at a time.
const READ_BYTES: usize = 1 << 20;

/// The most bytes that one batch of the topic may decompress to.
const MAX_DECOMPRESSED: usize = 256 << 20;

/// What a pass has found.
#[derive(Debug)]
pub(super) struct Found {
    /// The last values of keys whose records lie below `cut`, in the order in which they came to count.
    pub(super) records: Vec<Record>,
    /// Everything below may go once `records` are in the log again.
    pub(super) cut: Offset,
    /// The keys of transactions that were open.
    pub(super) open: BTreeMap<ProducerId, Vec<Bytes>>,
}

/// A value, and where it stands.
struct Value {
    at: Offset,
    /// Values come to count in this order.
    order: u64,
    value: Bytes,
}

/// A record of a transaction.
struct Pending {
    at: Offset,
    value: Option<Bytes>,
}

#[derive(Default)]
struct Reader {
    values: FastMap<Bytes, Value>,
    open: BTreeMap<ProducerId, FastMap<Bytes, Pending>>,
    order: u64,
}

/// Reads all of `range`.
pub(super) async fn all(
    topic: &dyn InternalTopic,
    partition: u32,
    range: TopicRange,
) -> Result<Found, String> {
    let (mut reader, mut next) = (Reader::default(), range.start);
    while next < range.end {
        let read = topic.read(partition, next, READ_BYTES).await.map_err(|error| error.to_string())?;
        for chunk in &read.chunks {
            for batch in BatchView::all(chunk) {
                let batch = batch.map_err(|error| format!("at offset {next}: {error}"))?;
                // What came after the beginning of the pass is not its business.
                if batch.fields.base_offset < range.end.0 {
                    reader.take(&batch)?;
                }
            }
        }
        if read.next <= next {
            return Err(format!("at offset {next}: reading gets no further"));
        }
        next = read.next;
    }
    Ok(reader.found(range.end))
}

impl Reader {
    fn take(&mut self, batch: &BatchView) -> Result<(), String> {
        let attributes = batch.fields.attributes;
        let producer = ProducerId(batch.fields.producer_id);
        if attributes.is_control() {
            if let commit @ 0..=1 = batch.control_type() {
                let ended = self.open.remove(&producer).unwrap_or_default();
                for (key, Pending { at, value }) in ended.into_iter().filter(|_| commit == 1) {
                    self.put(at, key, value);
                }
            }
            return Ok(());
        }
        let fault =
            |error: &dyn std::fmt::Display| format!("at offset {}: {error}", batch.fields.base_offset);
        for record in &batch.records(MAX_DECOMPRESSED).map_err(|error| fault(&error))? {
            let record = record.map_err(|error| fault(&error))?;
            let Some(key) = record.key.map(Bytes::copy_from_slice) else { continue };
            let (at, value) = (Offset(record.offset), record.value.map(Bytes::copy_from_slice));
            if attributes.is_transactional() {
                self.open.entry(producer).or_default().insert(key, Pending { at, value });
                continue;
            }
            if value.is_some() && !record.headers.into_iter().any(|header| header.key == RESTATED) {
                // As in the machine: what waits since before it has come too late.
                self.open.values_mut().for_each(|pending| _ = pending.remove(&key));
            }
            self.put(at, key, value);
        }
        Ok(())
    }

    fn put(&mut self, at: Offset, key: Bytes, value: Option<Bytes>) {
        self.order += 1;
        match value {
            Some(value) => {
                self.values.insert(key, Value { at, order: self.order, value });
            }
            None => {
                self.values.remove(&key);
            }
        }
    }

    fn found(self, end: Offset) -> Found {
        let first = self.open.values().flat_map(|pending| pending.values()).map(|pending| pending.at).min();
        let cut = first.map_or(end, |first| first.min(end));
        let mut kept: Vec<_> = self.values.into_iter().filter(|(_, value)| value.at < cut).collect();
        kept.sort_unstable_by_key(|(_, value)| value.order);
        let records = kept.into_iter().map(|(key, value)| Record { key, value: Some(value.value) }).collect();
        let open = self.open.into_iter().map(|(id, pending)| (id, pending.into_keys().collect())).collect();
        Found { records, cut, open }
    }
}
