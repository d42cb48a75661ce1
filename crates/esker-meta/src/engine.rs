//! The store's state as a plain data structure: what the in-memory and the embedded store share.
//!
//! A change is first planned (nothing is touched), then, once it is durable where that is asked for, committed.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use esker_env::{Monotonic, watch};

use crate::{
    Compare, Event, Expect, KeyValue, LeaseId, Listing, MetaError, Op, Revision, Txn, TxnAnswer, WatchError,
};

/// Where an empty store stands.
pub(crate) const FIRST: Revision = Revision(1);

/// How much of the past is kept for watches.
#[derive(Clone, Copy, Debug)]
pub struct HistoryLimit {
    /// Most changes (keys, not revisions).
    pub events: usize,
    /// Most bytes of keys and values.
    pub bytes: usize,
}

impl Default for HistoryLimit {
    fn default() -> Self {
        Self { events: 16_384, bytes: 16 << 20 }
    }
}

/// A key's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Bytes,
    pub(crate) created: Revision,
    pub(crate) modified: Revision,
    pub(crate) version: u64,
    pub(crate) lease: Option<LeaseId>,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    ttl: Duration,
    deadline: Monotonic,
}

/// A change that has been decided but not made.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) succeeded: bool,
    pub(crate) reads: Vec<Option<KeyValue>>,
    /// All with the revision after the present one.
    pub(crate) events: Vec<Event>,
    base: Revision,
}

#[derive(Debug)]
pub(crate) struct Engine {
    revision: Revision,
    entries: BTreeMap<String, Entry>,
    leases: BTreeMap<LeaseId, Lease>,
    next_lease: i64,
    /// Changes by revision, oldest first.
    history: VecDeque<(Revision, Arc<[Event]>)>,
    history_events: usize,
    history_bytes: usize,
    limit: HistoryLimit,
    /// Everything up to here is no longer in `history`.
    compacted: Revision,
    moved: watch::Sender<Revision>,
}

impl Engine {
    /// A store that holds `entries` and stands at `revision`; its history begins there.
    pub(crate) fn new(revision: Revision, entries: BTreeMap<String, Entry>, limit: HistoryLimit) -> Self {
        assert!(revision >= FIRST, "0 is no revision of a store");
        Self {
            revision,
            entries,
            leases: BTreeMap::new(),
            next_lease: 1,
            history: VecDeque::new(),
            history_events: 0,
            history_bytes: 0,
            limit,
            // An empty store has no past that could be missed.
            compacted: if revision == FIRST { Revision::NONE } else { revision },
            moved: watch::Sender::new(revision),
        }
    }

    /// Reports the revision each time it grows.
    pub(crate) fn moved(&self) -> watch::Receiver<Revision> {
        self.moved.subscribe()
    }

    pub(crate) fn get(&self, key: &str) -> Option<KeyValue> {
        self.entries.get(key).map(|entry| key_value(key, entry))
    }

    pub(crate) fn list(&self, prefix: &str) -> Listing {
        let entries = self
            .entries
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, entry)| key_value(key, entry))
            .collect();
        Listing { revision: self.revision, entries }
    }

    /// Decides what `txn` does now.
    pub(crate) fn plan(&self, txn: &Txn) -> Result<Plan, MetaError> {
        txn.check()?;
        let succeeded = txn.compare.iter().all(|compare| self.holds(compare));
        let revision = self.revision.next();
        let mut plan = Plan { succeeded, reads: Vec::new(), events: Vec::new(), base: self.revision };
        for op in if succeeded { &txn.then } else { &txn.otherwise } {
            match op {
                Op::Get { key } => plan.reads.push(self.get(key)),
                Op::Delete { key } => {
                    if self.entries.contains_key(key) {
                        plan.events.push(Event::Delete { key: key.clone(), revision });
                    }
                }
                Op::Put { key, value, lease } => {
                    if let Some(lease) = lease.filter(|lease| !self.leases.contains_key(lease)) {
                        return Err(MetaError::LeaseGone(lease));
                    }
                    let before = self.entries.get(key);
                    plan.events.push(Event::Put(KeyValue {
                        key: key.clone(),
                        value: value.clone(),
                        created: before.map_or(revision, |entry| entry.created),
                        modified: revision,
                        version: before.map_or(1, |entry| entry.version + 1),
                        lease: *lease,
                    }));
                }
            }
        }
        Ok(plan)
    }

    fn holds(&self, compare: &Compare) -> bool {
        let entry = self.entries.get(&compare.key);
        match compare.is {
            Expect::Absent => entry.is_none(),
            Expect::Present => entry.is_some(),
            Expect::Created(revision) => entry.is_some_and(|entry| entry.created == revision),
            Expect::Modified(revision) => entry.map_or(Revision::NONE, |entry| entry.modified) == revision,
        }
    }

    /// Makes a planned change. Nothing may have been committed since it was planned.
    pub(crate) fn commit(&mut self, plan: Plan) -> TxnAnswer {
        assert_eq!(plan.base, self.revision, "a plan holds only for the revision it was made at");
        if !plan.events.is_empty() {
            self.revision = self.revision.next();
            for event in &plan.events {
                debug_assert_eq!(event.revision(), self.revision);
                match event {
                    Event::Put(put) => {
                        self.entries.insert(put.key.clone(), entry(put));
                    }
                    Event::Delete { key, .. } => {
                        self.entries.remove(key);
                    }
                }
            }
            self.remember(plan.events);
            self.moved.send_replace(self.revision);
        }
        TxnAnswer { succeeded: plan.succeeded, revision: self.revision, reads: plan.reads }
    }

    fn remember(&mut self, events: Vec<Event>) {
        self.history_events += events.len();
        self.history_bytes += events.iter().map(size_of_event).sum::<usize>();
        self.history.push_back((self.revision, events.into()));
        while self.history_events > self.limit.events || self.history_bytes > self.limit.bytes {
            let Some((revision, events)) = self.history.pop_front() else { break };
            self.history_events -= events.len();
            self.history_bytes -= events.iter().map(size_of_event).sum::<usize>();
            self.compacted = revision;
        }
    }

    /// Forgets the past: watches that have not seen all of it must list again.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        (self.history_events, self.history_bytes) = (0, 0);
        self.compacted = self.revision;
    }

    /// Changes below `prefix` at `from` and later, up to a bounded number of revisions, and where to go on.
    pub(crate) fn changes(&self, prefix: &str, from: Revision) -> Result<(Vec<Event>, Revision), WatchError> {
        /// Events after which a batch is closed.
        const BATCH: usize = 1024;
        if from <= self.compacted {
            return Err(WatchError::Compacted(self.compacted));
        }
        let mut events = Vec::new();
        let start = self.history.partition_point(|(revision, _)| *revision < from);
        for (revision, all) in self.history.range(start..) {
            events.extend(all.iter().filter(|event| event.key().starts_with(prefix)).cloned());
            if events.len() >= BATCH {
                return Ok((events, revision.next()));
            }
        }
        Ok((events, from.max(self.revision.next())))
    }

    pub(crate) fn grant(&mut self, ttl: Duration, now: Monotonic) -> LeaseId {
        let id = LeaseId(self.next_lease);
        self.next_lease += 1;
        self.leases.insert(id, Lease { ttl, deadline: now + ttl });
        id
    }

    pub(crate) fn keep_alive(&mut self, lease: LeaseId, now: Monotonic) -> Result<(), MetaError> {
        match self.leases.get_mut(&lease) {
            Some(found) if found.deadline > now => {
                found.deadline = now + found.ttl;
                Ok(())
            }
            _ => Err(MetaError::LeaseGone(lease)),
        }
    }

    /// All leases begin anew: what a store does that was away for a while and cannot blame its clients.
    pub(crate) fn renew_all(&mut self, now: Monotonic) {
        for lease in self.leases.values_mut() {
            lease.deadline = now + lease.ttl;
        }
    }

    /// When the lease ends unless it is kept alive.
    pub(crate) fn deadline(&self, lease: LeaseId) -> Option<Monotonic> {
        self.leases.get(&lease).map(|lease| lease.deadline)
    }

    /// The first lease that should have ended by `now`.
    pub(crate) fn due(&self, now: Monotonic) -> Option<LeaseId> {
        self.leases.iter().find(|(_, lease)| lease.deadline <= now).map(|(id, _)| *id)
    }

    /// Ends the lease (from here on it cannot be kept alive) and plans the deletion of its keys.
    pub(crate) fn plan_revoke(&mut self, lease: LeaseId) -> Plan {
        self.leases.remove(&lease);
        let attached = self.entries.iter().filter(|(_, entry)| entry.lease == Some(lease));
        let keys = attached.map(|(key, _)| key.clone()).collect();
        self.plan_delete(keys)
    }

    /// Plans the deletion of keys that exist.
    pub(crate) fn plan_delete(&self, keys: Vec<String>) -> Plan {
        let revision = self.revision.next();
        let events = keys.into_iter().map(|key| Event::Delete { key, revision }).collect();
        Plan { succeeded: true, reads: Vec::new(), events, base: self.revision }
    }
}

fn key_value(key: &str, entry: &Entry) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: entry.value.clone(),
        created: entry.created,
        modified: entry.modified,
        version: entry.version,
        lease: entry.lease,
    }
}

fn entry(put: &KeyValue) -> Entry {
    Entry {
        value: put.value.clone(),
        created: put.created,
        modified: put.modified,
        version: put.version,
        lease: put.lease,
    }
}

fn size_of_event(event: &Event) -> usize {
    match event {
        Event::Put(put) => put.key.len() + put.value.len(),
        Event::Delete { key, .. } => key.len(),
    }
}
