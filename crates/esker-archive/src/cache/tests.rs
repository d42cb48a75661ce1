//! One suite for every implementation.

use std::path::Path;

use super::*;
use crate::DiskCacheConfig;

fn key(position: u32) -> BlockKey {
    BlockKey { object: ObjectId(7), position }
}

fn block(position: u32, size: usize) -> Bytes {
    Bytes::from(vec![position as u8; size])
}

async fn open_kind(kind: CacheKind, memory_bytes: usize) -> Arc<dyn BlockCache> {
    open(&CacheConfig { kind, memory_bytes, index_bytes: 0 }).await.unwrap()
}

fn on_disk(dir: &Path) -> CacheKind {
    CacheKind::Foyer { disk: Some(DiskCacheConfig { dir: dir.to_owned(), bytes: 64 << 20 }) }
}

async fn get(cache: &Arc<dyn BlockCache>, position: u32) -> Option<Bytes> {
    cache.get(key(position)).await.map(|found| found.bytes)
}

async fn behaves(cache: Arc<dyn BlockCache>) {
    assert_eq!(get(&cache, 1).await, None);
    cache.insert(key(1), block(1, 1000), Keep::Long);
    cache.insert(key(2), block(2, 1000), Keep::Long);
    assert_eq!(get(&cache, 1).await, Some(block(1, 1000)));
    assert!(!cache.get(key(1)).await.unwrap().unchecked, "what is in memory was checked when it came");
    cache.remove(key(1));
    // A disk tier may still be busy writing what was removed, but it never gives anything else.
    assert!(get(&cache, 1).await.is_none_or(|found| found == block(1, 1000)));
    cache.insert(key(1), block(1, 1000), Keep::Long);
    assert_eq!(get(&cache, 1).await, Some(block(1, 1000)));
    assert_eq!(get(&cache, 2).await, Some(block(2, 1000)));
    // Far more than it may hold: it forgets, it does not fail.
    for position in 10..200 {
        cache.insert(key(position), block(position, 100_000), Keep::Long);
    }
    for position in 10..200 {
        let found = get(&cache, position).await;
        assert!(found.is_none_or(|found| found == block(position, 100_000)));
    }
    cache.close().await;
}

#[tokio::test]
async fn the_plain_cache_behaves() {
    let cache = open_kind(CacheKind::Memory, 1 << 20).await;
    behaves(Arc::clone(&cache)).await;
    cache.remove(key(199));
    assert_eq!(get(&cache, 199).await, None);
    let mut kept = 0;
    for position in 10..200 {
        kept += usize::from(get(&cache, position).await.is_some());
    }
    assert_eq!(kept, 9, "the bound holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn foyer_in_memory_behaves() {
    behaves(open_kind(CacheKind::Foyer { disk: None }, 1 << 20).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foyer_on_disk_behaves_and_keeps_blocks_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    behaves(open_kind(on_disk(&dir.path().join("one")), 1 << 20).await).await;
    let path = dir.path().join("two");
    let cache = open_kind(on_disk(&path), 1 << 20).await;
    cache.insert(key(3), block(3, 300_000), Keep::Long);
    cache.insert(key(4), block(4, 300_000), Keep::Briefly);
    assert_eq!(get(&cache, 4).await, Some(block(4, 300_000)));
    cache.close().await;
    drop(cache);
    let cache = open_kind(on_disk(&path), 1 << 20).await;
    let found = cache.get(key(3)).await.expect("it was on the disk");
    assert_eq!(found.bytes, block(3, 300_000));
    assert!(found.unchecked, "what comes from a disk is to be checked");
    assert_eq!(get(&cache, 4).await, None, "what is kept briefly takes no disk");
}

#[tokio::test]
async fn a_disk_tier_too_small_is_refused() {
    let disk = Some(DiskCacheConfig { dir: "/nonexistent".into(), bytes: 1 });
    let config = CacheConfig { kind: CacheKind::Foyer { disk }, memory_bytes: 1 << 20, index_bytes: 0 };
    assert!(matches!(open(&config).await.err(), Some(ArchiveError::Config(_))));
}
