//! Groups of the consumer protocol over the wire, in every version that is served.

use std::collections::BTreeMap;

use esker_kafka_wire::{
    ErrorCode, KString, Request,
    messages::{
        ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
        DeleteGroupsRequest, DescribeConfigsRequest, DescribeGroupsRequest, IncrementalAlterConfigsRequest,
        ListGroupsRequest, OffsetCommitRequest, OffsetFetchRequest,
        describe_configs_request::DescribeConfigsResource,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_fetch_request::OffsetFetchRequestGroup,
    },
};
use uuid::Uuid;

use crate::testing::{Client, World};

const OK: i16 = 0;

fn joining(member_id: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: "g".into(),
        member_id: member_id.into(),
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    }
}

fn partitions(answer: &ConsumerGroupHeartbeatResponse) -> BTreeMap<Uuid, Vec<i32>> {
    let assignment = answer.assignment.as_ref().expect("an assignment");
    assignment.topic_partitions.iter().map(|topic| (topic.topic_id, topic.partitions.clone())).collect()
}

async fn leave(client: &mut Client, member_id: &str) {
    let request = ConsumerGroupHeartbeatRequest { member_epoch: -1, ..joining(member_id) };
    let left = client.call(1, &request).await;
    assert_eq!((left.error_code, left.member_epoch), (OK, -1));
}

#[tokio::test]
async fn a_member_comes_and_goes_in_every_version() {
    let world = World::new().await;
    let id = world.topic("t", 2).await;
    let mut client = world.connect();
    let versions = ConsumerGroupHeartbeatRequest::KEY.stable_versions();
    for version in versions.min..=versions.max {
        let own = if version == 0 { "" } else { "me" };
        let joined = client.call(version, &joining(own)).await;
        assert_eq!((joined.error_code, joined.heartbeat_interval_ms), (OK, 5_000), "{joined:?}");
        assert_eq!(partitions(&joined), BTreeMap::from([(id, vec![0, 1])]));
        let member_id = joined.member_id.expect("an id");
        let beat = ConsumerGroupHeartbeatRequest {
            member_epoch: joined.member_epoch,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            topic_partitions: None,
            ..joining(&member_id)
        };
        let answer = client.call(version, &beat).await;
        assert_eq!((answer.error_code, answer.assignment), (OK, None));
        let ahead = ConsumerGroupHeartbeatRequest { member_epoch: 99, ..beat };
        let fenced = client.call(version, &ahead).await;
        assert_eq!(fenced.error_code, ErrorCode::FencedMemberEpoch.code());
        leave(&mut client, &member_id).await;
    }
    let by_pattern = ConsumerGroupHeartbeatRequest {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some("t|u".into()),
        ..joining("me")
    };
    assert_eq!(partitions(&client.call(1, &by_pattern).await).len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let invalid = [
        ConsumerGroupHeartbeatRequest { group_id: " ".into(), ..joining("m") },
        joining(""),
        ConsumerGroupHeartbeatRequest { instance_id: Some(KString::new()), ..joining("m") },
        ConsumerGroupHeartbeatRequest { rack_id: Some(KString::new()), ..joining("m") },
        ConsumerGroupHeartbeatRequest { rebalance_timeout_ms: -1, ..joining("m") },
        ConsumerGroupHeartbeatRequest { topic_partitions: None, ..joining("m") },
        ConsumerGroupHeartbeatRequest { subscribed_topic_names: None, ..joining("m") },
        ConsumerGroupHeartbeatRequest { member_epoch: -2, ..joining("m") },
        ConsumerGroupHeartbeatRequest { member_epoch: -3, ..joining("m") },
    ];
    for request in invalid {
        let refused = client.call(1, &request).await;
        assert_eq!(refused.error_code, ErrorCode::InvalidRequest.code(), "{request:?}");
        assert!(refused.error_message.is_some());
    }
    let others = [
        (
            ConsumerGroupHeartbeatRequest { server_assignor: Some("x".into()), ..joining("m") },
            ErrorCode::UnsupportedAssignor,
        ),
        (
            ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some("(".into()), ..joining("m") },
            ErrorCode::InvalidRegularExpression,
        ),
        (ConsumerGroupHeartbeatRequest { member_epoch: 1, ..joining("m") }, ErrorCode::GroupIdNotFound),
        (ConsumerGroupHeartbeatRequest { member_epoch: -1, ..joining("m") }, ErrorCode::GroupIdNotFound),
    ];
    for (request, error) in others {
        assert_eq!(client.call(1, &request).await.error_code, error.code(), "{request:?}");
    }
}

#[tokio::test]
async fn groups_are_listed_described_and_deleted() {
    let world = World::new().await;
    let id = world.topic("t", 1).await;
    let mut client = world.connect();
    client.call(1, &joining("m")).await;
    for (types, count) in [("", 1), ("Consumer", 1), ("classic", 0)] {
        let types_filter = if types.is_empty() { Vec::new() } else { vec![types.into()] };
        let listed =
            client.call(5, &ListGroupsRequest { types_filter, ..ListGroupsRequest::default() }).await;
        assert_eq!(listed.groups.len(), count, "{types}");
    }
    let versions = ConsumerGroupDescribeRequest::KEY.stable_versions();
    for version in versions.min..=versions.max {
        let request = ConsumerGroupDescribeRequest {
            group_ids: vec!["g".into(), "none".into()],
            include_authorized_operations: true,
        };
        let found = client.call(version, &request).await.groups;
        assert_eq!((found[0].error_code, found[0].group_state.as_str()), (OK, "Stable"));
        assert_eq!((found[0].group_epoch, found[0].assignment_epoch), (1, 1));
        assert_eq!(found[0].assignor_name, "uniform");
        let member = &found[0].members[0];
        assert_eq!((member.member_id.as_str(), member.member_epoch), ("m", 1));
        let topic = &member.assignment.topic_partitions[0];
        assert_eq!((topic.topic_id, topic.topic_name.as_str(), &topic.partitions), (id, "t", &vec![0]));
        assert_eq!(member.member_type, if version == 0 { -1 } else { 1 });
        assert_eq!(found[1].error_code, ErrorCode::GroupIdNotFound.code());
    }
    let described = DescribeGroupsRequest { groups: vec!["g".into()], ..DescribeGroupsRequest::default() };
    let found = client.call(6, &described).await.groups;
    assert_eq!(found[0].error_code, ErrorCode::GroupIdNotFound.code());
    let delete = DeleteGroupsRequest { groups_names: vec!["g".into()] };
    let refused = client.call(2, &delete).await.results[0].error_code;
    assert_eq!(refused, ErrorCode::NonEmptyGroup.code());
    leave(&mut client, "m").await;
    assert_eq!(client.call(2, &delete).await.results[0].error_code, OK);
    assert!(client.call(5, &ListGroupsRequest::default()).await.groups.is_empty());
}

#[tokio::test]
async fn offsets_are_for_members_at_their_epoch() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    client.call(1, &joining("m")).await;
    let commit = |epoch: i32| OffsetCommitRequest {
        group_id: "g".into(),
        member_id: "m".into(),
        generation_id_or_member_epoch: epoch,
        topics: vec![OffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: 7,
                ..OffsetCommitRequestPartition::default()
            }],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    };
    for (version, epoch, error) in
        [(9, 1, ErrorCode::None), (9, 2, ErrorCode::StaleMemberEpoch), (8, 1, ErrorCode::UnsupportedVersion)]
    {
        let committed = client.call(version, &commit(epoch)).await;
        assert_eq!(committed.topics[0].partitions[0].error_code, error.code(), "{version} {epoch}");
    }
    for (member_id, epoch, error) in [
        (Some("m"), 1, ErrorCode::None),
        (Some("m"), 2, ErrorCode::StaleMemberEpoch),
        (Some("x"), 1, ErrorCode::UnknownMemberId),
        (None, -1, ErrorCode::None),
    ] {
        let group = OffsetFetchRequestGroup {
            group_id: "g".into(),
            member_id: member_id.map(KString::from),
            member_epoch: epoch,
            topics: None,
        };
        let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
        let fetched = client.call(9, &request).await;
        assert_eq!(fetched.groups[0].error_code, error.code(), "{member_id:?} {epoch}");
        assert_eq!(fetched.groups[0].topics.len(), usize::from(error == ErrorCode::None));
    }
}

#[tokio::test]
async fn groups_have_configurations_of_their_own() {
    const GROUP: i8 = 32;
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let set = |key: &str, value: &str| IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: GROUP,
            resource_name: "g".into(),
            configs: vec![AlterableConfig {
                name: key.into(),
                config_operation: 0,
                value: Some(value.into()),
            }],
        }],
        ..IncrementalAlterConfigsRequest::default()
    };
    for (key, value, error) in [
        ("consumer.heartbeat.interval.ms", "7000", ErrorCode::None),
        ("consumer.heartbeat.interval.ms", "1", ErrorCode::InvalidConfig),
        ("consumer.session.timeout.ms", "soon", ErrorCode::InvalidConfig),
        ("streams.session.timeout.ms", "45000", ErrorCode::InvalidConfig),
        ("share.session.timeout.ms", "45000", ErrorCode::None),
        ("share.session.timeout.ms", "1000", ErrorCode::InvalidConfig),
        ("share.auto.offset.reset", "by_duration:PT1H", ErrorCode::None),
        ("share.auto.offset.reset", "by_duration:soon", ErrorCode::InvalidConfig),
        ("share.isolation.level", "read_committed", ErrorCode::None),
        ("share.isolation.level", "none", ErrorCode::InvalidConfig),
        ("share.delivery.count.limit", "11", ErrorCode::InvalidConfig),
        ("share.renew.acknowledge.enable", "false", ErrorCode::None),
        ("nonsense", "1", ErrorCode::InvalidConfig),
    ] {
        let changed = client.call(1, &set(key, value)).await;
        assert_eq!(changed.responses[0].error_code, error.code(), "{key} {value}");
    }
    let describe = DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: GROUP,
            resource_name: "g".into(),
            configuration_keys: Some(vec!["consumer.heartbeat.interval.ms".into()]),
        }],
        ..DescribeConfigsRequest::default()
    };
    let described = client.call(4, &describe).await;
    let entry = &described.results[0].configs[0];
    assert_eq!((entry.value.as_deref(), entry.config_source, entry.read_only), (Some("7000"), 8, false));
    let joined = client.call(1, &joining("m")).await;
    assert_eq!(joined.heartbeat_interval_ms, 7_000);
}
