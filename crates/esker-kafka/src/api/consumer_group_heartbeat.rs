//! ConsumerGroupHeartbeat: a member of a group of the consumer protocol joins, goes on, or leaves.

use std::time::Duration;

use esker_coordinator::{ConsumerHeartbeat, GroupError, HeartbeatAnswer};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
        consumer_group_heartbeat_response::{Assignment, TopicPartitions},
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::ConsumerGroupHeartbeat;

/// From here on members give themselves their ids.
const OWN_IDS_FROM: i16 = 1;

const JOIN: i32 = 0;
const LEAVE: i32 = -1;
const LEAVE_FOR_NOW: i32 = -2;

pub(crate) async fn handle(
    context: Context,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    if let Err(why) = check(&request, context.version) {
        return refuse(ErrorCode::InvalidRequest, why);
    }
    let group = request.group_id.clone();
    let asked = request.server_assignor.clone();
    match context.broker.groups.consumer_heartbeat(&group, read(&context, request)).await {
        Ok(answer) => encode(answer),
        Err(GroupError::UnsupportedAssignor) => refuse(
            ErrorCode::UnsupportedAssignor,
            &format!(
                "ServerAssignor {} is not supported. Supported assignors: uniform, range.",
                asked.unwrap_or_default()
            ),
        ),
        Err(error) => refuse(error.code(), &error.to_string()),
    }
}

/// What makes no sense in whatever group.
fn check(request: &ConsumerGroupHeartbeatRequest, version: i16) -> Result<(), &'static str> {
    let empty = |text: &Option<KString>| text.as_ref().is_some_and(|text| text.is_empty());
    if request.group_id.trim().is_empty() {
        return Err("GroupId can't be empty.");
    }
    if request.member_id.is_empty() && (version >= OWN_IDS_FROM || request.member_epoch != JOIN) {
        return Err("MemberId can't be empty.");
    }
    if empty(&request.instance_id) {
        return Err("InstanceId can't be empty.");
    }
    if empty(&request.rack_id) {
        return Err("RackId can't be empty.");
    }
    match request.member_epoch {
        JOIN if request.rebalance_timeout_ms == -1 => {
            Err("RebalanceTimeoutMs must be provided in first request.")
        }
        JOIN if request.topic_partitions.as_ref().is_none_or(|owned| !owned.is_empty()) => {
            Err("TopicPartitions must be empty when (re-)joining.")
        }
        JOIN if request.subscribed_topic_names.is_none() && request.subscribed_topic_regex.is_none() => {
            Err("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.")
        }
        LEAVE_FOR_NOW if request.instance_id.is_none() => Err("InstanceId can't be null."),
        epoch if epoch < LEAVE_FOR_NOW => Err("MemberEpoch is invalid."),
        _ => Ok(()),
    }
}

fn read(context: &Context, request: ConsumerGroupHeartbeatRequest) -> ConsumerHeartbeat {
    let member_id = if request.member_id.is_empty() && request.member_epoch != LEAVE {
        let unique = uuid::Builder::from_random_bytes(context.broker.env.random.bytes16()).into_uuid();
        KString::from(unique.to_string())
    } else {
        request.member_id
    };
    ConsumerHeartbeat {
        member_id,
        epoch: request.member_epoch,
        instance_id: request.instance_id,
        rack: request.rack_id,
        rebalance_timeout: u64::try_from(request.rebalance_timeout_ms).ok().map(Duration::from_millis),
        topics: request.subscribed_topic_names,
        regex: request.subscribed_topic_regex,
        assignor: request.server_assignor,
        owned: request
            .topic_partitions
            .map(|owned| owned.into_iter().map(|topic| (topic.topic_id, topic.partitions)).collect()),
        client_id: context.client_id.clone().unwrap_or_default(),
        client_host: format!("/{}", context.connection.peer.address).into(),
    }
}

fn encode(answer: HeartbeatAnswer) -> ConsumerGroupHeartbeatResponse {
    let assignment = answer.assignment.map(|assigned| Assignment {
        topic_partitions: assigned
            .into_iter()
            .map(|(topic_id, partitions)| TopicPartitions { topic_id, partitions })
            .collect(),
    });
    ConsumerGroupHeartbeatResponse {
        member_id: Some(answer.member_id),
        member_epoch: answer.epoch,
        heartbeat_interval_ms: i32::try_from(answer.interval.as_millis()).unwrap_or(i32::MAX),
        assignment,
        ..ConsumerGroupHeartbeatResponse::default()
    }
}

fn refuse(error: ErrorCode, why: &str) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse {
        error_code: error.code(),
        error_message: Some(why.into()),
        ..ConsumerGroupHeartbeatResponse::default()
    }
}
