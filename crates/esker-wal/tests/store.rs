//! The store's rules, one by one, on a simulated disk.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::time::Duration;

use common::*;
use esker_core::FrameIndex;
use esker_env::{Disk, sim_disk::Fault};
use esker_wal::{LogStore, SealAnswer, StoreConfig, StoreError, Trim, Usage};

fn index(number: u64) -> FrameIndex {
    FrameIndex(number)
}

#[tokio::test(start_paused = true)]
async fn s1_only_the_tail_is_appended_and_the_same_again_is_acknowledged() {
    let host = Host::started(1, small()).await;
    let store = host.store();
    let id = ledger(1);
    assert!(matches!(store.append(frame(id, FSYNC, 1, 10)).await, Err(StoreError::Gap { .. })));
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    store.append(frame(id, FSYNC, 1, 10)).await.unwrap();
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    assert_eq!(
        store.append(frame(id, FSYNC, 1, 11)).await,
        Err(StoreError::Conflict { ledger: id, index: index(1) })
    );
    assert!(matches!(store.append(frame(id, RECEIVED, 2, 10)).await, Err(StoreError::WrongMode { .. })));
    assert!(matches!(store.append(frame(id, FSYNC, 3, 10)).await, Err(StoreError::Gap { .. })));
    for n in 0..2 {
        assert_holds(store, &frame(id, FSYNC, n, 10)).await;
    }
    assert!(matches!(store.read_frame(id, index(2)).await, Err(StoreError::NotHeld { .. })));
}

#[tokio::test(start_paused = true)]
async fn s2_an_fsync_frame_is_answered_after_the_sync_and_a_received_one_before() {
    let host = Host::started(2, small()).await;
    let store = host.store();
    host.disk.set_slow(Some((Duration::from_millis(100), 1)));
    let (_, syncs) = host.disk.operations();
    store.append(frame(ledger(1), RECEIVED, 0, 10)).await.unwrap();
    assert_eq!(host.disk.operations().1, syncs);
    store.append(frame(ledger(2), FSYNC, 0, 10)).await.unwrap();
    assert_eq!(host.disk.operations().1, syncs + 1);
}

#[tokio::test(start_paused = true)]
async fn a_received_frame_does_not_wait_for_a_sync_that_runs() {
    let host = Host::started(3, small()).await;
    let store = host.store();
    host.disk.set_slow(Some((Duration::from_secs(60), 1)));
    let slow = store.append(frame(ledger(1), FSYNC, 0, 10));
    tokio::task::yield_now().await;
    host.disk.set_slow(None);
    store.append(frame(ledger(2), RECEIVED, 0, 10)).await.unwrap();
    assert!(futures::FutureExt::now_or_never(slow).is_none(), "the sync still runs");
}

#[tokio::test(start_paused = true)]
async fn waiting_appends_share_one_write_and_one_sync() {
    let host = Host::started(4, small()).await;
    let store = host.store();
    let (writes, syncs) = host.disk.operations();
    let appends: Vec<_> = (0..20)
        .flat_map(|n| (0..3).map(move |l| (l, n)))
        .map(|(l, n)| store.append(frame(ledger(l), FSYNC, n, 100)))
        .collect();
    futures::future::try_join_all(appends).await.unwrap();
    let (writes, syncs) = (host.disk.operations().0 - writes, host.disk.operations().1 - syncs);
    assert!(writes <= 2 && syncs <= 2, "60 frames took {writes} writes and {syncs} syncs");
}

#[tokio::test(start_paused = true)]
async fn s3_a_seal_waits_for_accepted_appends_and_survives_power_loss_in_every_mode() {
    for mode in [FSYNC, RECEIVED] {
        for seed in 0..20 {
            let mut host = Host::started(seed, small()).await;
            let id = ledger(1);
            let store = host.store();
            let appends: Vec<_> = (0..5).map(|n| store.append(frame(id, mode, n, 3000))).collect();
            let sealed = store.seal(id, mode).await.unwrap();
            assert_eq!(
                sealed,
                SealAnswer { tail: index(5), trim: index(0), authoritative: true, missing: vec![] }
            );
            futures::future::try_join_all(appends).await.unwrap();
            assert_eq!(store.append(frame(id, mode, 5, 10)).await, Err(StoreError::Sealed(id)));
            assert_eq!(
                store.append(frame(id, mode, 4, 3000)).await,
                Err(StoreError::Sealed(id)),
                "not even again"
            );
            host.power_loss().await;
            host.start().await;
            let store = host.store();
            assert_eq!(store.append(frame(id, mode, 5, 10)).await, Err(StoreError::Sealed(id)));
            assert_eq!(store.seal(id, mode).await.unwrap(), sealed);
            for n in 0..5 {
                assert_holds(store, &frame(id, mode, n, 3000)).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn s4_repair_needs_a_seal_is_contiguous_and_durable() {
    let mut host = Host::started(5, small()).await;
    let id = ledger(1);
    let store = host.store();
    store.append(frame(id, FSYNC, 0, 10)).await.unwrap();
    assert_eq!(store.repair_append(frame(id, FSYNC, 1, 10)).await, Err(StoreError::NotSealed(id)));
    store.seal(id, FSYNC).await.unwrap();
    assert!(matches!(store.repair_append(frame(id, FSYNC, 2, 10)).await, Err(StoreError::Gap { .. })));
    store.repair_append(frame(id, FSYNC, 1, 10)).await.unwrap();
    store.repair_append(frame(id, FSYNC, 1, 10)).await.unwrap();
    assert!(matches!(store.repair_append(frame(id, FSYNC, 0, 11)).await, Err(StoreError::Conflict { .. })));
    host.power_loss().await;
    host.start().await;
    assert_eq!(host.store().seal(id, FSYNC).await.unwrap().tail, index(2));
    assert_holds(host.store(), &frame(id, FSYNC, 1, 10)).await;
}

/// What is not durable may be kept by a loss of power, and mostly is not: so several.
/// A recovery seals a ledger while its writer still trims it.
#[tokio::test(start_paused = true)]
async fn a_trim_on_its_way_to_the_log_is_not_undone_by_the_seal_behind_it() {
    let mut host = Host::started(3, small()).await;
    for n in 0..10 {
        host.store().append(frame(ledger(1), FSYNC, n, 100)).await.unwrap();
    }
    let trim = host.store().trim(ledger(1), Trim::Before(FrameIndex(6)));
    let seal = host.store().seal(ledger(1), FSYNC);
    trim.await.unwrap();
    seal.await.unwrap();
    for _ in 0..2 {
        host.kill().await;
        host.start().await;
        let sealed = host.store().seal(ledger(1), FSYNC).await.unwrap();
        assert_eq!((sealed.trim, sealed.tail), (FrameIndex(6), FrameIndex(10)));
        assert_eq!(sealed.missing, []);
    }
}

#[tokio::test(start_paused = true)]
async fn s4_a_repair_is_answered_after_the_sync() {
    for seed in 20..30 {
        let mut host = Host::started(seed, small()).await;
        let id = ledger(1);
        host.store().append(frame(id, FSYNC, 0, 10)).await.unwrap();
        host.store().seal(id, FSYNC).await.unwrap();
        host.store().repair_append(frame(id, FSYNC, 1, 10)).await.unwrap();
        host.power_loss().await;
        host.start().await;
        assert_holds(host.store(), &frame(id, FSYNC, 1, 10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn s5_an_unknown_ledger_is_sealed_at_zero() {
    let mut host = Host::started(6, small()).await;
    let empty = SealAnswer { tail: index(0), trim: index(0), authoritative: true, missing: vec![] };
    assert_eq!(host.store().seal(ledger(9), FSYNC).await.unwrap(), empty);
    assert_eq!(host.store().append(frame(ledger(9), FSYNC, 0, 10)).await, Err(StoreError::Sealed(ledger(9))));
    host.power_loss().await;
    host.start().await;
    assert_eq!(host.store().append(frame(ledger(9), FSYNC, 0, 10)).await, Err(StoreError::Sealed(ledger(9))));
}

#[tokio::test(start_paused = true)]
async fn s6_the_first_failed_sync_or_write_fails_the_store_and_reads_go_on() {
    for fault in [Fault::Sync, Fault::Write] {
        let mut host = Host::started(7, small()).await;
        let store = host.store();
        store.append(frame(ledger(1), FSYNC, 0, 10)).await.unwrap();
        host.disk.fail_after(fault, 0);
        let failed = store.append(frame(ledger(1), FSYNC, 1, 10)).await.unwrap_err();
        assert!(matches!(failed, StoreError::Failed(_)), "{failed}");
        assert_eq!(store.append(frame(ledger(2), RECEIVED, 0, 10)).await, Err(failed.clone()));
        assert_eq!(store.seal(ledger(1), FSYNC).await, Err(failed.clone()));
        assert_eq!(store.trim(ledger(1), Trim::Before(index(1))).await, Err(failed.clone()));
        assert_eq!(store.failure(), Some(failed.clone()));
        assert_eq!(store.close().await, Err(failed));
        assert_holds(store, &frame(ledger(1), FSYNC, 0, 10)).await;
        host.power_loss().await;
        host.start().await;
        assert_holds(host.store(), &frame(ledger(1), FSYNC, 0, 10)).await;
        let tail = host.store().seal(ledger(1), FSYNC).await.unwrap().tail;
        assert!(tail == index(1) || tail == index(2), "the failed frame may be there or not: {tail}");
    }
}

#[tokio::test(start_paused = true)]
async fn limbo_a_store_that_lost_power_offers_received_frames_but_does_not_deny_any() {
    for seed in 0..20 {
        let mut host = Host::started(seed, small()).await;
        let store = host.store();
        for n in 0..3 {
            store.append(frame(ledger(1), RECEIVED, n, 1000)).await.unwrap();
            store.append(frame(ledger(2), FSYNC, n, 1000)).await.unwrap();
        }
        host.power_loss().await;
        host.start().await;
        let store = host.store();
        let received = store.seal(ledger(1), RECEIVED).await.unwrap();
        assert!(!received.authoritative);
        for n in 0..received.tail.0 {
            assert_holds(store, &frame(ledger(1), RECEIVED, n, 1000)).await;
        }
        let synced = store.seal(ledger(2), FSYNC).await.unwrap();
        assert!(synced.authoritative && synced.tail == index(3));
        assert!(!store.seal(ledger(3), RECEIVED).await.unwrap().authoritative, "never heard of, maybe lost");
        assert!(store.seal(ledger(4), FSYNC).await.unwrap().authoritative);
        store.append(frame(ledger(5), RECEIVED, 0, 10)).await.unwrap();
        assert!(store.seal(ledger(5), RECEIVED).await.unwrap().authoritative, "all of it came after");
        // The doubt outlives further restarts.
        host.restart().await;
        assert!(!host.store().seal(ledger(1), RECEIVED).await.unwrap().authoritative);
        assert!(!host.store().seal(ledger(6), RECEIVED).await.unwrap().authoritative);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_death_or_a_clean_reboot_leaves_no_limbo() {
    let mut host = Host::started(8, small()).await;
    for n in 0..3 {
        host.store().append(frame(ledger(1), RECEIVED, n, 1000)).await.unwrap();
        host.restart().await;
    }
    host.store().append(frame(ledger(1), RECEIVED, 3, 1000)).await.unwrap();
    host.reboot_cleanly().await;
    host.disk.power_loss();
    host.start().await;
    let sealed = host.store().seal(ledger(1), RECEIVED).await.unwrap();
    assert!(sealed.authoritative && sealed.tail == index(4));
}

#[tokio::test(start_paused = true)]
async fn received_frames_are_synced_lazily() {
    let mut host = Host::started(9, small()).await;
    host.store().append(frame(ledger(1), RECEIVED, 0, 1000)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    host.power_loss().await;
    host.start().await;
    assert_holds(host.store(), &frame(ledger(1), RECEIVED, 0, 1000)).await;
}

#[tokio::test(start_paused = true)]
async fn trimmed_frames_are_gone_and_their_files_are_used_again() {
    let mut host = Host::started(10, small()).await;
    let id = ledger(1);
    // A small ledger that stays, beside the large one that is trimmed: its flags have to be carried along.
    host.store().append(frame(ledger(2), FSYNC, 0, 100)).await.unwrap();
    host.store().trim(ledger(2), Trim::Before(index(1))).await.unwrap();
    host.store().seal(ledger(2), FSYNC).await.unwrap();
    host.store().seal(ledger(3), FSYNC).await.unwrap();
    host.store().trim(ledger(3), Trim::Forget).await.unwrap();
    for n in 0..300 {
        host.store().append(frame(id, FSYNC, n, 10_000)).await.unwrap();
        if n >= 20 {
            host.store().trim(id, Trim::Before(index(n - 20))).await.unwrap();
        }
        if n % 50 == 49 {
            host.power_loss().await;
            host.start().await;
        }
    }
    let files = host.disk.list("").await.unwrap();
    assert!(files.len() <= 12, "3 MB went through 64 KiB files: {files:?}");
    assert!(files.iter().all(|name| name == "store" || name.as_str() > "0000000030.wal"), "{files:?}");
    let Usage { used, capacity } = host.store().usage();
    assert!(used < 8 * (64 << 10) && capacity == 15 * (64 << 10), "{used} {capacity}");
    for n in 279..300 {
        assert_holds(host.store(), &frame(id, FSYNC, n, 10_000)).await;
    }
    assert!(matches!(host.store().read_frame(id, index(278)).await, Err(StoreError::NotHeld { .. })));
    let small = host.store().seal(ledger(2), FSYNC).await.unwrap();
    assert_eq!((small.tail, small.trim), (index(1), index(1)));
    assert_eq!(host.store().seal(ledger(3), FSYNC).await, Err(StoreError::Forgotten(ledger(3))));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_ledger_does_not_keep_later_files() {
    let host = Host::started(11, small()).await;
    host.store().append(frame(ledger(2), FSYNC, 0, 100)).await.unwrap();
    for n in 0..200 {
        host.store().append(frame(ledger(1), FSYNC, n, 10_000)).await.unwrap();
        host.store().trim(ledger(1), Trim::Before(index(n))).await.unwrap();
    }
    assert_holds(host.store(), &frame(ledger(2), FSYNC, 0, 100)).await;
    assert!(host.store().usage().used < 5 * (64 << 10));
}

#[tokio::test(start_paused = true)]
async fn a_full_log_refuses_appends_takes_trims_and_goes_on() {
    for truly_full in [false, true] {
        let mut host = Host::started(12, small()).await;
        if truly_full {
            // Room for about eight files.
            host.disk.set_capacity(8 * (64 << 10) + (20 << 10));
        }
        let mut n = 0;
        let full = loop {
            match host.store().append(frame(ledger(1), FSYNC, n, 10_000)).await {
                Ok(()) => n += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(full, StoreError::Full { .. }), "{full}");
        assert!(n > if truly_full { 25 } else { 60 }, "{n} frames fit");
        let usage = host.store().usage();
        assert!(usage.used * 10 >= usage.capacity * 8, "{usage:?}");
        host.store().seal(ledger(7), FSYNC).await.unwrap();
        host.restart().await;
        host.store().trim(ledger(1), Trim::Before(index(n - 10))).await.unwrap();
        for m in n..n + 10 {
            host.store().append(frame(ledger(1), FSYNC, m, 10_000)).await.unwrap();
        }
        host.power_loss().await;
        host.start().await;
        for m in n - 10..n + 10 {
            assert_holds(host.store(), &frame(ledger(1), FSYNC, m, 10_000)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn frames_larger_than_a_file_are_refused_and_the_store_goes_on() {
    let host = Host::started(13, small()).await;
    let large = host.store().append(frame(ledger(1), FSYNC, 0, 64 << 10)).await;
    assert!(matches!(large, Err(StoreError::TooLarge { .. })));
    host.store().append(frame(ledger(1), FSYNC, 0, 40_000)).await.unwrap();
    host.store().append(frame(ledger(1), FSYNC, 1, 40_000)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn trim_stops_at_an_open_tail_and_moves_a_sealed_one() {
    let mut host = Host::started(14, small()).await;
    let id = ledger(1);
    host.store().append(frame(id, FSYNC, 0, 10)).await.unwrap();
    host.store().trim(id, Trim::Before(index(9))).await.unwrap();
    host.store().append(frame(id, FSYNC, 1, 10)).await.unwrap();
    host.store().trim(id, Trim::Before(index(1))).await.unwrap();
    let sealed = host.store().seal(id, FSYNC).await.unwrap();
    assert_eq!((sealed.tail, sealed.trim), (index(2), index(1)));
    host.store().trim(id, Trim::Before(index(9))).await.unwrap();
    host.restart().await;
    let sealed = host.store().seal(id, FSYNC).await.unwrap();
    assert_eq!((sealed.tail, sealed.trim), (index(9), index(9)));
    host.store().repair_append(frame(id, FSYNC, 9, 10)).await.unwrap();
    host.store().trim(id, Trim::Forget).await.unwrap();
    assert_eq!(host.store().append(frame(id, FSYNC, 0, 10)).await, Err(StoreError::Forgotten(id)));
    assert_eq!(host.store().ledgers(), []);
}

#[tokio::test(start_paused = true)]
async fn a_late_writer_of_a_forgotten_ledger_is_refused_after_many_files_too() {
    let mut host = Host::started(15, small()).await;
    host.store().seal(ledger(5), FSYNC).await.unwrap();
    host.store().trim(ledger(5), Trim::Forget).await.unwrap();
    for n in 0..100 {
        host.store().append(frame(ledger(6), FSYNC, n, 10_000)).await.unwrap();
        host.store().trim(ledger(6), Trim::Before(index(n))).await.unwrap();
    }
    host.power_loss().await;
    host.start().await;
    assert_eq!(
        host.store().append(frame(ledger(5), FSYNC, 0, 10)).await,
        Err(StoreError::Forgotten(ledger(5)))
    );
}

#[tokio::test(start_paused = true)]
async fn changed_file_sizes_and_a_half_made_spare_are_taken_in_stride() {
    let mut host = Host::started(16, small()).await;
    for n in 0..30 {
        host.store().append(frame(ledger(1), FSYNC, n, 10_000)).await.unwrap();
    }
    host.kill().await;
    host.disk.open("0000000099.wal").await.unwrap();
    host.config.file_size = 128 << 10;
    host.config.max_bytes = 64 << 20;
    host.start().await;
    for n in 30..60 {
        host.store().append(frame(ledger(1), FSYNC, n, 10_000)).await.unwrap();
    }
    host.kill().await;
    host.config.file_size = 64 << 10;
    host.start().await;
    for n in 60..90 {
        host.store().append(frame(ledger(1), FSYNC, n, 10_000)).await.unwrap();
    }
    host.restart().await;
    for n in 0..90 {
        assert_holds(host.store(), &frame(ledger(1), FSYNC, n, 10_000)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_work_and_foreign_files_are_refused() {
    for config in [
        StoreConfig { file_size: 1000, ..small() },
        StoreConfig { max_bytes: 3 * (64 << 10), ..small() },
        StoreConfig { spare_files: 0, ..small() },
    ] {
        assert!(Host::new(1, config).try_start().await.is_err());
    }
    let mut host = Host::started(17, small()).await;
    host.kill().await;
    let bytes = host.disk.peek("0000000000.wal").unwrap();
    let mut other = Host::started(18, small()).await;
    other.kill().await;
    let file = other.disk.open("0000000000.wal").await.unwrap();
    file.write_at(0, vec![bytes], esker_env::Durability::Synced).await.unwrap();
    let error = other.try_start().await.unwrap_err().to_string();
    assert!(error.contains("belongs to store"), "{error}");
    other.disk.remove("store").await.unwrap();
    assert!(other.try_start().await.unwrap_err().to_string().contains("identity"));
}

#[tokio::test(start_paused = true)]
async fn a_device_error_while_opening_is_not_taken_for_damage() {
    let mut host = Host::started(19, small()).await;
    for n in 0..10 {
        host.store().append(frame(ledger(1), FSYNC, n, 10_000)).await.unwrap();
    }
    host.kill().await;
    for n in 0..6 {
        host.disk.fail_after(Fault::Read, n);
        assert!(host.try_start().await.is_err(), "read {n}");
        host.kill().await;
    }
    host.start().await;
    assert_eq!(host.store().seal(ledger(1), FSYNC).await.unwrap().tail, index(10));
}
