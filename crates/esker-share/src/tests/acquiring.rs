use super::{LIMITS, at, got, member, plan, say, span, store, take};
use crate::{Ack, AckBatch, Dead, Limits, Mode, Plan, Release, SharePartition, Span};

#[test]
fn what_is_new_is_given_out_once() {
    let mut partition = SharePartition::new(10);
    assert_eq!(plan(&mut partition, &LIMITS), Plan::ReadFrom(10));
    assert_eq!(take(&mut partition, "a", 10, 19, 0), [got(10, 19, 1)]);
    assert_eq!(take(&mut partition, "b", 10, 19, 0), []);
    assert_eq!(plan(&mut partition, &LIMITS), Plan::ReadFrom(20));
    assert_eq!(partition.ranges.len(), 1);
}

#[test]
fn a_number_of_records_is_met_by_whole_batches_or_to_the_record() {
    let read = [span(0, 9), span(10, 19), span(20, 29)];
    let take = |mode| {
        let mut partition = SharePartition::new(0);
        let taken = partition.acquire(&member("a"), 0, &read, (12, mode), at(0), &LIMITS);
        partition.check();
        taken
    };
    assert_eq!(take(Mode::Batches), [got(0, 19, 1)]);
    assert_eq!(take(Mode::Records), [got(0, 11, 1)]);
}

#[test]
fn no_more_than_the_limit_is_out() {
    let limits = Limits { max_locks: 15, ..LIMITS };
    let mut partition = SharePartition::new(0);
    let taken = partition.acquire(
        &member("a"),
        0,
        &[span(0, 9), span(10, 1_000_000)],
        (500, Mode::Batches),
        at(0),
        &limits,
    );
    assert_eq!(taken, [got(0, 14, 1)]);
    assert_eq!(plan(&mut partition, &limits), Plan::Full);
    say(&mut partition, "a", 3, 3, Ack::Release).unwrap();
    store(&mut partition, true);
    assert_eq!(plan(&mut partition, &limits), Plan::ReadFrom(3));
    let taken = partition.acquire(&member("b"), 3, &[span(0, 9)], (500, Mode::Batches), at(0), &limits);
    assert_eq!(taken, [got(3, 3, 2)]);
}

#[test]
fn gaps_and_what_nobody_is_to_see_are_passed_over() {
    let mut partition = SharePartition::new(0);
    let hidden = Span { hidden: true, ..span(20, 20) };
    let read = [span(5, 9), hidden, span(21, 22)];
    let taken = partition.acquire(&member("a"), 0, &read, (100, Mode::Batches), at(0), &LIMITS);
    partition.check();
    assert_eq!(taken, [got(5, 9, 1), got(21, 22, 1)]);
    assert_eq!((partition.start(), partition.end()), (5, 23));
    assert_eq!(partition.open(), 7);
}

#[test]
fn locks_end() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 4, 0);
    take(&mut partition, "b", 5, 9, 10);
    assert!(!partition.expire(at(29), &LIMITS));
    assert!(partition.expire(at(30), &LIMITS));
    partition.check();
    assert_eq!(partition.next_deadline(), Some(at(40)));
    assert_eq!(plan(&mut partition, &LIMITS), Plan::ReadFrom(0));
    assert_eq!(take(&mut partition, "c", 0, 9, 31), [got(0, 4, 2)]);
    assert!(say(&mut partition, "a", 0, 4, Ack::Accept).is_err());
}

#[test]
fn what_was_given_out_too_often_is_given_up() {
    let mut partition = SharePartition::new(0);
    for round in 1..=5 {
        assert_eq!(take(&mut partition, "a", 0, 0, round * 100), [got(0, 0, u16::try_from(round).unwrap())]);
        partition.expire(at(round * 100 + 30), &LIMITS);
        partition.check();
    }
    assert_eq!((partition.start(), partition.open()), (1, 0));
}

/// The leader died while somebody had them for the last time: nobody can take them back.
#[test]
fn what_was_given_out_too_often_by_a_leader_that_died_is_given_up() {
    let mut partition = SharePartition::new(0);
    for round in 1..=5 {
        assert_eq!(take(&mut partition, "a", 0, 1, round), [got(0, 1, u16::try_from(round).unwrap())]);
        if round < 5 {
            say(&mut partition, "a", 0, 1, Ack::Release).unwrap();
            store(&mut partition, true);
        }
    }
    let stored = partition.snapshot();
    let dead = Limits { dead_letters: true, ..LIMITS };
    for (limits, open, dying) in [(LIMITS, 0, vec![]), (dead, 2, vec![Dead { first: 0, last: 1, count: 5 }])]
    {
        let mut partition = SharePartition::restore(&stored).unwrap();
        let mut take = |from| {
            let read = [span(0, 1), span(2, 3)];
            let taken = partition.acquire(&member("b"), from, &read, (10, Mode::Records), at(9), &limits);
            partition.check();
            taken
        };
        assert_eq!(take(0), [got(2, 3, 1)]);
        assert!(partition.wants_write());
        assert_eq!((partition.open() - 2, partition.dying(9)), (open, dying));
    }
}

#[test]
fn what_a_member_never_looked_at_does_not_count() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    assert!(partition.release("a", Release::Unseen, &LIMITS));
    assert!(!partition.release("a", Release::Unseen, &LIMITS));
    assert_eq!(take(&mut partition, "b", 0, 9, 0), [got(0, 9, 1)]);
    assert!(partition.release("b", Release::Counted, &LIMITS));
    assert_eq!(take(&mut partition, "c", 0, 9, 0), [got(0, 9, 2)]);
}

#[test]
fn what_never_reached_a_member_was_not_given_out_to_it() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 3, 0);
    partition.release("a", Release::Counted, &LIMITS);
    // What it works on stays with it, and so does what it was given since.
    let works_on = take(&mut partition, "a", 0, 1, 0);
    let lost = take(&mut partition, "a", 0, 9, 0);
    assert_eq!((works_on, &lost[..]), (vec![got(0, 1, 2)], &[got(2, 3, 2), got(4, 9, 1)][..]));
    assert!(!partition.give_back("b", &lost));
    assert!(partition.give_back("a", &lost));
    partition.check();
    assert!(!partition.give_back("a", &lost));
    assert_eq!(partition.acquired(), 2);
    for _ in 0..2 * LIMITS.max_deliveries {
        let lost = take(&mut partition, "a", 0, 9, 0);
        assert_eq!(lost, [got(2, 3, 2), got(4, 9, 1)]);
        assert!(partition.give_back("a", &lost));
    }
    say(&mut partition, "a", 0, 1, Ack::Accept).unwrap();
    let lost = take(&mut partition, "a", 0, 9, 0);
    partition.release("a", Release::Counted, &LIMITS);
    assert_eq!(take(&mut partition, "a", 0, 9, 0), [got(2, 3, 3), got(4, 9, 2)]);
    assert!(!partition.give_back("a", &lost), "it has been given out again");
    partition.log_start_moved(5);
    partition.check();
}

#[test]
fn the_log_start_takes_what_lies_before_it() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    assert!(partition.log_start_moved(5));
    partition.check();
    assert_eq!((partition.start(), partition.end(), partition.open()), (5, 10, 5));
    assert!(say(&mut partition, "a", 0, 9, Ack::Accept).is_err());
    say(&mut partition, "a", 5, 9, Ack::Accept).unwrap();
    assert!(partition.log_start_moved(100));
    partition.check();
    assert_eq!((partition.start(), partition.end()), (100, 100));
    store(&mut partition, true);
}

#[test]
fn what_is_read_must_lie_where_it_was_looked_for() {
    let mut partition = SharePartition::new(10);
    // From beyond the end: there may be records in between.
    assert_eq!(partition.acquire(&member("a"), 11, &[span(11, 12)], (9, Mode::Batches), at(0), &LIMITS), []);
    // Out of order, empty, and at the end of all offsets.
    let odd = [span(12, 13), span(10, 11), span(20, 19), span(14, i64::MAX)];
    let taken = partition.acquire(&member("a"), 10, &odd, (9, Mode::Batches), at(0), &LIMITS);
    partition.check();
    assert_eq!(taken, [got(12, 13, 1)]);
}

#[test]
fn what_is_given_up_is_kept_until_it_is_buried() {
    let limits = Limits { dead_letters: true, max_deliveries: 1, ..LIMITS };
    let mut partition = SharePartition::new(0);
    let read = [span(0, 9)];
    partition.acquire(&member("a"), 0, &read, (100, Mode::Batches), at(0), &limits);
    let reject = AckBatch { first: 2, last: 3, acks: &[Ack::Reject] };
    let gap = AckBatch { first: 5, last: 5, acks: &[Ack::Gap] };
    partition.acknowledge("a", &[reject, gap], at(0), &limits).unwrap();
    assert_eq!(partition.dying(9), [], "it is not durable that they are rejected");
    store(&mut partition, true);
    assert_eq!(partition.dying(9), [Dead { first: 2, last: 3, count: 1 }]);
    partition.expire(at(100), &limits);
    partition.check();
    let dead = |first, last| Dead { first, last, count: 1 };
    assert_eq!(partition.dying(9), [dead(0, 4), dead(6, 9)]);
    assert_eq!(partition.dying(1), [dead(0, 4)]);
    assert_eq!((partition.start(), partition.open()), (0, 9));
    assert_eq!(plan(&mut partition, &limits), Plan::ReadFrom(10));
    partition.buried(0, 3);
    partition.check();
    assert_eq!(partition.start(), 4);
    let mut again = SharePartition::restore(&partition.snapshot()).unwrap();
    again.check();
    assert_eq!(again.dying(9), [dead(4, 4), dead(6, 9)]);
    again.buried(0, 100);
    again.check();
    assert_eq!((again.start(), again.open()), (10, 0));
}
