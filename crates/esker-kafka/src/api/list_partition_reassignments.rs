//! ListPartitionReassignments: none, ever. Shards move by themselves, and not replica by replica.

use esker_kafka_wire::{
    ApiKey,
    messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse},
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::ListPartitionReassignments;

pub(crate) async fn handle(
    _: Context,
    _: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    ListPartitionReassignmentsResponse::default()
}
