//! The way of a transaction through the front end: coordinator, markers and partitions are the real ones.

use std::time::Duration;

use bytes::Bytes;
use esker_core::{
    Epoch, PartitionId, ProducerId,
    batch::{BatchBuilder, Compression, NewRecord},
    shard_map::shard_of,
};
use esker_env::Env;
use esker_kafka_wire::{
    ErrorCode, KString,
    messages::{
        AddPartitionsToTxnRequest, DescribeProducersRequest, EndTxnRequest, FetchResponse,
        InitProducerIdRequest, ListOffsetsRequest, ProduceRequest, ProduceResponse, WriteTxnMarkersRequest,
        add_partitions_to_txn_request::AddPartitionsToTxnTopic,
        describe_producers_request::TopicRequest,
        describe_producers_response::ProducerState,
        fetch_response::PartitionData,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        produce_request::PartitionProduceData,
        write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic},
    },
};
use esker_log::{OwnedShard, TxnWrite};

use crate::{
    api::fetch::tests::fetch,
    testing::{Client, World, produce, values},
};

const ID: &str = "id";

#[derive(Clone, Copy)]
struct Writer {
    id: i64,
    epoch: i16,
    sequence: i32,
}

impl Writer {
    async fn new(client: &mut Client) -> Self {
        let request = InitProducerIdRequest {
            transactional_id: Some(ID.into()),
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let begun = client.call(4, &request).await;
        assert_eq!(begun.error_code, 0);
        Self { id: begun.producer_id, epoch: begun.producer_epoch, sequence: 0 }
    }

    fn batch(&self, value: &str) -> Bytes {
        let producer = ProducerId(self.id);
        let builder = BatchBuilder::new(Compression::None);
        let mut builder = builder.producer(producer, self.epoch, self.sequence).transactional();
        let record = NewRecord { timestamp: 1, value: Some(value.as_bytes()), ..NewRecord::default() };
        builder.push(&record).unwrap();
        builder.build().unwrap()
    }

    fn request(&self, value: &str) -> ProduceRequest {
        let transactional_id = Some(KString::from(ID));
        ProduceRequest { transactional_id, ..produce("t", 0, -1, self.batch(value)) }
    }

    async fn write(&mut self, client: &mut Client, version: i16, value: &str) -> ErrorCode {
        let error = error_of(&client.call(version, &self.request(value)).await);
        self.sequence += i32::from(error == ErrorCode::None);
        error
    }

    async fn add(&self, client: &mut Client) {
        let topic = AddPartitionsToTxnTopic { name: "t".into(), partitions: vec![0] };
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: ID.into(),
            v3_and_below_producer_id: self.id,
            v3_and_below_producer_epoch: self.epoch,
            v3_and_below_topics: vec![topic],
            ..AddPartitionsToTxnRequest::default()
        };
        let added = client.call(3, &request).await;
        assert_eq!(added.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code, 0);
    }

    async fn end(&mut self, client: &mut Client, version: i16, committed: bool) {
        let request = EndTxnRequest {
            transactional_id: ID.into(),
            producer_id: self.id,
            producer_epoch: self.epoch,
            committed,
        };
        let ended = client.call(version, &request).await;
        assert_eq!(ended.error_code, 0);
        if version >= 5 {
            *self = Self { id: ended.producer_id, epoch: ended.producer_epoch, sequence: 0 };
        }
    }
}

fn error_of(response: &ProduceResponse) -> ErrorCode {
    response.responses[0].partition_responses[0].error_code.into()
}

async fn fetched(client: &mut Client) -> PartitionData {
    let request = esker_kafka_wire::messages::FetchRequest { isolation_level: 1, ..fetch("t", 0, 0) };
    let response: FetchResponse = client.call(12, &request).await;
    response.responses.into_iter().next().unwrap().partitions.into_iter().next().unwrap()
}

/// The last stable offset, once it is this: a marker is written after the end of its transaction is answered.
async fn stable_at(client: &mut Client, wanted: i64) {
    let partition = ListOffsetsPartition { timestamp: -1, current_leader_epoch: -1, ..Default::default() };
    let topics = vec![ListOffsetsTopic { name: "t".into(), partitions: vec![partition] }];
    let request = ListOffsetsRequest { isolation_level: 1, topics, ..ListOffsetsRequest::default() };
    let reached = async {
        while client.call(7, &request).await.topics[0].partitions[0].offset != wanted {
            tokio::task::yield_now().await;
        }
    };
    Env::real().timeout(Duration::from_secs(10), reached).await.expect("it is reached");
}

async fn producers(client: &mut Client) -> Vec<ProducerState> {
    let topics = vec![TopicRequest { name: "t".into(), partition_indexes: vec![0] }];
    let mut response = client.call(0, &DescribeProducersRequest { topics }).await;
    let partition = response.topics.remove(0).partitions.remove(0);
    assert_eq!(partition.error_code, 0);
    partition.active_producers
}

#[tokio::test]
async fn the_second_protocol_adds_what_is_written_to() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let mut writer = Writer::new(&mut client).await;
    assert_eq!(writer.write(&mut client, 12, "a").await, ErrorCode::None);
    assert_eq!(writer.write(&mut client, 12, "b").await, ErrorCode::None);
    let data = fetched(&mut client).await;
    assert_eq!((data.last_stable_offset, data.high_watermark), (0, 2));
    assert!(data.records.unwrap().is_empty());
    assert_eq!(producers(&mut client).await[0].current_txn_start_offset, 0);
    let before = writer.epoch;
    writer.end(&mut client, 5, true).await;
    assert_eq!(writer.epoch, before + 1);
    stable_at(&mut client, 3).await;
    // The next one begins while nothing but its epoch tells it from the one before.
    assert_eq!(writer.write(&mut client, 12, "c").await, ErrorCode::None);
    writer.end(&mut client, 5, false).await;
    stable_at(&mut client, 5).await;
    let data = fetched(&mut client).await;
    let aborted = data.aborted_transactions.unwrap();
    assert_eq!(
        aborted.iter().map(|txn| (txn.producer_id, txn.first_offset)).collect::<Vec<_>>(),
        [(writer.id, 3)]
    );
    let known = producers(&mut client).await;
    assert_eq!((known[0].current_txn_start_offset, known[0].producer_epoch), (-1, i32::from(writer.epoch)));
    assert_eq!(
        values(&data.records.unwrap().into_bytes())
            .iter()
            .filter(|(_, value)| "abc".contains(&**value))
            .count(),
        3
    );
}

#[tokio::test]
async fn the_first_protocol_takes_what_was_added_and_nothing_else() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let mut writer = Writer::new(&mut client).await;
    assert_eq!(
        writer.write(&mut client, 10, "x").await,
        ErrorCode::InvalidTxnState,
        "as old clients know it"
    );
    assert_eq!(writer.write(&mut client, 11, "x").await, ErrorCode::TransactionAbortable);
    writer.add(&mut client).await;
    assert_eq!(writer.write(&mut client, 9, "a").await, ErrorCode::None);
    writer.end(&mut client, 4, true).await;
    stable_at(&mut client, 2).await;
    // Its sequence goes on, and the next transaction is to be added again. Old clients know but one error that they retry,
    // which they get until the coordinator has done with the one before.
    let refused = loop {
        match writer.write(&mut client, 9, "x").await {
            ErrorCode::NotEnoughReplicas => {}
            other => break other,
        }
    };
    assert_eq!(refused, ErrorCode::InvalidTxnState);
    writer.add(&mut client).await;
    assert_eq!(writer.write(&mut client, 9, "b").await, ErrorCode::None);
    writer.end(&mut client, 4, false).await;
    stable_at(&mut client, 4).await;
    assert_eq!(fetched(&mut client).await.aborted_transactions.unwrap()[0].first_offset, 2);
}

#[tokio::test]
async fn who_may_not_write_is_told_why() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let writer = Writer::new(&mut client).await;
    let nameless = ProduceRequest { transactional_id: None, ..writer.request("x") };
    assert_eq!(error_of(&client.call(12, &nameless).await), ErrorCode::TransactionalIdAuthorizationFailed);
    let mut other = Writer { id: writer.id + 1_000, ..writer };
    assert_eq!(other.write(&mut client, 12, "x").await, ErrorCode::InvalidProducerIdMapping);
    let mut successor = Writer::new(&mut client).await;
    let mut zombie = writer;
    assert_eq!(zombie.write(&mut client, 12, "x").await, ErrorCode::InvalidProducerEpoch);
    assert_eq!(successor.write(&mut client, 12, "a").await, ErrorCode::None);
}

#[tokio::test]
async fn requests_that_follow_wait_for_the_admission_of_those_before() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let mut writer = Writer::new(&mut client).await;
    for value in ["a", "b", "c", "d"] {
        client.send(12, &writer.request(value)).await;
        writer.sequence += 1;
    }
    for offset in 0..4 {
        let (_, response) = client.receive::<ProduceResponse>(12).await;
        assert_eq!(error_of(&response), ErrorCode::None);
        assert_eq!(response.responses[0].partition_responses[0].base_offset, offset);
    }
}

#[tokio::test]
async fn an_operator_ends_a_hanging_transaction() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let mut writer = Writer::new(&mut client).await;
    assert_eq!(writer.write(&mut client, 12, "a").await, ErrorCode::None);
    let request = |epoch, partition: i32, coordinator_epoch| {
        let topics = vec![WritableTxnMarkerTopic { name: "t".into(), partition_indexes: vec![partition] }];
        let marker = WritableTxnMarker {
            producer_id: writer.id,
            producer_epoch: epoch,
            transaction_result: false,
            topics,
            coordinator_epoch,
            ..WritableTxnMarker::default()
        };
        WriteTxnMarkersRequest { markers: vec![marker] }
    };
    let code = async |client: &mut Client, request: WriteTxnMarkersRequest| {
        let response = client.call(1, &request).await;
        ErrorCode::from(response.markers[0].topics[0].partitions[0].error_code)
    };
    assert_eq!(code(&mut client, request(-1, 0, 0)).await, ErrorCode::InvalidRequest);
    assert_eq!(code(&mut client, request(writer.epoch, 7, 0)).await, ErrorCode::UnknownTopicOrPartition);
    assert_eq!(code(&mut client, request(writer.epoch, 0, 5)).await, ErrorCode::None);
    stable_at(&mut client, 2).await;
    assert_eq!(code(&mut client, request(writer.epoch, 0, 5)).await, ErrorCode::None, "again");
    stable_at(&mut client, 2).await;
    assert_eq!(code(&mut client, request(writer.epoch, 0, 4)).await, ErrorCode::TransactionCoordinatorFenced);
    let old = request(writer.epoch - 1, 0, 5);
    let expected = if writer.epoch > 0 { ErrorCode::InvalidProducerEpoch } else { ErrorCode::InvalidRequest };
    assert_eq!(code(&mut client, old).await, expected);
}

/// The partition's shard, away and back under another epoch.
struct Moving<'a> {
    world: &'a World,
    id: PartitionId,
    epoch: Epoch,
}

impl<'a> Moving<'a> {
    async fn new(world: &'a World, index: u32) -> Self {
        let topic = world.broker.topic("t").unwrap();
        let id = PartitionId { topic: topic.record.number, index };
        let epoch = world.log.offsets(id).unwrap().epoch;
        Self { world, id, epoch }
    }

    async fn go(&mut self) {
        let shard = shard_of(self.id, 4);
        self.world.log.hold_shard(shard).await.unwrap().give_up();
    }

    async fn come(&mut self) {
        self.epoch = Epoch(self.epoch.0 + 2);
        let id = shard_of(self.id, 4);
        let shard = OwnedShard { id, epoch: self.epoch, pending: std::collections::BTreeSet::new() };
        self.world.log.open_shards(vec![shard], &[]).await.unwrap();
    }
}

#[tokio::test]
async fn a_partition_that_comes_during_the_lookup_of_others_is_asked_for_again() {
    let world = World::new().await;
    world.topic("t", 2).await;
    let mut client = world.connect();
    let mut writer = Writer::new(&mut client).await;
    let mut moving = Moving::new(&world, 1).await;
    moving.go().await;
    world.gate.hold(true);
    let mut both = writer.request("a");
    let second =
        PartitionProduceData { index: 1, records: both.topic_data[0].partition_data[0].records.clone() };
    both.topic_data[0].partition_data.push(second);
    client.send(12, &both).await;
    world.gate.waited_for().await;
    moving.come().await;
    world.gate.hold(false);
    let (_, response) = client.receive::<ProduceResponse>(12).await;
    let errors = response.responses[0].partition_responses.iter().map(|of| of.error_code.into());
    assert_eq!(errors.collect::<Vec<ErrorCode>>(), [ErrorCode::None, ErrorCode::NotLeaderOrFollower]);
    let again =
        ProduceRequest { transactional_id: Some(ID.into()), ..produce("t", 1, -1, writer.batch("a")) };
    assert_eq!(error_of(&client.call(12, &again).await), ErrorCode::None);
    writer.end(&mut client, 5, true).await;
    stable_at(&mut client, 2).await;
}

#[tokio::test]
async fn a_lookup_counts_for_the_ownership_that_it_began_under() {
    let world = World::new().await;
    world.topic("t", 1).await;
    let mut client = world.connect();
    let mut writer = Writer::new(&mut client).await;
    let mut moving = Moving::new(&world, 0).await;
    world.gate.hold(true);
    client.send(12, &writer.request("a")).await;
    world.gate.waited_for().await;
    moving.go().await;
    moving.come().await;
    // Somebody else looks it up by now, for this ownership, and has not been answered.
    let write = TxnWrite { producer: ProducerId(writer.id), epoch: writer.epoch, sequence: 0, bumps: true };
    assert!(world.log.guard(moving.id, write).unwrap().is_some());
    world.gate.hold(false);
    let (_, response) = client.receive::<ProduceResponse>(12).await;
    assert_eq!(error_of(&response), ErrorCode::NotLeaderOrFollower);
    assert_eq!(writer.write(&mut client, 12, "a").await, ErrorCode::None);
}
