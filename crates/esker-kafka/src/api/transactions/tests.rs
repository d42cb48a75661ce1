//! Transactions over the wire, in every version that is served.

use esker_kafka_wire::{
    ErrorCode, KString, Request,
    messages::{
        AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, ApiVersionsRequest, DescribeTransactionsRequest,
        EndTxnRequest, EndTxnResponse, FindCoordinatorRequest, InitProducerIdRequest, InitProducerIdResponse,
        ListTransactionsRequest, OffsetFetchRequest, TxnOffsetCommitRequest,
        add_partitions_to_txn_request::{AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction},
        offset_fetch_request::OffsetFetchRequestTopic,
        txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic},
    },
};

use crate::testing::{Client, World};

const OK: i16 = 0;

fn versions<Q: Request>() -> std::ops::RangeInclusive<i16> {
    let stable = Q::KEY.stable_versions();
    stable.min..=stable.max
}

fn init_request(id: &str) -> InitProducerIdRequest {
    InitProducerIdRequest {
        transactional_id: Some(id.into()),
        transaction_timeout_ms: 60_000,
        ..InitProducerIdRequest::default()
    }
}

async fn init(client: &mut Client, version: i16, id: &str) -> InitProducerIdResponse {
    let begun = client.call(version, &init_request(id)).await;
    assert_eq!(begun.error_code, OK);
    begun
}

fn topics(partitions: &[i32]) -> Vec<AddPartitionsToTxnTopic> {
    vec![AddPartitionsToTxnTopic { name: "a".into(), partitions: partitions.to_vec() }]
}

fn add_request(id: &str, producer: &InitProducerIdResponse, partitions: &[i32]) -> AddPartitionsToTxnRequest {
    AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: id.into(),
        v3_and_below_producer_id: producer.producer_id,
        v3_and_below_producer_epoch: producer.producer_epoch,
        v3_and_below_topics: topics(partitions),
        ..AddPartitionsToTxnRequest::default()
    }
}

/// The codes of the partitions, in order.
async fn add(
    client: &mut Client,
    version: i16,
    id: &str,
    producer: &InitProducerIdResponse,
    partitions: &[i32],
) -> Vec<i16> {
    let added = client.call(version, &add_request(id, producer, partitions)).await;
    let topic = &added.results_by_topic_v3_and_below[0];
    topic.results_by_partition.iter().map(|partition| partition.partition_error_code).collect()
}

async fn end(
    client: &mut Client,
    version: i16,
    id: &str,
    producer: &InitProducerIdResponse,
    committed: bool,
) -> EndTxnResponse {
    let request = EndTxnRequest {
        transactional_id: id.into(),
        producer_id: producer.producer_id,
        producer_epoch: producer.producer_epoch,
        committed,
    };
    client.call(version, &request).await
}

fn commit_request(
    id: &str,
    group: &str,
    producer: &InitProducerIdResponse,
    offset: i64,
) -> TxnOffsetCommitRequest {
    TxnOffsetCommitRequest {
        transactional_id: id.into(),
        group_id: group.into(),
        producer_id: producer.producer_id,
        producer_epoch: producer.producer_epoch,
        topics: vec![TxnOffsetCommitRequestTopic {
            name: "a".into(),
            partitions: [0, 9]
                .map(|partition_index| TxnOffsetCommitRequestPartition {
                    partition_index,
                    committed_offset: offset,
                    ..TxnOffsetCommitRequestPartition::default()
                })
                .to_vec(),
        }],
        ..TxnOffsetCommitRequest::default()
    }
}

/// Offset and code of a group's partition, as consumers of transactions ask for it.
async fn offset(client: &mut Client, group: &str, require_stable: bool) -> (i64, i16) {
    let request = OffsetFetchRequest {
        group_id: group.into(),
        topics: Some(vec![OffsetFetchRequestTopic { name: "a".into(), partition_indexes: vec![0] }]),
        require_stable,
        ..OffsetFetchRequest::default()
    };
    let fetched = client.call(7, &request).await;
    let partition = &fetched.topics[0].partitions[0];
    (partition.committed_offset, partition.error_code)
}

#[tokio::test]
async fn offsets_move_with_their_transaction_in_every_version() {
    let world = World::new().await;
    world.topic("a", 3).await;
    let mut client = world.connect();
    for version in versions::<TxnOffsetCommitRequest>() {
        let (id, group) = (format!("t-{version}"), format!("g-{version}"));
        let producer = init(&mut client, version.min(5), &id).await;
        // Group coordinators of old clients may be loading for a moment; nobody is here.
        if version < 5 {
            assert_eq!(add(&mut client, version.min(3), &id, &producer, &[0, 2]).await, [OK, OK]);
            let request = AddOffsetsToTxnRequest {
                transactional_id: id.as_str().into(),
                producer_id: producer.producer_id,
                producer_epoch: producer.producer_epoch,
                group_id: group.as_str().into(),
            };
            assert_eq!(client.call(version.min(4), &request).await.error_code, OK);
        }
        for committed in [100, 101] {
            let request = commit_request(&id, &group, &producer, committed);
            let codes = client.call(version, &request).await.topics[0].partitions.clone();
            assert_eq!(codes[0].error_code, OK, "version {version}");
            assert_eq!(codes[1].error_code, ErrorCode::UnknownTopicOrPartition.code());
        }
        assert_eq!(offset(&mut client, &group, false).await, (-1, OK));
        assert_eq!(offset(&mut client, &group, true).await, (-1, ErrorCode::UnstableOffsetCommit.code()));
        let ended = end(&mut client, version, &id, &producer, true).await;
        assert_eq!(ended.error_code, OK);
        let expected =
            if version < 5 { (-1, -1) } else { (producer.producer_id, producer.producer_epoch + 1) };
        assert_eq!((ended.producer_id, ended.producer_epoch), expected);
        while offset(&mut client, &group, true).await != (101, OK) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn offsets_of_an_aborted_transaction_never_count() {
    let world = World::new().await;
    world.topic("a", 1).await;
    let mut client = world.connect();
    let producer = init(&mut client, 5, "t").await;
    let committed = client.call(5, &commit_request("t", "g", &producer, 7)).await;
    assert_eq!(committed.topics[0].partitions[0].error_code, OK);
    assert_eq!(end(&mut client, 5, "t", &producer, false).await.error_code, OK);
    while offset(&mut client, "g", true).await != (-1, OK) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn offsets_need_a_transaction_that_they_belong_to() {
    let world = World::new().await;
    world.topic("a", 1).await;
    let mut client = world.connect();
    let producer = init(&mut client, 5, "t").await;
    for (version, expected) in [(3, ErrorCode::InvalidTxnState), (4, ErrorCode::TransactionAbortable)] {
        let refused = client.call(version, &commit_request("t", "g", &producer, 7)).await;
        assert_eq!(refused.topics[0].partitions[0].error_code, expected.code());
    }
    let old = InitProducerIdResponse { producer_epoch: producer.producer_epoch - 1, ..producer.clone() };
    let fenced = client.call(5, &commit_request("t", "g", &old, 7)).await;
    assert_eq!(fenced.topics[0].partitions[0].error_code, ErrorCode::InvalidProducerEpoch.code());
    // Members of a group that is not there.
    let request = TxnOffsetCommitRequest {
        generation_id: 3,
        member_id: "ghost".into(),
        ..commit_request("t", "g", &producer, 7)
    };
    let refused = client.call(5, &request).await;
    assert_eq!(refused.topics[0].partitions[0].error_code, ErrorCode::IllegalGeneration.code());
}

#[tokio::test]
async fn a_fenced_producer_is_told_in_words_of_its_version() {
    let world = World::new().await;
    world.topic("a", 1).await;
    let mut client = world.connect();
    let old = init(&mut client, 5, "t").await;
    init(&mut client, 5, "t").await;
    let (older, newer) = (ErrorCode::InvalidProducerEpoch.code(), ErrorCode::ProducerFenced.code());
    for version in versions::<EndTxnRequest>() {
        let code = end(&mut client, version, "t", &old, true).await.error_code;
        assert_eq!(code, if version < 2 { older } else { newer });
    }
    for version in 0..=3 {
        let codes = add(&mut client, version, "t", &old, &[0]).await;
        assert_eq!(codes, [if version < 2 { older } else { newer }]);
    }
    for version in 3..=5 {
        let request = InitProducerIdRequest {
            producer_id: old.producer_id,
            producer_epoch: old.producer_epoch,
            ..init_request("t")
        };
        let begun = client.call(version, &request).await;
        assert_eq!((begun.error_code, begun.producer_id), (if version < 4 { older } else { newer }, -1));
    }
    for version in versions::<AddOffsetsToTxnRequest>() {
        let request = AddOffsetsToTxnRequest {
            transactional_id: "t".into(),
            producer_id: old.producer_id,
            producer_epoch: old.producer_epoch,
            group_id: "g".into(),
        };
        let code = client.call(version, &request).await.error_code;
        assert_eq!(code, if version < 2 { older } else { newer });
    }
}

#[tokio::test]
async fn what_cannot_begin_is_refused() {
    let world = World::new().await;
    let mut client = world.connect();
    for timeout in [0, -1, 900_001] {
        let request = InitProducerIdRequest { transaction_timeout_ms: timeout, ..init_request("t") };
        let begun = client.call(2, &request).await;
        assert_eq!(begun.error_code, ErrorCode::InvalidTransactionTimeout.code());
    }
    let half = InitProducerIdRequest { producer_id: 5, ..init_request("t") };
    assert_eq!(client.call(5, &half).await.error_code, ErrorCode::InvalidRequest.code());
    let nameless = client.call(5, &init_request("")).await;
    assert_eq!(nameless.error_code, ErrorCode::InvalidRequest.code());
    // All partitions or none.
    world.topic("a", 1).await;
    let producer = init(&mut client, 5, "t").await;
    assert_eq!(
        add(&mut client, 3, "t", &producer, &[0, 7]).await,
        [ErrorCode::OperationNotAttempted.code(), ErrorCode::UnknownTopicOrPartition.code()]
    );
    let unknown = end(&mut client, 5, "other", &producer, true).await;
    assert_eq!(unknown.error_code, ErrorCode::InvalidProducerIdMapping.code());
}

#[tokio::test]
async fn brokers_ask_about_many_transactions_at_a_time() {
    let world = World::new().await;
    world.topic("a", 2).await;
    let mut client = world.connect();
    let producer = init(&mut client, 5, "t").await;
    assert_eq!(add(&mut client, 3, "t", &producer, &[0]).await, [OK]);
    let transaction = |id: &str, verify_only, partitions: &[i32]| AddPartitionsToTxnTransaction {
        transactional_id: id.into(),
        producer_id: producer.producer_id,
        producer_epoch: producer.producer_epoch,
        verify_only,
        topics: topics(partitions),
    };
    for (version, missing) in [(4, ErrorCode::InvalidTxnState), (5, ErrorCode::TransactionAbortable)] {
        let request = AddPartitionsToTxnRequest {
            transactions: vec![transaction("t", true, &[0, 1]), transaction("other", true, &[0])],
            ..AddPartitionsToTxnRequest::default()
        };
        let answer = client.call(version, &request).await;
        let codes: Vec<Vec<i16>> = answer
            .results_by_transaction
            .iter()
            .map(|result| &result.topic_results[0].results_by_partition)
            .map(|partitions| partitions.iter().map(|partition| partition.partition_error_code).collect())
            .collect();
        assert_eq!(codes, [vec![OK, missing.code()], vec![ErrorCode::InvalidProducerIdMapping.code()]]);
    }
    let request = AddPartitionsToTxnRequest {
        transactions: vec![transaction("t", false, &[1])],
        ..AddPartitionsToTxnRequest::default()
    };
    let answer = client.call(5, &request).await;
    assert_eq!(
        answer.results_by_transaction[0].topic_results[0].results_by_partition[0].partition_error_code,
        OK
    );
    let ids = vec![KString::from("t")];
    let described = client.call(0, &DescribeTransactionsRequest { transactional_ids: ids }).await;
    assert_eq!(described.transaction_states[0].topics[0].partitions, [0, 1]);
}

#[tokio::test]
async fn operators_see_what_is_going_on() {
    let world = World::new().await;
    world.topic("a", 1).await;
    let mut client = world.connect();
    let busy = init(&mut client, 5, "busy").await;
    assert_eq!(add(&mut client, 3, "busy", &busy, &[0]).await, [OK]);
    let idle = init(&mut client, 5, "idle").await;
    let list = async |client: &mut Client, version: i16, request: ListTransactionsRequest| {
        let listed = client.call(version, &request).await;
        assert_eq!(listed.error_code, OK);
        let ids: Vec<String> =
            listed.transaction_states.iter().map(|state| state.transactional_id.to_string()).collect();
        (ids, listed.unknown_state_filters)
    };
    let all = ListTransactionsRequest::default();
    for version in versions::<ListTransactionsRequest>() {
        let mut listed = list(&mut client, version, all.clone()).await.0;
        listed.sort_unstable();
        assert_eq!(listed, ["busy", "idle"]);
    }
    let states = vec!["Ongoing".into(), "Sleeping".into()];
    let ongoing = ListTransactionsRequest { state_filters: states, ..all.clone() };
    assert_eq!(list(&mut client, 0, ongoing).await, (vec!["busy".to_owned()], vec!["Sleeping".into()]));
    let of_idle = ListTransactionsRequest { producer_id_filters: vec![idle.producer_id], ..all.clone() };
    assert_eq!(list(&mut client, 1, of_idle).await.0, ["idle"]);
    let old = ListTransactionsRequest {
        duration_filter: 60_000,
        state_filters: vec!["Ongoing".into()],
        ..all.clone()
    };
    assert!(list(&mut client, 1, old).await.0.is_empty());
    let named = |pattern: &str| ListTransactionsRequest {
        transactional_id_pattern: Some(pattern.into()),
        ..ListTransactionsRequest::default()
    };
    assert_eq!(list(&mut client, 2, named("b.*")).await.0, ["busy"]);
    assert!(list(&mut client, 2, named("us")).await.0.is_empty(), "whole names only");
    for pattern in ["(", "a)|(b", "(a{1000}){1000}"] {
        let refused = client.call(2, &named(pattern)).await;
        assert_eq!(refused.error_code, ErrorCode::InvalidRegularExpression.code(), "{pattern}");
    }
    let ids = ["busy", "nobody", "busy", ""].map(KString::from).to_vec();
    let described = client.call(0, &DescribeTransactionsRequest { transactional_ids: ids }).await;
    let codes: Vec<i16> = described.transaction_states.iter().map(|state| state.error_code).collect();
    let expected = [
        ErrorCode::None,
        ErrorCode::TransactionalIdNotFound,
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidRequest,
    ];
    assert_eq!(codes, expected.map(ErrorCode::code));
    let state = &described.transaction_states[0];
    assert_eq!((&*state.transaction_state, state.transaction_timeout_ms), ("Ongoing", 60_000));
    assert!(state.transaction_start_time_ms > 0);
}

#[tokio::test]
async fn coordinators_of_transactions_are_found_in_every_version() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in versions::<FindCoordinatorRequest>().filter(|version| *version > 0) {
        let keys = if version < 4 { Vec::new() } else { vec!["t".into()] };
        let key = if version < 4 { "t".into() } else { KString::new() };
        let request = FindCoordinatorRequest { key, key_type: 1, coordinator_keys: keys };
        let found = client.call(version, &request).await;
        let (code, port) = match found.coordinators.first() {
            Some(coordinator) => (coordinator.error_code, coordinator.port),
            None => (found.error_code, found.port),
        };
        assert_eq!((code, port), (OK, 9092), "version {version}");
    }
}

#[tokio::test]
async fn clients_learn_that_each_transaction_has_its_own_epoch() {
    let world = World::new().await;
    let mut client = world.connect();
    for version in 3..=4 {
        let request =
            ApiVersionsRequest { client_software_name: "test".into(), client_software_version: "1".into() };
        let answer = client.call(version, &request).await;
        let finalized =
            answer.finalized_features.iter().find(|feature| &*feature.name == "transaction.version");
        assert_eq!(finalized.expect("announced").max_version_level, 2);
        let supported =
            answer.supported_features.iter().find(|feature| &*feature.name == "transaction.version");
        let supported = supported.expect("announced");
        assert_eq!((supported.min_version, supported.max_version), (i16::from(version < 4), 2));
        assert!(answer.finalized_features_epoch >= 0);
    }
}
