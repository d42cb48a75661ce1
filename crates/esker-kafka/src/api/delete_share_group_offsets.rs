//! DeleteShareGroupOffsets: a share group without members has never read topics.

use esker_coordinator::{ShareTarget, ShareWhat};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse,
        delete_share_group_offsets_response::DeleteShareGroupOffsetsResponseTopic,
    },
};
use uuid::Uuid;

use super::share_offsets::{ask, check_group, code};
use crate::{broker::Broker, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::DeleteShareGroupOffsets;

pub(crate) async fn handle(
    context: Context,
    request: DeleteShareGroupOffsetsRequest,
) -> DeleteShareGroupOffsetsResponse {
    let broker = &context.broker;
    if let Err((error, why)) = check_group(broker, &request.group_id, true).await {
        return DeleteShareGroupOffsetsResponse {
            error_code: error.code(),
            error_message: Some(why.into()),
            ..DeleteShareGroupOffsetsResponse::default()
        };
    }
    let mut responses = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let topic_id = broker.topic(&topic.topic_name).map_or(Uuid::nil(), |found| found.record.id.0);
        let done = forget(broker, &request.group_id, &topic.topic_name).await;
        responses.push(DeleteShareGroupOffsetsResponseTopic {
            topic_name: topic.topic_name,
            topic_id,
            error_code: done.err().unwrap_or(ErrorCode::None).code(),
            error_message: None,
        });
    }
    DeleteShareGroupOffsetsResponse { responses, ..DeleteShareGroupOffsetsResponse::default() }
}

async fn forget(broker: &Broker, group: &KString, topic: &str) -> Result<(), ErrorCode> {
    let found = broker.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let partitions = i32::try_from(found.record.partitions).unwrap_or(i32::MAX);
    let targets = (0..partitions).map(|index| ShareTarget { topic: found.record.id.0, index, start: 0 });
    for found in ask(broker, group, ShareWhat::End, targets.collect()).await {
        found.result.map_err(code)?;
    }
    Ok(())
}
