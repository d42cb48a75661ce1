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
    assert_eq!(gets, 2, "a look before, and one after");
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

#[tokio::test(start_paused = true)]
async fn objects_without_a_marker_are_those_of_the_cluster_whose_metadata_knows_them() {
    let mut world = World::new();
    let shard = world.next_owner().await;
    shard.offload(one(upload(partition(1), 0..100, 300))).await.unwrap();
    let before = names(&world).await;
    world.store.delete(&MARKER.into()).await.unwrap();
    let kept = std::mem::replace(&mut world.pointers, Arc::new(MemoryPointers::new()));
    let error = world.archive_of(OTHER).await.claim().await.unwrap_err();
    assert!(matches!(&error, ArchiveError::Unmarked { path, ours: OTHER } if path == MARKER), "{error}");
    assert_eq!(names(&world).await.len(), before.len() - 1);
    world.pointers = kept;
    world.archive().await.claim().await.unwrap();
    assert_eq!(names(&world).await, before);
}

/// What an object store of S3's kind may say of conditions and of what is not there.
#[derive(Clone, Copy)]
struct Manners {
    /// Answers 501 to a conditional write; else it writes whatever the condition.
    refuses_conditions: bool,
    /// The status of a GET of what is not there.
    absent: &'static str,
}

/// One object, over HTTP. Returns the endpoint, and what it holds.
#[allow(clippy::disallowed_methods, reason = "the test's own server")]
async fn endpoint(manners: Manners) -> (World, Arc<parking_lot::Mutex<Option<Vec<u8>>>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let held = Arc::new(parking_lot::Mutex::new(None));
    let holds = Arc::clone(&held);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let (head, length) = loop {
                if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    break (String::new(), 0);
                }
                let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
                break (head, end + 4 + length);
            };
            while request.len() < length && stream.read_buf(&mut request).await.unwrap_or(0) > 0 {}
            let start = request.len() - (length - head.len().min(length)).saturating_sub(4);
            let body = request[start..].to_vec();
            let (status, answer) = if head.contains("list-type=2") {
                let none = "<ListBucketResult><Name>b</Name><Prefix/><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
                ("200 OK", none.as_bytes().to_vec())
            } else if head.starts_with("get") {
                match holds.lock().clone() {
                    Some(bytes) => ("200 OK", bytes),
                    None => (manners.absent, Vec::new()),
                }
            } else if head.contains("if-none-match") && manners.refuses_conditions {
                ("501 Not Implemented", b"<Error><Code>NotImplemented</Code></Error>".to_vec())
            } else {
                *holds.lock() = Some(body);
                ("200 OK", Vec::new())
            };
            let length = answer.len();
            let mut reply = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\netag: \"e\"\r\nlast-modified: Tue, 24 Nov 2026 10:00:00 GMT\r\nconnection: close\r\n\r\n"
            )
            .into_bytes();
            reply.extend(answer);
            let _ = stream.write_all(&reply).await;
        }
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = [
        ("endpoint", url.as_str()),
        ("region", "us-east-1"),
        ("access_key_id", "a"),
        ("secret_access_key", "b"),
        ("unsigned_payload", "true"),
        ("allow_http", "true"),
    ];
    let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let opened = crate::object_store_from_url("s3://bucket", &options, &std::collections::BTreeMap::new());
    let mut world = World::on(opened.unwrap().store);
    world.config.requests.backoff = Duration::from_millis(1);
    (world, held)
}

#[tokio::test]
async fn stores_without_conditional_writes_or_with_403_for_what_is_not_there_are_marked_too() {
    for refuses_conditions in [false, true] {
        for absent in ["404 Not Found", "403 Forbidden"] {
            let (world, held) = endpoint(Manners { refuses_conditions, absent }).await;
            let claimed = world.archive().await.claim().await;
            if refuses_conditions && absent.starts_with("403") {
                // Neither a look nor a condition would keep another cluster's marker.
                assert!(matches!(claimed, Err(ArchiveError::Refused { .. })), "{claimed:?}");
                assert!(held.lock().is_none());
                continue;
            }
            claimed.unwrap();
            let other = world.archive_of(OTHER).await.claim().await.unwrap_err();
            assert!(is_others(&other), "{other}");
        }
    }
}
