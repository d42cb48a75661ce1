//! Committed offsets of one group.

use std::{collections::BTreeMap, time::Duration};

use esker_core::{Epoch, Offset};
use esker_kafka_wire::KString;
use uuid::Uuid;

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

/// The offsets of one group. Reading sees durable commits only.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupOffsets {
    topics: BTreeMap<KString, BTreeMap<i32, Slot>>,
    slots: usize,
}

impl GroupOffsets {
    /// Partitions with a durable commit or one in flight.
    pub(crate) fn len(&self) -> usize {
        self.slots
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots == 0
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

    fn slot(&mut self, topic: &KString, partition: i32) -> &mut Slot {
        let partitions = self.topics.entry(topic.clone()).or_default();
        partitions.entry(partition).or_insert_with(|| {
            self.slots += 1;
            Slot::default()
        })
    }

    /// A commit has been handed to the log.
    pub(crate) fn begin(&mut self, topic: &KString, partition: i32) {
        self.slot(topic, partition).in_flight += 1;
    }

    /// A commit is durable (`Some`), or was not written (`None`).
    pub(crate) fn finish(&mut self, topic: &KString, partition: i32, commit: Option<CommittedOffset>) {
        let slot = self.slot(topic, partition);
        assert!(slot.in_flight > 0, "what finishes has begun");
        slot.in_flight -= 1;
        if commit.is_some() {
            slot.committed = commit;
        }
        self.prune(topic, partition);
    }

    /// A durable commit, read back from the log.
    pub(crate) fn restore(&mut self, topic: &KString, partition: i32, commit: CommittedOffset) {
        self.slot(topic, partition).committed = Some(commit);
    }

    /// The partition's durable commit is gone.
    pub(crate) fn remove(&mut self, topic: &KString, partition: i32) {
        if self.contains(topic, partition) {
            self.slot(topic, partition).committed = None;
            self.prune(topic, partition);
        }
    }

    fn prune(&mut self, topic: &KString, partition: i32) {
        let Some(partitions) = self.topics.get_mut(topic) else { return };
        if partitions.get(&partition).is_some_and(|slot| slot.committed.is_none() && slot.in_flight == 0) {
            partitions.remove(&partition);
            self.slots -= 1;
        }
        if partitions.is_empty() {
            self.topics.remove(topic);
        }
    }
}
