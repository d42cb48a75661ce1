//! Whatever is done in whatever order: a share partition does what one row for each record would.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{at, member, plan};
use crate::{
    Ack, AckBatch, Acked, Limits, Look, Mode, Plan, Release, Says, SharePartition, Span, StoredState,
    ToWrite, Wanted,
};

const LIMITS: Limits = Limits { max_deliveries: 3, max_locks: 25, ..super::LIMITS };

#[derive(Clone, Debug, PartialEq)]
enum Row {
    Available,
    With(usize, u64),
    Settling(StoredState, u64),
    /// On its way to be deferred until then.
    Deferring(u64, u64),
    Deferred(u64),
    Done(bool),
}

/// One row for each record between start and end.
#[derive(Clone, Debug, Default)]
struct Model {
    start: i64,
    end: i64,
    rows: BTreeMap<i64, (Row, u16)>,
}

impl Model {
    fn settle(&mut self) {
        while let Some((at, (Row::Done(_), _))) = self.rows.first_key_value() {
            self.start = at + 1;
            self.rows.pop_first();
        }
        self.start = self.start.max(self.rows.first_key_value().map_or(self.end, |(at, _)| *at));
    }

    /// What counts for the limit.
    fn counted(&self) -> u64 {
        let out = |row: &Row| matches!(row, Row::With(..) | Row::Settling(..) | Row::Deferring(..));
        self.rows.values().filter(|(row, _)| out(row)).count() as u64
    }

    fn open(&self) -> u64 {
        self.rows.values().filter(|(row, _)| !matches!(row, Row::Done(_))).count() as u64
    }

    fn acquire(
        &mut self,
        who: usize,
        from: i64,
        read: &[Span],
        wanted: (u64, Mode),
        now: u64,
    ) -> Vec<(i64, u16)> {
        let mut taken = Vec::new();
        let mut next = from.max(self.start);
        let (most, mode) = wanted;
        'read: for span in read.iter().filter(|span| span.last >= from) {
            for offset in next..=span.last {
                let hidden = span.hidden || offset < span.first;
                let new = offset >= self.end;
                let out_too_often = |count| count >= LIMITS.max_deliveries;
                let wanted = new
                    || matches!(self.rows.get(&offset), Some((Row::Available, count)) if !out_too_often(*count));
                let begins = offset == next.max(span.first);
                let enough = taken.len() as u64 >= most;
                if !hidden && enough && (begins || mode == Mode::Records && wanted) {
                    break 'read;
                }
                if hidden {
                    let row = self.rows.entry(offset).or_insert((Row::Available, 0));
                    if row.0 == Row::Available {
                        row.0 = Row::Done(false);
                    }
                } else {
                    let spent = matches!(self.rows.get(&offset), Some((Row::Available, count)) if out_too_often(*count));
                    if (new || wanted) && !spent && self.counted() >= u64::from(LIMITS.max_locks) {
                        break 'read;
                    }
                    let row = self.rows.entry(offset).or_insert((Row::Available, 0));
                    if row.0 == Row::Available && row.1 >= LIMITS.max_deliveries {
                        row.0 = Row::Done(false);
                    } else if row.0 == Row::Available {
                        *row = (Row::With(who, now + 30), row.1 + 1);
                        taken.push((offset, row.1));
                    }
                }
                self.end = self.end.max(offset + 1);
            }
            next = next.max(span.last + 1);
        }
        self.settle();
        taken
    }

    fn each(&mut self, mut change: impl FnMut(&mut (Row, u16))) {
        self.rows.values_mut().for_each(&mut change);
        self.settle();
    }
}

fn back(row: &mut (Row, u16)) {
    row.0 = if row.1 >= LIMITS.max_deliveries { Row::Done(false) } else { Row::Available };
}

#[derive(Clone, Debug)]
enum Step {
    Acquire { who: usize, gap: i64, sizes: Vec<(i64, bool)>, most: u64, exact: bool },
    Ack { who: usize, first: i64, acks: Vec<Ack> },
    Pass { seconds: u64 },
    Release { who: usize, unseen: bool },
    Begin,
    Written { durable: bool },
    LogStart { by: i64 },
    Reload,
}

fn step() -> impl Strategy<Value = Step> {
    let ack = prop_oneof![
        4 => Just(Ack::Accept),
        2 => Just(Ack::Release),
        2 => (1..40_u64).prop_map(|seconds| Ack::Defer(Duration::from_secs(seconds))),
        1 => Just(Ack::Reject),
        1 => Just(Ack::Gap),
        1 => Just(Ack::Renew)
    ];
    let sizes = proptest::collection::vec((1..6_i64, proptest::bool::weighted(0.1)), 1..4);
    prop_oneof![
        6 => (0..3_usize, 0..2_i64, sizes, 0..12_u64, any::<bool>())
            .prop_map(|(who, gap, sizes, most, exact)| Step::Acquire { who, gap, sizes, most, exact }),
        8 => (0..3_usize, 0..40_i64, proptest::collection::vec(ack, 1..5))
            .prop_map(|(who, first, acks)| Step::Ack { who, first, acks }),
        1 => (1..40_u64).prop_map(|seconds| Step::Pass { seconds }),
        1 => (0..3_usize, any::<bool>()).prop_map(|(who, unseen)| Step::Release { who, unseen }),
        4 => Just(Step::Begin),
        4 => proptest::bool::weighted(0.8).prop_map(|durable| Step::Written { durable }),
        1 => (1..5_i64).prop_map(|by| Step::LogStart { by }),
        1 => Just(Step::Reload),
    ]
}

struct World {
    share: SharePartition,
    model: Model,
    now: u64,
    writing: Option<(u64, SharePartition)>,
    /// What the writes that are durable make, one after another.
    stored: Option<SharePartition>,
}

impl World {
    fn act(&mut self, step: Step) {
        let names = [member("a"), member("b"), member("c")];
        match step {
            Step::Acquire { who, gap, sizes, most, exact } => {
                let Plan::ReadFrom(from) = plan(&mut self.share, &LIMITS) else { return };
                let mut next = from + gap;
                let read: Vec<Span> = sizes
                    .into_iter()
                    .map(|(size, hidden)| {
                        let span = Span { first: next, last: next + size - 1, hidden };
                        next += size;
                        span
                    })
                    .collect();
                let mode = if exact { Mode::Records } else { Mode::Batches };
                // Record by record is the same as to the record, as long as the log has all of them.
                let taken = if mode == Mode::Records && self.now.is_multiple_of(2) {
                    let visible = read.iter().filter(|span| !span.hidden);
                    let looks: Vec<Look> = visible
                        .flat_map(|span| {
                            (span.first..=span.last).map(|offset| Look {
                                offset,
                                cost: 1,
                                says: Some(Says::default()),
                            })
                        })
                        .collect();
                    let wanted = Wanted { records: most, bytes: u64::MAX };
                    self.share.select(
                        &names[who],
                        from,
                        (&read, &looks),
                        (wanted, None),
                        at(self.now),
                        &LIMITS,
                    )
                } else {
                    self.share.acquire(&names[who], from, &read, (most, mode), at(self.now), &LIMITS)
                };
                let taken: Vec<(i64, u16)> = taken
                    .iter()
                    .flat_map(|run| (run.first..=run.last).map(|offset| (offset, run.count)))
                    .collect();
                assert_eq!(taken, self.model.acquire(who, from, &read, (most, mode), self.now));
            }
            Step::Ack { who, first, acks } => self.ack(&names[who], who, first, &acks),
            Step::Pass { seconds } => {
                self.now += seconds;
                self.share.expire(at(self.now), &LIMITS);
                let now = self.now;
                self.model.each(|row| match row.0 {
                    Row::With(_, until) if until <= now => back(row),
                    Row::Deferred(until) if until <= now => row.0 = Row::Available,
                    _ => {}
                });
            }
            Step::Release { who, unseen } => {
                let how = if unseen { Release::Unseen } else { Release::Counted };
                self.share.release(&names[who], how, &LIMITS);
                self.model.each(|row| {
                    if matches!(row.0, Row::With(holder, _) if holder == who) {
                        row.1 -= u16::from(unseen);
                        back(row);
                    }
                });
            }
            Step::Begin if self.share.wants_write() => {
                let all = self.share.snapshot();
                let ToWrite { number, whole, state } = self.share.begin_write();
                let stored = match &self.stored {
                    Some(stored) if !whole => {
                        let mut stored = stored.clone();
                        stored.update(&state).unwrap();
                        stored
                    }
                    _ => {
                        assert!(whole, "the first write says everything");
                        SharePartition::restore(&state).unwrap()
                    }
                };
                stored.check();
                assert_eq!(stored.snapshot(), all, "as if everything had been written");
                self.writing = Some((number, stored));
            }
            Step::Written { durable } => {
                let Some((number, stored)) = self.writing.take() else { return };
                if durable {
                    self.stored = Some(stored);
                }
                self.share.written(number, durable, &LIMITS);
                self.model.each(|row| match row.0 {
                    Row::Settling(to, write) if write == number => match (durable, to) {
                        (true, StoredState::Available) => row.0 = Row::Available,
                        (true, to) => row.0 = Row::Done(to == StoredState::Accepted),
                        (false, _) => back(row),
                    },
                    Row::Deferring(until, write) if write == number => match durable {
                        true => row.0 = Row::Deferred(until),
                        false => back(row),
                    },
                    _ => {}
                });
            }
            Step::LogStart { by } => {
                let to = self.share.start() + by;
                self.share.log_start_moved(to);
                self.model.rows = self.model.rows.split_off(&to);
                self.model.start = to;
                self.model.end = self.model.end.max(to);
                self.model.settle();
            }
            Step::Reload if self.writing.is_none() => {
                self.share = SharePartition::restore(&self.share.snapshot()).unwrap();
                self.stored = Some(self.share.clone());
                self.model.each(|row| match row.0 {
                    Row::With(..)
                    | Row::Settling(StoredState::Available, _)
                    | Row::Deferring(..)
                    | Row::Deferred(_) => row.0 = Row::Available,
                    Row::Settling(to, _) => row.0 = Row::Done(to == StoredState::Accepted),
                    _ => {}
                });
            }
            Step::Begin | Step::Reload => {}
        }
    }

    fn ack(&mut self, name: &str, who: usize, offset: i64, acks: &[Ack]) {
        let first = self.share.start() + offset;
        let last = first + acks.len() as i64 - 1;
        let said = self.share.acknowledge(name, &[AckBatch { first, last, acks }], at(self.now), &LIMITS);
        let mine = (first..=last).all(|offset| {
            matches!(self.model.rows.get(&offset), Some((Row::With(holder, _), _)) if *holder == who)
        });
        assert_eq!(said.is_ok(), mine);
        let Ok(said) = said else { return };
        for (offset, ack) in (first..).zip(acks) {
            let (row, count) = self.model.rows.get_mut(&offset).unwrap();
            let to = match ack {
                Ack::Renew => {
                    *row = Row::With(who, self.now + 30);
                    continue;
                }
                Ack::Defer(delay) if *count < LIMITS.max_deliveries => {
                    let Acked::With { write } = said else { panic!("an acknowledgement is written") };
                    *row = Row::Deferring(self.now + delay.as_secs(), write);
                    continue;
                }
                Ack::Accept => StoredState::Accepted,
                Ack::Release if *count < LIMITS.max_deliveries => StoredState::Available,
                Ack::Gap | Ack::Reject | Ack::Release | Ack::Defer(_) => StoredState::Archived,
            };
            let Acked::With { write } = said else { panic!("an acknowledgement is written") };
            *row = Row::Settling(to, write);
        }
    }

    fn compare(&self) {
        self.share.check();
        assert_eq!((self.share.start(), self.share.end()), (self.model.start, self.model.end));
        assert_eq!(self.share.open(), self.model.open());
        let with = self.model.rows.values().filter(|(row, _)| matches!(row, Row::With(..))).count() as u64;
        assert_eq!(self.share.acquired(), with);
        let next = self.model.rows.iter().find(|(_, (row, _))| *row == Row::Available).map(|(at, _)| *at);
        let planned = match next {
            _ if self.model.counted() >= u64::from(LIMITS.max_locks) => Plan::Full,
            Some(at) => Plan::ReadFrom(at),
            None => Plan::ReadFrom(self.model.end),
        };
        assert_eq!(plan(&mut self.share.clone(), &LIMITS), planned);
        assert!(self.share.ranges.len() <= self.model.rows.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn ranges_do_what_rows_would(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World {
            share: SharePartition::new(0),
            model: Model::default(),
            now: 0,
            writing: None,
            stored: None,
        };
        for step in steps {
            world.act(step);
            world.compare();
        }
    }
}
