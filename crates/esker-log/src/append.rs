//! Append: check, dedupe, assign offsets, enqueue, under one short lock.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{
    BatchHeader, EntryKind, Epoch, Offset, PartitionId, ProducerId,
    batch::{BatchLimits, CheckedBatch, TimestampRule, check_produced},
};
use esker_wal::PendingBatch;

use crate::{
    error::{AppendError, LogError},
    log::Log,
    producers::Verdict,
    ticket::{AppendTicket, Found},
    transactions::TxnGuard,
};

/// How an append is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendOptions {
    /// The caller waits for every replica that `min.insync.replicas` asks for (Kafka: `acks=all`).
    pub all_replicas: bool,
    /// For a batch that may be the first of a transaction here: that its coordinator knows of it (see [`Log::guard`]).
    pub guard: Option<TxnGuard>,
    /// For a marker: its epoch is above that of the transaction that it ends.
    pub bumped: bool,
    /// A coordinator writes on behalf of a producer and has checked all but the producer's epoch: the batch has no sequence
    /// numbers, and may begin a transaction.
    pub by_coordinator: bool,
    /// The leader epoch for which the caller has decided on it: under another one it is refused. (A partition may have been
    /// elsewhere in between, and what the caller knows of it be old.)
    pub epoch: Option<Epoch>,
}

/// An append that has its place in the log, though it is not durable yet.
#[must_use = "wait for the ticket"]
#[derive(Clone)]
pub struct Appended {
    /// Offset of the batch's first record.
    pub base_offset: Offset,
    /// Offset of its last record.
    pub last_offset: Offset,
    /// The broker's timestamp where the topic asks for one, milliseconds since the Unix epoch.
    pub log_append_time: Option<i64>,
    /// First readable offset of the partition.
    pub log_start: Offset,
    /// The batch was in the log already; the offsets are the ones it has there.
    pub duplicate: bool,
    /// How long the producer should wait before its next request; zero unless the log fills up.
    pub throttle: Duration,
    /// Resolves once the batch is durable.
    pub ticket: AppendTicket,
}

impl Log {
    /// Checks the records that a client produced for a partition against its topic's settings.
    ///
    /// # Errors
    /// When the partition is unknown, or the first rule that the batch breaks.
    pub fn check(&self, id: PartitionId, records: &Bytes) -> Result<CheckedBatch, AppendError> {
        let inner = &self.0;
        inner.locate(id)?;
        let config = inner.topics.config(id.topic).ok_or(LogError::UnknownPartition(id))?;
        let now = inner.env.clock.wall_ms();
        let timestamps = if config.log_append_time {
            TimestampRule::LogAppendTime(now)
        } else {
            TimestampRule::CreateTime {
                earliest: now.saturating_sub(config.timestamp_before_max_ms),
                latest: now.saturating_add(config.timestamp_after_max_ms),
            }
        };
        let limits = BatchLimits {
            // Whatever a topic allows: what no file of the log has room for would end the log.
            max_bytes: config.max_message_bytes.min(inner.store.largest_batch()),
            require_keys: config.cleanup.compact,
            timestamps,
            max_decompressed: inner.config.max_decompressed_bytes,
        };
        Ok(check_produced(records, &limits)?)
    }

    /// Appends a checked batch. Returns once it has its offsets; await the ticket before telling anyone.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing was appended.
    pub fn append(
        &self,
        id: PartitionId,
        batch: CheckedBatch,
        options: AppendOptions,
    ) -> Result<Appended, AppendError> {
        let inner = &self.0;
        let shard = inner.locate(id)?;
        let (config, metrics) = inner.topics.to_append(id.topic).ok_or(LogError::UnknownPartition(id))?;
        let throttle = inner.pressure.admit(inner.store.usage())?;
        let now = inner.env.clock.wall_ms();
        let lane = inner.lanes.get(config.mode);
        if options.all_replicas && usize::from(config.min_insync_replicas) > lane.replicas() {
            return Err(AppendError::NotEnoughReplicas {
                wanted: config.min_insync_replicas,
                replicas: lane.replicas(),
            });
        }
        let copies = if options.all_replicas { usize::from(config.min_insync_replicas) } else { 0 };
        let log_append_time = batch.log_append_time();
        // Offset and epoch are assigned under the lock.
        let mut header = batch.directory_entry(id, shard.epoch, Offset(0));

        if let Some(given) = options.epoch.filter(|epoch| *epoch != shard.epoch) {
            return Err(LogError::FencedEpoch { given, current: shard.epoch }.into());
        }
        let mut state = shard.state.lock();
        state.may_append(id)?;
        let row = state.row(id);
        // A partition changes lanes only with nothing in flight: two lanes commit in no common order.
        let in_flight = row.log_end > row.high_watermark;
        let lane = if in_flight { inner.lanes.get(row.lane.unwrap_or(config.mode)) } else { lane };
        let appended = |base_offset, last_offset, duplicate, ticket, log_start| Appended {
            base_offset,
            last_offset,
            log_append_time,
            log_start,
            duplicate,
            throttle,
            ticket,
        };
        if header.marker().is_some() {
            if row.has_marker(&header, options.bumped)? {
                row.transactions.end_guard(&header);
                let end = row.log_end;
                let everything = AppendTicket::new(Arc::clone(lane), lane.last_ticket(), 0);
                return Ok(appended(end, end, true, everything, row.log_start));
            }
        } else if options.by_coordinator {
            row.producers.check_epoch(&header)?;
        } else if let Verdict::Duplicate { base_offset, last_offset } = row.producers.check(&header)? {
            let in_flight = (last_offset >= row.high_watermark).then(|| Arc::clone(lane));
            let log_start = row.log_start;
            drop(state);
            let found = Found { log: Arc::clone(inner), shard, partition: id, base_offset };
            let ticket = AppendTicket::again(found, in_flight, copies);
            return Ok(appended(base_offset, last_offset, true, ticket, log_start));
        }
        if !options.by_coordinator {
            if row.needs_guard(&header) {
                shard.check_guard(id, options.guard)?;
            }
            row.may_write(&header, options.guard)?;
        }
        header.base_offset = row.log_end;
        if header.base_offset.0.checked_add(i64::from(header.last_offset_delta) + 1).is_none() {
            return Err(LogError::NotOwner(id).into()); // 2^63 records: out of offsets for ever
        }
        let ticket = lane.enqueue(PendingBatch { header, bytes: batch.bytes })?;
        let ticket = AppendTicket::new(Arc::clone(lane), ticket, copies);
        row.lane = Some(lane.mode);
        row.appended(&header, now);
        metrics.produced_bytes.add(u64::from(header.length));
        metrics.produced_records.add(u64::from(header.records));
        Ok(appended(header.base_offset, header.last_offset(), false, ticket, row.log_start))
    }
}

/// The directory entry that moves a log start.
pub(crate) fn log_start_entry(id: PartitionId, epoch: Epoch, start: Offset, now: i64) -> BatchHeader {
    BatchHeader {
        kind: EntryKind::LogStart,
        partition: id,
        epoch,
        base_offset: start,
        last_offset_delta: 0,
        records: 0,
        max_timestamp: now,
        producer: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        attributes: 0,
        length: 0,
        control_type: -1,
        coordinator_epoch: -1,
    }
}
