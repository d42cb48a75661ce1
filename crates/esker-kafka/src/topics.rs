//! Topics as requests name them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_core::{BrokerId, PartitionId, TopicId};
use esker_kafka_wire::{ErrorCode, KString};
use esker_log::LogError;
use esker_meta::{NewTopic, Topic, TopicError, check_topic_name};
use uuid::Uuid;

use crate::{broker::Broker, errors::KafkaError};

/// Topics that belong to the broker: clients may read them, not write or delete them.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

/// How long a request waits until a topic that it created can be used here.
const VISIBLE_WITHIN: Duration = Duration::from_secs(5);

/// Whether a topic belongs to the broker.
pub(crate) fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}

/// A topic as a request named it, in the form that its version uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TopicRef {
    /// By name.
    Name(KString),
    /// By UUID.
    Id(Uuid),
}

impl TopicRef {
    /// The field that a request's version fills: the id from `ids_from` on, else the name.
    pub(crate) fn of(version: i16, ids_from: i16, name: &KString, id: Uuid) -> Self {
        if version >= ids_from { Self::Id(id) } else { Self::Name(name.clone()) }
    }

    /// The topic, or the error for each of its partitions.
    pub(crate) fn find(&self, broker: &Broker) -> Result<Arc<Topic>, ErrorCode> {
        match self {
            Self::Name(name) => broker.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition),
            Self::Id(id) => broker.topic_by_id(*id).ok_or(ErrorCode::UnknownTopicId),
        }
    }

    /// Name and id to repeat in a response: what the request said, which is all that its version carries.
    pub(crate) fn names(&self) -> (KString, Uuid) {
        match self {
            Self::Name(name) => (name.clone(), Uuid::nil()),
            Self::Id(id) => (KString::new(), *id),
        }
    }
}

/// The id of a topic's partition, if the topic has it.
pub(crate) fn partition(topic: &Topic, index: i32) -> Option<PartitionId> {
    let index = u32::try_from(index).ok().filter(|index| *index < topic.record.partitions)?;
    Some(PartitionId { topic: topic.record.number, index })
}

impl Broker {
    /// A topic that may be used.
    pub(crate) fn topic(&self, name: &str) -> Option<Arc<Topic>> {
        self.catalog.by_name(name).filter(|topic| !topic.record.deleting)
    }

    /// A topic that may be used.
    pub(crate) fn topic_by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.catalog.by_id(TopicId(id)).filter(|topic| !topic.record.deleting)
    }

    /// A partition by the name of its topic.
    pub(crate) fn partition(&self, topic: &str, index: i32) -> Result<PartitionId, ErrorCode> {
        let topic = self.topic(topic);
        topic.and_then(|topic| partition(&topic, index)).ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    /// Ids of all live brokers.
    pub(crate) fn broker_ids(&self) -> Vec<BrokerId> {
        self.cluster.broker_ids()
    }

    /// Checks a manual assignment of one partition; returns how many replicas it names.
    pub(crate) fn check_replicas(&self, replicas: &[i32]) -> Result<usize, String> {
        if replicas.is_empty() {
            return Err("The manual partition assignment includes an empty replica list.".to_owned());
        }
        let known = self.broker_ids();
        let mut seen = BTreeSet::new();
        for &replica in replicas {
            if !known.contains(&BrokerId(replica)) {
                return Err(format!(
                    "The manual partition assignment includes broker {replica}, but no such broker is registered."
                ));
            }
            if !seen.insert(replica) {
                return Err(format!(
                    "The manual partition assignment includes the broker {replica} more than once."
                ));
            }
        }
        Ok(replicas.len())
    }

    /// Creates a topic that a client used before it existed, with the broker's defaults. Losing the race against
    /// another creation is a success.
    pub(crate) async fn auto_create(&self, name: &str) -> Result<Arc<Topic>, ErrorCode> {
        check_topic_name(name).map_err(|_| ErrorCode::InvalidTopicException)?;
        if is_internal(name) || !self.config.auto_create_topics {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        let new = NewTopic {
            name: name.to_owned(),
            partitions: self.config.default_partitions,
            replication_factor: self.config.default_replication_factor,
            configs: BTreeMap::new(),
        };
        match self.meta.create_topic(&new).await {
            Ok(created) => {
                tracing::info!(topic = name, partitions = new.partitions, "topic created on first use");
                self.wait_visible(&created).await;
            }
            Err(TopicError::TopicExists(_)) => {}
            Err(error) => {
                tracing::warn!(topic = name, %error, "topic not created on first use");
                return Err(error.code());
            }
        }
        // The catalog of the loser of a race may lag behind for a moment: clients ask again.
        self.topic(name).ok_or(ErrorCode::LeaderNotAvailable)
    }

    /// Waits until a topic as it was just written can be used here: the catalog shows it and the log serves it.
    pub(crate) async fn wait_visible(&self, topic: &Topic) {
        let shown = async {
            self.catalog.reached(topic.modified).await;
            let last = PartitionId { topic: topic.record.number, index: topic.record.partitions - 1 };
            // One that another broker leads is served there.
            while matches!(self.log.offsets(last), Err(LogError::UnknownPartition(_))) {
                self.env.clock.sleep(Duration::from_millis(5)).await;
            }
        };
        if self.env.timeout(VISIBLE_WITHIN, shown).await.is_err() {
            tracing::warn!(topic = %topic.record.name, "the topic is not served yet");
        }
    }
}
