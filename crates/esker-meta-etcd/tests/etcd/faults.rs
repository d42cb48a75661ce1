//! Members that die, hang or cannot be reached.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use esker_env::{Env, Random};
use esker_meta::{Event, Expect, Keys, Meta, MetaError, MetaStore, Revision, Txn};
use esker_meta_etcd::{EtcdMeta, EtcdOptions};
use parking_lot::Mutex;

use crate::{
    PATIENCE,
    cluster::Cluster,
    eventually,
    proxy::{Proxy, Way},
    put, store, value,
};

/// Takes numbers until it is told to stop; every number that it was given.
async fn take_numbers(meta: Meta, taken: Arc<Mutex<Vec<u64>>>, count: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        match meta.reserve("test", 1).await {
            Ok(range) => {
                taken.lock().push(range.start);
                count.fetch_add(1, Ordering::Relaxed);
            }
            Err(MetaError::Unavailable(_) | MetaError::Unknown(_)) => {
                meta.store().get("/pause".to_owned()).await.ok();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The leader is killed again and again while clients count and a watch looks on: no number is handed out twice, and
/// the watch shows every version once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_leaders_cost_no_transaction_and_no_change() {
    const ROUNDS: usize = 3;
    let cluster = Cluster::start(3);
    let key = "/esker/test/ids/test";
    let watcher = store(cluster.endpoints());
    let mut watch = watcher.watch(key.to_owned(), Revision(1));
    let (taken, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let count = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let keys = Keys::new("/esker/test").unwrap();
            let meta = Meta::new(store(cluster.endpoints()), keys, Env::real());
            tokio::spawn(take_numbers(meta, Arc::clone(&taken), Arc::clone(&count), Arc::clone(&stop)))
        })
        .collect();
    let more = async |wanted: u64| {
        let reach = count.load(Ordering::Relaxed) + wanted;
        let start = Instant::now();
        while count.load(Ordering::Relaxed) < reach {
            assert!(start.elapsed() < PATIENCE, "no transaction succeeds any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        start.elapsed()
    };
    more(50).await;
    for round in 0..ROUNDS {
        let leader = cluster.leader().await;
        cluster.kill(leader);
        let gap = more(1).await;
        println!("round {round}: first number {} ms after the leader was killed", gap.as_millis());
        more(50).await;
        cluster.restart(leader);
    }
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    let taken = taken.lock().clone();
    let different: BTreeSet<_> = taken.iter().copied().collect();
    assert_eq!(different.len(), taken.len(), "a number was handed out twice");

    let last = eventually(|| watcher.get(key.to_owned())).await.unwrap();
    assert!(last.version >= taken.len() as u64);
    let (mut version, mut revision) = (0, Revision::NONE);
    while revision < last.modified {
        for event in Env::real().timeout(PATIENCE, watch.next()).await.unwrap().unwrap() {
            let Event::Put(shown) = event else { panic!("nobody deletes") };
            assert_eq!(shown.version, version + 1, "the watch left out or repeated a change");
            assert!(shown.modified > revision);
            (version, revision) = (shown.version, shown.modified);
        }
    }
    assert_eq!(version, last.version);
}

/// A frozen process answers nothing and closes nothing. Calls and watches go elsewhere.
#[tokio::test]
async fn a_member_that_hangs_is_left() {
    let cluster = Cluster::start(3);
    let store = store(cluster.endpoints());
    let mut next = put(&store, "/a", "0").await.next();
    let mut watch = store.watch("/a".to_owned(), next);
    let mut slowest = Duration::ZERO;
    for frozen in 0..3 {
        cluster.freeze(frozen);
        let start = Instant::now();
        let done = put(&store, "/a", &frozen.to_string()).await;
        let shown = Env::real().timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
        slowest = slowest.max(start.elapsed());
        // A transaction whose answer was lost may have been made, and is shown too.
        let mut last = shown.last().unwrap().revision();
        assert!(shown[0].revision() >= next);
        while last < done {
            last = watch.next().await.unwrap().last().unwrap().revision();
        }
        next = last.next();
        cluster.thaw(frozen);
    }
    println!("slowest change and its report with one member frozen: {} ms", slowest.as_millis());
    assert!(slowest < Duration::from_secs(8), "{slowest:?}");
}

/// Without any call that would notice, a watch finds out by itself, from the pings of its connection.
#[tokio::test]
async fn a_watch_alone_leaves_a_member_that_hangs() {
    let cluster = Cluster::start(3);
    let endpoints = cluster.endpoints();
    let writer = store(endpoints[1..].to_vec());
    let next = put(&writer, "/a", "0").await.next();
    // Begins at the first endpoint, which is the one that will hang.
    let env = Env { random: Arc::new(Zeros), ..Env::real() };
    let watcher = EtcdMeta::new(EtcdOptions::new(endpoints), env).unwrap();
    let mut watch = watcher.watch("/a".to_owned(), next);
    let first = put(&writer, "/a", "1").await;
    let shown = Env::real().timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    assert_eq!(shown[0].revision(), first);
    cluster.freeze(0);
    let start = Instant::now();
    let second = put(&writer, "/a", "2").await;
    let shown = Env::real().timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    println!("a watch alone left a frozen member after {} ms", start.elapsed().as_millis());
    assert!(shown[0].revision() > first && shown[0].revision() <= second);
}

/// Chance that always takes the first.
struct Zeros;

impl Random for Zeros {
    fn next_u64(&self) -> u64 {
        0
    }
}

/// Nothing listens: nothing can have happened, and that is what the error says.
#[tokio::test]
async fn what_could_not_be_sent_did_not_happen() {
    let cluster = Cluster::start(1);
    let store = store(cluster.endpoints());
    let revision = put(&store, "/a", "1").await;
    cluster.kill(0);
    // The first may still go into the broken connection.
    let _ = store.txn(Txn::new().when("/x", Expect::Present)).await;
    let refused = store.txn(Txn::new().put("/a", value("2"))).await;
    assert!(matches!(refused, Err(MetaError::Unavailable(_))), "{refused:?}");
    let unread = store.get("/a".to_owned()).await;
    assert!(matches!(unread, Err(MetaError::Unavailable(_))), "{unread:?}");
    cluster.restart(0);
    let found = eventually(|| store.get("/a".to_owned())).await.unwrap();
    assert_eq!((found.value, found.modified), (value("1"), revision));
}

/// The request arrives, the answer does not.
#[tokio::test]
async fn a_transaction_whose_answer_is_lost_is_unknown() {
    let cluster = Cluster::start(1);
    let proxy = Proxy::start(cluster.endpoints().remove(0)).await;
    let (near, far) = (store(cluster.endpoints()), store(vec![proxy.endpoint.clone()]));
    put(&far, "/a", "1").await;
    let start = Instant::now();
    proxy.set(Way::Deaf);
    let lost = far.txn(Txn::new().put("/a", value("2"))).await;
    assert!(matches!(lost, Err(MetaError::Unknown(_))), "{lost:?}");
    assert!(start.elapsed() < Duration::from_secs(10), "the time limit of a call holds");
    assert_eq!(near.get("/a".to_owned()).await.unwrap().unwrap().value, value("2"), "it happened");
    // Only a transaction's outcome can be unknown.
    let unread = far.get("/a".to_owned()).await;
    assert!(matches!(unread, Err(MetaError::Unavailable(_))), "{unread:?}");
    proxy.set(Way::Cut);
    let refused = far.txn(Txn::new().put("/a", value("3"))).await;
    assert!(matches!(refused, Err(MetaError::Unavailable(_) | MetaError::Unknown(_))), "{refused:?}");
    proxy.set(Way::Open);
    let found = eventually(|| far.get("/a".to_owned())).await.unwrap();
    assert!(found.value == value("2") || found.value == value("3"));
}
