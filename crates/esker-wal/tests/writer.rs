//! The ledger's writer: packing, commit order, windows, quorum, freeze.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::{sync::Arc, time::Duration};

use common::*;
use esker_core::{FrameIndex, Mode};
use esker_env::{Env, RealDisk, sim_disk::Fault};
use esker_wal::{
    CopiesStatus, Descriptor, LaneConfig, LaneWatch, LedgerWriter, LogStore, NoRoll, Store, StoreConfig,
    WriterClosed, recover,
};
use futures::FutureExt;

fn large() -> StoreConfig {
    StoreConfig { file_size: 8 << 20, max_bytes: 64 << 20, ..StoreConfig::default() }
}

fn fsync() -> LaneConfig {
    LaneConfig::for_mode(Mode::Fsync)
}

#[tokio::test(start_paused = true)]
async fn commits_come_in_order_before_their_waiters_go_on() {
    let hosts = hosts(1, &large()).await;
    let session = Session::open(1, FSYNC, &hosts, 1, fsync());
    let mut last = None;
    for n in 0..500 {
        last = Some(session.writer.enqueue(batch(n, 3000)).unwrap());
        if n % 7 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(session.writer.backlog() + 3064 * session.sink.offsets().len(), 500 * 3064);
    session.writer.committed(last.unwrap()).await.unwrap();
    assert_eq!(session.sink.offsets(), (0..500).collect::<Vec<_>>());
    assert_eq!(session.writer.backlog(), 0);
    let frames = session.sink.frames.lock().clone();
    assert_eq!(session.writer.commit_end(), (ledger(1), FrameIndex(frames.len() as u64)));
    for frame in &frames {
        let mut at = 0;
        for header in frame.headers.iter() {
            let bytes = &frame.payload[at..at + 3000];
            assert_eq!(bytes[..8], header.base_offset.0.to_be_bytes(), "the base offset is patched");
            assert_eq!(bytes[12..16], header.epoch.0.to_be_bytes(), "the epoch is patched");
            assert!(bytes[16..].iter().all(|byte| *byte == header.base_offset.0 as u8));
            at += 3000;
        }
        let stored = hosts[0].store().read_frame(ledger(1), frame.index).await.unwrap();
        assert_eq!(stored.payload(), frame.payload);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_while_a_sync_runs_is_the_next_frame() {
    let hosts = hosts(1, &large()).await;
    let lane = LaneConfig { frames_in_flight: 1, ..fsync() };
    let session = Session::open(1, FSYNC, &hosts, 1, lane);
    hosts[0].disk.set_slow(Some((Duration::from_millis(10), 1)));
    session.writer.enqueue(batch(0, 100)).unwrap();
    tokio::time::sleep(Duration::from_micros(1)).await;
    let tickets: Vec<_> = (1..100).map(|n| session.writer.enqueue(batch(n, 100)).unwrap()).collect();
    session.writer.committed(tickets[98]).await.unwrap();
    let sizes: Vec<usize> = session.sink.frames.lock().iter().map(|frame| frame.headers.len()).collect();
    assert_eq!(sizes, [1, 99]);
}

#[tokio::test(start_paused = true)]
async fn a_partitions_batches_stand_side_by_side_in_their_order() {
    let hosts = hosts(1, &large()).await;
    let session = Session::open(1, FSYNC, &hosts, 1, fsync());
    let mut last = None;
    // Nothing yields in between, so that all of them are one frame.
    for n in 0..40 {
        let mut batch = batch(n, 100);
        batch.header.partition.index = (n % 4) as u32;
        last = Some(session.writer.enqueue(batch).unwrap());
    }
    session.writer.committed(last.unwrap()).await.unwrap();
    let frames = session.sink.frames.lock().clone();
    let found = frames[0].headers.iter().map(|header| (header.partition.index, header.base_offset.0));
    let expected = (0..4).flat_map(|index| (0..10).map(move |turn| (index, 4 * turn + i64::from(index))));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let offsets = frames[0].payload.chunks(100).map(|bytes| i64::from(bytes[99]));
    assert!(offsets.eq(frames[0].headers.iter().map(|header| header.base_offset.0)), "bytes go with entries");
}

#[tokio::test(start_paused = true)]
async fn frames_end_at_their_bounds_and_a_large_batch_goes_alone() {
    let hosts = hosts(1, &large()).await;
    let lane = LaneConfig { frame_bytes: 10_000, frame_entries: 4, ..fsync() };
    let session = Session::open(1, FSYNC, &hosts, 1, lane);
    let sizes = [100, 100, 100, 100, 100, 9000, 500, 500, 20_000, 5000];
    let mut last = None;
    for (n, size) in sizes.iter().enumerate() {
        last = Some(session.writer.enqueue(batch(n as i64, *size)).unwrap());
    }
    session.writer.committed(last.unwrap()).await.unwrap();
    let frames: Vec<Vec<u32>> = session
        .sink
        .frames
        .lock()
        .iter()
        .map(|frame| frame.headers.iter().map(|header| header.length).collect())
        .collect();
    assert_eq!(frames, [vec![100; 4], vec![100, 9000, 500], vec![500], vec![20_000], vec![5000]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_no_frame_can_hold_is_refused_alone() {
    let hosts = hosts(1, &large()).await;
    let session = Session::open(1, FSYNC, &hosts, 1, fsync());
    let refused = session.writer.enqueue(batch(0, LedgerWriter::MAX_BATCH + 1));
    assert!(matches!(refused, Err(WriterClosed::TooLarge { .. })));
    let ticket = session.writer.enqueue(batch(0, 10)).unwrap();
    session.writer.committed(ticket).await.unwrap();
    assert_eq!(session.writer.backlog(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_throughput_window_closes_by_time_or_by_size() {
    let hosts = hosts(1, &large()).await;
    let session = Session::open(1, Mode::Throughput, &hosts, 1, LaneConfig::for_mode(Mode::Throughput));
    let clock = &session.env.clock;
    let start = clock.now();
    let first = session.writer.enqueue(batch(0, 1000)).unwrap();
    tokio::time::sleep(Duration::from_millis(3)).await;
    let second = session.writer.enqueue(batch(1, 1000)).unwrap();
    session.writer.committed(first).await.unwrap();
    session.writer.committed(second).now_or_never().unwrap().unwrap();
    let waited = clock.now() - start;
    assert!((5..7).contains(&waited.as_millis()), "{waited:?}");
    let start = clock.now();
    let tickets: Vec<_> = (2..13).map(|n| session.writer.enqueue(batch(n, 100 << 10)).unwrap()).collect();
    session.writer.committed(tickets[10]).await.unwrap();
    assert!((clock.now() - start).as_millis() < 2, "1 MiB is enough");
    let sizes: Vec<usize> = session.sink.frames.lock().iter().map(|frame| frame.headers.len()).collect();
    assert_eq!(sizes, [2, 11]);
}

#[tokio::test(start_paused = true)]
async fn two_of_three_stores_are_enough_and_one_is_not() {
    let hosts = hosts(3, &large()).await;
    let session = Session::open(1, FSYNC, &hosts, 2, fsync());
    let ticket = session.writer.enqueue(batch(0, 100)).unwrap();
    session.writer.committed(ticket).await.unwrap();
    hosts[1].disk.fail_after(Fault::Sync, 0);
    for n in 1..20 {
        let ticket = session.writer.enqueue(batch(n, 100)).unwrap();
        session.writer.committed(ticket).await.unwrap();
    }
    assert_eq!(*session.sink.closed.lock(), []);
    hosts[2].disk.fail_after(Fault::Write, 0);
    let ticket = session.writer.enqueue(batch(20, 100)).unwrap();
    let behind = session.writer.enqueue(batch(21, 100)).unwrap();
    let error = session.writer.committed(ticket).await.unwrap_err();
    assert!(matches!(error, WriterClosed::Failed { .. }), "{error}");
    assert_eq!(session.writer.committed(behind).await, Err(error.clone()));
    assert_eq!(session.writer.enqueue(batch(22, 100)), Err(error.clone()));
    assert_eq!(*session.sink.closed.lock(), [error]);
    assert_eq!(session.sink.offsets(), (0..20).collect::<Vec<_>>());
    session.writer.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_holds_nothing_up_and_the_commit_is_the_second_highest() {
    let hosts = hosts(3, &large()).await;
    let session = Session::open(1, FSYNC, &hosts, 2, fsync());
    hosts[0].disk.set_slow(Some((Duration::from_secs(3600), 1)));
    for n in 0..50 {
        let ticket = session.writer.enqueue(batch(n, 100)).unwrap();
        session.writer.committed(ticket).await.unwrap();
    }
    hosts[1].disk.set_slow(Some((Duration::from_secs(3600), 1)));
    let start = session.env.clock.now();
    let ticket = session.writer.enqueue(batch(50, 100)).unwrap();
    session.writer.committed(ticket).await.unwrap();
    assert!(session.env.clock.now() - start > Duration::from_secs(1), "two slow stores are waited for");
}

#[tokio::test(start_paused = true)]
async fn w3_after_a_freeze_nothing_more_is_committed_whatever_arrives_late() {
    for delay in [0, 1, 5, 20, 100] {
        let hosts = hosts(3, &large()).await;
        let session = Session::open(1, FSYNC, &hosts, 2, fsync());
        for host in &hosts {
            host.disk.set_slow(Some((Duration::from_millis(40), 1)));
        }
        let mut tickets = Vec::new();
        for n in 0..40 {
            tickets.push(session.writer.enqueue(batch(n, 100)).unwrap());
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let end = session.writer.freeze();
        assert_eq!(end, session.writer.commit_end());
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(session.writer.commit_end(), end);
        assert_eq!(session.writer.freeze(), end);
        let committed = session.sink.frames.lock().clone();
        assert_eq!(committed.len() as u64, end.1.0);
        let batches: usize = committed.iter().map(|frame| frame.headers.len()).sum();
        for (n, ticket) in tickets.iter().enumerate() {
            let expected = if n < batches { Ok(()) } else { Err(WriterClosed::Frozen) };
            assert_eq!(session.writer.committed(*ticket).await, expected);
        }
        assert_eq!(session.writer.enqueue(batch(99, 1)), Err(WriterClosed::Frozen));
        assert_eq!(*session.sink.closed.lock(), [], "a freeze is no failure");
        // The stores hold all that is committed, and maybe more: the roll records the frozen end, not theirs.
        for frame in committed {
            let held = futures::future::join_all(
                hosts.iter().map(|host| host.store().read_frame(ledger(1), frame.index)),
            )
            .await;
            assert!(held.iter().filter(|read| read.is_ok()).count() >= 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn close_commits_what_was_enqueued() {
    let hosts = hosts(1, &large()).await;
    let session = Session::open(1, Mode::Throughput, &hosts, 1, LaneConfig::for_mode(Mode::Throughput));
    for n in 0..100 {
        session.writer.enqueue(batch(n, 10_000)).unwrap();
    }
    session.writer.close().await;
    assert_eq!(session.sink.offsets(), (0..100).collect::<Vec<_>>());
    assert_eq!(session.writer.enqueue(batch(0, 10)), Err(WriterClosed::Closed));
    assert_eq!(*session.sink.closed.lock(), []);
    session.writer.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_task_ends_the_waiting() {
    let hosts = hosts(1, &large()).await;
    let session = Session::open(1, FSYNC, &hosts, 1, fsync());
    hosts[0].disk.set_slow(Some((Duration::from_secs(3600), 1)));
    let ticket = session.writer.enqueue(batch(0, 10)).unwrap();
    tokio::task::yield_now().await;
    session.env.tasks.abort_all();
    assert!(matches!(session.writer.committed(ticket).await, Err(WriterClosed::Failed { .. })));
    session.writer.close().await;
}

#[tokio::test]
async fn on_a_real_disk_what_is_committed_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let env = Env::real();
    let disk = Arc::new(RealDisk::open(dir.path()).unwrap());
    let store = Store::open(disk, env.clone(), large()).await.unwrap();
    let id = store.id();
    let descriptor = Descriptor { ledger: ledger(1), mode: FSYNC, copyset: vec![id], write_quorum: 1 };
    let sink = Arc::new(Sink::default());
    let writer = LedgerWriter::open(
        descriptor.clone(),
        vec![store.clone()],
        fsync(),
        &env,
        sink.clone(),
        Arc::new(NoRoll),
    );
    let tickets: Vec<_> = (0..2000).map(|n| writer.enqueue(batch(n, 2000)).unwrap()).collect();
    writer.committed(tickets[1999]).await.unwrap();
    assert_eq!(sink.offsets(), (0..2000).collect::<Vec<_>>());
    writer.close().await;
    drop((writer, store));
    env.tasks.wait_idle().await;

    // The disk's threads let go of the directory in their own time.
    let disk = loop {
        match RealDisk::open(dir.path()) {
            Ok(disk) => break Arc::new(disk),
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let store = Store::open(disk, env.clone(), large()).await.unwrap();
    assert_eq!(store.id(), id);
    let stores: Vec<Arc<dyn LogStore>> = vec![store.clone()];
    let recovered = recover(&descriptor, &stores, &env).await.unwrap();
    let frames = sink.frames.lock().clone();
    assert_eq!(recovered.end, FrameIndex(frames.len() as u64));
    for frame in frames {
        let read = store.read(ledger(1), frame.index, 0..u32::MAX).await.unwrap();
        assert_eq!(read, frame.payload);
        assert_eq!(store.read(ledger(1), frame.index, 8..20).await.unwrap(), frame.payload.slice(8..20));
    }
}

#[tokio::test(start_paused = true)]
async fn stages_are_counted_once_for_each_batch_and_add_up_to_the_commit() {
    let hosts = hosts(3, &large()).await;
    let own = hosts[0].store().id();
    let watch = LaneWatch { own_store: Some(own), ..LaneWatch::default() };
    let lane = LaneConfig { frames_in_flight: 1, watch: watch.clone(), ..fsync() };
    let session = Session::open(1, FSYNC, &hosts, 2, lane);
    assert_eq!(session.writer.copies(), CopiesStatus { live: 3, lag: 0 });
    // The own store has it at once, the others later.
    hosts[1].disk.set_slow(Some((Duration::from_secs(100), 1)));
    hosts[2].disk.set_slow(Some((Duration::from_secs(100), 1)));
    let clock = &session.env.clock;
    let begun = clock.now();
    let tickets: Vec<_> = (0..20).map(|n| session.writer.enqueue(batch(n, 100)).unwrap()).collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let last_begun = clock.now();
    let last = session.writer.enqueue(batch(20, 100)).unwrap();
    session.writer.committed(tickets[19]).await.unwrap();
    let first_frame = clock.now();
    let copies = session.writer.copies();
    assert!(copies.live == 3 && copies.lag > 0, "{copies:?}");
    session.writer.committed(last).await.unwrap();
    let second_frame = clock.now();
    let stages =
        [&watch.metrics.queue, &watch.metrics.sync, &watch.metrics.replication, &watch.metrics.commit];
    let seen = stages.map(|stage| stage.snapshot());
    assert_eq!(seen.each_ref().map(|stage| stage.count()), [21; 4]);
    let [queue, sync, replication, commit] = seen.map(|stage| stage.sum);
    let near = |is: f64, expected: Duration| {
        assert!((is - expected.as_secs_f64()).abs() < 0.1, "{is} instead of {expected:?}");
    };
    // The last one waited for the frame before.
    near(queue, first_frame - last_begun);
    near(sync, Duration::ZERO);
    near(replication, (first_frame - begun) * 20 + (second_frame - first_frame));
    near(commit, Duration::ZERO);
}
