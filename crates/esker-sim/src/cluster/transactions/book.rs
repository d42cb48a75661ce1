//! What transactions were begun, how they ended as far as their producers know, and what readers were given.

use std::{collections::BTreeMap, sync::Arc};

use esker_coordinator::Producer;
use esker_core::{Offset, PartitionId};
use esker_kafka_wire::KString;
use parking_lot::Mutex;

use super::content::Visible;
use crate::history::History;

/// A group's offset of one partition of the source.
pub(super) type Place = (KString, u32);

/// A transaction, as its producer knows it.
#[derive(Clone, Debug)]
pub(super) struct Txn {
    pub(super) id: KString,
    /// Told in messages only.
    #[allow(dead_code, reason = "for people")]
    pub(super) producer: Producer,
    /// The end that was asked for.
    pub(super) asked: Option<bool>,
    /// The end that it has for certain.
    pub(super) told: Option<bool>,
    /// Somebody else had the id before a commit was asked for.
    pub(super) doomed: bool,
    /// Acknowledged records, by partition.
    pub(super) written: BTreeMap<PartitionId, u32>,
    /// An acknowledged offset.
    pub(super) offset: Option<(Place, i64)>,
}

impl Txn {
    /// Why it cannot have been committed.
    fn never(&self) -> Option<&'static str> {
        match self {
            Self { asked: None, .. } => Some("nobody asked for its commit"),
            Self { asked: Some(false), .. } => Some("its producer aborts it"),
            Self { told: Some(false), .. } => Some("its producer was told that it is not committed"),
            Self { doomed: true, .. } => {
                Some("another producer took the id over before its commit was asked for")
            }
            _ => None,
        }
    }
}

/// What a reader of committed records was given.
#[derive(Clone, Debug)]
struct Given {
    partition: PartitionId,
    from: Offset,
    next: Offset,
    records: usize,
    digest: u32,
}

/// Many records in a number.
fn digest<'a>(records: impl Iterator<Item = &'a Visible>) -> (usize, u32) {
    records.fold((0, 0), |(count, digest), record| {
        let digest = crc32c::crc32c_append(digest, &record.offset.to_be_bytes());
        (count + 1, crc32c::crc32c_append(digest, &record.digest.to_be_bytes()))
    })
}

#[derive(Default)]
struct Inner {
    txns: Vec<Txn>,
    given: Vec<Given>,
    /// The highest offset that a group told or confirmed.
    offsets: BTreeMap<Place, i64>,
}

/// The book of a world's transactions. Cheap to clone.
#[derive(Clone)]
pub(super) struct Book {
    inner: Arc<Mutex<Inner>>,
    pub(super) history: History,
}

impl Book {
    pub(super) fn new(history: History) -> Self {
        Self { inner: Arc::default(), history }
    }

    /// A producer was given its id and epoch: whatever the transactional id did before and was not asked to commit is over.
    pub(super) fn initialized(&self, id: &KString, producer: Producer) {
        self.history.note(format_args!("{id}: is {} epoch {}", producer.id, producer.epoch));
        self.history.count("producers begun");
        for txn in self.inner.lock().txns.iter_mut().filter(|txn| txn.id == *id) {
            txn.doomed |= txn.asked != Some(true);
        }
    }

    /// The number of a new transaction.
    pub(super) fn begin(&self, id: &KString, producer: Producer) -> u64 {
        let txn = Txn {
            id: id.clone(),
            producer,
            asked: None,
            told: None,
            doomed: false,
            written: BTreeMap::new(),
            offset: None,
        };
        let mut inner = self.inner.lock();
        inner.txns.push(txn);
        inner.txns.len() as u64 - 1
    }

    fn change(&self, number: u64, act: impl FnOnce(&mut Txn)) {
        act(&mut self.inner.lock().txns[number as usize]);
    }

    pub(super) fn written(&self, number: u64, partition: PartitionId, records: u32) {
        self.change(number, |txn| *txn.written.entry(partition).or_default() += records);
    }

    pub(super) fn offset_written(&self, number: u64, place: Place, offset: i64) {
        self.change(number, |txn| txn.offset = Some((place, offset)));
    }

    /// Its end is about to be asked for.
    pub(super) fn ending(&self, number: u64, commit: bool) {
        self.change(number, |txn| txn.asked = Some(commit));
    }

    /// Its producer was told how it ended, or will never know.
    pub(super) fn ended(&self, number: u64, committed: Option<bool>) {
        self.history.note(format_args!("transaction {number}: committed {committed:?}"));
        self.history.count(match committed {
            Some(true) => "transactions committed",
            Some(false) => "transactions aborted",
            None => "transactions of unknown end",
        });
        let mut inner = self.inner.lock();
        let txn = &mut inner.txns[number as usize];
        txn.told = committed;
        if let (Some(true), Some((place, offset))) = (committed, txn.offset.clone()) {
            let known = inner.offsets.entry(place).or_insert(-1);
            *known = offset.max(*known);
        }
    }

    /// The highest offset of a group that anyone knows of: what is asked for from now on must not be below.
    pub(super) fn floor(&self, place: &Place) -> i64 {
        self.inner.lock().offsets.get(place).copied().unwrap_or(-1)
    }

    /// A group told its offset to someone who asked when `floor` was known.
    pub(super) fn told_offset(&self, place: &Place, floor: i64, offset: Option<i64>) {
        self.history.count("offsets told");
        let told = offset.unwrap_or(-1);
        if told < floor {
            self.history.violation(format!("{place:?}: offset {told} is told, after {floor} was"));
        }
        let Some(offset) = offset else { return };
        let why = {
            let mut inner = self.inner.lock();
            let known = inner.offsets.entry(place.clone()).or_insert(-1);
            *known = offset.max(*known);
            let with = inner
                .txns
                .iter()
                .filter(|txn| txn.offset.as_ref().is_some_and(|(at, value)| at == place && *value == offset));
            let reasons: Vec<_> = with.map(Txn::never).collect();
            (!reasons.contains(&None)).then_some(reasons)
        };
        if let Some(why) = why {
            self.history.violation(format!("{place:?}: offset {offset} is told: {why:?}"));
        }
    }

    /// A reader of committed records was given these, having asked for `from`.
    pub(super) fn given(&self, partition: PartitionId, from: Offset, next: Offset, records: &[Visible]) {
        self.history.count("committed reads");
        for record in records {
            let Some(stamp) = record.stamp else { continue };
            let why = self.inner.lock().txns.get(stamp.txn as usize).map_or(Some("no such one"), Txn::never);
            if let Some(why) = why {
                self.history.violation(format!(
                    "{partition}: a record of transaction {} at {} is read as committed: {why}",
                    stamp.txn, record.offset
                ));
            }
        }
        let (count, digest) = digest(records.iter());
        let given = Given { partition, from, next, records: count, digest };
        self.inner.lock().given.push(given);
    }

    /// All transactions, by number.
    pub(super) fn all(&self) -> Vec<Txn> {
        self.inner.lock().txns.clone()
    }

    /// What readers were given of a partition is what turned out to be committed.
    pub(super) fn check_given(&self, partition: PartitionId, committed: &[Visible]) {
        let given = self.inner.lock().given.clone();
        for given in given.iter().filter(|given| given.partition == partition) {
            let first = committed.partition_point(|record| record.offset < given.from.0);
            let there = committed[first..].iter().take_while(|record| record.offset < given.next.0);
            if digest(there.clone()) != (given.records, given.digest) {
                self.history.violation(format!(
                    "{partition}: {} records were read as committed in {}..{}, and they are {:?}",
                    given.records,
                    given.from,
                    given.next,
                    there.map(|record| record.offset).collect::<Vec<_>>()
                ));
            }
        }
    }

    /// Why a transaction that is committed, as the log says, should not be.
    pub(super) fn never(&self, number: u64) -> Option<&'static str> {
        self.inner.lock().txns.get(number as usize).map_or(Some("no such one"), Txn::never)
    }
}
