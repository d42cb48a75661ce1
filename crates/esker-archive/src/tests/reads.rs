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

/// Blocks of the partition that are cached, of those that begin at `from` or later.
async fn cached_from(shard: &ShardArchive, from: Offset) -> usize {
    let (view, blocks) = (shard.view(), &shard.parts.blocks);
    let range = &view.partitions[&partition(0)].ranges[0];
    let index = blocks.index(SHARD, &range.object, range.section).await.unwrap();
    let mut cached = 0;
    for block in index.blocks.iter().filter(|block| block.base_offset >= from) {
        cached += usize::from(blocks.cached(&range.object, block).await.is_some());
    }
    cached
}

#[tokio::test(start_paused = true)]
async fn the_window_doubles_up_to_its_bound_and_random_readers_get_none() {
    let mut world = large().await;
    world.config.read_ahead.max_bytes = 8 << 20;
    let shard = world.next_owner().await;
    let mut at = Offset(0);
    let mut ahead = Vec::new();
    for _ in 0..6 {
        at = shard.read(partition(0), at, 250_000).await.unwrap().next_offset;
        world.env.tasks.wait_idle().await;
        ahead.push(cached_from(&shard, at).await);
    }
    // Windows of 1, 2, 4 and 8 MiB in blocks of a megabyte, the one being read among them.
    assert_eq!(ahead[0], 0, "{ahead:?}");
    assert!(ahead[1..].is_sorted() && (7..=8).contains(&ahead[5]), "{ahead:?}");
    let gets = world.store.counts().gets;
    assert!(gets < 20, "neighbours come with one request: {gets}");
    let before = world.store.counts().gets;
    for offset in [1100, 900, 1000, 950] {
        shard.read(partition(0), Offset(offset), 1).await.unwrap();
        world.env.tasks.wait_idle().await;
    }
    assert!(world.store.counts().gets - before <= 4);
}

#[tokio::test(start_paused = true)]
async fn readers_in_step_fetch_everything_once_and_a_late_one_has_its_own_window() {
    let mut world = large().await;
    world.config.cache.memory_bytes = 16 << 20;
    let shard = world.next_owner().await;
    let before = world.store.counts().gets;
    let mut at = Offset(0);
    while at.0 < 1200 {
        let read = || shard.read(partition(0), at, 1 << 20);
        let (one, two, three) = futures::future::try_join3(read(), read(), read()).await.unwrap();
        assert!(one.next_offset == two.next_offset && two.next_offset == three.next_offset);
        at = one.next_offset;
        world.env.tasks.wait_idle().await;
    }
    let together = world.store.counts().gets - before;
    assert!(together <= 32, "30 blocks and an index, however many readers: {together}");
    // The cache holds half of it: the beginning is gone when the late reader comes.
    let before = world.store.counts().gets;
    check_content(&shard, partition(0), 0..1200, 250_000, 1 << 20).await;
    world.env.tasks.wait_idle().await;
    let alone = world.store.counts().gets - before;
    assert!((4..=32).contains(&alone), "{alone}");
}

/// What readers fetch ahead must be there when they come, or it is fetched twice.
#[tokio::test(start_paused = true)]
async fn many_readers_do_not_push_out_what_is_ahead_of_each_other() {
    let mut world = World::new();
    let shard = world.next_owner().await;
    let uploads = (0..24).map(|index| upload(partition(index), 0..400, 250_000));
    shard.offload(Offload { partitions: uploads.collect(), clear_pending: Vec::new() }).await.unwrap();
    for memory in [64 << 20, 16 << 20] {
        world.config.cache.memory_bytes = memory;
        let shard = world.next_owner().await;
        let before = world.store.counts().gets;
        let mut positions = [Offset(0); 24];
        while positions.iter().any(|at| at.0 < 400) {
            for (index, at) in positions.iter_mut().enumerate().filter(|(_, at)| at.0 < 400) {
                *at = shard.read(partition(index as u32), *at, 1 << 20).await.unwrap().next_offset;
                world.env.tasks.wait_idle().await;
            }
        }
        let gets = world.store.counts().gets - before;
        assert!(gets <= 24 * (10 + 1) + 24, "{memory} bytes of memory: {gets} requests for 240 blocks");
    }
}

/// Records can be deleted beyond what objects hold; then the log start lies behind the archived end.
#[tokio::test(start_paused = true)]
async fn a_log_start_beyond_the_archived_end_has_nothing_to_read_until_objects_pass_it() {
    let world = large().await;
    let shard = world.next_owner().await;
    shard.read(partition(0), Offset(0), 1 << 20).await.unwrap();
    let starts = std::collections::BTreeMap::from([(partition(0), Offset(1300))]);
    shard.expire(&starts, &Default::default()).await.unwrap();
    for offset in [0, 1199, 1200, 1299, 1300, 1400] {
        let error = shard.read(partition(0), Offset(offset), 1 << 20).await.unwrap_err();
        let ArchiveError::OutOfRange { log_start, next_offset, .. } = error else { panic!("{error}") };
        assert_eq!((log_start.0, next_offset.0), (1300, 1200), "at {offset}");
    }
    assert_eq!(shard.bounds(partition(0)), (Offset(1300), Offset(1200)));
    assert!(shard.find_timestamp(partition(0), 0, Offset(0)).await.unwrap().is_none());
    assert!(shard.find_max_timestamp(partition(0)).await.unwrap().is_none());
    // The log has 1240.. on, but only 1300.. may be read.
    shard.offload(one(upload(partition(0), 1310..1400, 250_000))).await.unwrap_err();
    shard.offload(one(upload(partition(0), 1240..1400, 250_000))).await.unwrap();
    for shard in [shard, world.next_owner().await] {
        assert!(shard.read(partition(0), Offset(1290), 1).await.is_err());
        check_content(&shard, partition(0), 1300..1400, 250_000, 1 << 20).await;
        assert_eq!(
            shard.find_timestamp(partition(0), 0, Offset(0)).await.unwrap().unwrap().base_offset.0,
            1300
        );
    }
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
    // Or blocks go to memory alone.
    world.config.read_ahead.max_bytes = 0;
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
