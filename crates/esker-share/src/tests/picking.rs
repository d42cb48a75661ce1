//! Groups that heed what records say: times, priorities, the order of keys, and members that do not want everything. Whatever
//! is done in whatever order, against one row for each record.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{at, member, plan, span};
use crate::{Ack, AckBatch, Cursor, Heeds, Limits, Look, Plan, Release, Says, SharePartition, Wanted};

/// What a record of the log says.
#[derive(Clone, Copy, Debug)]
struct Said {
    due: u64,
    expires: u64,
    priority: u8,
    key: u64,
    colour: u8,
}

fn said() -> impl Strategy<Value = Said> {
    (
        prop_oneof![3 => Just(0), 1 => 0..60_u64],
        prop_oneof![4 => Just(u64::MAX), 1 => 0..90_u64],
        0..3_u8,
        0..4_u64,
        0..2_u8,
    )
        .prop_map(|(due, expires, priority, key, colour)| Said { due, expires, priority, key, colour })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Row {
    Open,
    With(usize, u64),
    Settling(bool, Option<u64>),
    Later(u64),
    Done,
}

#[derive(Clone, Debug)]
enum Step {
    Publish(Vec<Said>),
    Take { who: usize, most: u64, bytes: u64 },
    Say { nth: usize, ack: Ack },
    Store { durable: bool },
    Pass { seconds: u64 },
    Release { who: usize },
    Reload,
}

fn step() -> impl Strategy<Value = Step> {
    let ack = prop_oneof![
        4 => Just(Ack::Accept),
        2 => Just(Ack::Release),
        1 => Just(Ack::Reject),
        2 => (1..40_u64).prop_map(|seconds| Ack::Defer(Duration::from_secs(seconds))),
    ];
    prop_oneof![
        3 => proptest::collection::vec(said(), 1..8).prop_map(Step::Publish),
        6 => (0..3_usize, 1..6_u64, 1..6_u64).prop_map(|(who, most, bytes)| Step::Take { who, most, bytes }),
        6 => (0..40_usize, ack).prop_map(|(nth, ack)| Step::Say { nth, ack }),
        4 => proptest::bool::weighted(0.9).prop_map(|durable| Step::Store { durable }),
        1 => (1..30_u64).prop_map(|seconds| Step::Pass { seconds }),
        1 => (0..3_usize).prop_map(|who| Step::Release { who }),
        1 => Just(Step::Reload),
    ]
}

struct World {
    limits: Limits,
    share: SharePartition,
    log: Vec<Said>,
    rows: BTreeMap<i64, (Row, u16)>,
    /// The third member wants the first colour alone.
    cursor: Cursor,
    now: u64,
    /// Records that are read at a time.
    reach: i64,
}

impl World {
    fn new(heeds: Heeds) -> Self {
        let limits = Limits { max_deliveries: 3, max_locks: 12, heeds, ..super::LIMITS };
        Self {
            limits,
            share: SharePartition::new(0),
            log: Vec::new(),
            rows: BTreeMap::new(),
            cursor: Cursor::default(),
            now: 0,
            reach: 6,
        }
    }

    fn wants(&self, who: usize, offset: i64) -> bool {
        who < 2 || self.log[offset as usize].colour == 0
    }

    /// Whether a record could be given to a member now.
    fn may_have(&self, who: usize, offset: i64) -> bool {
        let Said { due, expires, key, .. } = self.log[offset as usize];
        let heeds = self.limits.heeds;
        let (row, count) = self.rows[&offset];
        let blocked = heeds.order
            && key != 0
            && self.rows.iter().any(|(other, (row, count))| {
                let said = &self.log[*other as usize];
                let out = matches!(row, Row::With(..) | Row::Settling(..));
                // One that has a time of its own has no place in the order before that.
                let waits = !heeds.times || said.due <= self.now || *count > 0;
                let dead = *row == Row::Open
                    && ((heeds.times && said.expires <= self.now) || *count >= self.limits.max_deliveries);
                said.key == key && *row != Row::Done && !dead && (out || (*other < offset && waits))
            });
        let timely = !heeds.times || ((count > 0 || due <= self.now) && expires > self.now);
        row == Row::Open
            && count < self.limits.max_deliveries
            && timely
            && !blocked
            && self.wants(who, offset)
    }

    fn take(&mut self, who: usize, most: u64, bytes: u64) {
        let names = [member("a"), member("b"), member("c")];
        let end = self.log.len() as i64;
        for _ in 0..256 {
            let mut cursor = (who == 2).then_some(self.cursor);
            let Plan::ReadFrom(from) = self.share.plan(&self.limits, end, cursor.as_mut()) else { break };
            if from >= end {
                break;
            }
            // Batches of three.
            let last = (from / 3 * 3 + self.reach - 1).min(end - 1);
            let first = from / 3 * 3;
            let read = [span(first, (first + 2).min(last)), span(first + 3, last)];
            let runs = self.share.open_runs(from, 2);
            let times = self.limits.heeds.times;
            let looks: Vec<Look> = (from..=last)
                .map(|offset| {
                    let Said { due, expires, priority, key, .. } = self.log[offset as usize];
                    let says = Says {
                        due: (times && due > 0).then(|| at(due)),
                        expires: (times && expires < 1000).then(|| at(expires)),
                        priority,
                        key,
                        unwanted: !self.wants(who, offset),
                    };
                    let open = runs.iter().any(|(first, last)| (*first..=*last).contains(&offset));
                    Look { offset, cost: 1, says: open.then_some(says) }
                })
                .collect();
            let wanted = Wanted { records: most, bytes };
            let taken = self.share.select(
                &names[who],
                from,
                (&read, &looks),
                (wanted, cursor.as_mut()),
                at(self.now),
                &self.limits,
            );
            if let Some(cursor) = cursor {
                self.cursor = cursor;
            }
            for run in &taken {
                for offset in run.first..=run.last {
                    assert!(self.may_have(who, offset), "{offset} to {who}: {:?}", self.rows);
                    if self.limits.heeds.priority && !self.limits.heeds.order && who < 2 {
                        let mine = self.log[offset as usize].priority;
                        let better = self.rows.keys().find(|other| {
                            self.log[**other as usize].priority > mine && self.may_have(who, **other)
                        });
                        assert_eq!(better, None, "before {offset}");
                    }
                    let (row, count) = self.rows.get_mut(&offset).unwrap();
                    *count += 1;
                    assert_eq!(*count, run.count);
                    *row = Row::With(who, self.now + 30);
                }
            }
            self.sync();
            if !taken.is_empty() {
                return;
            }
        }
        // Nothing was given out: nothing could be.
        let out = self.rows.values().filter(|(row, _)| matches!(row, Row::With(..) | Row::Settling(..)));
        if out.count() < self.limits.max_locks as usize {
            let could = self.rows.keys().find(|offset| self.may_have(who, **offset));
            assert_eq!(could, None, "for {who}: {:?}", self.rows);
        }
    }

    /// What the share partition has put away by itself.
    fn sync(&mut self) {
        let given_up = |row: &(Row, u16), said: &Said, world: &Self| {
            row.0 == Row::Open
                && (row.1 >= world.limits.max_deliveries
                    || (world.limits.heeds.times && said.expires <= world.now))
        };
        let open: Vec<i64> = self.rows.keys().copied().filter(|at| *at < self.share.end()).collect();
        for offset in open {
            let row = self.rows[&offset];
            let held = self.share.ranges.within(offset, offset).next().map(|(_, _, entry)| entry.state);
            let gone = matches!(held, None | Some(crate::state::State::Done { .. }));
            if gone && row.0 != Row::Done {
                assert!(given_up(&row, &self.log[offset as usize], self), "{offset} is gone: {row:?}");
                self.rows.get_mut(&offset).unwrap().0 = Row::Done;
            }
        }
    }

    fn back(&mut self, which: impl Fn(&Row) -> bool) {
        let most = self.limits.max_deliveries;
        for (row, count) in self.rows.values_mut().filter(|(row, _)| which(row)) {
            *row = if *count >= most { Row::Done } else { Row::Open };
        }
    }

    fn act(&mut self, step: Step) {
        match step {
            Step::Publish(said) => {
                for each in said {
                    self.rows.insert(self.log.len() as i64, (Row::Open, 0));
                    self.log.push(each);
                }
            }
            Step::Take { who, most, bytes } => self.take(who, most, bytes),
            Step::Say { nth, ack } => {
                let with: Vec<(i64, usize)> = self
                    .rows
                    .iter()
                    .filter_map(|(offset, (row, _))| match row {
                        Row::With(who, _) => Some((*offset, *who)),
                        _ => None,
                    })
                    .collect();
                if with.is_empty() {
                    return;
                }
                let (offset, who) = with[nth % with.len()];
                let batch = AckBatch { first: offset, last: offset, acks: &[ack] };
                self.share.acknowledge(["a", "b", "c"][who], &[batch], at(self.now), &self.limits).unwrap();
                let most = self.limits.max_deliveries;
                let (row, count) = self.rows.get_mut(&offset).unwrap();
                *row = match ack {
                    Ack::Release if *count < most => Row::Settling(false, None),
                    Ack::Defer(delay) if *count < most => {
                        Row::Settling(false, Some(self.now + delay.as_secs()))
                    }
                    _ => Row::Settling(true, None),
                };
            }
            // Everything that was said until now.
            Step::Store { durable } => {
                if !self.share.wants_write() {
                    return;
                }
                let number = self.share.begin_write().number;
                self.share.written(number, durable, &self.limits);
                if durable {
                    for (row, _) in self.rows.values_mut() {
                        match *row {
                            Row::Settling(true, _) => *row = Row::Done,
                            Row::Settling(false, Some(until)) => *row = Row::Later(until),
                            Row::Settling(false, None) => *row = Row::Open,
                            _ => {}
                        }
                    }
                } else {
                    self.back(|row| matches!(row, Row::Settling(..)));
                }
            }
            Step::Pass { seconds } => {
                self.now += seconds;
                self.share.expire(at(self.now), &self.limits);
                let now = self.now;
                self.back(|row| matches!(row, Row::With(_, until) if *until <= now));
                for (row, _) in self.rows.values_mut() {
                    if matches!(row, Row::Later(until) if *until <= now) {
                        *row = Row::Open;
                    }
                }
            }
            Step::Release { who } => {
                self.share.release(["a", "b", "c"][who], Release::Counted, &self.limits);
                self.back(|row| matches!(row, Row::With(holder, _) if *holder == who));
            }
            Step::Reload => {
                if self.rows.values().any(|(row, _)| matches!(row, Row::Settling(..))) {
                    return;
                }
                self.share = SharePartition::restore(&self.share.snapshot()).unwrap();
                self.cursor = Cursor::default();
                for (row, _) in self.rows.values_mut() {
                    if matches!(row, Row::With(..) | Row::Later(_)) {
                        *row = Row::Open;
                    }
                }
                // Whose count was never stored was never given out, for all that the next leader knows.
                for (offset, (_, count)) in &mut self.rows {
                    if let Some((_, _, entry)) = self.share.ranges.within(*offset, *offset).next() {
                        *count = entry.count;
                    } else if *offset >= self.share.end() {
                        *count = 0;
                    }
                }
            }
        }
        self.sync();
        self.share.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 768, ..ProptestConfig::default() })]

    #[test]
    fn what_records_say_is_heeded(
        (times, priority, order) in any::<(bool, bool, bool)>(),
        steps in proptest::collection::vec(step(), 1..100),
    ) {
        let mut world = World::new(Heeds { times, priority, order });
        for step in steps {
            world.act(step);
        }
    }
}

#[test]
fn far_ahead_is_looked_for_the_first_of_a_priority() {
    let mut world = World::new(Heeds { priority: true, ..Heeds::default() });
    let plain = Said { due: 0, expires: u64::MAX, priority: 0, key: 0, colour: 0 };
    world.reach = 99;
    world.act(Step::Publish(vec![plain; 400]));
    world.act(Step::Publish(vec![Said { priority: 2, ..plain }]));
    world.act(Step::Publish(vec![plain; 1000]));
    world.take(0, 1, 1);
    assert!(matches!(world.rows[&400].0, Row::With(0, _)));
    assert_eq!(plan(&mut world.share, &world.limits), Plan::ReadFrom(0));
}
