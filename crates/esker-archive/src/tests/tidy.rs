use std::collections::{BTreeMap, BTreeSet};

use object_store::ObjectStoreExt;

use super::*;
use crate::{ArchiveError, Expired};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn stored(world: &World) -> usize {
    let listed: Vec<_> = futures::StreamExt::collect(world.store.list(Some(&"prefix/3".into()))).await;
    listed.len()
}

fn starts(pairs: &[(u32, i64)]) -> BTreeMap<PartitionId, Offset> {
    pairs.iter().map(|&(index, offset)| (partition(index), Offset(offset))).collect()
}

#[tokio::test(start_paused = true)]
async fn expiry_moves_log_starts_and_unlinks_objects_that_nobody_needs() {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..5 {
        let (from, to) = (round * 100, round * 100 + 100);
        let partitions = vec![upload(partition(1), from..to, 300), upload(partition(2), from..to, 300)];
        shard.offload(Offload { partitions, clear_pending: Vec::new() }).await.unwrap();
    }
    assert_eq!(shard.expire(&BTreeMap::new(), &BTreeSet::new()).await.unwrap(), Expired::default());
    assert_eq!(shard.expire(&starts(&[(7, 5)]), &BTreeSet::new()).await.unwrap(), Expired::default());
    assert_eq!(shard.sequence(), 5, "without a change nothing is committed");
    // Partition 1 leaves three objects, partition 2 two: two are free.
    let expired = shard.expire(&starts(&[(1, 300), (2, 250)]), &BTreeSet::new()).await.unwrap();
    assert_eq!(expired, Expired { moved: 2, dropped: 0, objects: 2 });
    for shard in [Arc::clone(&shard), world.next_owner().await] {
        assert_eq!((shard.bounds(partition(1)).0, shard.bounds(partition(2)).0), (Offset(300), Offset(250)));
        assert_eq!((shard.segments(partition(1)).len(), shard.segments(partition(2)).len()), (2, 3));
        assert!(matches!(
            shard.read(partition(2), Offset(249), 1).await,
            Err(ArchiveError::OutOfRange { .. })
        ));
        check_content(&shard, partition(2), 250..500, 300, 1000).await;
        check_content(&shard, partition(1), 300..500, 300, 1000).await;
        let found = shard.find_timestamp(partition(2), 0, Offset(0)).await.unwrap().unwrap();
        assert_eq!(found.base_offset, Offset(250));
    }
    // A log start never moves down, and may pass everything that is archived.
    let shard = world.next_owner().await;
    shard.expire(&starts(&[(1, 10), (2, 1000)]), &BTreeSet::new()).await.unwrap();
    let shard = world.next_owner().await;
    assert_eq!(shard.bounds(partition(2)), (Offset(1000), Offset(500)));
    assert_eq!(shard.bounds(partition(1)).0, Offset(300));
    assert!(shard.segments(partition(2)).is_empty());
    let mut next = upload(partition(2), 990..1100, 300);
    next.section.log_start = Offset(1000);
    shard.offload(one(next)).await.unwrap();
    check_content(&shard, partition(2), 1000..1100, 300, 1000).await;
    let report = world.archive().await.verify(SHARD, &|_, _| {}).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test(start_paused = true)]
async fn dropped_topics_leave_nothing_behind_once_their_grace_is_over() {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..20 {
        shard.offload(one(upload(partition(1), round * 100..round * 100 + 100, 300))).await.unwrap();
    }
    let expired = shard.expire(&BTreeMap::new(), &BTreeSet::from([TopicNumber(5)])).await.unwrap();
    assert_eq!(expired, Expired { moved: 0, dropped: 1, objects: 20 });
    assert!(shard.partitions().unwrap().is_empty());
    assert_eq!(shard.collect_garbage().await.unwrap(), 0, "the grace has just begun");
    assert_eq!(stored(&world).await, 22);
    tokio::time::advance(DAY + Duration::from_secs(1)).await;
    // Another owner, to whom the garbage comes through the root.
    let shard = world.next_owner().await;
    assert_eq!(shard.collect_garbage().await.unwrap(), 21);
    assert_eq!(stored(&world).await, 1, "only the root is left");
    assert_eq!(shard.collect_garbage().await.unwrap(), 0);
    shard.offload(one(upload(partition(2), 0..100, 300))).await.unwrap();
    check_content(&world.next_owner().await, partition(2), 0..100, 300, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_former_owner_collects_nothing() {
    let world = World::new();
    let old = world.next_owner().await;
    old.offload(one(upload(partition(1), 0..100, 300))).await.unwrap();
    old.expire(&starts(&[(1, 100)]), &BTreeSet::new()).await.unwrap();
    let new = world.next_owner().await;
    new.offload(one(upload(partition(1), 100..200, 300))).await.unwrap();
    tokio::time::advance(DAY * 2).await;
    assert!(matches!(old.collect_garbage().await, Err(ArchiveError::Conflict(_))));
    assert_eq!(stored(&world).await, 3);
}

#[tokio::test(start_paused = true)]
async fn orphans_are_collected_and_uploads_on_their_way_are_not() {
    let world = World::new();
    let old = world.next_owner().await;
    old.offload(one(upload(partition(1), 0..100, 300))).await.unwrap();
    let new = world.next_owner().await;
    // Fenced after its upload: an orphan.
    assert!(old.offload(one(upload(partition(1), 100..200, 300))).await.is_err());
    assert_eq!(stored(&world).await, 2);
    world.store.put(&"prefix/3/data/not-ours".into(), "x".into()).await.unwrap();
    assert_eq!(new.collect_orphans().await.unwrap(), 0, "it is too young");
    tokio::time::advance(DAY * 3).await;
    // Nothing newer is in the store, so by the store's own clock the orphan has no age.
    assert_eq!(new.collect_orphans().await.unwrap(), 0);
    // An upload waits for its commit while orphans are collected; also the former owner may be the one that collects.
    world.pointers.trouble([memory::Trouble::Delayed]);
    let mut offload = Box::pin(new.offload(one(upload(partition(1), 100..200, 300))));
    while world.pointers.commits() < 3 {
        assert!(futures::poll!(offload.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(old.collect_orphans().await.unwrap(), 1);
    assert_eq!(world.pointers.deliver(), 1);
    offload.await.unwrap();
    assert_eq!(stored(&world).await, 3);
    let report = world.archive().await.verify(SHARD, &|_, _| {}).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    check_content(&world.next_owner().await, partition(1), 0..200, 300, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn expiry_and_garbage_survive_lost_answers() {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..3 {
        shard.offload(one(upload(partition(1), round * 100..round * 100 + 100, 300))).await.unwrap();
    }
    world.pointers.trouble([memory::Trouble::AnswerLost, memory::Trouble::RequestLost]);
    assert_eq!(shard.expire(&starts(&[(1, 100)]), &BTreeSet::new()).await.unwrap().objects, 1);
    assert_eq!(shard.expire(&starts(&[(1, 200)]), &BTreeSet::new()).await.unwrap().objects, 1);
    check_content(&world.next_owner().await, partition(1), 200..300, 300, 1000).await;
}
