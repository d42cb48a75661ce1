//! Produce, Metadata, offsets: the data path and what clients need around it.

use bytes::Bytes;
use esker_core::{
    ProducerId,
    batch::{BatchBuilder, Compression, NewRecord},
};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        FindCoordinatorRequest, InitProducerIdRequest, ListOffsetsRequest, MetadataRequest,
        OffsetForLeaderEpochRequest, ProduceResponse,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        metadata_request::MetadataRequestTopic,
        offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
        produce_response::PartitionProduceResponse,
    },
};
use proptest::prelude::*;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::{
    Closed, KafkaConfig, dispatch,
    testing::{Client, World, batch, produce},
};

fn only(response: &ProduceResponse) -> &PartitionProduceResponse {
    &response.responses[0].partition_responses[0]
}

async fn produced(client: &mut Client, records: Bytes) -> (ErrorCode, i64) {
    let response = client.call(9, &produce("t", 0, -1, records)).await;
    let only = only(&response);
    (only.error_code.into(), only.base_offset)
}

#[tokio::test]
async fn produce_works_in_every_version() {
    let world = World::new().await;
    let id = world.topic("t", 2).await;
    let mut client = world.connect();
    for version in 3..=13 {
        let mut request = produce("t", 1, if version % 2 == 0 { 1 } else { -1 }, batch(&["a", "b"]));
        request.topic_data[0].topic_id = id;
        let response = client.call(version, &request).await;
        let only = only(&response);
        assert_eq!((only.index, only.error_code), (1, 0), "version {version}");
        assert_eq!(only.base_offset, i64::from(version - 3) * 2);
        assert_eq!(only.log_append_time_ms, -1);
    }
}

#[tokio::test]
async fn produce_tells_each_error_apart() {
    let world = World::new().await;
    let id = world.topic("t", 1).await;
    world.topic("__consumer_offsets", 1).await;
    let mut client = world.connect();
    let good = batch(&["a"]);
    let error = |response: &ProduceResponse| ErrorCode::from(only(response).error_code);

    let response = client.call(9, &produce("t", 0, 2, good.clone())).await;
    assert_eq!(error(&response), ErrorCode::InvalidRequiredAcks);
    let response = client.call(9, &produce("t", 1, -1, good.clone())).await;
    assert_eq!(error(&response), ErrorCode::UnknownTopicOrPartition);
    let response = client.call(9, &produce("t", -1, -1, good.clone())).await;
    assert_eq!(error(&response), ErrorCode::UnknownTopicOrPartition);
    let response = client.call(9, &produce("missing", 0, -1, good.clone())).await;
    assert_eq!(error(&response), ErrorCode::UnknownTopicOrPartition);
    let response = client.call(9, &produce("__consumer_offsets", 0, -1, good.clone())).await;
    assert_eq!(error(&response), ErrorCode::InvalidTopicException);
    let mut by_id = produce("", 0, -1, good.clone());
    by_id.topic_data[0].topic_id = Uuid::from_u128(9);
    assert_eq!(error(&client.call(13, &by_id).await), ErrorCode::UnknownTopicId);
    by_id.topic_data[0].topic_id = id;
    assert_eq!(error(&client.call(13, &by_id).await), ErrorCode::None);

    let two = Bytes::from([&good[..], &good[..]].concat());
    assert_eq!(produced(&mut client, two).await.0, ErrorCode::InvalidRecord);
    assert_eq!(produced(&mut client, Bytes::new()).await.0, ErrorCode::InvalidRecord);
    let mut torn = good.to_vec();
    torn[65] ^= 1;
    assert_eq!(produced(&mut client, torn.into()).await.0, ErrorCode::CorruptMessage);
    let large = batch(&[&"x".repeat(1_048_588)]);
    assert_eq!(produced(&mut client, large).await.0, ErrorCode::MessageTooLarge);
    assert_eq!(produced(&mut client, good).await, (ErrorCode::None, 1));

    let record = NewRecord { timestamp: 1, value: Some(b"v"), ..NewRecord::default() };
    let mut zstd = BatchBuilder::new(Compression::Zstd);
    zstd.push(&record).unwrap();
    let zstd = zstd.build().unwrap();
    let response = client.call(6, &produce("t", 0, -1, zstd.clone())).await;
    assert_eq!(error(&response), ErrorCode::UnsupportedCompressionType);
    assert_eq!(produced(&mut client, zstd).await.0, ErrorCode::None);

    let mut transactional =
        BatchBuilder::new(Compression::None).producer(ProducerId(1), 0, 0).transactional();
    transactional.push(&record).unwrap();
    let refused = produced(&mut client, transactional.build().unwrap()).await;
    assert_eq!(refused.0, ErrorCode::TransactionalIdAuthorizationFailed);
}

#[tokio::test]
async fn a_commit_that_takes_too_long_times_out() {
    let world = World::new().await;
    world.topic("t", 1).await;
    world.hold(true);
    let mut client = world.connect();
    let mut request = produce("t", 0, -1, batch(&["a"]));
    request.timeout_ms = 20;
    let response = client.call(9, &request).await;
    assert_eq!(only(&response).error_code, ErrorCode::RequestTimedOut.code());
}

fn metadata(names: &[&str]) -> MetadataRequest {
    let topic = |name: &&str| MetadataRequestTopic { topic_id: Uuid::nil(), name: Some((*name).into()) };
    MetadataRequest {
        topics: Some(names.iter().map(topic).collect()),
        allow_auto_topic_creation: true,
        ..MetadataRequest::default()
    }
}

#[tokio::test]
async fn metadata_works_in_every_version() {
    let world = World::new().await;
    let id = world.topic("t", 3).await;
    let mut client = world.connect();
    for version in 0..=13 {
        let response = client.call(version, &metadata(&["t"])).await;
        assert_eq!((response.brokers[0].node_id, response.brokers[0].host.as_str()), (1, "broker.test"));
        assert_eq!(response.brokers[0].port, 9092);
        let topic = &response.topics[0];
        assert_eq!((topic.error_code, topic.partitions.len()), (0, 3), "version {version}");
        assert!(
            topic.partitions.iter().all(|partition| partition.leader_id == 1 && partition.isr_nodes == [1])
        );
        if version >= 1 {
            assert_eq!(response.controller_id, 1);
        }
        if version >= 2 {
            assert_eq!(response.cluster_id.as_deref(), Some("test-cluster"));
        }
        if version >= 10 {
            assert_eq!(topic.topic_id, id);
        }
    }
    let by_id = MetadataRequestTopic { topic_id: id, name: None };
    let request = MetadataRequest { topics: Some(vec![by_id]), ..MetadataRequest::default() };
    assert_eq!(client.call(12, &request).await.topics[0].name.as_deref(), Some("t"));
    assert_eq!(client.call(11, &request).await.topics[0].error_code, ErrorCode::InvalidRequest.code());
}

#[tokio::test]
async fn metadata_lists_all_none_or_what_is_asked() {
    let world = World::new().await;
    world.topic("b", 1).await;
    world.topic("a", 1).await;
    let mut client = world.connect();
    let every = MetadataRequest { topics: None, ..MetadataRequest::default() };
    let none = MetadataRequest { topics: Some(Vec::new()), ..MetadataRequest::default() };
    assert_eq!(client.call(1, &every).await.topics.len(), 2);
    assert_eq!(client.call(1, &none).await.topics.len(), 0);
    assert_eq!(client.call(0, &none).await.topics.len(), 2, "version 0 has no null");
    let asked = MetadataRequest {
        include_topic_authorized_operations: true,
        include_cluster_authorized_operations: true,
        ..metadata(&["a"])
    };
    let response = client.call(8, &asked).await;
    assert_eq!(
        (response.topics[0].topic_authorized_operations, response.cluster_authorized_operations),
        (3576, 8096)
    );
    let response = client.call(8, &metadata(&["a"])).await;
    assert_eq!(response.topics[0].topic_authorized_operations, i32::MIN);
}

#[tokio::test]
async fn topics_are_created_on_first_use_where_that_is_allowed() {
    let config = KafkaConfig { default_partitions: 4, ..KafkaConfig::default() };
    let world = World::with(config).await;
    let mut client = world.connect();
    let forbidden = MetadataRequest { allow_auto_topic_creation: false, ..metadata(&["new"]) };
    let response = client.call(9, &forbidden).await;
    assert_eq!(response.topics[0].error_code, ErrorCode::UnknownTopicOrPartition.code());
    let response = client.call(9, &metadata(&["new", "bad name"])).await;
    assert_eq!((response.topics[0].error_code, response.topics[0].partitions.len()), (0, 4));
    assert_eq!(response.topics[1].error_code, ErrorCode::InvalidTopicException.code());
    let produced = client.produce("new", 3, &["at once"]).await;
    assert_eq!(only(&produced).error_code, 0);
    // Two at once: both see the topic.
    let (mut one, mut two) = (world.connect(), world.connect());
    let request = metadata(&["raced"]);
    let (one, two) = tokio::join!(one.call(9, &request), two.call(9, &request));
    for response in [one, two] {
        let error = ErrorCode::from(response.topics[0].error_code);
        assert!(matches!(error, ErrorCode::None | ErrorCode::LeaderNotAvailable), "{error}");
    }

    let world = World::with(KafkaConfig { auto_create_topics: false, ..KafkaConfig::default() }).await;
    let response = world.connect().call(9, &metadata(&["new"])).await;
    assert_eq!(response.topics[0].error_code, ErrorCode::UnknownTopicOrPartition.code());
}

fn list(timestamp: i64) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition { partition_index: 0, current_leader_epoch: -1, timestamp };
    ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic { name: "t".into(), partitions: vec![partition] }],
        ..ListOffsetsRequest::default()
    }
}

#[tokio::test]
async fn offsets_are_found_by_time_in_every_version() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    client.produce("t", 0, &["a", "b"]).await;
    client.produce("t", 0, &["c", "d", "e"]).await;
    const TIME: i64 = 1_700_000_000_000;
    for version in 1..=11 {
        for (asked, since, offset, timestamp) in [
            (-1, 1, 5, -1),
            (-2, 1, 0, -1),
            (-3, 7, 4, TIME + 2),
            (-4, 8, 0, -1),
            (-5, 9, -1, -1),
            (-6, 11, -1, -1),
            (0, 1, 0, TIME),
            (TIME + 1, 1, 1, TIME + 1),
            (TIME + 2, 1, 4, TIME + 2),
            (TIME + 3, 1, -1, -1),
        ] {
            let response = client.call(version, &list(asked)).await;
            let found = &response.topics[0].partitions[0];
            if version < since {
                assert_eq!(found.error_code, ErrorCode::UnsupportedVersion.code());
            } else {
                assert_eq!(
                    (found.error_code, found.offset, found.timestamp),
                    (0, offset, timestamp),
                    "v{version} {asked}"
                );
            }
        }
    }
    let unknown = client.call(7, &list(-7)).await;
    assert_eq!(unknown.topics[0].partitions[0].error_code, ErrorCode::UnsupportedVersion.code());
    let mut twice = list(-1);
    let again = twice.topics[0].partitions[0].clone();
    twice.topics[0].partitions.push(again);
    let response = client.call(7, &twice).await;
    assert_eq!(response.topics[0].partitions[1].error_code, ErrorCode::InvalidRequest.code());
}

#[tokio::test]
async fn producer_ids_are_unique() {
    let world = World::new().await;
    let mut client = world.connect();
    let mut seen = std::collections::BTreeSet::new();
    for version in 0..=5 {
        let request = InitProducerIdRequest { transactional_id: None, ..Default::default() };
        let response = client.call(version, &request).await;
        assert_eq!((response.error_code, response.producer_epoch), (0, 0));
        assert!(seen.insert(response.producer_id));
    }
    let request = InitProducerIdRequest { transactional_id: Some(KString::new()), ..Default::default() };
    assert_eq!(client.call(4, &request).await.error_code, ErrorCode::InvalidRequest.code());
}

#[tokio::test]
async fn this_broker_coordinates_every_group() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in 0..=3 {
        let response =
            client.call(version, &FindCoordinatorRequest { key: "g".into(), ..Default::default() }).await;
        assert_eq!((response.error_code, response.node_id, response.port), (0, 1, 9092));
    }
    for version in 4..=6 {
        let keys = vec!["g".into(), "h".into()];
        let request = FindCoordinatorRequest { coordinator_keys: keys, ..Default::default() };
        let response = client.call(version, &request).await;
        assert!(response.coordinators.iter().all(|found| found.error_code == 0 && found.node_id == 1));
        assert_eq!(response.coordinators.len(), 2);
    }
}

#[tokio::test]
async fn epoch_ends_are_told() {
    let world = World::restarted().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    client.produce("t", 0, &["a", "b"]).await;
    let epoch = world.log.offsets(world.broker.partition("t", 0).unwrap()).unwrap().epoch.0;
    let ask = |current, wanted| OffsetForLeaderEpochRequest {
        topics: vec![OffsetForLeaderTopic {
            topic: "t".into(),
            partitions: vec![OffsetForLeaderPartition {
                partition: 0,
                current_leader_epoch: current,
                leader_epoch: wanted,
            }],
        }],
        ..OffsetForLeaderEpochRequest::default()
    };
    for version in 2..=4 {
        for (current, wanted, error, found) in [
            (-1, epoch, ErrorCode::None, (epoch, 2)),
            (epoch, epoch, ErrorCode::None, (epoch, 2)),
            (epoch, epoch + 1, ErrorCode::None, (-1, -1)),
            (epoch, -1, ErrorCode::None, (-1, -1)),
            (epoch + 1, epoch, ErrorCode::UnknownLeaderEpoch, (-1, -1)),
            (epoch - 1, epoch, ErrorCode::FencedLeaderEpoch, (-1, -1)),
        ] {
            let response = client.call(version, &ask(current, wanted)).await;
            let end = &response.topics[0].partitions[0];
            assert_eq!(ErrorCode::from(end.error_code), error);
            assert_eq!((end.leader_epoch, end.end_offset), found);
        }
    }
}

/// A frame of an API and version with these bytes behind a sound header.
fn frame(key: ApiKey, version: i16, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend_from_slice(&key.code().to_be_bytes());
    frame.extend_from_slice(&version.to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0, 1, 0xff, 0xff]);
    if key.is_flexible(version) {
        frame.push(0);
    }
    frame.extend_from_slice(body);
    let mut out = i32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
    out.extend(frame);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn arbitrary_bodies_never_panic_and_never_show_a_bug(
        body in prop::collection::vec(prop_oneof![4 => Just(0u8), 1 => Just(1), 1 => Just(0xff), 2 => any::<u8>()], 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::with(KafkaConfig { auto_create_topics: false, max_fetch_wait: std::time::Duration::ZERO, ..KafkaConfig::default() }).await;
            for key in dispatch::keys() {
                let range = dispatch::served_versions(key);
                for version in range.min..=range.max {
                    let mut client = world.connect();
                    client.stream.write_all(&frame(key, version, &body)).await.unwrap();
                    client.stream.shutdown().await.unwrap();
                    let closed = client.closed().await;
                    let fine = matches!(closed, Closed::ByPeer | Closed::Refused { bug: false, .. } | Closed::Io(_));
                    assert!(fine, "{key} v{version}: {closed}");
                }
            }
        });
    }
}
