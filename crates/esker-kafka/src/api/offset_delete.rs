//! OffsetDelete: a group forgets how far it has read in topics that it does not consume.

use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        OffsetDeleteRequest, OffsetDeleteResponse,
        offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
    },
};

use super::groups::code_of;
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::OffsetDelete;

pub(crate) async fn handle(context: Context, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let broker = &context.broker;
    let mut wanted = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            if broker.partition(&topic.name, partition.partition_index).is_ok() {
                wanted.push((topic.name.clone(), partition.partition_index));
            }
        }
    }
    let mut results = match broker.groups.delete_offsets(&request.group_id, &wanted).await {
        Ok(results) => results.into_iter(),
        Err(error) => {
            return OffsetDeleteResponse {
                error_code: error.code().code(),
                ..OffsetDeleteResponse::default()
            };
        }
    };
    let mut wanted = wanted.into_iter().peekable();
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let partitions = topic.partitions.iter().map(|partition| {
            let index = partition.partition_index;
            let asked = wanted.next_if(|(name, wanted)| *name == topic.name && *wanted == index).is_some();
            let result = if asked { results.next() } else { None };
            let error_code =
                result.map_or(ErrorCode::UnknownTopicOrPartition.code(), |result| code_of(&result));
            OffsetDeleteResponsePartition { partition_index: index, error_code }
        });
        let partitions = partitions.collect();
        topics.push(OffsetDeleteResponseTopic { name: topic.name, partitions });
    }
    OffsetDeleteResponse { topics, ..OffsetDeleteResponse::default() }
}
