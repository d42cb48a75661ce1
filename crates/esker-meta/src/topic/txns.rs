//! Transactions on topics.

use std::collections::BTreeMap;

use esker_core::{TopicId, TopicNumber};

use super::{TopicError, TopicRecord};
use crate::{
    Expect, Meta, MetaError, Revision, Txn, Versioned, check_topic_name, counter::Counter, meta::Settled,
};

/// The counter of topic numbers; number `n` of the counter is topic number `n + 1`, so that 0 names no topic.
pub(crate) const TOPIC_COUNTER: &str = "topic";

/// A topic to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Its number of partitions.
    pub partitions: u32,
    /// The replication factor asked for.
    pub replication_factor: u16,
    /// Configs that differ from the defaults; already validated.
    pub configs: BTreeMap<String, String>,
}

impl NewTopic {
    fn check(&self) -> Result<(), TopicError> {
        let Self { name, partitions, .. } = self;
        check_topic_name(name).map_err(|why| TopicError::InvalidName { name: name.clone(), why })?;
        if !(1..=TopicRecord::MAX_PARTITIONS).contains(partitions) {
            return Err(TopicError::InvalidPartitions { name: name.clone(), now: 0, asked: *partitions });
        }
        if self.replication_factor == 0 {
            return Err(TopicError::InvalidReplicationFactor);
        }
        check_configs(name, &self.configs)
    }
}

fn check_configs(name: &str, configs: &BTreeMap<String, String>) -> Result<(), TopicError> {
    if TopicRecord::config_bytes(configs) > TopicRecord::MAX_CONFIG_BYTES {
        return Err(TopicError::ConfigsTooLarge(name.to_owned()));
    }
    Ok(())
}

impl Meta {
    /// Creates a topic under the next topic number.
    ///
    /// # Errors
    /// [`TopicError`].
    pub async fn create_topic(&self, new: &NewTopic) -> Result<Versioned<TopicRecord>, TopicError> {
        new.check()?;
        let (key, counter_key) = (self.keys().topic(&new.name), self.keys().id(TOPIC_COUNTER));
        let id = TopicId::from_random(self.env().random.bytes16());
        loop {
            let counter = self.counter(TOPIC_COUNTER).await?;
            let number = u32::try_from(counter.next + 1).map_err(|_| MetaError::Corrupt {
                key: counter_key.clone(),
                field: "next (no topic numbers left)".to_owned(),
            })?;
            let record = TopicRecord {
                name: new.name.clone(),
                id,
                number: TopicNumber(number),
                partitions: new.partitions,
                replication_factor: new.replication_factor,
                configs: new.configs.clone(),
                created_ms: self.env().clock.wall_ms(),
                deleting: false,
            };
            let txn = Txn::new()
                .when(&key, Expect::Absent)
                .when(&counter_key, Expect::Modified(counter.modified))
                .put(&key, record.encode())
                .put(&counter_key, Counter::encode(counter.next + 1))
                .or_get(&key);
            match self.settle(txn, Some(&key)).await? {
                Settled::Done(modified) => return Ok(Versioned { record, modified }),
                Settled::Refused(reads) if matches!(reads.first(), Some(Some(_))) => {
                    return Err(TopicError::TopicExists(new.name.clone()));
                }
                // Another topic took the number.
                Settled::Refused(_) => {}
            }
        }
    }

    /// A topic.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn topic(&self, name: &str) -> Result<Option<Versioned<TopicRecord>>, MetaError> {
        // A name that no topic can have could otherwise reach outside `/topics/`.
        if check_topic_name(name).is_err() {
            return Ok(None);
        }
        let found = self.store().get(self.keys().topic(name)).await?;
        found.as_ref().map(TopicRecord::decode).transpose()
    }

    /// Deletes a topic as the caller knows it. Its number is never given out again, which is how the owners of its
    /// shards learn that what they have of it may go.
    ///
    /// # Errors
    /// [`TopicError::Changed`] when it is another now, [`TopicError::UnknownTopic`] when it is gone.
    pub async fn delete_topic(&self, topic: &Versioned<TopicRecord>) -> Result<Revision, TopicError> {
        let key = self.keys().topic(&topic.record.name);
        let txn = Txn::new().when(&key, Expect::Modified(topic.modified)).delete(&key).or_get(&key);
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(revision) => Ok(revision),
            Settled::Refused(reads) => Err(refusal(&topic.record.name, &reads)),
        }
    }

    /// Marks a topic as being deleted, for deletions that take their time.
    ///
    /// # Errors
    /// As [`Meta::delete_topic`].
    pub async fn mark_topic_deleting(
        &self,
        topic: &Versioned<TopicRecord>,
    ) -> Result<Versioned<TopicRecord>, TopicError> {
        self.change_topic(topic, TopicRecord { deleting: true, ..topic.record.clone() }).await
    }

    /// Gives a topic more partitions.
    ///
    /// # Errors
    /// [`TopicError::InvalidPartitions`] unless `partitions` is more than it has; [`TopicError::Changed`],
    /// [`TopicError::UnknownTopic`].
    pub async fn add_partitions(
        &self,
        topic: &Versioned<TopicRecord>,
        partitions: u32,
    ) -> Result<Versioned<TopicRecord>, TopicError> {
        let TopicRecord { name, partitions: now, .. } = &topic.record;
        if partitions <= *now || partitions > TopicRecord::MAX_PARTITIONS {
            return Err(TopicError::InvalidPartitions { name: name.clone(), now: *now, asked: partitions });
        }
        self.change_topic(topic, TopicRecord { partitions, ..topic.record.clone() }).await
    }

    /// Replaces a topic's configs (already validated).
    ///
    /// # Errors
    /// [`TopicError::ConfigsTooLarge`], [`TopicError::Changed`], [`TopicError::UnknownTopic`].
    pub async fn set_topic_configs(
        &self,
        topic: &Versioned<TopicRecord>,
        configs: BTreeMap<String, String>,
    ) -> Result<Versioned<TopicRecord>, TopicError> {
        check_configs(&topic.record.name, &configs)?;
        self.change_topic(topic, TopicRecord { configs, ..topic.record.clone() }).await
    }

    async fn change_topic(
        &self,
        topic: &Versioned<TopicRecord>,
        record: TopicRecord,
    ) -> Result<Versioned<TopicRecord>, TopicError> {
        let key = self.keys().topic(&record.name);
        let txn =
            Txn::new().when(&key, Expect::Modified(topic.modified)).put(&key, record.encode()).or_get(&key);
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(modified) => Ok(Versioned { record, modified }),
            Settled::Refused(reads) => Err(refusal(&record.name, &reads)),
        }
    }
}

fn refusal(name: &str, reads: &[Option<crate::KeyValue>]) -> TopicError {
    match reads.first() {
        Some(Some(_)) => TopicError::Changed(name.to_owned()),
        _ => TopicError::UnknownTopic(name.to_owned()),
    }
}
