//! Which partitions members of consumer groups have been told are theirs, and what offsets groups have been told. The truth
//! is kept here, outside of every broker.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_core::PartitionId;
use esker_env::Monotonic;
use esker_kafka_wire::KString;
use parking_lot::Mutex;

use crate::history::History;

/// A partition, to a group.
pub(super) type Place = (KString, PartitionId);

/// What a member was told with a heartbeat.
pub(super) struct Told<'a> {
    pub(super) group: &'a KString,
    pub(super) member: &'a KString,
    /// Whoever said so was the group's coordinator for certain.
    pub(super) sure: bool,
    /// Until then nobody else may have what it has.
    pub(super) until: Monotonic,
    pub(super) gained: &'a BTreeSet<PartitionId>,
    pub(super) kept: &'a BTreeSet<PartitionId>,
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Committed {
    Yes,
    No,
    /// Nobody knows, or nobody yet.
    Unknown,
}

#[derive(Debug)]
struct Part {
    /// Members that have it, and until when nobody else may.
    owners: BTreeMap<KString, Monotonic>,
    /// Who was told last that it is its own, and when, in the order of events.
    told: Option<(KString, u64)>,
    /// No offset below is told from now on.
    floor: i64,
    /// Commits that may come late.
    late: Vec<(KString, i64)>,
}

#[derive(Default)]
struct Inner {
    mark: u64,
    parts: BTreeMap<Place, Part>,
}

/// The owners. Cheap to clone.
#[derive(Clone)]
pub(super) struct Owners {
    inner: Arc<Mutex<Inner>>,
    history: History,
}

impl Owners {
    pub(super) fn new(history: History) -> Self {
        Self { inner: Arc::default(), history }
    }

    /// Now, in the order of events.
    pub(super) fn mark(&self) -> u64 {
        let mut inner = self.inner.lock();
        inner.mark += 1;
        inner.mark
    }

    fn on<T>(&self, place: &Place, act: impl FnOnce(&mut Part) -> T) -> T {
        let mut inner = self.inner.lock();
        let none = || Part { owners: BTreeMap::new(), told: None, floor: -1, late: Vec::new() };
        act(inner.parts.entry(place.clone()).or_insert_with(none))
    }

    /// A member hears what it has.
    pub(super) fn told(&self, told: &Told<'_>, now: Monotonic) {
        let Told { group, member, sure, until, gained, kept } = *told;
        let mark = self.mark();
        for &partition in gained {
            self.history.count("partitions given to readers");
            let place = (group.clone(), partition);
            let others = self.on(&place, |part| {
                let others = part.owners.iter().filter(|(other, until)| *other != member && **until > now);
                let others: Vec<(KString, Monotonic)> =
                    others.map(|(other, until)| (other.clone(), *until)).collect();
                part.owners.insert(member.clone(), if sure { until } else { now });
                // Who is not certain may have it all the same.
                part.told = sure.then(|| (member.clone(), mark));
                if sure {
                    part.late.retain(|(other, _)| other == member);
                }
                others
            });
            if sure && !others.is_empty() {
                self.history.violation(format!("{group}: {partition} is {member}'s, and {others:?} have it"));
            }
        }
        for &partition in kept.iter().filter(|_| sure) {
            self.on(&(group.clone(), partition), |part| {
                let known = part.owners.entry(member.clone()).or_insert(until);
                *known = until.max(*known);
            });
        }
    }

    /// A member has nothing to do with these any more, before anybody else hears of it.
    pub(super) fn lets_go(&self, group: &KString, member: &KString, of: impl Iterator<Item = PartitionId>) {
        for partition in of {
            self.on(&(group.clone(), partition), |part| part.owners.remove(member));
        }
    }

    /// The offset that nobody is told less of from now on.
    pub(super) fn floor(&self, place: &Place) -> i64 {
        self.on(place, |part| part.floor)
    }

    /// A group told its offset to somebody who asked when `floor` was known.
    pub(super) fn told_offset(&self, place: &Place, floor: i64, offset: Option<i64>) {
        self.history.count("offsets told to readers");
        let offset = offset.unwrap_or(-1);
        if offset < floor {
            self.history.violation(format!("{place:?}: offset {offset} is told, and {floor} was committed"));
        }
        self.on(place, |part| {
            if part.late.is_empty() {
                part.floor = part.floor.max(offset);
            }
        });
    }

    /// A member has asked at `asked` to commit an offset.
    pub(super) fn committed(
        &self,
        place: &Place,
        member: &KString,
        asked: u64,
        offset: i64,
        result: Committed,
    ) {
        self.history.count(match result {
            Committed::Yes => "readers' commits",
            Committed::No => "readers' commits refused",
            Committed::Unknown => "readers' commits unknown",
        });
        let late = self.on(place, |part| {
            match result {
                Committed::Yes => {
                    let late = part.late.iter().map(|(_, offset)| *offset).min();
                    part.floor = late.map_or(offset, |late| late.min(offset));
                }
                Committed::No => {}
                Committed::Unknown => {
                    part.late.push((member.clone(), offset));
                    part.floor = part.floor.min(offset);
                }
            }
            part.told.clone().filter(|(other, told)| other != member && *told < asked)
        });
        if let Some((other, _)) = late.filter(|_| result == Committed::Yes) {
            let (group, partition) = place;
            self.history.violation(format!(
                "{group}: {member} commits {offset} of {partition}, which {other} was told to have"
            ));
        }
    }

    /// Whether each of these is with exactly one member for certain.
    pub(super) fn are_owned(
        &self,
        group: &KString,
        partitions: &BTreeSet<PartitionId>,
        now: Monotonic,
    ) -> Result<(), String> {
        for &partition in partitions {
            let owners = self.on(&(group.clone(), partition), |part| {
                part.owners.values().filter(|until| **until > now).count()
            });
            if owners != 1 {
                return Err(format!("{partition} has {owners} owners"));
            }
        }
        Ok(())
    }
}
