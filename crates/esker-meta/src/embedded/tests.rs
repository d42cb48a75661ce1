//! The embedded store: the suite, and what a restart keeps.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_env::Env;

use super::*;
use crate::{conformance::Subject, memory::tests::forget};

const SMALL: HistoryLimit = HistoryLimit { events: 2000, bytes: 4 << 20 };

async fn subject() -> Subject {
    let env = Env::real();
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedMeta::open_with(dir.path(), env.clone(), SMALL).await.unwrap());
    let busy = Arc::clone(&store);
    Subject {
        store,
        prefix: "/test".to_owned(),
        env,
        ttl: Duration::from_secs(1),
        forget: Box::new(move || forget(Arc::clone(&busy) as Arc<dyn MetaStore>)),
        keep: Box::new(dir),
    }
}

mod conformance {
    crate::meta_store_conformance!(super::subject);
}

fn value() -> Bytes {
    Bytes::from_static(b"v")
}

#[tokio::test]
async fn everything_but_leased_keys_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("meta");
    let store = EmbeddedMeta::open(&path, Env::real()).await.unwrap();
    store.txn(Txn::new().put("/a", value())).await.unwrap();
    store.txn(Txn::new().put("/a", value()).put("/b", value())).await.unwrap();
    let lease = store.grant(Duration::from_secs(60)).await.unwrap();
    let leased = Txn::new().put_leased("/l", value(), lease).put_leased("/m", value(), lease).delete("/b");
    let last = store.txn(leased).await.unwrap().revision;
    let before = store.get("/a".to_owned()).await.unwrap();
    store.close().await;
    assert!(matches!(store.get("/a".to_owned()).await, Err(MetaError::Broken(_))), "closed is closed");
    assert!(matches!(store.txn(Txn::new()).await, Err(MetaError::Broken(_))));

    let store = EmbeddedMeta::open(&path, Env::real()).await.unwrap();
    assert_eq!(store.get("/a".to_owned()).await.unwrap(), before);
    let listing = store.list("/".to_owned()).await.unwrap();
    assert_eq!(listing.entries, before.into_iter().collect::<Vec<_>>());
    assert_eq!(listing.revision, last.next(), "the end of the old leases is one change");
    assert_eq!(store.keep_alive(lease).await, Err(MetaError::LeaseGone(lease)));
    let mut watch = store.watch("/".to_owned(), last.next());
    assert_eq!(watch.next().await.unwrap().len(), 2);
    let mut watch = store.watch("/".to_owned(), last);
    assert_eq!(watch.next().await, Err(crate::WatchError::Compacted(last)));
    store.close().await;

    let store = EmbeddedMeta::open(&path, Env::real()).await.unwrap();
    assert_eq!(store.list(String::new()).await.unwrap(), listing, "opening again changes nothing");
}

#[tokio::test]
async fn a_second_open_is_refused_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedMeta::open(dir.path(), Env::real()).await.unwrap();
    let Err(MetaError::Broken(why)) = EmbeddedMeta::open(dir.path(), Env::real()).await.map(drop) else {
        panic!("two processes must not share the directory");
    };
    assert!(why.contains("another process"), "{why}");
    store.close().await;
    EmbeddedMeta::open(dir.path(), Env::real()).await.unwrap();
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "puts hostile files in place")]
async fn a_half_made_database_is_made_again_and_a_damaged_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("meta.redb.new"), b"half").unwrap();
    let store = EmbeddedMeta::open(dir.path(), Env::real()).await.unwrap();
    store.txn(Txn::new().put("/a", value())).await.unwrap();
    store.close().await;
    let whole = std::fs::read(dir.path().join("meta.redb")).unwrap();
    for damaged in [&b""[..], b"rubbish", &vec![0xa5; whole.len()], &whole[..whole.len() / 2]] {
        std::fs::write(dir.path().join("meta.redb"), damaged).unwrap();
        let opened = EmbeddedMeta::open(dir.path(), Env::real()).await.map(drop);
        assert!(matches!(opened, Err(MetaError::Broken(_))), "{} bytes: {opened:?}", damaged.len());
    }
    std::fs::write(dir.path().join("meta.redb"), &whole).unwrap();
    let store = EmbeddedMeta::open(dir.path(), Env::real()).await.unwrap();
    assert!(store.get("/a".to_owned()).await.unwrap().is_some());
}
