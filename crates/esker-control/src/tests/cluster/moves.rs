//! Brokers that join, leave and are drained.

use std::time::Duration;

use esker_core::{BrokerId, ShardId};
use esker_meta::StoreState;

use super::world::{SHARDS, World, store_of};

#[tokio::test(start_paused = true)]
async fn a_new_broker_gets_its_share_in_as_few_moves_as_that_takes() {
    let world = World::new(1).await;
    for broker in 1..=3 {
        world.start(broker).await;
    }
    world.even(3).await;
    world.shared.moved.lock().clear();
    let began = world.env.clock.now();
    let fourth = world.start(4).await;
    world.even(4).await;
    world.env.clock.sleep(Duration::from_secs(10)).await;
    let moved = world.shared.moved.lock().clone();
    assert_eq!(moved.len(), SHARDS as usize / 4);
    assert!(moved.iter().all(|(_, _, to)| *to == fourth.session.key()));
    assert!(world.env.clock.now() - began < Duration::from_secs(20));
    world.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_move_with_the_object_store_away_takes_the_sealed_ledger_along() {
    let world = World::new(2).await;
    let one = world.start(1).await;
    world.start(2).await;
    world.even(2).await;
    let view = one.membership.wait_until(|view| view.stores.len() == 2 && view.sessions.len() == 2).await;
    for (shard, record) in view.shards.iter() {
        if record.record.owned_by() == Some(one.session.key()) {
            assert!(one.append(&world, *shard).await);
        }
    }
    *world.shared.archive_down.lock() = true;
    one.session.set_draining(store_of(1), true).await.unwrap();
    let all_away = |view: &esker_meta::MembershipView| {
        view.shards.values().all(|shard| shard.record.owner == Some(BrokerId(2)))
    };
    world.until("everything is on the other broker", all_away).await;
    world.check().await;
    let needed = world.shards().await.values().filter(|shard| !shard.pending.is_empty()).count();
    assert_eq!(needed, SHARDS as usize / 2);
    // Needed by others now: a stop of its writer must not take it away.
    let ledger = world.shared.meta.list_ledgers(BrokerId(1)).await.unwrap().remove(0);
    assert!(ledger.record.end().is_some());
    one.session.retire(&[ledger.record.id]).await.unwrap();
    world.check().await;
    assert!(!one.controller.drained(BrokerId(1)).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_drained_broker_can_go_and_comes_back_for_its_share() {
    let world = World::new(3).await;
    let mut running = Vec::new();
    for broker in 1..=3 {
        running.push(world.start(broker).await);
    }
    world.even(3).await;
    for shard in (0..SHARDS).map(ShardId) {
        for broker in &running {
            broker.append(&world, shard).await;
        }
    }
    let leaving = running.remove(0);
    leaving.session.set_draining(store_of(1), true).await.unwrap();
    world.even(2).await;
    let none = |view: &esker_meta::MembershipView| {
        view.shards.values().all(|shard| shard.record.owner != Some(BrokerId(1)))
    };
    world.until("the broker owns nothing", none).await;
    world.check().await;
    let may_restart = async || {
        let ledgers = world.shared.meta.list_all_ledgers().await.unwrap();
        let ledgers: Vec<_> = ledgers.into_iter().map(|ledger| ledger.record).collect();
        crate::may_restart(&running[0].membership.view(), &ledgers, BrokerId(1))
    };
    // The others' ledgers are still on its store.
    assert!(!running[0].controller.drained(BrokerId(1)).await.unwrap());
    assert!(!may_restart().await);
    for broker in &running {
        let view = broker
            .membership
            .wait_until(|view| view.stores[&store_of(1)].state == StoreState::Draining)
            .await;
        assert!(crate::candidates(&view).iter().all(|candidate| candidate.store != store_of(1)));
        for open in world.shared.meta.list_ledgers(broker.session.key().broker).await.unwrap() {
            let end = world.shared.disks.acked.lock()[&open.record.id];
            let rest: Vec<_> =
                open.record.copyset.iter().copied().filter(|store| *store != store_of(1)).collect();
            let id = open.record.id;
            broker.session.roll_lane(id, esker_core::FrameIndex(end), rest, 2).await.unwrap();
        }
    }
    // What they wrote there is there alone, so it must come back; but nobody writes to it any more.
    assert!(!running[0].controller.drained(BrokerId(1)).await.unwrap());
    assert!(may_restart().await);
    for broker in &running {
        for rolled in world.shared.meta.list_ledgers(broker.session.key().broker).await.unwrap() {
            let id = rolled.record.id;
            if rolled.record.end().is_none() {
                continue;
            }
            for shard in (0..SHARDS).map(ShardId) {
                world.offload(broker, shard).await;
            }
            broker.session.retire(&[id]).await.unwrap();
        }
    }
    assert!(running[0].controller.drained(BrokerId(1)).await.unwrap());
    leaving.session.close().await.unwrap();
    world.kill(&leaving);
    world.env.clock.sleep(Duration::from_secs(20)).await;
    world.even(2).await;
    world.start(1).await;
    world.even(3).await;
    world.check().await;
}
