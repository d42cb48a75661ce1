//! Ten million records, of which every tenth was put back.

use std::{sync::Arc, time::Duration};

use esker_env::Monotonic;

use super::*;
use crate::state::{Entry, Outcome, State};

const RECORDS: i64 = 10_000_000;
const MOST_BYTES: usize = 24_000_000;
const RUNS: usize = 2_000_000;

fn available() -> Entry {
    Entry { count: 1, state: State::Available }
}

fn done() -> Entry {
    Entry { count: 1, state: State::Done { accepted: true } }
}

fn acquired(batch: i64) -> Entry {
    let until = Monotonic(Duration::from_millis(batch.unsigned_abs()));
    Entry { count: 1, state: State::Acquired { member: Arc::from("member"), until } }
}

fn pushed() -> Ranges<Entry> {
    let mut ranges = Ranges::default();
    for first in (0..RECORDS).step_by(10) {
        ranges.push(first, first, available());
        ranges.push(first + 1, first + 9, done());
    }
    ranges
}

/// All of them out, in batches.
fn all_out() -> Ranges<Entry> {
    let mut ranges = Ranges::default();
    for first in (0..RECORDS).step_by(500) {
        ranges.push(first, first + 499, acquired(first / 500));
    }
    ranges
}

/// The first of ten, in an order that jumps about: all of them, each once.
fn tens_in_disorder() -> impl Iterator<Item = i64> {
    (0..RECORDS / 10).map(|number| number * 618_033 % (RECORDS / 10) * 10)
}

fn assert_is_pushed(ranges: &Ranges<Entry>) {
    ranges.check();
    assert_eq!(ranges.len(), RUNS);
    assert_eq!((ranges.count(Class::Available), ranges.count(Class::Done)), (1_000_000, 9_000_000));
    assert!(*ranges == pushed());
}

#[track_caller]
fn assert_small(ranges: &Ranges<Entry>, how: &str) {
    let bytes = ranges.bytes();
    let of_run = bytes as f64 / ranges.len() as f64;
    println!(
        "{how}: {} runs, {} pages, {bytes} bytes, {of_run:.2} for each",
        ranges.len(),
        ranges.pages.len()
    );
    assert!(bytes <= MOST_BYTES, "{bytes} bytes {how}");
}

#[test]
fn pushed_runs_are_small() {
    let ranges = pushed();
    assert_small(&ranges, "pushed");
    assert_is_pushed(&ranges);
}

#[test]
fn settled_runs_are_small() {
    let mut ranges = all_out();
    // Said, and on their way to the log in writes of ten thousand.
    for first in (0..RECORDS).step_by(10) {
        let write = (first / 10_000).unsigned_abs();
        let settling = |to| {
            move |_: i64, _: i64, entry: &Entry| {
                Some(Entry { state: State::Settling { to, write }, ..entry.clone() })
            }
        };
        ranges.change(first, first, settling(Outcome::Available));
        ranges.change(first + 1, first + 9, settling(Outcome::Accepted));
        if first % 10_000 == 9_990 {
            assert!(ranges.table.size().0 <= 20_000 + 2);
            ranges.change_of(Class::Out, |_, _, entry| match &entry.state {
                State::Settling { to, .. } => Some(Entry { state: to.state(), ..entry.clone() }),
                _ => None,
            });
            if first % 1_000_000 == 999_990 {
                assert!(ranges.bytes() <= MOST_BYTES);
            }
        }
    }
    assert_small(&ranges, "settled in order");
    assert_is_pushed(&ranges);
}

#[test]
fn runs_settled_in_disorder_are_small() {
    let mut ranges = all_out();
    for first in tens_in_disorder() {
        ranges.change(first + 1, first + 9, |_, _, _| Some(done()));
    }
    ranges.change_of(Class::Out, |_, _, _| Some(available()));
    assert_small(&ranges, "settled in disorder");
    assert_is_pushed(&ranges);
    assert_eq!(ranges.table.size().0, 0, "nothing is with anybody");
}

#[test]
fn memory_is_given_back() {
    let mut ranges = pushed();
    for (number, first) in tens_in_disorder().enumerate() {
        ranges.change(first, first, |_, _, _| Some(done()));
        if number % 100_000 == 99_999 {
            ranges.check();
            // Some kilobytes for what there always is.
            assert!(ranges.bytes() <= ranges.len() * 12 + 4096, "{} for {}", ranges.bytes(), ranges.len());
        }
    }
    assert_eq!((ranges.len(), ranges.pages.len()), (1, 1));
    assert!(ranges.bytes() <= 2048);
}

#[test]
fn what_is_done_looks_into_few_pages() {
    let mut ranges = pushed();
    let mut most = 0;
    let mut before = ranges.looks.get();
    let mut all = |ranges: &Ranges<Entry>| {
        most = most.max(ranges.looks.get() - before);
        before = ranges.looks.get();
    };
    for first in tens_in_disorder().take(100_000) {
        ranges.change(first, first, |_, _, _| Some(acquired(0)));
        all(&ranges);
        assert_eq!(ranges.next_of(Class::Out, first), Some((first, first, acquired(0))));
        all(&ranges);
        ranges.change(first + 3, first + 3, |_, _, _| Some(available()));
        all(&ranges);
        ranges.change(first, first + 9, |_, _, _| Some(done()));
        all(&ranges);
    }
    // All that is available is at the end: as far away as may be.
    let far = RECORDS - 10;
    ranges.change(0, far - 1, |_, _, _| Some(done()));
    ranges.change(5, 5, |_, _, _| Some(available()));
    before = ranges.looks.get();
    assert_eq!(ranges.next_of(Class::Available, 6).map(|(first, ..)| first), Some(far));
    assert!(ranges.looks.get() - before <= 2);
    // A change, or one and what becomes of the page: it is cut into two, or is made one with another.
    assert!(most <= 12, "{most} pages for one change");
}

#[test]
fn the_next_of_a_class_is_found_past_thousands_of_pages() {
    let mut ranges = pushed();
    assert!(ranges.pages.len() > 3000);
    ranges.change(RECORDS - 2, RECORDS - 2, |_, _, _| Some(acquired(0)));
    ranges.looks.set(0);
    assert_eq!(ranges.next_of(Class::Out, 0).map(|(first, ..)| first), Some(RECORDS - 2));
    ranges.change_of(Class::Out, |_, _, _| Some(available()));
    assert!(ranges.looks.get() <= 4, "{} pages", ranges.looks.get());
    ranges.looks.set(0);
    while ranges.len() > 1_000_000 {
        ranges.pop_first();
    }
    assert!(ranges.looks.get() <= 2 * 1_000_000 + 10, "{} pages", ranges.looks.get());
    ranges.check();
}
