//! SyncGroup: the leader brings everyone's assignment, members fetch theirs.

use esker_coordinator::{GroupError, SyncRequest};
use esker_kafka_wire::{
    ApiKey, KString,
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
    let (group, sync) = read(request);
    let taken = || context.request_is_taken();
    match patiently(&context, context.broker.groups.sync(&group, sync, taken)).await {
        Ok(Ok(answer)) => SyncGroupResponse {
            protocol_type: answer.protocol_type,
            protocol_name: answer.protocol,
            assignment: answer.assignment,
            ..SyncGroupResponse::default()
        },
        Ok(Err(error)) | Err(error) => refuse(error),
    }
}

/// The group, in memory of its own, and the rest of the request: nothing of it is left behind to outlive the wait.
fn read(request: SyncGroupRequest) -> (KString, SyncRequest) {
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
    (request.group_id.compact(), sync)
}

fn refuse(error: GroupError) -> SyncGroupResponse {
    SyncGroupResponse { error_code: error.code().code(), ..SyncGroupResponse::default() }
}
