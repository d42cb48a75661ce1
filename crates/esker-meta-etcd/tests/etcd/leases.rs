//! Leases over outages.

use std::time::Duration;

use esker_env::Env;
use esker_meta::{Event, MetaError, MetaStore, Txn};

use crate::{PATIENCE, cluster::Cluster, eventually, store, value};

/// While etcd is down no lease ends, and nobody is told that one did. When it is back, leases begin anew, and one that
/// nobody keeps alive ends then.
#[tokio::test]
async fn no_lease_ends_while_etcd_is_down() {
    let cluster = Cluster::start(1);
    let (store, env) = (store(cluster.endpoints()), Env::real());
    let ttl = Duration::from_secs(2);
    let (kept, left) = (store.grant(ttl).await.unwrap(), store.grant(ttl).await.unwrap());
    let txn = Txn::new().put_leased("/l/kept", value("1"), kept).put_leased("/l/left", value("2"), left);
    let put = store.txn(txn).await.unwrap().revision;
    let mut watch = store.watch("/l/".to_owned(), put.next());
    cluster.kill(0);
    let down = env.clock.now();
    while env.clock.now() - down < ttl * 2 {
        let answer = store.keep_alive(kept).await;
        assert!(matches!(answer, Err(MetaError::Unavailable(_))), "{answer:?}");
    }
    cluster.restart(0);
    eventually(|| store.keep_alive(kept)).await;
    let events = loop {
        tokio::select! {
            events = watch.next() => break events.unwrap(),
            () = env.clock.sleep(ttl / 5) => eventually(|| store.keep_alive(kept)).await,
        }
    };
    assert!(matches!(&events[..], [Event::Delete { key, .. }] if key == "/l/left"), "{events:?}");
    assert_eq!(store.keep_alive(left).await, Err(MetaError::LeaseGone(left)));
    assert!(store.get("/l/kept".to_owned()).await.unwrap().is_some());
}

/// The leader holds the leases' clocks: a new one starts them anew.
#[tokio::test]
async fn a_lease_survives_its_leader() {
    let cluster = Cluster::start(3);
    let (store, env) = (store(cluster.endpoints()), Env::real());
    let ttl = Duration::from_secs(3);
    let lease = store.grant(ttl).await.unwrap();
    store.txn(Txn::new().put_leased("/l", value("1"), lease)).await.unwrap();
    let leader = cluster.leader().await;
    cluster.kill(leader);
    let killed = env.clock.now();
    // As a broker does it: every third of the time to live, come what may.
    let mut longest = Duration::ZERO;
    let mut last = killed;
    while env.clock.now() - killed < ttl * 3 {
        env.clock.sleep(ttl / 3).await;
        match store.keep_alive(lease).await {
            Ok(()) => {
                longest = longest.max(env.clock.now() - last);
                last = env.clock.now();
            }
            Err(MetaError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    println!("longest time between two renewals: {} ms", longest.as_millis());
    assert!(store.get("/l".to_owned()).await.unwrap().is_some());
    store.revoke(lease).await.unwrap();
    assert_eq!(store.keep_alive(lease).await, Err(MetaError::LeaseGone(lease)));
}

/// etcd does not say which lease of a transaction is gone; the store does.
#[tokio::test]
async fn the_lost_lease_of_several_is_named() {
    let cluster = Cluster::start(1);
    let store = store(cluster.endpoints());
    let mut leases = Vec::new();
    for _ in 0..3 {
        leases.push(store.grant(Duration::from_secs(60)).await.unwrap());
    }
    store.revoke(leases[1]).await.unwrap();
    let txn =
        leases.iter().fold(Txn::new(), |txn, lease| txn.put_leased(format!("/{lease}"), value("x"), *lease));
    let refused = Env::real().timeout(PATIENCE, store.txn(txn)).await.unwrap();
    assert_eq!(refused, Err(MetaError::LeaseGone(leases[1])));
    assert_eq!(store.list("/".to_owned()).await.unwrap().entries, []);
}
