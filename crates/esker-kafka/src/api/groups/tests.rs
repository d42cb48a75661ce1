//! Consumer groups over the wire, in every version that is served.

use std::time::Duration;

use esker_coordinator::GroupError;
use esker_kafka_wire::{
    ErrorCode, KString, Message, Request,
    messages::{
        DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest,
        JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, ListGroupsRequest, OffsetCommitRequest,
        OffsetDeleteRequest, OffsetFetchRequest, SyncGroupRequest,
        join_group_request::JoinGroupRequestProtocol,
        leave_group_request::MemberIdentity,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics},
        sync_group_request::SyncGroupRequestAssignment,
    },
};
use uuid::Uuid;

use crate::testing::{Client, World};

const OK: i16 = 0;

fn versions<Q: Request>() -> std::ops::RangeInclusive<i16> {
    let stable = Q::KEY.stable_versions();
    assert_eq!((stable.min, stable.max), (Q::MIN_VERSION.max(stable.min), Q::MAX_VERSION.min(stable.max)));
    stable.min..=stable.max
}

fn join_request(group: &str, member_id: &KString) -> JoinGroupRequest {
    JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        member_id: member_id.clone(),
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol { name: "range".into(), metadata: "meta".into() }],
        ..JoinGroupRequest::default()
    }
}

async fn join(client: &mut Client, version: i16, group: &str) -> JoinGroupResponse {
    let answer = client.call(version, &join_request(group, &KString::new())).await;
    if version < 4 {
        return answer;
    }
    assert_eq!(answer.error_code, ErrorCode::MemberIdRequired.code());
    client.call(version, &join_request(group, &answer.member_id)).await
}

/// A stable group of one member: its id.
async fn stable(client: &mut Client, version: i16, group: &str) -> KString {
    let joined = join(client, version, group).await;
    assert_eq!((joined.error_code, joined.generation_id, joined.members.len()), (OK, 1, 1));
    assert_eq!(joined.leader, joined.member_id);
    let sync = SyncGroupRequest {
        group_id: group.into(),
        generation_id: 1,
        member_id: joined.member_id.clone(),
        protocol_type: (version >= 5).then(|| "consumer".into()),
        protocol_name: (version >= 5).then(|| "range".into()),
        assignments: vec![SyncGroupRequestAssignment {
            member_id: joined.member_id.clone(),
            assignment: "mine".into(),
        }],
        ..SyncGroupRequest::default()
    };
    let synced = client.call(version.min(SyncGroupRequest::MAX_VERSION), &sync).await;
    assert_eq!((synced.error_code, &synced.assignment[..]), (OK, b"mine".as_slice()));
    joined.member_id
}

fn commit_request(version: i16, topic: (&str, Uuid), member: (&KString, i32)) -> OffsetCommitRequest {
    OffsetCommitRequest {
        group_id: "g".into(),
        generation_id_or_member_epoch: member.1,
        member_id: member.0.clone(),
        topics: vec![OffsetCommitRequestTopic {
            name: if version < 10 { topic.0.into() } else { KString::new() },
            topic_id: if version < 10 { Uuid::nil() } else { topic.1 },
            partitions: [0, 9]
                .map(|partition_index| OffsetCommitRequestPartition {
                    partition_index,
                    committed_offset: 100 + i64::from(version),
                    committed_leader_epoch: if version >= 6 { 3 } else { -1 },
                    committed_metadata: Some("note".into()),
                })
                .to_vec(),
        }],
        ..OffsetCommitRequest::default()
    }
}

#[tokio::test]
async fn a_member_comes_and_goes_in_every_version() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in versions::<JoinGroupRequest>() {
        let group = format!("join-{version}");
        let member_id = stable(&mut client, version, &group).await;
        assert!(member_id.starts_with("test-"), "{member_id}");
        let heartbeat = HeartbeatRequest {
            group_id: group.as_str().into(),
            generation_id: 1,
            member_id: member_id.clone(),
            ..HeartbeatRequest::default()
        };
        let version = version.min(HeartbeatRequest::MAX_VERSION);
        assert_eq!(client.call(version, &heartbeat).await.error_code, OK);
        let old = HeartbeatRequest { generation_id: 0, ..heartbeat };
        assert_eq!(client.call(version, &old).await.error_code, ErrorCode::IllegalGeneration.code());
        let leave = LeaveGroupRequest {
            group_id: group.as_str().into(),
            member_id: if version < 3 { member_id.clone() } else { KString::new() },
            members: if version < 3 {
                Vec::new()
            } else {
                vec![
                    MemberIdentity { member_id: member_id.clone(), ..MemberIdentity::default() },
                    MemberIdentity { member_id: "stranger".into(), ..MemberIdentity::default() },
                ]
            },
        };
        let left = client.call(version, &leave).await;
        assert_eq!(left.error_code, OK);
        let each: Vec<i16> = left.members.iter().map(|member| member.error_code).collect();
        assert_eq!(each, if version < 3 { vec![] } else { vec![OK, ErrorCode::UnknownMemberId.code()] });
        let again = client.call(version, &leave).await;
        let unknown = ErrorCode::UnknownMemberId.code();
        assert_eq!(if version < 3 { again.error_code } else { again.members[0].error_code }, unknown);
    }
}

#[tokio::test]
async fn offsets_round_trip_in_every_version() {
    let world = World::new().await;
    let id = world.topic("t", 1).await;
    let mut client = world.connect();
    let member_id = stable(&mut client, 9, "g").await;
    for version in versions::<OffsetCommitRequest>() {
        let committed = client.call(version, &commit_request(version, ("t", id), (&member_id, 1))).await;
        let errors: Vec<i16> = committed.topics[0].partitions.iter().map(|p| p.error_code).collect();
        assert_eq!(errors, [OK, ErrorCode::UnknownTopicOrPartition.code()]);
        let fetch = version.clamp(1, OffsetFetchRequest::MAX_VERSION);
        let found = fetch_offsets(&mut client, fetch, id).await;
        assert_eq!(
            found,
            vec![(0, 100 + i64::from(version), "note".to_owned(), OK), (5, -1, String::new(), OK)]
        );
    }
    for version in versions::<OffsetFetchRequest>() {
        assert_eq!(fetch_offsets(&mut client, version, id).await.len(), 2);
        if version >= 2 {
            assert_eq!(fetch_all(&mut client, version).await, [(0, 110)]);
        }
    }
    let unknown = client.call(10, &commit_request(10, ("t", Uuid::from_u128(1)), (&member_id, 1))).await;
    assert_eq!(unknown.topics[0].partitions[0].error_code, ErrorCode::UnknownTopicId.code());
    let unknown = client.call(9, &commit_request(9, ("nowhere", id), (&member_id, 1))).await;
    assert_eq!(unknown.topics[0].partitions[0].error_code, ErrorCode::UnknownTopicOrPartition.code());
    let fenced = client.call(9, &commit_request(9, ("t", id), (&member_id, 0))).await;
    assert_eq!(fenced.topics[0].partitions[0].error_code, ErrorCode::IllegalGeneration.code());
    let found = fetch_offsets(&mut client, 10, Uuid::from_u128(1)).await;
    assert_eq!(found[0], (0, -1, String::new(), ErrorCode::UnknownTopicId.code()));
}

/// Partition, offset, metadata and error of partitions 0 and 5.
async fn fetch_offsets(client: &mut Client, version: i16, id: Uuid) -> Vec<(i32, i64, String, i16)> {
    let text = |metadata: &Option<KString>| metadata.as_ref().expect("never null").to_string();
    if version < 8 {
        let topic = OffsetFetchRequestTopic { name: "t".into(), partition_indexes: vec![0, 5] };
        let request = OffsetFetchRequest {
            group_id: "g".into(),
            topics: Some(vec![topic]),
            ..OffsetFetchRequest::default()
        };
        let answer = client.call(version, &request).await;
        assert_eq!(answer.error_code, OK);
        let partitions = &answer.topics[0].partitions;
        return partitions
            .iter()
            .map(|p| (p.partition_index, p.committed_offset, text(&p.metadata), p.error_code))
            .collect();
    }
    let topic = OffsetFetchRequestTopics {
        name: if version < 10 { "t".into() } else { KString::new() },
        topic_id: if version < 10 { Uuid::nil() } else { id },
        partition_indexes: vec![0, 5],
    };
    let group = OffsetFetchRequestGroup {
        group_id: "g".into(),
        topics: Some(vec![topic]),
        ..OffsetFetchRequestGroup::default()
    };
    let other = OffsetFetchRequestGroup {
        group_id: "other".into(),
        topics: None,
        ..OffsetFetchRequestGroup::default()
    };
    let groups = vec![group.clone(), other, group];
    let answer = client.call(version, &OffsetFetchRequest { groups, ..OffsetFetchRequest::default() }).await;
    let errors: Vec<i16> = answer.groups.iter().map(|group| group.error_code).collect();
    assert_eq!(errors, [OK, OK, ErrorCode::InvalidRequest.code()]);
    assert!(answer.groups[1].topics.is_empty());
    let partitions = &answer.groups[0].topics[0].partitions;
    partitions
        .iter()
        .map(|p| (p.partition_index, p.committed_offset, text(&p.metadata), p.error_code))
        .collect()
}

async fn fetch_all(client: &mut Client, version: i16) -> Vec<(i32, i64)> {
    if version < 8 {
        let request =
            OffsetFetchRequest { group_id: "g".into(), topics: None, ..OffsetFetchRequest::default() };
        let answer = client.call(version, &request).await;
        return answer.topics[0].partitions.iter().map(|p| (p.partition_index, p.committed_offset)).collect();
    }
    let group =
        OffsetFetchRequestGroup { group_id: "g".into(), topics: None, ..OffsetFetchRequestGroup::default() };
    let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
    let answer = client.call(version, &request).await;
    answer.groups[0].topics[0].partitions.iter().map(|p| (p.partition_index, p.committed_offset)).collect()
}

#[tokio::test]
async fn groups_are_found_listed_described_and_deleted() {
    let world = World::new().await;
    let id = world.topic("t", 1).await;
    let mut client = world.connect();
    let member_id = stable(&mut client, 9, "g").await;
    client.call(9, &commit_request(9, ("t", id), (&member_id, 1))).await;
    for version in versions::<FindCoordinatorRequest>() {
        let request = FindCoordinatorRequest {
            key: if version < 4 { "g".into() } else { KString::new() },
            coordinator_keys: if version < 4 { Vec::new() } else { vec!["g".into(), "h".into()] },
            ..FindCoordinatorRequest::default()
        };
        let found = client.call(version, &request).await;
        if version < 4 {
            assert_eq!((found.error_code, found.node_id, found.host.as_str()), (OK, 1, "broker.test"));
        } else {
            assert!(found.coordinators.iter().all(|c| (c.error_code, c.node_id) == (OK, 1)));
        }
    }
    for version in versions::<ListGroupsRequest>() {
        let listed = client.call(version, &ListGroupsRequest::default()).await;
        assert_eq!((listed.error_code, listed.groups.len()), (OK, 1));
        assert_eq!(
            (&listed.groups[0].group_id, &listed.groups[0].protocol_type),
            (&"g".into(), &"consumer".into())
        );
    }
    for (states, types, count) in [
        ("stable", "", 1),
        ("Empty", "", 0),
        ("", "Classic", 1),
        ("", "consumer", 0),
        ("STABLE", "classic", 1),
    ] {
        let filter = |text: &str| if text.is_empty() { Vec::new() } else { vec![KString::from(text)] };
        let request = ListGroupsRequest { states_filter: filter(states), types_filter: filter(types) };
        assert_eq!(client.call(5, &request).await.groups.len(), count, "{states} {types}");
    }
    for version in versions::<DescribeGroupsRequest>() {
        let request = DescribeGroupsRequest {
            groups: vec!["g".into(), "none".into()],
            include_authorized_operations: version >= 3,
        };
        let found = client.call(version, &request).await.groups;
        assert_eq!((found[0].group_state.as_str(), found[0].protocol_data.as_str()), ("Stable", "range"));
        let member = &found[0].members[0];
        assert_eq!((&member.member_id, &member.client_id), (&member_id, &"test".into()));
        assert_eq!(
            (&member.member_metadata[..], &member.member_assignment[..]),
            (&b"meta"[..], &b"mine"[..])
        );
        assert_eq!(member.client_host, "/127.0.0.1");
        assert_eq!(found[0].authorized_operations, if version >= 3 { 3400 } else { i32::MIN });
        assert_eq!(found[1].group_state, "Dead");
        assert_eq!(found[1].error_code, if version >= 6 { ErrorCode::GroupIdNotFound.code() } else { OK });
    }
    for version in versions::<DeleteGroupsRequest>() {
        let request = DeleteGroupsRequest { groups_names: vec!["g".into(), "none".into()] };
        let errors: Vec<i16> =
            client.call(version, &request).await.results.iter().map(|r| r.error_code).collect();
        assert_eq!(errors, [ErrorCode::NonEmptyGroup.code(), ErrorCode::GroupIdNotFound.code()]);
    }
    let partition = |partition_index| OffsetDeleteRequestPartition { partition_index };
    let request = OffsetDeleteRequest {
        group_id: "g".into(),
        topics: vec![
            OffsetDeleteRequestTopic { name: "x".into(), partitions: vec![partition(0)] },
            OffsetDeleteRequestTopic { name: "t".into(), partitions: vec![partition(7), partition(0)] },
        ],
    };
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let deleted = client.call(0, &request).await;
    assert_eq!((deleted.error_code, deleted.topics[0].partitions[0].error_code), (OK, unknown));
    let errors: Vec<i16> = deleted.topics[1].partitions.iter().map(|p| p.error_code).collect();
    // The member's metadata is no consumer's, so that the group counts as subscribed to everything.
    assert_eq!(errors, [unknown, ErrorCode::GroupSubscribedToTopic.code()]);
}

#[tokio::test]
async fn a_join_that_waits_ends_with_its_connection() {
    let world = World::new().await;
    let mut first = world.connect();
    stable(&mut first, 9, "g").await;
    let mut second = world.connect();
    let id = second.call(9, &join_request("g", &KString::new())).await.member_id;
    second.send(9, &join_request("g", &id)).await;
    let (stream, end) = second.into_parts();
    drop(stream);
    end.await.expect("the connection is not held by the join that it waited for");
    // The member is there for its session all the same: the first learns of it.
    let groups = &world.broker.groups;
    let described = groups.describe(&"g".into()).await.expect("in charge").expect("exists");
    assert_eq!(described.members.len(), 2);
}

#[tokio::test]
async fn joins_of_many_connections_meet() {
    let world = World::new().await;
    let members = 20;
    let all = (0..members).map(|_| {
        let mut client = world.connect();
        async move {
            // Until everybody is in one generation, whoever is told to comes back.
            let mut member_id = KString::new();
            loop {
                let joined = client.call(9, &join_request("g", &member_id)).await;
                member_id = joined.member_id.clone();
                match ErrorCode::from(joined.error_code) {
                    ErrorCode::MemberIdRequired => continue,
                    ErrorCode::None => {}
                    other => panic!("{other}"),
                }
                let assignments = joined.members.iter().map(|member| SyncGroupRequestAssignment {
                    member_id: member.member_id.clone(),
                    assignment: member.member_id.clone().into_bytes(),
                });
                let sync = SyncGroupRequest {
                    group_id: "g".into(),
                    generation_id: joined.generation_id,
                    member_id: member_id.clone(),
                    protocol_type: Some("consumer".into()),
                    protocol_name: Some("range".into()),
                    assignments: assignments.collect(),
                    ..SyncGroupRequest::default()
                };
                let synced = client.call(5, &sync).await;
                if synced.error_code == ErrorCode::RebalanceInProgress.code() {
                    continue;
                }
                assert_eq!((synced.error_code, synced.assignment), (OK, member_id.clone().into_bytes()));
                let heartbeat = HeartbeatRequest {
                    group_id: "g".into(),
                    generation_id: joined.generation_id,
                    member_id: member_id.clone(),
                    ..HeartbeatRequest::default()
                };
                loop {
                    match ErrorCode::from(client.call(4, &heartbeat).await.error_code) {
                        ErrorCode::None => {}
                        ErrorCode::RebalanceInProgress => break,
                        other => panic!("{other}"),
                    }
                    let described = world_members(&mut client).await;
                    if described == members {
                        return joined.generation_id;
                    }
                }
            }
        }
    });
    let limit = Duration::from_secs(60);
    let generations = world.env.timeout(limit, futures::future::join_all(all)).await.expect("they meet");
    assert!(generations.iter().all(|generation| *generation == generations[0]), "{generations:?}");
}

/// Members of the group while it is stable.
async fn world_members(client: &mut Client) -> usize {
    let request = DescribeGroupsRequest { groups: vec!["g".into()], include_authorized_operations: false };
    let found = client.call(5, &request).await.groups.remove(0);
    if found.group_state == "Stable" { found.members.len() } else { 0 }
}

#[test]
fn every_error_has_a_code() {
    assert_eq!(GroupError::Loading.code(), ErrorCode::CoordinatorLoadInProgress);
    assert_eq!(super::code_of::<()>(&Err(GroupError::NonEmptyGroup)), 68);
    assert_eq!(super::code_of(&Ok(())), 0);
}
