//! Reading a partition of `__consumer_offsets` back.

use bytes::Bytes;
use esker_core::batch::{BatchError, BatchView};
use esker_kafka_wire::{DecodeError, KString};

use super::Shard;
use crate::{
    consumer::{ConsumerGroup, State},
    effects::{Cx, Now},
    group::Group,
    records::{Decoded, decode},
};

/// The most bytes that one batch of the topic may decompress to.
const MAX_DECOMPRESSED: usize = 256 << 20;

/// Why a partition cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("a batch cannot be read: {0}")]
    Batch(#[from] BatchError),
    #[error("a record cannot be read: {0}")]
    Record(#[from] DecodeError),
}

impl Shard {
    /// Takes whole batches, in the order of the log.
    pub(crate) fn replay(&mut self, chunk: &Bytes, now: Now) -> Result<(), LoadError> {
        for batch in BatchView::all(chunk) {
            let batch = batch?;
            let attributes = batch.fields.attributes;
            if attributes.is_control() {
                continue;
            }
            if attributes.is_transactional() {
                // Offsets of a transaction count once it is committed, which nothing here can tell yet.
                tracing::warn!("offsets of a transaction are skipped");
                continue;
            }
            for record in &batch.records(MAX_DECOMPRESSED)? {
                let record = record?;
                let Some(key) = record.key else { continue };
                self.replay_record(decode(key, record.value)?, now);
            }
        }
        Ok(())
    }

    fn replay_record(&mut self, record: Decoded, now: Now) {
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
            Decoded::Offset { group, topic, partition, value: Some(value) } => {
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

    fn loaded(&mut self, id: &KString, now: Now) -> &mut Group {
        self.groups.entry(id.clone()).or_insert_with_key(|id| Group::new(id.compact(), now))
    }

    /// Everything has been read.
    pub(crate) fn start(&mut self, cx: &mut Cx<'_>) {
        cx.around.clone_from(&self.around);
        self.groups.values_mut().for_each(Group::finish_consumer);
        self.groups.retain(|_, group| group.stored || !group.offsets.is_empty() || group.consumer.is_some());
        // Nothing was counted while it came and went.
        self.usage.change(0, self.groups.values().map(Group::weight).sum());
        let ids: Vec<KString> = self.groups.keys().cloned().collect();
        for id in ids {
            self.with(&id, |group| group.wake(cx));
        }
    }
}
