//! ShareGroupDescribe: share groups and their members in full.

use std::collections::BTreeSet;

use esker_coordinator::{ShareGroupDescription, ShareMemberDescription};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ShareGroupDescribeRequest, ShareGroupDescribeResponse,
        share_group_describe_response::{Assignment, DescribedGroup, Member, TopicPartitions},
    },
};

use super::acl;
use crate::{broker::Broker, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::ShareGroupDescribe;

pub(crate) async fn handle(
    context: Context,
    request: ShareGroupDescribeRequest,
) -> ShareGroupDescribeResponse {
    let mut groups = Vec::with_capacity(request.group_ids.len());
    let mut seen = BTreeSet::new();
    for group in request.group_ids {
        // A group asked for a thousand times would make a small request a large answer.
        if !seen.insert(group.clone()) {
            groups.push(refuse(group, ErrorCode::InvalidRequest, None));
            continue;
        }
        if group.is_empty() {
            groups.push(refuse(group, ErrorCode::InvalidGroupId, None));
            continue;
        }
        let mut described = match context.broker.groups.describe_share(&group).await {
            Ok(Some(found)) => encode(&context.broker, group, found),
            Ok(None) => {
                let why = format!("Group {group} is not a share group.");
                refuse(group, ErrorCode::GroupIdNotFound, Some(why.into()))
            }
            Err(error) => refuse(group, error.code(), None),
        };
        if request.include_authorized_operations && described.error_code == 0 {
            described.authorized_operations = acl::GROUP_OPERATIONS;
        }
        groups.push(described);
    }
    ShareGroupDescribeResponse { groups, ..ShareGroupDescribeResponse::default() }
}

fn encode(broker: &Broker, group_id: KString, found: ShareGroupDescription) -> DescribedGroup {
    DescribedGroup {
        group_id,
        group_state: KString::from_static(found.state),
        group_epoch: found.epoch,
        assignment_epoch: found.epoch,
        assignor_name: KString::from_static(found.assignor),
        members: found.members.into_iter().map(|member| encode_member(broker, member)).collect(),
        ..DescribedGroup::default()
    }
}

fn encode_member(broker: &Broker, member: ShareMemberDescription) -> Member {
    // Without those of topics that are gone.
    let topics = member.assignment.into_iter().filter_map(|(topic_id, partitions)| {
        let topic = broker.topic_by_id(topic_id)?;
        Some(TopicPartitions { topic_id, topic_name: topic.record.name.as_str().into(), partitions })
    });
    Member {
        member_id: member.member_id,
        rack_id: member.rack,
        member_epoch: member.epoch,
        client_id: member.client_id,
        client_host: member.client_host,
        subscribed_topic_names: member.topics,
        assignment: Assignment { topic_partitions: topics.collect() },
    }
}

fn refuse(group_id: KString, error: ErrorCode, error_message: Option<KString>) -> DescribedGroup {
    DescribedGroup { error_code: error.code(), error_message, group_id, ..DescribedGroup::default() }
}
