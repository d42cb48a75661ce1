//! DescribeGroups: groups and their members in full.

use std::collections::BTreeSet;

use esker_coordinator::{GroupDescription, GroupState, MemberDescription};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeGroupsRequest, DescribeGroupsResponse,
        describe_groups_response::{DescribedGroup, DescribedGroupMember},
    },
};

use super::acl;
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::DescribeGroups;

/// From here on a group that does not exist is an error; before, it is dead.
const NOT_FOUND_FROM: i16 = 6;

pub(crate) async fn handle(context: Context, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let mut groups = Vec::with_capacity(request.groups.len());
    let mut seen = BTreeSet::new();
    for group in request.groups {
        // A group asked for a thousand times would make a small request a large answer.
        if !seen.insert(group.clone()) {
            let error_code = ErrorCode::InvalidRequest.code();
            groups.push(DescribedGroup { error_code, group_id: group, ..DescribedGroup::default() });
            continue;
        }
        let mut described = match context.broker.groups.describe(&group).await {
            Ok(Some(found)) => encode(group, found),
            Ok(None) => {
                // One of another kind is there for other requests.
                let other = matches!(context.broker.groups.describe_consumer(&group).await, Ok(Some(_)));
                missing(context.version, group, other)
            }
            Err(error) => DescribedGroup {
                error_code: error.code().code(),
                group_id: group,
                ..DescribedGroup::default()
            },
        };
        if request.include_authorized_operations && described.error_code == 0 {
            described.authorized_operations = acl::GROUP_OPERATIONS;
        }
        groups.push(described);
    }
    DescribeGroupsResponse { groups, ..DescribeGroupsResponse::default() }
}

fn encode(group_id: KString, found: GroupDescription) -> DescribedGroup {
    DescribedGroup {
        group_id,
        group_state: KString::from_static(found.state.as_str()),
        protocol_type: found.protocol_type,
        protocol_data: found.protocol,
        members: found.members.into_iter().map(encode_member).collect(),
        ..DescribedGroup::default()
    }
}

fn encode_member(member: MemberDescription) -> DescribedGroupMember {
    DescribedGroupMember {
        member_id: member.member_id,
        group_instance_id: member.instance_id,
        client_id: member.client_id,
        client_host: member.client_host,
        member_metadata: member.metadata,
        member_assignment: member.assignment,
    }
}

fn missing(version: i16, group_id: KString, other: bool) -> DescribedGroup {
    let known = version >= NOT_FOUND_FROM;
    let why = match other {
        true => format!("Group {group_id} is not a classic group."),
        false => format!("Group {group_id} not found."),
    };
    DescribedGroup {
        error_code: if known { ErrorCode::GroupIdNotFound.code() } else { 0 },
        error_message: known.then(|| why.into()),
        group_state: KString::from_static(GroupState::Dead.as_str()),
        group_id,
        ..DescribedGroup::default()
    }
}
