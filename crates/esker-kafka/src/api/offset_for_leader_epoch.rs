//! OffsetForLeaderEpoch: where an epoch ended, for clients that check whether their position is still valid.

use esker_core::Epoch;
use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
        offset_for_leader_epoch_request::OffsetForLeaderPartition,
        offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult},
    },
};

use crate::{context::Context, errors::KafkaError};

pub(crate) const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;

pub(crate) async fn handle(
    context: Context,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let (error, epoch, end) = match end_of(&context, &topic.topic, wanted) {
                Ok((epoch, end)) => (ErrorCode::None, epoch, end),
                Err(error) => (error, -1, -1),
            };
            EpochEndOffset {
                error_code: error.code(),
                partition: wanted.partition,
                leader_epoch: epoch,
                end_offset: end,
            }
        });
        let partitions = partitions.collect();
        OffsetForLeaderTopicResult { topic: topic.topic, partitions }
    });
    OffsetForLeaderEpochResponse { topics: topics.collect(), ..OffsetForLeaderEpochResponse::default() }
}

/// The epoch and the offset after its last record; -1 for both when the epoch asked for is not known.
fn end_of(
    context: &Context,
    topic: &str,
    wanted: &OffsetForLeaderPartition,
) -> Result<(i32, i64), ErrorCode> {
    let log = &context.broker.log;
    let id = context.broker.partition(topic, wanted.partition)?;
    let given = Some(wanted.current_leader_epoch).filter(|epoch| *epoch >= 0).map(Epoch);
    log.check_epoch(id, given).map_err(|error| error.code())?;
    let current = log.offsets(id).map_err(|error| error.code())?.epoch;
    if !(0..=current.0).contains(&wanted.leader_epoch) {
        return Ok((-1, -1));
    }
    let end = log.epoch_end(id, Epoch(wanted.leader_epoch)).map_err(|error| error.code())?;
    Ok(end.map_or((-1, -1), |(epoch, end)| (epoch.0, end.0)))
}
