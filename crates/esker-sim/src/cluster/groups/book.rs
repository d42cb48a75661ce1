//! What members of share groups were given, what they said of it, and what must hold of that, record by record. The truth is
//! kept here, outside of every broker.

mod order;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_coordinator::{ShareError, ShareSummary};
use esker_core::{Epoch, PartitionId};
use esker_env::Monotonic;
use esker_kafka_wire::KString;
use esker_share::{Ack, Acquired, Member};
use parking_lot::Mutex;

use self::order::Lines;
use super::settings::ShareGroup;
use crate::history::History;

/// A share partition.
pub(super) type Place = (KString, PartitionId);

/// What one leader, under one epoch, did with a record.
#[derive(Clone, Debug)]
struct Out {
    /// How often it was given out, as the leader counts.
    count: u16,
    /// Times that this may have gone back: the member closed its session.
    slack: u16,
    member: Member,
    /// Nobody else gets it before; `None` once the member has said something of it.
    until: Option<Monotonic>,
}

/// Somebody was told that a record is done with.
#[derive(Clone, Copy, Debug)]
struct Settled {
    /// When, in the order of events.
    mark: u64,
    epoch: Epoch,
    accepted: bool,
}

#[derive(Clone, Debug, Default)]
struct Record {
    /// How often any leader took it out for somebody, whether that one heard of it or not.
    taken: u16,
    /// A member has it, or had it.
    given: bool,
    out: BTreeMap<Epoch, Out>,
    /// A count that is durable, and the epoch under which that was so.
    floor: (u16, Epoch),
    /// How often counts may have gone back.
    unseen: u32,
    settled: Option<Settled>,
    /// Somebody was told so, and it may have been for nothing: it was done with before.
    told: bool,
    /// Acknowledgements that end it of which nothing was heard.
    unsure: u32,
    /// Somebody has tried to turn it down.
    turned_down: bool,
    /// It was given out as often as it may be.
    spent: bool,
    /// When a member first had it, in the order of events.
    given_at: Option<u64>,
}

#[derive(Default)]
struct Inner {
    /// Counts events.
    mark: u64,
    places: BTreeMap<Place, BTreeMap<i64, Record>>,
    /// The records of each key, of groups that look at them.
    lines: BTreeMap<Place, Lines>,
}

/// The book. Cheap to clone.
#[derive(Clone)]
pub(super) struct Book {
    inner: Arc<Mutex<Inner>>,
    pub(super) history: History,
}

/// An acknowledgement on its way through a broker.
pub(super) struct Saying {
    place: Place,
    mark: u64,
    called: Monotonic,
    lock: Duration,
    acks: Vec<(i64, Ack)>,
    /// Until then all its records are with the member, under this epoch.
    mine_until: Option<Monotonic>,
    /// Where the leader stood.
    before: ShareSummary,
    /// Counts that become durable with it, each with how often it may have gone back.
    counts: Vec<(i64, u16, u32)>,
}

/// What became of a record in the end.
pub(super) struct End {
    pub(super) given_up: bool,
    pub(super) may_be_given_up: bool,
    pub(super) taken: u16,
}

fn offsets(runs: &[Acquired]) -> impl Iterator<Item = (i64, u16)> + '_ {
    runs.iter().flat_map(|run| (run.first..=run.last).map(|offset| (offset, run.count)))
}

impl Book {
    pub(super) fn new(history: History) -> Self {
        Self { inner: Arc::default(), history }
    }

    /// Now, in the order of events: whatever is asked from here on comes after all that is known.
    pub(super) fn mark(&self) -> u64 {
        let mut inner = self.inner.lock();
        inner.mark += 1;
        inner.mark
    }

    fn on<T>(&self, place: &Place, act: impl FnOnce(&mut BTreeMap<i64, Record>) -> T) -> T {
        act(self.inner.lock().places.entry(place.clone()).or_default())
    }

    fn complain(&self, (group, partition): &Place, wrong: Vec<String>) {
        for what in wrong {
            self.history.violation(format!("{group} in {partition}: {what}"));
        }
    }

    /// A leader takes records out for a member. It may be one that is none any more: then nobody hears of it.
    pub(super) fn taken(
        &self,
        (group, place): (&ShareGroup, &Place),
        member: &Member,
        epoch: Epoch,
        runs: &[Acquired],
        now: Monotonic,
    ) {
        let mut wrong = Vec::new();
        self.on_lines(place, |records, lines| {
            for (offset, count) in offsets(runs) {
                if group.heeds.order {
                    wrong.extend(lines.out_of_turn(records, offset, epoch, now));
                }
                let record = records.entry(offset).or_default();
                record.taken += 1;
                if count > group.limit || count == 0 {
                    wrong.push(format!("{offset} is given out the {count}th time, of {}", group.limit));
                }
                if count > record.taken {
                    wrong.push(format!("{offset} is counted {count} times, and was out {}", record.taken));
                }
                let (floor, since) = record.floor;
                if epoch >= since && count <= floor {
                    wrong.push(format!("{offset} is counted {count} times, {floor} were durable"));
                }
                if let Some(out) = record.out.get(&epoch) {
                    let least = out.count.saturating_sub(out.slack) + 1;
                    if !(least..=out.count + 1).contains(&count) {
                        wrong.push(format!("{offset} is counted {count} times in {epoch}, after {out:?}"));
                    }
                    if out.until.is_some_and(|until| until > now) {
                        wrong.push(format!("{offset} is given to {member} in {epoch}, and is out: {out:?}"));
                    }
                }
                record.spent |= count >= group.limit;
                let out = Out { count, slack: 0, member: member.clone(), until: Some(now + group.lock) };
                record.out.insert(epoch, out);
            }
        });
        self.complain(place, wrong);
    }

    /// It was not certain under which epoch that was.
    pub(super) fn not_locked(&self, place: &Place, epoch: Epoch, runs: &[Acquired]) {
        self.on(place, |records| {
            for (offset, _) in offsets(runs) {
                if let Some(record) = records.get_mut(&offset) {
                    record.out.remove(&epoch);
                }
            }
        });
    }

    /// Somebody who asked at `asked` gets these, and the stores have said that the leader is one.
    pub(super) fn given(
        &self,
        (group, place): (&ShareGroup, &Place),
        asked: u64,
        member: &Member,
        runs: &[Acquired],
    ) {
        self.history.count("share fetches");
        if group.heeds.order {
            self.history.count("share fetches in the order of keys");
        }
        let mut wrong = Vec::new();
        let now = self.mark();
        let again = self.on_lines(place, |records, lines| {
            let mut again = false;
            for (offset, count) in offsets(runs) {
                if group.heeds.order {
                    wrong.extend(lines.overtaken(records, offset, asked));
                }
                let record = records.entry(offset).or_default();
                again |= count > 1;
                record.given = true;
                record.given_at.get_or_insert(now);
                if let Some(settled) = record.settled.filter(|settled| settled.mark < asked) {
                    wrong.push(format!("{offset} is given to {member} again, after {settled:?}"));
                }
            }
            again
        });
        if again {
            self.history.count("records given out again");
        }
        self.complain(place, wrong);
    }

    /// A member says something; the leader of the place stands at `before`.
    pub(super) fn saying(
        &self,
        (group, place): (&ShareGroup, &Place),
        member: &Member,
        acks: Vec<(i64, Ack)>,
        before: ShareSummary,
        now: Monotonic,
    ) -> Saying {
        let mark = self.mark();
        let epoch = before.leader_epoch;
        let (mine_until, counts) = self.on(place, |records| {
            let open = records.iter().filter(|(_, record)| record.settled.is_none());
            let counts = open.filter_map(|(offset, record)| {
                let out = record.out.get(&epoch)?;
                Some((*offset, out.count.saturating_sub(out.slack), record.unseen))
            });
            let counts = counts.collect();
            let mut mine_until = Some(Monotonic(Duration::MAX));
            for (offset, ack) in &acks {
                let record = records.entry(*offset).or_default();
                let out = record.out.get_mut(&epoch).filter(|out| out.member == *member);
                let until = out.as_ref().and_then(|out| out.until);
                mine_until = mine_until.zip(until).map(|(all, one)| all.min(one));
                if *ack != Ack::Renew {
                    record
                        .out
                        .values_mut()
                        .filter(|out| out.member == *member)
                        .for_each(|out| out.until = None);
                }
                record.unsure += u32::from(matches!(ack, Ack::Accept | Ack::Reject | Ack::Gap));
                record.turned_down |= *ack == Ack::Reject;
            }
            (mine_until, counts)
        });
        let (place, lock) = (place.clone(), group.lock);
        Saying { place, mark, called: now, lock, acks, mine_until, before, counts }
    }

    /// What came of it; the leader stands at `after`.
    pub(super) fn said(
        &self,
        saying: &Saying,
        member: &Member,
        result: Result<(), ShareError>,
        after: Option<ShareSummary>,
        now: Monotonic,
    ) {
        let Saying { place, before, .. } = saying;
        let epoch = before.leader_epoch;
        let same = after.filter(|after| after.leader_epoch == epoch);
        // All of it was with the member under this epoch all the while.
        let steady = same.is_some() && saying.mine_until.is_some_and(|until| until > now);
        self.history.count(match result {
            Ok(()) => "share acknowledgements",
            Err(ShareError::InvalidRecordState | ShareError::Invalid(_)) => "share acknowledgements refused",
            Err(_) => "share acknowledgements failed",
        });
        let mut wrong = Vec::new();
        match result {
            // It may be in the log all the same.
            Err(ShareError::NotLeader) => return,
            Err(error @ (ShareError::InvalidRecordState | ShareError::Invalid(_))) if steady => {
                wrong.push(format!("{member} may not say {:?}: {error}", saying.acks));
            }
            _ => {}
        }
        let mark = self.mark();
        self.on(place, |records| {
            for (offset, ack) in &saying.acks {
                let Some(record) = records.get_mut(offset) else { continue };
                record.unsure -= u32::from(matches!(ack, Ack::Accept | Ack::Reject | Ack::Gap));
                if result.is_err() {
                    continue;
                }
                if *offset < before.start {
                    wrong.push(format!(
                        "{offset}: {member} may {ack:?} it, and the group is done with it: {before:?}"
                    ));
                }
                let behind_start = same.is_some_and(|after| after.start <= *offset);
                match ack {
                    Ack::Accept | Ack::Reject => {
                        record.told = true;
                        if let Some(known) = record.settled.filter(|known| known.mark < saying.mark) {
                            let late = epoch < known.epoch && before.start <= *offset && steady;
                            if behind_start || late {
                                wrong.push(format!(
                                    "{offset}: {member} may {ack:?} in {epoch} after {known:?}"
                                ));
                            }
                        } else if record.settled.is_none() && (steady || behind_start) {
                            record.settled = Some(Settled { mark, epoch, accepted: *ack == Ack::Accept });
                        }
                    }
                    Ack::Renew => {
                        let out = record.out.get_mut(&epoch).filter(|out| out.member == *member);
                        if let Some(until) = out.and_then(|out| out.until.as_mut()).filter(|_| behind_start) {
                            *until = (*until).max(saying.called + saying.lock);
                        }
                    }
                    Ack::Release | Ack::Defer(_) | Ack::Gap => {}
                }
            }
            // And nothing is written for it.
            let mut acks = saying.acks.iter();
            let writes = acks.any(|(offset, ack)| *ack != Ack::Renew && *offset >= before.start);
            if result.is_err() || !steady || !writes {
                return;
            }
            for (offset, count, unseen) in &saying.counts {
                let Some(record) = records.get_mut(offset) else { continue };
                if record.unseen == *unseen && epoch >= record.floor.1 {
                    record.floor = (record.floor.0.max(*count), epoch);
                }
            }
        });
        self.complain(place, wrong);
    }

    /// A member gives back what it has: it has never looked at it (`unseen`), or is gone.
    pub(super) fn releasing(&self, place: &Place, member: &Member, unseen: bool) {
        self.history.count(if unseen { "share sessions closed" } else { "share connections lost" });
        self.on(place, |records| {
            for record in records.values_mut() {
                let mut had = false;
                for out in record.out.values_mut().filter(|out| out.member == *member) {
                    out.until = None;
                    out.slack += u16::from(unseen);
                    had = true;
                }
                if had && unseen {
                    record.unseen += 1;
                    record.floor.0 = record.floor.0.saturating_sub(1);
                }
            }
        });
    }

    /// What a member was to get does not reach it: its leader may be none any more, and takes it back as far as it is one.
    pub(super) fn giving_back(&self, place: &Place, member: &Member, runs: &[Acquired]) {
        self.on(place, |records| {
            for (offset, count) in offsets(runs) {
                let Some(record) = records.get_mut(&offset) else { continue };
                let outs = record.out.values_mut();
                for out in outs.filter(|out| out.member == *member && out.count == count) {
                    out.until = None;
                    out.slack += 1;
                }
                record.unseen += 1;
                record.floor.0 = record.floor.0.saturating_sub(1);
            }
        });
    }

    /// Everything that is committed was done by somebody, turned down, or out too often; nobody had anything else. What
    /// became of each record.
    pub(super) fn ended(
        &self,
        group: &ShareGroup,
        place: &Place,
        committed: &BTreeSet<i64>,
    ) -> BTreeMap<i64, End> {
        let mut wrong = Vec::new();
        let ends = self.on(place, |records| {
            for offset in committed {
                let done = records
                    .get(offset)
                    .is_some_and(|record| record.told || record.unsure > 0 || record.spent);
                if !done {
                    wrong.push(format!("{offset} was passed over: {:?}", records.get(offset)));
                }
            }
            let stray = |(offset, record): &(&i64, &Record)| record.given && !committed.contains(offset);
            if let Some((offset, record)) = records.iter().find(stray).filter(|_| group.committed) {
                wrong.push(format!("{offset} is not committed, and was given out: {record:?}"));
            }
            let ends =
                records.iter().filter(|(offset, _)| committed.contains(offset)).map(|(offset, record)| {
                    let rejected = record.settled.is_some_and(|settled| !settled.accepted);
                    let end = End {
                        given_up: rejected || !(record.told || record.unsure > 0),
                        may_be_given_up: record.turned_down || record.spent,
                        taken: record.taken,
                    };
                    (*offset, end)
                });
            ends.collect()
        });
        self.complain(place, wrong);
        ends
    }
}
