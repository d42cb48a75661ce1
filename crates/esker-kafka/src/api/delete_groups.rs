//! DeleteGroups: groups without members go, and their offsets with them.

use esker_kafka_wire::{
    ApiKey,
    messages::{DeleteGroupsRequest, DeleteGroupsResponse, delete_groups_response::DeletableGroupResult},
};

use super::{
    groups::code_of,
    share_offsets::{check_group, forget},
};
use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::DeleteGroups;

pub(crate) async fn handle(context: Context, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut results = Vec::with_capacity(request.groups_names.len());
    for group_id in request.groups_names {
        // What a share group is done with goes first: were it the other way around, a later group of this name might go on there.
        let mut error_code = 0;
        if check_group(&context.broker, &group_id, true).await.is_ok() {
            error_code = forget(&context.broker, &group_id).await.map_or_else(|error| error.code(), |()| 0);
        }
        if error_code == 0 {
            error_code = code_of(&context.broker.groups.delete(&group_id).await);
        }
        results.push(DeletableGroupResult { group_id, error_code });
    }
    DeleteGroupsResponse { results, ..DeleteGroupsResponse::default() }
}
