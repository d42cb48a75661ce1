use std::time::Duration;

use esker_kafka_wire::{
    ErrorCode,
    messages::{
        FetchRequest, FetchResponse,
        fetch_request::{FetchPartition, FetchTopic, ForgottenTopic},
    },
};
use uuid::Uuid;

use crate::testing::{Client, World, values};

/// A fetch of one partition, in versions that use names.
pub(crate) fn fetch(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let partition = FetchPartition {
        partition,
        fetch_offset: offset,
        partition_max_bytes: 1 << 20,
        ..FetchPartition::default()
    };
    FetchRequest {
        max_bytes: 50 << 20,
        topics: vec![FetchTopic { topic: topic.into(), topic_id: Uuid::nil(), partitions: vec![partition] }],
        ..FetchRequest::default()
    }
}

/// Records of the first partition.
fn first(response: FetchResponse) -> Vec<(i64, String)> {
    let data = response.responses.into_iter().next().unwrap().partitions.into_iter().next().unwrap();
    assert_eq!(data.error_code, 0);
    values(&data.records.unwrap().into_bytes())
}

fn error_of(response: &FetchResponse) -> ErrorCode {
    response.responses[0].partitions[0].error_code.into()
}

async fn filled(world: &World) -> Client {
    world.topic("t", 3).await;
    let mut client = world.connect();
    client.produce("t", 0, &["a", "b", "c"]).await;
    client.produce("t", 0, &["d"]).await;
    client
}

#[tokio::test]
async fn every_version_returns_the_batch_that_contains_the_offset() {
    let world = World::new().await;
    let mut client = filled(&world).await;
    let id = world.broker.topic("t").unwrap().record.id.0;
    for version in 4..=18 {
        let mut request = fetch("t", 0, 1);
        request.topics[0].topic_id = id;
        let response = client.call(version, &request).await;
        let all = first(response);
        assert_eq!(all[0], (0, "a".to_owned()), "version {version}: the whole batch");
        assert_eq!(all.len(), 4);
    }
}

#[tokio::test]
async fn offsets_at_the_end_are_empty_and_outside_are_an_error() {
    let world = World::new().await;
    let mut client = filled(&world).await;
    assert!(first(client.call(12, &fetch("t", 0, 4)).await).is_empty());
    assert_eq!(error_of(&client.call(12, &fetch("t", 0, 5)).await), ErrorCode::OffsetOutOfRange);
    assert_eq!(error_of(&client.call(12, &fetch("t", 0, -1)).await), ErrorCode::OffsetOutOfRange);
    assert_eq!(error_of(&client.call(12, &fetch("t", 3, 0)).await), ErrorCode::UnknownTopicOrPartition);
    assert_eq!(error_of(&client.call(12, &fetch("nope", 0, 0)).await), ErrorCode::UnknownTopicOrPartition);
    let mut unknown = fetch("", 0, 0);
    unknown.topics[0].topic_id = Uuid::from_u128(7);
    assert_eq!(error_of(&client.call(13, &unknown).await), ErrorCode::UnknownTopicId);
}

#[tokio::test]
async fn leader_epochs_are_compared() {
    let world = World::restarted().await;
    let mut client = filled(&world).await;
    let epoch = world.log.offsets(world.broker.partition("t", 0).unwrap()).unwrap().epoch.0;
    for (given, error) in [
        (epoch - 1, ErrorCode::FencedLeaderEpoch),
        (epoch, ErrorCode::None),
        (epoch + 1, ErrorCode::UnknownLeaderEpoch),
    ] {
        let mut request = fetch("t", 0, 0);
        request.topics[0].partitions[0].current_leader_epoch = given;
        assert_eq!(error_of(&client.call(12, &request).await), error);
    }
    let mut request = fetch("t", 0, 0);
    request.topics[0].partitions[0].last_fetched_epoch = epoch + 5;
    assert_eq!(error_of(&client.call(12, &request).await), ErrorCode::OffsetOutOfRange);
    let mut request = fetch("t", 0, 9);
    request.topics[0].partitions[0].last_fetched_epoch = epoch;
    let response = client.call(12, &request).await;
    let data = &response.responses[0].partitions[0];
    assert_eq!((data.diverging_epoch.epoch, data.diverging_epoch.end_offset), (epoch, 4));
}

#[tokio::test]
async fn one_batch_comes_whatever_the_limits() {
    let world = World::new().await;
    let mut client = filled(&world).await;
    for (total, each) in [(1, 1 << 20), (1 << 20, 1), (0, 0)] {
        let mut request = FetchRequest { max_bytes: total, ..fetch("t", 0, 0) };
        request.topics[0].partitions[0].partition_max_bytes = each;
        assert_eq!(
            first(client.call(12, &request).await).len(),
            3,
            "{total} {each}: exactly the first batch"
        );
    }
}

#[tokio::test]
async fn a_fetch_waits_for_enough_bytes_and_no_longer_than_asked() {
    let world = World::new().await;
    let mut client = filled(&world).await;
    let begin = world.env.clock.now();
    let request = FetchRequest { max_wait_ms: 60, min_bytes: 1, ..fetch("t", 0, 4) };
    assert!(first(client.call(12, &request).await).is_empty());
    assert!(world.env.clock.now() - begin >= Duration::from_millis(60));

    let request = FetchRequest { max_wait_ms: 60_000, min_bytes: 1, ..fetch("t", 0, 4) };
    client.send(12, &request).await;
    world.connect().produce("t", 0, &["e"]).await;
    let (_, response) = client.receive::<FetchResponse>(12).await;
    assert_eq!(first(response), [(4, "e".to_owned())]);

    // More than one batch is needed for this one.
    let request = FetchRequest { max_wait_ms: 60_000, min_bytes: 150, ..fetch("t", 0, 5) };
    client.send(12, &request).await;
    let mut producer = world.connect();
    for value in ["f", "g", "h"] {
        producer.produce("t", 0, &[value]).await;
    }
    let (_, response) = client.receive::<FetchResponse>(12).await;
    assert!(first(response).len() >= 2);
}

#[tokio::test]
async fn a_session_tells_only_what_changed() {
    let world = World::new().await;
    let mut client = filled(&world).await;
    let mut full = fetch("t", 0, 4);
    for partition in 1..3 {
        full.topics[0].partitions.push(FetchPartition {
            partition,
            partition_max_bytes: 1 << 20,
            ..FetchPartition::default()
        });
    }
    full.session_epoch = 0;
    let response = client.call(12, &full).await;
    let session_id = response.session_id;
    assert!(session_id > 0);
    assert_eq!(response.responses[0].partitions.len(), 3);

    let next = |epoch: i32| FetchRequest {
        session_id,
        session_epoch: epoch,
        max_bytes: 1 << 20,
        ..Default::default()
    };
    let response = client.call(12, &next(1)).await;
    assert_eq!((response.error_code, response.session_id, response.responses.len()), (0, session_id, 0));

    client.produce("t", 1, &["x"]).await;
    let response = client.call(12, &next(2)).await;
    assert_eq!(response.responses[0].partitions.len(), 1);
    assert_eq!(response.responses[0].partitions[0].partition_index, 1);

    // The same epoch again, and an unknown session.
    assert_eq!(client.call(12, &next(2)).await.error_code, ErrorCode::InvalidFetchSessionEpoch.code());
    let unknown = FetchRequest { session_id: session_id ^ 1, ..next(3) };
    assert_eq!(client.call(12, &unknown).await.error_code, ErrorCode::FetchSessionIdNotFound.code());
    // Ids where names were.
    let mixed = client.call(13, &next(3)).await;
    assert_eq!(mixed.error_code, ErrorCode::FetchSessionTopicIdError.code());

    // Forgotten partitions are not told any more.
    let forget = ForgottenTopic { topic: "t".into(), topic_id: Uuid::nil(), partitions: vec![1] };
    let response = client.call(12, &FetchRequest { forgotten_topics_data: vec![forget], ..next(3) }).await;
    assert!(response.responses.is_empty());
    client.produce("t", 1, &["y"]).await;
    assert!(client.call(12, &next(4)).await.responses.is_empty());

    // The end of the session, and a fetch without one.
    let last = FetchRequest { session_id, session_epoch: -1, ..fetch("t", 0, 0) };
    let response = client.call(12, &last).await;
    assert_eq!((response.session_id, first(response).len()), (0, 4));
    assert_eq!(client.call(12, &next(5)).await.error_code, ErrorCode::FetchSessionIdNotFound.code());
}

#[tokio::test]
async fn without_response_memory_a_fetch_still_makes_progress() {
    let config = crate::KafkaConfig { response_memory: 1 << 10, ..crate::KafkaConfig::default() };
    let world = World::with(config).await;
    let mut client = filled(&world).await;
    assert!(!first(client.call(12, &fetch("t", 0, 0)).await).is_empty());
    assert_eq!(world.broker.response_memory.available(), 1 << 10);
}
