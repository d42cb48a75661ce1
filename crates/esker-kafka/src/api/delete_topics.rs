//! DeleteTopics.

use std::{collections::BTreeMap, sync::Arc};

use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        DeleteTopicsRequest, DeleteTopicsResponse, delete_topics_request::DeleteTopicState,
        delete_topics_response::DeletableTopicResult,
    },
};
use esker_meta::{Topic, TopicError};
use uuid::Uuid;

use crate::{api::refusal::Refusal, broker::Broker, context::Context, topics::is_internal};

pub(crate) const KEY: ApiKey = ApiKey::DeleteTopics;

/// From here on a topic may be named by its id.
const IDS_FROM: i16 = 6;
/// From here on clients know `TOPIC_DELETION_DISABLED`.
const DISABLED_FROM: i16 = 3;
/// Attempts when a topic changes at the same time.
const ATTEMPTS: usize = 10;

pub(crate) async fn handle(context: Context, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let wanted: Vec<DeleteTopicState> = if context.version >= IDS_FROM {
        request.topics
    } else {
        request
            .topic_names
            .into_iter()
            .map(|name| DeleteTopicState { name: Some(name), topic_id: Uuid::nil() })
            .collect()
    };
    let mut counts: BTreeMap<(Option<KString>, Uuid), usize> = BTreeMap::new();
    for wanted in &wanted {
        *counts.entry((wanted.name.clone(), wanted.topic_id)).or_default() += 1;
    }
    let mut responses = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let repeated = counts[&(wanted.name.clone(), wanted.topic_id)] > 1;
        let deleted = if repeated {
            Err(Refusal::new(ErrorCode::InvalidRequest, "Duplicate topic."))
        } else {
            delete(&context, &wanted).await
        };
        responses.push(match deleted {
            Ok(topic) => DeletableTopicResult {
                name: Some(topic.record.name.as_str().into()),
                topic_id: topic.record.id.0,
                ..DeletableTopicResult::default()
            },
            Err(refusal) => DeletableTopicResult {
                name: wanted.name,
                topic_id: wanted.topic_id,
                error_code: refusal.error.code(),
                error_message: refusal.message,
            },
        });
    }
    DeleteTopicsResponse { responses, ..DeleteTopicsResponse::default() }
}

async fn delete(context: &Context, wanted: &DeleteTopicState) -> Result<Arc<Topic>, Refusal> {
    let broker = &context.broker;
    if !broker.config.delete_topics {
        let error = if context.version >= DISABLED_FROM {
            ErrorCode::TopicDeletionDisabled
        } else {
            ErrorCode::InvalidRequest
        };
        return Err(Refusal::new(error, "Topic deletion is disabled."));
    }
    let topic = find(broker, wanted)?;
    if is_internal(&topic.record.name) {
        return Err(Refusal::new(ErrorCode::InvalidRequest, "the broker itself needs this topic"));
    }
    let id = topic.record.id;
    let mut known = (*topic).clone();
    for _ in 0..ATTEMPTS {
        match broker.meta.delete_topic(&known).await {
            Ok(revision) => {
                tracing::info!(topic = %topic.record.name, "topic deleted");
                let shown = broker.catalog.reached(revision);
                // The topic is gone whether or not this broker has heard of it.
                let _ = broker.env.timeout(std::time::Duration::from_secs(5), shown).await;
                return Ok(topic);
            }
            Err(TopicError::Changed(name)) => {
                known =
                    broker.meta.topic(&name).await?.filter(|now| now.record.id == id).ok_or_else(unknown)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(TopicError::Changed(topic.record.name.clone()).into())
}

fn unknown() -> Refusal {
    Refusal::new(ErrorCode::UnknownTopicOrPartition, "This server does not host this topic-partition.")
}

fn find(broker: &Broker, wanted: &DeleteTopicState) -> Result<Arc<Topic>, Refusal> {
    match &wanted.name {
        Some(_) if !wanted.topic_id.is_nil() => {
            Err(Refusal::new(ErrorCode::InvalidRequest, "You may not specify both topic name and topic id."))
        }
        Some(name) => broker.topic(name).ok_or_else(unknown),
        None if wanted.topic_id.is_nil() => {
            Err(Refusal::new(ErrorCode::InvalidRequest, "Neither topic name nor id were specified."))
        }
        None => broker.topic_by_id(wanted.topic_id).ok_or_else(|| {
            Refusal::new(ErrorCode::UnknownTopicId, "This server does not host this topic ID.")
        }),
    }
}
