//! Writing: what waits while one append is under way is the next append.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{
    Epoch,
    batch::{BatchBuilder, BatchError, Compression, NewRecord},
};

use super::{Inner, Partition, Phase, partition::Active};
use crate::{
    effects::{Answer, Cx, Token, Write},
    error::GroupError,
    topic::TopicError,
};

impl Inner {
    /// Sends answers and queues writes, under the partition's lock.
    pub(super) fn settle(
        self: &Arc<Self>,
        row: &Arc<Partition>,
        active: &mut Active,
        answers: Vec<(Token, Answer)>,
        writes: Vec<Write>,
    ) {
        for (token, answer) in answers {
            active.answer(token, answer);
        }
        active.queue.extend(writes);
        if !active.queue.is_empty() && !active.writing {
            active.writing = true;
            self.env.tasks.spawn(write_all(Arc::clone(self), Arc::clone(row), active.epoch));
        }
        if let Some(deadline) = active.shard.next_deadline() {
            self.alarm.at_latest(deadline);
        }
    }

    /// The partition is not ours: everything in memory is void, every waiting request learns that.
    pub(super) fn lose(&self, row: &Partition, reason: &str) {
        let phase = std::mem::replace(&mut *row.state.lock(), Phase::Idle);
        if let Phase::Active(active) = phase {
            tracing::warn!(
                partition = row.index,
                groups = active.shard.groups.len(),
                waiting = active.waiting(),
                reason,
                "no longer coordinating these groups"
            );
        }
    }

    async fn append(&self, partition: u32, writes: &[Write]) -> Result<(), TopicError> {
        let batches = build(writes, self.env.clock.wall_ms(), self.config.batch_bytes)
            .map_err(|error| TopicError::Unavailable(error.to_string()))?;
        let mut durable = Vec::with_capacity(batches.len());
        let mut result = Ok(());
        for batch in batches {
            match self.topic.append(partition, batch) {
                Ok(done) => durable.push(done),
                // With a part of the writes in the log and a part not, memory and log differ: start over from the log.
                Err(TopicError::Unavailable(reason)) if !durable.is_empty() => {
                    result = Err(TopicError::Lost(reason));
                    break;
                }
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        for done in durable {
            done.await?;
        }
        result
    }
}

/// Writes until nothing is queued, or the partition is no longer the one that was loaded under `epoch`.
async fn write_all(inner: Arc<Inner>, row: Arc<Partition>, epoch: Epoch) {
    loop {
        let writes = {
            let mut state = row.state.lock();
            let Some(active) = in_charge(&mut state, epoch) else { return };
            if active.queue.is_empty() {
                active.writing = false;
                return;
            }
            std::mem::take(&mut active.queue)
        };
        let result = match inner.append(row.index, &writes).await {
            Ok(()) => Ok(()),
            Err(TopicError::Unavailable(reason)) => {
                tracing::warn!(partition = row.index, reason, "the offsets topic takes no records");
                Err(GroupError::Unavailable)
            }
            Err(TopicError::Lost(reason)) => {
                let still_ours = in_charge(&mut row.state.lock(), epoch).is_some();
                if still_ours {
                    inner.lose(&row, &reason);
                }
                return;
            }
        };
        let mut state = row.state.lock();
        let Some(active) = in_charge(&mut state, epoch) else { return };
        let mut cx = Cx::new(&inner.config, inner.now(), &*inner.env.random);
        for write in writes {
            active.shard.written(&mut cx, write, result);
        }
        let Cx { answers, writes, .. } = cx;
        inner.settle(&row, active, answers, writes);
    }
}

fn in_charge(phase: &mut Phase, epoch: Epoch) -> Option<&mut Active> {
    match phase {
        Phase::Active(active) if active.epoch == epoch => Some(active),
        _ => None,
    }
}

/// Batches of about `batch_bytes` each.
fn build(writes: &[Write], now_ms: i64, batch_bytes: usize) -> Result<Vec<Bytes>, BatchError> {
    let mut batches = Vec::new();
    let mut builder = BatchBuilder::new(Compression::None);
    for record in writes.iter().flat_map(|write| &write.records) {
        if !builder.is_empty() && builder.size() + record.size() > batch_bytes {
            let full = std::mem::replace(&mut builder, BatchBuilder::new(Compression::None));
            batches.push(full.build()?);
        }
        builder.push(&NewRecord {
            timestamp: now_ms,
            key: Some(&record.key),
            value: record.value.as_deref(),
            headers: &[],
        })?;
    }
    if !builder.is_empty() {
        batches.push(builder.build()?);
    }
    Ok(batches)
}
