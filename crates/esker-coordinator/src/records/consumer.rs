//! The records of groups of the consumer protocol (KIP-848), as Kafka 4.3 writes them: one for each member's
//! subscription, position and target, one for each epoch, one for each regular expression.

use std::collections::BTreeSet;

use bytes::Bytes;
use esker_kafka_wire::{
    CoordinatorKey, DecodeError, EncodeError, KString, Message, decode_key, decode_prefixed, encode_key,
    encode_prefixed,
    messages::{
        ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue,
        ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataKey,
        ConsumerGroupMetadataValue, ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue,
        ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue,
        ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue,
        consumer_group_current_member_assignment_value::TopicPartitions,
        consumer_group_target_assignment_member_value::TopicPartition,
    },
};

use super::Record;
use crate::consumer::{Owned, Partitions, Resolved};

/// The version of every value here.
const VERSION: i16 = 0;

/// What a record of a consumer group says; `None` where it says that something is gone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ConsumerRecord {
    /// The group itself: its epoch.
    Epoch(Option<ConsumerGroupMetadataValue>),
    /// What a member said.
    Member(KString, Option<Box<ConsumerGroupMemberMetadataValue>>),
    /// The epoch of the target.
    TargetEpoch(Option<ConsumerGroupTargetAssignmentMetadataValue>),
    /// What a member is to have.
    Target(KString, Option<Partitions>),
    /// Where a member stands.
    Position(KString, Option<Box<ConsumerGroupCurrentMemberAssignmentValue>>),
    /// What a regular expression stands for.
    Regex(KString, Option<Resolved>),
}

impl Record {
    pub(super) fn of<K: CoordinatorKey, V: Message>(key: &K, value: Option<&V>) -> Result<Self, EncodeError> {
        let value = value.map(|value| encode_prefixed(value, VERSION)).transpose()?;
        Ok(Self { key: encode_key(key)?, value })
    }

    pub(crate) fn consumer_epoch(
        group: &KString,
        value: Option<&ConsumerGroupMetadataValue>,
    ) -> Result<Self, EncodeError> {
        Self::of(&ConsumerGroupMetadataKey { group_id: group.clone() }, value)
    }

    pub(crate) fn consumer_member(
        group: &KString,
        member: &KString,
        value: Option<&ConsumerGroupMemberMetadataValue>,
    ) -> Result<Self, EncodeError> {
        let key = ConsumerGroupMemberMetadataKey { group_id: group.clone(), member_id: member.clone() };
        Self::of(&key, value)
    }

    pub(crate) fn consumer_target_epoch(
        group: &KString,
        value: Option<&ConsumerGroupTargetAssignmentMetadataValue>,
    ) -> Result<Self, EncodeError> {
        Self::of(&ConsumerGroupTargetAssignmentMetadataKey { group_id: group.clone() }, value)
    }

    pub(crate) fn consumer_target(
        group: &KString,
        member: &KString,
        target: Option<&Partitions>,
    ) -> Result<Self, EncodeError> {
        let key =
            ConsumerGroupTargetAssignmentMemberKey { group_id: group.clone(), member_id: member.clone() };
        let value = target.map(|target| ConsumerGroupTargetAssignmentMemberValue {
            topic_partitions: target
                .iter()
                .map(|(topic, partitions)| TopicPartition {
                    topic_id: *topic,
                    partitions: partitions.iter().copied().collect(),
                })
                .collect(),
        });
        Self::of(&key, value.as_ref())
    }

    pub(crate) fn consumer_position(
        group: &KString,
        member: &KString,
        value: Option<&ConsumerGroupCurrentMemberAssignmentValue>,
    ) -> Result<Self, EncodeError> {
        let key =
            ConsumerGroupCurrentMemberAssignmentKey { group_id: group.clone(), member_id: member.clone() };
        Self::of(&key, value)
    }

    pub(crate) fn consumer_regex(
        group: &KString,
        regex: &KString,
        resolved: Option<&Resolved>,
    ) -> Result<Self, EncodeError> {
        let key =
            ConsumerGroupRegularExpressionKey { group_id: group.clone(), regular_expression: regex.clone() };
        let value = resolved.map(|resolved| ConsumerGroupRegularExpressionValue {
            topics: resolved.topics.iter().cloned().collect(),
            version: resolved.version,
            timestamp: resolved.when_ms,
        });
        Self::of(&key, value.as_ref())
    }
}

/// Partitions with the epochs at which they were given, in the form of a position's record.
pub(crate) fn to_stored(owned: &Owned) -> Vec<TopicPartitions> {
    owned
        .iter()
        .map(|(topic, partitions)| TopicPartitions {
            topic_id: *topic,
            partitions: partitions.keys().copied().collect(),
            assignment_epochs: Some(partitions.values().copied().collect()),
        })
        .collect()
}

/// Back from a position's record. Where it has no epochs, as before Kafka 4.3, the member's own counts.
pub(crate) fn from_stored(stored: &[TopicPartitions], member_epoch: i32) -> Owned {
    let mut owned = Owned::new();
    for topic in stored {
        let epochs = topic.assignment_epochs.as_deref().unwrap_or_default();
        let partitions = owned.entry(topic.topic_id).or_default();
        for (at, partition) in topic.partitions.iter().enumerate() {
            partitions.insert(*partition, epochs.get(at).copied().unwrap_or(member_epoch));
        }
    }
    owned.retain(|_, partitions| !partitions.is_empty());
    owned
}

/// Reads a record of one of the types 3 to 8 and 16, which belong to consumer groups; `None` for the types among them
/// that Kafka has given up. Whatever outlives the record is copied.
pub(super) fn decode_consumer(
    kind: i16,
    key: Bytes,
    value: Option<Bytes>,
) -> Result<Option<(KString, ConsumerRecord)>, DecodeError> {
    let (group, record) = match kind {
        3 => {
            let key: ConsumerGroupMetadataKey = decode_key(key)?;
            (key.group_id, ConsumerRecord::Epoch(read(value)?))
        }
        // The partitions of topics: the cluster's metadata have them.
        4 => return Ok(None),
        5 => {
            let key: ConsumerGroupMemberMetadataKey = decode_key(key)?;
            (key.group_id, ConsumerRecord::Member(key.member_id.compact(), read(value)?.map(Box::new)))
        }
        6 => {
            let key: ConsumerGroupTargetAssignmentMetadataKey = decode_key(key)?;
            (key.group_id, ConsumerRecord::TargetEpoch(read(value)?))
        }
        7 => {
            let key: ConsumerGroupTargetAssignmentMemberKey = decode_key(key)?;
            let value: Option<ConsumerGroupTargetAssignmentMemberValue> = read(value)?;
            let target = value.map(|value| {
                let topics = value.topic_partitions.into_iter();
                let topics = topics.filter(|topic| !topic.partitions.is_empty());
                topics.map(|topic| (topic.topic_id, BTreeSet::from_iter(topic.partitions))).collect()
            });
            (key.group_id, ConsumerRecord::Target(key.member_id.compact(), target))
        }
        8 => {
            let key: ConsumerGroupCurrentMemberAssignmentKey = decode_key(key)?;
            (key.group_id, ConsumerRecord::Position(key.member_id.compact(), read(value)?.map(Box::new)))
        }
        _ => {
            let key: ConsumerGroupRegularExpressionKey = decode_key(key)?;
            let value: Option<ConsumerGroupRegularExpressionValue> = read(value)?;
            let resolved = value.map(|value| Resolved {
                topics: value.topics.iter().map(KString::compact).collect(),
                version: value.version,
                when_ms: value.timestamp,
            });
            (key.group_id, ConsumerRecord::Regex(key.regular_expression.compact(), resolved))
        }
    };
    Ok(Some((group, record)))
}

pub(super) fn read<V: Message>(value: Option<Bytes>) -> Result<Option<V>, DecodeError> {
    value.map(|bytes| decode_prefixed::<V>(bytes).map(|(_, value)| value)).transpose()
}
