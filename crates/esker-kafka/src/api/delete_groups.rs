//! DeleteGroups: groups without members go, and their offsets with them.

use esker_kafka_wire::{
    ApiKey,
    messages::{DeleteGroupsRequest, DeleteGroupsResponse, delete_groups_response::DeletableGroupResult},
};

use super::groups::code_of;
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::DeleteGroups;

pub(crate) async fn handle(context: Context, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut results = Vec::with_capacity(request.groups_names.len());
    for group_id in request.groups_names {
        let deleted = context.broker.groups.delete(&group_id).await;
        results.push(DeletableGroupResult { group_id, error_code: code_of(&deleted) });
    }
    DeleteGroupsResponse { results, ..DeleteGroupsResponse::default() }
}
