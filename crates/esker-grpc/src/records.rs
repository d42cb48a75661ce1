//! Records of the API, and batches as the log has them.

use bytes::Bytes;
use esker_core::{
    ProducerId,
    batch::{BatchBuilder, BatchView, Compression, NewRecord, Record as StoredRecord},
};

use crate::{
    fault::{Fault, unreadable},
    proto::esker::{forward::v1::Aborted, v1 as api},
};

/// Who wrote a batch: id, epoch, the first record's sequence.
pub(crate) type Numbered = (ProducerId, i16, i32);

/// What a record costs besides its bytes.
const RECORD_COST: usize = 32;

/// One batch of these records; `now` is for those without a time, milliseconds since 1970.
///
/// # Errors
/// There is none, or they do not fit into a batch.
pub(crate) fn to_batch(
    records: &[api::Record],
    compression: Compression,
    producer: Option<Numbered>,
    now: i64,
) -> Result<Bytes, Fault> {
    if records.is_empty() {
        return Err(Fault::invalid("batch.records", "a batch has at least one record"));
    }
    let mut builder = BatchBuilder::new(compression);
    if let Some((id, epoch, sequence)) = producer {
        builder = builder.producer(id, epoch, sequence);
    }
    for record in records {
        let headers: Vec<(&[u8], Option<&[u8]>)> =
            record.headers.iter().map(|header| (header.key.as_bytes(), header.value.as_deref())).collect();
        let new = NewRecord {
            timestamp: record.timestamp_ms.unwrap_or(now),
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        };
        if new.timestamp < 0 {
            return Err(Fault::invalid("batch.records.timestamp_ms", "a time is 0 or more"));
        }
        builder.push(&new).map_err(|error| Fault::invalid("batch.records", error.to_string()))?;
    }
    builder.build().map_err(|error| Fault::invalid("batch.records", error.to_string()))
}

/// The codec that a client asks for.
///
/// # Errors
/// There is no such.
pub(crate) fn compression(number: i32) -> Result<Compression, Fault> {
    Ok(match api::Compression::try_from(number) {
        Ok(api::Compression::None) => Compression::None,
        Ok(api::Compression::Gzip) => Compression::Gzip,
        Ok(api::Compression::Snappy) => Compression::Snappy,
        Ok(api::Compression::Lz4) => Compression::Lz4,
        Ok(api::Compression::Zstd) => Compression::Zstd,
        Err(_) => return Err(Fault::invalid("batch.compression", format!("no compression is {number}"))),
    })
}

/// An aborted transaction on its way between brokers.
pub(crate) fn aborted(txn: &esker_log::AbortedTxn) -> Aborted {
    Aborted { producer: txn.producer.0, first_offset: txn.first_offset.0, last_offset: txn.last_offset.0 }
}

/// Which of a page's records a reader gets.
pub(crate) struct Wanted<'a> {
    /// From this offset on.
    pub(crate) from: i64,
    /// Before this one, if there is an end.
    pub(crate) end: Option<i64>,
    /// Without those of aborted transactions.
    pub(crate) committed: bool,
    /// Which these are.
    pub(crate) aborted: &'a [Aborted],
    /// The most bytes to which a batch may decompress.
    pub(crate) max_decompressed: usize,
}

impl Wanted<'_> {
    /// No reader sees anything of the batch.
    pub(crate) fn is_hidden(&self, batch: &BatchView) -> bool {
        batch.fields.attributes.is_control() || self.is_aborted(batch)
    }

    fn is_aborted(&self, batch: &BatchView) -> bool {
        let (producer, offset) = (batch.fields.producer_id, batch.fields.base_offset);
        self.committed
            && batch.fields.attributes.is_transactional()
            && self
                .aborted
                .iter()
                .any(|txn| txn.producer == producer && (txn.first_offset..=txn.last_offset).contains(&offset))
    }

    /// The records of one batch, as far as they are `chosen`, which is asked in order.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn of_batch(
        &self,
        batch: &BatchView,
        mut chosen: impl FnMut(&StoredRecord<'_>) -> bool,
    ) -> Result<Vec<api::ConsumedRecord>, Fault> {
        if self.is_hidden(batch) {
            return Ok(Vec::new());
        }
        let set = batch.records(self.max_decompressed).map_err(|error| unreadable(&error))?;
        let mut records = Vec::new();
        for record in set.iter() {
            let record = record.map_err(|error| unreadable(&error))?;
            let inside = record.offset >= self.from && self.end.is_none_or(|end| record.offset < end);
            if inside && chosen(&record) {
                records.push(consumed(set.bytes(), &record));
            }
        }
        Ok(records)
    }
}

/// The bytes are shared with the batch.
fn consumed(bytes: &Bytes, record: &StoredRecord<'_>) -> api::ConsumedRecord {
    let shared = |part: Option<&[u8]>| part.map(|part| bytes.slice_ref(part));
    let headers = record.headers.map(|header| api::Header {
        // Kafka's are UTF-8 by convention alone.
        key: String::from_utf8_lossy(header.key).into_owned(),
        value: shared(header.value),
    });
    api::ConsumedRecord {
        offset: record.offset,
        timestamp_ms: record.timestamp,
        key: shared(record.key),
        value: shared(record.value),
        headers: headers.collect(),
    }
}

/// What a stored record will take of a reader's credit.
pub(crate) fn stored_cost(record: &StoredRecord<'_>) -> u64 {
    let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
    let headers: usize =
        record.headers.map(|header| RECORD_COST + header.key.len() + len(header.value)).sum();
    (RECORD_COST + len(record.key) + len(record.value) + headers) as u64
}

/// What a record takes of a reader's credit.
pub(crate) fn cost(record: &api::ConsumedRecord) -> usize {
    let len = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    let headers: usize =
        record.headers.iter().map(|header| RECORD_COST + header.key.len() + len(&header.value)).sum();
    RECORD_COST + len(&record.key) + len(&record.value) + headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: &'static str) -> api::Record {
        api::Record {
            key: Some(Bytes::from_static(b"k")),
            value: Some(Bytes::from_static(value.as_bytes())),
            headers: vec![api::Header { key: "h".to_owned(), value: None }],
            timestamp_ms: (value == "a").then_some(5),
        }
    }

    fn wanted(from: i64, end: Option<i64>, aborted: &[Aborted]) -> Wanted<'_> {
        Wanted { from, end, committed: true, aborted, max_decompressed: 1 << 20 }
    }

    #[test]
    fn records_come_back_from_every_compression() {
        for compression in Compression::ALL {
            let bytes = to_batch(&[record("a"), record("b")], compression, None, 7).expect("a batch");
            let batch = BatchView::parse(&bytes).expect("a batch");
            let read = wanted(0, None, &[]).of_batch(&batch, |_| true).expect("readable");
            let seen: Vec<_> = read.iter().map(|record| (record.offset, record.timestamp_ms)).collect();
            assert_eq!(seen, [(0, 5), (1, 7)]);
            assert_eq!(read[0].value.as_deref(), Some(&b"a"[..]));
            assert_eq!((read[0].headers[0].key.as_str(), &read[0].headers[0].value), ("h", &None));
            assert_eq!(cost(&read[0]), 32 + 2 + 32 + 1);
            let some = wanted(1, Some(2), &[]).of_batch(&batch, |_| true).expect("readable");
            assert_eq!(some.iter().map(|record| record.offset).collect::<Vec<_>>(), [1]);
            assert!(wanted(0, Some(0), &[]).of_batch(&batch, |_| true).expect("readable").is_empty());
            assert!(wanted(0, None, &[]).of_batch(&batch, |_| true).is_ok());
        }
    }

    #[test]
    fn nothing_of_an_aborted_transaction_is_seen_nor_a_marker() {
        let mut builder = BatchBuilder::new(Compression::None).producer(ProducerId(3), 0, 0).transactional();
        builder
            .push(&NewRecord { timestamp: 1, value: Some(b"x"), ..NewRecord::default() })
            .expect("it fits");
        let batch = BatchView::parse(&builder.build().expect("a batch")).expect("a batch");
        let aborted = |producer, first_offset, last_offset| [Aborted { producer, first_offset, last_offset }];
        let count = |aborted: &[Aborted]| {
            wanted(0, None, aborted).of_batch(&batch, |_| true).expect("readable").len()
        };
        assert_eq!(count(&aborted(3, 0, 5)), 0);
        assert_eq!((count(&aborted(4, 0, 5)), count(&aborted(3, 1, 5))), (1, 1));
        let marker = BatchBuilder::end_marker(ProducerId(3), 0, true, 1, 1);
        let marker = BatchView::parse(&marker).expect("a batch");
        assert!(wanted(0, None, &[]).of_batch(&marker, |_| true).expect("readable").is_empty());
    }

    #[test]
    fn what_makes_no_batch_is_refused() {
        assert_eq!(to_batch(&[], Compression::None, None, 0).unwrap_err().reason, "INVALID_REQUEST");
        let early = api::Record { timestamp_ms: Some(-1), ..record("b") };
        assert_eq!(to_batch(&[early], Compression::None, None, 0).unwrap_err().reason, "INVALID_REQUEST");
        assert!(compression(5).is_err() && compression(-1).is_err());
    }
}
