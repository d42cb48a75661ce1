//! AlterShareGroupOffsets: moves where a share group without members begins in partitions.

use std::collections::BTreeMap;

use esker_coordinator::{ShareTarget, ShareWhat};
use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse,
        alter_share_group_offsets_response::{
            AlterShareGroupOffsetsResponsePartition, AlterShareGroupOffsetsResponseTopic,
        },
    },
};
use uuid::Uuid;

use super::share_offsets::{ask, check_group, code};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::AlterShareGroupOffsets;

pub(crate) async fn handle(
    context: Context,
    request: AlterShareGroupOffsetsRequest,
) -> AlterShareGroupOffsetsResponse {
    let broker = &context.broker;
    if let Err((error, why)) = check_group(broker, &request.group_id, true).await {
        return AlterShareGroupOffsetsResponse {
            error_code: error.code(),
            error_message: Some(why.into()),
            ..AlterShareGroupOffsetsResponse::default()
        };
    }
    let mut targets = BTreeMap::new();
    for topic in &request.topics {
        let Some(found) = broker.topic(&topic.topic_name) else { continue };
        for partition in topic.partitions.iter().filter(|partition| partition.start_offset >= 0) {
            let (topic, index) = (found.record.id.0, partition.partition_index);
            targets.insert((topic, index), ShareTarget { topic, index, start: partition.start_offset });
        }
    }
    let mut answers = BTreeMap::new();
    if !targets.is_empty() {
        let targets = targets.into_values().collect();
        for found in ask(broker, &request.group_id, ShareWhat::Reset, targets).await {
            answers.insert((found.topic, found.index), found.result.map(drop).map_err(code));
        }
    }
    let responses = request.topics.into_iter().map(|topic| {
        let topic_id = broker.topic(&topic.topic_name).map_or(Uuid::nil(), |found| found.record.id.0);
        let partitions = topic.partitions.iter().map(|partition| {
            let answer = answers.get(&(topic_id, partition.partition_index));
            let error = match answer {
                Some(Ok(())) => ErrorCode::None,
                Some(Err(error)) => *error,
                None if topic_id.is_nil() => ErrorCode::UnknownTopicOrPartition,
                None => ErrorCode::InvalidRequest,
            };
            AlterShareGroupOffsetsResponsePartition {
                partition_index: partition.partition_index,
                error_code: error.code(),
                ..AlterShareGroupOffsetsResponsePartition::default()
            }
        });
        AlterShareGroupOffsetsResponseTopic {
            topic_id,
            partitions: partitions.collect(),
            topic_name: topic.topic_name,
        }
    });
    AlterShareGroupOffsetsResponse {
        responses: responses.collect(),
        ..AlterShareGroupOffsetsResponse::default()
    }
}
