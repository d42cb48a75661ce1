//! Administrative APIs.

use std::collections::BTreeMap;

use esker_kafka_wire::{
    ErrorCode,
    messages::{
        AlterConfigsRequest, AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest,
        CreateAclsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteAclsRequest,
        DeleteRecordsRequest, DeleteTopicsRequest, DescribeAclsRequest, DescribeClientQuotasRequest,
        DescribeClusterRequest, DescribeConfigsRequest, DescribeLogDirsRequest, DescribeQuorumRequest,
        DescribeTopicPartitionsRequest, DescribeUserScramCredentialsRequest, ElectLeadersRequest,
        IncrementalAlterConfigsRequest, ListConfigResourcesRequest, ListPartitionReassignmentsRequest,
        alter_configs_request,
        alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic},
        alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic},
        create_acls_request::AclCreation,
        create_partitions_request::CreatePartitionsTopic,
        create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig},
        create_topics_response::CreatableTopicResult,
        delete_acls_request::DeleteAclsFilter,
        delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
        delete_topics_request::DeleteTopicState,
        describe_configs_request::DescribeConfigsResource,
        describe_configs_response::DescribeConfigsResult,
        describe_quorum_request::{PartitionData as QuorumPartition, TopicData as QuorumTopic},
        describe_topic_partitions_request::{Cursor, TopicRequest},
        elect_leaders_request::TopicPartitions,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
    },
};
use uuid::Uuid;

use crate::{
    KafkaConfig,
    testing::{Client, World},
};

fn topic(name: &str, partitions: i32, configs: &[(&str, &str)]) -> CreatableTopic {
    let config =
        |&(name, value): &(&str, &str)| CreatableTopicConfig { name: name.into(), value: Some(value.into()) };
    CreatableTopic {
        name: name.into(),
        num_partitions: partitions,
        replication_factor: -1,
        assignments: Vec::new(),
        configs: configs.iter().map(config).collect(),
    }
}

async fn create(client: &mut Client, version: i16, topics: Vec<CreatableTopic>) -> Vec<CreatableTopicResult> {
    let request = CreateTopicsRequest { topics, timeout_ms: 1000, validate_only: false };
    client.call(version, &request).await.topics
}

fn error(result: &CreatableTopicResult) -> ErrorCode {
    result.error_code.into()
}

#[tokio::test]
async fn topics_are_created_in_every_version() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in 2..=7 {
        let name = format!("t{version}");
        let results = create(&mut client, version, vec![topic(&name, 3, &[("retention.ms", "1000")])]).await;
        assert_eq!((error(&results[0]), results[0].name.as_str()), (ErrorCode::None, name.as_str()));
        let record = world.broker.topic(&name).expect("usable at once").record.clone();
        assert_eq!((record.partitions, record.configs.len()), (3, 1));
        if version >= 5 {
            assert_eq!((results[0].num_partitions, results[0].replication_factor), (3, 1));
            let configs = results[0].configs.as_ref().unwrap();
            let retention = configs.iter().find(|config| config.name == "retention.ms").unwrap();
            assert_eq!((retention.value.as_deref(), retention.config_source), (Some("1000"), 1));
            assert!(configs.len() > 30);
        }
        if version >= 7 {
            assert_eq!(results[0].topic_id, record.id.0);
        }
    }
}

#[tokio::test]
async fn creation_refuses_what_kafka_refuses() {
    let world = World::new().await;
    world.topic("here_now", 1).await;
    let mut client = world.connect();
    let assigned = |partition_index, brokers: &[i32]| CreatableReplicaAssignment {
        partition_index,
        broker_ids: brokers.to_vec(),
    };
    for (wanted, expected) in [
        (topic("here_now", 1, &[]), ErrorCode::TopicAlreadyExists),
        (topic("here.now", 1, &[]), ErrorCode::InvalidTopicException),
        (topic("no spaces", 1, &[]), ErrorCode::InvalidTopicException),
        (topic("", 1, &[]), ErrorCode::InvalidTopicException),
        (topic("a", 0, &[]), ErrorCode::InvalidPartitions),
        (topic("a", -2, &[]), ErrorCode::InvalidPartitions),
        (topic("a", i32::MAX, &[]), ErrorCode::InvalidPartitions),
        (CreatableTopic { replication_factor: 0, ..topic("a", 1, &[]) }, ErrorCode::InvalidReplicationFactor),
        (CreatableTopic { replication_factor: 3, ..topic("a", 1, &[]) }, ErrorCode::InvalidReplicationFactor),
        (topic("a", 1, &[("retention.mss", "1")]), ErrorCode::InvalidConfig),
        (topic("a", 1, &[("retention.ms", "x")]), ErrorCode::InvalidConfig),
        (
            CreatableTopic { assignments: vec![assigned(0, &[1])], ..topic("a", 1, &[]) },
            ErrorCode::InvalidRequest,
        ),
        (
            CreatableTopic { assignments: vec![assigned(1, &[1])], ..topic("a", -1, &[]) },
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            CreatableTopic { assignments: vec![assigned(0, &[7])], ..topic("a", -1, &[]) },
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            CreatableTopic { assignments: vec![assigned(0, &[1, 1])], ..topic("a", -1, &[]) },
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            CreatableTopic { assignments: vec![assigned(0, &[])], ..topic("a", -1, &[]) },
            ErrorCode::InvalidReplicaAssignment,
        ),
    ] {
        let results = create(&mut client, 7, vec![wanted]).await;
        assert_eq!(error(&results[0]), expected, "{:?}", results[0].error_message);
    }
    let twice = create(&mut client, 7, vec![topic("a", 1, &[]), topic("a", 2, &[])]).await;
    assert_eq!((twice.len(), error(&twice[0])), (1, ErrorCode::InvalidRequest));
    let dry = CreateTopicsRequest { topics: vec![topic("a", 1, &[])], timeout_ms: 1000, validate_only: true };
    assert_eq!(client.call(7, &dry).await.topics[0].error_code, 0);
    assert!(world.broker.topic("a").is_none());
    let manual =
        CreatableTopic { assignments: vec![assigned(1, &[1]), assigned(0, &[1])], ..topic("a", -1, &[]) };
    assert_eq!(error(&create(&mut client, 7, vec![manual]).await[0]), ErrorCode::None);
    assert_eq!(world.broker.topic("a").unwrap().record.partitions, 2);
}

#[tokio::test]
async fn topics_are_deleted_by_name_and_by_id() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in 1..=5 {
        world.topic("t", 1).await;
        let names = vec!["t".into(), "missing".into()];
        let request = DeleteTopicsRequest { topic_names: names, timeout_ms: 1000, ..Default::default() };
        let response = client.call(version, &request).await;
        assert_eq!(response.responses[0].error_code, 0);
        assert_eq!(response.responses[1].error_code, ErrorCode::UnknownTopicOrPartition.code());
        assert!(world.broker.topic("t").is_none());
    }
    let id = world.topic("t", 1).await;
    let state = |name: Option<&str>, topic_id| DeleteTopicState { name: name.map(Into::into), topic_id };
    for (wanted, expected) in [
        (state(Some("t"), id), ErrorCode::InvalidRequest),
        (state(None, Uuid::nil()), ErrorCode::InvalidRequest),
        (state(None, Uuid::from_u128(1)), ErrorCode::UnknownTopicId),
        (state(None, id), ErrorCode::None),
        (state(None, id), ErrorCode::UnknownTopicId),
    ] {
        let request = DeleteTopicsRequest { topics: vec![wanted], timeout_ms: 1000, ..Default::default() };
        let response = client.call(6, &request).await;
        assert_eq!(ErrorCode::from(response.responses[0].error_code), expected);
    }
    let world = World::with(KafkaConfig { delete_topics: false, ..KafkaConfig::default() }).await;
    world.topic("t", 1).await;
    let request =
        DeleteTopicsRequest { topic_names: vec!["t".into()], timeout_ms: 1000, ..Default::default() };
    let response = world.connect().call(4, &request).await;
    assert_eq!(response.responses[0].error_code, ErrorCode::TopicDeletionDisabled.code());
}

#[tokio::test]
async fn partitions_are_added_and_never_taken_away() {
    let world = World::new().await;
    world.topic("t", 2).await;
    let mut client = world.connect();
    for (version, name, count, expected) in [
        (0, "t", 3, ErrorCode::None),
        (1, "t", 3, ErrorCode::InvalidPartitions),
        (2, "t", 2, ErrorCode::InvalidPartitions),
        (3, "t", -1, ErrorCode::InvalidPartitions),
        (3, "t", i32::MAX, ErrorCode::InvalidPartitions),
        (3, "missing", 3, ErrorCode::UnknownTopicOrPartition),
        (3, "t", 4, ErrorCode::None),
    ] {
        let wanted = CreatePartitionsTopic { name: name.into(), count, assignments: None };
        let request =
            CreatePartitionsRequest { topics: vec![wanted], timeout_ms: 1000, validate_only: false };
        let response = client.call(version, &request).await;
        assert_eq!(ErrorCode::from(response.results[0].error_code), expected, "{name} {count}");
    }
    let produced = client.produce("t", 3, &["in the new one"]).await;
    assert_eq!(produced.responses[0].partition_responses[0].error_code, 0);
}

async fn describe(
    client: &mut Client,
    version: i16,
    kind: i8,
    name: &str,
    keys: Option<&[&str]>,
) -> DescribeConfigsResult {
    let resource = DescribeConfigsResource {
        resource_type: kind,
        resource_name: name.into(),
        configuration_keys: keys.map(|keys| keys.iter().map(|&key| key.into()).collect()),
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        include_documentation: version >= 3,
    };
    client.call(version, &request).await.results.remove(0)
}

#[tokio::test]
async fn configs_are_described_with_every_key() {
    let world = World::new().await;
    let mut client = world.connect();
    create(&mut client, 7, vec![topic("t", 1, &[("cleanup.policy", "compact")])]).await;
    for version in 1..=4 {
        let result = describe(&mut client, version, 2, "t", None).await;
        assert_eq!(result.error_code, 0);
        let policy = result.configs.iter().find(|config| config.name == "cleanup.policy").unwrap();
        assert_eq!((policy.value.as_deref(), policy.config_source), (Some("compact"), 1));
        let names: Vec<&str> = policy.synonyms.iter().map(|synonym| synonym.name.as_str()).collect();
        assert_eq!(names, ["cleanup.policy", "log.cleanup.policy"]);
        if version >= 3 {
            assert_eq!(policy.config_type, 7);
            assert!(policy.documentation.is_some());
        }
        let retention = result.configs.iter().find(|config| config.name == "retention.ms").unwrap();
        assert_eq!((retention.value.as_deref(), retention.config_source), (Some("604800000"), 5));
    }
    let some = describe(&mut client, 4, 2, "t", Some(&["retention.ms", "unknown"])).await;
    assert_eq!(some.configs.len(), 1);
    let missing = describe(&mut client, 4, 2, "missing", None).await;
    assert_eq!(missing.error_code, ErrorCode::UnknownTopicOrPartition.code());
    let broker = describe(&mut client, 4, 4, "1", None).await;
    for key in ["inter.broker.protocol.version", "delete.topic.enable", "log.retention.ms", "num.partitions"]
    {
        assert!(broker.configs.iter().any(|config| config.name == key && config.read_only), "{key}");
    }
    assert_eq!(describe(&mut client, 4, 4, "2", None).await.error_code, ErrorCode::InvalidRequest.code());
    assert_eq!(describe(&mut client, 4, 32, "group", None).await.error_code, 0);
    assert_eq!(describe(&mut client, 4, 99, "x", None).await.error_code, ErrorCode::InvalidRequest.code());
}

async fn alter(client: &mut Client, version: i16, changes: &[(&str, i8, Option<&str>)]) -> ErrorCode {
    let change = |&(name, config_operation, value): &(&str, i8, Option<&str>)| AlterableConfig {
        name: name.into(),
        config_operation,
        value: value.map(Into::into),
    };
    let resource = AlterConfigsResource {
        resource_type: 2,
        resource_name: "t".into(),
        configs: changes.iter().map(change).collect(),
    };
    let request = IncrementalAlterConfigsRequest { resources: vec![resource], validate_only: false };
    client.call(version, &request).await.responses[0].error_code.into()
}

#[tokio::test]
async fn single_configs_are_set_deleted_appended_and_subtracted() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let configs = || -> BTreeMap<String, String> { world.broker.topic("t").unwrap().record.configs.clone() };
    assert_eq!(
        alter(&mut client, 0, &[("retention.ms", 0, Some("5")), ("segment.ms", 0, Some("7"))]).await,
        ErrorCode::None
    );
    assert_eq!(configs().len(), 2);
    assert_eq!(
        alter(&mut client, 1, &[("segment.ms", 1, None), ("cleanup.policy", 2, Some("compact"))]).await,
        ErrorCode::None
    );
    assert_eq!(configs()["cleanup.policy"], "delete,compact");
    assert_eq!(alter(&mut client, 1, &[("cleanup.policy", 3, Some("delete"))]).await, ErrorCode::None);
    assert_eq!(configs()["cleanup.policy"], "compact");
    assert_eq!(configs().len(), 2);
    for (change, expected) in [
        (("retention.ms", 2, Some("5")), ErrorCode::InvalidConfig),
        (("retention.ms", 0, Some("soon")), ErrorCode::InvalidConfig),
        (("retention.ms", 0, None), ErrorCode::InvalidRequest),
        (("retention.mss", 0, Some("1")), ErrorCode::InvalidConfig),
        (("retention.ms", 9, Some("1")), ErrorCode::InvalidRequest),
    ] {
        assert_eq!(alter(&mut client, 1, &[change]).await, expected, "{change:?}");
    }
    let twice = [("retention.ms", 0, Some("1")), ("retention.ms", 0, Some("2"))];
    assert_eq!(alter(&mut client, 1, &twice).await, ErrorCode::InvalidRequest);
    assert_eq!(configs()["retention.ms"], "5", "a refused change changes nothing");
}

#[tokio::test]
async fn the_old_way_replaces_all_configs() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    alter(&mut client, 1, &[("retention.ms", 0, Some("5"))]).await;
    for (version, validate_only) in [(0, true), (1, false), (2, false)] {
        let config =
            alter_configs_request::AlterableConfig { name: "segment.ms".into(), value: Some("9".into()) };
        let resource = alter_configs_request::AlterConfigsResource {
            resource_type: 2,
            resource_name: "t".into(),
            configs: vec![config],
        };
        let request = AlterConfigsRequest { resources: vec![resource], validate_only };
        assert_eq!(client.call(version, &request).await.responses[0].error_code, 0);
        let configs = world.broker.topic("t").unwrap().record.configs.clone();
        assert_eq!(configs.contains_key("segment.ms"), !validate_only);
        assert_eq!(configs.contains_key("retention.ms"), validate_only);
    }
    let broker = alter_configs_request::AlterConfigsResource {
        resource_type: 4,
        resource_name: "1".into(),
        configs: vec![],
    };
    let request = AlterConfigsRequest { resources: vec![broker], validate_only: false };
    assert_eq!(client.call(2, &request).await.responses[0].error_code, ErrorCode::InvalidRequest.code());
}

#[tokio::test]
async fn records_are_deleted_up_to_an_offset() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    create(&mut client, 7, vec![topic("compacted", 1, &[("cleanup.policy", "compact")])]).await;
    client.produce("t", 0, &["a", "b", "c"]).await;
    for (version, name, offset, expected, low) in [
        (0, "t", 2, ErrorCode::None, 2),
        (1, "t", 1, ErrorCode::None, 2),
        (2, "t", 9, ErrorCode::OffsetOutOfRange, -1),
        (2, "t", -2, ErrorCode::OffsetOutOfRange, -1),
        (2, "missing", 1, ErrorCode::UnknownTopicOrPartition, -1),
        (2, "compacted", 0, ErrorCode::PolicyViolation, -1),
        (2, "t", -1, ErrorCode::None, 3),
    ] {
        let partition = DeleteRecordsPartition { partition_index: 0, offset };
        let topic = DeleteRecordsTopic { name: name.into(), partitions: vec![partition] };
        let response =
            client.call(version, &DeleteRecordsRequest { topics: vec![topic], timeout_ms: 1000 }).await;
        let result = &response.topics[0].partitions[0];
        assert_eq!(
            (ErrorCode::from(result.error_code), result.low_watermark),
            (expected, low),
            "{name} {offset}"
        );
    }
}

#[tokio::test]
async fn the_cluster_is_described() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in 0..=2 {
        let request =
            DescribeClusterRequest { include_cluster_authorized_operations: true, ..Default::default() };
        let response = client.call(version, &request).await;
        assert_eq!((response.error_code, response.cluster_id.as_str()), (0, "test-cluster"));
        assert_eq!((response.controller_id, response.brokers.len()), (1, 1));
        assert_eq!(response.cluster_authorized_operations, 8096);
    }
    for (endpoint_type, error) in
        [(2, ErrorCode::MismatchedEndpointType), (3, ErrorCode::UnsupportedEndpointType)]
    {
        let request = DescribeClusterRequest { endpoint_type, ..Default::default() };
        assert_eq!(client.call(1, &request).await.error_code, error.code());
    }
}

#[tokio::test]
async fn topics_are_described_in_pages() {
    let world = World::new().await;
    world.topic("a", 3).await;
    world.topic("b", 4).await;
    world.topic("c", 1).await;
    let mut client = world.connect();
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let request =
            DescribeTopicPartitionsRequest { response_partition_limit: 2, cursor, ..Default::default() };
        let response = client.call(0, &request).await;
        let count: usize = response.topics.iter().map(|topic| topic.partitions.len()).sum();
        assert!(count <= 2);
        for topic in &response.topics {
            let name = topic.name.as_ref().unwrap();
            seen.extend(
                topic.partitions.iter().map(|partition| format!("{name}{}", partition.partition_index)),
            );
        }
        match response.next_cursor {
            Some(next) => {
                cursor = Some(Cursor { topic_name: next.topic_name, partition_index: next.partition_index })
            }
            None => break,
        }
    }
    assert_eq!(seen, ["a0", "a1", "a2", "b0", "b1", "b2", "b3", "c0"]);
    let names = ["c", "missing", "c"].map(|name| TopicRequest { name: name.into() });
    let request =
        DescribeTopicPartitionsRequest { topics: names.to_vec(), response_partition_limit: 9, cursor: None };
    let response = client.call(0, &request).await;
    assert_eq!(response.topics.len(), 2);
    assert_eq!(response.topics[1].error_code, ErrorCode::UnknownTopicOrPartition.code());
}

#[tokio::test]
async fn log_dirs_show_sizes() {
    let world = World::new().await;
    world.topic("t", 2).await;
    let mut client = world.connect();
    client.produce("t", 1, &["some bytes"]).await;
    for version in 1..=5 {
        let response = client.call(version, &DescribeLogDirsRequest { topics: None }).await;
        let dir = &response.results[0];
        assert_eq!((dir.error_code, dir.topics[0].partitions.len()), (0, 2));
        assert_eq!(dir.topics[0].partitions[0].partition_size, 0);
        assert!(dir.topics[0].partitions[1].partition_size > 60);
        if version >= 4 {
            assert!(dir.total_bytes > 0 && dir.usable_bytes <= dir.total_bytes);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_moved_may_stay_where_it_is() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    for version in 1..=2 {
        let to = |path: &str| AlterReplicaLogDir {
            path: path.into(),
            topics: vec![AlterReplicaLogDirTopic { name: "t".into(), partitions: vec![0, 5] }],
        };
        let request = AlterReplicaLogDirsRequest { dirs: vec![to("esker"), to("/elsewhere")] };
        let response = client.call(version, &request).await;
        let errors: Vec<ErrorCode> = (response.results.iter())
            .flat_map(|topic| topic.partitions.iter().map(|partition| partition.error_code.into()))
            .collect();
        let elsewhere = ErrorCode::LogDirNotFound;
        assert_eq!(errors, [ErrorCode::None, ErrorCode::UnknownTopicOrPartition, elsewhere, elsewhere]);
    }
    for version in 0..=1 {
        let to = |index, replicas| ReassignablePartition { partition_index: index, replicas };
        let partitions = vec![to(0, Some(vec![1])), to(0, Some(vec![2])), to(0, None), to(9, Some(vec![1]))];
        let topics = vec![ReassignableTopic { name: "t".into(), partitions }];
        let request = AlterPartitionReassignmentsRequest { topics, ..Default::default() };
        let response = client.call(version, &request).await;
        let errors: Vec<ErrorCode> =
            response.responses[0].partitions.iter().map(|partition| partition.error_code.into()).collect();
        let expected = [
            ErrorCode::None,
            ErrorCode::InvalidReplicaAssignment,
            ErrorCode::NoReassignmentInProgress,
            ErrorCode::UnknownTopicOrPartition,
        ];
        assert_eq!(errors, expected);
    }
}

#[tokio::test]
async fn the_quorum_is_the_controller_and_the_brokers() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    for version in 0..=2 {
        let topic = |name: &str| QuorumTopic {
            topic_name: name.into(),
            partitions: vec![QuorumPartition { partition_index: 0 }],
        };
        let request = DescribeQuorumRequest { topics: vec![topic("__cluster_metadata"), topic("t")] };
        let response = client.call(version, &request).await;
        let partition = &response.topics[0].partitions[0];
        assert_eq!((response.error_code, partition.error_code, partition.leader_id), (0, 0, 1));
        assert!(partition.high_watermark > 0);
        assert_eq!(partition.current_voters.iter().map(|voter| voter.replica_id).collect::<Vec<_>>(), [1]);
        assert_eq!(response.nodes.len(), usize::from(version == 2));
        let error = response.topics[1].partitions[0].error_code;
        assert_eq!(error, ErrorCode::UnknownTopicOrPartition.code());
    }
}

#[tokio::test]
async fn what_there_is_nothing_of_is_said_so() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let response = client.call(0, &ListPartitionReassignmentsRequest::default()).await;
    assert_eq!((response.error_code, response.topics.len()), (0, 0));
    for version in 0..=2 {
        let partitions = TopicPartitions { topic: "t".into(), partitions: vec![0, 5] };
        let request = ElectLeadersRequest { topic_partitions: Some(vec![partitions]), ..Default::default() };
        let response = client.call(version, &request).await;
        let errors: Vec<ErrorCode> = response.replica_election_results[0]
            .partition_result
            .iter()
            .map(|result| result.error_code.into())
            .collect();
        assert_eq!(errors, [ErrorCode::ElectionNotNeeded, ErrorCode::UnknownTopicOrPartition]);
    }
    for version in 1..=3 {
        let response = client.call(version, &DescribeAclsRequest::default()).await;
        assert_eq!(response.error_code, ErrorCode::SecurityDisabled.code());
        let request = CreateAclsRequest {
            creations: vec![AclCreation { resource_pattern_type: 3, ..Default::default() }],
        };
        let response = client.call(version, &request).await;
        assert_eq!(response.results[0].error_code, ErrorCode::SecurityDisabled.code());
        let request = DeleteAclsRequest { filters: vec![DeleteAclsFilter::default()] };
        let response = client.call(version, &request).await;
        assert_eq!(response.filter_results[0].error_code, ErrorCode::SecurityDisabled.code());
    }
    for version in 0..=1 {
        let response = client.call(version, &DescribeClientQuotasRequest::default()).await;
        assert_eq!((response.error_code, response.entries), (0, Some(Vec::new())));
        let response = client.call(version, &ListConfigResourcesRequest { resource_types: Vec::new() }).await;
        assert_eq!(response.config_resources.len(), if version == 0 { 0 } else { 3 });
    }
    let response = client.call(1, &ListConfigResourcesRequest { resource_types: vec![77] }).await;
    assert_eq!(response.error_code, ErrorCode::UnsupportedVersion.code());
    let response = client.call(0, &DescribeUserScramCredentialsRequest { users: None }).await;
    assert_eq!((response.error_code, response.results.len()), (0, 0));
}
