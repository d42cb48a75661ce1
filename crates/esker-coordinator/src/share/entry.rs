//! A share partition in memory, and those who wait for something of it.

use std::sync::Arc;

use esker_core::Epoch;
use esker_env::Monotonic;
use esker_share::{SharePartition, ToWrite};
use tokio::sync::Notify;

use super::{
    ShareKey,
    record::{self, record, update},
    shard::Write,
};
use crate::{runtime::Token, usage::GROUP};

/// Bytes of a snapshot's record beside the group's name and the runs.
const AROUND: usize = 96;
/// Bytes of a run in it.
const RUN: usize = 20;

/// A share partition and those who wait for it.
pub(super) struct Entry {
    pub(super) share: SharePartition,
    /// Counts whole snapshots that are durable.
    pub(super) snapshots: i32,
    /// Who waits for the next write.
    pub(super) waiting: Vec<Token>,
    /// Who waits until there is something to give out.
    pub(super) watchers: Vec<Arc<Notify>>,
    /// Who was turned away because somebody else was reading.
    pub(super) queued: Vec<Arc<Notify>>,
    /// Somebody is reading what is to be given out.
    pub(super) reading: bool,
    /// Its end is being written.
    pub(super) ending: bool,
    /// Nothing is written before.
    pub(super) write_after: Option<Monotonic>,
    /// What was given up is being buried.
    pub(super) burying: bool,
    /// Nothing is buried before.
    pub(super) bury_after: Option<Monotonic>,
    /// As last weighed.
    pub(super) weight: Weight,
}

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// In memory.
    pub(super) memory: usize,
    /// Of a whole snapshot in the log, about.
    pub(super) stored: u64,
}

impl Entry {
    pub(super) fn new(share: SharePartition, snapshots: i32) -> Self {
        Self {
            share,
            snapshots,
            waiting: Vec::new(),
            watchers: Vec::new(),
            queued: Vec::new(),
            reading: false,
            ending: false,
            write_after: None,
            burying: false,
            bury_after: None,
            weight: Weight::default(),
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Monotonic> {
        let write = self.write_after.filter(|_| self.share.wants_write());
        self.share.next_deadline().into_iter().chain(write).chain(self.bury_after).min()
    }

    pub(super) fn wake_watchers(&mut self) {
        self.watchers.drain(..).for_each(|watcher| watcher.notify_one());
    }

    pub(super) fn wake_queued(&mut self) {
        self.queued.drain(..).for_each(|watcher| watcher.notify_one());
    }

    pub(super) fn weigh(&self, key: &ShareKey) -> Weight {
        let memory = GROUP + 2 * key.group.len() + self.share.bytes();
        let stored = AROUND + key.group.len() + RUN * self.share.runs();
        Weight { memory, stored: stored as u64 }
    }

    /// What is to be written now, if anything is, and may be.
    pub(super) fn write(&mut self, key: &ShareKey, leader: Epoch, now_ms: i64) -> Option<Write> {
        if self.write_after.is_some() || self.ending || !self.share.wants_write() {
            return None;
        }
        let ToWrite { number, whole, state } = self.share.begin_write();
        let of = if whole { self.snapshots.saturating_add(1) } else { self.snapshots };
        let written = record::Written { number: of, leader, now_ms };
        let encoded = if whole { record(key, &state, written) } else { update(key, &state, written) };
        // The key was checked when it came, and numbers fit.
        let records = encoded.into_iter().collect();
        Some(Write {
            records,
            key: key.clone(),
            number: Some(number),
            waiting: std::mem::take(&mut self.waiting),
        })
    }
}

/// Remembers who wants to be told, and forgets those that are gone.
pub(super) fn remember(list: &mut Vec<Arc<Notify>>, watcher: &Arc<Notify>) {
    list.retain(|known| Arc::strong_count(known) > 1 && !Arc::ptr_eq(known, watcher));
    list.push(Arc::clone(watcher));
}
