//! Who may speak for a partition.
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "each test binary uses its part of the world"
)]

mod common;

use common::World;
use esker_core::{Epoch, Mode, ShardId};
use esker_log::LogError;
use esker_wal::LogStore;

#[tokio::test]
async fn other_epochs_are_refused() {
    let world = World::open(&[]).await;
    let now = world.log.offsets(world.topic).unwrap().epoch;
    let check = |given: i32| world.log.check_epoch(world.topic, Some(Epoch(now.0 + given)));
    assert!(check(0).is_ok());
    assert!(matches!(check(-1), Err(LogError::FencedEpoch { current, .. }) if current == now));
    assert!(matches!(check(1), Err(LogError::UnknownEpoch { current, .. }) if current == now));
    assert!(world.log.check_epoch(world.topic, None).is_ok(), "who names none is believed");
}

#[tokio::test]
async fn one_store_of_three_does_not_confirm_an_end() {
    let world = World::open(&[]).await;
    world.log.confirm(world.topic).await.unwrap();
    // As a recovery does: nobody has told this broker.
    for store in &world.stores[1..] {
        LogStore::seal(store.as_ref(), world.ledger, Mode::Fsync).await.unwrap();
    }
    assert!(matches!(world.log.confirm(world.topic).await, Err(LogError::NotOwner(id)) if id == world.topic));
}

#[tokio::test]
async fn what_is_on_its_way_to_another_broker_is_not_confirmed() {
    let world = World::open(&[]).await;
    let held = world.log.hold_shard(ShardId(0)).await.unwrap();
    assert!(matches!(world.log.confirm(world.topic).await, Err(LogError::NotOwner(_))));
    drop(held);
    world.log.confirm(world.topic).await.unwrap();
}
