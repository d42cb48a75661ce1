//! The cold path: how many requests it takes, and what it does with damage.

use object_store::ObjectStoreExt;

use super::*;
use crate::{ArchiveError, CacheKind, DiskCacheConfig, faults::FaultRates};

/// One object with 30 blocks of about a megabyte in partition 0.
async fn large() -> World {
    let world = World::new();
    let shard = world.next_owner().await;
    shard.offload(one(upload(partition(0), 0..1200, 250_000))).await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn a_cold_read_costs_one_request_for_the_index_and_one_for_the_block() {
    let mut world = large().await;
    world.config.read_ahead.max_bytes = 0;
    let shard = world.next_owner().await;
    let before = world.store.counts().gets;
    shard.read(partition(0), Offset(400), 1).await.unwrap();
    assert_eq!(world.store.counts().gets - before, 2);
    shard.read(partition(0), Offset(410), 1).await.unwrap();
    assert_eq!(world.store.counts().gets - before, 2, "the block is cached");
    shard.read(partition(0), Offset(400), 3_000_000).await.unwrap();
    assert_eq!(world.store.counts().gets - before, 4, "further blocks cost one each");
}

#[tokio::test(start_paused = true)]
async fn readers_of_the_same_block_share_one_request() {
    let mut world = large().await;
    world.config.read_ahead.max_bytes = 0;
    let shard = world.next_owner().await;
    world.store.set(FaultRates { latency: Duration::from_millis(50), ..FaultRates::default() });
    let before = world.store.counts().gets;
    let reads = (0..50).map(|_| shard.read(partition(0), Offset(400), 1));
    let reads = futures::future::join_all(reads).await;
    assert!(reads.into_iter().all(|read| read.unwrap().next_offset == Offset(410)));
    assert_eq!(world.store.counts().gets - before, 2);
}

#[tokio::test(start_paused = true)]
async fn a_sequential_reader_finds_the_next_blocks_in_the_cache() {
    let world = large().await;
    let shard = world.next_owner().await;
    let mut at = Offset(0);
    let mut waited = 0;
    while at.0 < 1200 {
        let before = world.store.counts().gets;
        let read = shard.read(partition(0), at, 1 << 20).await.unwrap();
        at = read.next_offset;
        waited += world.store.counts().gets - before;
        // The reader works on what it has; meanwhile read-ahead goes on until it has nothing left to do.
        world.env.tasks.wait_idle().await;
    }
    assert!(waited <= 6, "the reader itself waited for {waited} requests");
    assert!(world.store.counts().gets < 40, "and nothing was fetched twice: {:?}", world.store.counts());
}

#[tokio::test(start_paused = true)]
async fn the_window_doubles_up_to_its_bound_and_random_readers_get_none() {
    let mut world = large().await;
    world.config.read_ahead.max_bytes = 8 << 20;
    let shard = world.next_owner().await;
    let mut at = Offset(0);
    let mut fetched = Vec::new();
    for _ in 0..6 {
        let before = world.store.counts().gets;
        at = shard.read(partition(0), at, 250_000).await.unwrap().next_offset;
        world.env.tasks.wait_idle().await;
        fetched.push(world.store.counts().gets - before);
    }
    // Index and block; then windows of 1, 2, 4 and 8 MiB in blocks of a megabyte; then the window is full.
    assert_eq!(fetched[0], 2);
    assert!(fetched[1..5].iter().sum::<u64>() >= 8, "{fetched:?}");
    assert!(fetched.iter().sum::<u64>() <= 2 + 10, "{fetched:?}");
    let before = world.store.counts().gets;
    for offset in [1100, 900, 1000, 950] {
        shard.read(partition(0), Offset(offset), 1).await.unwrap();
        world.env.tasks.wait_idle().await;
    }
    assert!(world.store.counts().gets - before <= 4);
}

#[tokio::test(start_paused = true)]
async fn opening_a_shard_costs_few_requests_however_many_partitions_it_has() {
    let world = World::new();
    let shard = world.next_owner().await;
    for round in 0..20 {
        let uploads = (0..1250).map(|index| upload(partition(index), round * 10..round * 10 + 10, 61));
        shard.offload(Offload { partitions: uploads.collect(), clear_pending: Vec::new() }).await.unwrap();
    }
    let before = world.store.counts().gets;
    let opened = world.next_owner().await;
    // The root, and one request for each of the three objects since; pointers are not counted here.
    assert_eq!(world.store.counts().gets - before, 1 + 3);
    assert_eq!(opened.partitions().unwrap().len(), 1250);
}

#[tokio::test(start_paused = true)]
async fn damage_on_the_way_is_fetched_again_and_damage_in_the_object_is_named() {
    let world = large().await;
    let shard = world.next_owner().await;
    shard.read(partition(0), Offset(0), 1).await.unwrap();
    world.store.set(FaultRates { flip: 200, ..FaultRates::default() });
    for offset in (0..1200).step_by(40) {
        // Two flips in a row look like damage in the object; asking again finds that they were not.
        while let Err(error) = shard.read(partition(0), Offset(offset), 1).await {
            assert!(matches!(error, ArchiveError::Damaged { .. }), "{error}");
        }
    }
    assert!(world.store.counts().faults > 0);
    world.store.set(FaultRates::default());
    let path = world.archive().await.list(SHARD).await.unwrap().objects[0].path.clone();
    let path = object_store::path::Path::from(path);
    let mut bytes = world.store.get(&path).await.unwrap().bytes().await.unwrap().to_vec();
    bytes[5_000_000] ^= 1;
    world.store.put(&path, bytes.into()).await.unwrap();
    let shard = world.next_owner().await;
    let error = shard.read(partition(0), Offset(0), 10_000_000).await.unwrap_err();
    let ArchiveError::Damaged { path: named, position, .. } = &error else { panic!("{error}") };
    assert_eq!(*named, path.to_string());
    assert!((4_000_000..=5_000_000).contains(position), "{position}");
    shard.read(partition(0), Offset(600), 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_disk_cache_is_never_believed() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = large().await;
    let disk = Some(DiskCacheConfig { dir: dir.path().join("cache"), bytes: 64 << 20 });
    world.config.cache.kind = CacheKind::Foyer { disk };
    world.config.cache.memory_bytes = 4 << 20;
    let (session, epoch) = (session(99), Epoch(99));
    world.pointers.own(SHARD, session, epoch);
    let archive = world.archive().await;
    let shard = archive.open_shard(SHARD, session, epoch).await.unwrap();
    check_content(&shard, partition(0), 0..1200, 250_000, 1 << 20).await;
    drop(shard);
    archive.close().await;
    drop(archive);
    for entry in std::fs::read_dir(dir.path().join("cache")).unwrap() {
        damage(&entry.unwrap().path());
    }
    let shard = world.archive().await.open_shard(SHARD, session, epoch).await.unwrap();
    check_content(&shard, partition(0), 0..1200, 250_000, 1 << 20).await;
}

/// Flips a bit in every 100 kB of a file.
#[allow(clippy::disallowed_methods, reason = "the test spoils a real file")]
fn damage(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).unwrap();
    for at in (50_000..bytes.len()).step_by(100_000) {
        bytes[at] ^= 4;
    }
    std::fs::write(path, bytes).unwrap();
}
