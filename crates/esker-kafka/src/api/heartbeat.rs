//! Heartbeat: a member's sign of life, and how it learns of a rebalance.

use esker_kafka_wire::{
    ApiKey,
    messages::{HeartbeatRequest, HeartbeatResponse},
};

use super::groups::{code_of, member};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::Heartbeat;

pub(crate) async fn handle(context: Context, request: HeartbeatRequest) -> HeartbeatResponse {
    let member = member(request.member_id, request.group_instance_id, request.generation_id);
    let result = context.broker.groups.heartbeat(&request.group_id, &member).await;
    HeartbeatResponse { error_code: code_of(&result), ..HeartbeatResponse::default() }
}
