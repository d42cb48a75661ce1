//! The records of share groups (KIP-932), as Kafka 4.3 writes them.

use bytes::Bytes;
use esker_kafka_wire::{
    DecodeError, EncodeError, KString, decode_key,
    messages::{
        ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue,
        ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue, ShareGroupMetadataKey,
        ShareGroupMetadataValue,
    },
};

use super::{Record, consumer::read};

/// What a record of a share group says; `None` where it says that something is gone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ShareRecord {
    /// The group itself: its epoch.
    Epoch(Option<ShareGroupMetadataValue>),
    /// What a member said.
    Member(KString, Option<Box<ShareGroupMemberMetadataValue>>),
    /// Where a member stands.
    Position(KString, Option<Box<ShareGroupCurrentMemberAssignmentValue>>),
}

impl Record {
    pub(crate) fn share_epoch(
        group: &KString,
        value: Option<&ShareGroupMetadataValue>,
    ) -> Result<Self, EncodeError> {
        Self::of(&ShareGroupMetadataKey { group_id: group.clone() }, value)
    }

    pub(crate) fn share_member(
        group: &KString,
        member: &KString,
        value: Option<&ShareGroupMemberMetadataValue>,
    ) -> Result<Self, EncodeError> {
        Self::of(&ShareGroupMemberMetadataKey { group_id: group.clone(), member_id: member.clone() }, value)
    }

    pub(crate) fn share_position(
        group: &KString,
        member: &KString,
        value: Option<&ShareGroupCurrentMemberAssignmentValue>,
    ) -> Result<Self, EncodeError> {
        let key = ShareGroupCurrentMemberAssignmentKey { group_id: group.clone(), member_id: member.clone() };
        Self::of(&key, value)
    }
}

/// Reads a record of one of the types 10, 11 and 14, which belong to share groups. Whatever outlives it is copied.
pub(super) fn decode_share(
    kind: i16,
    key: Bytes,
    value: Option<Bytes>,
) -> Result<(KString, ShareRecord), DecodeError> {
    Ok(match kind {
        10 => {
            let key: ShareGroupMemberMetadataKey = decode_key(key)?;
            (key.group_id, ShareRecord::Member(key.member_id.compact(), read(value)?.map(Box::new)))
        }
        11 => {
            let key: ShareGroupMetadataKey = decode_key(key)?;
            (key.group_id, ShareRecord::Epoch(read(value)?))
        }
        _ => {
            let key: ShareGroupCurrentMemberAssignmentKey = decode_key(key)?;
            (key.group_id, ShareRecord::Position(key.member_id.compact(), read(value)?.map(Box::new)))
        }
    })
}
