//! A node over its whole life, on a real disk: what was acknowledged is read back from memory, log and objects.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use common::{World, kill, topic};
use esker_core::{
    Offset, PartitionId, ProducerId,
    batch::{BatchBuilder, BatchView, Compression, NewRecord},
};
use esker_env::Env;
use esker_log::{AppendOptions, Isolation, ReadError, ReadLimits};
use esker_node::Node;
use object_store::{
    memory::InMemory,
    throttle::{ThrottleConfig, ThrottledStore},
};

fn batch(producer: i64, sequence: i32, values: &[&str], timestamp: i64) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None).producer(ProducerId(producer), 0, sequence);
    for value in values {
        let record = NewRecord { timestamp, value: Some(value.as_bytes()), ..NewRecord::default() };
        builder.push(&record).unwrap();
    }
    builder.build().unwrap()
}

async fn append(node: &Node, id: PartitionId, bytes: &Bytes) -> (i64, bool) {
    let checked = node.log.check(id, bytes).unwrap();
    let appended = node
        .log
        .append(id, checked, AppendOptions { all_replicas: true, ..AppendOptions::default() })
        .unwrap();
    appended.ticket.durable().await.unwrap();
    (appended.base_offset.0, appended.duplicate)
}

/// Every value from `from` to the end.
async fn read_all(node: &Node, id: PartitionId, from: i64) -> Vec<String> {
    let limits = ReadLimits { max_bytes: 2_000, at_least_one: true, isolation: Isolation::ReadUncommitted };
    let mut values = Vec::new();
    let mut next = Offset(from);
    loop {
        let read = node.log.read(id, next, limits).await.unwrap();
        if read.chunks.is_empty() {
            assert_eq!(next, read.offsets.high_watermark);
            return values;
        }
        for view in read.chunks.iter().flat_map(BatchView::all) {
            let view = view.unwrap();
            view.verify_crc().unwrap();
            for record in view.records(1 << 20).unwrap().iter() {
                let record = record.unwrap();
                if record.offset >= from {
                    values.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
                }
            }
        }
        next = read.next;
    }
}

async fn fill(node: &Node, id: PartitionId, batches: std::ops::Range<i32>) {
    for number in batches {
        let value = format!("{number}-{}", "x".repeat(100));
        let (offset, duplicate) = append(node, id, &batch(7, number * 2, &[&value, &value], now(node))).await;
        assert_eq!((offset, duplicate), (i64::from(number) * 2, false));
    }
}

fn now(_: &Node) -> i64 {
    Env::real().clock.wall_ms()
}

fn expected(batches: std::ops::Range<i32>) -> Vec<String> {
    batches.flat_map(|number| std::iter::repeat_n(format!("{number}-{}", "x".repeat(100)), 2)).collect()
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let world = World::new();
    let running = world.start().await;
    let id = topic(&running.0, &[]).await;
    fill(&running.0, id, 0..50).await;
    assert_eq!(read_all(&running.0, id, 0).await, expected(0..50));
    let before = running.0.log.offsets(id).unwrap();
    kill(running).await;

    let running = world.start().await;
    let after = running.0.log.offsets(id).unwrap();
    assert_eq!((after.high_watermark, after.log_start), (before.high_watermark, before.log_start));
    assert!(after.epoch > before.epoch);
    assert_eq!(read_all(&running.0, id, 0).await, expected(0..50));
    // The producer is still known: a repeat is a duplicate, a gap is refused.
    let repeat = batch(7, 98, &["49-", "49-"], 0);
    assert_eq!(append(&running.0, id, &repeat).await, (98, true));
    let gap = running.0.log.check(id, &batch(7, 104, &["late"], 0)).unwrap();
    assert!(running.0.log.append(id, gap, AppendOptions::default()).is_err());
    fill(&running.0, id, 50..60).await;
    assert_eq!(read_all(&running.0, id, 97).await, expected(48..60)[1..]);
    kill(running).await;
}

#[tokio::test]
async fn a_graceful_stop_needs_no_log_any_more() {
    let world = World::new();
    let (node, _tasks) = world.start().await;
    let id = topic(&node, &[]).await;
    fill(&node, id, 0..50).await;
    node.stop().await.unwrap();
    drop((node, _tasks));
    world.lose_log();

    let (node, _tasks) = world.start().await;
    assert_eq!(read_all(&node, id, 0).await, expected(0..50));
    assert_eq!(
        append(&node, id, &batch(7, 98, &["49-", "49-"], 0)).await,
        (98, true),
        "the snapshot knows the producer"
    );
    fill(&node, id, 50..55).await;
    assert_eq!(read_all(&node, id, 0).await, expected(0..55));
}

#[tokio::test]
async fn a_lost_log_with_unarchived_records_refuses_to_start() {
    let world = World::new();
    let running = world.start().await;
    let id = topic(&running.0, &[]).await;
    fill(&running.0, id, 0..3).await;
    kill(running).await;
    world.lose_log();
    let error = world.try_start().await.err().expect("records are lost").to_string();
    assert!(error.contains("ledger"), "{error}");
}

#[tokio::test]
async fn flushed_records_leave_the_log_and_are_read_from_objects() {
    let world = World::new();
    let (node, _tasks) = world.start().await;
    let id = topic(&node, &[]).await;
    fill(&node, id, 0..40).await;
    node.log.flush_all().await.unwrap();
    let trimmed = async {
        while node.log.sizes(id).unwrap().local > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), trimmed).await.expect("archived batches are trimmed");
    assert!(node.log.sizes(id).unwrap().archived > 0);
    assert_eq!(read_all(&node, id, 0).await, expected(0..40));
    fill(&node, id, 40..45).await;
    assert_eq!(read_all(&node, id, 0).await, expected(0..45), "across the seam");
}

#[tokio::test]
async fn a_flush_ends_under_load() {
    let slow = ThrottleConfig { wait_put_per_call: Duration::from_millis(20), ..ThrottleConfig::default() };
    let world = World { objects: Arc::new(ThrottledStore::new(InMemory::new(), slow)), ..World::new() };
    let (node, _tasks) = world.start().await;
    let id = topic(&node, &[]).await;
    fill(&node, id, 0..4).await;
    let load = async {
        for number in 4.. {
            fill(&node, id, number..number + 1).await;
        }
    };
    tokio::select! {
        flushed = tokio::time::timeout(Duration::from_secs(10), node.log.flush_all()) => {
            flushed.expect("what is committed meanwhile is not waited for").unwrap();
        }
        () = load => unreachable!("there is always more"),
    }
    assert!(node.log.sizes(id).unwrap().archived > 0);
}

#[tokio::test]
async fn deleted_records_stay_deleted() {
    let world = World::new();
    let running = world.start().await;
    let id = topic(&running.0, &[]).await;
    fill(&running.0, id, 0..10).await;
    assert_eq!(running.0.log.delete_records(id, Some(Offset(7))).await.unwrap(), Offset(7));
    let limits = ReadLimits { max_bytes: 1, at_least_one: true, isolation: Isolation::ReadUncommitted };
    let refused = running.0.log.read(id, Offset(6), limits).await.unwrap_err();
    assert!(matches!(refused, ReadError::OutOfRange { log_start: Offset(7), .. }));
    assert!(running.0.log.delete_records(id, Some(Offset(21))).await.is_err());
    kill(running).await;
    let (node, _tasks) = world.start().await;
    assert_eq!(node.log.offsets(id).unwrap().log_start, Offset(7));
    node.stop().await.unwrap();
    drop((node, _tasks));
    world.lose_log();
    let (node, _tasks) = world.start().await;
    assert_eq!(node.log.offsets(id).unwrap().log_start, Offset(7));
    assert_eq!(read_all(&node, id, 7).await, expected(0..10)[7..]);
}

#[tokio::test]
async fn records_are_found_by_time_in_objects_and_log() {
    let world = World::new();
    let (node, _tasks) = world.start().await;
    let id = topic(&node, &[]).await;
    let base = now(&node) - 1_000_000;
    for number in 0..10 {
        let at = base + i64::from(number) * 1_000;
        append(&node, id, &batch(7, number, &[&number.to_string()], at)).await;
        if number == 4 {
            node.log.flush_all().await.unwrap();
        }
    }
    for (timestamp, offset) in
        [(0, 0), (base + 1, 1), (base + 4_000, 4), (base + 4_001, 5), (base + 9_000, 9)]
    {
        let found = node.log.find_timestamp(id, timestamp).await.unwrap().unwrap();
        assert_eq!(found.offset, Offset(offset), "{timestamp}");
    }
    assert_eq!(node.log.find_timestamp(id, base + 9_001).await.unwrap(), None);
    assert_eq!(node.log.find_max_timestamp(id).await.unwrap().unwrap().offset, Offset(9));
}
