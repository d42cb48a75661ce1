//! Committed offsets of one group.

use std::{collections::BTreeMap, time::Duration};

use esker_core::{Epoch, Offset};
use esker_kafka_wire::KString;
use uuid::Uuid;

use crate::usage::OFFSET;

/// An offset as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next record that the group wants to read.
    pub offset: Offset,
    /// The leader epoch of the record before it, as far as the client said.
    pub leader_epoch: Option<Epoch>,
    /// Whatever the client stores with it; round-trips as it is.
    pub metadata: KString,
    /// When it was committed, milliseconds since the Unix epoch.
    pub committed_ms: i64,
    /// When it expires, for the old request versions that say so; milliseconds since the Unix epoch.
    pub expires_ms: Option<i64>,
    /// The topic's id when it was committed; nil when it is not known.
    pub topic_id: Uuid,
}

impl CommittedOffset {
    /// Whether it has outlived `retention`, counted from `since_ms` unless it has an expiry of its own.
    pub(crate) fn is_expired(&self, now_ms: i64, since_ms: i64, retention: Duration) -> bool {
        match self.expires_ms {
            Some(expires_ms) => now_ms >= expires_ms,
            None => {
                now_ms.saturating_sub(since_ms) >= i64::try_from(retention.as_millis()).unwrap_or(i64::MAX)
            }
        }
    }
}

/// One partition's place in a group.
#[derive(Clone, Debug, Default)]
struct Slot {
    /// The last durable commit.
    committed: Option<CommittedOffset>,
    /// Commits that are on their way to the log. What deletes a group's offsets must cover these too, or a commit
    /// that becomes durable just before the deletion would come back at the next load.
    in_flight: u32,
}

impl Slot {
    /// Bytes in memory. Commits in flight count by their number: they hold their requests' memory.
    fn weight(&self, topic: &KString) -> usize {
        // Topics have few partitions in the worst case.
        OFFSET + topic.len() + self.committed.as_ref().map_or(0, |commit| commit.metadata.len())
    }
}

/// The offsets of one group. Reading sees durable commits only.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupOffsets {
    topics: BTreeMap<KString, BTreeMap<i32, Slot>>,
    slots: usize,
    /// Of all slots, see [`Slot::weight`].
    bytes: usize,
}

impl GroupOffsets {
    /// Partitions with a durable commit or one in flight.
    pub(crate) fn len(&self) -> usize {
        self.slots
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots == 0
    }

    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        self.bytes
    }

    /// By how much the memory would grow by a commit.
    pub(crate) fn growth(&self, topic: &KString, partition: i32, metadata: usize) -> usize {
        let slot = self.topics.get(topic).and_then(|partitions| partitions.get(&partition));
        (OFFSET + topic.len() + metadata).saturating_sub(slot.map_or(0, |slot| slot.weight(topic)))
    }

    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.topics.get(topic)?.get(&partition)?.committed.as_ref()
    }

    /// Whether there is anything to delete, durable or in flight.
    pub(crate) fn contains(&self, topic: &str, partition: i32) -> bool {
        self.topics.get(topic).is_some_and(|partitions| partitions.contains_key(&partition))
    }

    /// Every durable commit, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KString, i32, &CommittedOffset)> {
        self.topics.iter().flat_map(|(topic, partitions)| {
            partitions
                .iter()
                .filter_map(move |(&partition, slot)| Some((topic, partition, slot.committed.as_ref()?)))
        })
    }

    /// Every partition that a deletion must cover.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&KString, i32)> {
        self.topics
            .iter()
            .flat_map(|(topic, partitions)| partitions.keys().map(move |&partition| (topic, partition)))
    }

    /// The partitions of one topic that a deletion must cover.
    pub(crate) fn keys_of(&self, topic: &str) -> impl Iterator<Item = i32> {
        self.topics.get(topic).into_iter().flat_map(|partitions| partitions.keys().copied())
    }

    /// Changes a partition's slot, made when missing and removed when empty.
    fn change(&mut self, topic: &KString, partition: i32, act: impl FnOnce(&mut Slot)) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.clone(), BTreeMap::new());
        }
        let partitions = self.topics.get_mut(topic).expect("made above");
        let slot = partitions.entry(partition).or_insert_with(|| {
            self.slots += 1;
            let slot = Slot::default();
            self.bytes += slot.weight(topic);
            slot
        });
        let before = slot.weight(topic);
        act(slot);
        self.bytes = self.bytes + slot.weight(topic) - before;
        if slot.committed.is_none() && slot.in_flight == 0 {
            self.bytes -= slot.weight(topic);
            self.slots -= 1;
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// A commit has been handed to the log.
    pub(crate) fn begin(&mut self, topic: &KString, partition: i32) {
        self.change(topic, partition, |slot| slot.in_flight += 1);
    }

    /// A commit is durable (`Some`), or was not written (`None`).
    pub(crate) fn finish(&mut self, topic: &KString, partition: i32, commit: Option<CommittedOffset>) {
        self.change(topic, partition, |slot| {
            assert!(slot.in_flight > 0, "what finishes has begun");
            slot.in_flight -= 1;
            if commit.is_some() {
                slot.committed = commit;
            }
        });
    }

    /// A durable commit, read back from the log.
    pub(crate) fn restore(&mut self, topic: &KString, partition: i32, commit: CommittedOffset) {
        self.change(topic, partition, |slot| slot.committed = Some(commit));
    }

    /// The partition's durable commit is gone.
    pub(crate) fn remove(&mut self, topic: &KString, partition: i32) {
        if self.contains(topic, partition) {
            self.change(topic, partition, |slot| slot.committed = None);
        }
    }
}
