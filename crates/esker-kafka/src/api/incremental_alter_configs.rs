//! IncrementalAlterConfigs: sets, deletes, appends to and subtracts from single keys.

use std::collections::{BTreeMap, BTreeSet};

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
        incremental_alter_configs_response::AlterConfigsResourceResponse,
    },
};

use esker_log::topic_config::{Kind, definition};

use crate::{
    api::{
        configs::{self, GROUP},
        refusal::{Refusal, parts},
    },
    broker::Broker,
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::IncrementalAlterConfigs;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(crate) async fn handle(
    context: Context,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
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
            change(&context, resource, request.validate_only).await
        };
        let (error_code, error_message) = parts(changed);
        responses.push(AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
        });
    }
    IncrementalAlterConfigsResponse { responses, ..IncrementalAlterConfigsResponse::default() }
}

async fn change(
    context: &Context,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), Refusal> {
    configs::check_resource(resource.resource_type)?;
    let mut keys = BTreeSet::new();
    if resource.configs.iter().any(|config| !keys.insert(&config.name)) {
        return Err(Refusal::new(ErrorCode::InvalidRequest, "Error due to duplicate config keys"));
    }
    let broker = &context.broker;
    if resource.resource_type == GROUP {
        return configs::change_group(broker, &resource.resource_name, validate_only, |current| {
            let mut overrides = current.clone();
            for config in &resource.configs {
                apply_to_group(broker, &mut overrides, config)?;
            }
            Ok(overrides)
        })
        .await;
    }
    configs::change_topic(broker, &resource.resource_name, validate_only, |current| {
        let mut overrides = current.clone();
        for config in &resource.configs {
            apply(broker, &mut overrides, config)?;
        }
        Ok(overrides)
    })
    .await
}

fn apply_to_group(
    broker: &Broker,
    overrides: &mut BTreeMap<String, String>,
    config: &AlterableConfig,
) -> Result<(), Refusal> {
    let key = config.name.as_str();
    match (config.config_operation, &config.value) {
        (DELETE, _) => {
            overrides.remove(key);
            Ok(())
        }
        (SET, Some(value)) => {
            configs::check_group_config(broker, key, value)?;
            overrides.insert(key.to_owned(), value.trim().to_owned());
            Ok(())
        }
        (SET, None) => {
            let why = format!("Null value not supported for : {key}");
            Err(Refusal::new(ErrorCode::InvalidRequest, &why))
        }
        (APPEND | SUBTRACT, _) => {
            let why = format!("{key} is not a list");
            Err(Refusal::new(ErrorCode::InvalidConfig, &why))
        }
        (other, _) => {
            let why = format!("Unknown operation type {other} for config {key}");
            Err(Refusal::new(ErrorCode::InvalidRequest, &why))
        }
    }
}

fn apply(
    broker: &Broker,
    overrides: &mut BTreeMap<String, String>,
    config: &AlterableConfig,
) -> Result<(), Refusal> {
    let key = config.name.as_str();
    if config.config_operation == DELETE {
        overrides.remove(key);
        return Ok(());
    }
    let Some(value) = &config.value else {
        return Err(Refusal::new(
            ErrorCode::InvalidRequest,
            &format!("Null value not supported for : {key}"),
        ));
    };
    let value = match config.config_operation {
        SET => value.as_str().to_owned(),
        operation @ (APPEND | SUBTRACT) => {
            let listed = definition(key).filter(|known| matches!(known.kind, Kind::ListOf { .. }));
            let Some(definition) = listed else {
                let name = if operation == APPEND { "append" } else { "subtract" };
                let message = format!("Can't {name} to key {key} because its type is not LIST.");
                return Err(Refusal::new(ErrorCode::InvalidConfig, &message));
            };
            let current = overrides.get(key).or_else(|| broker.log.topic_defaults().get(key));
            edit_list(current.map_or(definition.default, String::as_str), value, operation == APPEND)
        }
        other => {
            let message = format!("Unknown operation type {other} for config {key}");
            return Err(Refusal::new(ErrorCode::InvalidRequest, &message));
        }
    };
    configs::check_topic_config(key, &value)?;
    overrides.insert(key.to_owned(), value);
    Ok(())
}

/// A comma-separated list with the words of another added at its end, or taken out.
fn edit_list(current: &str, change: &str, add: bool) -> String {
    let words = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let mut list = words(current);
    for word in words(change) {
        if !add {
            list.retain(|known| *known != word);
        } else if !list.contains(&word) {
            list.push(word);
        }
    }
    list.join(",")
}
