use super::*;
use crate::testing::{PARTITION, row_with_batches};

#[test]
fn a_flush_takes_whole_batches_from_the_archived_end_on() {
    let mut row = row_with_batches(5);
    row.archived_end = Offset(10);
    let part = plan_row(&row, 250, 0).unwrap();
    assert_eq!((part.headers.len(), part.headers[0].base_offset, part.end), (3, Offset(10), Offset(40)));
    assert!(plan_row(&row, 0, 0).is_none());
    row.archived_end = Offset(50);
    assert!(plan_row(&row, 1000, 0).is_none());
}

#[test]
fn the_snapshot_is_as_of_the_last_archived_record() {
    // The row has seen 9 batches; an object of the first 3 must not know the others: a lost log would turn their
    // retries into duplicates of records that are gone.
    let row = row_with_batches(9);
    let part = plan_row(&row, 300, 0).unwrap();
    let batches = &part.section.producers[0].batches;
    assert_eq!(batches.iter().map(|batch| batch.base_offset.0).collect::<Vec<_>>(), [0, 10, 20]);
    // And the next object continues from there, although the row itself remembers only its last five.
    let mut row = row;
    row.archived_end = part.end;
    row.archived_producers = part.producers;
    let part = plan_row(&row, 100, 0).unwrap();
    let batches = &part.section.producers[0].batches;
    assert_eq!(batches.iter().map(|batch| batch.base_offset.0).collect::<Vec<_>>(), [0, 10, 20, 30]);
}

#[test]
fn a_ledger_stays_pending_until_nothing_of_it_is_left() {
    let mut state = ShardState::default();
    let row = row_with_batches(4);
    let ledger = row.local[0].frame.ledger;
    state.pending.insert(ledger);
    state.rows.insert(PARTITION, row);
    assert_eq!(plan(&state, 300, 0).clear_pending, vec![], "one batch is left behind");
    assert_eq!(plan(&state, 400, 0).clear_pending, vec![ledger]);
}

#[test]
fn chunks_are_cut_back_into_batches() {
    let row = row_with_batches(3);
    let headers: Vec<_> = row.local.iter().map(|batch| *batch.header()).collect();
    let chunks = [Bytes::from(vec![1; 200]), Bytes::from(vec![2; 100])];
    let batches = cut(&headers, &chunks);
    assert_eq!(
        batches.iter().map(|(_, bytes)| (bytes.len(), bytes[0])).collect::<Vec<_>>(),
        [(100, 1), (100, 1), (100, 2)]
    );
}
