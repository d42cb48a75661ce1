//! ElectLeaders: never needed, the owner of a shard is its preferred leader.

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ElectLeadersRequest, ElectLeadersResponse,
        elect_leaders_response::{PartitionResult, ReplicaElectionResult},
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::ElectLeaders;

pub(crate) async fn handle(context: Context, request: ElectLeadersRequest) -> ElectLeadersResponse {
    // For all partitions only those that changed are listed: none.
    let wanted = request.topic_partitions.unwrap_or_default();
    let results = wanted.into_iter().map(|topic| {
        let partition_result = topic.partitions.iter().map(|&index| {
            let known = context.broker.partition(&topic.topic, index);
            let error = known.err().unwrap_or(ErrorCode::ElectionNotNeeded);
            PartitionResult {
                partition_id: index,
                error_code: error.code(),
                error_message: Some(KString::from_static(error.name())),
            }
        });
        let partition_result = partition_result.collect();
        ReplicaElectionResult { topic: topic.topic, partition_result }
    });
    ElectLeadersResponse { replica_election_results: results.collect(), ..ElectLeadersResponse::default() }
}
