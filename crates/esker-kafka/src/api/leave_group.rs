//! LeaveGroup: members go, or an administrator sends them.

use esker_coordinator::Leaver;
use esker_kafka_wire::{
    ApiKey,
    messages::{
        LeaveGroupRequest, LeaveGroupResponse, leave_group_request::MemberIdentity,
        leave_group_response::MemberResponse,
    },
};

use super::groups::code_of;
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::LeaveGroup;

/// From here on a request names many members, and each has its own result.
const BATCHED_FROM: i16 = 3;

pub(crate) async fn handle(context: Context, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let batched = context.version >= BATCHED_FROM;
    let members = match batched {
        true => request.members,
        false => vec![MemberIdentity { member_id: request.member_id, ..MemberIdentity::default() }],
    };
    let leavers: Vec<Leaver> = members
        .into_iter()
        .map(|member| Leaver { member_id: member.member_id, instance_id: member.group_instance_id })
        .collect();
    let results = match context.broker.groups.leave(&request.group_id, &leavers).await {
        Ok(results) => results,
        Err(error) => {
            return LeaveGroupResponse { error_code: error.code().code(), ..LeaveGroupResponse::default() };
        }
    };
    if !batched {
        let error_code = results.first().map_or(0, code_of);
        return LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() };
    }
    let members = leavers
        .into_iter()
        .zip(&results)
        .map(|(leaver, result)| MemberResponse {
            member_id: leaver.member_id,
            group_instance_id: leaver.instance_id,
            error_code: code_of(result),
        })
        .collect();
    LeaveGroupResponse { members, ..LeaveGroupResponse::default() }
}
