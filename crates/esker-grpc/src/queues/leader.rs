//! What the leader of a partition does for receivers: over its log and its share partitions.

use std::{sync::Arc, time::Duration};

use esker_coordinator::{
    Reading, Seek, Selected, ShareError, ShareKey, SharePlace, ShareReset, ShareStates, Turned, attributes,
};
use esker_core::{Offset, PartitionId, batch::BatchView};
use esker_env::{Env, Monotonic};
use esker_filter::Filter;
use esker_log::{Isolation, Log, LogError, Offsets, ReadError, ReadLimits};
use esker_share::{Ack, AckBatch, Acquired, Cursor, Look, Member, Release, Span, Wanted};
use futures::future::join_all;
use tokio::sync::Notify;
use tonic::Code;

use crate::{
    fault::{Fault, unreadable},
    owner::is_coming,
    proto::esker::{
        forward::v1::{Aborted, DepthResponse, Given},
        v1::ConsumedRecord,
    },
    records::{self, stored_cost},
};

/// The most that is read at a time.
pub(super) const READ_BYTES: u64 = 1 << 20;
/// The most bytes to which one batch may decompress.
const MAX_DECOMPRESSED: usize = 64 << 20;
/// The same where single records are to be given out here and there.
const SCATTERED_BYTES: u64 = 64 << 10;
/// Reads that give out nothing, before others get their turn.
const LOOKS: usize = 16;

/// The share partitions of this broker and their records. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Leader {
    log: Log,
    shares: ShareStates,
    pub(super) env: Env,
}

/// What a receiver gets.
#[derive(Debug, Default)]
pub(super) struct Handful {
    pub(super) records: Vec<Given>,
    pub(super) lease_ms: u32,
    /// When the leases end.
    pub(super) until: Monotonic,
    /// How far a receiver that does not want everything has looked.
    pub(super) cursor: Option<Cursor>,
}

/// What a receiver asks for.
#[derive(Clone)]
pub(super) struct Taking {
    pub(super) member: Member,
    pub(super) wanted: Wanted,
    /// What it wants, if not everything, and how far it has looked.
    pub(super) filter: Option<(Filter, Cursor)>,
    /// Told once when there may be something.
    pub(super) watcher: Arc<Notify>,
}

/// Records that were read, and where.
struct Found {
    turned: Turned,
    spans: Vec<Span>,
    looks: Vec<Look>,
    records: Vec<ConsumedRecord>,
}

impl Leader {
    pub(crate) const fn new(log: Log, shares: ShareStates, env: Env) -> Self {
        Self { log, shares, env }
    }

    /// How long a receiver of the group has a message.
    pub(super) fn lock(&self, group: &str) -> Duration {
        self.shares.limits(group).lock
    }

    /// The share partition of a group for a partition.
    ///
    /// # Errors
    /// There is no such topic, or not yet.
    pub(super) fn place(&self, group: &str, data: PartitionId) -> Result<SharePlace, Fault> {
        let topic = self.log.catalog().by_number(data.topic).filter(|topic| !topic.record.deleting);
        let topic = topic.ok_or_else(|| self.unknown(LogError::UnknownPartition(data)))?;
        let partition = i32::try_from(data.index).map_err(|_| LogError::UnknownPartition(data))?;
        let key = ShareKey { group: group.into(), topic: topic.record.id.0, partition };
        Ok(SharePlace { key, data })
    }

    /// A partition that this broker has not heard of yet is looked for again: who asks for it knows it.
    fn unknown(&self, error: LogError) -> Fault {
        match error {
            LogError::UnknownPartition(id) if is_coming(self.log.catalog(), id) => {
                Fault::not_here(format!("partition {id} is not known here yet"))
            }
            error => error.into(),
        }
    }

    /// Gives out what there is; nothing when there is nothing, and the watcher is told once that may have changed.
    ///
    /// # Errors
    /// Nothing was given out, or this broker may not have had the right to.
    pub(super) async fn take(&self, place: &SharePlace, mut taking: Taking) -> Result<Handful, Fault> {
        for _ in 0..LOOKS {
            let nothing =
                Handful { cursor: taking.filter.as_ref().map(|(_, cursor)| *cursor), ..Handful::default() };
            let Some(found) = self.look(place, &taking).await? else { return Ok(nothing) };
            let Found { turned, spans, looks, records } = found;
            let Taking { member, wanted, .. } = &taking;
            let lock = self.lock(&place.key.group);
            let (until, epoch) = (self.env.clock.now() + lock, turned.epoch());
            let Selected { acquired, cursor } =
                turned.select(member, (&spans, &looks), *wanted).map_err(fault)?;
            if acquired.is_empty() {
                // Somebody else was faster, or nothing of it is to be had.
                if let (Some((_, known)), Some(cursor)) = (&mut taking.filter, cursor) {
                    *known = cursor;
                }
                continue;
            }
            // What a leader that is none any more gives out, the next one may have given to others, and taken back.
            if let Err(error) = self.shares.confirm(place.data).await {
                self.shares.give_back(place, member, &acquired, epoch).await;
                return Err(fault(error));
            }
            let lease_ms = u32::try_from(lock.as_millis()).unwrap_or(u32::MAX);
            return Ok(Handful { records: given(records, &acquired), lease_ms, until, cursor });
        }
        taking.watcher.notify_one();
        Ok(Handful { cursor: taking.filter.map(|(_, cursor)| cursor), ..Handful::default() })
    }

    /// Reads what may be given out.
    async fn look(&self, place: &SharePlace, taking: &Taking) -> Result<Option<Found>, Fault> {
        let Taking { wanted, filter, watcher, .. } = taking;
        // Watch first, then look: nothing that moves in between is missed.
        self.log.watch(place.data, watcher).map_err(|error| self.unknown(error))?;
        let offsets = self.log.offsets(place.data)?;
        let own = self.shares.overrides(&place.key.group);
        let committed = own.committed.unwrap_or(false);
        let (isolation, end) = match committed {
            false => (Isolation::ReadUncommitted, offsets.high_watermark),
            true => (Isolation::ReadCommitted, offsets.last_stable),
        };
        let cursor = filter.as_ref().map(|(_, cursor)| *cursor);
        let seek = Seek { log_start: offsets.log_start.0, end: end.0, cursor, each: true };
        let Some(turned) = self.turn(place, (&offsets, seek), watcher).await? else { return Ok(None) };
        // Until the turn came, others may have given out what was written since.
        let offsets = self.log.offsets(place.data)?;
        let end = if committed { offsets.last_stable } else { offsets.high_watermark };
        let from = Offset(turned.from());
        if from > offsets.log_end {
            return self.beyond(place, turned).await;
        }
        if from >= end {
            return Ok(None);
        }
        // A receiver that does not want everything, or not in the order of the log, may have to look far.
        let far = filter.is_some() || own.heeds.picks();
        let bytes = if far && !is_scattered(turned.open()) { READ_BYTES } else { wanted.bytes };
        let most = if is_scattered(turned.open()) { SCATTERED_BYTES } else { READ_BYTES };
        let max_bytes = usize::try_from(bytes.clamp(4 << 10, most)).unwrap_or(4 << 10);
        let limits = ReadLimits { max_bytes, at_least_one: true, isolation };
        let read = match self.log.read(place.data, from, limits).await {
            Ok(read) => read,
            // The start of the log has moved: the next look sees that.
            Err(ReadError::OutOfRange { .. }) => {
                watcher.notify_one();
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if read.length == 0 {
            return Ok(None);
        }
        let aborted: Vec<Aborted> = read.aborted.iter().map(records::aborted).collect();
        let wanted = records::Wanted {
            from: from.0,
            end: None,
            committed,
            aborted: &aborted,
            max_decompressed: MAX_DECOMPRESSED,
        };
        let reader = attributes::Reader::new(own.heeds, &*self.env.clock);
        let mut found = Found { turned, spans: Vec::new(), looks: Vec::new(), records: Vec::new() };
        for view in read.chunks.iter().flat_map(BatchView::all) {
            let view = view.map_err(|error| unreadable(&error))?;
            let fields = &view.fields;
            found.spans.push(Span {
                first: fields.base_offset,
                last: fields.base_offset.saturating_add(i64::from(fields.last_offset_delta)),
                hidden: wanted.is_hidden(&view),
            });
            let (open, looks) = (found.turned.open(), &mut found.looks);
            let records = wanted.of_batch(&view, |record| {
                if !attributes::is_open(open, record.offset) {
                    looks.push(Look { offset: record.offset, cost: 0, says: None });
                    return false;
                }
                let mut says = reader.says(record);
                says.unwanted = filter.as_ref().is_some_and(|(filter, _)| !filter.matches(record));
                looks.push(Look { offset: record.offset, cost: stored_cost(record), says: Some(says) });
                !says.unwanted
            })?;
            found.records.extend(records);
        }
        Ok(Some(found))
    }

    /// The group is done with more than there is: an operator has accepted the loss of records. It goes on with what comes
    /// from here on, once it is certain that no other broker knows more.
    async fn beyond(&self, place: &SharePlace, turned: Turned) -> Result<Option<Found>, Fault> {
        let from = turned.from();
        drop(turned);
        self.shares.confirm(place.data).await.map_err(fault)?;
        let offsets = self.log.offsets(place.data)?;
        if from > offsets.log_end.0 {
            let end = offsets.high_watermark.0;
            tracing::warn!(partition = %place.data, group = %place.key.group, from, end, "a queue stands beyond the end");
            self.shares.reset(place, end).await.map_err(fault)?;
        }
        Ok(None)
    }

    /// Asks for the turn to read. A share partition that is new begins where the group's settings say.
    async fn turn(
        &self,
        place: &SharePlace,
        (offsets, seek): (&Offsets, Seek),
        watcher: &Arc<Notify>,
    ) -> Result<Option<Turned>, Fault> {
        for _ in 0..2 {
            match self.shares.read(place, seek, watcher).await.map_err(fault)? {
                Reading::From(turned) => return Ok(Some(turned)),
                Reading::Wait => return Ok(None),
                Reading::Unknown => {
                    let start = self.beginning(place, offsets).await?;
                    self.shares.initialize(place, start).await.map_err(fault)?;
                }
            }
        }
        Ok(None)
    }

    /// Where a group begins in a partition that it has never read from.
    async fn beginning(&self, place: &SharePlace, offsets: &Offsets) -> Result<i64, Fault> {
        Ok(match self.shares.overrides(&place.key.group).reset.unwrap_or_default() {
            ShareReset::Earliest => offsets.log_start.0,
            ShareReset::Latest => offsets.high_watermark.0,
            ShareReset::ByDuration(age) => {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                let since = self.env.clock.wall_ms().saturating_sub(age).max(0);
                let found = self.log.find_timestamp(place.data, since).await?;
                found.map_or(offsets.high_watermark.0, |found| found.offset.0)
            }
        })
    }

    /// Takes the same word for records, in ascending order. Those for which it does not count, with the reasons; for all others
    /// it is durable.
    pub(super) async fn settle(
        &self,
        place: &SharePlace,
        member: &str,
        ack: Ack,
        offsets: &[i64],
    ) -> Vec<(i64, Fault)> {
        let acks = [ack];
        let mut batches: Vec<AckBatch<'_>> = Vec::new();
        for &offset in offsets {
            match batches.last_mut() {
                Some(run) if run.last + 1 == offset => run.last = offset,
                _ => batches.push(AckBatch { first: offset, last: offset, acks: &acks }),
            }
        }
        match self.shares.acknowledge(place, member, &batches).await {
            Ok(()) => Vec::new(),
            // One of them is not with the member: nothing of it counts. Each for itself, then.
            Err(ShareError::InvalidRecordState | ShareError::Invalid(_)) if offsets.len() > 1 => {
                let each = offsets.iter().map(|&offset| async move {
                    let one = [AckBatch { first: offset, last: offset, acks: &[ack] }];
                    let said = self.shares.acknowledge(place, member, &one).await;
                    said.err().map(|error| (offset, not_settled(error)))
                });
                join_all(each).await.into_iter().flatten().collect()
            }
            Err(error) => offsets.iter().map(|&offset| (offset, not_settled(error))).collect(),
        }
    }

    /// Takes back what a member has.
    pub(super) async fn release(&self, place: &SharePlace, member: &str, how: Release) {
        self.shares.release(place, member, how).await;
    }

    /// How many messages there are.
    ///
    /// # Errors
    /// That is not known here.
    pub(crate) async fn depth(&self, group: &str, data: PartitionId) -> Result<DepthResponse, Fault> {
        let place = self.place(group, data)?;
        self.log.confirm(data).await?;
        let offsets = self.log.offsets(data)?;
        let end = offsets.high_watermark.0;
        let Some(known) = self.shares.describe(&place).await.map_err(fault)? else {
            let start = self.beginning(&place, &offsets).await?;
            return Ok(DepthResponse { ready: behind(start, end), ..DepthResponse::default() });
        };
        let new = behind(known.end.max(offsets.log_start.0), end);
        Ok(DepthResponse {
            ready: known.depth.available + new,
            leased: known.depth.acquired,
            dying: known.depth.dying,
            delayed: known.depth.deferred,
            fault: None,
        })
    }
}

/// Offsets from one to before another.
fn behind(from: i64, end: i64) -> u64 {
    u64::try_from(end.saturating_sub(from)).unwrap_or(0)
}

/// The records that were acquired, of those that were read, in the order in which they were.
fn given(records: Vec<ConsumedRecord>, acquired: &[Acquired]) -> Vec<Given> {
    let offsets: Vec<i64> = records.iter().map(|record| record.offset).collect();
    let mut records: Vec<Option<ConsumedRecord>> = records.into_iter().map(Some).collect();
    let mut given = Vec::with_capacity(records.len());
    for run in acquired {
        let first = offsets.partition_point(|offset| *offset < run.first);
        let last = offsets.partition_point(|offset| *offset <= run.last);
        let of_run = records[first..last].iter_mut().filter_map(Option::take);
        given.extend(of_run.map(|record| Given { record: Some(record), count: run.count.into() }));
    }
    given
}

/// Whether only single records here and there may be given out, of which each has to be read for itself.
fn is_scattered(open: &[(i64, i64)]) -> bool {
    open.len() > 1 && open[0].1.saturating_sub(open[0].0) < 16
}

/// A message is not with whoever speaks of it.
pub(super) fn lease_lost(why: &str) -> Fault {
    Fault::refused(Code::FailedPrecondition, "LEASE_LOST", why)
}

fn not_settled(error: ShareError) -> Fault {
    match error {
        // It may be the next leader's truth.
        ShareError::NotLeader => Fault::unknown("the partition has moved to another broker meanwhile"),
        ShareError::Limit => fault(error),
        _ => lease_lost("the message is not with this receiver any more"),
    }
}

fn fault(error: ShareError) -> Fault {
    let text = error.to_string();
    match error {
        ShareError::Limit => Fault::refused(Code::ResourceExhausted, "QUEUE_LIMIT", text),
        ShareError::Invalid(_) | ShareError::InvalidRecordState => Fault::internal(text),
        ShareError::NotLeader | ShareError::Loading | ShareError::Unavailable | ShareError::Unknown => {
            Fault::not_here(text)
        }
    }
}
