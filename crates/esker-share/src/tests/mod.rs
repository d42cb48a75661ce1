#![allow(clippy::unwrap_used, reason = "tests")]

mod acknowledging;
mod acquiring;
mod model;
mod picking;
mod selecting;
mod storing;

use std::{sync::Arc, time::Duration};

use esker_env::Monotonic;

use crate::{
    Ack, AckBatch, AckError, Acked, Acquired, Heeds, Limits, Member, Mode, Plan, SharePartition, Span,
};

pub(crate) const LIMITS: Limits = Limits {
    lock: Duration::from_secs(30),
    max_deliveries: 5,
    max_locks: 100,
    dead_letters: false,
    heeds: Heeds { times: false, priority: false, order: false },
};

/// Where to read next, of a log without an end.
pub(crate) fn plan(partition: &mut SharePartition, limits: &Limits) -> Plan {
    partition.plan(limits, i64::MAX, None)
}

pub(crate) fn at(seconds: u64) -> Monotonic {
    Monotonic(Duration::from_secs(seconds))
}

pub(crate) fn member(name: &str) -> Member {
    Arc::from(name)
}

pub(crate) fn span(first: i64, last: i64) -> Span {
    Span { first, last, hidden: false }
}

/// What is acquired of one batch of the log by `name`, at second `now`.
pub(crate) fn take(
    partition: &mut SharePartition,
    name: &str,
    first: i64,
    last: i64,
    now: u64,
) -> Vec<Acquired> {
    let taken = partition.acquire(
        &member(name),
        first,
        &[span(first, last)],
        (1000, Mode::Batches),
        at(now),
        &LIMITS,
    );
    partition.check();
    taken
}

pub(crate) fn say(
    partition: &mut SharePartition,
    name: &str,
    first: i64,
    last: i64,
    ack: Ack,
) -> Result<Acked, AckError> {
    let said = partition.acknowledge(name, &[AckBatch { first, last, acks: &[ack] }], at(1), &LIMITS);
    partition.check();
    said
}

/// Writes what is to be written.
pub(crate) fn store(partition: &mut SharePartition, durable: bool) {
    let number = partition.begin_write().number;
    partition.written(number, durable, &LIMITS);
    partition.check();
}

pub(crate) fn got(first: i64, last: i64, count: u16) -> Acquired {
    Acquired { first, last, count }
}
