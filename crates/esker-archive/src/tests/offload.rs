use esker_core::producer::{ProducerBatch, ProducerState};
use object_store::{ObjectStoreExt, local::LocalFileSystem};

use super::*;
use crate::ArchiveError;

pub(super) async fn uploads_survive_reopening(world: World) {
    let shard = world.next_owner().await;
    // More commits than a pointer has room for, so that roots are written on the way.
    for round in 0..40 {
        let (from, to) = (round * 100, round * 100 + 100);
        let partitions = vec![upload(partition(2), from..to, 5000), upload(partition(1), from..to, 300)];
        shard.offload(Offload { partitions, clear_pending: Vec::new() }).await.unwrap();
        assert_eq!(shard.sequence(), round as u64 + 1);
    }
    check_content(&shard, partition(1), 0..4000, 300, 10_000).await;
    let next = world.next_owner().await;
    assert_eq!(next.partitions().unwrap(), shard.partitions().unwrap());
    assert_eq!(next.segments(partition(2)), shard.segments(partition(2)));
    assert_eq!(next.segments(partition(2)).len(), 40);
    check_content(&next, partition(1), 0..4000, 300, 1).await;
    check_content(&next, partition(2), 0..4000, 5000, 1_000_000).await;
    check_content(&next, partition(2), 1010..4000, 5000, 7_000).await;
    next.offload(one(upload(partition(2), 4000..4100, 5000))).await.unwrap();
    check_content(&world.next_owner().await, partition(2), 0..4100, 5000, 1 << 20).await;
}

#[tokio::test]
async fn uploads_survive_reopening_in_memory() {
    uploads_survive_reopening(World::new()).await;
}

#[tokio::test]
async fn uploads_survive_reopening_on_a_filesystem() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(dir.path()).unwrap().with_fsync(true);
    uploads_survive_reopening(World::on(Arc::new(store))).await;
}

#[tokio::test]
async fn large_partitions_are_read_across_blocks_and_objects() {
    let world = World::new();
    let shard = world.next_owner().await;
    shard.offload(one(upload(partition(0), 0..300, 120_000))).await.unwrap();
    shard.offload(one(upload(partition(0), 300..500, 2_000_000))).await.unwrap();
    let shard = world.next_owner().await;
    let blocks = shard.read(partition(0), Offset(0), u64::MAX).await.unwrap();
    // 30 batches of 120 kB make 4 blocks, each batch over a megabyte is a block of its own.
    assert_eq!((blocks.chunks.len(), blocks.next_offset), (4 + 20, Offset(500)));
    // At least one batch, however small the limit; whole batches, however odd the limit.
    let read = shard.read(partition(0), Offset(305), 1).await.unwrap();
    assert_eq!((read.chunks.concat().len(), read.next_offset), (2_000_000, Offset(310)));
    let read = shard.read(partition(0), Offset(75), 500_000).await.unwrap();
    assert_eq!((read.chunks.concat().len(), read.next_offset), (480_000, Offset(110)));
}

#[tokio::test]
async fn a_partition_s_state_is_that_of_its_newest_section() {
    let world = World::new();
    let shard = world.next_owner().await;
    let state = |sequence| {
        let mut state = ProducerState::new(ProducerId(9), 0);
        state.remember(ProducerBatch {
            base_sequence: sequence,
            last_sequence: sequence,
            base_offset: Offset(i64::from(sequence)),
            last_offset: Offset(i64::from(sequence)),
            timestamp: 1,
        });
        state
    };
    for round in 0..20 {
        let mut one_upload = upload(partition(1), round * 10..round * 10 + 10, 100);
        one_upload.section.producers = vec![state(round as i32)];
        one_upload.section.log_start = Offset(round);
        shard.offload(one(one_upload)).await.unwrap();
        // This one stays idle: its state is carried by the root once the first object left the pointer.
        if round == 0 {
            let mut idle = upload(partition(2), 0..10, 100);
            idle.section.producers = vec![state(77)];
            shard.offload(one(idle)).await.unwrap();
        }
    }
    let found = world.next_owner().await.partitions().unwrap();
    assert_eq!(found[&partition(1)].producers, [state(19)]);
    assert_eq!((found[&partition(1)].log_start, found[&partition(1)].next_offset), (Offset(19), Offset(200)));
    assert_eq!(found[&partition(2)].producers, [state(77)]);
    assert_eq!(found[&partition(2)].epochs, [(Epoch(0), Offset(0))]);
}

#[tokio::test]
async fn repeated_batches_are_left_out_and_gaps_refused() {
    let world = World::new();
    let shard = world.next_owner().await;
    shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    assert_eq!(shard.sequence(), 1, "nothing was left to upload");
    shard.offload(one(upload(partition(0), 50..200, 100))).await.unwrap();
    check_content(&shard, partition(0), 0..200, 100, 1000).await;
    let refused = shard.offload(one(upload(partition(0), 210..300, 100))).await.unwrap_err();
    assert!(
        matches!(refused, ArchiveError::NotContiguous { expected: Offset(200), found: Offset(210), .. }),
        "{refused}"
    );
    // Below the log start nobody may read, so a gap is fine there.
    let mut beyond = upload(partition(0), 210..300, 100);
    beyond.section.log_start = Offset(215);
    shard.offload(one(beyond)).await.unwrap();
    check_content(&world.next_owner().await, partition(0), 220..300, 100, 1000).await;
    let refused = shard.read(partition(0), Offset(205), 1).await.unwrap_err();
    assert!(matches!(refused, ArchiveError::OutOfRange { log_start: Offset(215), .. }), "{refused}");
}

#[tokio::test]
async fn timestamps_lead_to_the_first_batch_that_has_them() {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..5 {
        shard.offload(one(upload(partition(0), round * 1000..round * 1000 + 1000, 30_000))).await.unwrap();
    }
    for (timestamp, base) in [(-5, 0), (0, 0), (1, 10), (999, 1000), (4990, 4990)] {
        let found = shard.find_timestamp(partition(0), timestamp, Offset(0)).await.unwrap().unwrap();
        assert_eq!((found.base_offset, found.max_timestamp), (Offset(base), base), "{timestamp}");
    }
    assert!(shard.find_timestamp(partition(0), 4991, Offset(0)).await.unwrap().is_none());
    let found = shard.find_timestamp(partition(0), 7, Offset(2005)).await.unwrap().unwrap();
    assert_eq!(found.base_offset, Offset(2000));
    let found = shard.find_max_timestamp(partition(0)).await.unwrap().unwrap();
    assert_eq!((found.base_offset, found.last_offset), (Offset(4990), Offset(4999)));
}

#[tokio::test(start_paused = true)]
async fn requests_uploads_and_the_cache_are_counted() {
    let world = World::new();
    let metrics = Arc::clone(&world.config.metrics);
    let shard = world.next_owner().await;
    shard.offload(one(upload(partition(1), 0..100, 5000))).await.unwrap();
    let counts = world.store.counts();
    assert_eq!((metrics.put.ok.get(), metrics.put.errors.get()), (counts.puts, 0));
    assert_eq!((metrics.uploads.get(), metrics.cache_hits.get()), (1, 0));
    assert!(metrics.uploaded_bytes.get() >= 10 * 5000, "ten batches");
    let marker = world.store.head(&"prefix/cluster".into()).await.unwrap().size;
    assert_eq!(metrics.put.bytes.get(), metrics.uploaded_bytes.get() + marker);

    let shard = world.next_owner().await;
    shard.read(partition(1), Offset(0), u64::MAX).await.unwrap();
    let misses = metrics.cache_misses.get();
    assert!(misses > 0 && metrics.cache_hits.get() == 0);
    shard.read(partition(1), Offset(0), u64::MAX).await.unwrap();
    assert_eq!((metrics.cache_hits.get(), metrics.cache_misses.get()), (misses, misses));
    // But for the test's own look at the marker. That there was none is an answer.
    assert_eq!(metrics.get.ok.get(), world.store.counts().gets - 1);
    assert_eq!(metrics.get.seconds.snapshot().count(), metrics.get.ok.get());

    // Each attempt counts, and a failed upload is none.
    shard.parts.claim().await.unwrap();
    world.store.set_outage(true);
    shard.offload(one(upload(partition(1), 100..200, 5000))).await.unwrap_err();
    assert!(metrics.put.errors.get() > 1);
    assert_eq!(metrics.uploads.get(), 1);
}
