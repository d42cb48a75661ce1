//! Rolling a lane: W3 and W4, stores that die, lag, drain or cannot be reached for a while.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::{sync::atomic::Ordering, time::Duration};

use common::{lane::*, *};
use esker_core::{FrameIndex, Mode};
use esker_env::sim_disk::Fault;
use esker_wal::{Avoid, AvoidReason, CopiesError, LaneConfig, Ticket, WriterClosed};
use futures::FutureExt;

fn fsync() -> LaneConfig {
    LaneConfig::for_mode(Mode::Fsync)
}

/// Small frames, so that there are many.
fn small_frames() -> LaneConfig {
    LaneConfig { frame_entries: 2, ..fsync() }
}

async fn millis(count: u64) {
    tokio::time::sleep(Duration::from_millis(count)).await;
}

impl LaneWorld {
    fn enqueue(&self, range: std::ops::Range<i64>) -> Vec<Ticket> {
        range.map(|n| self.writer.enqueue(batch(n, 200)).unwrap()).collect()
    }

    /// Enqueues one by one, and waits for each.
    async fn commit(&self, range: std::ops::Range<i64>) {
        for n in range {
            let ticket = self.writer.enqueue(batch(n, 200)).unwrap();
            let committed = self.env.timeout(Duration::from_secs(60), self.writer.committed(ticket)).await;
            committed.expect("a minute is enough").unwrap();
        }
    }

    async fn until_rolled(&self, rolls: usize) {
        let start = self.env.clock.now();
        while self.sink.rolls.lock().len() < rolls {
            millis(1).await;
            assert!(self.env.clock.now() - start < Duration::from_secs(60), "a minute is enough");
        }
    }

    fn copyset(&self) -> Vec<esker_core::StoreId> {
        self.writer.descriptor().copyset.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_store_is_left_behind_and_nothing_is_lost_or_twice() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..10).await;
    world.meta.forgiving.store(false, Ordering::SeqCst);
    world.hosts[1].disk.fail_after(Fault::Sync, 0);
    world.commit(10..100).await;
    world.until_rolled(1).await;
    world.commit(100..110).await;
    assert_eq!(world.copyset(), [world.id(0), world.id(2), world.id(3)]);
    assert_eq!(world.sink.offsets(), (0..110).collect::<Vec<_>>());
    let asked = world.meta.questions.lock().clone();
    assert_eq!(asked, [vec![Avoid { store: world.id(1), reason: AvoidReason::Dead }]]);
    let (current, end) = world.writer.commit_end();
    assert_eq!(current, ledger(2));
    assert_eq!(world.sink.frames.lock().last().unwrap().index.next(), end);
    let records = world.meta.ledgers.lock().clone();
    assert_eq!(records[0].end, Some(world.sink.rolls.lock()[0].1), "sealed where the sink heard");
    assert_eq!(world.writer.backlog(), 0);
    world.writer.close().await;
    assert_eq!(*world.sink.closed.lock(), []);
}

#[tokio::test(start_paused = true)]
async fn w3_late_acknowledgements_of_the_old_ledger_count_for_nothing() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..4).await;
    let (_, before) = world.writer.commit_end();
    for wire in &world.wires[..3] {
        wire.stall(true);
    }
    let tickets = world.enqueue(4..14);
    millis(10).await;
    world.meta.held_up.send_replace(true);
    world.writer.roll_away(vec![world.id(0)]);
    millis(100).await;
    // Frozen by now, the transaction under way: all of the old ledger's acknowledgements come.
    for wire in &world.wires[..3] {
        wire.stall(false);
    }
    millis(500).await;
    assert!(world.tail(1, 1).await > before.0, "the stores hold more than was committed");
    assert_eq!(world.writer.commit_end(), (ledger(1), before));
    assert_eq!(world.sink.offsets(), (0..4).collect::<Vec<_>>());
    assert!(tickets.iter().all(|ticket| world.writer.committed(*ticket).now_or_never().is_none()));
    let late = world.enqueue(14..20);
    world.meta.held_up.send_replace(false);
    for ticket in tickets.iter().chain(&late) {
        world.writer.committed(*ticket).await.unwrap();
    }
    assert_eq!(*world.sink.rolls.lock(), [(ledger(1), before)]);
    assert_eq!(world.sink.offsets(), (0..20).collect::<Vec<_>>(), "same offsets, same order, once");
    let frames = world.sink.frames.lock().clone();
    let moved: Vec<_> = frames.iter().filter(|frame| frame.ledger == ledger(2)).collect();
    assert_eq!(moved[0].index, FrameIndex(0));
    for frame in &moved {
        for (at, header) in frame.headers.iter().enumerate() {
            let bytes = &frame.payload[at * 200..at * 200 + 200];
            assert_eq!(bytes[..8], header.base_offset.0.to_be_bytes());
            assert!(bytes[16..].iter().all(|byte| *byte == header.base_offset.0 as u8));
        }
    }
    assert!(!world.copyset().contains(&world.id(0)));
    world.writer.close().await;
    world.meta.ledgers.lock()[1].end = Some(world.writer.commit_end().1);
    millis(100).await;
    assert_eq!(world.contents().await, (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn w4_a_refused_roll_ends_the_writer() {
    for outcome in [Outcome::Refused, Outcome::Lost] {
        let world = LaneWorld::open(4, 3, 2, small_frames()).await;
        world.commit(0..4).await;
        *world.meta.outcome.lock() = outcome;
        world.meta.held_up.send_replace(true);
        world.writer.roll_away(vec![world.id(0)]);
        millis(100).await;
        let tickets = world.enqueue(4..8);
        world.meta.held_up.send_replace(false);
        for ticket in tickets {
            let error = world.writer.committed(ticket).await.unwrap_err();
            assert!(matches!(error, WriterClosed::Failed { .. }), "{error}");
        }
        assert_eq!(world.sink.closed.lock().len(), 1);
        assert!(world.writer.enqueue(batch(9, 10)).is_err());
        millis(60_000).await;
        assert_eq!(world.sink.offsets(), [0, 1, 2, 3]);
        assert_eq!(*world.sink.rolls.lock(), []);
        world.writer.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn until_there_is_another_copyset_the_writer_goes_on_with_w_stores() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.meta.forgiving.store(false, Ordering::SeqCst);
    world.meta.up.store(false, Ordering::SeqCst);
    world.hosts[1].disk.fail_after(Fault::Write, 0);
    for n in 0..100 {
        world.commit(n..n + 1).await;
        millis(600).await;
    }
    assert_eq!(*world.sink.rolls.lock(), []);
    let questions = world.meta.questions.lock().len();
    assert!((12..30).contains(&questions), "{questions} questions in a minute");
    world.meta.up.store(true, Ordering::SeqCst);
    millis(5_200).await;
    assert_eq!(world.sink.rolls.lock().len(), 1, "it asks again within five seconds");
    world.commit(100..101).await;
    assert_eq!(world.writer.commit_end(), (ledger(2), FrameIndex(1)));
    assert_eq!(world.sink.offsets(), (0..101).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_lane_without_its_quorum_rolls() {
    let world = LaneWorld::open(5, 3, 2, small_frames()).await;
    world.commit(0..10).await;
    world.meta.forgiving.store(false, Ordering::SeqCst);
    // A pause that would be long is cut short.
    world.meta.up.store(false, Ordering::SeqCst);
    world.hosts[0].disk.fail_after(Fault::Sync, 0);
    world.commit(10..12).await;
    millis(60_000).await;
    world.hosts[1].disk.fail_after(Fault::Sync, 0);
    let start = world.env.clock.now();
    let tickets = world.enqueue(12..40);
    millis(5).await;
    world.meta.up.store(true, Ordering::SeqCst);
    world.writer.committed(*tickets.last().unwrap()).await.unwrap();
    assert!(world.env.clock.now() - start < Duration::from_secs(1));
    assert_eq!(world.copyset(), [world.id(2), world.id(3), world.id(4)]);
    assert_eq!(world.sink.offsets(), (0..40).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_finds_no_quorum_in_time_fails() {
    let world = LaneWorld::open(5, 3, 2, small_frames()).await;
    world.commit(0..10).await;
    world.meta.up.store(false, Ordering::SeqCst);
    world.hosts[0].disk.fail_after(Fault::Sync, 0);
    world.hosts[1].disk.fail_after(Fault::Sync, 0);
    let start = world.env.clock.now();
    let tickets = world.enqueue(10..20);
    let error = world.writer.committed(tickets[9]).await.unwrap_err();
    assert!(matches!(error, WriterClosed::Failed { .. }), "{error}");
    let waited = world.env.clock.now() - start;
    assert!((10_000..10_200).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(world.sink.closed.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lagging_store_is_left_behind() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..10).await;
    world.wires[2].stall(true);
    let start = world.env.clock.now();
    world.commit(10..12).await;
    world.until_rolled(1).await;
    let waited = world.env.clock.now() - start;
    assert!((1000..1100).contains(&waited.as_millis()), "{waited:?}");
    let asked = world.meta.questions.lock().clone();
    assert_eq!(asked, [vec![Avoid { store: world.id(2), reason: AvoidReason::Lagging }]]);
    assert_eq!(world.copyset(), [world.id(0), world.id(1), world.id(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_catches_up_is_kept() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.meta.up.store(false, Ordering::SeqCst);
    world.wires[2].stall(true);
    world.commit(0..100).await;
    millis(3000).await;
    assert!(!world.meta.questions.lock().is_empty());
    world.wires[2].stall(false);
    millis(1000).await;
    // What it lacked was sent to it, in order.
    assert_eq!(world.tail(2, 1).await, world.writer.commit_end().1.0);
    world.meta.up.store(true, Ordering::SeqCst);
    millis(60_000).await;
    assert_eq!(*world.sink.rolls.lock(), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_a_slow_store_is_bounded() {
    let lane = LaneConfig { lag_bytes: 200_000, bytes_in_flight: 20_000, ..small_frames() };
    let world = LaneWorld::open(4, 3, 2, lane).await;
    world.meta.up.store(false, Ordering::SeqCst);
    world.wires[2].stall(true);
    // Two hundred and thirty frames of about a kilobyte, bookkeeping included.
    world.commit(0..150).await;
    let held = world.writer.held_by(Ticket(150), 3);
    tokio::pin!(held);
    assert!(held.as_mut().now_or_never().is_none(), "not given up yet");
    world.commit(150..400).await;
    assert_eq!(held.await, Err(CopiesError::TooFew { wanted: 3 }), "given up");
    world.wires[2].stall(false);
    millis(1000).await;
    let tail = world.tail(2, 1).await;
    assert!(tail > 0 && tail < 200, "only what was on its way arrives: {tail}");
    assert!(world.wires[2].most_outstanding() < 25_000, "{}", world.wires[2].most_outstanding());
    assert_eq!(world.sink.offsets(), (0..400).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_that_the_quorum_needs_is_not_given_up() {
    let lane = LaneConfig { lag_bytes: 1000, ..small_frames() };
    let world = LaneWorld::open(3, 3, 2, lane).await;
    world.meta.up.store(false, Ordering::SeqCst);
    world.hosts[0].disk.fail_after(Fault::Sync, 0);
    world.commit(0..1).await;
    world.wires[1].stall(true);
    let tickets = world.enqueue(1..100);
    millis(20_000).await;
    world.wires[1].stall(false);
    world.writer.committed(*tickets.last().unwrap()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_leaves_no_gap_and_no_duplicate() {
    let world = LaneWorld::open(3, 3, 2, small_frames()).await;
    let mut last = None;
    for n in 0..400 {
        last = world.enqueue(n..n + 1).pop();
        if n % 3 == 0 {
            millis(1).await;
        }
        if n % 10 == 0 {
            world.wires[(n / 10 % 3) as usize].cut();
        }
        if n % 100 == 50 {
            world.wires[1].set_up(false);
            millis(700).await;
            world.wires[1].set_up(true);
            // The longest pause before it is tried again.
            millis(250).await;
        }
    }
    assert_eq!(world.writer.held_by(last.unwrap(), 3).await, Ok(()));
    assert_eq!(world.sink.offsets(), (0..400).collect::<Vec<_>>());
    let (_, end) = world.writer.commit_end();
    for host in 0..3 {
        assert_eq!(world.tail(host, 1).await, end.0);
    }
    assert!(world.meta.questions.lock().is_empty(), "nobody wanted to roll");
    world.meta.ledgers.lock()[0].end = Some(end);
    assert_eq!(world.contents().await, (0..400).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_reached_for_long_is_dead() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..10).await;
    world.wires[0].set_up(false);
    let start = world.env.clock.now();
    world.commit(10..11).await;
    world.until_rolled(1).await;
    let waited = world.env.clock.now() - start;
    assert!((1000..1100).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(world.copyset(), [world.id(1), world.id(2), world.id(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_was_restarted_may_be_named_again() {
    let world = LaneWorld::open(3, 3, 2, small_frames()).await;
    world.wires[0].set_up(false);
    world.commit(0..10).await;
    millis(10_000).await;
    assert_eq!(*world.sink.rolls.lock(), [], "there are no three stores");
    world.wires[0].set_up(true);
    world.until_rolled(1).await;
    let ticket = world.enqueue(10..11)[0];
    assert_eq!(world.writer.held_by(ticket, 3).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn ledgers_that_fail_at_once_are_no_storm_of_transactions() {
    let world = LaneWorld::open(3, 3, 2, small_frames()).await;
    world.hosts[0].disk.fail_after(Fault::Sync, 0);
    // The placement never learns that the store takes nothing.
    for n in 0..600 {
        world.commit(n..n + 1).await;
        millis(100).await;
    }
    let rolls = world.sink.rolls.lock().len();
    assert!((5..25).contains(&rolls), "{rolls} rolls in a minute");
    assert_eq!(world.sink.offsets(), (0..600).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_plan_with_an_unwanted_store_is_not_taken() {
    let world = LaneWorld::open(3, 3, 2, small_frames()).await;
    world.meta.careless.store(true, Ordering::SeqCst);
    world.writer.roll_away(vec![world.id(1)]);
    world.commit(0..10).await;
    millis(10_000).await;
    world.writer.roll_away(Vec::new());
    world.wires[2].stall(true);
    world.commit(10..20).await;
    millis(10_000).await;
    assert_eq!(*world.sink.rolls.lock(), []);
    assert!(world.meta.questions.lock().len() > 4);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_died_while_the_plan_was_made_is_not_rolled_to() {
    let world = LaneWorld::open(5, 3, 2, small_frames()).await;
    *world.meta.longest.lock() = Duration::from_millis(400);
    world.commit(0..10).await;
    world.writer.roll_away(vec![world.id(0)]);
    while world.meta.questions.lock().is_empty() {
        millis(1).await;
    }
    world.hosts[1].disk.fail_after(Fault::Sync, 0);
    world.meta.forgiving.store(false, Ordering::SeqCst);
    world.commit(10..20).await;
    world.until_rolled(1).await;
    assert_eq!(world.copyset(), [world.id(2), world.id(3), world.id(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_what_it_acknowledged_is_dead_at_once() {
    let lane = LaneConfig { frame_entries: 2, ..LaneConfig::for_mode(Mode::Received) };
    let mut world = LaneWorld::seeded(0, Mode::Received, 4, (3, 2), lane).await;
    world.meta.forgiving.store(false, Ordering::SeqCst);
    let mut next = 0;
    let left = loop {
        world.commit(next..next + 20).await;
        next += 20;
        millis(3).await;
        let (_, end) = world.writer.commit_end();
        assert_eq!(world.tail(2, 1).await, end.0, "as long as nothing is lost, nothing happens");
        world.restart(2, true).await;
        let left = world.tail(2, 1).await;
        if left < end.0 {
            break left;
        }
        assert!(next < 10_000, "power loss takes what was not synced, now and then");
    };
    let start = world.env.clock.now();
    world.commit(next..next + 2).await;
    world.until_rolled(1).await;
    assert!(world.env.clock.now() - start < Duration::from_millis(100));
    assert_eq!(world.copyset(), [world.id(0), world.id(1), world.id(3)]);
    assert_eq!(world.tail(2, 1).await, left, "it was sent nothing that it had acknowledged");
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_has_passed_when_the_plan_is_there_is_dropped() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    *world.meta.longest.lock() = Duration::from_secs(2);
    world.wires[2].stall(true);
    world.commit(0..10).await;
    millis(1100).await;
    world.wires[2].stall(false);
    millis(10_000).await;
    assert_eq!(world.meta.questions.lock().len(), 1);
    assert_eq!(*world.sink.rolls.lock(), [], "a plan is made before the freeze, and need not be used");
}

#[tokio::test(start_paused = true)]
async fn the_caller_rolls_a_lane_away_and_may_think_again() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..10).await;
    world.writer.roll_away(vec![world.id(3)]);
    millis(1000).await;
    assert!(world.meta.questions.lock().is_empty(), "that store has nothing of this lane");
    world.meta.up.store(false, Ordering::SeqCst);
    world.writer.roll_away(vec![world.id(1)]);
    millis(1000).await;
    assert!(!world.meta.questions.lock().is_empty());
    world.writer.roll_away(Vec::new());
    world.meta.up.store(true, Ordering::SeqCst);
    millis(10_000).await;
    assert_eq!(*world.sink.rolls.lock(), []);
    world.writer.roll_away(vec![world.id(0)]);
    world.until_rolled(1).await;
    assert_eq!(world.copyset(), [world.id(1), world.id(2), world.id(3)]);
    world.commit(10..20).await;
    assert_eq!(world.sink.offsets(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_unwanted_since_the_freeze_is_rolled_away_from_again() {
    let world = LaneWorld::open(5, 3, 2, small_frames()).await;
    world.meta.held_up.send_replace(true);
    world.writer.roll_away(vec![world.id(0)]);
    millis(100).await;
    world.writer.roll_away(vec![world.id(0), world.id(3)]);
    millis(100).await;
    world.meta.held_up.send_replace(false);
    world.until_rolled(2).await;
    assert_eq!(world.copyset(), [world.id(1), world.id(2), world.id(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_close_waits_for_the_roll() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    for wire in &world.wires[..3] {
        wire.stall(true);
    }
    let tickets = world.enqueue(0..10);
    world.meta.held_up.send_replace(true);
    world.writer.roll_away(vec![world.id(0)]);
    millis(100).await;
    for wire in &world.wires[..3] {
        wire.stall(false);
    }
    let close = world.writer.close();
    tokio::pin!(close);
    assert!(close.as_mut().now_or_never().is_none());
    millis(500).await;
    assert!(close.as_mut().now_or_never().is_none());
    world.meta.held_up.send_replace(false);
    close.await;
    assert_eq!(world.sink.offsets(), (0..10).collect::<Vec<_>>());
    assert_eq!(world.writer.committed(tickets[9]).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_freeze_in_the_middle_of_a_roll_is_final() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..4).await;
    let end = world.writer.commit_end();
    world.meta.held_up.send_replace(true);
    world.writer.roll_away(vec![world.id(0)]);
    millis(100).await;
    let ticket = world.enqueue(4..5)[0];
    assert_eq!(world.writer.freeze(), end);
    world.meta.held_up.send_replace(false);
    millis(1000).await;
    assert_eq!(world.writer.committed(ticket).await, Err(WriterClosed::Frozen));
    assert_eq!(world.writer.commit_end(), end);
    assert_eq!(world.sink.offsets(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn copies_beyond_the_quorum_are_waited_for() {
    let world = LaneWorld::open(3, 3, 2, small_frames()).await;
    world.wires[2].stall(true);
    let ticket = world.enqueue(0..1)[0];
    world.writer.committed(ticket).await.unwrap();
    assert_eq!(world.writer.held_by(ticket, 2).await, Ok(()));
    assert_eq!(world.writer.held_by(ticket, 4).await, Err(CopiesError::TooFew { wanted: 4 }));
    let third = world.writer.held_by(ticket, 3);
    tokio::pin!(third);
    millis(500).await;
    assert!(third.as_mut().now_or_never().is_none());
    world.wires[2].stall(false);
    assert_eq!(third.await, Ok(()));
    // Not yet committed, on no store: waits, too.
    for wire in &world.wires {
        wire.stall(true);
    }
    let ticket = world.enqueue(1..2)[0];
    millis(100).await;
    assert!(world.writer.held_by(ticket, 4).now_or_never().is_none());
    for wire in &world.wires {
        wire.stall(false);
    }
    assert_eq!(world.writer.held_by(ticket, 3).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn copies_that_cannot_come_end_the_waiting() {
    let world = LaneWorld::open(3, 3, 2, small_frames()).await;
    world.meta.forgiving.store(false, Ordering::SeqCst);
    world.commit(0..4).await;
    world.hosts[2].disk.fail_after(Fault::Sync, 0);
    let ticket = world.enqueue(4..5)[0];
    let start = world.env.clock.now();
    assert_eq!(world.writer.held_by(ticket, 3).await, Err(CopiesError::TooFew { wanted: 3 }));
    assert!(world.env.clock.now() - start < Duration::from_millis(100), "the store's death ends it");
    assert_eq!(world.writer.held_by(Ticket(4), 3).await, Ok(()), "what it held it holds");
    world.writer.close().await;
    assert_eq!(world.writer.held_by(ticket, 3).await, Err(CopiesError::TooFew { wanted: 3 }));
    assert_eq!(world.writer.held_by(Ticket(6), 3).await, Err(CopiesError::Closed(WriterClosed::Closed)));
}

#[tokio::test(start_paused = true)]
async fn copies_over_a_roll() {
    let world = LaneWorld::open(4, 3, 2, small_frames()).await;
    world.commit(0..2).await;
    assert_eq!(world.writer.held_by(Ticket(2), 3).await, Ok(()));
    // Committed in the old ledger, the third copy under way.
    world.wires[2].stall(true);
    world.commit(2..4).await;
    // And not committed there.
    world.wires[1].stall(true);
    let moved = world.enqueue(4..6);
    let committed = world.writer.held_by(Ticket(4), 3);
    tokio::pin!(committed);
    millis(100).await;
    assert!(committed.as_mut().now_or_never().is_none());
    world.writer.roll_away(vec![world.id(2)]);
    world.until_rolled(1).await;
    assert_eq!(committed.await, Err(CopiesError::TooFew { wanted: 3 }), "the roll ends it");
    world.wires[1].stall(false);
    assert_eq!(world.writer.held_by(moved[1], 3).await, Ok(()), "it counts in the new ledger");
    // Late questions get the same answers.
    assert_eq!(world.writer.held_by(Ticket(2), 3).await, Ok(()));
    assert_eq!(world.writer.held_by(Ticket(4), 3).await, Err(CopiesError::TooFew { wanted: 3 }));
    assert_eq!(world.writer.held_by(Ticket(4), 2).await, Ok(()));
}
