//! The same as with a row for each record.

use std::{ops::Range, rc::Rc};

use proptest::prelude::*;

use super::*;

const ALL: [Class; CLASSES] = [Class::Available, Class::Out, Class::Deferred, Class::Dying, Class::Done];

/// A state, packed when it has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    class: Class,
    value: u8,
    name: Option<Rc<str>>,
}

impl Classed for Row {
    fn class(&self) -> Class {
        self.class
    }

    fn pack(&self) -> Option<u32> {
        self.name.is_none().then(|| 0xff_0000 | (self.class as u32) << 8 | u32::from(self.value))
    }

    fn unpack(packed: u32) -> Self {
        Self { class: ALL[(packed >> 8 & 0xff) as usize], value: packed as u8, name: None }
    }
}

type Runs = Vec<(i64, i64, Row)>;

/// A row for each step of so many records.
struct Model {
    rows: Vec<Row>,
    /// Where the first of them begins.
    first: i64,
    step: i64,
}

impl Model {
    fn offset(&self, row: usize) -> i64 {
        self.first + self.step * i64::try_from(row).unwrap()
    }

    /// The last offset of what ends before a row.
    fn last(&self, row: usize) -> i64 {
        self.offset(row) - 1
    }

    fn runs(&self, range: Range<usize>) -> Runs {
        let mut runs = Runs::new();
        for row in range {
            match runs.last_mut() {
                Some((_, last, state)) if *state == self.rows[row] => *last = self.last(row + 1),
                _ => runs.push((self.offset(row), self.last(row + 1), self.rows[row].clone())),
            }
        }
        runs
    }

    fn all(&self) -> Runs {
        self.runs(0..self.rows.len())
    }

    fn of(&self, class: Class) -> Runs {
        self.all().into_iter().filter(|(_, _, state)| state.class == class).collect()
    }

    /// Runs as they are after a change.
    fn change(&mut self, runs: &[(i64, i64, Row)], how: &How) {
        for (first, last, state) in runs {
            let Some(new) = how.change(*first, state) else { continue };
            for row in 0..self.rows.len() {
                if (*first..=*last).contains(&self.offset(row)) {
                    self.rows[row] = new.clone();
                }
            }
        }
    }
}

/// What a change makes of a run.
#[derive(Clone, Debug)]
struct How {
    /// Only what is like this.
    only: Option<Class>,
    /// Only runs whose first offset leaves this, halved until it is odd.
    sieve: u32,
    to: Row,
    /// The value stays.
    keeps: bool,
}

impl How {
    fn change(&self, first: i64, state: &Row) -> Option<Row> {
        let hit = self.only.is_none_or(|class| class == state.class)
            && (first.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62) as u32 >= self.sieve;
        let value = if self.keeps { state.value } else { self.to.value };
        hit.then(|| Row { value, ..self.to.clone() })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<(usize, Row)>),
    Change(prop::sample::Index, prop::sample::Index, How),
    /// One row.
    Point(prop::sample::Index, Row),
    ChangeOf(Class, How),
    DropBefore(prop::sample::Index),
    DropAll,
    PopFirst,
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(&ALL[..])
}

fn row() -> impl Strategy<Value = Row> {
    let name = prop_oneof![3 => Just(None), 2 => prop::sample::select(&["a", "b", "c"][..]).prop_map(Some)];
    (class(), 0..3_u8, name).prop_map(|(class, value, name)| Row { class, value, name: name.map(Rc::from) })
}

fn how() -> impl Strategy<Value = How> {
    let sieve = prop_oneof![Just(0_u32), 0..4_u32];
    (prop::option::of(class()), sieve, row(), any::<bool>()).prop_map(|(only, sieve, to, keeps)| How {
        only,
        sieve,
        to,
        keeps,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => prop::collection::vec((1..4_usize, row()), 1..40).prop_map(Step::Push),
        4 => (index(), index(), how()).prop_map(|(one, two, how)| Step::Change(one, two, how)),
        9 => (index(), row()).prop_map(|(at, row)| Step::Point(at, row)),
        2 => (class(), how()).prop_map(|(class, how)| Step::ChangeOf(class, how)),
        1 => index().prop_map(Step::DropBefore),
        1 => Just(Step::PopFirst),
        1 => prop_oneof![1 => Just(Step::DropAll), 9 => Just(Step::PopFirst)],
    ]
}

struct World {
    ranges: Ranges<Row, 8>,
    model: Model,
}

impl World {
    fn act(&mut self, step: &Step) {
        let rows = self.model.rows.len();
        match step {
            Step::Push(runs) => {
                for (more, state) in runs {
                    let first = self.model.offset(self.model.rows.len());
                    self.model.rows.extend(std::iter::repeat_n(state.clone(), *more));
                    let last = self.model.last(self.model.rows.len());
                    self.ranges.push(first, last, state.clone());
                }
            }
            Step::Change(one, two, how) => {
                let (one, two) = (one.index(rows + 1), two.index(rows + 1));
                self.change(one.min(two)..one.max(two), how);
            }
            Step::Point(at, to) => {
                let how = How { only: None, sieve: 0, to: to.clone(), keeps: false };
                let at = at.index(rows + 1);
                self.change(at..(at + 1).min(rows), &how);
            }
            Step::ChangeOf(class, how) => {
                let runs = self.model.of(*class);
                let mut seen = Runs::new();
                self.ranges.change_of(*class, |first, last, state| {
                    seen.push((first, last, state.clone()));
                    how.change(first, state)
                });
                assert_eq!(seen, runs);
                self.model.change(&runs, how);
            }
            Step::DropBefore(at) => {
                let at = at.index(rows + 1);
                self.ranges.drop_before(self.model.offset(at));
                self.drop(at);
            }
            Step::DropAll => {
                self.ranges.drop_before(self.model.offset(rows).saturating_add(7));
                self.drop(rows);
            }
            Step::PopFirst => {
                self.ranges.pop_first();
                let rows = self.model.rows.iter().take_while(|row| **row == self.model.rows[0]).count();
                self.drop(rows);
            }
        }
    }

    fn drop(&mut self, rows: usize) {
        self.model.first = self.model.offset(rows);
        self.model.rows.drain(..rows);
    }

    fn change(&mut self, rows: Range<usize>, how: &How) {
        let (first, last) = (self.model.offset(rows.start), self.model.last(rows.end));
        let runs = self.model.runs(rows);
        let mut seen = Runs::new();
        self.ranges.change(first, last, |first, last, state| {
            seen.push((first, last, state.clone()));
            how.change(first, state)
        });
        assert_eq!(seen, runs);
        self.model.change(&runs, how);
    }

    fn compare(&self, probe: usize) {
        self.ranges.check();
        let runs = self.model.all();
        assert_eq!(self.ranges.len(), runs.len());
        assert_eq!(self.ranges.first(), runs.first().cloned());
        let rows = self.model.rows.len();
        let (from, to) = (probe % (rows + 1), probe / 7 % (rows + 1));
        let (from, to) = (from.min(to), from.max(to));
        let within: Runs = self.ranges.within(self.model.offset(from), self.model.last(to)).collect();
        assert_eq!(within, self.model.runs(from..to));
        let beyond = self.ranges.within(self.model.offset(from), i64::MAX);
        assert_eq!(beyond.collect::<Runs>(), self.model.runs(from..rows));
        for class in ALL {
            let of_class = self.model.of(class);
            let records: u64 = of_class.iter().map(|(first, last, _)| count(*first, *last)).sum();
            assert_eq!(self.ranges.count(class), records);
            let cut = self.model.runs(from..rows);
            let next = cut.into_iter().find(|(_, _, state)| state.class == class);
            assert_eq!(self.ranges.next_of(class, self.model.offset(from)), next);
            assert_eq!(self.ranges.next_of(class, i64::MIN), of_class.first().cloned());
            assert_eq!(self.ranges.iter_of(class).collect::<Runs>(), of_class);
        }
        assert_eq!(self.ranges.iter().collect::<Runs>(), runs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// With steps of many records, a page's runs are too far apart for their four bytes.
    #[test]
    fn ranges_are_rows(
        steps in prop::collection::vec((step(), any::<u16>()), 1..60),
        step in prop::sample::select(&[1, 3, 1 << 30, (1 << 32) - 1, 1 << 32, (1 << 33) + 5][..]),
        at_the_end in any::<bool>(),
    ) {
        // So many that no push goes beyond the last of all offsets.
        let first = if at_the_end { i64::MAX - step * 60 * 120 } else { 0 };
        let mut world = World {
            ranges: Ranges::default(),
            model: Model { rows: Vec::new(), first, step },
        };
        for (step, probe) in steps {
            world.act(&step);
            world.compare(usize::from(probe));
        }
        let copy = world.ranges.clone();
        assert!(copy == world.ranges);
    }
}

fn plain(class: Class, value: u8) -> Row {
    Row { class, value, name: None }
}

#[test]
fn runs_are_cut_within_and_joined_again() {
    let mut ranges: Ranges<Row, 8> = Ranges::default();
    ranges.push(5, i64::MAX - 1, plain(Class::Out, 0));
    ranges.change(7, 9, |_, _, _| Some(plain(Class::Done, 0)));
    ranges.change(i64::MAX - 1, i64::MAX, |_, _, _| Some(plain(Class::Done, 0)));
    ranges.check();
    let runs: Vec<_> = ranges.iter().map(|(first, last, state)| (first, last, state.class)).collect();
    let (out, done) = (Class::Out, Class::Done);
    let end = i64::MAX - 1;
    assert_eq!(runs, [(5, 6, out), (7, 9, done), (10, end - 1, out), (end, end, done)]);
    ranges.change_of(Class::Out, |_, _, _| Some(plain(Class::Done, 0)));
    ranges.check();
    assert_eq!(ranges.iter().collect::<Runs>(), [(5, end, plain(Class::Done, 0))]);
    ranges.drop_before(end);
    assert_eq!(ranges.first(), Some((end, end, plain(Class::Done, 0))));
    ranges.pop_first();
    assert_eq!((ranges.first(), ranges.len()), (None, 0));
    // What is behind all others is anywhere when there are none.
    ranges.push(3, 3, plain(Class::Dying, 0));
    ranges.check();
}

#[test]
#[should_panic(expected = "runs follow one another")]
fn a_gap_is_not_pushed() {
    let mut ranges: Ranges<Row, 8> = Ranges::default();
    ranges.push(0, 4, plain(Class::Out, 0));
    ranges.push(6, 7, plain(Class::Out, 0));
}
