//! DeleteRecords: moves a partition's log start up.

use std::time::Duration;

use esker_core::Offset;
use esker_kafka_wire::{
    ApiKey, ErrorCode,
    messages::{
        DeleteRecordsRequest, DeleteRecordsResponse,
        delete_records_request::DeleteRecordsPartition,
        delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
    },
};

use crate::{
    api::configs,
    context::Context,
    errors::KafkaError,
    topics::{is_internal, partition},
};

pub(crate) const KEY: ApiKey = ApiKey::DeleteRecords;

/// Asks for everything up to the high watermark.
const ALL: i64 = -1;

pub(crate) async fn handle(context: Context, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let env = &context.broker.env;
    let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    let deadline = env.clock.now() + timeout;
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in topic.partitions {
            let left = deadline - env.clock.now();
            let deleted = match env.timeout(left, delete(&context, &topic.name, &wanted)).await {
                Ok(deleted) => deleted,
                Err(_) => Err(ErrorCode::RequestTimedOut),
            };
            partitions.push(DeleteRecordsPartitionResult {
                partition_index: wanted.partition_index,
                low_watermark: deleted.as_ref().map_or(-1, |start| start.0),
                error_code: deleted.err().unwrap_or(ErrorCode::None).code(),
            });
        }
        topics.push(DeleteRecordsTopicResult { name: topic.name, partitions });
    }
    DeleteRecordsResponse { topics, ..DeleteRecordsResponse::default() }
}

async fn delete(context: &Context, name: &str, wanted: &DeleteRecordsPartition) -> Result<Offset, ErrorCode> {
    let broker = &context.broker;
    let topic = broker.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if is_internal(name) {
        return Err(ErrorCode::InvalidTopicException);
    }
    if !configs::is_deleting(broker, &topic.record.configs) {
        return Err(ErrorCode::PolicyViolation);
    }
    let id = partition(&topic, wanted.partition_index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let before = match wanted.offset {
        ALL => None,
        offset if offset < 0 => return Err(ErrorCode::OffsetOutOfRange),
        offset => Some(Offset(offset)),
    };
    broker.log.delete_records(id, before).await.map_err(|error| error.code())
}
