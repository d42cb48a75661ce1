//! The bytes that Kafka 4.3.1 writes, byte for byte.

use std::time::Duration;

use bytes::Bytes;
use esker_core::{Epoch, Offset};
use esker_kafka_wire::{
    KString,
    messages::{GroupMetadataValue, group_metadata_value::MemberMetadata},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Decoded, Record, decode};
use crate::offsets::CommittedOffset;

const OFFSET_KEY: &str = "0001000867726f75702dc3a40007746f7069632e3100000007";
const OFFSET_V4: &str =
    "0004000000000000126700000003056e6f74650000018bcfe5687b01001000000000000000010000000000000002";
const OFFSET_V3: &str = "000300000000000012670000000300046e6f74650000018bcfe5687b";
const OFFSET_V1: &str = "0001000000000000126700046e6f74650000018bcfe5687b0000018bcfe652db";
const GROUP_KEY: &str = "0002000867726f75702dc3a4";
const GROUP_V3: &str = "00030008636f6e73756d657200000005000572616e676500036d2d310000018bcfe5687b0000000100036d\
                        2d310003692d31000163000a2f3132372e302e302e31000493e00000afc8000000030001020000000109";
const GROUP_V0: &str = "00000008636f6e73756d657200000005000572616e676500036d2d310000000100036d2d31000163000a2f\
                        3132372e302e302e310000afc8000000030001020000000109";
const EMPTY_GROUP_V3: &str = "00030008636f6e73756d657200000006ffffffff0000018bcfe5687b00000000";

fn bytes(hex: &str) -> Bytes {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).expect("hex")).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

fn group() -> KString {
    "group-\u{e4}".into()
}

fn commit() -> CommittedOffset {
    CommittedOffset {
        offset: Offset(4711),
        leader_epoch: Some(Epoch(3)),
        metadata: "note".into(),
        committed_ms: 1_700_000_000_123,
        expires_ms: None,
        topic_id: Uuid::from_u64_pair(1, 2),
    }
}

fn offset(value: Option<CommittedOffset>) -> Decoded {
    Decoded::Offset { group: group(), topic: "topic.1".into(), partition: 7, value }
}

#[test]
fn offsets_are_written_as_kafka_writes_them() {
    let record = Record::offset(&group(), &"topic.1".into(), 7, &commit()).expect("encodes");
    assert_eq!((record.key, record.value), (bytes(OFFSET_KEY), Some(bytes(OFFSET_V4))));
    let expiring = CommittedOffset {
        expires_ms: Some(1_700_000_060_123),
        leader_epoch: None,
        topic_id: Uuid::nil(),
        ..commit()
    };
    let record = Record::offset(&group(), &"topic.1".into(), 7, &expiring).expect("encodes");
    assert_eq!(record.value, Some(bytes(OFFSET_V1)));
    let gone = Record::offset_gone(&group(), &"topic.1".into(), 7).expect("encodes");
    assert_eq!((gone.key, gone.value), (bytes(OFFSET_KEY), None));
}

#[test]
fn offsets_of_every_version_are_read() {
    let read = |hex| decode(&bytes(OFFSET_KEY), Some(&bytes(hex))).expect("decodes");
    assert_eq!(read(OFFSET_V4), offset(Some(commit())));
    let no_id = CommittedOffset { topic_id: Uuid::nil(), ..commit() };
    assert_eq!(read(OFFSET_V3), offset(Some(no_id.clone())));
    let expiring = CommittedOffset { leader_epoch: None, expires_ms: Some(1_700_000_060_123), ..no_id };
    assert_eq!(read(OFFSET_V1), offset(Some(expiring)));
    assert_eq!(decode(&bytes(OFFSET_KEY), None).expect("decodes"), offset(None));
}

fn stored() -> GroupMetadataValue {
    GroupMetadataValue {
        protocol_type: "consumer".into(),
        generation: 5,
        protocol: Some("range".into()),
        leader: Some("m-1".into()),
        current_state_timestamp: 1_700_000_000_123,
        members: vec![MemberMetadata {
            member_id: "m-1".into(),
            group_instance_id: Some("i-1".into()),
            client_id: "c".into(),
            client_host: "/127.0.0.1".into(),
            rebalance_timeout: 300_000,
            session_timeout: 45_000,
            subscription: Bytes::from_static(&[0, 1, 2]),
            assignment: Bytes::from_static(&[9]),
        }],
    }
}

#[test]
fn groups_are_written_and_read_as_kafka_does() {
    let record = Record::group(&group(), &stored()).expect("encodes");
    assert_eq!((&record.key, &record.value), (&bytes(GROUP_KEY), &Some(bytes(GROUP_V3))));
    let empty =
        GroupMetadataValue { generation: 6, protocol: None, leader: None, members: vec![], ..stored() };
    let record = Record::group(&group(), &empty).expect("encodes");
    assert_eq!(record.value, Some(bytes(EMPTY_GROUP_V3)));
    let read = |hex| decode(&bytes(GROUP_KEY), Some(&bytes(hex))).expect("decodes");
    assert_eq!(read(GROUP_V3), Decoded::Group { group: group(), value: Some(Box::new(stored())) });
    let Decoded::Group { value: Some(oldest), .. } = read(GROUP_V0) else { panic!("a group") };
    assert_eq!((oldest.current_state_timestamp, oldest.members[0].rebalance_timeout), (-1, -1));
    assert_eq!(
        decode(&bytes(GROUP_KEY), None).expect("decodes"),
        Decoded::Group { group: group(), value: None }
    );
}

#[test]
fn records_of_other_coordinators_are_passed_over() {
    // Key type 17: a streams group.
    assert_eq!(decode(&bytes("00110001"), Some(&[0])).expect("decodes"), Decoded::Other);
}

proptest! {
    #[test]
    fn whatever_a_record_holds_reading_it_does_not_panic(
        kind in 0_u8..18,
        key in proptest::collection::vec(any::<u8>(), 0..60),
        value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
    ) {
        let _ = decode(&key, value.as_deref());
        let key = [vec![0, kind], key].concat();
        let _ = decode(&key, value.as_deref());
    }

    #[test]
    fn what_is_written_is_read(
        offset in any::<i64>(),
        epoch in proptest::option::of(0..i32::MAX),
        metadata in ".{0,40}",
        committed_ms in any::<i64>(),
        id in any::<u128>(),
        retention in proptest::option::of(0_u64..1 << 40),
    ) {
        let expires_ms = retention.map(|ms| Duration::from_millis(ms).as_millis() as i64);
        let commit = CommittedOffset {
            offset: Offset(offset),
            // The version with an expiry has neither of the two.
            leader_epoch: epoch.filter(|_| expires_ms.is_none()).map(Epoch),
            metadata: metadata.into(),
            committed_ms,
            expires_ms,
            topic_id: if expires_ms.is_none() { Uuid::from_u128(id) } else { Uuid::nil() },
        };
        let record = Record::offset(&group(), &"topic.1".into(), 7, &commit).expect("encodes");
        let read = decode(&record.key, record.value.as_deref()).expect("decodes");
        prop_assert_eq!(read, Decoded::Offset {
            group: group(), topic: "topic.1".into(), partition: 7, value: Some(commit),
        });
    }
}
