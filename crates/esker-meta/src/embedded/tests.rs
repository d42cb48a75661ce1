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

const CHILD: &str = "ESKER_META_TEST_CHILD";

/// Not a test by itself: the process that the next test kills. Says each number once its transaction was answered.
#[tokio::test]
async fn child() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let store = EmbeddedMeta::open(Path::new(&dir), Env::real()).await.unwrap();
    let lease = store.grant(Duration::from_secs(60)).await.unwrap();
    for number in 0_u64.. {
        let txn = Txn::new()
            .put("/last", Bytes::from(number.to_string()))
            .put(format!("/all/{number}"), Bytes::from(vec![0; 1000]))
            .put_leased("/leased", value(), lease);
        store.txn(txn).await.unwrap();
        println!("answered {number}");
    }
}

#[tokio::test]
async fn a_killed_process_keeps_what_was_answered_and_leaves_the_directory_free() {
    use std::io::BufRead;
    let dir = tempfile::tempdir().unwrap();
    for round in 1..=3_u64 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "embedded::tests::child", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let number =
            |line: String| line.split("answered ").nth(1).and_then(|number| number.parse::<u64>().ok());
        let mut answered = None;
        for line in lines {
            answered = number(line.unwrap()).or(answered);
            if answered == Some(20 * round) {
                let refused = EmbeddedMeta::open(dir.path(), Env::real()).await.map(drop).unwrap_err();
                assert!(refused.to_string().contains("another process"), "{refused}");
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let answered = answered.unwrap();
        assert!(answered >= 20 * round);
        let store = EmbeddedMeta::open(dir.path(), Env::real()).await.unwrap();
        let last = store.get("/last".to_owned()).await.unwrap().unwrap();
        let last = String::from_utf8(last.value.to_vec()).unwrap().parse::<u64>().unwrap();
        assert!((answered..=answered + 1).contains(&last), "answered {answered}, found {last}");
        for number in 0..=last {
            assert!(store.get(format!("/all/{number}")).await.unwrap().is_some(), "{number}");
        }
        assert_eq!(store.get("/leased".to_owned()).await.unwrap(), None);
        store.close().await;
    }
}

#[tokio::test]
async fn a_look_tells_whether_there_is_a_store_and_whether_it_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("meta");
    assert_eq!(EmbeddedMeta::look(&path), Ok(EmbeddedState::Absent));
    assert!(!path.exists(), "a look creates nothing");
    let store = EmbeddedMeta::open(&path, Env::real()).await.unwrap();
    assert_eq!(EmbeddedMeta::look(&path), Ok(EmbeddedState::Held));
    store.close().await;
    assert_eq!(EmbeddedMeta::look(&path), Ok(EmbeddedState::Free));
    assert_eq!(EmbeddedMeta::look(&path), Ok(EmbeddedState::Free), "a look keeps nothing");
}
