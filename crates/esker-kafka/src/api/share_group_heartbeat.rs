//! ShareGroupHeartbeat: a member of a share group joins, goes on, or leaves.

use esker_coordinator::{HeartbeatAnswer, ShareHeartbeat};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
        share_group_heartbeat_response::{Assignment, TopicPartitions},
    },
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::ShareGroupHeartbeat;

const JOIN: i32 = 0;
const LEAVE: i32 = -1;

pub(crate) async fn handle(
    context: Context,
    request: ShareGroupHeartbeatRequest,
) -> ShareGroupHeartbeatResponse {
    if let Err(why) = check(&request) {
        return refuse(ErrorCode::InvalidRequest, why);
    }
    let group = request.group_id.clone();
    let heartbeat = ShareHeartbeat {
        member_id: request.member_id,
        epoch: request.member_epoch,
        rack: request.rack_id,
        topics: request.subscribed_topic_names,
        client_id: context.client_id.clone().unwrap_or_default(),
        client_host: format!("/{}", context.connection.peer.address).into(),
    };
    match context.broker.groups.share_heartbeat(&group, heartbeat).await {
        Ok(answer) => encode(answer),
        Err(error) => refuse(error.code(), &error.to_string()),
    }
}

/// What makes no sense in whatever group.
fn check(request: &ShareGroupHeartbeatRequest) -> Result<(), &'static str> {
    let empty = |text: &Option<KString>| text.as_ref().is_some_and(|text| text.is_empty());
    if request.group_id.trim().is_empty() {
        return Err("GroupId can't be empty.");
    }
    if request.member_id.trim().is_empty() {
        return Err("MemberId can't be empty.");
    }
    if empty(&request.rack_id) {
        return Err("RackId can't be empty.");
    }
    match request.member_epoch {
        JOIN if request.subscribed_topic_names.as_ref().is_none_or(Vec::is_empty) => {
            Err("SubscribedTopicNames must be set in first request.")
        }
        epoch if epoch < LEAVE => Err("MemberEpoch is invalid."),
        _ => Ok(()),
    }
}

fn encode(answer: HeartbeatAnswer) -> ShareGroupHeartbeatResponse {
    let assignment = answer.assignment.map(|assigned| Assignment {
        topic_partitions: assigned
            .into_iter()
            .map(|(topic_id, partitions)| TopicPartitions { topic_id, partitions })
            .collect(),
    });
    ShareGroupHeartbeatResponse {
        member_id: Some(answer.member_id),
        member_epoch: answer.epoch,
        heartbeat_interval_ms: i32::try_from(answer.interval.as_millis()).unwrap_or(i32::MAX),
        assignment,
        ..ShareGroupHeartbeatResponse::default()
    }
}

fn refuse(error: ErrorCode, why: &str) -> ShareGroupHeartbeatResponse {
    ShareGroupHeartbeatResponse {
        error_code: error.code(),
        error_message: Some(why.into()),
        ..ShareGroupHeartbeatResponse::default()
    }
}
