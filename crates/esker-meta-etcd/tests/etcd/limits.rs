//! Limits of etcd, and listings larger than one answer.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use esker_meta::{MetaError, MetaStore, Txn};

use crate::{cluster::Cluster, eventually, raw, store, value};

/// Pages of a listing show one revision, whatever is written (and forgotten) between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_listing_shows_one_revision() {
    const KEYS: usize = 3500;
    let cluster = Cluster::start(1);
    let store = store(cluster.endpoints());
    let name = |number: usize| format!("/list/{number:05}");
    for first in (0..KEYS).step_by(Txn::MAX_OPS) {
        let numbers = first..(first + Txn::MAX_OPS).min(KEYS);
        store.txn(numbers.fold(Txn::new(), |txn, number| txn.put(name(number), value("0")))).await.unwrap();
    }
    // The first and the last key always change together.
    let stop = AtomicBool::new(false);
    let write = async {
        let mut count = 0_u64;
        while !stop.load(Ordering::Relaxed) {
            count += 1;
            let text = value(&count.to_string());
            let txn = Txn::new().put(name(0), text.clone()).put(name(KEYS - 1), text);
            store.txn(txn).await.unwrap();
            if count.is_multiple_of(8) {
                raw::compact(&cluster.endpoints()).await;
            }
        }
        count
    };
    let read = async {
        let mut last = esker_meta::Revision::NONE;
        for _ in 0..20 {
            let listing = eventually(|| store.list("/list/".to_owned())).await;
            assert_eq!(listing.entries.len(), KEYS);
            assert!(listing.entries.is_sorted_by(|a, b| a.key < b.key));
            assert_eq!(
                listing.entries[0].value,
                listing.entries[KEYS - 1].value,
                "two moments in one listing"
            );
            assert!(listing.entries.iter().all(|entry| entry.modified <= listing.revision));
            assert!(listing.revision >= last, "a listing is linearizable");
            last = listing.revision;
        }
        stop.store(true, Ordering::Relaxed);
    };
    let (written, ()) = tokio::join!(write, read);
    assert!(written > 0);
}

/// An etcd with tighter limits than the contract's refuses; that is known, and named.
#[tokio::test]
async fn a_transaction_too_large_for_this_etcd_is_refused() {
    let cluster = Cluster::start_with(1, &["--max-request-bytes", "65536"]);
    let store = store(cluster.endpoints());
    for size in [100 << 10, 900 << 10] {
        let refused = store.txn(Txn::new().put("/large", Bytes::from(vec![1; size]))).await;
        assert!(matches!(refused, Err(MetaError::Invalid(_))), "{size}: {refused:?}");
    }
    assert_eq!(store.get("/large".to_owned()).await.unwrap(), None);
}

/// A full etcd is an operator's matter; it still answers reads.
#[tokio::test]
async fn a_full_etcd_says_so() {
    let cluster = Cluster::start_with(1, &["--quota-backend-bytes", "2097152"]);
    let store = store(cluster.endpoints());
    let refused = loop {
        let txn = Txn::new().put("/large", Bytes::from(vec![1; 500 << 10]));
        if let Err(refused) = store.txn(txn).await {
            break refused;
        }
    };
    assert!(matches!(&refused, MetaError::Broken(why) if why.contains("space")), "{refused:?}");
    assert!(store.get("/large".to_owned()).await.unwrap().is_some());
}
