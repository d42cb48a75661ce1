use super::{LIMITS, at, got, say, store, take};
use crate::{Ack, SharePartition, Snapshot, StoredBatch, StoredState};

fn batch(first: i64, last: i64, state: StoredState, count: u16) -> StoredBatch {
    StoredBatch { first, last, state, count }
}

#[test]
fn what_is_with_members_comes_back_as_available() {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 9, 0);
    say(&mut partition, "a", 3, 4, Ack::Accept).unwrap();
    say(&mut partition, "a", 7, 7, Ack::Reject).unwrap();
    store(&mut partition, true);
    take(&mut partition, "b", 10, 19, 0);
    let stored = partition.snapshot();
    assert_eq!(
        stored.batches,
        [
            batch(0, 2, StoredState::Available, 1),
            batch(3, 4, StoredState::Accepted, 1),
            batch(5, 6, StoredState::Available, 1),
            batch(7, 7, StoredState::Archived, 1),
            batch(8, 19, StoredState::Available, 1),
        ]
    );
    let mut again = SharePartition::restore(&stored).unwrap();
    again.check();
    assert!(!again.wants_write());
    assert_eq!(take(&mut again, "c", 0, 19, 0), [got(0, 2, 2), got(5, 6, 2), got(8, 19, 2)]);
}

#[test]
fn a_start_that_an_operator_moved_is_another_state() {
    let mut partition = SharePartition::new(50);
    take(&mut partition, "a", 50, 59, 0);
    let number = partition.begin_write().number;
    partition.reset(20);
    // A write that was under way ends, and means nothing any more.
    partition.written(number, true, &LIMITS);
    partition.check();
    assert!(partition.wants_write());
    assert_eq!((partition.start(), partition.end(), partition.state_epoch()), (20, 20, 1));
    assert_eq!(partition.next_deadline(), None);
    assert!(!partition.expire(at(100), &LIMITS));
}

#[test]
fn holes_are_available_and_disorder_is_refused() {
    let sparse =
        Snapshot { state_epoch: 0, start: 10, batches: vec![batch(20, 29, StoredState::Accepted, 1)] };
    let mut partition = SharePartition::restore(&sparse).unwrap();
    partition.check();
    assert_eq!(take(&mut partition, "a", 10, 29, 0), [got(10, 19, 1)]);
    for batches in [
        vec![batch(5, 6, StoredState::Accepted, 1)],
        vec![batch(20, 19, StoredState::Accepted, 1)],
        vec![batch(20, i64::MAX, StoredState::Accepted, 1)],
        vec![batch(20, 29, StoredState::Accepted, 1), batch(29, 30, StoredState::Available, 1)],
    ] {
        assert!(SharePartition::restore(&Snapshot { state_epoch: 0, start: 10, batches }).is_err());
    }
    assert!(SharePartition::restore(&Snapshot { start: -1, ..Snapshot::default() }).is_err());
}

/// What a member takes, settles and leaves, of a state with many runs.
fn scattered() -> SharePartition {
    let mut partition = SharePartition::new(0);
    take(&mut partition, "a", 0, 39, 0);
    for at in (1..40).step_by(2) {
        say(&mut partition, "a", at, at, Ack::Accept).unwrap();
    }
    partition
}

#[test]
fn a_write_says_what_has_changed() {
    let mut partition = scattered();
    let first = partition.begin_write();
    assert!(first.whole);
    partition.written(first.number, true, &LIMITS);
    assert_eq!(partition.runs(), 40);
    say(&mut partition, "a", 4, 4, Ack::Accept).unwrap();
    say(&mut partition, "a", 20, 20, Ack::Reject).unwrap();
    take(&mut partition, "b", 40, 49, 0);
    let second = partition.begin_write();
    assert!(!second.whole);
    let state = [
        batch(4, 4, StoredState::Accepted, 1),
        batch(20, 20, StoredState::Archived, 1),
        batch(40, 49, StoredState::Available, 1),
    ];
    assert_eq!((second.state.start, &second.state.batches[..]), (0, &state[..]));
    partition.written(second.number, true, &LIMITS);
    // What is done with from the start on is not told: the start says it.
    say(&mut partition, "a", 0, 0, Ack::Accept).unwrap();
    say(&mut partition, "a", 2, 2, Ack::Accept).unwrap();
    say(&mut partition, "a", 8, 8, Ack::Accept).unwrap();
    let third = partition.begin_write();
    assert_eq!(
        (third.whole, third.state.start, &third.state.batches[..]),
        (false, 6, &[batch(8, 8, StoredState::Accepted, 1)][..])
    );
    let mut again = SharePartition::restore(&first.state).unwrap();
    again.update(&second.state).unwrap();
    again.update(&third.state).unwrap();
    again.check();
    assert_eq!(again.snapshot(), partition.snapshot());
    // Nothing came of it, and what was said in it is void: the next one says what has become of that since.
    partition.written(third.number, false, &LIMITS);
    assert_eq!(take(&mut partition, "b", 0, 0, 0), [got(0, 0, 2)]);
    let fourth = partition.begin_write();
    let state = [
        batch(0, 0, StoredState::Available, 2),
        batch(2, 2, StoredState::Available, 1),
        batch(8, 8, StoredState::Available, 1),
    ];
    assert_eq!((fourth.whole, fourth.state.start, &fourth.state.batches[..]), (false, 0, &state[..]));
    partition.written(fourth.number, true, &LIMITS);
    partition.touch_all();
    assert!(partition.wants_write() && partition.begin_write().whole);
}

#[test]
fn a_write_that_says_much_says_everything() {
    let mut partition = scattered();
    store(&mut partition, true);
    for at in (0..40).step_by(2) {
        say(&mut partition, "a", at, at, Ack::Release).unwrap();
        say(&mut partition, "b", at, at, Ack::Release).unwrap_err();
    }
    // As they are stored already.
    let nothing = partition.begin_write();
    assert_eq!((nothing.whole, nothing.state.batches.len()), (false, 0));
    partition.written(nothing.number, true, &LIMITS);
    for at in (0..40).step_by(2) {
        assert_eq!(take(&mut partition, "b", at, at, 0), [got(at, at, 2)]);
    }
    for at in (0..40).step_by(2) {
        say(&mut partition, "b", at, at, Ack::Release).unwrap();
    }
    assert!(partition.begin_write().whole);
}

#[test]
fn an_update_in_disorder_changes_nothing() {
    let mut partition = scattered();
    let before = partition.snapshot();
    let batches = vec![batch(20, 29, StoredState::Accepted, 1), batch(29, 30, StoredState::Available, 1)];
    assert!(partition.update(&Snapshot { state_epoch: 0, start: 10, batches }).is_err());
    assert_eq!(partition.snapshot(), before);
}

#[test]
fn an_acknowledgement_in_a_large_backlog_is_a_small_write() {
    // Every tenth of two million was put back.
    let batches = (0..200_000).flat_map(|tenth| {
        let first = 10 * tenth;
        [
            batch(first, first, StoredState::Available, 1),
            batch(first + 1, first + 9, StoredState::Accepted, 1),
        ]
    });
    let stored = Snapshot { state_epoch: 0, start: 0, batches: batches.collect() };
    let mut partition = SharePartition::restore(&stored).unwrap();
    assert_eq!(partition.runs(), 400_000);
    assert_eq!(take(&mut partition, "a", 0, 0, 0), [got(0, 0, 2)]);
    assert_eq!(take(&mut partition, "a", 10, 10, 0), [got(10, 10, 2)]);
    say(&mut partition, "a", 10, 10, Ack::Accept).unwrap();
    let write = partition.begin_write();
    let said = [batch(0, 0, StoredState::Available, 2), batch(10, 10, StoredState::Accepted, 2)];
    assert_eq!((write.whole, write.state.start, &write.state.batches[..]), (false, 0, &said[..]));
}
