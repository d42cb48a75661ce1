use object_store::ObjectStoreExt;

use super::*;
use crate::PartitionCounts;

#[allow(clippy::disallowed_methods, reason = "a test's own task")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

async fn filled() -> World {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..18 {
        let partitions = vec![
            upload(partition(1), round * 30..round * 30 + 30, 100),
            upload(partition(2), round * 30..round * 30 + 30, 100),
        ];
        shard.offload(Offload { partitions, clear_pending: Vec::new() }).await.unwrap();
    }
    world
}

async fn problems(world: &World) -> Vec<String> {
    let report = world.archive().await.verify(SHARD, &|_, _| {}).await.unwrap();
    report
        .problems
        .into_iter()
        .map(|problem| format!("{} at {}: {}", problem.path, problem.position, problem.what))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_whole_shard_is_counted() {
    let world = filled().await;
    let steps = parking_lot::Mutex::new(Vec::new());
    let progress = |done, total| steps.lock().push((done, total));
    let report = world.archive().await.verify(SHARD, &progress).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!((report.objects, report.partitions.len(), report.blocks), (18, 2, 36));
    assert_eq!((report.batches, report.records, report.bytes), (108, 1080, 10_800));
    let each = PartitionCounts {
        topic: 5,
        index: 1,
        next_offset: 540,
        records: 540,
        batches: 54,
        bytes: 5400,
        ..Default::default()
    };
    assert_eq!(report.partitions, [each, PartitionCounts { index: 2, ..each }]);
    let steps = steps.into_inner();
    assert_eq!((steps.first(), steps.last()), (Some(&(0, 18)), Some(&(18, 18))));
    let empty = world.archive().await.verify(ShardId(9), &|_, _| {}).await.unwrap();
    assert_eq!((empty.objects, empty.problems.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_lies_below_the_log_start_counts_as_long_as_the_manifest_refers_to_it() {
    let world = filled().await;
    let shard = world.next_owner().await;
    // Two objects and a third of the next one are behind the log start of one partition.
    let starts = std::collections::BTreeMap::from([(partition(1), Offset(70))]);
    shard.expire(&starts, &Default::default()).await.unwrap();
    let report = world.archive().await.verify(SHARD, &|_, _| {}).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let [first, second] = report.partitions[..] else { panic!("{:?}", report.partitions) };
    assert_eq!((first.log_start, first.first_offset, first.next_offset, first.records), (70, 60, 540, 480));
    assert_eq!((second.log_start, second.first_offset, second.records), (0, 0, 540));
    assert_eq!(report.records, 1020);
    // Everything of it gone, and beyond: the next upload leaves a gap below the log start, which is none.
    let starts = std::collections::BTreeMap::from([(partition(1), Offset(600))]);
    shard.expire(&starts, &Default::default()).await.unwrap();
    let counts = |report: &crate::VerifyReport| {
        let of = report.partitions[0];
        (of.log_start, of.first_offset, of.next_offset, of.records)
    };
    let report = world.archive().await.verify(SHARD, &|_, _| {}).await.unwrap();
    assert_eq!(counts(&report), (600, 540, 540, 0));
    shard.offload(one(upload(partition(1), 600..630, 100))).await.unwrap();
    let report = world.archive().await.verify(SHARD, &|_, _| {}).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(counts(&report), (600, 600, 630, 30));
}

/// Names made within one millisecond have no order; the simulator found that they were taken to have one.
#[tokio::test(start_paused = true)]
async fn recent_objects_continue_each_other_in_the_order_of_their_commits() {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..8 {
        shard.offload(one(upload(partition(1), round * 30..round * 30 + 30, 100))).await.unwrap();
    }
    assert_eq!(problems(&world).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn damage_anywhere_in_any_object_is_found() {
    let world = filled().await;
    let listed: Vec<_> =
        futures::StreamExt::collect::<Vec<_>>(world.store.list(Some(&"prefix/3".into()))).await;
    for meta in listed {
        let path = meta.unwrap().location;
        let good = world.store.get(&path).await.unwrap().bytes().await.unwrap();
        for at in (0..good.len()).step_by(good.len() / 7) {
            let mut bad = good.to_vec();
            bad[at] ^= 0x10;
            world.store.put(&path, bad.into()).await.unwrap();
            let problems = problems(&world).await;
            assert!(!problems.is_empty(), "{path} byte {at}");
            assert!(problems.iter().any(|problem| problem.contains(path.as_ref())), "{path}: {problems:?}");
        }
        world.store.put(&path, good.slice(..good.len() - 1).into()).await.unwrap();
        assert!(!problems(&world).await.is_empty(), "{path} cut short");
        world.store.delete(&path).await.unwrap();
        assert!(problems(&world).await.iter().any(|problem| problem.contains("missing")), "{path} missing");
        world.store.put(&path, good.into()).await.unwrap();
    }
    assert!(problems(&world).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn shards_and_objects_are_described() {
    let world = filled().await;
    let archive = world.archive().await;
    // A server does this in tasks of its own.
    let shard = spawn({
        let archive = archive.clone();
        async move {
            assert!(archive.verify(SHARD, &|_, _| {}).await.unwrap().problems.is_empty());
            archive.list(SHARD).await.unwrap()
        }
    });
    let shard = shard.await.unwrap();
    assert_eq!((shard.sequence, shard.objects.len(), shard.partitions.len()), (18, 18, 2));
    assert!(shard.root.is_some());
    assert_eq!((shard.partitions[0].next_offset, shard.partitions[0].ranges), (540, 18));
    let id = shard.objects[3].id.parse().unwrap();
    let object = archive.inspect(SHARD, id).await.unwrap();
    assert_eq!((object.partitions.len(), object.path.as_str()), (2, shard.objects[3].path.as_str()));
    assert_eq!(object.partitions[1].last_offset - object.partitions[1].first_offset, 29);
    let missing = archive.inspect(SHARD, esker_core::object::ObjectId(1)).await.unwrap_err();
    assert!(matches!(missing, crate::ArchiveError::Missing { .. }));
}
