use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::budget::Budget;

fn index(budget: &Arc<Budget>) -> Index {
    Index::new(budget.take(0).expect("nothing"))
}

fn put(index: &mut Index, id: u64, offset: i64, timestamp: i64) {
    assert!(index.reserve(1));
    index.insert(Id(id, 0), Place { offset, timestamp });
}

fn offset(index: &Index, id: u64, timestamp: i64, window: i64) -> Option<i64> {
    index.find(Id(id, 0), timestamp, window).map(|place| place.offset)
}

#[test]
fn an_id_counts_for_its_window_to_the_millisecond() {
    let mut index = index(&Budget::new(1 << 20));
    put(&mut index, 1, 7, 1_000);
    assert_eq!(offset(&index, 1, 1_000, 500), Some(7));
    assert_eq!(offset(&index, 1, 1_499, 500), Some(7));
    assert_eq!(offset(&index, 1, 1_500, 500), None);
    assert_eq!(offset(&index, 1, 0, 500), Some(7), "one that was made before, and comes later");
    assert_eq!(offset(&index, 2, 1_000, 500), None);
    // Another one of the same id begins anew.
    put(&mut index, 1, 9, 1_500);
    assert_eq!(offset(&index, 1, 1_999, 500), Some(9));
    put(&mut index, 1, 7, 1_000);
    assert_eq!(offset(&index, 1, 1_999, 500), Some(9), "read again");
}

#[test]
fn what_has_expired_takes_nothing_any_more() {
    let budget = Budget::new(10_000 * ENTRY);
    let mut index = index(&budget);
    for id in 0..10_000 {
        put(&mut index, id, id.cast_signed(), id.cast_signed());
    }
    assert!(!index.reserve(1) && budget.take(1).is_none());
    // The first one came again: it is younger now.
    index.expire(5_000);
    assert_eq!((index.len(), offset(&index, 4_999, 5_000, 1 << 30)), (5_000, None));
    put(&mut index, 5_000, 20_000, 20_000);
    index.expire(9_990);
    assert_eq!(index.len(), 11);
    assert_eq!(offset(&index, 5_000, 20_000, 1), Some(20_000));
    assert!(index.places.capacity() <= 2 * SMALL && index.ages.capacity() <= 2 * SMALL, "memory comes back");
    index.expire(i64::MAX);
    assert_eq!((index.len(), budget.take(10_000 * ENTRY).is_some()), (0, true));
}

#[test]
fn what_was_reserved_and_not_used_comes_back() {
    let budget = Budget::new(10 * ENTRY + 100);
    let mut index = Index::new(budget.take(100).expect("there is room"));
    assert!(index.reserve(10) && !index.reserve(1));
    index.insert(Id(1, 0), Place { offset: 1, timestamp: 1 });
    index.give_back();
    assert!(index.reserve(9) && !index.reserve(1));
    drop(index);
    assert!(budget.take(10 * ENTRY + 100).is_some());
}

proptest! {
    /// Against a list of everything.
    #[test]
    fn it_finds_what_a_list_finds(
        steps in prop::collection::vec((0..20_u64, 0..30_i64, any::<bool>()), 1..300),
        window in 1..60_i64,
    ) {
        let budget = Budget::new(1 << 20);
        let mut index = index(&budget);
        let mut list: Vec<(u64, i64, i64)> = Vec::new();
        let mut now = 0;
        for (at, (id, behind, foreign)) in (0..).zip(steps) {
            now += 3;
            // Times are not in order, and at most 30 behind.
            let timestamp = now - behind;
            index.expire(now - window - 30);
            let of_id = list.iter().filter(|known| known.0 == id).copied();
            let latest = of_id.reduce(|a, b| if b.2 > a.2 { b } else { a });
            let expected = latest.filter(|known| timestamp - known.2 < window).map(|known| known.1);
            prop_assert_eq!(offset(&index, id, timestamp, window), expected);
            // Some write without asking.
            if foreign || expected.is_none() {
                list.push((id, at, timestamp));
                put(&mut index, id, at, timestamp);
            }
            index.give_back();
            let alive = index.ages.len();
            prop_assert!(index.len() <= alive);
            prop_assert!(budget.take((1 << 20) - alive * ENTRY).is_some() && index.share.bytes() == alive * ENTRY);
        }
    }
}
