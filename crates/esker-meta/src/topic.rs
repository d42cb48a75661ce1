//! `/topics/<name>`: topics, their partition counts and configs.

mod txns;

use std::collections::BTreeMap;

use esker_core::{Action, Classified, TopicId, TopicNumber};

pub use self::txns::NewTopic;
pub(crate) use self::txns::TOPIC_COUNTER;
use crate::{
    BadTopicName, KeyValue, MetaError, Versioned, check_topic_name,
    codec::{Source, encode, uuid_bytes},
    proto,
};

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRecord {
    /// Its name.
    pub name: String,
    /// Its UUID, random, never reused.
    pub id: TopicId,
    /// Its number, `1..`, never reused; a later topic has the larger one.
    pub number: TopicNumber,
    /// Its number of partitions, `1..=`[`TopicRecord::MAX_PARTITIONS`]; never shrinks.
    pub partitions: u32,
    /// The replication factor that was asked for, at least 1.
    pub replication_factor: u16,
    /// Configs that differ from the defaults.
    pub configs: BTreeMap<String, String>,
    /// When it was created, milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// It is being deleted: nobody may use it, and its name is still taken.
    pub deleting: bool,
}

impl TopicRecord {
    /// Most partitions of one topic.
    pub const MAX_PARTITIONS: u32 = 100_000;
    /// Most bytes of all config names and values of one topic.
    pub const MAX_CONFIG_BYTES: usize = 64 << 10;

    fn config_bytes(configs: &BTreeMap<String, String>) -> usize {
        configs.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    pub(crate) fn encode(&self) -> bytes::Bytes {
        encode(&proto::Topic {
            name: self.name.clone(),
            id: uuid_bytes(self.id.0),
            number: self.number.0,
            partitions: self.partitions,
            replication_factor: u32::from(self.replication_factor),
            configs: self.configs.clone(),
            created_ms: self.created_ms,
            deleting: self.deleting,
        })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Versioned<Self>, MetaError> {
        let (source, message) = Source::message::<proto::Topic>(entry)?;
        source.ensure(check_topic_name(&message.name).is_ok(), "name")?;
        source.ensure(entry.key.ends_with(&format!("/topics/{}", message.name)), "name")?;
        source.ensure(message.number > 0, "number")?;
        source.ensure((1..=Self::MAX_PARTITIONS).contains(&message.partitions), "partitions")?;
        let replication_factor = source.fit(message.replication_factor, "replication factor")?;
        source.ensure(replication_factor > 0, "replication factor")?;
        source.ensure(Self::config_bytes(&message.configs) <= Self::MAX_CONFIG_BYTES, "configs")?;
        let record = Self {
            id: TopicId(source.uuid(&message.id, "id")?),
            name: message.name,
            number: TopicNumber(message.number),
            partitions: message.partitions,
            replication_factor,
            configs: message.configs,
            created_ms: message.created_ms,
            deleting: message.deleting,
        };
        Ok(Versioned { record, modified: entry.modified })
    }
}

/// Why a topic was not created or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The name is taken, perhaps by a topic that is being deleted.
    #[error("topic {0} exists already")]
    TopicExists(String),
    /// There is no such topic (any more).
    #[error("topic {0} does not exist")]
    UnknownTopic(String),
    /// The name breaks Kafka's rules.
    #[error("topic name {name:?}: {why}")]
    InvalidName {
        /// The name.
        name: String,
        /// The rule.
        why: BadTopicName,
    },
    /// The partition count is outside its range, or not larger than before.
    #[error("topic {name} has {now} partitions, not {asked}: use a larger number, up to 100000")]
    InvalidPartitions {
        /// The topic.
        name: String,
        /// Its partitions now; 0 when it is being created.
        now: u32,
        /// The count asked for.
        asked: u32,
    },
    /// The replication factor is 0.
    #[error("replication factor 0: use at least 1")]
    InvalidReplicationFactor,
    /// The configs are too large together.
    #[error("the configs of topic {0} take more than 64 KiB")]
    ConfigsTooLarge(String),
    /// The topic was changed at the same time: read it again.
    #[error("topic {0} was changed at the same time")]
    Changed(String),
    /// The store failed.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl Classified for TopicError {
    fn action(&self) -> Action {
        match self {
            Self::Changed(_) | Self::UnknownTopic(_) => Action::Refresh,
            Self::Meta(error) => error.action(),
            _ => Action::GiveUp,
        }
    }
}
