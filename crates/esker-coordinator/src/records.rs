//! The records of `__consumer_offsets`, in Kafka's own format, so that its tools can read them.

use bytes::Bytes;
use esker_core::{Epoch, Offset};
use esker_kafka_wire::{
    DecodeError, EncodeError, KString, decode_key, decode_prefixed, encode_key, encode_prefixed,
    messages::{
        GroupMetadataKey, GroupMetadataValue, LegacyOffsetCommitKey, OffsetCommitKey, OffsetCommitValue,
    },
    stored_prefix,
};

mod consumer;
mod share;

pub(crate) use self::{
    consumer::{ConsumerRecord, from_stored, to_stored},
    share::ShareRecord,
};
use crate::offsets::CommittedOffset;

/// The version of a group's value: the last one without tagged fields, which is what Kafka 4.3 writes.
const GROUP_VERSION: i16 = 3;
/// The version of an offset's value.
const OFFSET_VERSION: i16 = 4;
/// The version of an offset's value with an expiry of its own.
const EXPIRING_OFFSET_VERSION: i16 = 1;

/// A record to be written. A value of `None` is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: Bytes,
    pub(crate) value: Option<Bytes>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoded {
    /// A group's state, or that it is gone.
    Group { group: KString, value: Option<Box<GroupMetadataValue>> },
    /// A committed offset, or that it is gone.
    Offset { group: KString, topic: KString, partition: i32, value: Option<CommittedOffset> },
    /// Of a group of the consumer protocol.
    Consumer { group: KString, record: ConsumerRecord },
    /// Of a share group.
    Share { group: KString, record: ShareRecord },
    /// A record type of another coordinator (streams groups), or of a later version of Kafka.
    Other,
}

impl Record {
    pub(crate) fn group(group: &KString, value: &GroupMetadataValue) -> Result<Self, EncodeError> {
        let key = encode_key(&GroupMetadataKey { group: group.clone() })?;
        Ok(Self { key, value: Some(encode_prefixed(value, GROUP_VERSION)?) })
    }

    pub(crate) fn group_gone(group: &KString) -> Result<Self, EncodeError> {
        Ok(Self { key: encode_key(&GroupMetadataKey { group: group.clone() })?, value: None })
    }

    pub(crate) fn offset(
        group: &KString,
        topic: &KString,
        partition: i32,
        commit: &CommittedOffset,
    ) -> Result<Self, EncodeError> {
        let value = OffsetCommitValue {
            offset: commit.offset.0,
            leader_epoch: commit.leader_epoch.map_or(-1, |epoch| epoch.0),
            metadata: commit.metadata.clone(),
            commit_timestamp: commit.committed_ms,
            expire_timestamp: commit.expires_ms.unwrap_or(-1),
            topic_id: commit.topic_id,
        };
        let version = if commit.expires_ms.is_some() { EXPIRING_OFFSET_VERSION } else { OFFSET_VERSION };
        let key = offset_key(group, topic, partition)?;
        Ok(Self { key, value: Some(encode_prefixed(&value, version)?) })
    }

    pub(crate) fn offset_gone(group: &KString, topic: &KString, partition: i32) -> Result<Self, EncodeError> {
        Ok(Self { key: offset_key(group, topic, partition)?, value: None })
    }

    /// About the bytes it takes in a batch.
    pub(crate) fn size(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Bytes::len) + 16
    }
}

fn offset_key(group: &KString, topic: &KString, partition: i32) -> Result<Bytes, EncodeError> {
    encode_key(&OffsetCommitKey { group: group.clone(), topic: topic.clone(), partition })
}

/// Reads a record.
///
/// # Errors
/// When the bytes are not what their type says.
pub(crate) fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Decoded, DecodeError> {
    let key = Bytes::copy_from_slice(key);
    let value = value.map(Bytes::copy_from_slice);
    match stored_prefix(&key)? {
        0 => {
            let key: LegacyOffsetCommitKey = decode_key(key)?;
            decode_offset(&key.group, &key.topic, key.partition, value)
        }
        1 => {
            let key: OffsetCommitKey = decode_key(key)?;
            decode_offset(&key.group, &key.topic, key.partition, value)
        }
        2 => {
            let GroupMetadataKey { group } = decode_key(key)?;
            let value = match value {
                Some(bytes) => Some(Box::new(decode_prefixed::<GroupMetadataValue>(bytes)?.1)),
                None => None,
            };
            Ok(Decoded::Group { group, value })
        }
        kind @ (3..=8 | 16) => {
            let decoded = consumer::decode_consumer(kind, key, value)?;
            Ok(decoded.map_or(Decoded::Other, |(group, record)| Decoded::Consumer {
                group: group.compact(),
                record,
            }))
        }
        kind @ (10 | 11 | 14) => {
            let (group, record) = share::decode_share(kind, key, value)?;
            Ok(Decoded::Share { group: group.compact(), record })
        }
        _ => Ok(Decoded::Other),
    }
}

fn decode_offset(
    group: &KString,
    topic: &KString,
    partition: i32,
    value: Option<Bytes>,
) -> Result<Decoded, DecodeError> {
    let value = match value {
        None => None,
        Some(bytes) => {
            let (_, value) = decode_prefixed::<OffsetCommitValue>(bytes)?;
            Some(CommittedOffset {
                offset: Offset(value.offset),
                leader_epoch: (value.leader_epoch >= 0).then_some(Epoch(value.leader_epoch)),
                metadata: value.metadata.compact(),
                committed_ms: value.commit_timestamp,
                expires_ms: (value.expire_timestamp >= 0).then_some(value.expire_timestamp),
                topic_id: value.topic_id,
            })
        }
    };
    // Slices of the key would keep it whole; these outlive it by far.
    Ok(Decoded::Offset { group: group.compact(), topic: topic.compact(), partition, value })
}

#[cfg(test)]
mod tests;
