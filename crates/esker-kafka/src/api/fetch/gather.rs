//! Reads the partitions of a fetch until there is enough, or time is up.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{Epoch, Offset, PartitionId};
use esker_env::Monotonic;
use esker_kafka_wire::{
    ErrorCode, Records,
    messages::{
        FetchRequest,
        fetch_response::{AbortedTransaction, EpochEndOffset, PartitionData},
    },
};
use esker_log::{AbortedTxn, Isolation, Offsets, Read, ReadError, ReadLimits};
use esker_meta::Topic;
use futures::StreamExt;
use tokio::sync::Notify;

use crate::{
    api::fetch_session::Wanted,
    budget::Grant,
    context::Context,
    errors::KafkaError,
    topics::{TopicRef, partition},
};

/// Reads of one fetch that run at the same time.
const CONCURRENT_READS: usize = 16;

/// How much a fetch returns and how long it waits.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    max_bytes: usize,
    min_bytes: usize,
    deadline: Monotonic,
    isolation: Isolation,
}

impl Limits {
    pub(super) fn of(context: &Context, request: &FetchRequest) -> Self {
        let config = &context.broker.config;
        let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
        let max_bytes = usize::try_from(request.max_bytes).unwrap_or(0).min(config.max_fetch_bytes);
        Self {
            max_bytes,
            // What cannot be returned is not worth waiting for.
            min_bytes: usize::try_from(request.min_bytes).unwrap_or(0).min(max_bytes),
            deadline: context.broker.env.clock.now() + wait.min(config.max_fetch_wait),
            isolation: if request.isolation_level == 1 {
                Isolation::ReadCommitted
            } else {
                Isolation::ReadUncommitted
            },
        }
    }
}

/// A partition's part of the response.
pub(crate) struct Gathered {
    pub(crate) data: PartitionData,
    /// Bytes of its records.
    pub(crate) bytes: usize,
}

/// A partition while it is being read.
enum Part {
    Failed(PartitionData),
    /// An answer that makes a client give up its position. A leader that is none any more must not give it.
    Doubtful(PartitionId, PartitionData),
    Live(Live),
}

struct Live {
    index: i32,
    id: PartitionId,
    next: Offset,
    max_bytes: usize,
    offsets: Offsets,
    chunks: Vec<Bytes>,
    bytes: usize,
    aborted: Vec<AbortedTxn>,
}

impl Live {
    /// Whether reading could return something: records, or the error that the offset is out of range.
    fn is_worth_reading(&self, isolation: Isolation) -> bool {
        let end = match isolation {
            Isolation::ReadUncommitted => self.offsets.high_watermark,
            Isolation::ReadCommitted => self.offsets.last_stable,
        };
        self.next < end || self.next < self.offsets.log_start || self.next > self.offsets.log_end
    }

    fn take(&mut self, read: Read) -> usize {
        self.offsets = read.offsets;
        self.next = read.next;
        self.bytes += read.length;
        self.chunks.extend(read.chunks);
        self.aborted.extend(read.aborted);
        read.length
    }
}

/// Reads every partition, in the order given. The memory that the records take is granted first.
pub(super) async fn gather(context: &Context, wanted: &[Wanted], limits: Limits) -> (Vec<Gathered>, Grant) {
    let mut parts = open(context, wanted);
    for part in &mut parts {
        confirm(context, part).await;
    }
    let mut reading = Reading { context, limits, parts, total: 0, memory: Grant::default() };
    reading.round().await;
    if !reading.is_done() {
        reading.wait().await;
    }
    let isolation = limits.isolation;
    (reading.parts.into_iter().map(|part| finish(part, isolation)).collect(), reading.memory)
}

fn open(context: &Context, wanted: &[Wanted]) -> Vec<Part> {
    // Partitions of one topic follow one another: one look-up for all of them.
    let mut last: Option<(&TopicRef, Result<Arc<Topic>, ErrorCode>)> = None;
    let mut parts = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let known =
            last.as_ref().filter(|(topic, _)| *topic == &wanted.topic).map(|(_, found)| found.clone());
        let found = known.unwrap_or_else(|| wanted.topic.find(&context.broker));
        last = Some((&wanted.topic, found.clone()));
        let part = found.and_then(|topic| open_one(context, &topic, wanted));
        parts.push(part.unwrap_or_else(|error| Part::Failed(failed(wanted.index, error))));
    }
    parts
}

fn open_one(context: &Context, topic: &Topic, wanted: &Wanted) -> Result<Part, ErrorCode> {
    let log = &context.broker.log;
    let id = partition(topic, wanted.index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let given = Some(wanted.leader_epoch).filter(|epoch| *epoch >= 0).map(Epoch);
    log.check_epoch(id, given).map_err(|error| error.code())?;
    let offsets = log.offsets(id).map_err(|error| error.code())?;
    if wanted.last_fetched_epoch >= 0 {
        let asked = Epoch(wanted.last_fetched_epoch);
        let end = log.epoch_end(id, asked).map_err(|error| error.code())?;
        let Some((epoch, end)) = end.filter(|_| asked <= offsets.epoch) else {
            return Ok(Part::Doubtful(id, failed(wanted.index, ErrorCode::OffsetOutOfRange)));
        };
        if epoch < asked || end.0 < wanted.offset {
            let diverging_epoch = EpochEndOffset { epoch: epoch.0, end_offset: end.0 };
            let data = PartitionData { diverging_epoch, ..answered(wanted.index, &offsets) };
            return Ok(Part::Doubtful(id, data));
        }
    }
    Ok(Part::Live(Live {
        index: wanted.index,
        id,
        next: Offset(wanted.offset),
        max_bytes: usize::try_from(wanted.max_bytes).unwrap_or(0),
        offsets,
        chunks: Vec::new(),
        bytes: 0,
        aborted: Vec::new(),
    }))
}

struct Reading<'a> {
    context: &'a Context,
    limits: Limits,
    parts: Vec<Part>,
    /// Record bytes so far.
    total: usize,
    memory: Grant,
}

/// Gives a doubtful answer only as the leader, which W stores tell.
async fn confirm(context: &Context, part: &mut Part) {
    let Part::Doubtful(id, data) = part else { return };
    let data = match context.broker.log.confirm(*id).await {
        Ok(()) => std::mem::take(data),
        Err(error) => failed(data.partition_index, error.code()),
    };
    *part = Part::Failed(data);
}

impl Reading<'_> {
    fn is_done(&self) -> bool {
        self.total >= self.limits.min_bytes
            || self.parts.is_empty()
            || self.parts.iter().any(|part| !matches!(part, Part::Live(_)))
            || self.context.broker.env.clock.now() >= self.limits.deadline
            || *self.context.hurry.borrow()
    }

    /// Reads on as partitions move, until done.
    async fn wait(&mut self) {
        let context = self.context;
        let env = &context.broker.env;
        let moved = Arc::new(Notify::new());
        let deadline = env.clock.sleep(self.limits.deadline - env.clock.now());
        let hurried = context.hurried();
        tokio::pin!(deadline, hurried);
        loop {
            // Watch first, then look: nothing that moves in between is missed.
            for part in &self.parts {
                if let Part::Live(live) = part {
                    // Errors show up in the round.
                    let _ = context.broker.log.watch(live.id, &moved);
                }
            }
            self.refresh();
            self.round().await;
            if self.is_done() {
                return;
            }
            tokio::select! {
                biased;
                () = &mut hurried => return,
                () = moved.notified() => {}
                () = &mut deadline => return,
            }
        }
    }

    fn refresh(&mut self) {
        for part in &mut self.parts {
            if let Part::Live(live) = part {
                match self.context.broker.log.offsets(live.id) {
                    Ok(offsets) => live.offsets = offsets,
                    Err(error) => *part = Part::Failed(failed(live.index, error.code())),
                }
            }
        }
    }

    /// Reads once what there is, within the limits.
    async fn round(&mut self) {
        let isolation = self.limits.isolation;
        let mut left = self.limits.max_bytes.saturating_sub(self.total);
        let mut reads = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Live(live) = part else { continue };
            if !live.is_worth_reading(isolation) {
                continue;
            }
            let most = live.max_bytes.saturating_sub(live.bytes).min(left);
            if most == 0 && self.total > 0 {
                continue;
            }
            let Some(grant) = self.context.broker.response_memory.try_take(most) else { break };
            left -= most;
            reads.push((at, live.id, live.next, most, grant));
        }
        let log = &self.context.broker.log;
        let mut results =
            futures::stream::iter(reads.into_iter().map(|(at, id, next, max_bytes, grant)| async move {
                let limits = ReadLimits { max_bytes, at_least_one: false, isolation };
                (at, log.read(id, next, limits).await, grant)
            }))
            .buffered(CONCURRENT_READS);
        let mut done = Vec::new();
        while let Some(result) = results.next().await {
            done.push(result);
        }
        drop(results);
        for (at, read, grant) in done {
            self.settle(at, read, grant);
        }
        if self.total == 0 {
            self.first_batch().await;
        }
    }

    /// Nothing fits the limits: returns the first batch there is, whatever its size (KIP-74).
    async fn first_batch(&mut self) {
        let isolation = self.limits.isolation;
        for at in 0..self.parts.len() {
            let Part::Live(live) = &self.parts[at] else { continue };
            if !live.is_worth_reading(isolation) {
                continue;
            }
            let (id, next, max_bytes) = (live.id, live.next, live.max_bytes.min(self.limits.max_bytes));
            let grant = self.context.broker.response_memory.take(max_bytes).await;
            let limits = ReadLimits { max_bytes, at_least_one: true, isolation };
            let read = self.context.broker.log.read(id, next, limits).await;
            self.settle(at, read, grant);
            if self.total > 0 {
                return;
            }
        }
    }

    fn settle(&mut self, at: usize, read: Result<Read, ReadError>, mut grant: Grant) {
        let Part::Live(live) = &mut self.parts[at] else { return };
        match read {
            Ok(read) => {
                let bytes = live.take(read);
                self.total += bytes;
                grant.shrink(bytes);
                self.memory.own(grant);
            }
            // What was read before the error is returned; the client meets the error when it comes back.
            Err(_) if live.bytes > 0 => {}
            Err(error) => {
                if let ReadError::Storage { message, .. } = &error {
                    tracing::warn!(partition = %live.id, offset = %live.next, error = %message, "fetch failed");
                }
                let mut data = failed(live.index, error.code());
                if let ReadError::OutOfRange { .. } = error {
                    data.log_start_offset = live.offsets.log_start.0;
                    data.high_watermark = live.offsets.high_watermark.0;
                }
                self.parts[at] = Part::Failed(data);
            }
        }
    }
}

fn failed(index: i32, error: ErrorCode) -> PartitionData {
    PartitionData {
        partition_index: index,
        error_code: error.code(),
        high_watermark: -1,
        records: Some(Records::new()),
        ..PartitionData::default()
    }
}

fn answered(index: i32, offsets: &Offsets) -> PartitionData {
    PartitionData {
        partition_index: index,
        high_watermark: offsets.high_watermark.0,
        last_stable_offset: offsets.last_stable.0,
        log_start_offset: offsets.log_start.0,
        aborted_transactions: None,
        records: Some(Records::new()),
        ..PartitionData::default()
    }
}

fn finish(part: Part, isolation: Isolation) -> Gathered {
    let live = match part {
        Part::Failed(data) | Part::Doubtful(_, data) => return Gathered { data, bytes: 0 },
        Part::Live(live) => live,
    };
    let mut aborted = live.aborted;
    // Two reads of one fetch may both have met a transaction.
    aborted.sort_unstable_by_key(|aborted| (aborted.first_offset, aborted.producer));
    aborted.dedup();
    let aborted = aborted.into_iter().map(|aborted| AbortedTransaction {
        producer_id: aborted.producer.0,
        first_offset: aborted.first_offset.0,
    });
    let data = PartitionData {
        aborted_transactions: (isolation == Isolation::ReadCommitted).then(|| aborted.collect()),
        records: Some(Records::from(live.chunks)),
        ..answered(live.index, &live.offsets)
    };
    Gathered { data, bytes: live.bytes }
}
