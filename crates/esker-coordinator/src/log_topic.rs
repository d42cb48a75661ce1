//! Internal topics on the broker's log.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{Epoch, Offset, PartitionId, batch::CheckedBatch};
use esker_env::{BoxFuture, Env};
use esker_log::{AppendError, AppendOptions, Isolation, Log, LogError, ReadError, ReadLimits};
use esker_meta::{Meta, NewTopic, Topic, TopicError as MetaTopicError};

use crate::topic::{InternalTopic, SHARE_TOPIC, TopicError, TopicRange, TopicRead};

/// How long creating the topic waits until the log serves it.
const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// An internal topic: an ordinary one, of which nothing is deleted by age or size.
pub struct LogTopic {
    name: &'static str,
    log: Log,
    meta: Meta,
    env: Env,
    replication_factor: u16,
}

impl LogTopic {
    /// The topic of this name ([`crate::OFFSETS_TOPIC`], [`crate::TRANSACTIONS_TOPIC`]) on this log. `replication_factor`
    /// counts when it is created.
    #[must_use]
    pub fn new(name: &'static str, log: Log, meta: Meta, env: Env, replication_factor: u16) -> Self {
        Self { name, log, meta, env, replication_factor }
    }

    fn topic(&self) -> Option<Arc<Topic>> {
        self.log.catalog().by_name(self.name).filter(|topic| !topic.record.deleting)
    }

    /// What is said of the topic. Records of share partitions add up: the last one of a key is not all of it.
    fn configs(&self) -> BTreeMap<String, String> {
        let said: &[(&str, &str)] = match self.name {
            SHARE_TOPIC => &[("cleanup.policy", "delete"), ("retention.bytes", "-1"), ("retention.ms", "-1")],
            _ => &[("cleanup.policy", "compact")],
        };
        said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn partition(&self, index: u32) -> Result<PartitionId, TopicError> {
        let topic = self.topic().ok_or_else(|| TopicError::Lost(format!("{} is gone", self.name)))?;
        Ok(PartitionId { topic: topic.record.number, index })
    }

    async fn create_topic(&self, partitions: u32) -> Result<u32, TopicError> {
        let unavailable = |error: &dyn std::fmt::Display| TopicError::Unavailable(error.to_string());
        let new = NewTopic {
            name: self.name.to_owned(),
            partitions,
            replication_factor: self.replication_factor,
            configs: self.configs(),
        };
        match self.meta.create_topic(&new).await {
            Ok(_) => tracing::info!(topic = self.name, partitions, "internal topic created"),
            // Another request or broker was first.
            Err(MetaTopicError::TopicExists(_)) => {}
            Err(error) => return Err(unavailable(&error)),
        }
        let visible = async {
            loop {
                if let Some(count) = self.partitions() {
                    return count;
                }
                self.env.clock.sleep(LOOK_EVERY).await;
            }
        };
        self.env.timeout(VISIBLE_WITHIN, visible).await.map_err(|elapsed| unavailable(&elapsed))
    }
}

impl InternalTopic for LogTopic {
    fn name(&self) -> &'static str {
        self.name
    }

    fn partitions(&self) -> Option<u32> {
        let topic = self.topic()?;
        let last = PartitionId { topic: topic.record.number, index: topic.record.partitions - 1 };
        // The log comes to know a topic a moment after the catalog.
        let served = !matches!(self.log.offsets(last), Err(LogError::UnknownPartition(_)));
        served.then_some(topic.record.partitions)
    }

    fn create(&self, partitions: u32) -> BoxFuture<'_, Result<u32, TopicError>> {
        Box::pin(self.create_topic(partitions))
    }

    fn range(&self, partition: u32) -> Result<TopicRange, TopicError> {
        // It can be read still. Whoever began again now would know less than who has written under this epoch.
        if self.log.is_closing() {
            return Err(TopicError::Lost("the broker's log is closed".to_owned()));
        }
        let offsets = self.log.offsets(self.partition(partition)?).map_err(|error| lost(&error))?;
        Ok(TopicRange { start: offsets.log_start, end: offsets.high_watermark, epoch: offsets.epoch })
    }

    fn read(
        &self,
        partition: u32,
        from: Offset,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<TopicRead, TopicError>> {
        Box::pin(async move {
            let limits = ReadLimits { max_bytes, at_least_one: true, isolation: Isolation::ReadUncommitted };
            match self.log.read(self.partition(partition)?, from, limits).await {
                Ok(read) => Ok(TopicRead { chunks: read.chunks, next: read.next }),
                Err(ReadError::Log(error)) => Err(lost(&error)),
                Err(error) => Err(TopicError::Unavailable(error.to_string())),
            }
        })
    }

    fn trim(&self, partition: u32, before: Offset) -> BoxFuture<'_, Result<(), TopicError>> {
        Box::pin(async move {
            let trimmed = self.log.delete_records(self.partition(partition)?, Some(before)).await;
            trimmed.map(drop).map_err(|error| TopicError::Unavailable(error.to_string()))
        })
    }

    fn confirm(&self, partition: u32) -> BoxFuture<'_, Result<(), TopicError>> {
        Box::pin(
            async move { self.log.confirm(self.partition(partition)?).await.map_err(|error| lost(&error)) },
        )
    }

    fn append(
        &self,
        partition: u32,
        epoch: Epoch,
        batch: Bytes,
    ) -> Result<BoxFuture<'static, Result<(), TopicError>>, TopicError> {
        let batch =
            CheckedBatch::internal(&batch).map_err(|error| TopicError::Unavailable(error.to_string()))?;
        // Whoever writes for a producer has asked its transaction's coordinator.
        let options = AppendOptions {
            all_replicas: true,
            by_coordinator: true,
            epoch: Some(epoch),
            ..AppendOptions::default()
        };
        let appended =
            self.log.append(self.partition(partition)?, batch, options).map_err(|error| refused(&error))?;
        Ok(Box::pin(async move { appended.ticket.durable().await.map_err(|error| refused(&error)) }))
    }
}

fn lost(error: &LogError) -> TopicError {
    TopicError::Lost(error.to_string())
}

fn refused(error: &AppendError) -> TopicError {
    match error {
        AppendError::Log(LogError::Moving(_)) => TopicError::Unavailable(error.to_string()),
        AppendError::Producer(_) => TopicError::Refused(error.to_string()),
        AppendError::Log(_) | AppendError::Closed(_) | AppendError::TooFewCopies { .. } => {
            TopicError::Lost(error.to_string())
        }
        _ => TopicError::Unavailable(error.to_string()),
    }
}
