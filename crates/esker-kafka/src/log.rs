//! Stands in for `esker-log` until it is merged: same names, in memory.
#![allow(missing_docs, dead_code, unreachable_pub, clippy::all, clippy::needless_pass_by_value)]

pub mod topic_config;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use esker_core::{
    Action, BatchHeader, Epoch, Offset, PartitionId, ProducerId,
    batch::{BatchError, BatchLimits, BatchView, CheckedBatch, check_produced, patch},
};
use esker_meta::Catalog;
use parking_lot::Mutex;
use tokio::sync::Notify;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    #[error("partition {0} does not exist")]
    UnknownPartition(PartitionId),
    #[error("partition {0} is not served by this broker")]
    NotOwner(PartitionId),
    #[error("leader epoch {given} is older than {current}")]
    FencedEpoch { given: Epoch, current: Epoch },
    #[error("leader epoch {given} is not known here, the epoch is {current}")]
    UnknownEpoch { given: Epoch, current: Epoch },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProducerError {
    #[error("out of order")]
    OutOfOrder { producer: ProducerId, got: i32, expected: i32 },
    #[error("old epoch")]
    OldEpoch { producer: ProducerId, got: i16, current: i16 },
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("closed")]
pub struct WriterClosed;

#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Producer(#[from] ProducerError),
    #[error("not enough replicas")]
    NotEnoughReplicas { wanted: u16, replicas: usize },
    #[error("log full {percent}")]
    LogFull { percent: u32 },
    #[error("the log is closed: {0}")]
    Closed(#[from] WriterClosed),
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("offset {offset} is outside {log_start}..={log_end}")]
    OutOfRange { offset: Offset, log_start: Offset, log_end: Offset },
    #[error("reading failed: {message}")]
    Storage { message: String, action: Action },
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum DeleteError {
    #[error("offset {offset} is above the high watermark {high_watermark}")]
    OutOfRange { offset: Offset, high_watermark: Offset },
    #[error(transparent)]
    Append(#[from] AppendError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offsets {
    pub log_start: Offset,
    pub high_watermark: Offset,
    pub last_stable: Offset,
    pub log_end: Offset,
    pub epoch: Epoch,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    #[default]
    ReadUncommitted,
    ReadCommitted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    pub max_bytes: usize,
    pub at_least_one: bool,
    pub isolation: Isolation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTxn {
    pub producer: ProducerId,
    pub first_offset: Offset,
}

#[derive(Clone, Debug)]
pub struct Read {
    pub chunks: Vec<Bytes>,
    pub length: usize,
    pub next: Offset,
    pub offsets: Offsets,
    pub aborted: Vec<AbortedTxn>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendOptions {
    pub all_replicas: bool,
}

#[derive(Clone)]
pub struct AppendTicket(Arc<Inner>);

impl AppendTicket {
    pub async fn durable(&self) -> Result<(), AppendError> {
        let mut held = self.0.hold.subscribe();
        let _ = held.wait_for(|held| !held).await;
        Ok(())
    }
}

#[derive(Clone)]
pub struct Appended {
    pub base_offset: Offset,
    pub last_offset: Offset,
    pub log_append_time: Option<i64>,
    pub log_start: Offset,
    pub duplicate: bool,
    pub throttle: Duration,
    pub ticket: AppendTicket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampedOffset {
    pub offset: Offset,
    pub timestamp: i64,
    pub epoch: Epoch,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub local: u64,
    pub archived: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub wal_used: u64,
    pub wal_capacity: u64,
}

#[derive(Default)]
struct Row {
    start: i64,
    batches: Vec<(BatchHeader, Bytes)>,
    waiters: Vec<Arc<Notify>>,
}

impl Row {
    fn end(&self) -> i64 {
        self.batches.last().map_or(self.start, |(header, _)| header.next_offset().0)
    }
}

struct Inner {
    catalog: Arc<Catalog>,
    rows: Mutex<BTreeMap<PartitionId, Row>>,
    hold: tokio::sync::watch::Sender<bool>,
}

#[derive(Clone)]
pub struct Log(Arc<Inner>);

impl Log {
    pub fn in_memory(catalog: Arc<Catalog>) -> Self {
        let inner = Inner { catalog, rows: Mutex::default(), hold: tokio::sync::watch::Sender::new(false) };
        Self(Arc::new(inner))
    }

    pub fn hold(&self, hold: bool) {
        self.0.hold.send_replace(hold);
    }

    fn with<T>(&self, id: PartitionId, look: impl FnOnce(&mut Row) -> T) -> Result<T, LogError> {
        let topic = self.0.catalog.by_number(id.topic).ok_or(LogError::UnknownPartition(id))?;
        if id.index >= topic.record.partitions {
            return Err(LogError::UnknownPartition(id));
        }
        Ok(look(self.0.rows.lock().entry(id).or_default()))
    }

    pub fn check(&self, id: PartitionId, records: &Bytes) -> Result<CheckedBatch, AppendError> {
        self.with(id, |_| ())?;
        Ok(check_produced(records, &BatchLimits::default())?)
    }

    pub fn append(
        &self,
        id: PartitionId,
        batch: CheckedBatch,
        _options: AppendOptions,
    ) -> Result<Appended, AppendError> {
        let (base, last, start, waiters) = self.with(id, |row| {
            let base = row.end();
            let header = batch.directory_entry(id, Epoch(1), Offset(base));
            let mut bytes = BytesMut::from(&batch.bytes[..]);
            patch(&mut bytes, Offset(base), Epoch(1));
            row.batches.push((header, bytes.freeze()));
            (Offset(base), header.last_offset(), Offset(row.start), std::mem::take(&mut row.waiters))
        })?;
        for waiter in waiters {
            waiter.notify_one();
        }
        Ok(Appended {
            base_offset: base,
            last_offset: last,
            log_append_time: batch.log_append_time(),
            log_start: start,
            duplicate: false,
            throttle: Duration::ZERO,
            ticket: AppendTicket(Arc::clone(&self.0)),
        })
    }

    pub fn offsets(&self, id: PartitionId) -> Result<Offsets, LogError> {
        self.with(id, |row| {
            let end = Offset(row.end());
            Offsets {
                log_start: Offset(row.start),
                high_watermark: end,
                last_stable: end,
                log_end: end,
                epoch: Epoch(1),
            }
        })
    }

    pub fn check_epoch(&self, id: PartitionId, given: Option<Epoch>) -> Result<(), LogError> {
        let current = self.offsets(id)?.epoch;
        match given {
            Some(given) if given < current => Err(LogError::FencedEpoch { given, current }),
            Some(given) if given > current => Err(LogError::UnknownEpoch { given, current }),
            _ => Ok(()),
        }
    }

    pub fn watch(&self, id: PartitionId, waiter: &Arc<Notify>) -> Result<(), LogError> {
        self.with(id, |row| row.waiters.push(Arc::clone(waiter)))
    }

    pub async fn read(&self, id: PartitionId, from: Offset, limits: ReadLimits) -> Result<Read, ReadError> {
        let offsets = self.offsets(id)?;
        if from < offsets.log_start || from > offsets.log_end {
            return Err(ReadError::OutOfRange {
                offset: from,
                log_start: offsets.log_start,
                log_end: offsets.log_end,
            });
        }
        let (chunks, next) = self.with(id, |row| {
            let mut chunks = Vec::new();
            let (mut bytes, mut next) = (0, from);
            for (header, batch) in row.batches.iter().filter(|(header, _)| header.last_offset() >= from) {
                if bytes + batch.len() > limits.max_bytes && !(chunks.is_empty() && limits.at_least_one) {
                    break;
                }
                bytes += batch.len();
                chunks.push(batch.clone());
                next = header.next_offset();
            }
            (chunks, next)
        })?;
        Ok(Read { length: chunks.iter().map(Bytes::len).sum(), chunks, next, offsets, aborted: Vec::new() })
    }

    pub fn epoch_end(&self, id: PartitionId, epoch: Epoch) -> Result<Option<(Epoch, Offset)>, LogError> {
        let offsets = self.offsets(id)?;
        Ok((epoch >= offsets.epoch).then_some((offsets.epoch, offsets.high_watermark)))
    }

    pub fn sizes(&self, id: PartitionId) -> Result<Sizes, LogError> {
        self.with(id, |row| Sizes {
            local: row.batches.iter().map(|(_, b)| b.len() as u64).sum(),
            archived: 0,
        })
    }

    pub async fn find_timestamp(
        &self,
        id: PartitionId,
        timestamp: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        let batches: Vec<Bytes> =
            self.with(id, |row| row.batches.iter().map(|(_, bytes)| bytes.clone()).collect())?;
        for batch in batches {
            let set = BatchView::parse(&batch).expect("stored").records(1 << 20).expect("stored");
            for record in set.iter().flatten() {
                if record.timestamp >= timestamp {
                    let found = TimestampedOffset {
                        offset: Offset(record.offset),
                        timestamp: record.timestamp,
                        epoch: Epoch(1),
                    };
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    pub async fn find_max_timestamp(&self, id: PartitionId) -> Result<Option<TimestampedOffset>, ReadError> {
        let batches: Vec<Bytes> =
            self.with(id, |row| row.batches.iter().map(|(_, bytes)| bytes.clone()).collect())?;
        let mut best: Option<TimestampedOffset> = None;
        for batch in batches {
            let set = BatchView::parse(&batch).expect("stored").records(1 << 20).expect("stored");
            for record in set.iter().flatten() {
                if best.is_none_or(|best| record.timestamp > best.timestamp) {
                    best = Some(TimestampedOffset {
                        offset: Offset(record.offset),
                        timestamp: record.timestamp,
                        epoch: Epoch(1),
                    });
                }
            }
        }
        Ok(best)
    }

    pub async fn delete_records(
        &self,
        id: PartitionId,
        before: Option<Offset>,
    ) -> Result<Offset, DeleteError> {
        let offsets = self.offsets(id).map_err(AppendError::from)?;
        let start = before.unwrap_or(offsets.high_watermark);
        if start > offsets.high_watermark || start.0 < 0 {
            return Err(DeleteError::OutOfRange { offset: start, high_watermark: offsets.high_watermark });
        }
        Ok(self
            .with(id, |row| {
                row.start = row.start.max(start.0);
                Offset(row.start)
            })
            .map_err(AppendError::from)?)
    }

    pub fn stats(&self) -> Stats {
        Stats { wal_used: 10, wal_capacity: 100 }
    }

    pub fn topic_defaults(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        &NONE
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }
}
