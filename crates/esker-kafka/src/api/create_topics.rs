//! CreateTopics.

use std::collections::{BTreeMap, BTreeSet};

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        CreateTopicsRequest, CreateTopicsResponse,
        create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig},
        create_topics_response::{CreatableTopicConfigs, CreatableTopicResult},
    },
};
use esker_meta::{NewTopic, check_topic_name, topic_names_collide};
use uuid::Uuid;

use crate::{
    api::{configs, refusal::Refusal},
    broker::Broker,
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::CreateTopics;

/// Topics that one request may create: each answer lists a whole configuration.
const MOST_TOPICS: usize = 10_000;

pub(crate) async fn handle(context: Context, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut named: BTreeMap<KString, usize> = BTreeMap::new();
    for topic in &request.topics {
        *named.entry(topic.name.clone()).or_default() += 1;
    }
    let mut topics = Vec::with_capacity(named.len());
    let mut done = BTreeSet::new();
    for topic in request.topics {
        if !done.insert(topic.name.clone()) {
            continue;
        }
        let created = if done.len() > MOST_TOPICS {
            Err(Refusal::new(ErrorCode::InvalidRequest, "too many topics in one request"))
        } else if named[&topic.name] > 1 {
            Err(Refusal::new(ErrorCode::InvalidRequest, "Duplicate topic name."))
        } else {
            create(&context, &topic, request.validate_only).await
        };
        topics.push(result(&context, topic.name, created));
    }
    CreateTopicsResponse { topics, ..CreateTopicsResponse::default() }
}

async fn create(
    context: &Context,
    topic: &CreatableTopic,
    validate_only: bool,
) -> Result<(NewTopic, Uuid), Refusal> {
    let broker = &context.broker;
    let new = check(broker, topic)?;
    if validate_only {
        return Ok((new, Uuid::nil()));
    }
    let created = broker.meta.create_topic(&new).await?;
    tracing::info!(topic = %new.name, partitions = new.partitions, "topic created");
    broker.wait_visible(&created).await;
    Ok((new, created.record.id.0))
}

fn check(broker: &Broker, topic: &CreatableTopic) -> Result<NewTopic, Refusal> {
    let name = topic.name.as_str();
    check_topic_name(name).map_err(|why| Refusal::new(ErrorCode::InvalidTopicException, &why))?;
    if broker.catalog.by_name(name).is_some() {
        let message = format!("Topic '{name}' already exists.");
        return Err(Refusal::new(ErrorCode::TopicAlreadyExists, &message));
    }
    if name.contains(['.', '_']) {
        let other =
            broker.catalog.all().into_iter().find(|other| topic_names_collide(name, &other.record.name));
        if let Some(other) = other {
            let message = format!("Topic '{name}' collides with existing topic: {}", other.record.name);
            return Err(Refusal::new(ErrorCode::InvalidTopicException, &message));
        }
    }
    let (partitions, replication_factor) =
        if topic.assignments.is_empty() { counts(broker, topic)? } else { assigned(broker, topic)? };
    if partitions > broker.config.max_partitions_per_topic {
        let message = format!("At most {} partitions per topic", broker.config.max_partitions_per_topic);
        return Err(Refusal::new(ErrorCode::InvalidPartitions, &message));
    }
    Ok(NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor,
        configs: overrides(&topic.configs)?,
    })
}

/// Counts as numbers; -1 asks for the default.
fn counts(broker: &Broker, topic: &CreatableTopic) -> Result<(u32, u16), Refusal> {
    let partitions = match topic.num_partitions {
        -1 => broker.config.default_partitions,
        count => u32::try_from(count).ok().filter(|count| *count > 0).ok_or_else(|| {
            let message = "Number of partitions was set to an invalid non-positive value.";
            Refusal::new(ErrorCode::InvalidPartitions, message)
        })?,
    };
    let factor = match topic.replication_factor {
        -1 => broker.config.default_replication_factor,
        factor => u16::try_from(factor).ok().filter(|factor| *factor > 0).ok_or_else(|| {
            let message = "Replication factor was set to an invalid non-positive value.";
            Refusal::new(ErrorCode::InvalidReplicationFactor, message)
        })?,
    };
    let brokers = broker.broker_ids().len();
    if usize::from(factor) > brokers {
        let message = format!(
            "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be \
             reached because only {brokers} broker(s) are registered."
        );
        return Err(Refusal::new(ErrorCode::InvalidReplicationFactor, &message));
    }
    Ok((partitions, factor))
}

/// Counts from a manual assignment. Which brokers it names is checked and then forgotten: placement is by shard.
fn assigned(broker: &Broker, topic: &CreatableTopic) -> Result<(u32, u16), Refusal> {
    if topic.replication_factor != -1 {
        let message =
            "A manual partition assignment was specified, but replication factor was not set to -1.";
        return Err(Refusal::new(ErrorCode::InvalidRequest, message));
    }
    if topic.num_partitions != -1 {
        let message = "A manual partition assignment was specified, but numPartitions was not set to -1.";
        return Err(Refusal::new(ErrorCode::InvalidRequest, message));
    }
    let bad = |message: &str| Refusal::new(ErrorCode::InvalidReplicaAssignment, message);
    let mut indexes: Vec<i32> =
        topic.assignments.iter().map(|assignment| assignment.partition_index).collect();
    indexes.sort_unstable();
    if (0..).zip(&indexes).any(|(expected, &index)| expected != index) {
        return Err(bad("partitions should be a consecutive 0-based integer sequence"));
    }
    let replicas = |assignment: &CreatableReplicaAssignment| broker.check_replicas(&assignment.broker_ids);
    let mut factor = None;
    for assignment in &topic.assignments {
        let count = replicas(assignment).map_err(|message| bad(&message))?;
        if *factor.get_or_insert(count) != count {
            return Err(bad("the partitions do not all have the same number of replicas"));
        }
    }
    let partitions = u32::try_from(topic.assignments.len()).map_err(|_| bad("too many partitions"))?;
    let factor = factor.and_then(|factor| u16::try_from(factor).ok()).ok_or_else(|| bad("no replicas"))?;
    Ok((partitions, factor))
}

fn overrides(configs: &[CreatableTopicConfig]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut out = BTreeMap::new();
    for config in configs {
        let Some(value) = &config.value else {
            let message = format!("Null value not supported for topic configs: {}", config.name);
            return Err(Refusal::new(ErrorCode::InvalidConfig, &message));
        };
        configs::check_topic_config(&config.name, value)?;
        if out.insert(config.name.as_str().to_owned(), value.as_str().to_owned()).is_some() {
            let message = format!("Duplicate config name: {}", config.name);
            return Err(Refusal::new(ErrorCode::InvalidRequest, &message));
        }
    }
    Ok(out)
}

fn result(
    context: &Context,
    name: KString,
    created: Result<(NewTopic, Uuid), Refusal>,
) -> CreatableTopicResult {
    match created {
        Ok((new, topic_id)) => CreatableTopicResult {
            name,
            topic_id,
            num_partitions: i32::try_from(new.partitions).unwrap_or(i32::MAX),
            replication_factor: i16::try_from(new.replication_factor).unwrap_or(i16::MAX),
            configs: Some(
                configs::topic_entries(&context.broker, &new.configs)
                    .map(|entry| CreatableTopicConfigs {
                        name: KString::from_static(entry.definition.key),
                        value: Some(entry.value().into()),
                        read_only: false,
                        config_source: entry.source(),
                        is_sensitive: false,
                    })
                    .collect(),
            ),
            ..CreatableTopicResult::default()
        },
        Err(refusal) => CreatableTopicResult {
            name,
            error_code: refusal.error.code(),
            error_message: refusal.message,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
            ..CreatableTopicResult::default()
        },
    }
}
