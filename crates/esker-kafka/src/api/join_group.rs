//! JoinGroup: a member wants to be in the next generation of its group.

use esker_coordinator::{GroupError, JoinAnswer, JoinRequest, Protocol};
use esker_kafka_wire::{
    ApiKey, KString,
    messages::{JoinGroupRequest, JoinGroupResponse, join_group_response::JoinGroupResponseMember},
};

use super::groups::{millis, patiently};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::JoinGroup;

/// From here on a member says how long others wait for it.
const REBALANCE_TIMEOUT_FROM: i16 = 1;
/// From here on a new member is given an id before it is let in.
const MEMBER_ID_REQUIRED_FROM: i16 = 4;
/// From here on the protocol's name may be null.
const NULL_PROTOCOL_FROM: i16 = 7;
/// From here on a leader may be told not to assign.
const SKIP_ASSIGNMENT_FROM: i16 = 9;

pub(crate) async fn handle(context: Context, request: JoinGroupRequest) -> JoinGroupResponse {
    let (version, member_id) = (context.version, request.member_id.compact());
    let (group, join) = read(&context, request);
    let taken = || context.request_is_taken();
    match patiently(&context, context.broker.groups.join(&group, join, taken)).await {
        Ok(answer) => encode(version, answer),
        Err(error) => refuse(version, error, member_id),
    }
}

/// The group, in memory of its own, and the rest of the request: nothing of it is left behind to outlive the wait.
fn read(context: &Context, request: JoinGroupRequest) -> (KString, JoinRequest) {
    let version = context.version;
    let rebalance = match version >= REBALANCE_TIMEOUT_FROM {
        true => request.rebalance_timeout_ms,
        false => request.session_timeout_ms,
    };
    let join = JoinRequest {
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        client_id: context.client_id.clone().unwrap_or_default(),
        client_host: format!("/{}", context.connection.peer.address).into(),
        session_timeout: millis(request.session_timeout_ms),
        rebalance_timeout: millis(rebalance),
        protocol_type: request.protocol_type,
        protocols: request
            .protocols
            .into_iter()
            .map(|protocol| Protocol { name: protocol.name, metadata: protocol.metadata })
            .collect(),
        knows_member_id_required: version >= MEMBER_ID_REQUIRED_FROM,
        knows_skip_assignment: version >= SKIP_ASSIGNMENT_FROM,
    };
    (request.group_id.compact(), join)
}

fn encode(version: i16, answer: JoinAnswer) -> JoinGroupResponse {
    let members = answer.members.into_iter().map(|member| JoinGroupResponseMember {
        member_id: member.member_id,
        group_instance_id: member.instance_id,
        metadata: member.metadata,
    });
    JoinGroupResponse {
        error_code: answer.error.map_or(0, |error| error.code().code()),
        generation_id: answer.generation,
        protocol_type: answer.protocol_type,
        protocol_name: answer.protocol.or_else(|| no_protocol(version)),
        leader: answer.leader,
        skip_assignment: answer.skip_assignment,
        member_id: answer.member_id,
        members: members.collect(),
        ..JoinGroupResponse::default()
    }
}

fn refuse(version: i16, error: GroupError, member_id: KString) -> JoinGroupResponse {
    JoinGroupResponse {
        error_code: error.code().code(),
        protocol_name: no_protocol(version),
        member_id,
        ..JoinGroupResponse::default()
    }
}

fn no_protocol(version: i16) -> Option<KString> {
    (version < NULL_PROTOCOL_FROM).then(KString::new)
}
