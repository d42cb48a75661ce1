//! Lives of a cluster drawn from seeds.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use esker_core::ShardId;
use esker_env::{Random, SeededRandom};

use super::{
    super::world::Life,
    world::{Broker, SHARDS, TTL, World, store_of},
};

const BROKERS: i32 = 4;

#[tokio::test(start_paused = true)]
async fn drawn_lives_of_a_cluster_lose_nothing() {
    for seed in 0..30 {
        live(seed, 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_confuse_no_cluster() {
    for seed in 100..125 {
        live(seed, 80).await;
    }
}

async fn live(seed: u64, lost_answers: u32) {
    let random = SeededRandom::new(seed);
    let mut world = World::new(seed).await;
    world.lost_answers = lost_answers;
    for broker in 1..=BROKERS {
        start(&world, broker, &random).await;
    }
    for _ in 0..60 {
        step(&world, &random).await;
        world.check().await;
    }
    // When faults stop, every shard is served again.
    *world.shared.archive_down.lock() = false;
    world.shared.silent.lock().clear();
    world.lost_answers = 0;
    world.env.clock.sleep(TTL * 2).await;
    for broker in world.running() {
        broker.memory.faults().set_ambiguity(0);
        if !world.shared.meta.session_stands(broker.session.key()).await.unwrap() {
            world.kill(&broker);
        } else {
            broker.life.limit(u64::MAX);
        }
    }
    world.env.clock.sleep(TTL * 2).await;
    for broker in world.running() {
        if !world.shared.meta.session_stands(broker.session.key()).await.unwrap() {
            world.kill(&broker);
        }
    }
    let running: BTreeSet<_> = world.running().iter().map(|broker| broker.session.key().broker.0).collect();
    for broker in (1..=BROKERS).filter(|id| !running.contains(id)) {
        world.start(broker).await;
    }
    println!("seed {seed} (lost answers {lost_answers}) comes to rest");
    world.settled().await;
    world.check().await;
}

async fn start(world: &World, broker: i32, random: &SeededRandom) {
    // Some die soon, at any step.
    let steps = if random.below(4) == 0 { random.below(200) } else { u64::MAX };
    let _ = world.try_start(broker, Life::steps(steps)).await;
}

fn one(running: &[Arc<Broker>], random: &SeededRandom) -> Option<Arc<Broker>> {
    (!running.is_empty()).then(|| Arc::clone(&running[random.below(running.len() as u64) as usize]))
}

async fn step(world: &World, random: &SeededRandom) {
    let running = world.running();
    match random.below(12) {
        0 if running.len() > 2 => {
            if let Some(broker) = one(&running, random) {
                let id = broker.session.key().broker;
                world.kill(&broker);
                if random.below(2) == 0 {
                    running.iter().for_each(|other| other.controller.suspect(id, "connection reset"));
                }
            }
        }
        1 | 2 => {
            let alive: BTreeSet<_> = running.iter().map(|broker| broker.session.key().broker.0).collect();
            if let Some(broker) = (1..=BROKERS).find(|id| !alive.contains(id)) {
                start(world, broker, random).await;
            }
        }
        3 => {
            if let Some(broker) = one(&running, random) {
                let store = store_of(1 + random.below(BROKERS as u64) as i32);
                let _ = broker.session.set_draining(store, random.below(2) == 0).await;
            }
        }
        4 => {
            if let Some(broker) = one(&running, random) {
                for shard in (0..SHARDS).map(ShardId).filter(|_| random.below(2) == 0) {
                    world.offload(&broker, shard).await;
                }
            }
        }
        5 => {
            let mut down = world.shared.archive_down.lock();
            *down = !*down;
        }
        6 => {
            // A false suspicion that the network confirms.
            if let (Some(by), Some(broker)) = (one(&running, random), one(&running, random)) {
                let _ = world.shared.meta.fence_by(by.session.key(), broker.session.key()).await;
            }
        }
        _ => {
            for broker in &running {
                for shard in (0..SHARDS).map(ShardId).filter(|_| random.below(4) == 0) {
                    broker.append(world, shard).await;
                }
            }
        }
    }
    world.env.clock.sleep(Duration::from_millis(random.below(2500))).await;
}
