use super::*;
use crate::testing::{PARTITION, batch, frame, row_with_batches};

#[test]
fn the_high_watermark_follows_commits_and_wakes_who_waits() {
    let mut row = Partition::new(PARTITION);
    let waiter = Arc::new(Notify::new());
    row.watch(&waiter);
    row.watch(&waiter);
    let header = batch(0, 10);
    row.appended(&header, 0);
    assert_eq!((row.log_end, row.high_watermark), (Offset(10), Offset(0)));
    assert_eq!(row.committed(&frame(1, 0, &[header]), 0, 0).len(), 1);
    assert_eq!(row.high_watermark, Offset(10));
    assert_eq!(row.epochs, vec![(Epoch(3), Offset(0))]);
}

#[test]
fn every_offset_is_found_in_the_batch_that_holds_it() {
    let row = row_with_batches(5);
    for offset in 0..50 {
        assert_eq!(row.find_local(Offset(offset)), Some(offset as usize / 10));
    }
    assert_eq!(row.find_local(Offset(50)), None);
}

#[test]
fn only_archived_batches_may_be_trimmed() {
    let mut row = row_with_batches(5);
    row.archived_end = Offset(30);
    assert_eq!(row.unarchived(), 3);
    row.drop_trimmed(|_, index| index < FrameIndex(2));
    assert_eq!((row.local.len(), row.local_bytes), (3, 300));
    assert_eq!((row.find_local(Offset(19)), row.find_local(Offset(20))), (None, Some(0)));
}

#[test]
#[should_panic(expected = "only archived batches are trimmed")]
fn trimming_what_no_object_has_is_a_bug() {
    let mut row = row_with_batches(5);
    row.archived_end = Offset(30);
    row.drop_trimmed(|_, index| index < FrameIndex(4));
}

#[test]
#[should_panic(expected = "commits are contiguous")]
fn a_commit_out_of_order_is_a_bug() {
    let mut row = row_with_batches(1);
    row.appended(&batch(10, 10), 0);
    row.appended(&batch(20, 10), 0);
    drop(row.committed(&frame(1, 1, &[batch(20, 10)]), 0, 0));
}

#[test]
fn replay_skips_what_is_there_and_refuses_gaps() {
    let mut row = Partition::new(PARTITION);
    (row.log_end, row.high_watermark, row.archived_end) = (Offset(10), Offset(10), Offset(10));
    let headers = [batch(0, 10), batch(10, 10), batch(10, 10), batch(30, 10)];
    let frame = frame(1, 0, &headers);
    for slot in 0..3 {
        row.replay(&frame, slot, slot * 100, 0).unwrap();
    }
    assert_eq!((row.high_watermark, row.local.len(), row.local[0].position), (Offset(20), 1, 100));
    let gap = row.replay(&frame, 3, 300, 0).unwrap_err();
    assert_eq!((gap.expected, gap.found), (Offset(20), Offset(30)));
}

#[test]
fn a_log_start_waits_for_its_records_to_be_archived_before_the_manifest_may_have_it() {
    let mut row = row_with_batches(3);
    let start = BatchHeader { kind: EntryKind::LogStart, length: 0, ..batch(15, 1) };
    drop(row.committed(&frame(1, 3, &[start]), 0, 0));
    assert_eq!((row.log_start, row.start_to_save()), (Offset(15), None));
    row.archived_end = Offset(20);
    assert_eq!(row.start_to_save(), Some(Offset(15)));
    let lower = BatchHeader { kind: EntryKind::LogStart, length: 0, ..batch(5, 1) };
    drop(row.committed(&frame(1, 4, &[lower]), 0, 0));
    assert_eq!(row.log_start, Offset(15), "a log start never goes back");
}
