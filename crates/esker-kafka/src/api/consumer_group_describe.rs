//! ConsumerGroupDescribe: groups of the consumer protocol and their members in full.

use std::collections::BTreeSet;

use esker_coordinator::{ConsumerGroupDescription, ConsumerMemberDescription};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse,
        consumer_group_describe_response::{Assignment, DescribedGroup, Member, TopicPartitions},
    },
};
use uuid::Uuid;

use super::acl;
use crate::{broker::Broker, context::Context};

pub(crate) const KEY: ApiKey = ApiKey::ConsumerGroupDescribe;

/// From here on members say which protocol they speak.
const MEMBER_TYPE_FROM: i16 = 1;
const UNKNOWN: i8 = -1;
const CLASSIC: i8 = 0;
const CONSUMER: i8 = 1;

pub(crate) async fn handle(
    context: Context,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
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
        let mut described = match context.broker.groups.describe_consumer(&group).await {
            Ok(Some(found)) => encode(&context, group, found),
            Ok(None) => {
                let why = match context.broker.groups.describe(&group).await {
                    Ok(Some(_)) => format!("Group {group} is not a consumer group."),
                    _ => format!("Group {group} not found."),
                };
                refuse(group, ErrorCode::GroupIdNotFound, Some(why.into()))
            }
            Err(error) => refuse(group, error.code(), None),
        };
        if request.include_authorized_operations && described.error_code == 0 {
            described.authorized_operations = acl::GROUP_OPERATIONS;
        }
        groups.push(described);
    }
    ConsumerGroupDescribeResponse { groups, ..ConsumerGroupDescribeResponse::default() }
}

fn encode(context: &Context, group_id: KString, found: ConsumerGroupDescription) -> DescribedGroup {
    let member = |member| encode_member(&context.broker, context.version, member);
    DescribedGroup {
        group_id,
        group_state: KString::from_static(found.state.as_str()),
        group_epoch: found.epoch,
        assignment_epoch: found.assignment_epoch,
        assignor_name: found.assignor,
        members: found.members.into_iter().map(member).collect(),
        ..DescribedGroup::default()
    }
}

fn encode_member(broker: &Broker, version: i16, member: ConsumerMemberDescription) -> Member {
    let member_type = match (version >= MEMBER_TYPE_FROM, member.is_classic) {
        (false, _) => UNKNOWN,
        (true, true) => CLASSIC,
        (true, false) => CONSUMER,
    };
    Member {
        member_id: member.member_id,
        instance_id: member.instance_id,
        rack_id: member.rack,
        member_epoch: member.epoch,
        client_id: member.client_id,
        client_host: member.client_host,
        subscribed_topic_names: member.topics,
        subscribed_topic_regex: member.regex,
        assignment: named(broker, member.assignment),
        target_assignment: named(broker, member.target),
        member_type,
    }
}

/// Partitions with the names of their topics; without those of topics that are gone.
fn named(broker: &Broker, partitions: Vec<(Uuid, Vec<i32>)>) -> Assignment {
    let topics = partitions.into_iter().filter_map(|(topic_id, partitions)| {
        let topic = broker.topic_by_id(topic_id)?;
        Some(TopicPartitions { topic_id, topic_name: topic.record.name.as_str().into(), partitions })
    });
    Assignment { topic_partitions: topics.collect() }
}

fn refuse(group_id: KString, error: ErrorCode, error_message: Option<KString>) -> DescribedGroup {
    DescribedGroup { error_code: error.code(), error_message, group_id, ..DescribedGroup::default() }
}
