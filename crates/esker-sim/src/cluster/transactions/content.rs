//! Records that readers of committed records see: as clients tell from a read, and as a whole log tells by its markers.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use esker_core::{Offset, PartitionId, ProducerId, batch::BatchView};
use esker_log::Read;

use super::stamp::Stamp;
use crate::history::History;

/// A record that is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) offset: i64,
    /// `None` outside of transactions.
    pub(super) stamp: Option<Stamp>,
    /// CRC32C of its value.
    pub(super) digest: u32,
}

/// The most that one batch decompresses to.
const LIMIT: usize = 1 << 20;

/// The records of a data batch.
fn records(partition: PartitionId, view: &BatchView, history: &History) -> Vec<Visible> {
    let transactional = view.fields.attributes.is_transactional();
    let mut all = Vec::new();
    let set = match view.records(LIMIT) {
        Ok(set) => set,
        Err(error) => {
            history.violation(format!("{partition}: a batch that cannot be read: {error}"));
            return all;
        }
    };
    for record in &set {
        let Ok(record) = record else { continue };
        let value = record.value.unwrap_or_default();
        let stamp = if transactional { Stamp::read(value) } else { None };
        if transactional && stamp.is_none() {
            history.violation(format!("{partition}: the record at {} has no stamp", record.offset));
        }
        all.push(Visible { offset: record.offset, stamp, digest: crc32c::crc32c(value) });
    }
    all
}

/// What a client makes of a read of committed records from `from` on: it leaves out those of aborted transactions, from the
/// first offset that it is told up to their markers.
pub(super) fn visible(partition: PartitionId, read: &Read, from: Offset, history: &History) -> Vec<Visible> {
    let mut aborted = read.aborted.clone();
    aborted.sort_by_key(|txn| txn.first_offset);
    let mut aborted = aborted.into_iter().peekable();
    let mut aborting: BTreeSet<ProducerId> = BTreeSet::new();
    let mut all = Vec::new();
    for view in read.chunks.iter().flat_map(BatchView::all).flatten() {
        let last = Offset(view.fields.last_offset());
        while let Some(txn) = aborted.next_if(|txn| txn.first_offset <= last) {
            aborting.insert(txn.producer);
        }
        let producer = ProducerId(view.fields.producer_id);
        if view.fields.attributes.is_control() {
            if view.control_type() == 0 {
                aborting.remove(&producer);
            }
            continue;
        }
        if view.fields.attributes.is_transactional() && aborting.contains(&producer) {
            continue;
        }
        all.extend(records(partition, &view, history).into_iter().filter(|record| record.offset >= from.0));
    }
    all
}

/// A partition's whole content, told by its markers.
#[derive(Default)]
pub(super) struct Content {
    /// In order.
    pub(super) committed: Vec<Visible>,
    /// Of each transaction, how it ended here and its records, one entry for each marker.
    pub(super) ends: BTreeMap<u64, Vec<(bool, Vec<Visible>)>>,
}

impl Content {
    pub(super) fn of(partition: PartitionId, chunks: &[Bytes], history: &History) -> Self {
        let mut content = Self::default();
        let mut open: BTreeMap<i64, Vec<Visible>> = BTreeMap::new();
        let mut sequences: BTreeMap<(i64, i16), i32> = BTreeMap::new();
        for view in chunks.iter().flat_map(BatchView::all).flatten() {
            let fields = view.fields;
            if fields.attributes.is_control() {
                let ended = open.remove(&fields.producer_id).unwrap_or_default();
                content.end(partition, view.control_type() == 1, ended, history);
                continue;
            }
            let next = sequences.entry((fields.producer_id, fields.producer_epoch)).or_insert(0);
            if fields.base_sequence != *next {
                history.violation(format!(
                    "{partition}: at {} producer {} epoch {} has sequence {}, not {next}",
                    fields.base_offset, fields.producer_id, fields.producer_epoch, fields.base_sequence
                ));
            }
            *next = fields.base_sequence + fields.last_offset_delta + 1;
            let records = records(partition, &view, history);
            if fields.attributes.is_transactional() {
                open.entry(fields.producer_id).or_default().extend(records);
            } else {
                content.committed.extend(records);
            }
        }
        for (producer, records) in open {
            history.violation(format!(
                "{partition}: a transaction of producer {producer} is open, from {:?} on",
                records.first()
            ));
        }
        content.committed.sort_by_key(|record| record.offset);
        content
    }

    fn end(&mut self, partition: PartitionId, commit: bool, records: Vec<Visible>, history: &History) {
        if commit {
            self.committed.extend(&records);
        }
        let numbers: BTreeSet<u64> = records.iter().filter_map(|record| Some(record.stamp?.txn)).collect();
        if numbers.len() > 1 {
            history.violation(format!("{partition}: one marker ends transactions {numbers:?}"));
        }
        if let Some(number) = numbers.first() {
            self.ends.entry(*number).or_default().push((commit, records));
        }
    }
}
