//! Ids of records: in which header they are, and what is left of a batch without those that repeat others.

use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;
use esker_coordinator::attributes::{DEDUPLICATION_ID, MAX_DEDUPLICATION_ID};
use esker_core::{
    FastMap,
    batch::{BatchBuilder, BatchView, Compression, NewRecord, Record, RecordSet},
};
use esker_env::Random;

use super::index::{Id, Index, Place};
use crate::{
    fault::{Fault, unreadable},
    owner::Repeat,
};

/// The most bytes to which a batch may decompress.
const MAX_DECOMPRESSED: usize = 64 << 20;

/// Makes hashes of ids.
pub(super) struct Hashes([u64; 4]);

impl Hashes {
    pub(super) fn new(random: &dyn Random) -> Self {
        Self(std::array::from_fn(|_| random.next_u64()))
    }

    fn of(&self, id: &[u8]) -> Id {
        let half = |key: &[u64]| {
            let mut hasher = DefaultHasher::new();
            key.iter().for_each(|word| hasher.write_u64(*word));
            hasher.write(id);
            hasher.finish()
        };
        let (left, right) = self.0.split_at(2);
        Id(half(left), half(right))
    }

    /// A record's id. Of several headers the last one counts; what makes no sense counts as none.
    fn of_record(&self, record: &Record<'_>) -> Option<Id> {
        let named = record.headers.filter(|header| header.key == DEDUPLICATION_ID.as_bytes()).last()?;
        let id = named.value.filter(|id| (1..=MAX_DEDUPLICATION_ID).contains(&id.len()))?;
        Some(self.of(id))
    }

    /// The records of a stored batch that have ids, from an offset and a time on.
    ///
    /// Those of transactions count for nothing: how such a one ends is not known when it is read.
    ///
    /// # Errors
    /// The batch cannot be read.
    pub(super) fn stored(&self, batch: &BatchView, from: i64, since: i64) -> Result<Vec<(Id, Place)>, Fault> {
        let attributes = batch.fields.attributes;
        if attributes.is_control() || attributes.is_transactional() || batch.fields.last_offset() < from {
            return Ok(Vec::new());
        }
        let records = batch.records(MAX_DECOMPRESSED).map_err(|error| unreadable(&error))?;
        let mut found = Vec::new();
        for record in &records {
            let record = record.map_err(|error| unreadable(&error))?;
            let place = Place { offset: record.offset, timestamp: record.timestamp };
            if place.offset >= from
                && place.timestamp >= since
                && let Some(id) = self.of_record(&record)
            {
                found.push((id, place));
            }
        }
        Ok(found)
    }

    /// The records of a batch that is to be appended.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn incoming(&self, batch: &Bytes) -> Result<Incoming, Fault> {
        let view = BatchView::parse(batch).map_err(|error| unreadable(&error))?;
        let records = view.records(MAX_DECOMPRESSED).map_err(|error| unreadable(&error))?;
        let mut ids = Vec::new();
        for record in &records {
            let record = record.map_err(|error| unreadable(&error))?;
            ids.push((self.of_record(&record), record.timestamp));
        }
        Ok(Incoming { records, ids })
    }
}

/// A batch that is to be appended.
pub(super) struct Incoming {
    records: RecordSet,
    /// Each record's, with its time.
    ids: Vec<(Option<Id>, i64)>,
}

/// What a record repeats.
#[derive(Clone, Copy)]
enum First {
    /// One that is in the log at this offset.
    At(i64),
    /// The one of its own batch that is written at this place behind the batch's offset.
    With(i64),
}

/// Which records of a batch are new.
pub(super) struct Split {
    /// Those that are not, by their number in the batch, ascending.
    repeats: Vec<(u32, First)>,
    /// The ids of those that are, with their place in what is written and their time.
    pub(super) fresh: Vec<(Id, i64, i64)>,
    /// How many are written.
    pub(super) written: usize,
}

impl Incoming {
    /// Tells the records that repeat others within a window of so many milliseconds.
    pub(super) fn split(&self, index: &Index, window: i64) -> Split {
        let mut split = Split { repeats: Vec::new(), fresh: Vec::new(), written: 0 };
        let mut with: FastMap<Id, (i64, i64)> = FastMap::default();
        for (number, (id, timestamp)) in (0..).zip(&self.ids) {
            let at = split.written as i64;
            if let Some(id) = id {
                let here = with.get(id).filter(|(_, first)| timestamp.saturating_sub(*first) < window);
                let first = match here {
                    Some((at, _)) => Some(First::With(*at)),
                    None => index.find(*id, *timestamp, window).map(|place| First::At(place.offset)),
                };
                if let Some(first) = first {
                    split.repeats.push((number, first));
                    continue;
                }
                with.insert(*id, (at, *timestamp));
                split.fresh.push((*id, at, *timestamp));
            }
            split.written += 1;
        }
        split
    }

    /// A batch of those that are new; `None` if all are.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn without_repeats(&self, split: &Split) -> Result<Option<Bytes>, Fault> {
        if split.repeats.is_empty() {
            return Ok(None);
        }
        let failed = |error: esker_core::batch::BatchError| unreadable(&error);
        let mut builder = BatchBuilder::new(Compression::None);
        let mut repeats = split.repeats.iter().map(|(number, _)| *number).peekable();
        for (number, record) in (0..).zip(&self.records) {
            let record = record.map_err(failed)?;
            if repeats.next_if_eq(&number).is_some() {
                continue;
            }
            let headers: Vec<(&[u8], Option<&[u8]>)> =
                record.headers.map(|header| (header.key, header.value)).collect();
            let new = NewRecord {
                timestamp: record.timestamp,
                key: record.key,
                value: record.value,
                headers: &headers,
            };
            builder.push(&new).map_err(failed)?;
        }
        builder.build().map(Some).map_err(failed)
    }
}

impl Split {
    /// Those that repeat others, once the rest is written from `base` on.
    pub(super) fn repeats(&self, base: i64) -> Vec<Repeat> {
        let place = |(record, first): &(u32, First)| {
            let offset = match first {
                First::At(offset) => *offset,
                First::With(behind) => base.saturating_add(*behind),
            };
            Repeat { record: *record, offset }
        };
        self.repeats.iter().map(place).collect()
    }

    /// The last offset in the log that one of them repeats.
    pub(super) fn last_known(&self) -> Option<i64> {
        let known = |(_, first): &(u32, First)| match first {
            First::At(offset) => Some(*offset),
            First::With(_) => None,
        };
        self.repeats.iter().filter_map(known).max()
    }
}

#[cfg(test)]
mod tests {
    use esker_env::SeededRandom;

    use super::*;
    use crate::{budget::Budget, proto::esker::v1 as api, records};

    fn header(key: &str, value: &str) -> api::Header {
        api::Header { key: key.to_owned(), value: Some(Bytes::from(value.to_owned())) }
    }

    fn batch(ids: &[&[&str]], timestamp: i64) -> Bytes {
        let record = |ids: &&[&str]| api::Record {
            key: None,
            value: Some(Bytes::from(format!("{ids:?}"))),
            headers: ids.iter().map(|id| header(DEDUPLICATION_ID, id)).collect(),
            timestamp_ms: Some(timestamp),
        };
        let records: Vec<_> = ids.iter().map(record).collect();
        records::to_batch(&records, Compression::None, None, 0).expect("a batch")
    }

    fn hashes() -> Hashes {
        Hashes::new(&SeededRandom::new(5))
    }

    fn empty() -> Index {
        Index::new(Budget::new(1 << 20).take(0).expect("nothing"))
    }

    #[test]
    fn repeats_of_the_log_and_of_the_batch_are_told_apart_from_what_is_new() {
        let hashes = hashes();
        let mut index = empty();
        let stored = BatchView::parse(&batch(&[&["a"], &[], &["b"]], 1_000)).expect("a batch");
        let stored = hashes.stored(&stored, 0, 0).expect("readable");
        assert!(index.reserve(stored.len()) && stored.len() == 2);
        stored.into_iter().for_each(|(id, place)| index.insert(id, place));
        let bytes = batch(&[&["c"], &["b"], &[], &["c"], &["d"], &["d"], &["a"]], 1_400);
        let incoming = hashes.incoming(&bytes).expect("readable");
        let split = incoming.split(&index, 500);
        let repeat = |record, offset| Repeat { record, offset };
        assert_eq!(split.repeats(70), [repeat(1, 2), repeat(3, 70), repeat(5, 72), repeat(6, 0)]);
        assert_eq!((split.written, split.last_known()), (3, Some(2)));
        assert_eq!(split.fresh.iter().map(|(_, at, _)| *at).collect::<Vec<_>>(), [0, 2]);
        let rest = incoming.without_repeats(&split).expect("a batch").expect("not all of them");
        let rest = BatchView::parse(&rest).expect("a batch");
        let rest = rest.records(0).expect("uncompressed");
        let values: Vec<_> =
            rest.iter().map(|record| record.expect("sound").value.expect("a value")).collect();
        assert_eq!(values, [&b"[\"c\"]"[..], b"[]", b"[\"d\"]"]);
        // Their time is over.
        assert_eq!(incoming.split(&index, 400).written, 5);
    }

    #[test]
    fn what_makes_no_sense_has_no_id_and_the_last_one_counts() {
        let long = "x".repeat(MAX_DEDUPLICATION_ID + 1);
        let bytes = batch(&[&["a", "b"], &["b"], &["b", ""], &[&long], &[&long[1..]]], 5);
        let ids = hashes().incoming(&bytes).expect("readable").ids;
        assert!(ids[0].0.is_some() && ids[0].0 == ids[1].0);
        assert_eq!((ids[2].0, ids[3].0), (None, None));
        assert!(ids[4].0.is_some() && ids[4].0 != ids[0].0);
    }

    #[test]
    fn nothing_of_transactions_nor_of_what_is_too_old_counts() {
        let stored = |from, since| {
            let view = BatchView::parse(&batch(&[&["a"], &["b"]], 1_000)).expect("a batch");
            hashes().stored(&view, from, since).expect("readable").len()
        };
        assert_eq!((stored(0, 1_000), stored(1, 1_000), stored(2, 0), stored(0, 1_001)), (2, 1, 0, 0));
        let headers: [(&[u8], Option<&[u8]>); 1] = [(DEDUPLICATION_ID.as_bytes(), Some(b"a"))];
        let mut builder =
            BatchBuilder::new(Compression::None).producer(esker_core::ProducerId(1), 0, 0).transactional();
        builder.push(&NewRecord { headers: &headers, ..NewRecord::default() }).expect("it fits");
        let view = BatchView::parse(&builder.build().expect("a batch")).expect("a batch");
        assert!(hashes().stored(&view, 0, -1).expect("readable").is_empty());
    }

    #[test]
    fn nobody_outside_knows_the_hash() {
        let other = Hashes::new(&SeededRandom::new(6));
        assert_ne!(hashes().of(b"a"), other.of(b"a"));
        assert_eq!(hashes().of(b"a"), hashes().of(b"a"));
    }
}
