//! Random histories of a lane: what was acknowledged is in exactly one place when its ledgers are laid end to end, in the
//! order in which it was enqueued, whatever happened to stores, connections and the metadata store.
//!
//! `ESKER_SEED=n` runs that one history, `ESKER_SEEDS=n` the first n.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use common::{lane::*, *};
use esker_core::{FrameIndex, LedgerId};
use esker_env::{Random, SeededRandom, sim_disk::Fault};
use esker_wal::{CopiesError, LaneConfig, LogStore, RecoverError, Ticket, WriterClosed, recover};
use futures::FutureExt;

const HOSTS: u64 = 6;

/// What happened, over all histories: a test that never rolls tests nothing.
#[derive(Debug, Default)]
struct Seen {
    batches: u64,
    rolls: usize,
    closed: usize,
    recovered: usize,
    copies: usize,
    too_few: usize,
}

struct Run {
    random: Arc<SeededRandom>,
    world: LaneWorld,
    replicas: usize,
    write_quorum: usize,
    /// Batch n has ticket n + 1.
    next: i64,
    /// This host takes no more writes.
    failed: Option<usize>,
    refused: bool,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let below = |bound| random.below(bound);
        let (replicas, write_quorum) =
            [(1, 1), (3, 2), (3, 2), (3, 2), (3, 3), (2, 1), (5, 3)][below(7) as usize];
        let lane = LaneConfig {
            frame_entries: 1 + below(4) as usize,
            frames_in_flight: 1 + below(8) as usize,
            lag_bytes: if below(3) == 0 { 10_000 } else { 1 << 20 },
            ..LaneConfig::for_mode(FSYNC)
        };
        let world = LaneWorld::seeded(seed, FSYNC, HOSTS, (replicas, write_quorum), lane).await;
        Self { random, world, replicas, write_quorum, next: 0, failed: None, refused: false }
    }

    fn below(&self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn enqueue(&mut self) {
        for _ in 0..=self.below(8) {
            let mut batch = batch(self.next, 50 + self.below(1500) as usize);
            batch.header.partition.index = self.below(2) as u32;
            match self.world.writer.enqueue(batch) {
                Ok(ticket) => {
                    self.next += 1;
                    assert_eq!(ticket, Ticket(self.next as u64), "tickets count on over rolls");
                }
                Err(closed) => assert!(matches!(closed, WriterClosed::Failed { .. })),
            }
        }
    }

    async fn step(&mut self) {
        let at = self.below(HOSTS) as usize;
        let world = &mut self.world;
        match self.random.below(32) {
            0..=9 => self.enqueue(),
            10..=16 => tokio::time::sleep(Duration::from_micros(self.below(15_000))).await,
            17 => tokio::time::sleep(Duration::from_millis(self.below(1500))).await,
            18..=20 => world.wires[at].cut(),
            21 => world.wires[at].set_up(!world.wires[at].is_up()),
            22 => world.wires[at].stall(self.random.below(2) == 0),
            23 => world.wires[at].set_delay(Duration::from_micros(self.random.below(30_000))),
            24 => world.writer.roll_away(vec![world.wires[at].id()]),
            25 => world.writer.roll_away(Vec::new()),
            26 => world.meta.up.store(self.random.below(3) > 0, Ordering::SeqCst),
            27 => *world.meta.longest.lock() = Duration::from_micros(self.random.below(50_000)),
            28 => {
                world.meta.held_up.send_replace(self.random.below(2) == 0);
            }
            29 => world.hosts[at].disk.set_slow(
                (self.random.below(2) == 0).then_some((Duration::from_millis(40), 1 + self.random.below(3))),
            ),
            30 => self.restart(at).await,
            _ => match self.below(4) {
                0 if self.failed.is_none() && self.write_quorum > 1 && self.write_quorum < self.replicas => {
                    self.failed = Some(at);
                    let fault = if self.below(2) == 0 { Fault::Sync } else { Fault::Write };
                    self.world.hosts[at].disk.fail_after(fault, 0);
                }
                1 if self.below(3) == 0 => {
                    self.refused = true;
                    let outcome = if self.below(2) == 0 { Outcome::Refused } else { Outcome::Lost };
                    *self.world.meta.outcome.lock() = outcome;
                }
                _ => {}
            },
        }
    }

    /// Kill -9 or a loss of power.
    async fn restart(&mut self, at: usize) {
        if self.failed == Some(at) {
            return;
        }
        let power = self.below(2) == 0;
        self.world.restart(at, power).await;
    }

    /// Everything works again: the lane does, too.
    async fn heal(&mut self) {
        for (wire, host) in self.world.wires.iter().zip(&self.world.hosts) {
            wire.set_up(true);
            wire.stall(false);
            wire.set_delay(Duration::from_millis(1));
            host.disk.set_slow(None);
        }
        self.world.meta.up.store(true, Ordering::SeqCst);
        self.world.meta.held_up.send_replace(false);
        self.world.writer.roll_away(Vec::new());
        let last = Ticket(self.next as u64);
        let writer = &self.world.writer;
        let limit = Duration::from_secs(30);
        let answer = self.world.env.timeout(limit, writer.held_by(last, self.replicas)).await;
        let reason = match answer.expect("what works again answers") {
            Ok(()) | Err(CopiesError::TooFew { .. }) => None,
            Err(CopiesError::Closed(reason)) => Some(reason.to_string()),
        };
        if let Some(reason) = reason {
            assert!(self.refused || reason.contains("fewer than W"), "{reason}");
        }
    }

    /// The writer's process dies; its last ledger is recovered from as few stores as that may take. What is still on its
    /// way to the stores arrives all the same.
    async fn recover(&mut self) -> bool {
        self.world.env.tasks.abort_all();
        self.world.env.tasks.wait_idle().await;
        self.world.meta.held_up.send_replace(false);
        let last = self.world.meta.ledgers.lock().last().unwrap().descriptor.clone();
        let open = self.world.meta.ledgers.lock().iter().filter(|record| record.end.is_none()).count();
        assert_eq!(open, 1, "one open ledger");
        let mut hosts: Vec<usize> = (0..self.world.hosts.len())
            .filter(|&at| last.copyset.contains(&self.world.hosts[at].id()) && self.failed != Some(at))
            .collect();
        let needed = self.write_quorum.max(self.replicas - self.write_quorum + 1);
        while hosts.len() > needed {
            hosts.remove(self.below(hosts.len() as u64) as usize);
        }
        let stores: Vec<Arc<dyn LogStore>> =
            hosts.iter().map(|&at| self.world.hosts[at].as_log_store()).collect();
        let env = &self.world.hosts[0].env;
        let recovered = loop {
            match recover(&last, &stores, env).await {
                Ok(recovered) => break recovered,
                // A slow store may miss the grace.
                Err(RecoverError::TooFewHolders { .. }) => {
                    self.world.hosts.iter().for_each(|host| host.disk.set_slow(None));
                }
                Err(error) => panic!("{error}"),
            }
        };
        self.world.meta.ledgers.lock().last_mut().unwrap().end = Some(recovered.end);
        recovered.end > FrameIndex(0)
    }

    async fn check(&mut self, seen: &mut Seen) {
        let committed: Vec<bool> = (1..=self.next as u64)
            .map(|n| matches!(self.world.writer.committed(Ticket(n)).now_or_never(), Some(Ok(()))))
            .collect();
        let acked = committed.iter().take_while(|acked| **acked).count();
        assert_eq!(acked, committed.iter().filter(|acked| **acked).count(), "tickets commit in order");
        let mut claims = Vec::new();
        for _ in 0..self.next.min(20) {
            let (ticket, copies) = (1 + self.below(self.next as u64), 1 + self.below(self.replicas as u64));
            match self.world.writer.held_by(Ticket(ticket), copies as usize).now_or_never() {
                Some(Ok(())) => claims.push((ticket as i64 - 1, copies as usize)),
                Some(Err(CopiesError::TooFew { .. })) => {
                    assert!(copies as usize > self.write_quorum, "W stores hold what is committed");
                    seen.too_few += 1;
                }
                _ => {}
            }
        }
        let places: BTreeMap<i64, (LedgerId, FrameIndex)> = {
            let frames = self.world.sink.frames.lock();
            let places = frames.iter().flat_map(|frame| {
                frame.headers.iter().map(|header| (header.base_offset.0, (frame.ledger, frame.index)))
            });
            places.collect()
        };
        assert_eq!(places.len(), self.world.sink.offsets().len(), "the sink hears of nothing twice");
        assert_eq!(places.len(), acked, "what the sink heard of is what is acknowledged");
        for (offset, copies) in claims {
            let (ledger, index) = places[&offset];
            let mut found = 0;
            for host in &self.world.hosts {
                found += usize::from(host.store().read_frame(ledger, index).await.is_ok());
            }
            assert!(found >= copies, "batch {offset} is on {found} stores, {copies} were claimed");
            seen.copies += 1;
        }
        seen.recovered += usize::from(self.recover().await);
        let offsets = self.world.contents().await;
        assert!(offsets.starts_with(&self.world.sink.offsets()), "what was acknowledged is where it was");
        let mut sorted = offsets.clone();
        sorted.sort_unstable();
        let count = offsets.len() as i64;
        assert_eq!(sorted, (0..count).collect::<Vec<_>>(), "a prefix of what was enqueued, each once");
        assert!(count >= acked as i64, "{acked} were acknowledged, {count} are there");
        seen.batches += self.next as u64;
        seen.rolls += self.world.sink.rolls.lock().len();
        seen.closed += self.world.sink.closed.lock().len();
    }
}

fn run(seed: u64, seen: &mut Seen) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut run = Run::new(seed).await;
        for _ in 0..20 + run.below(150) {
            run.step().await;
        }
        if run.below(2) == 0 {
            run.heal().await;
        }
        run.check(seen).await;
    });
}

#[test]
fn what_was_acknowledged_is_in_exactly_one_place() {
    let mut seen = Seen::default();
    if let Ok(seed) = std::env::var("ESKER_SEED") {
        return run(seed.parse().unwrap(), &mut seen);
    }
    let seeds = std::env::var("ESKER_SEEDS").map_or(400, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed, &mut seen)));
        assert!(result.is_ok(), "ESKER_SEED={seed}");
    }
    println!("{seen:?}");
    assert!(seen.rolls > 200 && seen.closed > 5 && seen.recovered > 100, "{seen:?}");
    assert!(seen.copies > 1000 && seen.too_few > 100, "{seen:?}");
}
