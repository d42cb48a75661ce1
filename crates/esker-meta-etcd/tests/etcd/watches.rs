//! Watches over cut connections, restarts and compaction.

use std::time::Duration;

use bytes::Bytes;
use esker_env::Env;
use esker_meta::{Event, MetaStore, Revision, Txn, Watch, WatchError};

use crate::{
    PATIENCE,
    cluster::Cluster,
    proxy::{Proxy, Way},
    put, raw, store,
};

async fn next(watch: &mut Watch) -> Result<Vec<Event>, WatchError> {
    Env::real().timeout(PATIENCE, watch.next()).await.expect("the watch says something")
}

async fn revisions(watch: &mut Watch, count: usize) -> Vec<Revision> {
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.extend(next(watch).await.unwrap().iter().map(Event::revision));
    }
    seen
}

/// Changes that happen while the way is cut are reported when it is back, once.
#[tokio::test]
async fn a_watch_goes_on_after_a_cut() {
    let cluster = Cluster::start(1);
    let proxy = Proxy::start(cluster.endpoints().remove(0)).await;
    let (near, far) = (store(cluster.endpoints()), store(vec![proxy.endpoint.clone()]));
    let mut expected = vec![put(&near, "/w", "0").await];
    let mut watch = far.watch("/w".to_owned(), expected[0]);
    for text in ["1", "2", "3"] {
        assert_eq!(revisions(&mut watch, expected.len()).await, expected);
        proxy.set(Way::Cut);
        expected = vec![put(&near, "/w", text).await, put(&near, "/w", text).await];
        proxy.set(Way::Open);
    }
    assert_eq!(revisions(&mut watch, 2).await, expected);
}

/// Changes that are forgotten while the way is cut are missed, and the watch says so; a listing repairs it.
#[tokio::test]
async fn a_watch_that_was_cut_off_over_a_compaction_says_so() {
    let cluster = Cluster::start(1);
    let proxy = Proxy::start(cluster.endpoints().remove(0)).await;
    let (near, far) = (store(cluster.endpoints()), store(vec![proxy.endpoint.clone()]));
    let first = put(&near, "/w", "0").await;
    let mut watch = far.watch("/w".to_owned(), first);
    assert_eq!(revisions(&mut watch, 1).await, [first]);
    proxy.set(Way::Cut);
    let missed = put(&near, "/w", "1").await;
    put(&near, "/w", "2").await;
    raw::compact(&cluster.endpoints()).await;
    proxy.set(Way::Open);
    match next(&mut watch).await {
        Err(WatchError::Compacted(until)) => assert!(until >= missed),
        other => panic!("{other:?}"),
    }
    let listing = far.list("/w".to_owned()).await.unwrap();
    let mut watch = far.watch("/w".to_owned(), listing.revision.next());
    let last = put(&near, "/w", "3").await;
    assert_eq!(revisions(&mut watch, 1).await, [last]);
}

/// A watch over keys that never change is told how far the store has come, so that a compaction does not end it.
#[tokio::test]
async fn an_idle_watch_survives_a_compaction() {
    let cluster = Cluster::start_with(1, &["--watch-progress-notify-interval", "100ms"]);
    let proxy = Proxy::start(cluster.endpoints().remove(0)).await;
    let (near, far) = (store(cluster.endpoints()), store(vec![proxy.endpoint.clone()]));
    let first = put(&near, "/idle", "0").await;
    let mut watch = far.watch("/idle".to_owned(), first);
    assert_eq!(revisions(&mut watch, 1).await, [first]);
    for _ in 0..10 {
        put(&near, "/busy", "x").await;
    }
    // Nothing tells that the notice has arrived; twenty of them are due in this time.
    let quiet = Env::real().timeout(Duration::from_secs(2), watch.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    proxy.set(Way::Cut);
    raw::compact(&cluster.endpoints()).await;
    proxy.set(Way::Open);
    let last = put(&near, "/idle", "1").await;
    assert_eq!(revisions(&mut watch, 1).await, [last]);
}

/// Killed and started again with what it had.
#[tokio::test]
async fn a_watch_goes_on_after_a_restart() {
    let cluster = Cluster::start(1);
    let store = store(cluster.endpoints());
    let first = put(&store, "/w", "0").await;
    let mut watch = store.watch("/w".to_owned(), first);
    assert_eq!(revisions(&mut watch, 1).await, [first]);
    cluster.kill(0);
    cluster.restart(0);
    let second = put(&store, "/w", "1").await;
    assert!(second > first);
    let shown = revisions(&mut watch, 1).await;
    assert!(shown[0] > first, "nothing is repeated");
    assert!(shown[0] <= second);
}

/// etcd sends what a late watch missed in pieces of about 2 MiB, cut anywhere.
#[tokio::test]
async fn pieces_of_an_answer_become_whole_revisions() {
    const REVISIONS: usize = 12;
    const KEYS: usize = 100;
    let cluster = Cluster::start(1);
    let store = store(cluster.endpoints());
    let mut expected = Vec::new();
    for _ in 0..REVISIONS {
        let part = |txn: Txn, number| txn.put(format!("/w/{number:03}"), Bytes::from(vec![7; 9000]));
        expected.push(store.txn((0..KEYS).fold(Txn::new(), part)).await.unwrap().revision);
    }
    let mut watch = store.watch("/w/".to_owned(), expected[0]);
    let (mut seen, mut items) = (Vec::new(), 0);
    while seen.len() < REVISIONS {
        let events = next(&mut watch).await.unwrap();
        items += 1;
        for revision in events.chunk_by(|a, b| a.revision() == b.revision()) {
            assert_eq!(revision.len(), KEYS, "a revision was split");
            seen.push(revision[0].revision());
        }
    }
    assert_eq!(seen, expected);
    assert!(items > 1, "10 MB came in one piece: this tests nothing");
}
