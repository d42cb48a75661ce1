//! ListOffsets: a partition's first and last offsets, and offsets by time.

use std::collections::BTreeSet;

use esker_core::{Epoch, Offset, PartitionId};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ListOffsetsRequest, ListOffsetsResponse,
        list_offsets_request::ListOffsetsPartition,
        list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
    },
};

use esker_log::{Offsets, TimestampedOffset};

use crate::{context::Context, errors::KafkaError};

pub(crate) const KEY: ApiKey = ApiKey::ListOffsets;

// What a timestamp below zero asks for, and the version that brought it.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: (i64, i16) = (-3, 7);
const EARLIEST_LOCAL: (i64, i16) = (-4, 8);
const LATEST_TIERED: (i64, i16) = (-5, 9);
const EARLIEST_PENDING_UPLOAD: (i64, i16) = (-6, 11);

/// What was found: offset, timestamp, leader epoch; -1 each for nothing.
#[derive(Clone, Copy)]
struct Found(i64, i64, i32);

const NOTHING: Found = Found(-1, -1, -1);

pub(crate) async fn handle(context: Context, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let committed = request.isolation_level == 1;
    let mut seen: BTreeSet<(KString, i32)> = BTreeSet::new();
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for partition in topic.partitions {
            let first = seen.insert((topic.name.clone(), partition.partition_index));
            let found = if first {
                one(&context, &topic.name, &partition, committed).await
            } else {
                Err(ErrorCode::InvalidRequest)
            };
            let (error, Found(offset, timestamp, epoch)) = match found {
                Ok(found) => (ErrorCode::None, found),
                Err(error) => (error, NOTHING),
            };
            partitions.push(ListOffsetsPartitionResponse {
                partition_index: partition.partition_index,
                error_code: error.code(),
                timestamp,
                offset,
                leader_epoch: if context.version >= 4 { epoch } else { -1 },
            });
        }
        topics.push(ListOffsetsTopicResponse { name: topic.name, partitions });
    }
    ListOffsetsResponse { topics, ..ListOffsetsResponse::default() }
}

async fn one(
    context: &Context,
    topic: &str,
    wanted: &ListOffsetsPartition,
    committed: bool,
) -> Result<Found, ErrorCode> {
    let broker = &context.broker;
    let id = broker.partition(topic, wanted.partition_index)?;
    let given = Some(wanted.current_leader_epoch).filter(|epoch| *epoch >= 0).map(Epoch);
    broker.log.check_epoch(id, given).map_err(|error| error.code())?;
    let offsets = broker.log.offsets(id).map_err(|error| error.code())?;
    let end = if committed { offsets.last_stable } else { offsets.high_watermark };
    let known = |(timestamp, since): (i64, i16)| wanted.timestamp == timestamp && context.version >= since;
    match wanted.timestamp {
        LATEST => Ok(Found(end.0, -1, offsets.epoch.0)),
        EARLIEST => Ok(earliest(context, id, &offsets)),
        // The log and the archive are one to clients, so the earliest local offset is the earliest one.
        _ if known(EARLIEST_LOCAL) => Ok(earliest(context, id, &offsets)),
        // Tiering is not theirs to see.
        _ if known(LATEST_TIERED) || known(EARLIEST_PENDING_UPLOAD) => Ok(NOTHING),
        _ if known(MAX_TIMESTAMP) => {
            let found = broker.log.find_max_timestamp(id).await.map_err(|error| error.code())?;
            Ok(below(found, end))
        }
        timestamp if timestamp >= 0 => {
            let found = broker.log.find_timestamp(id, timestamp).await.map_err(|error| error.code())?;
            Ok(below(found, end))
        }
        _ => Err(ErrorCode::UnsupportedVersion),
    }
}

fn earliest(context: &Context, id: PartitionId, offsets: &Offsets) -> Found {
    // The epoch is known for certain only when all records are of the current one.
    let before = Epoch(offsets.epoch.0.saturating_sub(1));
    let older = context.broker.log.epoch_end(id, before).ok().flatten();
    let epoch = if older.is_none_or(|(_, end)| end <= offsets.log_start) { offsets.epoch.0 } else { -1 };
    Found(offsets.log_start.0, -1, epoch)
}

/// What may be fetched; a record at or beyond `end` counts as not there.
fn below(found: Option<TimestampedOffset>, end: Offset) -> Found {
    match found {
        Some(found) if found.offset < end => Found(found.offset.0, found.timestamp, found.epoch.0),
        _ => NOTHING,
    }
}
