//! Topics: create, list, grow, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use esker_kafka_wire::messages::create_partitions_request::CreatePartitionsTopic;
use esker_kafka_wire::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use esker_kafka_wire::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use esker_kafka_wire::messages::delete_topics_request::DeleteTopicState;
use esker_kafka_wire::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest,
};
use esker_kafka_wire::{ErrorCode, KString};
use uuid::Uuid;

use super::{SERVER_WAIT, SERVER_WAIT_MS};
use crate::retry::with_retry;
use crate::{Client, ClientError, Topic};

/// A topic to create.
#[derive(Clone, Debug, Default)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Partitions; the broker's default if `None`.
    pub partitions: Option<i32>,
    /// Copies; the broker's default if `None`.
    pub replication_factor: Option<i16>,
    /// Settings other than the defaults.
    pub configs: BTreeMap<String, String>,
}

/// A topic as created. Counts are -1 where the broker does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its id, nil if the broker does not tell.
    pub id: Uuid,
    /// Partitions.
    pub partitions: i32,
    /// Copies.
    pub replication_factor: i16,
}

/// A refusal that names a topic that does not exist.
fn refused(error: ClientError, topic: &str) -> ClientError {
    match error.code() {
        Some(ErrorCode::UnknownTopicOrPartition) => ClientError::UnknownTopic(topic.to_owned()),
        _ => error,
    }
}

fn silent(what: &str, topic: &str) -> ClientError {
    let detail = format!("no result for {what} {topic:?}");
    ClientError::Malformed { address: "the broker".into(), detail }
}

impl Client {
    /// Creates a topic, or with `validate_only` only says whether it could be.
    ///
    /// # Errors
    /// It exists, or its name or settings are refused.
    pub async fn create_topic(
        &self,
        topic: &NewTopic,
        validate_only: bool,
    ) -> Result<CreatedTopic, ClientError> {
        let as_config = |(name, value): (&String, &String)| CreatableTopicConfig {
            name: KString::from(name.as_str()),
            value: Some(KString::from(value.as_str())),
        };
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: KString::from(topic.name.as_str()),
                num_partitions: topic.partitions.unwrap_or(-1),
                replication_factor: topic.replication_factor.unwrap_or(-1),
                assignments: Vec::new(),
                configs: topic.configs.iter().map(as_config).collect(),
            }],
            timeout_ms: SERVER_WAIT_MS,
            validate_only,
        };
        with_retry!(self, {
            let response = self.call_controller(&request, SERVER_WAIT).await?;
            let result = response.topics.first().ok_or_else(|| silent("creating", &topic.name))?;
            ClientError::check(result.error_code, result.error_message.as_deref(), || {
                format!("creating topic {:?}", topic.name)
            })?;
            let (partitions, replication_factor) = (result.num_partitions, result.replication_factor);
            Ok(CreatedTopic { id: result.topic_id, partitions, replication_factor })
        })
    }

    /// All topics, by name.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn list_topics(&self) -> Result<Vec<Arc<Topic>>, ClientError> {
        let cluster = with_retry!(self, { self.refresh_once(None).await })?;
        Ok(cluster.topics.values().cloned().collect())
    }

    /// Raises the number of partitions of a topic to `count`.
    ///
    /// # Errors
    /// The topic does not exist or has as many already.
    pub async fn create_partitions(&self, topic: &str, count: i32) -> Result<(), ClientError> {
        let wanted = CreatePartitionsTopic { name: KString::from(topic), count, assignments: None };
        let request = CreatePartitionsRequest {
            topics: vec![wanted],
            timeout_ms: SERVER_WAIT_MS,
            validate_only: false,
        };
        with_retry!(self, {
            let response = self.call_controller(&request, SERVER_WAIT).await?;
            let result = response.results.first().ok_or_else(|| silent("adding partitions to", topic))?;
            let what = || format!("adding partitions to {topic:?}");
            ClientError::check(result.error_code, result.error_message.as_deref(), what)
                .map_err(|error| refused(error, topic))
        })
    }

    /// Deletes a topic and everything in it.
    ///
    /// # Errors
    /// The topic does not exist, or the broker does not allow it.
    pub async fn delete_topic(&self, topic: &str) -> Result<(), ClientError> {
        let name = KString::from(topic);
        let request = DeleteTopicsRequest {
            topics: vec![DeleteTopicState { name: Some(name.clone()), topic_id: Uuid::nil() }],
            topic_names: vec![name],
            timeout_ms: SERVER_WAIT_MS,
        };
        with_retry!(self, {
            let connection = self.controller_connection().await?;
            // Names moved from one field to the other with version 6.
            let mut request = request.clone();
            if connection.version_of::<DeleteTopicsRequest>(i16::MAX)? >= 6 {
                request.topic_names.clear();
            } else {
                request.topics.clear();
            }
            let response = connection.start(&request, i16::MAX, SERVER_WAIT)?.await?;
            let result = response.responses.first().ok_or_else(|| silent("deleting", topic))?;
            let what = || format!("deleting topic {topic:?}");
            ClientError::check(result.error_code, result.error_message.as_deref(), what)
                .map_err(|error| refused(error, topic))
        })
    }

    /// Deletes the records of a partition before `offset` (-1: all), and returns the new first offset.
    ///
    /// # Errors
    /// The partition does not exist, or the offset is past its end.
    pub async fn delete_records(&self, topic: &str, partition: i32, offset: i64) -> Result<i64, ClientError> {
        let partitions = vec![DeleteRecordsPartition { partition_index: partition, offset }];
        let request = DeleteRecordsRequest {
            topics: vec![DeleteRecordsTopic { name: KString::from(topic), partitions }],
            timeout_ms: SERVER_WAIT_MS,
        };
        with_retry!(self, {
            let connection = self.connection(self.leader_of(topic, partition).await?).await?;
            let response = connection.start(&request, i16::MAX, SERVER_WAIT)?.await?;
            let result = response.topics.first().and_then(|topic| topic.partitions.first());
            let result = result.ok_or_else(|| silent("deleting records of", topic))?;
            ClientError::check(result.error_code, None, || {
                format!("deleting records of {topic}-{partition}")
            })?;
            Ok(result.low_watermark)
        })
    }
}
