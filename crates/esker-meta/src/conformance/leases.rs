//! Leases.

use super::{Subject, text};
use crate::{Event, MetaError, Txn};

/// Revoking deletes exactly the lease's keys, at once.
pub async fn keys_end_with_their_lease_in_one_revision(subject: Subject) {
    let lease = subject.store.grant(subject.ttl * 100).await.unwrap();
    let txn = Txn::new()
        .put_leased(subject.key("a"), text("1"), lease)
        .put_leased(subject.key("b"), text("2"), lease)
        .put(subject.key("c"), text("3"));
    let put = subject.store.txn(txn).await.unwrap();
    assert_eq!(subject.get("a").await.unwrap().lease, Some(lease));
    let mut watch = subject.store.watch(subject.key(""), put.revision.next());
    subject.store.revoke(lease).await.unwrap();
    assert_eq!(subject.contents().await, [(subject.key("c"), text("3"))]);
    let events = watch.next().await.unwrap();
    let revision = events[0].revision();
    let expected = ["a", "b"].map(|name| Event::Delete { key: subject.key(name), revision });
    assert_eq!(events, expected);
    assert_eq!(subject.store.keep_alive(lease).await, Err(MetaError::LeaseGone(lease)));
    subject.store.revoke(lease).await.unwrap();
}

/// Nothing of the transaction happens.
pub async fn a_put_under_a_gone_lease_fails_as_a_whole(subject: Subject) {
    let lease = subject.store.grant(subject.ttl * 100).await.unwrap();
    subject.store.revoke(lease).await.unwrap();
    let txn = Txn::new().put(subject.key("a"), text("1")).put_leased(subject.key("b"), text("2"), lease);
    assert_eq!(subject.store.txn(txn).await, Err(MetaError::LeaseGone(lease)));
    assert_eq!(subject.contents().await, []);
}

/// One lease is kept alive for several times its time to live, another is not.
pub async fn a_lease_ends_unless_it_is_kept_alive(subject: Subject) {
    let kept = subject.store.grant(subject.ttl).await.unwrap();
    let left = subject.store.grant(subject.ttl).await.unwrap();
    let txn = Txn::new().put_leased(subject.key("kept"), text("1"), kept).put_leased(
        subject.key("left"),
        text("2"),
        left,
    );
    let put = subject.store.txn(txn).await.unwrap();
    let mut watch = subject.store.watch(subject.key(""), put.revision.next());
    let start = subject.env.clock.now();
    // Nobody calls on the left one's behalf: the store ends it by itself, not before its time.
    let events = loop {
        tokio::select! {
            events = watch.next() => break events.unwrap(),
            () = subject.env.clock.sleep(subject.ttl / 5) => subject.store.keep_alive(kept).await.unwrap(),
        }
    };
    assert!(subject.env.clock.now() - start >= subject.ttl / 2, "a lease lasts about its time to live");
    assert!(matches!(&events[..], [Event::Delete { key, .. }] if *key == subject.key("left")), "{events:?}");
    assert_eq!(subject.store.keep_alive(left).await, Err(MetaError::LeaseGone(left)));
    for _ in 0..10 {
        subject.env.clock.sleep(subject.ttl / 5).await;
        subject.store.keep_alive(kept).await.unwrap();
    }
    assert_eq!(subject.contents().await, [(subject.key("kept"), text("1"))]);
    subject.store.revoke(kept).await.unwrap();
}

/// A key belongs to the lease of its last put.
pub async fn a_put_without_a_lease_detaches_the_key(subject: Subject) {
    let lease = subject.store.grant(subject.ttl * 100).await.unwrap();
    let other = subject.store.grant(subject.ttl * 100).await.unwrap();
    for name in ["freed", "moved"] {
        subject.store.txn(Txn::new().put_leased(subject.key(name), text("1"), lease)).await.unwrap();
    }
    subject.put("freed", "2").await;
    subject.store.txn(Txn::new().put_leased(subject.key("moved"), text("2"), other)).await.unwrap();
    subject.store.revoke(lease).await.unwrap();
    assert_eq!(subject.contents().await.len(), 2);
    subject.store.revoke(other).await.unwrap();
    assert_eq!(subject.contents().await, [(subject.key("freed"), text("2"))]);
}
