//! What share partitions were, from the log.

use esker_core::{Epoch, batch::BatchView};
use esker_share::{SharePartition, Snapshot};

use super::{
    ShareKey,
    entry::{Entry, Weight},
    record::{self, Decoded},
    shard::{StateShard, life},
};
use crate::runtime::ReplayError;

/// The most bytes that one batch of the topic may decompress to.
const MAX_DECOMPRESSED: usize = 256 << 20;

impl StateShard {
    /// Takes one batch, in the order of the log.
    pub(crate) fn replay_batch(&mut self, batch: &BatchView) -> Result<(), ReplayError> {
        if batch.fields.attributes.is_control() {
            return Ok(());
        }
        for record in &batch.records(MAX_DECOMPRESSED)? {
            let record = record?;
            let size = record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
            self.checkpoint.found(1, size as u64);
            let Some(key) = record.key else { continue };
            match record::decode(key, record.value)? {
                Decoded::State(key, Some((snapshot, number))) => self.restore(key, &snapshot, number),
                Decoded::State(key, None) => {
                    self.partitions.remove(&key);
                }
                Decoded::Update(key, changed, number) => match self.partitions.get_mut(&key) {
                    Some(entry) => {
                        if let Err(error) = entry.share.update(&changed) {
                            tracing::error!(?key, %error, "a change of a share partition makes no sense");
                        }
                    }
                    // What it changes was cut off by a checkpoint: a snapshot follows.
                    None => self.restore(key, &changed, number),
                },
                Decoded::Other => {}
            }
        }
        Ok(())
    }

    fn restore(&mut self, key: ShareKey, snapshot: &Snapshot, number: i32) {
        match SharePartition::restore(snapshot) {
            Ok(share) => {
                self.partitions.insert(key, Entry::new(share, number.max(1)));
            }
            // No coordinator writes it. Its start is all that can be relied on.
            Err(error) => {
                tracing::error!(?key, %error, "the state of a share partition makes no sense");
                let share = SharePartition::new(snapshot.start);
                self.partitions.insert(key, Entry::new(share, number.max(1)));
            }
        }
    }

    /// Everything has been read; the leader epoch is `epoch`.
    pub(crate) fn begin(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        for (key, entry) in &mut self.partitions {
            entry.share.set_life(life(epoch));
            // Whatever the log has of it: what is written first says everything.
            entry.share.forget_written();
            let weight = entry.weigh(key);
            self.usage.change(0, weight.memory);
            self.checkpoint.weighed(Weight::default(), weight);
            entry.weight = weight;
        }
    }
}
