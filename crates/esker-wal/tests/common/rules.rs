//! What every `LogStore` does, wherever its store is. Each rule takes ledgers of its own on a store of `small()`
//! settings.

use esker_core::{FrameIndex, LedgerId, frame::Frame};
use esker_wal::{LogStore, SealAnswer, StoreError, Trim};
use futures::future::try_join_all;

use super::{FSYNC, RECEIVED, frame, ledger};

fn index(number: u64) -> FrameIndex {
    FrameIndex(number)
}

/// Runs all of them.
pub async fn all(store: &dyn LogStore) {
    only_the_tail_is_appended(store, ledger(101)).await;
    calls_take_their_place_when_they_are_made(store, ledger(102)).await;
    a_seal_waits_for_what_was_appended_before(store, ledger(103)).await;
    repair_needs_a_seal_and_is_contiguous(store, ledger(104)).await;
    an_unknown_ledger_is_sealed_at_zero(store, ledger(105)).await;
    parts_are_clamped_and_directories_start_where_asked(store, ledger(106)).await;
    trim_stops_at_an_open_tail_and_moves_a_sealed_one(store, ledger(107)).await;
    a_frame_larger_than_a_file_is_refused_alone(store, ledger(108)).await;
    an_abandoned_answer_is_no_abandoned_append(store, ledger(109)).await;
    a_ledger_is_open_until_it_is_sealed(store, ledger(110)).await;
}

/// Asserts that the store holds this frame, through every way to read it.
pub async fn assert_serves(store: &dyn LogStore, frame: &Frame) {
    let (ledger, index) = (frame.ledger(), frame.index());
    let read = store.read_frame(ledger, index).await.unwrap();
    assert_eq!((read.header(), read.encoded()), (frame.header(), frame.encoded()));
    assert_eq!(store.read(ledger, index, 0..u32::MAX).await.unwrap(), frame.payload());
    let directory = store.directory(ledger, index).await.unwrap();
    assert_eq!((directory[0].0, &directory[0].1[..]), (index, &frame.headers()[..]));
}

async fn only_the_tail_is_appended(store: &dyn LogStore, id: LedgerId) {
    let gap = StoreError::Gap { ledger: id, index: index(1), tail: index(0) };
    assert_eq!(store.append(frame(id, FSYNC, 1, 10)).await, Err(gap));
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    store.append(frame(id, FSYNC, 1, 10)).await.unwrap();
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    let conflict = StoreError::Conflict { ledger: id, index: index(1) };
    assert_eq!(store.append(frame(id, FSYNC, 1, 11)).await, Err(conflict));
    let mode = StoreError::WrongMode { ledger: id, expected: FSYNC, found: RECEIVED };
    assert_eq!(store.append(frame(id, RECEIVED, 2, 10)).await, Err(mode));
    for n in 0..2 {
        assert_serves(store, &frame(id, FSYNC, n, 10)).await;
    }
    let absent = StoreError::NotHeld { ledger: id, index: index(2) };
    assert_eq!(store.read_frame(id, index(2)).await.unwrap_err(), absent);
}

async fn calls_take_their_place_when_they_are_made(store: &dyn LogStore, id: LedgerId) {
    let mut appends: Vec<_> = (0..30).map(|n| store.append(frame(id, RECEIVED, n, 500))).collect();
    // Awaited in another order than called.
    appends.reverse();
    try_join_all(appends).await.unwrap();
    for n in 0..30 {
        assert_serves(store, &frame(id, RECEIVED, n, 500)).await;
    }
}

async fn a_seal_waits_for_what_was_appended_before(store: &dyn LogStore, id: LedgerId) {
    let appends: Vec<_> = (0..5).map(|n| store.append(frame(id, FSYNC, n, 3000))).collect();
    let seal = store.seal(id, FSYNC);
    let late = store.append(frame(id, FSYNC, 5, 10));
    let sealed = SealAnswer { tail: index(5), trim: index(0), authoritative: true, missing: vec![] };
    assert_eq!(seal.await.unwrap(), sealed);
    assert_eq!(late.await, Err(StoreError::Sealed(id)));
    try_join_all(appends).await.unwrap();
    assert_eq!(store.append(frame(id, FSYNC, 4, 3000)).await, Err(StoreError::Sealed(id)), "not even again");
    assert_eq!(store.seal(id, FSYNC).await.unwrap(), sealed);
}

async fn repair_needs_a_seal_and_is_contiguous(store: &dyn LogStore, id: LedgerId) {
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    assert_eq!(store.repair_append(frame(id, FSYNC, 1, 10)).await, Err(StoreError::NotSealed(id)));
    store.seal(id, FSYNC).await.unwrap();
    assert!(matches!(store.repair_append(frame(id, FSYNC, 2, 10)).await, Err(StoreError::Gap { .. })));
    let repairs: Vec<_> = (1..9).map(|n| store.repair_append(frame(id, FSYNC, n, 10))).collect();
    try_join_all(repairs).await.unwrap();
    store.repair_append(frame(id, FSYNC, 1, 10)).await.unwrap();
    assert!(matches!(store.repair_append(frame(id, FSYNC, 0, 11)).await, Err(StoreError::Conflict { .. })));
    assert_eq!(store.seal(id, FSYNC).await.unwrap().tail, index(9));
    assert_serves(store, &frame(id, FSYNC, 8, 10)).await;
}

async fn an_unknown_ledger_is_sealed_at_zero(store: &dyn LogStore, id: LedgerId) {
    assert_eq!(store.directory(id, index(0)).await.unwrap(), []);
    let empty = SealAnswer { tail: index(0), trim: index(0), authoritative: true, missing: vec![] };
    assert_eq!(store.seal(id, FSYNC).await.unwrap(), empty);
    assert_eq!(store.append(frame(id, FSYNC, 0, 10)).await, Err(StoreError::Sealed(id)));
}

async fn parts_are_clamped_and_directories_start_where_asked(store: &dyn LogStore, id: LedgerId) {
    let frames: Vec<_> = (0..20).map(|n| frame(id, FSYNC, n, 1000)).collect();
    try_join_all(frames.iter().map(|frame| store.append(frame.clone()))).await.unwrap();
    let payload = frames[3].payload();
    for (range, expected) in [(10..20, 10..20), (990..5000, 990..1000), (5000..6000, 0..0), (7..7, 0..0)] {
        assert_eq!(store.read(id, index(3), range).await.unwrap(), payload.slice(expected));
    }
    for from in [0, 7, 19, 20, 1000] {
        let directory = store.directory(id, index(from)).await.unwrap();
        let expected =
            frames.iter().skip(from as usize).map(|frame| (frame.index(), frame.headers().clone()));
        assert_eq!(directory, expected.collect::<Vec<_>>());
    }
}

async fn trim_stops_at_an_open_tail_and_moves_a_sealed_one(store: &dyn LogStore, id: LedgerId) {
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    store.trim(id, Trim::Before(index(9))).await.unwrap();
    store.append(frame(id, FSYNC, 1, 10)).await.unwrap();
    let sealed = store.seal(id, FSYNC).await.unwrap();
    assert_eq!((sealed.tail, sealed.trim), (index(2), index(1)));
    store.trim(id, Trim::Before(index(9))).await.unwrap();
    let sealed = store.seal(id, FSYNC).await.unwrap();
    assert_eq!((sealed.tail, sealed.trim), (index(9), index(9)));
    store.repair_append(frame(id, FSYNC, 9, 10)).await.unwrap();
    store.trim(id, Trim::Forget).await.unwrap();
    assert_eq!(store.append(frame(id, FSYNC, 0, 10)).await, Err(StoreError::Forgotten(id)));
    assert_eq!(store.seal(id, FSYNC).await, Err(StoreError::Forgotten(id)));
    assert_eq!(store.directory(id, index(0)).await, Err(StoreError::Forgotten(id)));
}

async fn a_frame_larger_than_a_file_is_refused_alone(store: &dyn LogStore, id: LedgerId) {
    let large = store.append(frame(id, FSYNC, 0, 64 << 10)).await;
    assert!(matches!(large, Err(StoreError::TooLarge { .. })), "{large:?}");
    store.append(frame(id, FSYNC, 0, 40_000)).await.unwrap();
    store.append(frame(id, FSYNC, 1, 40_000)).await.unwrap();
}

async fn an_abandoned_answer_is_no_abandoned_append(store: &dyn LogStore, id: LedgerId) {
    for n in 0..5 {
        drop(store.append(frame(id, FSYNC, n, 100)));
    }
    store.append(frame(id, FSYNC, 5, 100)).await.unwrap();
    for n in 0..6 {
        assert_serves(store, &frame(id, FSYNC, n, 100)).await;
    }
}

async fn a_ledger_is_open_until_it_is_sealed(store: &dyn LogStore, id: LedgerId) {
    assert_eq!(store.is_open(id).await, Ok(true), "nobody has sealed it");
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    assert_eq!(store.is_open(id).await, Ok(true));
    store.seal(id, FSYNC).await.unwrap();
    assert_eq!(store.is_open(id).await, Ok(false));
    store.trim(id, Trim::Forget).await.unwrap();
    assert_eq!(store.is_open(id).await, Ok(false));
}
