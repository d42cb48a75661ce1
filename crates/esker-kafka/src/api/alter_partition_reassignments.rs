//! AlterPartitionReassignments: partitions are placed by their shards, so the only assignment that can be asked for is the
//! one there is.

use esker_core::BrokerId;
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
        alter_partition_reassignments_request::ReassignablePartition,
        alter_partition_reassignments_response::{ReassignablePartitionResponse, ReassignableTopicResponse},
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::AlterPartitionReassignments;

pub(crate) async fn handle(
    context: Context,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let responses = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| {
            let (error, message) = match check(&context, &topic.name, wanted) {
                Ok(()) => (ErrorCode::None, None),
                Err((error, message)) => (error, Some(KString::from_static(message))),
            };
            ReassignablePartitionResponse {
                partition_index: wanted.partition_index,
                error_code: error.code(),
                error_message: message,
            }
        });
        ReassignableTopicResponse { partitions: partitions.collect(), name: topic.name }
    });
    AlterPartitionReassignmentsResponse {
        allow_replication_factor_change: request.allow_replication_factor_change,
        error_message: None,
        responses: responses.collect(),
        ..AlterPartitionReassignmentsResponse::default()
    }
}

fn check(
    context: &Context,
    topic: &KString,
    wanted: &ReassignablePartition,
) -> Result<(), (ErrorCode, &'static str)> {
    let broker = &context.broker;
    let id = broker
        .partition(topic, wanted.partition_index)
        .map_err(|error| (error, "This server does not host this topic-partition."))?;
    let Some(replicas) = &wanted.replicas else {
        return Err((ErrorCode::NoReassignmentInProgress, "No partition reassignment is in progress."));
    };
    let mut asked: Vec<BrokerId> = replicas.iter().map(|&id| BrokerId(id)).collect();
    let mut current = broker.cluster.leadership(id).replicas;
    asked.sort_unstable();
    current.sort_unstable();
    if asked == current {
        return Ok(());
    }
    Err((ErrorCode::InvalidReplicaAssignment, "Partitions are placed by their shards, not one by one."))
}
