use esker_core::{EntryKind, Epoch, PartitionId, TopicNumber, batch::Attributes};

use super::*;

const WRITE: i8 = -1;
const ABORT: i8 = 0;
const COMMIT: i8 = 1;

fn entry(producer: i64, offset: i64, control_type: i8) -> BatchHeader {
    let control = if control_type == WRITE { 0 } else { Attributes::CONTROL };
    BatchHeader {
        kind: EntryKind::Batch,
        partition: PartitionId { topic: TopicNumber(1), index: 0 },
        epoch: Epoch(0),
        base_offset: Offset(offset),
        last_offset_delta: 0,
        records: 1,
        max_timestamp: 0,
        producer: ProducerId(producer),
        producer_epoch: 0,
        base_sequence: if control_type == WRITE { 0 } else { -1 },
        attributes: Attributes::TRANSACTIONAL | control,
        length: 100,
        control_type,
        coordinator_epoch: -1,
    }
}

fn aborted(producer: i64, first: i64, last: i64) -> AbortedTxn {
    AbortedTxn { producer: ProducerId(producer), first_offset: Offset(first), last_offset: Offset(last) }
}

fn after(entries: &[(i64, i64, i8)]) -> Transactions {
    let mut transactions = Transactions::default();
    for &(producer, offset, control) in entries {
        transactions.appended(&entry(producer, offset, control));
    }
    transactions
}

/// The guard with this number.
fn fresh(number: u64) -> TxnGuard {
    TxnGuard { epoch: Epoch(4), number }
}

fn range(range: Range<i64>) -> Range<Offset> {
    Offset(range.start)..Offset(range.end)
}

#[test]
fn stable_reads_end_before_the_oldest_open_transaction() {
    let mut transactions = after(&[(1, 5, WRITE), (2, 6, WRITE), (1, 7, WRITE)]);
    assert_eq!(transactions.last_stable(Offset(8)), Offset(5));
    transactions.appended(&entry(1, 8, COMMIT));
    assert_eq!(transactions.last_stable(Offset(8)), Offset(5), "its marker is appended and not committed");
    transactions.committed(Offset(9));
    assert_eq!(transactions.last_stable(Offset(9)), Offset(6));
    transactions.appended(&entry(2, 9, ABORT));
    transactions.committed(Offset(10));
    assert_eq!(transactions.last_stable(Offset(10)), Offset(10));
}

#[test]
fn a_transaction_that_is_not_committed_yet_hides_nothing_that_is() {
    let transactions = after(&[(1, 5, WRITE)]);
    assert_eq!(transactions.last_stable(Offset(3)), Offset(3));
}

#[test]
fn aborted_ones_are_told_to_reads_that_overlap_them() {
    let transactions =
        after(&[(1, 0, WRITE), (2, 1, WRITE), (1, 2, ABORT), (3, 3, WRITE), (3, 4, COMMIT), (2, 9, ABORT)]);
    assert_eq!(transactions.aborted_in(range(0..1)), [aborted(1, 0, 2)]);
    assert_eq!(transactions.aborted_in(range(0..2)), [aborted(1, 0, 2), aborted(2, 1, 9)]);
    assert_eq!(transactions.aborted_in(range(3..4)), [aborted(2, 1, 9)]);
    assert_eq!(transactions.aborted_in(range(10..20)), []);
    assert_eq!(transactions.aborted_by(range(0..9)), [aborted(1, 0, 2)], "an object says its own markers");
    assert_eq!(transactions.aborted_by(range(9..10)), [aborted(2, 1, 9)]);
}

#[test]
fn markers_without_a_transaction_change_nothing() {
    let mut transactions =
        after(&[(1, 0, ABORT), (1, 1, WRITE), (1, 2, ABORT), (1, 3, ABORT), (2, 4, COMMIT)]);
    assert_eq!(transactions.aborted_in(range(0..9)), [aborted(1, 1, 2)]);
    transactions.committed(Offset(5));
    assert_eq!(transactions.last_stable(Offset(5)), Offset(5));
}

#[test]
fn what_objects_say_is_forgotten_and_an_idle_partition_costs_nothing() {
    let mut transactions = after(&[(1, 0, WRITE), (1, 2, ABORT), (1, 3, WRITE), (1, 4, ABORT)]);
    transactions.committed(Offset(5));
    transactions.forget_before(Offset(4));
    assert_eq!(transactions.aborted_in(range(0..9)), [aborted(1, 3, 4)]);
    assert!(transactions.0.is_some());
    transactions.forget_before(Offset(5));
    assert!(transactions.0.is_none());
}

#[test]
fn open_transactions_come_back_from_a_snapshot() {
    let state = |producer, first: Option<i64>| ProducerState {
        current_txn_first_offset: first.map(Offset),
        ..ProducerState::new(ProducerId(producer), 0)
    };
    let mut transactions = Transactions::from_snapshot(&[state(1, None), state(2, Some(7))]);
    assert_eq!(transactions.last_stable(Offset(20)), Offset(7));
    assert!(transactions.is_open(ProducerId(2)) && !transactions.is_open(ProducerId(1)));
    transactions.appended(&entry(2, 20, ABORT));
    transactions.committed(Offset(21));
    assert_eq!(transactions.last_stable(Offset(21)), Offset(21));
    assert_eq!(transactions.aborted_in(range(0..21)), [aborted(2, 7, 20)]);
    assert!(!transactions.is_open(ProducerId(2)));
}

#[test]
fn guards_are_shared_remember_the_lowest_sequence_and_end_with_the_transaction() {
    let write = |epoch, sequence| TxnWrite { producer: ProducerId(1), epoch, sequence, bumps: false };
    let producer = ProducerId(1);
    let mut transactions = Transactions::default();
    let guard = transactions.guard(write(0, 3), fresh(0));
    assert_eq!(transactions.guard(write(0, 2), fresh(1)), guard);
    assert_eq!(transactions.guard(write(0, 4), fresh(2)), guard);
    assert_eq!(transactions.may_begin(producer, Some(guard)), Some((2, false)));
    assert_eq!(transactions.may_begin(producer, None), None);
    assert_eq!(transactions.guard(write(1, 9), fresh(3)), guard);
    assert_eq!(transactions.may_begin(producer, Some(guard)), Some((9, false)), "a new epoch counts anew");
    transactions.appended(&entry(1, 0, ABORT));
    assert_eq!(transactions.may_begin(producer, Some(guard)), None, "an end came first");
    let other = transactions.guard(write(1, 0), fresh(4));
    assert_ne!(other, guard);
    assert_eq!(transactions.may_begin(producer, Some(guard)), None);
}

#[test]
fn the_end_of_the_transaction_before_leaves_the_guard_of_the_next_one() {
    let producer = ProducerId(1);
    let mut transactions = after(&[(1, 0, WRITE)]);
    let guard = transactions.guard(TxnWrite { producer, epoch: 1, sequence: 0, bumps: true }, fresh(0));
    transactions.appended(&BatchHeader { producer_epoch: 1, ..entry(1, 1, ABORT) });
    assert_eq!(transactions.may_begin(producer, Some(guard)), Some((0, true)), "that of epoch 0 has ended");
    transactions.appended(&BatchHeader { producer_epoch: 2, ..entry(1, 2, ABORT) });
    assert_eq!(transactions.may_begin(producer, Some(guard)), None);
}

#[test]
fn no_more_guards_are_kept_than_there_is_room_for() {
    let mut transactions = Transactions::default();
    let write = |producer| TxnWrite { producer: ProducerId(producer), epoch: 0, sequence: 0, bumps: false };
    let first = transactions.guard(write(5_000), fresh(0));
    let last = (0..GUARDS as i64)
        .map(|producer| transactions.guard(write(producer), fresh(1 + producer.cast_unsigned())))
        .last();
    assert_eq!(transactions.may_begin(ProducerId(5_000), Some(first)), None, "the oldest went");
    assert!(transactions.may_begin(ProducerId(GUARDS as i64 - 1), last).is_some());
}
