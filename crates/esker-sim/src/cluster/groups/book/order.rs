//! The order of keys, for groups that heed it: of each key one record at a time, and none before those before it are done with.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{Epoch, batch::BatchView};
use esker_env::Monotonic;

use super::{super::leader::LIMIT, Book, Place, Record};

/// The keys of the records of a share partition that any leader has looked at.
#[derive(Default)]
pub(super) struct Lines {
    keys: BTreeMap<i64, Vec<u8>>,
    offsets: BTreeMap<Vec<u8>, BTreeSet<i64>>,
}

impl Record {
    /// Somebody may have ended it, whether that is known or not.
    fn may_be_done(&self) -> bool {
        self.told || self.settled.is_some() || self.unsure > 0 || self.spent
    }
}

impl Lines {
    /// The other records of a record's key.
    fn others(&self, offset: i64) -> impl Iterator<Item = i64> + '_ {
        let line = self.keys.get(&offset).and_then(|key| self.offsets.get(key));
        line.into_iter().flatten().copied().filter(move |other| *other != offset)
    }

    /// Why a leader may not take a record out now.
    pub(super) fn out_of_turn(
        &self,
        records: &BTreeMap<i64, Record>,
        offset: i64,
        epoch: Epoch,
        now: Monotonic,
    ) -> Option<String> {
        self.others(offset).find_map(|other| {
            let record = records.get(&other);
            let out = record.and_then(|record| record.out.get(&epoch));
            if out.is_some_and(|out| out.until.is_some_and(|until| until > now)) {
                return Some(format!(
                    "{offset} is given out in {epoch} while {other} of its key is: {out:?}"
                ));
            }
            let is_open = other < offset && !record.is_some_and(Record::may_be_done);
            is_open.then(|| format!("{offset} is given out in {epoch} before {other} of its key: {record:?}"))
        })
    }

    /// Why somebody who asked at `asked` may not have a record. What was out as often as it may be is given up, but that is not
    /// durable at once: the next leader may give it out again.
    pub(super) fn overtaken(
        &self,
        records: &BTreeMap<i64, Record>,
        offset: i64,
        asked: u64,
    ) -> Option<String> {
        if records.get(&offset).is_some_and(|record| record.spent) {
            return None;
        }
        let later = self.others(offset).filter(|other| *other > offset);
        let mut given = later.filter_map(|other| Some((other, records.get(&other)?.given_at?)));
        let (other, _) = given.find(|(_, given_at)| *given_at < asked)?;
        Some(format!("{offset} is given out after {other} of its key"))
    }
}

impl Book {
    /// A leader looks at the records of a batch that anybody may see.
    pub(in super::super) fn looked_at(&self, place: &Place, batch: &BatchView) {
        let Ok(records) = batch.records(LIMIT) else { return };
        let mut inner = self.inner.lock();
        let lines = inner.lines.entry(place.clone()).or_default();
        for record in (&records).into_iter().flatten() {
            let Some(key) = record.key else { continue };
            lines.keys.insert(record.offset, key.to_vec());
            lines.offsets.entry(key.to_vec()).or_default().insert(record.offset);
        }
    }

    pub(super) fn on_lines<T>(
        &self,
        place: &Place,
        act: impl FnOnce(&mut BTreeMap<i64, Record>, &Lines) -> T,
    ) -> T {
        let mut inner = self.inner.lock();
        let super::Inner { places, lines, .. } = &mut *inner;
        let lines = lines.entry(place.clone()).or_default();
        act(places.entry(place.clone()).or_default(), lines)
    }
}
