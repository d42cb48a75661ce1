//! Read: memory tail, then local log, then archive, by comparing two offsets.

use std::ops::Range;

use bytes::Bytes;
use esker_archive::ArchivedRead;
use esker_core::{Action, FrameIndex, LedgerId, Offset, PartitionId, batch::BatchView, producer::AbortedTxn};
use esker_env::Monotonic;

use crate::{
    error::ReadError,
    log::{Inner, Log},
    metrics::records,
    offsets::Offsets,
    partition::{FrameRef, Partition},
    shard::Shard,
};

/// Which records a read may return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Everything below the high watermark.
    #[default]
    ReadUncommitted,
    /// Everything below the last stable offset.
    ReadCommitted,
}

/// How much a read may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of batches. The first batch is returned whatever its size if `at_least_one` is set.
    pub max_bytes: usize,
    /// Return one batch even when it alone is above `max_bytes` (KIP-74).
    pub at_least_one: bool,
    /// Which records count.
    pub isolation: Isolation,
}

/// What a read found.
#[derive(Clone, Debug)]
pub struct Read {
    /// Whole batches, back to back over all chunks; the first one contains the offset that was asked for.
    pub chunks: Vec<Bytes>,
    /// Bytes of all chunks.
    pub length: usize,
    /// Where to read on.
    pub next: Offset,
    /// The partition's offsets when the read was planned.
    pub offsets: Offsets,
    /// Aborted transactions in range, in order of first offset; empty unless `ReadCommitted`.
    pub aborted: Vec<AbortedTxn>,
}

/// A run of bytes of one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) ledger: LedgerId,
    pub(crate) index: FrameIndex,
    pub(crate) range: Range<u32>,
}

impl Span {
    /// Adds bytes behind the last span, or to it when they follow it in its frame.
    pub(crate) fn extend(spans: &mut Vec<Self>, frame: &FrameRef, range: Range<u32>) {
        match spans.last_mut() {
            Some(last)
                if last.ledger == frame.ledger
                    && last.index == frame.index
                    && last.range.end == range.start =>
            {
                last.range.end = range.end;
            }
            _ => spans.push(Self { ledger: frame.ledger, index: frame.index, range }),
        }
    }
}

/// Where the bytes of a read come from.
enum Plan {
    Nothing,
    Local {
        spans: Vec<Span>,
        next: Offset,
        aborted: Vec<AbortedTxn>,
        /// In the batches.
        records: u64,
    },
    /// With the aborted transactions that no object may say yet, from the offset asked for on.
    Archive {
        aborted: Vec<AbortedTxn>,
    },
}

/// A read is planned again when what it was to read has been trimmed meanwhile; more often than this, something else
/// is wrong.
const PLANS: usize = 4;

impl Log {
    /// Reads whole batches from the one that contains `from` on.
    ///
    /// # Errors
    /// See [`ReadError`]. Reading at the end of the log is no error: the answer is empty.
    pub async fn read(&self, id: PartitionId, from: Offset, limits: ReadLimits) -> Result<Read, ReadError> {
        let inner = &self.0;
        let begun = inner.env.clock.now();
        let mut last = None;
        for _ in 0..PLANS {
            // After a failed local read an object may have what the log lost.
            let prefer_archive = last.is_some();
            let planned = inner.with_row(id, |shard, row| plan(shard, row, from, limits, prefer_archive))?;
            if let Err(ReadError::OutOfRange { offset, log_end, .. }) = &planned
                && offset > log_end
            {
                // Perhaps there is such an offset where somebody else has taken over.
                self.confirm(id).await?;
            }
            let (plan, offsets) = planned?;
            let read = |chunks: Vec<Bytes>, next, aborted| Read {
                length: chunks.iter().map(Bytes::len).sum(),
                chunks,
                next,
                offsets,
                aborted,
            };
            match plan {
                Plan::Nothing => return Ok(read(Vec::new(), from, Vec::new())),
                Plan::Local { spans, next, aborted, records } => match inner.fetch_spans(spans).await {
                    Ok((chunks, from_memory)) => {
                        let read = read(chunks, next, aborted);
                        inner.count_local(id, begun, &read, from_memory, records);
                        return Ok(read);
                    }
                    Err(error) => last = Some(error),
                },
                Plan::Archive { aborted } => {
                    match inner.read_archive(id, from, limits, aborted, &offsets).await {
                        Ok((chunks, next, aborted)) => {
                            let read = read(chunks, next, aborted);
                            inner.count_archived(id, begun, &read);
                            return Ok(read);
                        }
                        Err(error) => last = Some(error),
                    }
                }
            }
        }
        Err(last.expect("a plan that succeeds returns"))
    }
}

impl Inner {
    /// Counts a read of the local log, of which so many bytes were in memory.
    fn count_local(&self, id: PartitionId, begun: Monotonic, read: &Read, from_memory: usize, records: u64) {
        let metrics = &self.config.metrics;
        let from_log = read.length - from_memory;
        let place = if from_log == 0 { &metrics.memory } else { &metrics.log };
        place.seconds.observe(self.env.clock.now() - begun);
        metrics.memory.bytes.add(from_memory as u64);
        metrics.log.bytes.add(from_log as u64);
        self.count_fetched(id, read, records);
    }

    /// Counts a read of objects.
    fn count_archived(&self, id: PartitionId, begun: Monotonic, read: &Read) {
        let place = &self.config.metrics.archive;
        place.seconds.observe(self.env.clock.now() - begun);
        place.bytes.add(read.length as u64);
        self.count_fetched(id, read, records(&read.chunks));
    }

    fn count_fetched(&self, id: PartitionId, read: &Read, records: u64) {
        if let Some(topic) = self.topics.metrics(id.topic) {
            topic.fetched_bytes.add(read.length as u64);
            topic.fetched_records.add(records);
        }
    }

    /// Whole batches from objects, and the aborted transactions among them: those that objects say, and `known` from here.
    ///
    /// For readers of committed records it ends at the last stable offset, as a batch that lies behind it may belong to a
    /// transaction of which nobody knows yet how it ends.
    async fn read_archive(
        &self,
        id: PartitionId,
        from: Offset,
        limits: ReadLimits,
        mut known: Vec<AbortedTxn>,
        offsets: &Offsets,
    ) -> Result<(Vec<Bytes>, Offset, Vec<AbortedTxn>), ReadError> {
        let shard = self.locate(id)?;
        let read = shard.archive.read(id, from, limits.max_bytes as u64).await;
        let ArchivedRead { mut chunks, mut next_offset } =
            read.map_err(|error| ReadError::storage(&error))?;
        if limits.isolation == Isolation::ReadUncommitted {
            return Ok((chunks, next_offset, Vec::new()));
        }
        if next_offset > offsets.last_stable {
            next_offset = cut(&mut chunks, offsets.last_stable)?;
        }
        let said = shard.archive.aborted(id, from..next_offset).await;
        known.retain(|txn| txn.first_offset < next_offset);
        // What was offloaded since the plan is in both.
        known.extend(said.map_err(|error| ReadError::storage(&error))?);
        known.sort_unstable_by_key(|txn| (txn.first_offset, txn.producer));
        known.dedup();
        Ok((chunks, next_offset, known))
    }

    /// The bytes of some spans, from memory where possible; and how many of them were there.
    pub(crate) async fn fetch_spans(&self, spans: Vec<Span>) -> Result<(Vec<Bytes>, usize), ReadError> {
        let mut chunks = Vec::with_capacity(spans.len());
        let mut from_memory = 0;
        for span in spans {
            let bytes = match self.tail.get(span.ledger, span.index) {
                Some(payload) => {
                    from_memory += span.range.len();
                    payload.slice(span.range.start as usize..span.range.end as usize)
                }
                None => self
                    .stores
                    .read(span.ledger, span.index, span.range)
                    .await
                    .map_err(|error| ReadError::storage(&error))?,
            };
            chunks.push(bytes);
        }
        Ok((chunks, from_memory))
    }
}

fn plan(
    shard: &Shard,
    row: &Partition,
    from: Offset,
    limits: ReadLimits,
    prefer_archive: bool,
) -> Result<(Plan, Offsets), ReadError> {
    let offsets = row.offsets(shard.epoch);
    if from < row.log_start || from > row.log_end {
        return Err(ReadError::OutOfRange {
            offset: from,
            log_start: row.log_start,
            log_end: row.high_watermark,
        });
    }
    let end = match limits.isolation {
        Isolation::ReadUncommitted => offsets.high_watermark,
        Isolation::ReadCommitted => offsets.last_stable,
    };
    if from >= end || (limits.max_bytes == 0 && !limits.at_least_one) {
        return Ok((Plan::Nothing, offsets));
    }
    let committed_only = limits.isolation == Isolation::ReadCommitted;
    let aborted = |read| if committed_only { row.transactions.aborted_in(read) } else { Vec::new() };
    let local = row.find_local(from).filter(|_| !(prefer_archive && from < row.archived_end));
    let Some(first) = local else { return Ok((Plan::Archive { aborted: aborted(from..end) }, offsets)) };
    let mut spans: Vec<Span> = Vec::new();
    let (mut bytes, mut records) = (0, 0);
    let mut next = from;
    for batch in row.local.range(first..) {
        let header = batch.header();
        let fits =
            bytes + header.length as usize <= limits.max_bytes || (spans.is_empty() && limits.at_least_one);
        if batch.base_offset >= end || !fits {
            break;
        }
        bytes += header.length as usize;
        records += u64::from(header.records);
        next = header.next_offset();
        Span::extend(&mut spans, &batch.frame, batch.position..batch.position + header.length);
    }
    let aborted = aborted(from..next);
    Ok((
        if spans.is_empty() { Plan::Nothing } else { Plan::Local { spans, next, aborted, records } },
        offsets,
    ))
}

/// Cuts off the batches that begin at `end` or behind it. Returns where to read on.
fn cut(chunks: &mut Vec<Bytes>, end: Offset) -> Result<Offset, ReadError> {
    let mut next = end;
    for number in 0..chunks.len() {
        let mut kept = 0;
        for batch in BatchView::all(&chunks[number]) {
            let batch = batch.map_err(|error| ReadError::Storage {
                message: format!("an object holds a batch that cannot be read: {error}"),
                action: Action::Operator,
            })?;
            if batch.fields.base_offset >= end.0 {
                chunks[number].truncate(kept);
                chunks.truncate(number + usize::from(kept > 0));
                return Ok(next);
            }
            next = Offset(batch.fields.last_offset() + 1);
            kept += batch.len();
        }
    }
    Ok(next)
}
