//! DescribeConfigs: every key with its value, source, type and documentation.

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DescribeConfigsRequest, DescribeConfigsResponse,
        describe_configs_request::DescribeConfigsResource,
        describe_configs_response::{
            DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
        },
    },
};
use esker_meta::check_topic_name;

use crate::{
    api::{
        configs::{
            self, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, GroupEntry, StaticEntry, TOPIC, TopicEntry,
        },
        refusal::Refusal,
    },
    broker::Broker,
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::DescribeConfigs;

/// Entries of one response, over all its resources: about 5,000 topics with all their keys.
const MOST_ENTRIES: usize = 200_000;
/// Bytes that a resource with all its keys takes in a response.
const MEMORY_PER_RESOURCE: usize = 10 << 10;

/// What of an entry is asked for.
#[derive(Clone, Copy)]
struct Detail {
    synonyms: bool,
    documentation: bool,
}

pub(crate) async fn handle(context: Context, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let detail = Detail { synonyms: request.include_synonyms, documentation: request.include_documentation };
    context.reserve(request.resources.len().saturating_mul(MEMORY_PER_RESOURCE)).await;
    let mut entries = 0;
    let results = request.resources.into_iter().map(|resource| {
        let described = if entries < MOST_ENTRIES {
            describe(&context.broker, &resource, context.listener(), detail)
        } else {
            Err(Refusal::new(ErrorCode::InvalidRequest, "too many resources in one request"))
        };
        entries += described.as_ref().map_or(0, Vec::len);
        let (error, message, configs) = match described {
            Ok(configs) => (ErrorCode::None, None, configs),
            Err(refusal) => (refusal.error, refusal.message, Vec::new()),
        };
        DescribeConfigsResult {
            error_code: error.code(),
            error_message: message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name,
            configs,
        }
    });
    DescribeConfigsResponse { results: results.collect(), ..DescribeConfigsResponse::default() }
}

fn describe(
    broker: &Broker,
    resource: &DescribeConfigsResource,
    listener: &str,
    detail: Detail,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let name = resource.resource_name.as_str();
    // No keys means all of them, as null does.
    let keys = resource.configuration_keys.as_ref().filter(|keys| !keys.is_empty());
    let wanted = |key: &str| keys.is_none_or(|keys| keys.iter().any(|wanted| *wanted == key));
    let fixed = |entries: Vec<StaticEntry>| {
        entries.iter().filter(|entry| wanted(entry.name)).map(|entry| show_static(entry, detail)).collect()
    };
    match resource.resource_type {
        TOPIC => {
            check_topic_name(name).map_err(|why| Refusal::new(ErrorCode::InvalidTopicException, &why))?;
            let topic = broker.topic(name).ok_or_else(|| {
                Refusal::new(
                    ErrorCode::UnknownTopicOrPartition,
                    "This server does not host this topic-partition.",
                )
            })?;
            let entries = configs::topic_entries(broker, &topic.record.configs);
            Ok(entries
                .filter(|entry| wanted(entry.definition.key))
                .map(|entry| show(&entry, detail))
                .collect())
        }
        // The empty name stands for what all brokers have been told while running: nothing.
        BROKER if name.is_empty() => Ok(Vec::new()),
        BROKER => {
            this_broker(broker, name)?;
            Ok(fixed(configs::broker_entries(broker, listener)))
        }
        BROKER_LOGGER => {
            this_broker(broker, name)?;
            Ok(Vec::new())
        }
        CLIENT_METRICS if !name.is_empty() => Ok(Vec::new()),
        GROUP if !name.is_empty() => Ok(configs::group_entries(broker, name)
            .iter()
            .filter(|entry| wanted(entry.name))
            .map(|entry| show_group(entry, detail))
            .collect()),
        CLIENT_METRICS | GROUP => {
            Err(Refusal::new(ErrorCode::InvalidRequest, "The resource name must not be empty."))
        }
        other => Err(Refusal::new(ErrorCode::InvalidRequest, &format!("Unsupported resource type: {other}"))),
    }
}

fn this_broker(broker: &Broker, name: &str) -> Result<(), Refusal> {
    let this = broker.cluster.this_broker();
    if name == this.to_string() {
        return Ok(());
    }
    let message = format!("Unexpected broker id, expected {this} or empty string, but received {name}");
    Err(Refusal::new(ErrorCode::InvalidRequest, &message))
}

fn show(entry: &TopicEntry<'_>, detail: Detail) -> DescribeConfigsResourceResult {
    let synonym = |(name, value, source): (&'static str, &str, i8)| DescribeConfigsSynonym {
        name: KString::from_static(name),
        value: Some(value.into()),
        source,
    };
    DescribeConfigsResourceResult {
        name: KString::from_static(entry.definition.key),
        value: Some(entry.value().into()),
        read_only: false,
        config_source: entry.source(),
        is_sensitive: false,
        synonyms: if detail.synonyms { entry.synonyms().map(synonym).collect() } else { Vec::new() },
        config_type: configs::type_code(&entry.definition.kind),
        documentation: detail.documentation.then(|| KString::from_static(entry.definition.doc)),
    }
}

fn show_group(entry: &GroupEntry, detail: Detail) -> DescribeConfigsResourceResult {
    let synonym = DescribeConfigsSynonym {
        name: KString::from_static(entry.name),
        value: Some(entry.value.as_str().into()),
        source: entry.source,
    };
    DescribeConfigsResourceResult {
        name: KString::from_static(entry.name),
        value: Some(entry.value.as_str().into()),
        read_only: entry.read_only,
        config_source: entry.source,
        is_sensitive: false,
        synonyms: if detail.synonyms { vec![synonym] } else { Vec::new() },
        config_type: entry.type_code,
        documentation: detail.documentation.then(|| KString::from_static(entry.doc)),
    }
}

fn show_static(entry: &StaticEntry, detail: Detail) -> DescribeConfigsResourceResult {
    let synonym = DescribeConfigsSynonym {
        name: KString::from_static(entry.name),
        value: Some(entry.value.as_str().into()),
        source: entry.source,
    };
    DescribeConfigsResourceResult {
        name: KString::from_static(entry.name),
        value: Some(entry.value.as_str().into()),
        read_only: true,
        config_source: entry.source,
        is_sensitive: false,
        synonyms: if detail.synonyms { vec![synonym] } else { Vec::new() },
        config_type: entry.type_code,
        documentation: detail.documentation.then(|| KString::from_static(entry.doc)),
    }
}
