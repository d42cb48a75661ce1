//! Reading a partition of `__consumer_offsets` back.

use esker_core::{ProducerId, batch::BatchView};
use esker_kafka_wire::KString;

use super::Shard;
use crate::{
    consumer::{ConsumerGroup, State},
    effects::{Cx, Now},
    group::Group,
    records::{Decoded, decode},
    runtime::{RESTATED, ReplayError},
    transactions::Producer,
};

/// The most bytes that one batch of the topic may decompress to.
const MAX_DECOMPRESSED: usize = 256 << 20;

impl Shard {
    /// Takes one batch, in the order of the log.
    pub(crate) fn replay_batch(&mut self, batch: &BatchView, now: Now) -> Result<(), ReplayError> {
        let attributes = batch.fields.attributes;
        if attributes.is_control() {
            // Other kinds of control batches say nothing about offsets.
            if let commit @ 0..=1 = batch.control_type() {
                self.replay_end(ProducerId(batch.fields.producer_id), commit == 1, now);
            }
            return Ok(());
        }
        for record in &batch.records(MAX_DECOMPRESSED)? {
            let record = record?;
            let Some(key) = record.key else { continue };
            let decoded = decode(key, record.value)?;
            if attributes.is_transactional() {
                let producer =
                    Producer { id: ProducerId(batch.fields.producer_id), epoch: batch.fields.producer_epoch };
                self.replay_pending(decoded, producer);
            } else {
                // One that is only said again beats nothing that waits for the end of its transaction.
                let restated = record.headers.into_iter().any(|header| header.key == RESTATED);
                self.replay_record(decoded, restated, now);
            }
        }
        Ok(())
    }

    fn replay_record(&mut self, record: Decoded, restated: bool, now: Now) {
        match record {
            Decoded::Group { group, value: Some(value) } => self.loaded(&group, now).restore(*value, now),
            Decoded::Group { group, value: None } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.forget_stored(now);
                }
            }
            Decoded::Consumer { group, record } => {
                let consumer = &mut self.loaded(&group, now).consumer;
                consumer.get_or_insert_with(|| Box::new(ConsumerGroup::new(State::default()))).replay(record);
            }
            Decoded::Share { group, record } => self.shares.replay(&group, record),
            Decoded::Offset { group, topic, partition, value: Some(value) } => {
                if !restated {
                    self.transactional.overtaken(&group, &topic, partition);
                }
                self.loaded(&group, now).offsets.restore(&topic, partition, value);
            }
            Decoded::Offset { group, topic, partition, value: None } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.offsets.remove(&topic, partition);
                }
            }
            Decoded::Other => {}
        }
    }

    pub(super) fn loaded(&mut self, id: &KString, now: Now) -> &mut Group {
        self.groups.entry(id.clone()).or_insert_with_key(|id| Group::new(id.compact(), now))
    }

    /// Everything has been read.
    pub(crate) fn wake(&mut self, cx: &mut Cx<'_>) {
        self.groups.values_mut().for_each(Group::finish_consumer);
        self.groups.retain(|_, group| group.stored || !group.offsets.is_empty() || group.consumer.is_some());
        // Nothing was counted while it came and went.
        self.usage
            .change(0, self.transactional.weight() + self.groups.values().map(Group::weight).sum::<usize>());
        let ids: Vec<KString> = self.groups.keys().cloned().collect();
        for id in ids {
            self.with(&id, |group| group.wake(cx));
        }
        self.wake_shares(cx);
    }
}
