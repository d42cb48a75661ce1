use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use esker_core::ProducerId;
use esker_core::batch::{BatchBuilder, Compression, NewRecord};
use esker_kafka_wire::ErrorCode;
use esker_kafka_wire::messages::fetch_response::AbortedTransaction;

use crate::testing::FakeBroker;
use crate::*;

fn push(mut builder: BatchBuilder, values: &[&str]) -> Bytes {
    for value in values {
        builder
            .push(&NewRecord { timestamp: 5, value: Some(value.as_bytes()), ..NewRecord::default() })
            .unwrap();
    }
    builder.build().unwrap()
}

fn batch(values: &[&str]) -> Bytes {
    push(BatchBuilder::new(Compression::Zstd), values)
}

/// A broker with three batches of two records in partition 0 of two.
fn broker() -> FakeBroker {
    let broker = FakeBroker::new(&[("t", 2)]);
    for values in [["0", "1"], ["2", "3"], ["4", "5"]] {
        broker.append("t", 0, &batch(&values));
    }
    broker
}

async fn consumer(broker: &FakeBroker, start: StartAt, reset: ResetTo) -> Consumer {
    let config = ConsumerConfig { max_wait: Duration::ZERO, reset, ..ConsumerConfig::default() };
    let mut consumer = Consumer::new(&broker.client().await, config);
    consumer.assign([(Arc::from("t"), 0, start)]);
    consumer
}

/// The values that come until `count` are there or a second has passed.
async fn take(consumer: &mut Consumer, count: usize) -> Result<Vec<String>, ClientError> {
    let mut values = Vec::new();
    for _ in 0..10 {
        for polled in consumer.poll(Duration::from_millis(100)).await? {
            polled.for_each(|r| values.push(String::from_utf8(r.value.unwrap().to_vec()).unwrap()))?;
        }
        if values.len() >= count {
            break;
        }
    }
    Ok(values)
}

#[tokio::test]
async fn every_start_finds_its_place() {
    let broker = broker();
    for (start, expected) in [
        (StartAt::Earliest, &["0", "1", "2", "3", "4", "5"][..]),
        (StartAt::Offset(0), &["0", "1", "2", "3", "4", "5"]),
        (StartAt::Offset(3), &["3", "4", "5"]),
    ] {
        let mut consumer = consumer(&broker, start, ResetTo::Fail).await;
        assert_eq!(take(&mut consumer, expected.len()).await.unwrap(), expected, "{start:?}");
    }
    let mut consumer = consumer(&broker, StartAt::Latest, ResetTo::Fail).await;
    assert!(consumer.poll(Duration::from_millis(20)).await.unwrap().is_empty());
    broker.append("t", 0, &batch(&["6"]));
    assert_eq!(take(&mut consumer, 1).await.unwrap(), ["6"]);
}

#[tokio::test]
async fn positions_are_behind_what_was_handed_out() {
    let broker = broker();
    let mut consumer = consumer(&broker, StartAt::Earliest, ResetTo::Fail).await;
    let polled = consumer.poll(Duration::from_secs(1)).await.unwrap();
    assert_eq!(polled[0].next_offset, 6);
    let (_, partition, position) = consumer.positions().next().unwrap();
    assert_eq!((partition, position), (0, Some(6)));
}

#[tokio::test]
async fn owned_records_have_everything() {
    let broker = FakeBroker::new(&[("t", 1)]);
    let mut builder = BatchBuilder::new(Compression::Lz4);
    let headers = [(&b"h"[..], Some(&b"v"[..])), (b"n", None)];
    builder.push(&NewRecord { timestamp: 77, key: Some(b"k"), value: None, headers: &headers }).unwrap();
    broker.append("t", 0, &builder.build().unwrap());
    let mut consumer = consumer(&broker, StartAt::Earliest, ResetTo::Fail).await;
    let polled = consumer.poll(Duration::from_secs(1)).await.unwrap();
    let expected = ConsumedRecord {
        topic: Arc::from("t"),
        partition: 0,
        offset: 0,
        timestamp: 77,
        key: Some(Bytes::from("k")),
        value: None,
        headers: vec![(Bytes::from("h"), Some(Bytes::from("v"))), (Bytes::from("n"), None)],
    };
    assert_eq!(polled[0].records().unwrap(), [expected]);
}

#[tokio::test]
async fn a_position_outside_of_the_log_is_reset_or_told() {
    let broker = broker();
    broker.state.lock().topics.get_mut("t").unwrap()[0].start = 4;
    broker.state.lock().topics.get_mut("t").unwrap()[0].batches.drain(..2);
    let mut resetting = consumer(&broker, StartAt::Offset(1), ResetTo::Earliest).await;
    assert_eq!(take(&mut resetting, 2).await.unwrap(), ["4", "5"]);
    let mut strict = consumer(&broker, StartAt::Offset(1), ResetTo::Fail).await;
    let error = take(&mut strict, 1).await.unwrap_err();
    assert!(matches!(error, ClientError::OffsetOutOfRange { offset: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_moved_leader_and_a_slow_one_are_asked_again() {
    let broker = broker();
    broker.state.lock().fetch_codes =
        [ErrorCode::NotLeaderOrFollower, ErrorCode::UnknownLeaderEpoch, ErrorCode::KafkaStorageError].into();
    let mut consumer = consumer(&broker, StartAt::Earliest, ResetTo::Fail).await;
    assert_eq!(take(&mut consumer, 6).await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_refusal_for_good_is_told() {
    let broker = broker();
    broker.state.lock().fetch_codes = [ErrorCode::TopicAuthorizationFailed].into();
    let mut consumer = consumer(&broker, StartAt::Earliest, ResetTo::Fail).await;
    let error = take(&mut consumer, 1).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TopicAuthorizationFailed));
}

#[tokio::test]
async fn a_damaged_batch_is_told() {
    let broker = FakeBroker::new(&[("t", 1)]);
    broker.append("t", 0, &batch(&["x"]));
    {
        let mut state = broker.state.lock();
        let stored = &mut state.topics.get_mut("t").unwrap()[0].batches[0];
        let mut bytes = stored.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        *stored = bytes.into();
    }
    let mut consumer = consumer(&broker, StartAt::Earliest, ResetTo::Fail).await;
    assert!(matches!(take(&mut consumer, 1).await, Err(ClientError::Batch { .. })));
}

#[tokio::test]
async fn a_seek_drops_what_was_on_its_way() {
    let broker = broker();
    let mut consumer = consumer(&broker, StartAt::Earliest, ResetTo::Fail).await;
    assert_eq!(take(&mut consumer, 6).await.unwrap().len(), 6);
    consumer.seek("t", 0, StartAt::Offset(5));
    assert_eq!(take(&mut consumer, 1).await.unwrap(), ["5"]);
}

#[tokio::test]
async fn read_committed_leaves_out_aborted_transactions_and_markers() {
    let broker = FakeBroker::new(&[("t", 1)]);
    let of = |producer, values: &[&str]| {
        let builder = BatchBuilder::new(Compression::None).producer(ProducerId(producer), 0, 0);
        push(builder.transactional(), values)
    };
    for batch in [
        of(1, &["aborted"]),
        of(2, &["committed"]),
        batch(&["plain"]),
        BatchBuilder::end_marker(ProducerId(1), 0, false, 0, 0),
        BatchBuilder::end_marker(ProducerId(2), 0, true, 0, 0),
    ] {
        broker.append("t", 0, &batch);
    }
    broker.state.lock().aborted = vec![AbortedTransaction { producer_id: 1, first_offset: 0 }];
    for (isolation, expected) in [
        (Isolation::ReadCommitted, &["committed", "plain"][..]),
        (Isolation::ReadUncommitted, &["aborted", "committed", "plain"]),
    ] {
        let config = ConsumerConfig { isolation, max_wait: Duration::ZERO, ..ConsumerConfig::default() };
        let mut consumer = Consumer::new(&broker.client().await, config);
        consumer.assign([(Arc::from("t"), 0, StartAt::Earliest)]);
        assert_eq!(take(&mut consumer, expected.len()).await.unwrap(), expected);
        assert_eq!(consumer.positions().next().unwrap().2, Some(5), "markers are stepped over");
    }
}

#[tokio::test]
async fn a_topic_that_is_gone_is_told() {
    let broker = broker();
    let mut consumer = consumer(&broker, StartAt::Offset(0), ResetTo::Fail).await;
    broker.state.lock().topics.clear();
    assert!(matches!(take(&mut consumer, 1).await, Err(ClientError::UnknownTopic(_))));
}
