//! Finding offsets by time.

use bytes::Bytes;
use esker_core::{Action, Epoch, Offset, PartitionId, batch::BatchView};

use crate::{
    error::ReadError,
    log::Log,
    partition::Partition,
    read::{Isolation, ReadLimits},
};

/// A record found by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampedOffset {
    /// Its offset.
    pub offset: Offset,
    /// Its timestamp, milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The leader epoch of its batch.
    pub epoch: Epoch,
}

/// Which record of a partition is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// The first one at or after this time.
    AtOrAfter(i64),
    /// The first one with the largest timestamp.
    Latest,
}

impl Log {
    /// The first readable record with a timestamp of `timestamp` or later, in offset order.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn find_timestamp(
        &self,
        id: PartitionId,
        timestamp: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        let inner = &self.0;
        let shard = inner.locate(id)?;
        let (log_start, local_start) = inner.with_row(id, |_, row| (row.log_start, first_local(row)))?;
        let mut from = log_start;
        // A batch whose largest timestamp is late enough may still lie wholly below the log start: search on.
        while from < local_start {
            let found = shard
                .archive
                .find_timestamp(id, timestamp, from)
                .await
                .map_err(|error| ReadError::storage(&error))?;
            let Some(batch) = found else { break };
            if let Some(hit) = self.look_inside(&batch.bytes, log_start, Wanted::AtOrAfter(timestamp))? {
                return Ok(Some(hit));
            }
            from = Offset(batch.last_offset.0 + 1);
        }
        let mut from = log_start.max(local_start);
        loop {
            let spot = inner.with_row(id, |_, row| {
                let first = row.local.partition_point(|batch| batch.header().last_offset() < from);
                row.local
                    .range(first..)
                    .find(|batch| batch.header().max_timestamp >= timestamp)
                    .map(|batch| batch.header().base_offset)
            })?;
            let Some(base) = spot else { return Ok(None) };
            let Some(batch) = self.one_batch(id, base.max(log_start)).await? else { return Ok(None) };
            if let Some(hit) = self.look_inside(&batch, log_start, Wanted::AtOrAfter(timestamp))? {
                return Ok(Some(hit));
            }
            from = next_offset(&batch)?;
        }
    }

    /// The readable record with the largest timestamp, the first of them if there are several.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn find_max_timestamp(&self, id: PartitionId) -> Result<Option<TimestampedOffset>, ReadError> {
        let inner = &self.0;
        let shard = inner.locate(id)?;
        let (log_start, archived_end, local) = inner.with_row(id, |_, row| {
            let best = row
                .local
                .iter()
                .filter(|batch| batch.header().last_offset() >= row.log_start)
                .max_by(|a, b| {
                    let by_time = a.header().max_timestamp.cmp(&b.header().max_timestamp);
                    by_time.then(b.base_offset.cmp(&a.base_offset))
                })
                .map(|batch| (batch.header().max_timestamp, batch.base_offset));
            (row.log_start, first_local(row), best)
        })?;
        let archived = shard
            .archive
            .find_max_timestamp(id)
            .await
            .map_err(|error| ReadError::storage(&error))?
            .filter(|batch| batch.base_offset < archived_end);
        let mut best = None;
        if let Some(batch) = archived {
            best = self.look_inside(&batch.bytes, log_start, Wanted::Latest)?;
        }
        if let Some((timestamp, base)) = local
            && best.is_none_or(|known: TimestampedOffset| timestamp > known.timestamp)
            && let Some(batch) = self.one_batch(id, base.max(log_start)).await?
        {
            best = self.look_inside(&batch, log_start, Wanted::Latest)?.or(best);
        }
        Ok(best)
    }

    /// The batch that contains an offset.
    async fn one_batch(&self, id: PartitionId, offset: Offset) -> Result<Option<Bytes>, ReadError> {
        let limits = ReadLimits { max_bytes: 0, at_least_one: true, isolation: Isolation::ReadUncommitted };
        let read = self.read(id, offset, limits).await?;
        let bytes = match read.chunks.as_slice() {
            [] => return Ok(None),
            [one] => one.clone(),
            several => Bytes::from(several.concat()),
        };
        let view = BatchView::parse(&bytes).map_err(|error| corrupt(&error))?;
        Ok(Some(view.bytes().clone()))
    }

    /// The wanted record of a batch, at or above `log_start`. Decompresses, within the configured bound.
    fn look_inside(
        &self,
        batch: &Bytes,
        log_start: Offset,
        wanted: Wanted,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        let view = BatchView::parse(batch).map_err(|error| corrupt(&error))?;
        let records = view.records(self.0.config.max_decompressed_bytes).map_err(|error| corrupt(&error))?;
        let mut best: Option<TimestampedOffset> = None;
        for record in records.iter() {
            let record = record.map_err(|error| corrupt(&error))?;
            if record.offset < log_start.0 {
                continue;
            }
            let hit = TimestampedOffset {
                offset: Offset(record.offset),
                timestamp: record.timestamp,
                epoch: Epoch(view.fields.leader_epoch),
            };
            match wanted {
                Wanted::AtOrAfter(timestamp) if record.timestamp >= timestamp => return Ok(Some(hit)),
                Wanted::AtOrAfter(_) => {}
                Wanted::Latest if best.is_none_or(|known| record.timestamp > known.timestamp) => {
                    best = Some(hit);
                }
                Wanted::Latest => {}
            }
        }
        Ok(best)
    }
}

/// Where the local log takes over from the archive.
fn first_local(row: &Partition) -> Offset {
    row.local.front().map_or(row.high_watermark, |batch| batch.base_offset)
}

fn next_offset(batch: &Bytes) -> Result<Offset, ReadError> {
    let view = BatchView::parse(batch).map_err(|error| corrupt(&error))?;
    Ok(Offset(view.fields.base_offset + i64::from(view.fields.last_offset_delta) + 1))
}

fn corrupt(error: &esker_core::batch::BatchError) -> ReadError {
    ReadError::Storage { message: format!("a stored batch is damaged: {error}"), action: Action::Operator }
}
