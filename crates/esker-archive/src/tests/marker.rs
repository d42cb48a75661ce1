//! Whose a prefix is.

use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::*;
use crate::{ArchiveError, faults::FaultRates};

const OTHER: ClusterId = ClusterId(uuid::Uuid::from_u128(0x07));
const MARKER: &str = "prefix/cluster";

async fn names(world: &World) -> Vec<String> {
    let listed: Vec<ObjectMeta> = world.store.list(None).try_collect().await.unwrap();
    listed.into_iter().map(|object| object.location.to_string()).collect()
}

fn is_others(error: &ArchiveError) -> bool {
    matches!(error, ArchiveError::OtherCluster { theirs: CLUSTER, ours: OTHER, .. })
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_metadata_is_new_touches_nothing_that_another_one_left() {
    let mut world = World::new();
    let shard = world.next_owner().await;
    for round in 0..20 {
        shard.offload(one(upload(partition(1), round * 100..round * 100 + 100, 300))).await.unwrap();
    }
    let before = names(&world).await;
    tokio::time::advance(Duration::from_secs(3 * 24 * 3600)).await;
    // The metadata is lost, the URL is as before.
    let kept = std::mem::replace(&mut world.pointers, Arc::new(MemoryPointers::new()));
    world.pointers.own(SHARD, session(50), Epoch(50));
    let archive = world.archive_of(OTHER).await;
    let new = archive.open_shard(SHARD, session(50), Epoch(50)).await.unwrap();
    let error = archive.claim().await.unwrap_err();
    assert!(is_others(&error), "{error}");
    let said = error.to_string();
    assert!(
        [MARKER, &CLUSTER.to_string(), &OTHER.to_string()].iter().all(|part| said.contains(part)),
        "{said}"
    );
    assert!(is_others(&new.offload(one(upload(partition(1), 0..100, 300))).await.unwrap_err()));
    // Something younger, of whatever origin, is what makes the rest old.
    let young = world.store.put(&"prefix/3/data/young".into(), vec![1].into()).await;
    assert!(young.is_ok() && is_others(&new.collect_orphans().await.unwrap_err()));
    world.store.delete(&"prefix/3/data/young".into()).await.unwrap();
    assert_eq!(names(&world).await, before);
    // The metadata is back.
    world.pointers = kept;
    check_content(&world.next_owner().await, partition(1), 0..2000, 300, 10_000).await;
}

#[tokio::test(start_paused = true)]
async fn of_clusters_that_come_at_once_one_has_the_prefix_whatever_is_lost_on_the_way() {
    for seed in 0..50 {
        let mut world = World::new();
        world.env.random = Arc::new(SeededRandom::new(seed));
        world.store = FaultyStore::new(Arc::new(InMemory::new()), world.env.clone());
        let latency = Duration::from_millis(10);
        world.store.set(FaultRates {
            refuse: 100,
            lose_answer: 300,
            cut: 50,
            flip: 50,
            latency,
            ..FaultRates::default()
        });
        let (one, other) = (world.archive().await, world.archive_of(OTHER).await);
        // Damage may outlast the reads of one claim.
        let claim = async |archive: &Archive| loop {
            match archive.claim().await {
                Err(ArchiveError::Damaged { .. } | ArchiveError::Deadline { .. }) => {}
                end => return end,
            }
        };
        let (one, other) = tokio::join!(claim(&one), claim(&other));
        assert_eq!(
            (one.is_ok(), other.is_ok()),
            (one.is_ok(), one.is_err()),
            "seed {seed}: {one:?}, {other:?}"
        );
        let lost = one.err().or(other.err()).unwrap();
        assert!(matches!(lost, ArchiveError::OtherCluster { .. }), "{lost}");
        world.store.set(FaultRates::default());
        assert_eq!(names(&world).await, [MARKER]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_prefix_is_claimed_once_and_by_whoever_writes_first() {
    let world = World::new();
    let shard = world.next_owner().await;
    assert!(names(&world).await.is_empty(), "opening and reading claim nothing");
    shard.offload(one(upload(partition(1), 0..100, 300))).await.unwrap();
    let gets = world.store.counts().gets;
    assert_eq!(gets, 1);
    shard.offload(one(upload(partition(1), 100..200, 300))).await.unwrap();
    assert_eq!(world.store.counts().gets, gets, "what was found once is not asked again");
    assert_eq!(names(&world).await.iter().filter(|name| *name == MARKER).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_marker_is_nobodys() {
    let world = World::new();
    for content in [vec![], b"esker-cluster 1".to_vec(), vec![b'x'; 300]] {
        world.store.put(&MARKER.into(), content.into()).await.unwrap();
        let error = world.archive().await.claim().await.unwrap_err();
        assert!(matches!(&error, ArchiveError::Damaged { path, .. } if path == MARKER), "{error}");
        let error =
            world.next_owner().await.offload(one(upload(partition(1), 0..100, 300))).await.unwrap_err();
        assert!(matches!(error, ArchiveError::Damaged { .. }), "{error}");
    }
}
