use std::time::Duration;

use esker_kafka_wire::{
    ErrorCode,
    messages::{ApiVersionsRequest, ApiVersionsResponse, FetchRequest, MetadataRequest, ProduceResponse},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Closed;
use crate::{
    KafkaConfig,
    testing::{World, batch, produce},
};

fn names() -> ApiVersionsRequest {
    ApiVersionsRequest { client_software_name: "test".into(), client_software_version: "1.0".into() }
}

#[tokio::test]
async fn api_versions_is_answered_in_every_version_and_in_version_0_for_unknown_ones() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in 0..=4 {
        let response = client.call(version, &names()).await;
        assert_eq!(response.error_code, 0, "version {version}");
        let produce = response.api_keys.iter().find(|api| api.api_key == 0).unwrap();
        assert_eq!((produce.min_version, produce.max_version), (0, 13));
    }
    // Version 5 with a body that nobody here can read.
    let body = [0, 18, 0, 5, 0, 0, 0, 77, 0, 1, b'x', 0, 9, 9, 9];
    client.stream.write_i32(body.len() as i32).await.unwrap();
    client.stream.write_all(&body).await.unwrap();
    let (correlation_id, response) = client.receive::<ApiVersionsResponse>(0).await;
    assert_eq!((correlation_id, response.error_code), (77, ErrorCode::UnsupportedVersion.code()));
    assert_eq!((response.api_keys[0].api_key, response.api_keys[0].max_version), (18, 4));
    // The connection goes on.
    assert_eq!(client.call(4, &names()).await.error_code, 0);
}

#[tokio::test]
async fn bad_software_names_are_an_invalid_request() {
    let world = World::new().await;
    let mut client = world.connect();
    for bad in ["", "-a", "a-", "a b", "ä"] {
        let request = ApiVersionsRequest { client_software_name: bad.into(), ..names() };
        assert_eq!(client.call(3, &request).await.error_code, ErrorCode::InvalidRequest.code(), "{bad}");
    }
}

#[tokio::test]
async fn impossible_frames_end_the_connection() {
    let world = World::new().await;
    for length in [-1, 0, 7, i32::MAX, 8 << 20 | 1] {
        let mut client = world.connect();
        client.stream.write_i32(length).await.unwrap();
        client.stream.write_all(&[0, 3, 0, 1]).await.unwrap();
        assert!(matches!(client.closed().await, Closed::FrameLength(stated) if stated == length));
    }
}

#[tokio::test]
async fn unknown_apis_and_versions_end_the_connection() {
    let world = World::new().await;
    let mut client = world.connect();
    client.stream.write_all(&[0, 0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
    assert!(matches!(client.closed().await, Closed::UnknownApi(768)));
    let mut client = world.connect();
    client.stream.write_all(&[0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0]).await.unwrap();
    assert!(matches!(client.closed().await, Closed::UnsupportedVersion { version: 2, .. }));
}

#[tokio::test]
async fn a_malformed_body_ends_the_connection_and_no_other() {
    let world = World::new().await;
    let mut good = world.connect();
    let mut bad = world.connect();
    // Metadata v1 whose topic array claims i32::MAX elements.
    bad.stream
        .write_all(&[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])
        .await
        .unwrap();
    assert!(matches!(bad.closed().await, Closed::Refused { bug: false, .. }));
    assert_eq!(good.call(4, &names()).await.error_code, 0);
}

#[tokio::test]
async fn pipelined_produces_are_answered_in_order_while_none_is_durable() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    world.hold(true);
    for at in 0..5 {
        client.send(9, &produce("t", 0, -1, batch(&[&format!("{at}")]))).await;
    }
    client.send(4, &names()).await;
    // All five are in the log though none is answered.
    let id = world.broker.partition("t", 0).unwrap();
    while world.log.offsets(id).unwrap().log_end.0 < 5 {
        tokio::task::yield_now().await;
    }
    let mut byte = [0];
    let early = world.env.timeout(Duration::from_millis(50), client.stream.read(&mut byte)).await;
    assert!(early.is_err(), "answered before the commit");
    world.hold(false);
    for at in 0..5 {
        let (_, response) = client.receive::<ProduceResponse>(9).await;
        assert_eq!(response.responses[0].partition_responses[0].base_offset, at);
    }
    let (_, response) = client.receive::<ApiVersionsResponse>(4).await;
    assert_eq!(response.error_code, 0);
}

#[tokio::test]
async fn acks_0_is_not_answered_and_an_error_closes() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    client.send(9, &produce("t", 0, 0, batch(&["a"]))).await;
    let response = client.produce("t", 0, &["b"]).await;
    assert_eq!(response.responses[0].partition_responses[0].base_offset, 1);
    client.send(9, &produce("missing", 0, 0, batch(&["a"]))).await;
    let closed = client.closed().await;
    assert!(closed.to_string().contains("UNKNOWN_TOPIC_OR_PARTITION"), "{closed}");
}

#[tokio::test]
async fn request_memory_is_given_back_and_bounds_what_is_read() {
    let world = World::with(KafkaConfig {
        max_request_bytes: 1 << 20,
        request_memory: 1 << 20,
        connection_request_memory: 600 << 10,
        ..KafkaConfig::default()
    })
    .await;
    world.topic("t", 1).await;
    world.hold(true);
    // Once decoded it holds half of what was granted for it.
    let large = "x".repeat(300 << 10);
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = world.connect();
        let values = large.clone();
        let (sent, sending) = tokio::sync::oneshot::channel();
        world.env.tasks.spawn(async move {
            client.send(9, &produce("t", 0, -1, batch(&[&values]))).await;
            let _ = sent.send(client);
        });
        clients.push(sending);
    }
    let id = world.broker.partition("t", 0).unwrap();
    while world.log.offsets(id).unwrap().log_end.0 < 2 {
        tokio::task::yield_now().await;
    }
    world.env.clock.sleep(Duration::from_millis(50)).await;
    assert_eq!(world.log.offsets(id).unwrap().log_end.0, 2, "no memory for a third");
    world.hold(false);
    for client in clients {
        let mut client = client.await.unwrap();
        client.receive::<ProduceResponse>(9).await;
    }
    assert_eq!(world.broker.request_memory.available(), 1 << 20);
}

/// Begins a produce request of 900 KiB and stops after 100.
async fn announce(client: &mut crate::testing::Client) {
    client.stream.write_all(&[0, 0x0e, 0, 0, 0, 0, 0, 9]).await.unwrap();
    let _ = client.stream.write_all(&[0; 100 << 10]).await;
}

#[tokio::test]
async fn stalled_frames_make_room_for_others_and_never_for_nobody() {
    let config = KafkaConfig {
        max_request_bytes: 1 << 20,
        request_memory: 3 << 20,
        pressed_receive_timeout: Duration::from_millis(50),
        ..KafkaConfig::default()
    };
    let world = World::with(config).await;
    world.topic("t", 1).await;
    let mut stalled = world.connect();
    announce(&mut stalled).await;
    // Nobody waits: it may stall for as long as `receive_timeout` says.
    let (mut stream, mut end) = stalled.into_parts();
    assert!(world.env.timeout(Duration::from_millis(200), &mut end).await.is_err());
    let mut crowd: Vec<_> = (0..10).map(|_| world.connect()).collect();
    let announcing = crowd.iter_mut().map(announce);
    let mut small = world.connect();
    let mut large = world.connect();
    let served = async {
        // Small requests have the reserve, while large ones wait for the stalled to be closed.
        for _ in 0..10 {
            small.produce("t", 0, &["small"]).await;
        }
        let value = "x".repeat(900 << 10);
        let response = large.produce("t", 0, &[&value]).await;
        assert_eq!(response.responses[0].partition_responses[0].error_code, 0);
    };
    tokio::join!(futures::future::join_all(announcing), served);
    assert!(matches!(end.await.unwrap(), Closed::Displaced));
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    for client in crowd {
        drop(client.into_parts());
    }
    while world.broker.request_memory.available() < 3 << 20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_that_waits_holds_no_memory_it_does_not_need() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let all = world.broker.request_memory.available();
    let fetch =
        FetchRequest { max_wait_ms: 60_000, min_bytes: 1, ..crate::api::fetch::tests::fetch("t", 0, 0) };
    let mut waiting = world.connect();
    waiting.send(12, &fetch).await;
    // Behind it: a large request whose memory waits until the fetch is answered.
    waiting.stream.write_all(&[0, 4, 0, 0, 0, 3, 0, 1]).await.unwrap();
    let _ = waiting.stream.write_all(&[0; 30 << 10]).await;
    for _ in 0..20 {
        world.env.clock.sleep(Duration::from_millis(5)).await;
    }
    let held = all - world.broker.request_memory.available();
    assert!((1..2 << 10).contains(&held), "{held} bytes held");
}

#[tokio::test]
async fn slow_senders_and_idle_connections_are_closed() {
    let config = KafkaConfig {
        idle_timeout: Duration::from_millis(100),
        receive_timeout: Duration::from_millis(50),
        ..KafkaConfig::default()
    };
    let world = World::with(config).await;
    assert!(matches!(world.connect().closed().await, Closed::Idle));
    let mut client = world.connect();
    client.stream.write_all(&[0, 0, 1]).await.unwrap();
    assert!(matches!(client.closed().await, Closed::Stalled));
    let mut client = world.connect();
    client.stream.write_all(&[0, 0, 1, 0, 0, 3, 0, 1, 5]).await.unwrap();
    assert!(matches!(client.closed().await, Closed::Stalled));
    // A byte now and then does not help.
    let mut client = world.connect();
    client.stream.write_all(&[0, 1, 0, 0, 0, 3, 0, 1]).await.unwrap();
    for _ in 0..20 {
        world.env.clock.sleep(Duration::from_millis(10)).await;
        let _ = client.stream.write_all(&[0]).await;
    }
    assert!(matches!(client.closed().await, Closed::Stalled));
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_and_its_memory_comes_back() {
    let config = KafkaConfig { send_timeout: Duration::from_millis(100), ..KafkaConfig::default() };
    let world = World::with(config).await;
    world.topic("t", 1).await;
    let mut writer = world.connect();
    for _ in 0..4 {
        writer.produce("t", 0, &[&"x".repeat(100 << 10)]).await;
    }
    let all = world.broker.response_memory.available();
    let mut lazy = world.connect();
    lazy.send(12, &crate::api::fetch::tests::fetch("t", 0, 0)).await;
    while world.broker.response_memory.available() == all {
        tokio::task::yield_now().await;
    }
    assert!(matches!(lazy.closed().await, Closed::NotReading));
    assert_eq!(world.broker.response_memory.available(), all);
    writer.produce("t", 0, &["still served"]).await;
}

#[tokio::test]
async fn stopping_answers_what_has_begun_and_ends_long_polls() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut waiting = world.connect();
    let idle = world.connect();
    let fetch =
        FetchRequest { max_wait_ms: 60_000, min_bytes: 1, ..crate::api::fetch::tests::fetch("t", 0, 0) };
    let all = world.broker.request_memory.available();
    waiting.send(12, &fetch).await;
    while world.broker.request_memory.available() == all {
        tokio::task::yield_now().await;
    }
    world.stop.send_replace(true);
    let (_, response) = waiting.receive::<esker_kafka_wire::messages::FetchResponse>(12).await;
    assert_eq!(response.error_code, 0);
    assert!(matches!(waiting.closed().await, Closed::Stopping));
    assert!(matches!(idle.closed().await, Closed::Stopping));
}

#[tokio::test]
async fn ten_thousand_idle_connections_leave_the_others_alone() {
    let world = World::new().await;
    let idle: Vec<_> = (0..10_000).map(|_| world.connect()).collect();
    let mut client = world.connect();
    for _ in 0..10 {
        let response = client.call(4, &MetadataRequest { topics: Some(vec![]), ..Default::default() }).await;
        assert_eq!(response.brokers.len(), 1);
    }
    assert_eq!(idle.len(), 10_000);
}
