//! AlterConfigs, the old way: replaces all overrides of a topic or a group.

use std::collections::BTreeMap;

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        AlterConfigsRequest, AlterConfigsResponse, alter_configs_request::AlterConfigsResource,
        alter_configs_response::AlterConfigsResourceResponse,
    },
};

use crate::{
    api::{
        configs::{self, GROUP},
        refusal::{Refusal, parts},
    },
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::AlterConfigs;

pub(crate) async fn handle(context: Context, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let mut responses = Vec::with_capacity(request.resources.len());
    let named = |resource: &AlterConfigsResource| (resource.resource_type, resource.resource_name.clone());
    let mut counts: BTreeMap<(i8, KString), usize> = BTreeMap::new();
    for resource in &request.resources {
        *counts.entry(named(resource)).or_default() += 1;
    }
    for resource in &request.resources {
        let changed = if counts[&named(resource)] > 1 {
            Err(Refusal::new(ErrorCode::InvalidRequest, "Each resource must appear at most once."))
        } else {
            replace(&context, resource, request.validate_only).await
        };
        let (error_code, error_message) = parts(changed);
        responses.push(AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
        });
    }
    AlterConfigsResponse { responses, ..AlterConfigsResponse::default() }
}

async fn replace(
    context: &Context,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), Refusal> {
    configs::check_resource(resource.resource_type)?;
    let mut overrides = BTreeMap::new();
    for config in &resource.configs {
        let Some(value) = &config.value else {
            let message = format!("Null value not supported for : {}", config.name);
            return Err(Refusal::new(ErrorCode::InvalidRequest, &message));
        };
        match resource.resource_type {
            GROUP => configs::check_group_config(&context.broker, &config.name, value)?,
            _ => configs::check_topic_config(&config.name, value)?,
        }
        if overrides.insert(config.name.as_str().to_owned(), value.as_str().to_owned()).is_some() {
            return Err(Refusal::new(ErrorCode::InvalidRequest, "Error due to duplicate config keys"));
        }
    }
    let (broker, name) = (&context.broker, &resource.resource_name);
    match resource.resource_type {
        GROUP => configs::change_group(broker, name, validate_only, |_| Ok(overrides.clone())).await,
        _ => configs::change_topic(broker, name, validate_only, |_| Ok(overrides.clone())).await,
    }
}
