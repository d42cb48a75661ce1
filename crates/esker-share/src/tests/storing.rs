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
    let (number, _) = partition.begin_write();
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
