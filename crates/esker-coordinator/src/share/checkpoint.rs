//! The log of a shard stays short: when much more has been written than there is, every share partition is written once more as
//! a whole, and what lies before that is cut off. So a load reads what there is, not what there was, and a whole snapshot,
//! which may be large, costs a small part of the writes before it.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::{Epoch, Offset};
use esker_share::Dead;

use super::{
    ShareKey,
    entry::Weight,
    shard::{Cx, StateShard},
};
use crate::runtime::{Partition, Runtime};

/// What is to be done outside of the log.
#[derive(Debug)]
pub(crate) enum Order {
    /// Find out where the log ends, and begin a checkpoint there.
    Mark,
    /// Cut off what lies before.
    Trim(Offset),
    /// Bury what was given up.
    Bury { key: ShareKey, dead: Vec<Dead> },
}

/// As long as the log has less for each byte of what the share partitions are, it is short.
const TIMES: u64 = 4;
/// Bytes that are enough, however few records they are.
const MUCH: u64 = 16 << 20;

/// How far a shard is with its checkpoint.
#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    /// Records since the last one.
    written: u64,
    /// Their bytes.
    bytes: u64,
    /// Bytes of whole snapshots of all share partitions, about.
    all: u64,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    /// The end of the log is being looked up.
    Marking,
    /// What lies before an offset goes once these have so many snapshots.
    Writing { before: Offset, left: BTreeMap<ShareKey, i32> },
}

impl Checkpoint {
    /// A share partition weighs something else.
    pub(super) fn weighed(&mut self, before: Weight, now: Weight) {
        self.all = (self.all + now.stored).saturating_sub(before.stored);
    }

    /// So many bytes were written of a share partition, which has so many snapshots now; so many records are enough, if they
    /// are more than what there is by far. What is to be done next.
    pub(super) fn written(
        &mut self,
        key: &ShareKey,
        snapshots: i32,
        bytes: u64,
        enough: u64,
    ) -> Option<Order> {
        self.written += 1;
        self.bytes += bytes;
        let is_long = self.bytes >= TIMES * self.all && (self.written >= enough || self.bytes >= MUCH);
        match &mut self.state {
            State::None if is_long => {
                self.state = State::Marking;
                Some(Order::Mark)
            }
            State::Writing { left, .. } => {
                if left.get(key).is_some_and(|wanted| *wanted <= snapshots) {
                    left.remove(key);
                }
                self.finished()
            }
            State::None | State::Marking => None,
        }
    }

    /// So much of the log was read when the share partitions were loaded.
    pub(super) fn found(&mut self, records: u64, bytes: u64) {
        self.written += records;
        self.bytes += bytes;
    }

    /// Whether a share partition has to be written as a whole (once more).
    pub(super) fn wants(&self, key: &ShareKey) -> bool {
        matches!(&self.state, State::Writing { left, .. } if left.contains_key(key))
    }

    /// A share partition is gone.
    pub(super) fn gone(&mut self, key: &ShareKey) -> Option<Order> {
        if let State::Writing { left, .. } = &mut self.state {
            left.remove(key);
        }
        self.finished()
    }

    pub(super) fn begin(&mut self, before: Offset, left: BTreeMap<ShareKey, i32>) -> Option<Order> {
        self.state = State::Writing { before, left };
        self.finished()
    }

    pub(super) fn give_up(&mut self) {
        *self = Self { all: self.all, ..Self::default() };
    }

    fn finished(&mut self) -> Option<Order> {
        match &self.state {
            State::Writing { before, left } if left.is_empty() => {
                let before = *before;
                self.give_up();
                Some(Order::Trim(before))
            }
            _ => None,
        }
    }
}

/// Does what was ordered, in the background.
pub(super) fn carry_out(
    runtime: &Arc<Runtime<StateShard>>,
    row: &Arc<Partition<StateShard>>,
    epoch: Epoch,
    order: Order,
) {
    let (runtime_too, row) = (Arc::clone(runtime), Arc::clone(row));
    let task = async move {
        let runtime = runtime_too;
        match order {
            Order::Mark => {
                // What is durable by now: whatever is written from here on lies behind it.
                let end = runtime.topic.range(row.index).map(|range| range.end).ok();
                let begin = |shard: &mut StateShard, cx: &mut Cx<'_>| shard.checkpoint(cx, end);
                runtime.with(&row, Some(epoch), |active, cx| begin(&mut active.machine, cx));
            }
            Order::Bury { key, dead } => {
                let done = runtime.outside.undertaker.bury(&key, &dead).await;
                runtime.with(&row, Some(epoch), |active, cx| active.machine.buried(cx, &key, done));
            }
            Order::Trim(before) => {
                if let Err(error) = runtime.topic.trim(row.index, before).await {
                    tracing::info!(partition = row.index, %before, %error, "share state is not trimmed now");
                }
            }
        }
    };
    runtime.env.tasks.spawn(task);
}
