//! Keys, listings, comparisons, transactions.

use std::sync::Arc;

use bytes::Bytes;

use super::{Subject, text};
use crate::{Expect, MetaError, Revision, Txn};

/// Revisions and version of a key through put, put, delete, put.
pub async fn a_key_counts_its_puts_and_its_lives(subject: Subject) {
    assert_eq!(subject.get("a").await, None);
    let first = subject.put("a", "1").await;
    assert!(first > Revision::NONE);
    let found = subject.get("a").await.unwrap();
    assert_eq!((found.created, found.modified, found.version, found.lease), (first, first, 1, None));
    let second = subject.put("a", "2").await;
    assert!(second > first);
    let found = subject.get("a").await.unwrap();
    assert_eq!((found.created, found.modified, found.version), (first, second, 2));
    assert_eq!((found.key, found.value), (subject.key("a"), text("2")));
    subject.store.txn(Txn::new().delete(subject.key("a"))).await.unwrap();
    assert_eq!(subject.get("a").await, None);
    let third = subject.put("a", "3").await;
    let found = subject.get("a").await.unwrap();
    assert_eq!((found.created, found.modified, found.version), (third, third, 1));
}

/// Byte order, and no neighbour that only shares characters.
pub async fn a_listing_is_ordered_and_stays_below_its_prefix(subject: Subject) {
    for name in ["l/b", "l/a", "l/a/c", "l/10", "l/9", "la", "l", "k/z", "l0"] {
        subject.put(name, name).await;
    }
    let last = subject.put("l/z", "z").await;
    let listing = subject.store.list(subject.key("l/")).await.unwrap();
    assert!(listing.revision >= last);
    let keys: Vec<_> = listing.entries.iter().map(|entry| entry.key.clone()).collect();
    let expected = ["l/10", "l/9", "l/a", "l/a/c", "l/b", "l/z"].map(|name| subject.key(name));
    assert_eq!(keys, expected);
    for entry in listing.entries {
        assert_eq!(subject.store.get(entry.key.clone()).await.unwrap(), Some(entry));
    }
    assert_eq!(subject.store.list(subject.key("none/")).await.unwrap().entries, []);
}

/// All four, on a key that exists and on one that does not.
pub async fn each_comparison_holds_exactly_when_it_should(subject: Subject) {
    let created = subject.put("a", "1").await;
    let modified = subject.put("a", "2").await;
    let cases = [
        ("a", Expect::Absent, false),
        ("a", Expect::Present, true),
        ("a", Expect::Created(created), true),
        ("a", Expect::Created(modified), false),
        ("a", Expect::Modified(modified), true),
        ("a", Expect::Modified(created), false),
        ("a", Expect::Modified(Revision::NONE), false),
        ("none", Expect::Absent, true),
        ("none", Expect::Present, false),
        ("none", Expect::Created(created), false),
        ("none", Expect::Modified(Revision::NONE), true),
        ("none", Expect::Modified(modified), false),
    ];
    for (name, is, expected) in cases {
        let answer = subject.store.txn(Txn::new().when(subject.key(name), is)).await.unwrap();
        assert_eq!(answer.succeeded, expected, "{name} {is:?}");
    }
    for (second, expected) in [(Expect::Absent, true), (Expect::Present, false)] {
        let txn = Txn::new().when(subject.key("a"), Expect::Present).when(subject.key("none"), second);
        assert_eq!(subject.store.txn(txn).await.unwrap().succeeded, expected, "all comparisons must hold");
    }
}

/// What a transaction changes carries one revision; what changes nothing takes none.
pub async fn a_transaction_is_one_revision_or_none(subject: Subject) {
    let before = subject.put("gone", "0").await;
    let txn = Txn::new()
        .put(subject.key("a"), text("1"))
        .put(subject.key("b"), text("2"))
        .delete(subject.key("gone"));
    let answer = subject.store.txn(txn).await.unwrap();
    assert!(answer.succeeded && answer.revision > before);
    for name in ["a", "b"] {
        assert_eq!(subject.get(name).await.unwrap().modified, answer.revision);
    }
    assert_eq!(subject.get("gone").await, None);
    // Refused: nothing of the first branch happens.
    let txn = Txn::new()
        .when(subject.key("a"), Expect::Absent)
        .put(subject.key("a"), text("9"))
        .put(subject.key("c"), text("9"))
        .or_get(subject.key("a"));
    let refused = subject.store.txn(txn).await.unwrap();
    assert!(!refused.succeeded && refused.revision >= answer.revision);
    assert_eq!(subject.contents().await.len(), 2);
    // Nothing changes: no key gets a new revision, and the answer names one that existed.
    subject.store.txn(Txn::new().delete(subject.key("gone"))).await.unwrap();
    assert_eq!(subject.get("a").await.unwrap().modified, answer.revision);
}

/// Reads come in order, one per operation, and do not see the transaction's own writes.
pub async fn both_branches_read_the_state_before(subject: Subject) {
    subject.put("a", "1").await;
    let txn = Txn::new()
        .get(subject.key("none"))
        .put(subject.key("b"), text("2"))
        .get(subject.key("a"))
        .or_get(subject.key("never"));
    let answer = subject.store.txn(txn).await.unwrap();
    let reads: Vec<_> =
        answer.reads.iter().map(|read| read.as_ref().map(|found| found.value.clone())).collect();
    assert_eq!(reads, [None, Some(text("1"))]);
    let txn = Txn::new()
        .when(subject.key("a"), Expect::Absent)
        .get(subject.key("never"))
        .or_get(subject.key("b"))
        .or_get(subject.key("a"));
    let answer = subject.store.txn(txn).await.unwrap();
    assert!(!answer.succeeded);
    let reads: Vec<_> = answer.reads.into_iter().map(|read| read.unwrap().value).collect();
    assert_eq!(reads, [text("2"), text("1")]);
}

/// The largest allowed transaction works, anything beyond is refused without an effect.
pub async fn limits_are_enforced(subject: Subject) {
    let many = |count: usize| {
        (0..count).fold(Txn::new(), |txn, number| {
            let key = subject.key(&format!("many/{number}"));
            txn.when(&key, Expect::Absent).put(&key, text("x"))
        })
    };
    let refused = [
        many(Txn::MAX_OPS + 1),
        Txn::new().put(subject.key("a"), text("1")).delete(subject.key("a")),
        Txn::new().put(subject.key("a"), text("1")).get(subject.key("a")),
        Txn::new().put(subject.key("a"), Bytes::from(vec![0; Txn::MAX_BYTES + 1])),
    ];
    for txn in refused {
        let answer = subject.store.txn(txn).await;
        assert!(matches!(answer, Err(MetaError::Invalid(_))), "{answer:?}");
    }
    assert_eq!(subject.contents().await, []);
    assert!(subject.store.txn(many(Txn::MAX_OPS)).await.unwrap().succeeded);
    let large = Bytes::from(vec![7; Txn::MAX_BYTES - 1024]);
    assert!(subject.store.txn(Txn::new().put(subject.key("large"), large.clone())).await.unwrap().succeeded);
    assert_eq!(subject.get("large").await.unwrap().value, large);
}

/// Also none at all.
pub async fn values_are_any_bytes(subject: Subject) {
    for value in [Bytes::new(), Bytes::from((0..=u8::MAX).collect::<Vec<_>>())] {
        subject.store.txn(Txn::new().put(subject.key("a"), value.clone())).await.unwrap();
        assert_eq!(subject.get("a").await.unwrap().value, value);
    }
}

/// Compare-and-set by many at once loses no update.
pub async fn concurrent_increments_are_all_counted(subject: Subject) {
    const TASKS: u64 = 8;
    const EACH: u64 = 10;
    let key = subject.key("counter");
    let (report, mut reports) = tokio::sync::mpsc::channel(TASKS as usize);
    for _ in 0..TASKS {
        let (store, key, report) = (Arc::clone(&subject.store), key.clone(), report.clone());
        subject.env.tasks.spawn(async move {
            for _ in 0..EACH {
                loop {
                    let found = store.get(key.clone()).await.unwrap();
                    let expect =
                        Expect::Modified(found.as_ref().map_or(Revision::NONE, |found| found.modified));
                    let count = found.map_or(0, |found| found.version);
                    let value = Bytes::from((count + 1).to_string());
                    if store.txn(Txn::new().when(&key, expect).put(&key, value)).await.unwrap().succeeded {
                        break;
                    }
                }
            }
            report.send(()).await.unwrap();
        });
    }
    for _ in 0..TASKS {
        reports.recv().await.unwrap();
    }
    let found = subject.get("counter").await.unwrap();
    assert_eq!((found.version, found.value), (TASKS * EACH, Bytes::from((TASKS * EACH).to_string())));
}
