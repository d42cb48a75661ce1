use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use esker_core::batch::Compression;
use esker_env::{Random, SeededRandom};
use esker_kafka_wire::ErrorCode;

use crate::testing::{FakeBroker, Fault, quick};
use crate::*;

fn record(partition: Option<i32>, value: &str) -> ProducerRecord {
    ProducerRecord {
        topic: Arc::from("t"),
        partition,
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        ..ProducerRecord::default()
    }
}

/// Tiny batches: many requests for few records.
fn small() -> ProducerConfig {
    ProducerConfig { batch_bytes: 200, ..ProducerConfig::default() }
}

#[tokio::test]
async fn offsets_come_back_in_order() {
    let broker = FakeBroker::new(&[("t", 2)]);
    let producer = Producer::new(&broker.client().await, small()).unwrap();
    let mut deliveries = Vec::new();
    for n in 0..100 {
        deliveries.push(producer.send(record(Some(n % 2), &n.to_string())).await.unwrap());
    }
    for (n, delivery) in (0..).zip(&deliveries) {
        let done = delivery.wait().await.unwrap();
        assert_eq!((done.partition, done.offset), (n % 2, i64::from(n / 2)));
    }
}

/// Every fault that a retry must survive, over and over: each record is in its partition once, in the order sent, at
/// the offset that was told.
#[tokio::test]
async fn faults_neither_lose_nor_repeat_nor_reorder() {
    let faults = [
        Fault::Cut,
        Fault::AppendAndCut,
        Fault::AppendAndTimeOut,
        Fault::Refuse(ErrorCode::NotLeaderOrFollower),
        Fault::Refuse(ErrorCode::NotEnoughReplicas),
        Fault::RefuseFirst(ErrorCode::UnknownTopicOrPartition),
    ];
    for seed in 0..30 {
        let broker = FakeBroker::new(&[("t", 3)]);
        let random = SeededRandom::new(seed);
        broker.state.lock().produce_faults = (0..60)
            .map(|_| (random.below(3) == 0).then(|| faults[random.below(faults.len() as u64) as usize]))
            .collect();
        let client = broker.client().await;
        let producer = Producer::new(&client, small()).unwrap();
        let mut sent = BTreeMap::<i32, Vec<String>>::new();
        let mut deliveries = Vec::new();
        for n in 0..400 {
            let partition = random.below(3) as i32;
            let value = format!("record {n}");
            sent.entry(partition).or_default().push(value.clone());
            deliveries.push((value.clone(), producer.send(record(Some(partition), &value)).await.unwrap()));
            if random.below(10) == 0 {
                tokio::task::yield_now().await;
            }
        }
        let flushed = client.env().timeout(Duration::from_secs(20), producer.flush()).await;
        flushed.unwrap_or_else(|_| panic!("seed {seed} does not end"));
        for (partition, values) in &sent {
            assert_eq!(&broker.values("t", *partition as usize), values, "seed {seed}");
        }
        for (value, delivery) in deliveries {
            let done = delivery.poll_result().expect("flushed").unwrap();
            assert_eq!(sent[&done.partition][done.offset as usize], value, "seed {seed}");
        }
    }
}

#[tokio::test]
async fn a_refused_batch_fails_alone_and_the_next_go_on_under_a_new_producer_id() {
    let broker = FakeBroker::new(&[("t", 1)]);
    broker.state.lock().produce_faults = [None, Some(Fault::Refuse(ErrorCode::MessageTooLarge))].into();
    let config = ProducerConfig { max_in_flight: 3, ..small() };
    let producer = Producer::new(&broker.client().await, config).unwrap();
    let mut results = Vec::new();
    for n in 0..30 {
        results.push(producer.send(record(Some(0), &format!("{n:0>60}"))).await.unwrap());
    }
    producer.flush().await;
    let failed: Vec<_> =
        results.iter().filter_map(|delivery| delivery.poll_result().unwrap().err()).collect();
    assert!(!failed.is_empty() && failed.len() < 10, "{failed:?}");
    assert!(failed.iter().all(|error| error.code() == Some(ErrorCode::MessageTooLarge)), "{failed:?}");
    let kept: Vec<String> = (0..30)
        .zip(&results)
        .filter(|(_, delivery)| delivery.poll_result().unwrap().is_ok())
        .map(|(n, _)| format!("{n:0>60}"))
        .collect();
    assert_eq!(broker.values("t", 0), kept);
    assert_eq!(broker.state.lock().next_producer, 1002, "one id at the start, one after the failure");
}

#[tokio::test]
async fn a_record_that_cannot_be_delivered_fails_in_time() {
    let broker = FakeBroker::new(&[("t", 1)]);
    broker.state.lock().produce_faults = (0..100_000).map(|_| Some(Fault::Cut)).collect();
    let config = ProducerConfig { delivery_timeout: Duration::from_millis(80), ..small() };
    let producer = Producer::new(&broker.client().await, config).unwrap();
    let delivery = producer.send(record(Some(0), "x")).await.unwrap();
    let error = delivery.wait().await.unwrap_err();
    assert!(matches!(error, ClientError::DeliveryTimeout(..)), "{error:?}");
    // What comes later is not held up by it.
    broker.state.lock().produce_faults.clear();
    let later = producer.send(record(Some(0), "y")).await.unwrap();
    assert!(later.wait().await.is_ok());
    assert_eq!(broker.values("t", 0), ["y"]);
}

#[tokio::test]
async fn memory_is_bounded_by_waiting() {
    let broker = FakeBroker::new(&[("t", 1)]);
    broker.state.lock().mute = Some(esker_kafka_wire::ApiKey::Produce);
    let config = ProducerConfig { buffer_bytes: 4096, max_request_bytes: 1024, ..small() };
    let client = broker.client().await;
    let producer = Producer::new(&client, config).unwrap();
    let env = client.env().clone();
    let mut taken = 0;
    while env
        .timeout(Duration::from_millis(50), producer.send(record(Some(0), &"x".repeat(200))))
        .await
        .is_ok()
    {
        taken += 1;
        assert!(taken < 100, "the buffer takes more than it may");
    }
    assert!(taken >= 10, "{taken}");
    let too_large = producer.send(record(Some(0), &"x".repeat(2000))).await.map(|_| ());
    assert!(matches!(too_large, Err(ClientError::RecordTooLarge { .. })));
}

#[tokio::test]
async fn keys_stay_together_and_keyless_records_stick_to_one_batch() {
    let broker = FakeBroker::new(&[("t", 8)]);
    let producer = Producer::new(&broker.client().await, ProducerConfig::default()).unwrap();
    for key in ["a", "b", "c"] {
        let keyed = || ProducerRecord { key: Some(Bytes::from(key)), ..record(None, key) };
        let first = producer.send(keyed()).await.unwrap().partition();
        assert_eq!(first, partition_for_key(key.as_bytes(), 8));
        assert_eq!(producer.send(keyed()).await.unwrap().partition(), first);
    }
    let first = producer.send(record(None, "x")).await.unwrap().partition();
    assert_eq!(producer.send(record(None, "y")).await.unwrap().partition(), first);
    producer.flush().await;
}

#[tokio::test]
async fn all_codecs_and_acks_arrive() {
    for acks in [Acks::None, Acks::Leader, Acks::All] {
        for compression in Compression::ALL {
            let broker = FakeBroker::new(&[("t", 1)]);
            let config = ProducerConfig { acks, compression, ..ProducerConfig::default() };
            let client = broker.client().await;
            let producer = Producer::new(&client, config).unwrap();
            let delivery = producer.send(record(None, "hello")).await.unwrap();
            let done = delivery.wait().await.unwrap();
            assert_eq!(done.offset, if acks == Acks::None { -1 } else { 0 });
            // Behind the produce on the same broker: with acks=0 nothing else tells that it arrived.
            while broker.values("t", 0).is_empty() {
                client.env().clock.sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(broker.values("t", 0), ["hello"]);
        }
    }
}

#[tokio::test]
async fn unknown_topics_and_partitions_are_told() {
    let broker = FakeBroker::new(&[("t", 1)]);
    let config = ClientConfig { auto_create_topics: false, ..quick() };
    let producer = Producer::new(&broker.client_with(config).await, ProducerConfig::default()).unwrap();
    let unknown = producer.send(ProducerRecord { topic: Arc::from("u"), ..record(None, "x") }).await;
    assert!(matches!(unknown.map(|_| ()), Err(ClientError::UnknownTopic(_))));
    let beyond = producer.send(record(Some(1), "x")).await.map(|_| ());
    assert!(matches!(beyond, Err(ClientError::UnknownPartition { count: 1, .. })));
}

#[tokio::test]
async fn dropping_the_producer_tells_its_records() {
    let broker = FakeBroker::new(&[("t", 1)]);
    broker.state.lock().mute = Some(esker_kafka_wire::ApiKey::Produce);
    let producer = Producer::new(&broker.client().await, small()).unwrap();
    let delivery = producer.send(record(Some(0), "x")).await.unwrap();
    drop(producer);
    assert!(matches!(delivery.wait().await, Err(ClientError::Closed)));
}
