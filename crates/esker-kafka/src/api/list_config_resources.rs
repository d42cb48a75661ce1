//! ListConfigResources: what DescribeConfigs can be asked for.

use std::collections::BTreeSet;

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        ListConfigResourcesRequest, ListConfigResourcesResponse,
        list_config_resources_response::ConfigResource,
    },
};

use crate::{
    api::configs::{BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC},
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::ListConfigResources;

pub(crate) async fn handle(
    context: Context,
    request: ListConfigResourcesRequest,
) -> ListConfigResourcesResponse {
    let broker = &context.broker;
    let kinds = match (context.version, request.resource_types.is_empty()) {
        // Version 0 knows only one.
        (0, _) => vec![CLIENT_METRICS],
        (_, true) => vec![TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP],
        (_, false) => BTreeSet::from_iter(request.resource_types).into_iter().collect(),
    };
    let mut config_resources = Vec::new();
    for kind in kinds {
        let names: Vec<KString> = match kind {
            TOPIC => broker.catalog.all().iter().map(|topic| topic.record.name.as_str().into()).collect(),
            BROKER | BROKER_LOGGER => broker.broker_ids().iter().map(|id| id.to_string().into()).collect(),
            GROUP => broker.group_configs.groups().into_iter().map(KString::from).collect(),
            CLIENT_METRICS => Vec::new(),
            _ => {
                return ListConfigResourcesResponse {
                    error_code: ErrorCode::UnsupportedVersion.code(),
                    ..ListConfigResourcesResponse::default()
                };
            }
        };
        let resource = |resource_name| ConfigResource { resource_name, resource_type: kind };
        config_resources.extend(names.into_iter().map(resource));
    }
    ListConfigResourcesResponse { config_resources, ..ListConfigResourcesResponse::default() }
}
