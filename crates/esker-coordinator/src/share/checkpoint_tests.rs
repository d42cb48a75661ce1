//! Nothing is cut off that is not written anew, whatever fails meanwhile.
#![allow(clippy::unwrap_used, reason = "tests")]

use esker_core::{Epoch, Offset};
use esker_env::{Env, Monotonic};
use esker_kafka_wire::KString;
use uuid::Uuid;

use super::{
    ShareKey,
    checkpoint::Order,
    error::ShareError,
    settings::ShareConfig,
    shard::{Cx, StateShard, Write},
};
use crate::runtime::{Now, Token};

/// A shard, what it wants written, and what it wants done.
struct World {
    shard: StateShard,
    now: Monotonic,
    writes: Vec<Write>,
    orders: Vec<Order>,
}

fn key(group: &str) -> ShareKey {
    ShareKey { group: KString::from(group), topic: Uuid::from_u128(7), partition: 0 }
}

impl World {
    /// With share partitions of these groups, all of them durable.
    fn of(groups: &[&str]) -> Self {
        let mut world = Self {
            shard: StateShard::default(),
            now: Monotonic::default(),
            writes: Vec::new(),
            orders: Vec::new(),
        };
        world.shard.begin(Epoch(1));
        for (number, group) in (0..).zip(groups) {
            world.act(|shard, cx| shard.initialize(cx, &key(group), 0, Token(number)));
            world.result(Ok(()));
        }
        world
    }

    fn act(&mut self, act: impl FnOnce(&mut StateShard, &mut Cx<'_>)) {
        let (env, config) = (Env::real(), ShareConfig::default());
        let now = Now { monotonic: self.now, wall_ms: 0 };
        let mut cx = Cx::new(&config, now, &*env.random);
        act(&mut self.shard, &mut cx);
        self.writes.extend(cx.writes);
        self.orders.extend(cx.orders);
    }

    /// What came of the oldest write.
    fn result(&mut self, result: Result<(), ShareError>) {
        let write = self.writes.remove(0);
        self.act(|shard, cx| shard.written(cx, write, result));
    }

    fn trims(&self) -> bool {
        self.orders.iter().any(|order| matches!(order, Order::Trim(_)))
    }

    /// Until nothing is left to write.
    fn settle(&mut self) {
        self.now = self.now + std::time::Duration::from_secs(1);
        self.act(|shard, cx| shard.expire(cx));
        while !self.writes.is_empty() {
            self.result(Ok(()));
        }
    }
}

#[test]
fn one_that_could_not_end_is_written_anew() {
    let mut world = World::of(&["a", "b"]);
    world.act(|shard, cx| shard.end(cx, &key("a"), None));
    world.act(|shard, cx| shard.checkpoint(cx, Some(Offset(9))));
    assert_eq!(world.writes.len(), 2, "an end and a snapshot");
    let end = world.writes.remove(0);
    world.result(Ok(()));
    assert!(!world.trims(), "it may not end");
    world.act(|shard, cx| shard.written(cx, end, Err(ShareError::Unavailable)));
    assert_eq!(world.writes.len(), 1, "all of it");
    assert!(!world.trims());
    world.result(Ok(()));
    assert!(world.trims());
}

#[test]
fn one_that_has_ended_need_not_be() {
    let mut world = World::of(&["a", "b"]);
    world.act(|shard, cx| shard.end(cx, &key("a"), None));
    world.act(|shard, cx| shard.checkpoint(cx, Some(Offset(9))));
    world.settle();
    assert!(world.trims());
}

#[test]
fn a_snapshot_that_failed_does_not_count() {
    let mut world = World::of(&["a"]);
    world.act(|shard, cx| shard.reset(cx, &key("a"), 5, Token(9)));
    // It may lie before what is cut off.
    world.act(|shard, cx| shard.checkpoint(cx, Some(Offset(9))));
    world.result(Err(ShareError::Unavailable));
    world.settle();
    assert!(world.trims(), "it ends all the same");
    let mut world = World::of(&["a"]);
    world.act(|shard, cx| shard.reset(cx, &key("a"), 5, Token(9)));
    world.act(|shard, cx| shard.checkpoint(cx, Some(Offset(9))));
    world.result(Ok(()));
    assert!(!world.trims());
    world.result(Ok(()));
    assert!(world.trims());
}
