//! CreatePartitions: more partitions for a topic.

use std::collections::BTreeMap;

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        CreatePartitionsRequest, CreatePartitionsResponse, create_partitions_request::CreatePartitionsTopic,
        create_partitions_response::CreatePartitionsTopicResult,
    },
};
use esker_meta::{Topic, TopicError};

use crate::{
    api::refusal::{Refusal, parts},
    broker::Broker,
    context::Context,
};

pub(crate) const KEY: ApiKey = ApiKey::CreatePartitions;

/// Attempts when the topic changes at the same time.
const ATTEMPTS: usize = 10;

pub(crate) async fn handle(context: Context, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let mut named: BTreeMap<KString, usize> = BTreeMap::new();
    for topic in &request.topics {
        *named.entry(topic.name.clone()).or_default() += 1;
    }
    let mut results = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let grown = if named[&topic.name] > 1 {
            Err(Refusal::new(ErrorCode::InvalidRequest, "Duplicate topic name."))
        } else {
            grow(&context.broker, &topic, request.validate_only).await
        };
        let (error_code, error_message) = parts(grown);
        results.push(CreatePartitionsTopicResult { name: topic.name, error_code, error_message });
    }
    CreatePartitionsResponse { results, ..CreatePartitionsResponse::default() }
}

async fn grow(broker: &Broker, wanted: &CreatePartitionsTopic, validate_only: bool) -> Result<(), Refusal> {
    let unknown = || {
        Refusal::new(ErrorCode::UnknownTopicOrPartition, "This server does not host this topic-partition.")
    };
    let mut topic = (*broker.topic(&wanted.name).ok_or_else(unknown)?).clone();
    for _ in 0..ATTEMPTS {
        let count = check(broker, &topic, wanted)?;
        if validate_only {
            return Ok(());
        }
        match broker.meta.add_partitions(&topic, count).await {
            Ok(grown) => {
                tracing::info!(topic = %grown.record.name, partitions = count, "partitions added");
                broker.wait_visible(&grown).await;
                return Ok(());
            }
            Err(TopicError::Changed(name)) => topic = broker.meta.topic(&name).await?.ok_or_else(unknown)?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(TopicError::Changed(topic.record.name).into())
}

/// The new count, if it is acceptable.
fn check(broker: &Broker, topic: &Topic, wanted: &CreatePartitionsTopic) -> Result<u32, Refusal> {
    let now = topic.record.partitions;
    let invalid = |message: String| Refusal::new(ErrorCode::InvalidPartitions, &message);
    let count = match u32::try_from(wanted.count) {
        Ok(count) if count > now => count,
        Ok(count) if count == now => return Err(invalid(format!("Topic already has {now} partition(s)."))),
        _ => {
            let asked = wanted.count;
            return Err(invalid(format!(
                "The topic {} currently has {now} partition(s); {asked} would not be an increase.",
                topic.record.name
            )));
        }
    };
    if count > broker.config.max_partitions_per_topic {
        return Err(invalid(format!(
            "At most {} partitions per topic",
            broker.config.max_partitions_per_topic
        )));
    }
    if let Some(assignments) = &wanted.assignments {
        let bad = |message: &str| Refusal::new(ErrorCode::InvalidReplicaAssignment, message);
        if assignments.len() != (count - now) as usize {
            let message = format!(
                "Attempted to add {} additional partition(s), but only {} assignment(s) were specified.",
                count - now,
                assignments.len()
            );
            return Err(bad(&message));
        }
        for assignment in assignments {
            broker.check_replicas(&assignment.broker_ids).map_err(|message| bad(&message))?;
        }
    }
    Ok(count)
}
