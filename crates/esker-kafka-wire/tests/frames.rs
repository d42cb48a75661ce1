//! Frames, chunks and stored records.

#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]

use bytes::{Buf, Bytes};
use esker_kafka_wire::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use esker_kafka_wire::messages::{
    ApiVersionsRequest, ApiVersionsResponse, ConsumerProtocolSubscription, FetchResponse, GroupMetadataKey,
    MetadataRequest, OffsetCommitKey, OffsetCommitValue, ProduceRequest, SyncGroupResponse,
};
use esker_kafka_wire::{
    ApiKey, DecodeErrorKind, EncodeErrorKind, ErrorCode, KString, Message, Reader, Records, Rope, decode_key,
    decode_prefixed, decode_request, decode_request_header, decode_response, encode_key, encode_prefixed,
    encode_request, encode_response, stored_prefix,
};
use std::io::IoSlice;

fn fetch_response(chunks: &[Bytes]) -> FetchResponse {
    let partitions = chunks.iter().enumerate().map(|(i, chunk)| PartitionData {
        partition_index: i as i32,
        records: Some(chunk.clone().into()),
        ..Default::default()
    });
    let topic = FetchableTopicResponse { partitions: partitions.collect(), ..Default::default() };
    FetchResponse { responses: vec![topic], ..Default::default() }
}

#[test]
fn fetched_records_are_not_copied() {
    let batches: Vec<Bytes> = (0..50u8).map(|i| Bytes::from(vec![i; 1 << 20])).collect();
    let rope = encode_response(7, 16, &fetch_response(&batches)).unwrap();
    let large: Vec<&Bytes> = rope.chunks().filter(|chunk| chunk.len() == 1 << 20).collect();
    assert_eq!(large.len(), 50);
    for (sent, batch) in large.iter().zip(&batches) {
        assert_eq!(sent.as_ptr(), batch.as_ptr());
    }
    let small: usize = rope.chunks().filter(|chunk| chunk.len() != 1 << 20).map(Bytes::len).sum();
    assert!(small < 50 * 100, "{small} bytes around the records");
    assert_eq!(rope.len(), small + (50 << 20));

    let frame = rope.into_bytes();
    assert_eq!(frame.len() - 4, i32::from_be_bytes(frame[..4].try_into().unwrap()) as usize);
    let (correlation_id, decoded) = decode_response::<FetchResponse>(frame.slice(4..), 16).unwrap();
    assert_eq!((correlation_id, decoded), (7, fetch_response(&batches)));
}

#[test]
fn records_of_several_chunks_are_one_value() {
    let chunks = vec![Bytes::from_static(b"ab"), Bytes::new(), Bytes::from_static(b"cde")];
    let records = Records::from(chunks);
    assert_eq!((records.len(), records.chunks().len()), (5, 2));
    assert_eq!(records, Records::from(Bytes::from_static(b"abcde")));
    assert_ne!(records, Records::from(Bytes::from_static(b"abcdf")));
    assert_eq!(records.clone().into_bytes(), "abcde");
    assert!(Records::from(vec![Bytes::new()]).is_empty() && Records::new().chunks().is_empty());

    let mut response = fetch_response(&[Bytes::new()]);
    response.responses[0].partitions[0].records = Some(records.clone());
    let bytes = response.to_rope(12).unwrap().into_bytes();
    assert_eq!(
        FetchResponse::decode_exact(bytes, 12).unwrap().responses[0].partitions[0].records,
        Some(records)
    );
}

#[test]
fn produced_records_are_slices_of_the_frame() {
    use esker_kafka_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
    let partition = PartitionProduceData { index: 3, records: Some(Bytes::from(vec![9; 5000]).into()) };
    let topic = TopicProduceData { name: "t".into(), partition_data: vec![partition], ..Default::default() };
    let request = ProduceRequest { acks: -1, topic_data: vec![topic], ..Default::default() };
    let client = KString::from_static("tester");
    let frame = encode_request(1, Some(&client), 9, &request).unwrap().into_bytes().slice(4..);
    let mut r = Reader::new(frame.clone());
    let (api, header) = decode_request_header(&mut r).unwrap();
    assert_eq!((api, header.request_api_version, header.client_id), (ApiKey::Produce, 9, Some(client)));
    let mut decoded: ProduceRequest = decode_request(&mut r, 9).unwrap();
    assert_eq!(decoded, request);
    let records = decoded.topic_data[0].partition_data[0].records.take().unwrap().into_bytes();
    assert!(frame.as_ptr_range().contains(&records.as_ptr()));
}

#[test]
fn the_header_of_api_versions_never_changes() {
    let response = ApiVersionsResponse { error_code: 35, ..Default::default() };
    let v3 = encode_response(0x0102_0304, 3, &response).unwrap().into_bytes();
    assert_eq!(v3[4..10], [1, 2, 3, 4, 0, 35]);
    let metadata = encode_response(5, 9, &esker_kafka_wire::messages::MetadataResponse::default()).unwrap();
    assert_eq!(metadata.into_bytes()[4..9], [0, 0, 0, 5, 0], "flexible headers end with their tagged fields");
    let request = encode_request(1, None, 3, &ApiVersionsRequest::default()).unwrap().into_bytes();
    assert_eq!(request[..], [0, 0, 0, 14, 0, 18, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0, 1, 1, 0]);
}

#[test]
fn what_a_version_lacks_is_refused_or_dropped() {
    let auto_create = MetadataRequest { allow_auto_topic_creation: false, ..Default::default() };
    let error = auto_create.to_rope(3).unwrap_err();
    assert_eq!(error.field, "MetadataRequest.AllowAutoTopicCreation");
    assert_eq!(error.kind, EncodeErrorKind::FieldNotInVersion(3));
    assert!(auto_create.to_rope(4).is_ok());
    let none = MetadataRequest { topics: None, ..Default::default() };
    assert_eq!(none.to_rope(0).unwrap_err().kind, EncodeErrorKind::Null(0));
    assert_eq!(none.to_rope(99).unwrap_err().kind, EncodeErrorKind::UnsupportedVersion(99));

    let throttled = ApiVersionsResponse { throttle_time_ms: 9, ..Default::default() };
    let v0 = throttled.to_rope(0).unwrap().into_bytes();
    assert_eq!(ApiVersionsResponse::decode_exact(v0, 0).unwrap().throttle_time_ms, 0);

    let long = ApiVersionsRequest { client_software_name: "x".repeat(40_000).into(), ..Default::default() };
    assert_eq!(long.to_rope(3).unwrap_err().kind, EncodeErrorKind::StringTooLong(40_000));
}

#[test]
fn large_plain_bytes_are_shared_too() {
    let assignment = Bytes::from(vec![1; 10_000]);
    let response = SyncGroupResponse { assignment: assignment.clone(), ..Default::default() };
    let rope = response.to_rope(5).unwrap();
    assert!(rope.chunks().any(|chunk| chunk.as_ptr() == assignment.as_ptr()));
    assert_eq!(SyncGroupResponse::decode_exact(rope.into_bytes(), 5).unwrap(), response);
}

#[test]
fn a_rope_drains_through_partial_writes() {
    let parts: Vec<Bytes> = (0..200u8).map(|i| Bytes::from(vec![i; usize::from(i % 7)])).collect();
    let whole: Vec<u8> = parts.concat();
    let mut rope = Rope::new();
    parts.iter().for_each(|part| rope.push(part.clone()));
    assert_eq!(
        (rope.len(), rope.remaining(), rope.clone().into_bytes()),
        (whole.len(), whole.len(), whole.clone().into())
    );

    let (mut sent, mut calls) = (Vec::new(), 0);
    let mut sink = |slices: &[IoSlice<'_>]| -> Result<usize, &'static str> {
        calls += 1;
        assert!(!slices.is_empty() && slices.len() <= 64);
        if calls % 5 == 0 {
            return Err("would block");
        }
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let taken = all.len().min(11);
        sent.extend_from_slice(&all[..taken]);
        Ok(taken)
    };
    while !rope.is_empty() {
        let _ = rope.drain_into(&mut sink);
    }
    assert_eq!(sent, whole);
    assert_eq!(rope.drain_into(|_| Err("not called")), Ok(0));
}

#[test]
fn stored_keys_and_values_carry_their_type_and_version() {
    let key = OffsetCommitKey { group: "g".into(), topic: "t".into(), partition: 2 };
    let bytes = encode_key(&key).unwrap();
    assert_eq!(bytes[..], [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 2]);
    assert_eq!(stored_prefix(&bytes), Ok(1));
    assert_eq!(decode_key::<OffsetCommitKey>(bytes.clone()), Ok(key));
    let other = decode_key::<GroupMetadataKey>(bytes).unwrap_err();
    assert_eq!(other.kind, DecodeErrorKind::WrongRecordType(1));

    let value =
        OffsetCommitValue { offset: 5, metadata: "m".into(), commit_timestamp: 8, ..Default::default() };
    let bytes = encode_prefixed(&value, 3).unwrap();
    assert_eq!(decode_prefixed::<OffsetCommitValue>(bytes), Ok((3, value)));
}

/// Newer consumers add to the end of their subscription; what is known of it is still read.
#[test]
fn a_newer_subscription_is_read_as_the_last_known() {
    let subscription = ConsumerProtocolSubscription { topics: vec!["t".into()], ..Default::default() };
    let mut bytes = encode_prefixed(&subscription, 3).unwrap().to_vec();
    bytes[1] = 9;
    bytes.extend([1, 2, 3]);
    assert_eq!(decode_prefixed(bytes.into()), Ok((9, subscription)));
    assert!(
        decode_prefixed::<ConsumerProtocolSubscription>(Bytes::from_static(&[0xff, 0xff, 0, 0])).is_err()
    );
}

#[test]
fn error_codes_are_complete() {
    assert_eq!(ErrorCode::ALL.len(), 135);
    for (i, error) in ErrorCode::ALL.iter().enumerate() {
        assert_eq!(i16::from(*error), i as i16 - 1);
        assert_eq!(ErrorCode::from_code(error.code()), Some(*error));
    }
    assert_eq!(ErrorCode::from_code(134), None);
    assert_eq!(ErrorCode::from(999), ErrorCode::UnknownServerError);
    assert_eq!(ErrorCode::NotLeaderOrFollower.name(), "NOT_LEADER_OR_FOLLOWER");
    assert!(ErrorCode::NotLeaderOrFollower.is_retriable() && !ErrorCode::OffsetOutOfRange.is_retriable());
    assert!(ErrorCode::None.is_ok() && !ErrorCode::UnknownServerError.is_ok());
}
