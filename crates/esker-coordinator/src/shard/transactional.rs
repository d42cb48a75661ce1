//! Offsets that are committed in transactions: they count once the transaction's marker says so, and not before.
//!
//! They are kept beside the groups, not in them: a group that is deleted meanwhile comes back with an offset whose
//! transaction commits, as it does when the log is read again.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{Epoch, ProducerId};
use esker_env::Rule;
use esker_kafka_wire::KString;

use super::Shard;
use crate::{
    effects::{Cx, Now, Then, Token, Write},
    error::GroupError,
    offsets::CommittedOffset,
    records::{Decoded, Record},
    transactions::{MarkerOrder, Producer, TransactionError},
    types::{CommitRequest, GroupState, OffsetToCommit},
    usage::OFFSET,
};

/// Producers whose transactions are being looked up; beyond it the oldest starts over.
const GUARDS: usize = 1_000;

/// Says that a producer's transaction was looked up at its coordinator while no other one of it ended here, and while this
/// broker was in charge of the partition without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    /// The partition's leader epoch.
    epoch: Epoch,
    number: u64,
}

/// Where an offset is: group, topic, partition.
type Place = (KString, KString, i32);

/// An offset that waits for the end of its transaction.
#[derive(Clone, Debug, Default)]
struct Waiting {
    /// What is durable.
    commit: Option<CommittedOffset>,
    /// Commits on their way to the log.
    in_flight: u32,
}

/// A producer's transaction in this partition.
#[derive(Clone, Debug, Default)]
struct Open {
    epoch: i16,
    /// Its end is on its way to the log: whatever comes now belongs to the next transaction.
    ending: u32,
    offsets: BTreeMap<Place, Waiting>,
}

/// Transactions that have offsets in this partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transactional {
    open: BTreeMap<ProducerId, Open>,
    /// How many transactions an offset waits for.
    unstable: BTreeMap<KString, BTreeMap<(KString, i32), u32>>,
    guards: BTreeMap<ProducerId, Guard>,
    /// The newest guard's number.
    guard: u64,
    /// The leader epoch under which the partition was loaded.
    epoch: Epoch,
    bytes: usize,
}

impl Transactional {
    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        self.bytes
    }

    /// The partition has been loaded under this leader epoch: what was looked up under another one counts no more.
    pub(crate) fn loaded(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.guards.clear();
    }

    /// What a producer needs before it commits offsets here; `None` when its transaction has begun here, and nobody needs
    /// to be asked.
    pub(crate) fn guard(&mut self, producer: Producer) -> Option<Guard> {
        if self.has_begun(producer) {
            return None;
        }
        if self.guards.len() >= GUARDS && !self.guards.contains_key(&producer.id) {
            self.guards.pop_first();
        }
        self.guard += 1;
        // Those that look it up at the same time share one.
        let fresh = Guard { epoch: self.epoch, number: self.guard };
        Some(*self.guards.entry(producer.id).or_insert(fresh))
    }

    fn has_begun(&self, producer: Producer) -> bool {
        let open = self.open.get(&producer.id);
        open.is_some_and(|open| open.epoch == producer.epoch && open.ending == 0 && !open.offsets.is_empty())
    }

    /// Whether the producer may commit here.
    fn check(&self, producer: Producer, guard: Option<Guard>) -> Result<(), TransactionError> {
        let open = self.open.get(&producer.id).filter(|open| open.ending == 0 && !open.offsets.is_empty());
        match open {
            Some(open) if open.epoch == producer.epoch => Ok(()),
            Some(open) if open.epoch > producer.epoch => Err(TransactionError::ProducerFenced),
            // The old epoch's transaction has not ended here, so that of the new one cannot have begun.
            Some(_) => Err(TransactionError::Concurrent),
            None => {
                let known = self.guards.get(&producer.id).copied();
                // Without one, or with an older one: look it up again.
                if guard.is_some() && guard == known { Ok(()) } else { Err(TransactionError::Concurrent) }
            }
        }
    }

    /// Whether an offset waits for the end of a transaction.
    pub(crate) fn is_unstable(&self, group: &str, topic: &KString, partition: i32) -> bool {
        let of_group = self.unstable.get(group);
        of_group.is_some_and(|places| places.contains_key(&(topic.clone(), partition)))
    }

    /// The offsets of a group that wait for the end of a transaction.
    pub(crate) fn unstable(&self, group: &str) -> impl Iterator<Item = &(KString, i32)> {
        self.unstable.get(group).into_iter().flat_map(BTreeMap::keys)
    }

    /// Changes what waits at a place, made when missing and removed when it is nothing.
    fn change(&mut self, producer: Producer, place: &Place, act: impl FnOnce(&mut Waiting)) {
        let open = self.open.entry(producer.id).or_default();
        open.epoch = open.epoch.max(producer.epoch);
        self.guards.remove(&producer.id);
        let is_new = !open.offsets.contains_key(place);
        let waiting = open.offsets.entry(place.clone()).or_default();
        let before = if is_new { 0 } else { weight(place, waiting) };
        act(waiting);
        let is_gone = waiting.commit.is_none() && waiting.in_flight == 0;
        let after = if is_gone { 0 } else { weight(place, waiting) };
        if is_gone {
            open.offsets.remove(place);
            if open.offsets.is_empty() && open.ending == 0 {
                self.open.remove(&producer.id);
            }
        }
        self.bytes = self.bytes + after - before;
        match (is_new, is_gone) {
            (true, false) => self.count(place, 1),
            (false, true) => self.count(place, -1),
            _ => {}
        }
    }

    fn count(&mut self, (group, topic, partition): &Place, by: i32) {
        let places = self.unstable.entry(group.clone()).or_default();
        let count = places.entry((topic.clone(), *partition)).or_default();
        *count = count.checked_add_signed(by).expect("only what was counted goes");
        if *count == 0 {
            places.remove(&(topic.clone(), *partition));
        }
        if places.is_empty() {
            self.unstable.remove(group);
        }
    }

    /// The end of a producer's transaction is on its way to the log.
    fn begin_end(&mut self, producer: Producer) {
        self.guards.remove(&producer.id);
        if let Some(open) = self.open.get_mut(&producer.id) {
            open.ending += 1;
        }
    }

    /// Takes what was durable out of a producer's transaction, which is over. What is in flight belongs to the next one.
    fn end(&mut self, producer: ProducerId) -> Vec<(Place, CommittedOffset)> {
        self.guards.remove(&producer);
        let Some(open) = self.open.get_mut(&producer) else { return Vec::new() };
        open.ending = open.ending.saturating_sub(1);
        let producer = Producer { id: producer, epoch: open.epoch };
        let places: Vec<Place> = open.offsets.keys().cloned().collect();
        let mut ended = Vec::new();
        for place in places {
            self.change(producer, &place, |waiting| {
                ended.extend(waiting.commit.take().map(|commit| (place.clone(), commit)));
            });
        }
        self.forget_empty(producer.id);
        ended
    }

    /// The end of a producer's transaction was not written.
    fn undo_end(&mut self, producer: ProducerId) {
        if let Some(open) = self.open.get_mut(&producer) {
            open.ending = open.ending.saturating_sub(1);
        }
        self.forget_empty(producer);
    }

    fn forget_empty(&mut self, producer: ProducerId) {
        if self.open.get(&producer).is_some_and(|open| open.offsets.is_empty() && open.ending == 0) {
            self.open.remove(&producer);
        }
    }

    /// A commit outside of any transaction is durable: those that wait since before it have come too late.
    pub(crate) fn overtaken(&mut self, group: &KString, topic: &KString, partition: i32) {
        if !self.is_unstable(group, topic, partition) {
            return;
        }
        let place = (group.clone(), topic.clone(), partition);
        let producers: Vec<Producer> = self
            .open
            .iter()
            .filter(|(_, open)| open.offsets.contains_key(&place))
            .map(|(id, open)| Producer { id: *id, epoch: open.epoch })
            .collect();
        for producer in producers {
            self.change(producer, &place, |waiting| waiting.commit = None);
        }
    }
}

/// Bytes in memory: in the transaction, and among what is unstable.
fn weight((group, topic, _): &Place, waiting: &Waiting) -> usize {
    let metadata = waiting.commit.as_ref().map_or(0, |commit| commit.metadata.len());
    2 * (OFFSET + group.len() + topic.len()) + metadata
}

impl Shard {
    /// See [`Transactional::guard`].
    pub(crate) fn guard(&mut self, producer: Producer) -> Option<Guard> {
        self.transactional.guard(producer)
    }

    /// Runs `act` on what waits for transactions, and looks at what it weighs afterwards.
    pub(super) fn on_transactional<T>(&mut self, act: impl FnOnce(&mut Transactional) -> T) -> T {
        let before = self.transactional.weight();
        let done = act(&mut self.transactional);
        self.usage.change(before, self.transactional.weight());
        done
    }

    /// Commits offsets in a producer's transaction. The results come in the order asked; `token` is answered once those
    /// that are fine are durable.
    pub(crate) fn commit_in_transaction(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        (producer, guard): (Producer, Option<Guard>),
        request: &CommitRequest,
        token: Token,
    ) -> Vec<Result<(), GroupError>> {
        cx.room = self.usage.room(cx.config.max_state);
        if let Err(error) = self.admit_in_transaction(cx, id, producer, guard, request) {
            cx.answer_written(token, Err(error));
            return Vec::new();
        }
        let mut room = cx.room;
        let (mut records, mut offsets) = (Vec::new(), Vec::new());
        let group = self.groups.get(id);
        let known = group.map_or(0, |group| group.offsets.len());
        let consumer = group.and_then(|group| group.consumer.as_deref());
        let mut commit_one = |asked: &OffsetToCommit| {
            if let Some(consumer) = consumer {
                consumer.check_partition(&request.member, asked.topic_id, asked.partition)?;
            }
            if asked.metadata.len() > cx.config.max_offset_metadata {
                return Err(GroupError::MetadataTooLarge);
            }
            if known + offsets.len() >= cx.config.max_offsets_per_group {
                return Err(GroupError::TooManyOffsets);
            }
            let growth = 2 * (OFFSET + id.len() + asked.topic.len()) + asked.metadata.len();
            room = room.checked_sub(growth).ok_or(GroupError::Limit)?;
            let topic = asked.topic.compact();
            let commit = CommittedOffset {
                offset: asked.offset,
                leader_epoch: asked.leader_epoch,
                metadata: asked.metadata.compact(),
                committed_ms: cx.now.wall_ms,
                expires_ms: None,
                topic_id: asked.topic_id,
            };
            let record = Record::offset(id, &topic, asked.partition, &commit);
            records.push(record.map_err(|_| GroupError::TooLarge)?);
            offsets.push((topic, asked.partition, commit));
            Ok(())
        };
        let results: Vec<_> = request.offsets.iter().map(&mut commit_one).collect();
        if records.is_empty() {
            cx.answer_written(token, Ok(()));
            return results;
        }
        let group = id.compact();
        self.on_transactional(|transactional| {
            for (topic, partition, _) in &offsets {
                let place = (group.clone(), topic.clone(), *partition);
                transactional.change(producer, &place, |waiting| waiting.in_flight += 1);
            }
        });
        let Producer { id: producer, epoch } = producer;
        let then = Then::Pend { producer, epoch, offsets };
        cx.writes.push(Write { group, records, then, waiter: Some(token) });
        results
    }

    fn admit_in_transaction(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        producer: Producer,
        guard: Option<Guard>,
        request: &CommitRequest,
    ) -> Result<(), GroupError> {
        self.transactional.check(producer, guard)?;
        let member = &request.member;
        if !self.groups.contains_key(id) {
            if member.generation >= 0 {
                return Err(GroupError::IllegalGeneration);
            }
            self.ensure(cx, id)?;
        }
        let checked = self.with(id, |group| {
            if group.state == GroupState::Dead {
                return Err(GroupError::Unavailable);
            }
            // Producers that know nothing of members may commit for any group, as old ones do (KIP-447).
            let is_member =
                member.generation >= 0 || !member.member_id.is_empty() || member.instance_id.is_some();
            match &group.consumer {
                _ if !is_member => Ok(()),
                Some(consumer) => consumer.check_commit(member, true),
                None => {
                    group.check_generation(member)?;
                    group.touch_by_commit(cx, &member.member_id);
                    Ok(())
                }
            }
        });
        checked.expect("it was there, or was made")
    }

    /// Ends a producer's transaction in this partition: `token` is answered once the marker is durable, and its offsets
    /// count or are dropped.
    pub(crate) fn end_transaction(&mut self, cx: &mut Cx<'_>, order: &MarkerOrder, token: Token) {
        let MarkerOrder { producer, epoch, commit, coordinator_epoch, bumped, .. } = *order;
        let producer = Producer { id: producer, epoch };
        if bumped && self.transactional.has_begun(producer) {
            // It comes late and again: this epoch's transaction is the next one.
            return cx.answer_written(token, Ok(()));
        }
        self.transactional.begin_end(producer);
        let Producer { id: producer, epoch } = producer;
        let then = Then::End { producer, epoch, commit, coordinator_epoch };
        cx.writes.push(Write { group: KString::new(), records: Vec::new(), then, waiter: Some(token) });
    }

    /// A commit in a transaction is durable, or is known not to be.
    pub(super) fn pended(
        &mut self,
        group: &KString,
        producer: Producer,
        offsets: Vec<(KString, i32, CommittedOffset)>,
        durable: bool,
    ) {
        self.on_transactional(|transactional| {
            for (topic, partition, commit) in offsets {
                transactional.change(producer, &(group.clone(), topic, partition), |waiting| {
                    assert!(waiting.in_flight > 0, "what ends has begun");
                    waiting.in_flight -= 1;
                    if durable {
                        waiting.commit = Some(commit);
                    }
                });
            }
        });
    }

    /// The end of a transaction is durable, or is known not to be.
    pub(super) fn ended(&mut self, producer: ProducerId, commit: bool, durable: bool, now: Now) {
        if !durable {
            return self.on_transactional(|transactional| transactional.undo_end(producer));
        }
        let offsets = self.on_transactional(|transactional| transactional.end(producer));
        let commit = commit || Rule::OffsetsCommitted.is_broken();
        let mut groups = BTreeSet::new();
        for ((id, topic, partition), offset) in offsets.into_iter().filter(|_| commit) {
            if !self.groups.contains_key(&id) {
                let group = self.loaded(&id, now);
                let weight = group.weight();
                self.usage.change(0, weight);
            }
            self.with(&id, |group| group.offsets.restore(&topic, partition, offset));
            groups.insert(id);
        }
        tracing::debug!(%producer, commit, groups = groups.len(), "a transaction's offsets are decided");
    }

    /// A batch of a transaction, read back from the log.
    pub(super) fn replay_pending(&mut self, record: Decoded, producer: Producer) {
        // Only offsets are written in transactions.
        let Decoded::Offset { group, topic, partition, value: Some(commit) } = record else { return };
        let place = (group, topic, partition);
        self.transactional.change(producer, &place, |waiting| waiting.commit = Some(commit));
    }

    /// A transaction's end, read back from the log.
    pub(super) fn replay_end(&mut self, producer: ProducerId, commit: bool, now: Now) {
        for ((group, topic, partition), offset) in self.transactional.end(producer) {
            if commit {
                self.loaded(&group, now).offsets.restore(&topic, partition, offset);
            }
        }
    }
}
