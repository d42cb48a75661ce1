//! ListGroups: the groups that this broker coordinates.

use esker_kafka_wire::{
    ApiKey, KString,
    messages::{ListGroupsRequest, ListGroupsResponse, list_groups_response::ListedGroup},
};

use crate::context::Context;

pub(crate) const KEY: ApiKey = ApiKey::ListGroups;

pub(crate) async fn handle(context: Context, request: ListGroupsRequest) -> ListGroupsResponse {
    let passes = |filter: &[KString], value: &str| {
        filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let groups = match context.broker.groups.list().await {
        Ok(groups) => groups,
        Err(error) => {
            return ListGroupsResponse { error_code: error.code().code(), ..ListGroupsResponse::default() };
        }
    };
    let listed = groups
        .into_iter()
        .filter(|group| passes(&request.states_filter, group.state))
        .filter(|group| passes(&request.types_filter, group.kind.as_str()))
        .map(|group| ListedGroup {
            group_id: group.group,
            protocol_type: group.protocol_type,
            group_state: KString::from_static(group.state),
            group_type: KString::from_static(group.kind.as_str()),
        })
        .collect();
    ListGroupsResponse { groups: listed, ..ListGroupsResponse::default() }
}
