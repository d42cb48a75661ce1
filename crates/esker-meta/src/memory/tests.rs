//! The in-memory store: the suite, and its faults.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_env::{BoxFuture, Env};

use super::*;
use crate::{Event, Expect, WatchError, conformance::Subject};

const SMALL: HistoryLimit = HistoryLimit { events: 2000, bytes: 4 << 20 };

/// Changes enough elsewhere that a history of [`SMALL`] size has forgotten everything before.
pub(crate) fn forget(store: Arc<dyn MetaStore>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        for _ in 0..=SMALL.events / Txn::MAX_OPS {
            let put = |txn: Txn, number| txn.put(format!("/elsewhere/{number}"), Bytes::new());
            store.txn((0..Txn::MAX_OPS).fold(Txn::new(), put)).await.unwrap();
        }
    })
}

async fn subject() -> Subject {
    let env = Env::real();
    let store = Arc::new(MemoryMeta::with_history(env.clone(), SMALL));
    let busy = Arc::clone(&store);
    Subject {
        store,
        prefix: "/test".to_owned(),
        env,
        ttl: Duration::from_secs(1),
        forget: Box::new(move || forget(Arc::clone(&busy) as Arc<dyn MetaStore>)),
        keep: Box::new(()),
    }
}

mod conformance {
    crate::meta_store_conformance!(super::subject);
}

fn value() -> Bytes {
    Bytes::from_static(b"v")
}

#[tokio::test]
async fn a_client_that_is_cut_off_loses_its_watch_and_its_lease() {
    let store = MemoryMeta::new(Env::real());
    let client = store.client();
    let lease = client.grant(Duration::from_secs(1)).await.unwrap();
    let put = client.txn(Txn::new().put_leased("/a", value(), lease)).await.unwrap();
    let mut cut_off = client.watch("/".to_owned(), put.revision.next());
    client.faults().set_unreachable(true);
    assert!(matches!(cut_off.next().await, Err(WatchError::Ended(_))));
    assert!(matches!(client.get("/a".to_owned()).await, Err(MetaError::Unavailable(_))));
    let mut watch = store.watch("/".to_owned(), put.revision.next());
    assert!(matches!(watch.next().await.unwrap()[..], [Event::Delete { .. }]));
    client.faults().set_unreachable(false);
    assert_eq!(client.keep_alive(lease).await, Err(MetaError::LeaseGone(lease)));
}

#[tokio::test]
async fn no_lease_ends_while_the_store_is_down() {
    let env = Env::real();
    let store = MemoryMeta::new(env.clone());
    let lease = store.grant(Duration::from_millis(300)).await.unwrap();
    store.txn(Txn::new().put_leased("/a", value(), lease)).await.unwrap();
    store.set_down(true);
    assert!(matches!(store.keep_alive(lease).await, Err(MetaError::Unavailable(_))));
    env.clock.sleep(Duration::from_millis(400)).await;
    store.set_down(false);
    store.keep_alive(lease).await.unwrap();
    assert!(store.get("/a".to_owned()).await.unwrap().is_some());
}

#[tokio::test]
async fn without_a_leader_no_answer_arrives_and_what_is_compacted_must_be_listed() {
    let store = MemoryMeta::new(Env::real());
    let (one, other) = (store.client(), store.client());
    let put = one.txn(Txn::new().put("/a", value())).await.unwrap();
    store.set_unsettled(true);
    for client in [&one, &other] {
        assert!(matches!(client.txn(Txn::new().put("/b", value())).await, Err(MetaError::Unknown(_))));
        assert!(client.get("/a".to_owned()).await.unwrap().is_some(), "a read has no outcome to be lost");
    }
    store.set_unsettled(false);
    store.server.env.tasks.wait_idle().await;
    let last = one.txn(Txn::new().put("/c", value())).await.unwrap();
    let mut behind = one.watch("/".to_owned(), put.revision.next());
    store.compact();
    assert_eq!(behind.next().await, Err(WatchError::Compacted(last.revision)));
    let mut ahead = one.watch("/".to_owned(), last.revision.next());
    one.txn(Txn::new().put("/d", value())).await.unwrap();
    assert_eq!(ahead.next().await.unwrap().len(), 1, "who has seen all goes on");
}

#[tokio::test]
async fn a_late_transaction_happens_only_if_its_comparison_still_holds() {
    let store = MemoryMeta::new(Env::real());
    for (key, meanwhile) in [("/a", false), ("/b", true)] {
        store.faults().lose_next_answer(Ambiguous::Late(Duration::from_millis(20)));
        let txn = Txn::new().when(key, Expect::Absent).put(key, Bytes::from_static(b"late"));
        assert!(matches!(store.txn(txn).await, Err(MetaError::Unknown(_))));
        assert_eq!(store.get(key.to_owned()).await.unwrap(), None);
        if meanwhile {
            store.txn(Txn::new().put(key, value())).await.unwrap();
        }
    }
    let mut watch = store.watch("/a".to_owned(), Revision(1));
    assert!(matches!(&watch.next().await.unwrap()[..], [Event::Put(put)] if put.value == "late"));
    store.server.env.tasks.wait_idle().await;
    assert_eq!(store.get("/b".to_owned()).await.unwrap().unwrap().value, value());
}

#[tokio::test]
async fn drawn_ambiguity_never_breaks_a_settled_counter() {
    use crate::{Keys, Meta};
    let env = Env { random: Arc::new(esker_env::SeededRandom::new(7)), ..Env::real() };
    let store = MemoryMeta::new(env.clone());
    let meta = Meta::new(Arc::new(store.clone()), Keys::new("").unwrap(), env);
    store.faults().set_ambiguity(300);
    let mut last = None;
    for _ in 0..30 {
        let Ok(range) = meta.reserve("x", 1).await else { continue };
        assert!(last < Some(range.start), "{last:?} {range:?}");
        last = Some(range.start);
    }
    assert!(last.is_some());
}
