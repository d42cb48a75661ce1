//! Reads the partitions of a share fetch until there is enough, or time is up, and gives out what was read.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_coordinator::{Reading, Seek, ShareError, SharePlace, ShareReset, Turned, attributes};
use esker_core::{Epoch, Offset};
use esker_env::Monotonic;
use esker_kafka_wire::{ErrorCode, Records, messages::ShareFetchRequest};
use esker_log::{Isolation, Offsets, ReadError, ReadLimits};
use esker_share::{Acquired, Look, Mode, Wanted};
use tokio::sync::Notify;

use super::batches::Batches;
use crate::{
    api::share_session::{Holder, Named},
    budget::Grant,
    context::Context,
    errors::KafkaError,
};

/// The most that is read of one partition at a time: a member mostly takes less.
const READ_BYTES: usize = 1 << 20;

/// What a fetch may return, and how long it may wait.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    max_bytes: usize,
    min_bytes: usize,
    max_records: u64,
    mode: Mode,
    isolation: Isolation,
    deadline: Monotonic,
}

impl Limits {
    pub(super) fn of(context: &Context, request: &ShareFetchRequest, mode: Mode, committed: bool) -> Self {
        let config = &context.broker.config;
        let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
        let max_bytes = usize::try_from(request.max_bytes).unwrap_or(0).min(config.max_fetch_bytes);
        Self {
            max_bytes,
            // What cannot be returned is not worth waiting for.
            min_bytes: usize::try_from(request.min_bytes).unwrap_or(0).min(max_bytes),
            max_records: u64::try_from(request.max_records).unwrap_or(0),
            mode,
            isolation: if committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted },
            deadline: context.broker.env.clock.now() + wait.min(config.max_fetch_wait),
        }
    }

    /// Behind the last record that may be given out.
    const fn end(&self, offsets: &Offsets) -> Offset {
        match self.isolation {
            Isolation::ReadUncommitted => offsets.high_watermark,
            Isolation::ReadCommitted => offsets.last_stable,
        }
    }
}

/// A partition's part of the response.
pub(super) struct Given {
    pub(super) named: Named,
    pub(super) error: ErrorCode,
    pub(super) records: Records,
    pub(super) acquired: Vec<Acquired>,
}

impl Given {
    fn failed(named: Named, error: ErrorCode) -> Self {
        Self { named, error, records: Records::new(), acquired: Vec::new() }
    }
}

/// A partition with records to give out.
struct Found {
    named: Named,
    place: SharePlace,
    turned: Turned,
    batches: Batches,
    /// What the records say, for a group that heeds that.
    looks: Option<Vec<Look>>,
    bytes: usize,
    memory: Grant,
}

/// One look at all partitions.
#[derive(Default)]
struct Round {
    found: Vec<Found>,
    failed: Vec<Given>,
    bytes: usize,
    records: u64,
}

/// Reads and gives out. The memory that records take is granted first.
pub(super) async fn gather(
    context: &Context,
    holder: &Holder,
    wanted: &[Named],
    limits: Limits,
) -> (Vec<Given>, Grant) {
    let env = &context.broker.env;
    let moved = Arc::new(Notify::new());
    let deadline = env.clock.sleep(limits.deadline - env.clock.now());
    let hurried = context.hurried();
    tokio::pin!(deadline, hurried);
    if limits.max_records == 0 || limits.max_bytes == 0 {
        return (Vec::new(), Grant::default());
    }
    loop {
        let round = look(context, holder, wanted, limits, &moved).await;
        let over = env.clock.now() >= limits.deadline || *context.hurry.borrow();
        if over || !round.failed.is_empty() || round.bytes >= limits.min_bytes.max(1) {
            let (given, memory) = give(context, holder, round, limits).await;
            // Somebody else may have been faster, or all that was read is not to be seen.
            if over || !given.is_empty() {
                return (given, memory);
            }
            continue;
        }
        drop(round);
        tokio::select! {
            biased;
            () = &mut hurried => return (Vec::new(), Grant::default()),
            () = moved.notified() => {}
            () = &mut deadline => {}
        }
    }
}

/// Reads what there is, partition by partition, until it is enough. Nothing is given out.
async fn look(
    context: &Context,
    holder: &Holder,
    wanted: &[Named],
    limits: Limits,
    moved: &Arc<Notify>,
) -> Round {
    let mut round = Round::default();
    for named in wanted {
        if round.records >= limits.max_records || round.bytes >= limits.max_bytes {
            break;
        }
        match look_at(context, holder, *named, limits, moved, &round).await {
            Ok(Some(found)) => {
                round.bytes += found.bytes;
                let from = found.turned.from();
                let spans = found.batches.spans.iter().filter(|span| !span.hidden && span.last >= from);
                round.records += spans.map(|span| span.last.abs_diff(span.first.max(from)) + 1).sum::<u64>();
                round.found.push(found);
            }
            Ok(None) => {}
            Err(error) => round.failed.push(Given::failed(*named, error)),
        }
    }
    round
}

async fn look_at(
    context: &Context,
    holder: &Holder,
    named: Named,
    limits: Limits,
    moved: &Arc<Notify>,
    round: &Round,
) -> Result<Option<Found>, ErrorCode> {
    let broker = &context.broker;
    let place = holder.place(broker, named)?;
    // Watch first, then look: nothing that moves in between is missed.
    broker.log.watch(place.data, moved).map_err(|error| error.code())?;
    let offsets = broker.log.offsets(place.data).map_err(|error| error.code())?;
    let Some(turned) = turn(context, &place, (&offsets, limits.end(&offsets)), moved).await? else {
        return Ok(None);
    };
    // Until the turn came, others may have given out what was written since.
    let offsets = broker.log.offsets(place.data).map_err(|error| error.code())?;
    let end = limits.end(&offsets);
    let from = Offset(turned.from());
    if from > offsets.log_end {
        return beyond(context, &place, turned).await;
    }
    if from >= end {
        return Ok(None);
    }
    let most = READ_BYTES.min(limits.max_bytes.saturating_sub(round.bytes));
    // The first one waits for memory: one batch at a time is always given out.
    let first = round.found.is_empty();
    let memory = match first {
        true => broker.response_memory.take(most).await,
        false => match broker.response_memory.try_take(most) {
            Some(memory) => memory,
            None => return Ok(None),
        },
    };
    let reads = ReadLimits { max_bytes: most, at_least_one: first, isolation: limits.isolation };
    let read = match broker.log.read(place.data, from, reads).await {
        Ok(read) => read,
        // The start of the log has moved: the next look sees that.
        Err(ReadError::OutOfRange { .. }) => return Ok(None),
        Err(error) => {
            if let ReadError::Storage { message, .. } = &error {
                tracing::warn!(partition = %place.data, offset = %from, error = %message, "share fetch failed");
            }
            return Err(error.code());
        }
    };
    if read.length == 0 {
        return Ok(None);
    }
    let bytes = read.length;
    let batches = Batches::of(read);
    if batches.spans.is_empty() {
        tracing::error!(partition = %place.data, offset = %from, "what was read is no batch");
        return Err(ErrorCode::KafkaStorageError);
    }
    let heeds = broker.shares.overrides(&place.key.group).heeds;
    let looks = match heeds.any() {
        false => None,
        true => {
            let reader = attributes::Reader::new(heeds, &*broker.env.clock);
            let looks = batches.looks(&reader, turned.open()).map_err(|error| {
                tracing::error!(partition = %place.data, offset = %from, %error, "a record cannot be read");
                ErrorCode::KafkaStorageError
            })?;
            Some(looks)
        }
    };
    Ok(Some(Found { named, place, turned, batches, looks, bytes, memory }))
}

/// The group is done with more than there is: an operator has accepted the loss of records. It goes on with what comes
/// from here on, once it is certain that no other broker knows more.
async fn beyond(context: &Context, place: &SharePlace, turned: Turned) -> Result<Option<Found>, ErrorCode> {
    let broker = &context.broker;
    let from = turned.from();
    drop(turned);
    broker.shares.confirm(place.data).await.map_err(|error| error.code())?;
    let offsets = broker.log.offsets(place.data).map_err(|error| error.code())?;
    if from > offsets.log_end.0 {
        let end = offsets.high_watermark.0;
        tracing::warn!(partition = %place.data, group = %place.key.group, from, end, "a share group stands beyond the end");
        broker.shares.reset(place, end).await.map_err(|error| error.code())?;
    }
    Ok(None)
}

/// Asks for the turn to read. A share partition that is new begins where the group's settings say.
async fn turn(
    context: &Context,
    place: &SharePlace,
    (offsets, end): (&Offsets, Offset),
    moved: &Arc<Notify>,
) -> Result<Option<Turned>, ErrorCode> {
    let shares = &context.broker.shares;
    let each = shares.overrides(&place.key.group).heeds.any();
    let seek = Seek { log_start: offsets.log_start.0, end: end.0, cursor: None, each };
    for _ in 0..2 {
        match shares.read(place, seek, moved).await {
            Ok(Reading::From(turned)) => return Ok(Some(turned)),
            Ok(Reading::Wait) => return Ok(None),
            Ok(Reading::Unknown) => {
                let start = beginning(context, place, offsets).await?;
                match shares.initialize(place, start).await {
                    Ok(()) => {}
                    Err(error) => return refused(place, error),
                }
            }
            Err(error) => return refused(place, error),
        }
    }
    Ok(None)
}

fn refused(place: &SharePlace, error: ShareError) -> Result<Option<Turned>, ErrorCode> {
    match error {
        ShareError::NotLeader => Err(ErrorCode::NotLeaderOrFollower),
        // It comes by itself; whoever fetches has nothing to do about it.
        ShareError::Loading => Ok(None),
        error => {
            tracing::warn!(partition = %place.data, group = %place.key.group, %error, "a share partition is not served");
            Err(ErrorCode::KafkaStorageError)
        }
    }
}

/// Where a group begins in a partition that it has never read from.
async fn beginning(context: &Context, place: &SharePlace, offsets: &Offsets) -> Result<i64, ErrorCode> {
    let broker = &context.broker;
    match broker.shares.overrides(&place.key.group).reset.unwrap_or_default() {
        ShareReset::Earliest => Ok(offsets.log_start.0),
        ShareReset::Latest => Ok(offsets.high_watermark.0),
        ShareReset::ByDuration(age) => {
            let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            let since = broker.env.clock.wall_ms().saturating_sub(age).max(0);
            let found = broker.log.find_timestamp(place.data, since).await.map_err(|error| error.code())?;
            Ok(found.map_or(offsets.high_watermark.0, |found| found.offset.0))
        }
    }
}

/// Gives out what was read.
async fn give(context: &Context, holder: &Holder, round: Round, limits: Limits) -> (Vec<Given>, Grant) {
    let mut memory = Grant::default();
    let mut left = limits.max_records;
    let mut given = round.failed;
    let mut places = BTreeMap::new();
    for found in round.found {
        if left == 0 {
            break;
        }
        let epoch = found.turned.epoch();
        let Ok(acquired) = acquire(found.turned, &found.batches, found.looks, holder, (left, limits.mode))
        else {
            given.push(Given::failed(found.named, ErrorCode::NotLeaderOrFollower));
            continue;
        };
        if acquired.is_empty() {
            continue;
        }
        let count: u64 = acquired.iter().map(|run| run.last.abs_diff(run.first) + 1).sum();
        left = left.saturating_sub(count);
        let records = found.batches.holding(&acquired);
        let mut grant = found.memory;
        grant.shrink(records.len());
        memory.own(grant);
        places.insert(found.named, (found.place, epoch));
        given.push(Given { named: found.named, error: ErrorCode::None, records, acquired });
    }
    confirm(context, holder, &mut given, &places).await;
    (given, memory)
}

/// Gives out of one partition, in the order of offsets.
fn acquire(
    turned: Turned,
    batches: &Batches,
    looks: Option<Vec<Look>>,
    holder: &Holder,
    wanted: (u64, Mode),
) -> Result<Vec<Acquired>, ShareError> {
    let Some(looks) = looks else { return turned.acquire(&holder.member, &batches.spans, wanted) };
    let wanted = Wanted { records: wanted.0, bytes: u64::MAX };
    let mut acquired = turned.select(&holder.member, (&batches.spans, &looks), wanted)?.acquired;
    acquired.sort_unstable_by_key(|run| run.first);
    Ok(acquired)
}

/// What a leader that is none any more has given out, the next one may have given to others, and taken back: before the
/// answer leaves, the stores say that nobody has taken over.
async fn confirm(
    context: &Context,
    holder: &Holder,
    given: &mut [Given],
    places: &BTreeMap<Named, (SharePlace, Epoch)>,
) {
    let shares = &context.broker.shares;
    // One question for all partitions of a shard.
    let mut homes: BTreeMap<u32, bool> = BTreeMap::new();
    for part in given.iter_mut().filter(|part| part.error == ErrorCode::None) {
        let Some((place, epoch)) = places.get(&part.named) else { continue };
        let sure = match shares.find(place.data).await {
            Err(_) => false,
            Ok(home) => match homes.get(&home) {
                Some(sure) => *sure,
                None => {
                    let sure = shares.confirm(place.data).await.is_ok();
                    homes.insert(home, sure);
                    sure
                }
            },
        };
        if !sure {
            shares.give_back(place, &holder.member, &part.acquired, *epoch).await;
            *part = Given::failed(part.named, ErrorCode::NotLeaderOrFollower);
        }
    }
}
