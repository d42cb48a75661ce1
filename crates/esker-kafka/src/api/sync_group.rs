//! SyncGroup: the leader brings everyone's assignment, members fetch theirs.

use esker_coordinator::{GroupError, SyncRequest};
use esker_kafka_wire::{
    ApiKey,
    messages::{SyncGroupRequest, SyncGroupResponse},
};

use super::groups::{member, patiently};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::SyncGroup;

/// From here on a member must say what it takes the protocol to be.
const PROTOCOL_FROM: i16 = 5;

pub(crate) async fn handle(context: Context, request: SyncGroupRequest) -> SyncGroupResponse {
    let says = request.protocol_type.is_some() && request.protocol_name.is_some();
    if context.version >= PROTOCOL_FROM && !says {
        return refuse(GroupError::InconsistentProtocol);
    }
    let sync = SyncRequest {
        member: member(request.member_id, request.group_instance_id, request.generation_id),
        protocol_type: request.protocol_type,
        protocol: request.protocol_name,
        assignments: request
            .assignments
            .into_iter()
            .map(|assignment| (assignment.member_id, assignment.assignment))
            .collect(),
    };
    match patiently(&context, context.broker.groups.sync(&request.group_id, sync)).await {
        Ok(Ok(answer)) => SyncGroupResponse {
            protocol_type: answer.protocol_type,
            protocol_name: answer.protocol,
            assignment: answer.assignment,
            ..SyncGroupResponse::default()
        },
        Ok(Err(error)) | Err(error) => refuse(error),
    }
}

fn refuse(error: GroupError) -> SyncGroupResponse {
    SyncGroupResponse { error_code: error.code().code(), ..SyncGroupResponse::default() }
}
