use super::{LIMITS, at, got, say, store, take};
use crate::{Ack, AckBatch, AckError, Acked, SharePartition, ToWrite};

#[test]
fn the_start_moves_over_what_is_done_with_once_that_is_durable() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    store(&mut partition, true);
    assert_eq!(say(&mut partition, "a", 0, 4, Ack::Accept), Ok(Acked::With { write: 1 }));
    assert_eq!(partition.start(), 0);
    assert!(partition.wants_write());
    let ToWrite { number, state: snapshot, .. } = partition.begin_write();
    assert_eq!((number, snapshot.start), (1, 5));
    // What comes meanwhile waits for the next write.
    assert_eq!(say(&mut partition, "a", 7, 7, Ack::Accept), Ok(Acked::With { write: 2 }));
    assert!(!partition.wants_write());
    partition.written(number, true, &LIMITS);
    partition.check();
    assert_eq!(partition.start(), 5);
    assert!(partition.wants_write());
    store(&mut partition, true);
    assert_eq!((partition.start(), partition.open()), (5, 4));
    say(&mut partition, "a", 5, 6, Ack::Reject).unwrap();
    store(&mut partition, true);
    assert_eq!(partition.start(), 8);
}

#[test]
fn what_could_not_be_written_is_given_out_again() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    say(&mut partition, "a", 0, 9, Ack::Accept).unwrap();
    store(&mut partition, false);
    assert!(partition.wants_write());
    assert_eq!(take(&mut partition, "b", 0, 9, 0), [got(0, 9, 2)]);
}

#[test]
fn nobody_speaks_for_another() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 4, 0);
    take(&mut partition, "b", 5, 9, 0);
    assert_eq!(say(&mut partition, "a", 0, 9, Ack::Accept), Err(AckError::NotAcquired));
    assert_eq!(say(&mut partition, "a", 0, 10, Ack::Accept), Err(AckError::Beyond));
    say(&mut partition, "a", 0, 4, Ack::Accept).unwrap();
    // Twice is not once.
    assert_eq!(say(&mut partition, "a", 0, 4, Ack::Accept), Err(AckError::NotAcquired));
}

#[test]
fn each_record_may_have_its_own() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 5, 0);
    let acks = [Ack::Accept, Ack::Release, Ack::Release, Ack::Reject, Ack::Gap, Ack::Accept];
    let batch = AckBatch { first: 0, last: 5, acks: &acks };
    partition.acknowledge("a", &[batch], at(0), &LIMITS).unwrap();
    store(&mut partition, true);
    assert_eq!((partition.start(), partition.open()), (1, 2));
    assert_eq!(take(&mut partition, "b", 0, 5, 0), [got(1, 2, 2)]);
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    let before = format!("{partition:?}");
    let accept: &[Ack] = &[Ack::Accept];
    for batches in [
        vec![AckBatch { first: 5, last: 4, acks: accept }],
        vec![AckBatch { first: -1, last: 4, acks: accept }],
        vec![AckBatch { first: 0, last: i64::MAX, acks: accept }],
        vec![AckBatch { first: i64::MIN, last: i64::MAX, acks: accept }],
        vec![AckBatch { first: 0, last: 4, acks: &[] }],
        vec![AckBatch { first: 0, last: 4, acks: &[Ack::Accept; 4] }],
        vec![AckBatch { first: 0, last: 4, acks: accept }, AckBatch { first: 4, last: 5, acks: accept }],
    ] {
        assert_eq!(partition.acknowledge("a", &batches, at(0), &LIMITS), Err(AckError::Malformed));
    }
    assert_eq!(format!("{partition:?}"), before);
}

#[test]
fn who_renews_keeps_what_it_has() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    let renew = [AckBatch { first: 0, last: 4, acks: &[Ack::Renew] }];
    assert_eq!(partition.acknowledge("a", &renew, at(20), &LIMITS), Ok(Acked::Now));
    assert!(partition.expire(at(30), &LIMITS));
    assert_eq!(take(&mut partition, "b", 0, 9, 30), [got(5, 9, 2)]);
    assert!(partition.expire(at(50), &LIMITS));
    assert_eq!(take(&mut partition, "b", 0, 9, 50), [got(0, 4, 2)]);
}

#[test]
fn what_was_released_too_often_is_given_up() {
    let mut partition = SharePartition::new(0);
    for _ in 0..5 {
        take(&mut partition, "a", 0, 0, 0);
        say(&mut partition, "a", 0, 0, Ack::Release).unwrap();
        store(&mut partition, true);
    }
    assert_eq!(partition.start(), 1);
}

#[test]
fn ten_million_with_every_tenth_released_are_a_million_entries_or_fewer() {
    // State grows with what is scattered, not with what was given out.
    let mut partition = SharePartition::new(0);
    let limits = crate::Limits { max_locks: u32::MAX, ..LIMITS };
    let read = [crate::Span { first: 0, last: 9_999_999, hidden: false }];
    let one = (u64::MAX, crate::Mode::Batches);
    partition.acquire(&super::member("a"), 0, &read, one, at(0), &limits);
    assert_eq!(partition.ranges.len(), 1);
    let all = [AckBatch { first: 1, last: 9_999_999, acks: &[Ack::Accept] }];
    partition.acknowledge("a", &all, at(0), &limits).unwrap();
    store(&mut partition, true);
    assert_eq!(partition.ranges.len(), 2);
}

#[test]
fn what_the_group_is_done_with_is_with_nobody() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "late", 0, 9, 0);
    partition.expire(at(60), &LIMITS);
    take(&mut partition, "a", 0, 9, 60);
    say(&mut partition, "a", 0, 9, Ack::Accept).unwrap();
    store(&mut partition, true);
    take(&mut partition, "a", 10, 19, 60);
    assert_eq!((partition.start(), partition.end()), (10, 20));
    for who in ["late", "a"] {
        for (first, last) in [(0, 9), (3, 3), (9, 10)] {
            assert_eq!(say(&mut partition, who, first, last, Ack::Accept), Err(AckError::NotAcquired));
        }
    }
    // Nor is what the log has lost.
    partition.log_start_moved(12);
    assert_eq!(say(&mut partition, "a", 11, 12, Ack::Accept), Err(AckError::NotAcquired));
    say(&mut partition, "a", 12, 19, Ack::Accept).unwrap();
}
