//! Retention: by time, by size, and on request (DeleteRecords). It only ever moves log starts; objects whose every
//! range lies below them go afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_core::{Epoch, Offset, PartitionId, TopicNumber};
use esker_wal::{PendingBatch, Ticket};

use crate::{
    append::log_start_entry,
    error::{AppendError, LogError},
    lanes::Lane,
    log::{Inner, Log},
    partition::Partition,
    shard::{Shard, ShardState},
    topic_config::TopicConfig,
};

/// Why records were not deleted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeleteError {
    /// The new log start is not an offset of the partition.
    #[error("offset {offset} is above the high watermark {high_watermark}")]
    OutOfRange {
        /// What was asked for.
        offset: Offset,
        /// The highest possible.
        high_watermark: Offset,
    },
    /// The log did not take it.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<LogError> for DeleteError {
    fn from(error: LogError) -> Self {
        Self::Append(error.into())
    }
}

impl Log {
    /// Deletes every record below `before`; `None` deletes all that are committed. Returns the log start, which is
    /// durable then. A `before` below the log start changes nothing.
    ///
    /// # Errors
    /// See [`DeleteError`].
    pub async fn delete_records(
        &self,
        id: PartitionId,
        before: Option<Offset>,
    ) -> Result<Offset, DeleteError> {
        let inner = &self.0;
        let (start, moved) = inner.with_row_to_append(id, |shard, row| {
            let high_watermark = row.high_watermark;
            let start = before.unwrap_or(high_watermark);
            if start > high_watermark || start.0 < 0 {
                return Err(DeleteError::OutOfRange { offset: start, high_watermark });
            }
            if start <= row.log_start {
                return Ok((row.log_start, None));
            }
            Ok((start, Some(inner.move_log_start(shard.epoch, row, start)?)))
        })??;
        if let Some((lane, ticket)) = moved {
            lane.committed(ticket).await?;
        }
        Ok(start)
    }
}

impl Inner {
    /// Writes a new log start into the partition's lane. It takes effect when it commits.
    fn move_log_start(
        &self,
        epoch: Epoch,
        row: &Partition,
        start: Offset,
    ) -> Result<(Arc<Lane>, Ticket), AppendError> {
        let mode = row.lane.or_else(|| Some(self.topics.config(row.id.topic)?.mode)).unwrap_or_default();
        let header = log_start_entry(row.id, epoch, start, self.env.clock.wall_ms());
        let lane = self.lanes.get(mode);
        let ticket = lane.enqueue(PendingBatch { header, bytes: bytes::Bytes::new() })?;
        Ok((Arc::clone(lane), ticket))
    }

    /// Applies every topic's retention to a shard, forgets silent producers, and lets the archive drop objects that
    /// are wholly expired or belong to deleted topics.
    pub(crate) async fn retain(&self, shard: &Shard) {
        let now = self.env.clock.wall_ms();
        let mut moved = Vec::new();
        let mut starts = BTreeMap::new();
        {
            let mut state = shard.state.lock();
            if state.held || state.closed {
                return;
            }
            let expired = now.saturating_sub(
                i64::try_from(self.config.producer_expiration.as_millis()).unwrap_or(i64::MAX),
            );
            for row in state.rows.values_mut() {
                row.producers.expire(expired);
                row.archived_producers.expire(expired);
                let Some(config) = self.topics.config(row.id.topic) else { continue };
                if let Some(start) = self.retention_start(shard, row, &config, now) {
                    match self.move_log_start(shard.epoch, row, start) {
                        Ok(ticket) => moved.push(ticket),
                        Err(error) => tracing::warn!(partition = %row.id, %error, "retention did not run"),
                    }
                }
                starts.insert(row.id, row.log_start.min(row.archived_end));
            }
        }
        for (lane, ticket) in moved {
            if lane.committed(ticket).await.is_err() {
                return; // the log is closed
            }
        }
        // The starts from before this round: what moved just now is dropped in the next one, when it is in the rows.
        let dropped = self.dropped_topics(shard);
        if let Err(error) = shard.archive.expire(&starts, &dropped).await {
            tracing::warn!(shard = %shard.id, %error, "expired objects stay for now");
        }
        if let Err(error) = shard.archive.collect_garbage().await {
            tracing::warn!(shard = %shard.id, %error, "garbage stays for now");
        }
        if self.orphans_are_due(shard)
            && let Err(error) = shard.archive.collect_orphans().await
        {
            tracing::warn!(shard = %shard.id, %error, "orphans stay for now");
        }
    }

    /// Whether the shard's objects should be listed now. The first time is somewhere in the first interval, so that many
    /// shards do not come at once.
    fn orphans_are_due(&self, shard: &Shard) -> bool {
        let (now, interval) = (self.env.clock.now(), self.config.orphan_interval);
        let mut state = shard.state.lock();
        let spread = || now + Duration::from_millis(self.env.random.below(interval.as_millis() as u64 + 1));
        let due = *state.orphans_due.get_or_insert_with(spread) <= now;
        if due {
            state.orphans_due = Some(now + interval);
        }
        due
    }

    /// Where retention wants the log start of a row, if higher than it is.
    fn retention_start(
        &self,
        shard: &Shard,
        row: &Partition,
        config: &TopicConfig,
        now: i64,
    ) -> Option<Offset> {
        if !config.cleanup.delete || row.log_start == row.high_watermark {
            return None;
        }
        // Archived ranges first, then batches that only the local log has: (end, largest timestamp, bytes).
        let archived = shard.archive.segments(row.id).into_iter();
        let archived = archived.map(|part| (Offset(part.last_offset.0 + 1), part.max_timestamp, part.bytes));
        let local = row.local.iter().skip(row.unarchived()).map(|batch| {
            let header = batch.header();
            (header.next_offset(), header.max_timestamp, u64::from(header.length))
        });
        let parts: Vec<_> = archived.chain(local).filter(|&(end, ..)| end > row.log_start).collect();
        let mut kept: u64 = parts.iter().map(|&(_, _, bytes)| bytes).sum();
        let mut start = row.log_start;
        for (end, max_timestamp, bytes) in parts {
            // Records without a timestamp (-1) have no age.
            let age = (max_timestamp >= 0).then(|| now.saturating_sub(max_timestamp));
            let too_old = config.retention_ms.is_some_and(|limit| age.is_some_and(|age| age > limit));
            let too_much = config.retention_bytes.is_some_and(|limit| kept - bytes >= limit);
            if !too_old && !too_much {
                break;
            }
            kept -= bytes;
            start = end;
        }
        let start = start.min(row.high_watermark);
        (start > row.log_start).then_some(start)
    }

    /// Topics that the archive of a shard still has and the catalog no longer knows.
    fn dropped_topics(&self, shard: &Shard) -> BTreeSet<TopicNumber> {
        shard.archive.topics().into_iter().filter(|topic| self.catalog.is_dropped(*topic)).collect()
    }

    /// Drops the rows of deleted topics.
    pub(crate) fn drop_topics(&self, gone: &[TopicNumber]) {
        if gone.is_empty() {
            return;
        }
        let mut wake = Vec::new();
        for shard in self.shards.all() {
            let mut state = shard.state.lock();
            let rows: Vec<PartitionId> =
                state.rows.keys().filter(|id| gone.binary_search(&id.topic).is_ok()).copied().collect();
            for id in rows {
                let mut row = state.rows.remove(&id).expect("listed above");
                wake.extend(row.take_waiters());
                let left = row.local.range(row.unarchived()..);
                let (bytes, batches) = left.fold((0, 0), |(bytes, batches), batch| {
                    (bytes + u64::from(batch.header().length), batches + 1)
                });
                self.no_longer_unarchived(&mut state, bytes, batches);
            }
            settle(&mut state);
        }
        for waiter in wake {
            waiter.notify_one();
        }
    }
}

/// Nothing left to archive is nothing that grows old.
fn settle(state: &mut ShardState) {
    if state.unarchived_batches == 0 {
        state.unarchived_since = None;
    }
}
