//! Records that are given out one by one, and those that come later.

use std::time::Duration;

use super::{LIMITS, at, got, member, plan, say, span, store};
use crate::{
    Ack, Acquired, Depth, Heeds, Limits, Look, Plan, Says, SharePartition, Snapshot, Span, StoredBatch,
    StoredState, Wanted,
};

/// What is given out of records that cost as much as said, up to `records` and `bytes`.
fn select(
    partition: &mut SharePartition,
    read: &[Span],
    costs: &[(i64, u64)],
    (records, bytes): (u64, u64),
    now: u64,
) -> Vec<Acquired> {
    let Plan::ReadFrom(from) = plan(partition, &LIMITS) else { return Vec::new() };
    let looks: Vec<Look> =
        costs.iter().map(|&(offset, cost)| Look { offset, cost, says: Some(Says::default()) }).collect();
    let wanted = Wanted { records, bytes };
    let taken = partition.select(&member("a"), from, (read, &looks), (wanted, None), at(now), &LIMITS);
    partition.check();
    taken
}

#[test]
fn cost_is_kept_and_one_may_overdraw_it() {
    let mut partition = SharePartition::new(0);
    let costs = [(0, 50), (1, 60), (2, 10), (3, 10), (4, 500)];
    let read = [span(0, 2), span(3, 4)];
    assert_eq!(select(&mut partition, &read, &costs, (10, 1), 0), [got(0, 0, 1)]);
    assert_eq!(select(&mut partition, &read, &costs, (10, 79), 0), [got(1, 2, 1)]);
    assert_eq!(select(&mut partition, &read, &costs, (1, 79), 0), [got(3, 3, 1)]);
    assert_eq!(select(&mut partition, &read, &costs, (10, 1), 0), [got(4, 4, 1)]);
}

#[test]
fn what_the_log_has_no_more_is_passed_over() {
    let mut partition = SharePartition::new(0);
    let hidden = Span { hidden: true, ..span(6, 6) };
    let taken =
        select(&mut partition, &[span(1, 5), hidden, span(7, 9)], &[(2, 1), (4, 1), (8, 1)], (9, 9), 0);
    assert_eq!(taken, [got(2, 2, 1), got(4, 4, 1), got(8, 8, 1)]);
    assert_eq!((partition.start(), partition.end(), partition.open()), (2, 10, 3));
}

#[test]
fn what_is_deferred_comes_at_its_time_and_holds_up_nothing() {
    let mut partition = SharePartition::new(0);
    let costs: Vec<(i64, u64)> = (0..100).map(|offset| (offset, 1)).collect();
    assert_eq!(select(&mut partition, &[span(0, 99)], &costs, (100, 100), 0), [got(0, 99, 1)]);
    assert_eq!(plan(&mut partition, &LIMITS), Plan::Full);
    for (first, seconds) in [(0, 20), (50, 10)] {
        say(&mut partition, "a", first, first + 49, Ack::Defer(Duration::from_secs(seconds))).unwrap();
    }
    assert_eq!(partition.depth().acquired, 100, "until that is durable");
    store(&mut partition, true);
    assert_eq!(partition.depth(), Depth { deferred: 100, ..Depth::default() });
    assert_eq!(
        (partition.open(), plan(&mut partition, &LIMITS)),
        (100, Plan::ReadFrom(100)),
        "they are no locks"
    );
    assert_eq!(partition.next_deadline(), Some(at(11)));
    assert!(!partition.expire(at(10), &LIMITS) && partition.expire(at(11), &LIMITS));
    partition.check();
    assert_eq!(plan(&mut partition, &LIMITS), Plan::ReadFrom(50));
    assert_eq!(select(&mut partition, &[span(0, 99)], &costs, (9, 9), 12), [got(50, 58, 2)]);
    // The next leader knows nothing of times.
    let restored = SharePartition::restore(&partition.snapshot()).unwrap();
    assert_eq!(restored.depth(), Depth { available: 100, ..Depth::default() });
    assert!(partition.log_start_moved(40) && partition.expire(at(21), &LIMITS));
    partition.check();
    assert_eq!(partition.depth(), Depth { available: 51, acquired: 9, ..Depth::default() });
}

#[test]
fn what_is_done_with_before_it_was_looked_at_is_not_looked_for() {
    let heeds = Heeds { priority: true, ..Heeds::default() };
    let limits = Limits { heeds, dead_letters: true, ..LIMITS };
    let dying = StoredBatch { first: 0, last: 9, state: StoredState::Dying, count: 3 };
    let stored = Snapshot { state_epoch: 0, start: 0, batches: vec![dying] };
    let mut partition = SharePartition::restore(&stored).unwrap();
    assert_eq!(partition.plan(&limits, 20, None), Plan::ReadFrom(0));
    partition.buried(0, 9);
    partition.check();
    // However little is read at a time, it does not begin before that.
    assert_eq!(partition.plan(&limits, 20, None), Plan::ReadFrom(10));
}

#[test]
fn what_was_read_for_somebody_who_knew_more_is_not_given_out() {
    let limits = Limits { heeds: Heeds { order: true, ..Heeds::default() }, ..LIMITS };
    let of_key = |offset| Look { offset, cost: 1, says: Some(Says { key: 7, ..Says::default() }) };
    let wanted = Wanted { records: 10, bytes: 10 };
    // As the next leader loads it, while somebody still reads what the last one wanted next.
    let stored = StoredBatch { first: 0, last: 4, state: StoredState::Available, count: 1 };
    let mut partition =
        SharePartition::restore(&Snapshot { batches: vec![stored], ..Snapshot::default() }).unwrap();
    let late =
        partition.select(&member("a"), 5, (&[span(5, 5)], &[of_key(5)]), (wanted, None), at(0), &limits);
    partition.check();
    assert_eq!(late, [], "five of its key come first");
    assert_eq!(plan(&mut partition, &limits), Plan::ReadFrom(0));
    let looks: Vec<Look> = (0..6).map(of_key).collect();
    let taken = partition.select(&member("a"), 0, (&[span(0, 5)], &looks), (wanted, None), at(0), &limits);
    partition.check();
    assert_eq!(taken, [got(0, 0, 2)]);
}
