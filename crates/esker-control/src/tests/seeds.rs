//! Lives of a broker drawn from seeds: appends, offloads, rolls, stops and kills, with starts cut at any step.

use esker_core::{Mode, ShardId};
use esker_env::{Random, SeededRandom};

use super::world::{Life, Process, SHARDS, World};

/// Shards that the drawn lives write to: some in each of the transactions that move them.
const BUSY: [u32; 6] = [0, 1, 64, 126, 127, SHARDS - 1];

/// A killed broker with a rolled lane, two open lanes and bytes in both of the transactions' shards.
async fn killed() -> World {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    for mode in [Mode::Fsync, Mode::Received] {
        for shard in BUSY {
            world.append(&mut process, mode, ShardId(shard)).await;
        }
    }
    let first = process.open_ledgers()[0];
    world.roll(&mut process, first).await;
    world.append(&mut process, Mode::Fsync, ShardId(2)).await;
    world.kill(process);
    world
}

#[tokio::test]
async fn every_step_of_a_start_can_be_the_last_one() {
    let mut cuts = 0;
    'first: for first in 0.. {
        // The start after the cut one is cut as well, at each of its steps.
        for second in 0.. {
            let mut world = killed().await;
            for (steps, is_first) in [(first, true), (second, false)] {
                let options = world.options();
                if let Ok(process) = world.start(Life::steps(steps), options).await {
                    world.kill(process);
                    if is_first {
                        break 'first;
                    }
                    continue 'first;
                }
            }
            cuts += 1;
            let mut process = world.start_well().await;
            world.append(&mut process, Mode::Fsync, ShardId(0)).await;
            if first == second {
                world.stop(process, true).await;
                world.blank_directory();
                world.start_well().await;
            }
        }
    }
    assert!(cuts > 150, "a start has more steps than that: {cuts}");
}

#[tokio::test]
async fn drawn_lives_lose_nothing() {
    for seed in 0..40 {
        drawn_lives(seed, 0).await;
    }
}

#[tokio::test]
async fn lost_answers_confuse_nobody() {
    let seeds = (0..24).map(|seed| drawn_lives(seed, 100));
    futures::future::join_all(seeds).await;
}

async fn drawn_lives(seed: u64, lost_answers: u32) {
    let random = SeededRandom::new(seed);
    let mut world = World::seeded(seed).await;
    world.lost_answers = lost_answers;
    for _ in 0..6 {
        while random.below(2) == 0 {
            let options = world.options();
            if let Ok(process) = world.start(Life::steps(random.below(25)), options).await {
                world.kill(process);
            }
        }
        let mut process = world.start_well().await;
        live(&mut world, &mut process, &random).await;
        match random.below(3) {
            0 => world.kill(process),
            1 => world.stop(process, false).await,
            _ => {
                world.stop(process, true).await;
                if random.below(2) == 0 {
                    world.blank_directory();
                }
            }
        }
    }
}

async fn live(world: &mut World, process: &mut Process, random: &SeededRandom) {
    for _ in 0..random.below(20) {
        let shard = ShardId(BUSY[random.below(BUSY.len() as u64) as usize]);
        match random.below(6) {
            0 => world.offload(process, shard).await,
            1 => drop(process.session.forget_unneeded().await.unwrap()),
            2 => {
                if let Some(ledger) = process.open_ledgers().first().copied() {
                    world.roll(process, ledger).await;
                }
            }
            _ => {
                let mode = if random.below(2) == 0 { Mode::Fsync } else { Mode::Throughput };
                world.append(process, mode, shard).await;
            }
        }
    }
}
