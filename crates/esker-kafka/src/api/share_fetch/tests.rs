//! Share groups over the wire, in every version that is served.

use std::time::Duration;

use esker_core::ShardId;
use esker_kafka_wire::{
    ErrorCode,
    messages::{
        ListGroupsRequest, ShareAcknowledgeRequest, ShareFetchRequest, ShareFetchResponse,
        ShareGroupDescribeRequest, ShareGroupHeartbeatRequest,
        share_acknowledge_request::{
            AcknowledgePartition, AcknowledgeTopic, AcknowledgementBatch as Acknowledged,
        },
        share_fetch_request::{AcknowledgementBatch, FetchPartition, FetchTopic, ForgottenTopic},
        share_fetch_response::PartitionData,
    },
};
use uuid::Uuid;

use crate::testing::{Client, World, values};

const OK: i16 = 0;
const ACCEPT: i8 = 1;
const RELEASE: i8 = 2;
const RENEW: i8 = 4;

/// A topic `t` of one partition with records, and a connection. The group begins at the start.
async fn filled(world: &World, records: &[&str]) -> (Client, Uuid) {
    let id = world.topic("t", 1).await;
    let mut client = world.connect();
    let from_start =
        esker_meta::GroupOverrides::from([("share.auto.offset.reset".to_owned(), "earliest".to_owned())]);
    let set = world.meta.set_group_configs("g", None, &from_start).await.unwrap().unwrap();
    world.broker.group_configs.reached(set).await;
    for record in records {
        client.produce("t", 0, &[*record]).await;
    }
    (client, id)
}

fn fetch(topic: Uuid, member: &str, epoch: i32) -> ShareFetchRequest {
    ShareFetchRequest {
        group_id: Some("g".into()),
        member_id: Some(member.into()),
        share_session_epoch: epoch,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: 1 << 20,
        max_records: 500,
        batch_size: 500,
        topics: vec![FetchTopic { topic_id: topic, partitions: vec![FetchPartition::default()] }],
        ..ShareFetchRequest::default()
    }
}

fn with_acks(mut request: ShareFetchRequest, first: i64, last: i64, kind: i8) -> ShareFetchRequest {
    let batch =
        AcknowledgementBatch { first_offset: first, last_offset: last, acknowledge_types: vec![kind] };
    request.topics[0].partitions[0].acknowledgement_batches = vec![batch];
    request
}

fn acknowledge(
    topic: Uuid,
    member: &str,
    epoch: i32,
    first: i64,
    last: i64,
    kind: i8,
) -> ShareAcknowledgeRequest {
    let batch = Acknowledged { first_offset: first, last_offset: last, acknowledge_types: vec![kind] };
    let partition = AcknowledgePartition { partition_index: 0, acknowledgement_batches: vec![batch] };
    ShareAcknowledgeRequest {
        group_id: Some("g".into()),
        member_id: Some(member.into()),
        share_session_epoch: epoch,
        topics: vec![AcknowledgeTopic { topic_id: topic, partitions: vec![partition] }],
        ..ShareAcknowledgeRequest::default()
    }
}

fn only(response: ShareFetchResponse) -> PartitionData {
    assert_eq!(response.error_code, OK);
    let mut topics = response.responses;
    assert_eq!(topics.len(), 1);
    topics.remove(0).partitions.remove(0)
}

/// First offset, last offset, count.
fn acquired(data: &PartitionData) -> Vec<(i64, i64, i16)> {
    let runs = data.acquired_records.iter();
    runs.map(|run| (run.first_offset, run.last_offset, run.delivery_count)).collect()
}

fn nothing(response: &ShareFetchResponse) -> bool {
    response.error_code == OK && response.responses.is_empty()
}

#[tokio::test]
async fn records_are_given_out_and_accepted_in_every_version() {
    for version in 1..=2 {
        let world = World::new().await;
        let (mut client, id) = filled(&world, &["a", "b", "c"]).await;
        let opened = client.call(version, &fetch(id, "m", 0)).await;
        assert_eq!(opened.acquisition_lock_timeout_ms, 30_000);
        let data = only(opened);
        assert_eq!(acquired(&data), [(0, 2, 1)]);
        assert_eq!(values(&data.records.into_bytes()).len(), 3);
        let said = client.call(version, &acknowledge(id, "m", 1, 0, 1, ACCEPT)).await;
        assert_eq!((said.error_code, said.responses[0].partitions[0].error_code), (OK, OK));
        let data = only(client.call(version, &with_acks(fetch(id, "m", 2), 2, 2, RELEASE)).await);
        assert_eq!((data.error_code, data.acknowledge_error_code), (OK, OK));
        // What it has let go of comes again.
        assert_eq!(acquired(&data), [(2, 2, 2)]);
        assert_eq!(values(&data.records.into_bytes()), [(2, "c".to_owned())]);
        let mut closing = with_acks(fetch(id, "m", -1), 2, 2, ACCEPT);
        closing.max_bytes = 0;
        let data = only(client.call(version, &closing).await);
        assert_eq!((data.acknowledge_error_code, acquired(&data).len()), (OK, 0));
        assert!(nothing(&client.call(version, &fetch(id, "n", 0)).await), "everything is done with");
    }
}

#[tokio::test]
async fn sessions_follow_their_epochs() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &["a"]).await;
    let error = |response: ShareFetchResponse| ErrorCode::from(response.error_code);
    assert_eq!(error(client.call(2, &fetch(id, "m", 1)).await), ErrorCode::ShareSessionNotFound);
    assert_eq!(error(client.call(2, &fetch(id, "m", -1)).await), ErrorCode::InvalidRequest);
    assert_eq!(
        error(client.call(2, &with_acks(fetch(id, "m", 0), 0, 0, ACCEPT)).await),
        ErrorCode::InvalidRequest
    );
    assert_eq!(acquired(&only(client.call(2, &fetch(id, "m", 0)).await)), [(0, 0, 1)]);
    assert_eq!(error(client.call(2, &fetch(id, "m", 2)).await), ErrorCode::InvalidShareSessionEpoch);
    let none = ShareFetchRequest { topics: Vec::new(), ..fetch(id, "m", 1) };
    assert!(nothing(&client.call(2, &none).await));
    let at_zero = client.call(2, &acknowledge(id, "m", 0, 0, 0, ACCEPT)).await;
    assert_eq!(ErrorCode::from(at_zero.error_code), ErrorCode::InvalidShareSessionEpoch);
    // Nobody goes on in another connection's session.
    let mut other = world.connect();
    assert_eq!(error(other.call(2, &fetch(id, "m", 2)).await), ErrorCode::ShareSessionNotFound);
    // What is forgotten is fetched no more.
    client.produce("t", 0, &["b"]).await;
    let forgotten = ForgottenTopic { topic_id: id, partitions: vec![0] };
    let forget =
        ShareFetchRequest { topics: Vec::new(), forgotten_topics_data: vec![forgotten], ..fetch(id, "m", 2) };
    assert!(nothing(&client.call(2, &forget).await));
    let nobody = ShareFetchRequest { member_id: None, ..fetch(id, "m", 0) };
    assert_eq!(error(client.call(2, &nobody).await), ErrorCode::InvalidRequest);
    let no_group = ShareFetchRequest { group_id: None, ..fetch(id, "m", 0) };
    assert_eq!(error(client.call(2, &no_group).await), ErrorCode::InvalidGroupId);
    let unknown = only(client.call(2, &fetch(Uuid::from_u128(1), "k", 0)).await);
    assert_eq!(ErrorCode::from(unknown.error_code), ErrorCode::UnknownTopicId);
}

#[tokio::test]
async fn what_a_lost_connection_had_comes_back() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &["a", "b"]).await;
    assert_eq!(acquired(&only(client.call(1, &fetch(id, "m", 0)).await)), [(0, 1, 1)]);
    let mut other = world.connect();
    let waiting = ShareFetchRequest { max_wait_ms: 60_000, ..fetch(id, "n", 0) };
    let sent = other.send(1, &waiting).await;
    drop(client);
    let (correlation_id, response) = other.receive::<ShareFetchResponse>(1).await;
    assert_eq!(correlation_id, sent);
    // It may be why the other one is gone: that counts.
    assert_eq!(acquired(&only(response)), [(0, 1, 2)]);
    // Whoever closes its session has not looked at what it has.
    let closing = ShareFetchRequest { topics: Vec::new(), ..fetch(id, "n", -1) };
    assert!(nothing(&other.call(1, &closing).await));
    assert_eq!(acquired(&only(other.call(1, &fetch(id, "o", 0)).await)), [(0, 1, 2)]);
}

#[tokio::test]
async fn what_is_not_confirmed_was_not_given_out() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &["a", "b"]).await;
    assert_eq!(acquired(&only(client.call(2, &fetch(id, "m", 0)).await)), [(0, 1, 1)]);
    let mut closing = with_acks(fetch(id, "m", -1), 0, 0, RELEASE);
    closing.max_bytes = 0;
    assert_eq!(only(client.call(2, &closing).await).acknowledge_error_code, OK);
    // The leader of a partition that is about to move cannot tell whether it is one still.
    let mut held = Vec::new();
    for shard in 0..world.log.shard_count() {
        held.push(world.log.hold_shard(ShardId(shard)).await.unwrap());
    }
    // More often than anything is given out.
    for epoch in 0..10 {
        let refused = only(client.call(2, &fetch(id, "m", epoch)).await);
        assert_eq!(ErrorCode::from(refused.error_code), ErrorCode::NotLeaderOrFollower);
        assert_eq!(acquired(&refused), []);
    }
    drop(held);
    assert_eq!(acquired(&only(client.call(2, &fetch(id, "m", 10)).await)), [(0, 0, 2), (1, 1, 1)]);
}

#[tokio::test]
async fn a_fetch_waits_for_records() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &[]).await;
    let waiting = ShareFetchRequest { max_wait_ms: 60_000, min_bytes: 100, ..fetch(id, "m", 0) };
    client.send(2, &waiting).await;
    let mut other = world.connect();
    other.produce("t", 0, &["a"]).await;
    other.produce("t", 0, &["b"]).await;
    let (_, response) = client.receive::<ShareFetchResponse>(2).await;
    assert_eq!(acquired(&only(response)), [(0, 1, 1)], "as much as was asked for");
    let short = ShareFetchRequest { max_wait_ms: 20, ..fetch(id, "m", 1) };
    assert!(nothing(&client.call(2, &short).await));
}

#[tokio::test]
async fn limits_are_kept() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &["a"]).await;
    client.produce("t", 0, &["b", "c", "d"]).await;
    let two = ShareFetchRequest { max_records: 2, share_acquire_mode: 1, ..fetch(id, "m", 0) };
    assert_eq!(acquired(&only(client.call(2, &two).await)), [(0, 1, 1)]);
    let one = ShareFetchRequest { max_records: 1, ..fetch(id, "m", 1) };
    assert_eq!(acquired(&only(client.call(2, &one).await)), [(2, 3, 1)], "the batch as a whole");
    let odd = ShareFetchRequest { share_acquire_mode: 2, ..fetch(id, "m", 2) };
    assert_eq!(ErrorCode::from(client.call(2, &odd).await.error_code), ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn who_needs_time_says_so() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &["a"]).await;
    only(client.call(2, &fetch(id, "m", 0)).await);
    let error = |data: &PartitionData| ErrorCode::from(data.acknowledge_error_code);
    let unsaid = only(client.call(2, &with_acks(fetch(id, "m", 1), 0, 0, RENEW)).await);
    assert_eq!(error(&unsaid), ErrorCode::InvalidRequest);
    let renew = ShareFetchRequest {
        is_renew_ack: true,
        min_bytes: 0,
        max_bytes: 0,
        max_records: 0,
        ..with_acks(fetch(id, "m", 2), 0, 0, RENEW)
    };
    assert_eq!(error(&only(client.call(2, &renew).await)), ErrorCode::None);
    let fetches_too = ShareFetchRequest { max_records: 5, share_session_epoch: 3, ..renew.clone() };
    assert_eq!(ErrorCode::from(client.call(2, &fetches_too).await.error_code), ErrorCode::InvalidRequest);
    let again = ShareAcknowledgeRequest { is_renew_ack: true, ..acknowledge(id, "m", 3, 0, 0, RENEW) };
    assert_eq!(client.call(2, &again).await.responses[0].partitions[0].error_code, OK);
    let other = client.call(2, &acknowledge(id, "m", 4, 0, 7, ACCEPT)).await;
    assert_eq!(ErrorCode::from(other.responses[0].partitions[0].error_code), ErrorCode::InvalidRequest);
    assert_eq!(
        client.call(2, &acknowledge(id, "m", 5, 0, 0, ACCEPT)).await.responses[0].partitions[0].error_code,
        OK
    );
    let twice = client.call(2, &acknowledge(id, "m", 6, 0, 0, ACCEPT)).await;
    // The group is done with it: it is with nobody.
    assert_eq!(ErrorCode::from(twice.responses[0].partitions[0].error_code), ErrorCode::InvalidRecordState);
}

#[tokio::test]
async fn a_member_joins_reads_and_leaves() {
    let world = World::new().await;
    let id = world.topic("t", 2).await;
    let mut client = world.connect();
    let join = ShareGroupHeartbeatRequest {
        group_id: "s".into(),
        member_id: "m".into(),
        subscribed_topic_names: Some(vec!["t".into()]),
        ..ShareGroupHeartbeatRequest::default()
    };
    let joined = client.call(1, &join).await;
    assert_eq!((joined.error_code, joined.member_epoch, joined.heartbeat_interval_ms), (OK, 1, 5000));
    let assigned = joined.assignment.unwrap().topic_partitions;
    assert_eq!((assigned[0].topic_id, &assigned[0].partitions[..]), (id, &[0, 1][..]));
    let described = client
        .call(1, &ShareGroupDescribeRequest { group_ids: vec!["s".into(), "x".into()], ..Default::default() })
        .await;
    assert_eq!((described.groups[0].error_code, described.groups[0].group_state.as_str()), (OK, "Stable"));
    assert_eq!(described.groups[0].members[0].assignment.topic_partitions[0].topic_name, "t");
    assert_eq!(ErrorCode::from(described.groups[1].error_code), ErrorCode::GroupIdNotFound);
    let listed =
        client.call(5, &ListGroupsRequest { types_filter: vec!["share".into()], ..Default::default() }).await;
    assert_eq!((listed.groups.len(), listed.groups[0].group_type.as_str()), (1, "share"));
    let left = client.call(1, &ShareGroupHeartbeatRequest { member_epoch: -1, ..join.clone() }).await;
    assert_eq!((left.error_code, left.member_epoch), (OK, -1));
    for wrong in [
        ShareGroupHeartbeatRequest { group_id: " ".into(), ..join.clone() },
        ShareGroupHeartbeatRequest { member_id: "".into(), ..join.clone() },
        ShareGroupHeartbeatRequest { member_epoch: -2, ..join.clone() },
        ShareGroupHeartbeatRequest { subscribed_topic_names: None, ..join.clone() },
    ] {
        assert_eq!(ErrorCode::from(client.call(1, &wrong).await.error_code), ErrorCode::InvalidRequest);
    }
}

#[tokio::test]
async fn an_acknowledgement_waits_for_the_disk() {
    let world = World::new().await;
    let (mut client, id) = filled(&world, &["a"]).await;
    only(client.call(2, &fetch(id, "m", 0)).await);
    world.hold(true);
    client.send(2, &acknowledge(id, "m", 1, 0, 0, ACCEPT)).await;
    let early = world.env.timeout(Duration::from_millis(100), client.frame()).await;
    assert!(early.is_err(), "answered before it was durable");
    world.hold(false);
}
