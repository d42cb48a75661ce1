//! What `min.insync.replicas` promises of a batch that is sent again, and what bits that rot may not reach.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

mod common;

use std::time::Duration;

use common::{Way, World, batch};
use esker_core::ShardId;
use esker_log::{AppendError, FlushError};

const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_secs(20);
const ALL: (&str, &str) = ("min.insync.replicas", "3");

#[tokio::test]
async fn a_batch_that_is_sent_again_waits_for_the_copies_that_it_was_promised() {
    let world = World::open(&[ALL]).await;
    world.way.send_replace(Way::HeldUp);
    let (first, second) = (batch(0, 1), batch(1, 2));
    let (sent, later) = (world.append(&first), world.append(&second));
    world.visible(2).await;
    // Both are below the high watermark by now, on two stores.
    let again = world.append(&first);
    assert!(again.duplicate && again.base_offset == sent.base_offset);
    assert!(world.settle(SOON, again.ticket.durable()).await.is_none(), "a third copy is not there");
    assert!(world.settle(SOON, sent.ticket.durable()).await.is_none());
    world.way.send_replace(Way::Open);
    for ticket in [again.ticket, sent.ticket, later.ticket, world.append(&second).ticket] {
        world.settle(LATE, ticket.durable()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_batch_that_was_in_flight_when_it_was_sent_again_waits_as_well() {
    let world = World::open(&[ALL]).await;
    world.way.send_replace(Way::HeldUp);
    let first = batch(0, 1);
    let (sent, again) = (world.append(&first), world.append(&first));
    assert!(again.duplicate);
    assert!(world.settle(SOON, again.ticket.durable()).await.is_none());
    world.way.send_replace(Way::Open);
    world.settle(LATE, again.ticket.durable()).await.unwrap().unwrap();
    world.settle(LATE, sent.ticket.durable()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_batch_that_gets_no_more_copies_is_granted_once_an_object_has_it() {
    let world = World::open(&[ALL]).await;
    world.way.send_replace(Way::Dead);
    let first = batch(0, 1);
    let too_few = |answer: &Option<Result<(), AppendError>>| {
        matches!(answer, Some(Err(AppendError::TooFewCopies { wanted: 3 })))
    };
    let answer = world.settle(LATE, world.append(&first).ticket.durable()).await;
    assert!(too_few(&answer), "{answer:?}");
    // As clients do: until it is well. Nothing but these repetitions asks for the flush.
    let granted = async {
        loop {
            let answer = world.settle(LATE, world.append(&first).ticket.durable()).await;
            if matches!(answer, Some(Ok(()))) {
                return;
            }
            assert!(too_few(&answer), "{answer:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    world.settle(LATE, granted).await.unwrap();
    assert_eq!(world.archive.list(ShardId(0)).await.unwrap().partitions[0].next_offset, 1);
}

#[tokio::test]
async fn what_rots_after_it_was_read_is_read_and_archived_from_another_copy() {
    let world = World::open(&[]).await;
    for (sequence, value) in [(0, 1), (1, 2)] {
        world.append(&batch(sequence, value)).ticket.durable().await.unwrap();
    }
    let before = world.read().await.unwrap().concat();
    world.rot(0..1, 1);
    assert!(world.read().await.unwrap().concat() == before, "from another copy");
    world.rot(0..1, 2);
    world.log.flush_all().await.unwrap();
    let report = world.archive.verify(ShardId(0), &|_, _| {}).await.unwrap();
    assert!(report.problems.is_empty() && report.batches == 2, "{report:?}");
}

#[tokio::test]
async fn what_rotted_in_all_copies_never_reaches_an_object() {
    let world = World::open(&[ALL]).await;
    for (sequence, value) in [(0, 1), (1, 2)] {
        world.append(&batch(sequence, value)).ticket.durable().await.unwrap();
    }
    assert!(world.read().await.is_ok());
    world.rot(0..3, 1);
    let flushed = world.log.flush_all().await;
    assert!(matches!(flushed, Err(FlushError::Read(_))), "{flushed:?}");
    assert!(flushed.unwrap_err().to_string().contains("damaged"));
    assert_eq!(world.archive.list(ShardId(0)).await.unwrap().objects.len(), 0);
}
