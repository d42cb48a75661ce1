//! One store over a real socket: the rules of every `LogStore`, lost and silent connections, refusals.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

#[path = "../../esker-wal/tests/common/mod.rs"]
mod common;
mod served;

use std::time::Duration;

use common::*;
use esker_core::{FrameIndex, StoreId};
use esker_env::sim_disk::Fault;
use esker_wal::{LogStore, StoreError};
use esker_wal_grpc::ClientOptions;
use futures::{FutureExt, future::join_all};
use served::*;

fn is_unreachable<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unreachable(_)))
}

#[tokio::test]
async fn a_remote_store_keeps_every_rule() {
    let served = Served::start(1, small()).await;
    let store = served.client();
    rules::all(&store).await;
    assert_eq!(store.bytes_in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_store_keeps_every_rule_on_several_threads() {
    let served = Served::start(2, small()).await;
    rules::all(&served.client()).await;
}

#[tokio::test]
async fn s6_a_failed_store_says_so_and_is_read_on() {
    let served = Served::start(3, small()).await;
    let store = served.client();
    store.append(frame(ledger(1), FSYNC, 0, 10)).await.unwrap();
    served.host.disk.fail_after(Fault::Sync, 0);
    let failed = store.append(frame(ledger(1), FSYNC, 1, 10)).await.unwrap_err();
    assert!(matches!(failed, StoreError::Failed(_)), "{failed}");
    assert_eq!(store.seal(ledger(1), FSYNC).await, Err(failed));
    rules::assert_serves(&store, &frame(ledger(1), FSYNC, 0, 10)).await;
}

#[tokio::test]
async fn s5_another_stores_id_is_refused_by_every_call() {
    let served = Served::start(4, small()).await;
    let other = served.client_of(StoreId::from_random([9; 16]), &served.host.env, quick());
    let refused = other.append(frame(ledger(1), FSYNC, 0, 10)).await;
    assert!(is_unreachable(&refused) && refused.unwrap_err().to_string().contains("not here"));
    assert!(is_unreachable(&other.seal(ledger(1), FSYNC).await));
    assert!(is_unreachable(&other.read(ledger(1), FrameIndex(0), 0..10).await));
    assert!(is_unreachable(&other.read_frame(ledger(1), FrameIndex(0)).await));
    assert!(is_unreachable(&other.directory(ledger(1), FrameIndex(0)).await));
    assert!(is_unreachable(&other.is_open(ledger(1)).await));
    assert_eq!(served.host.store().ledgers(), []);
}

#[tokio::test]
async fn a_killed_server_answers_unreachable_and_its_successor_is_found_again() {
    let mut served = Served::start(5, small()).await;
    let store = served.client();
    let mut held = 0;
    for round in 0..3 {
        served.host.disk.set_slow(None);
        for _ in 0..5 {
            store.append(frame(ledger(1), FSYNC, held, 100)).await.unwrap();
            held += 1;
        }
        served.host.disk.set_slow(Some((Duration::from_secs(3600), 1)));
        let lost: Vec<_> = (held..held + 4).map(|n| store.append(frame(ledger(1), FSYNC, n, 100))).collect();
        // The store has them: none can be answered yet.
        while served.host.store().directory(ledger(1), FrameIndex(held)).await.unwrap().len() < 4 {
            tokio::task::yield_now().await;
        }
        served.kill().await;
        let answers = join_all(lost).await;
        assert!(answers.iter().all(is_unreachable), "round {round}: {answers:?}");
        assert_eq!(store.bytes_in_flight(), 0);
        assert!(is_unreachable(&store.seal(ledger(2), FSYNC).await));
        served.host.disk.set_slow(None);
        if round == 1 {
            served.move_away().await;
            store.set_endpoint(&served.address);
        } else {
            served.start_again().await;
        }
        reached(&store, ledger(1)).await;
        // From the first that was not acknowledged: held already or not, each is there once.
        for n in held..held + 4 {
            store.append(frame(ledger(1), FSYNC, n, 100)).await.unwrap();
        }
        held += 4;
    }
    let sealed = store.seal(ledger(1), FSYNC).await.unwrap();
    assert_eq!(sealed.tail, FrameIndex(held));
    for n in 0..held {
        rules::assert_serves(&store, &frame(ledger(1), FSYNC, n, 100)).await;
    }
}

#[tokio::test]
async fn a_stopped_server_is_unreachable_within_the_pings_time() {
    let served = Served::start(6, small()).await;
    let store = served.client();
    store.append(frame(ledger(1), FSYNC, 0, 100)).await.unwrap();
    served.brake.stop();
    let clock = &served.host.env.clock;
    let start = clock.now();
    let (append, read) =
        (store.append(frame(ledger(1), FSYNC, 1, 100)), store.read_frame(ledger(1), FrameIndex(0)));
    let (append, read) = futures::join!(append, read);
    let took = clock.now() - start;
    assert!(is_unreachable(&append) && is_unreachable(&read), "{append:?} {read:?}");
    // 400 ms of pings; the deadline of a call is 2 s.
    assert!(took < Duration::from_millis(1500), "{took:?}");
    // It accepts and never answers: each attempt ends in time.
    assert!(is_unreachable(&store.append(frame(ledger(1), FSYNC, 1, 100)).await));
    served.brake.go_on();
    reached(&store, ledger(1)).await;
    store.append(frame(ledger(1), FSYNC, 1, 100)).await.unwrap();
}

#[tokio::test]
async fn an_overdue_answer_ends_the_connection_though_pings_are_answered() {
    let served = Served::start(7, small()).await;
    let options = ClientOptions { call_timeout: Duration::from_millis(200), ..quick() };
    let store = served.client_with(&served.host.env, options);
    store.append(frame(ledger(1), FSYNC, 0, 100)).await.unwrap();
    served.host.disk.set_slow(Some((Duration::from_secs(3600), 1)));
    let overdue = store.append(frame(ledger(1), FSYNC, 1, 100)).await;
    assert!(overdue.as_ref().unwrap_err().to_string().contains("200 ms"), "{overdue:?}");
    rules::assert_serves(&store, &frame(ledger(1), FSYNC, 0, 100)).await;
}

#[tokio::test]
async fn what_is_beyond_the_bytes_in_flight_is_refused_at_once() {
    let served = Served::start(8, small()).await;
    let options = ClientOptions { bytes_in_flight: 10_000, ..quick() };
    let store = served.client_with(&served.host.env, options);
    served.brake.stop();
    // Alone a change may be larger.
    let large = store.append(frame(ledger(1), FSYNC, 0, 20_000));
    let refused = store.append(frame(ledger(1), FSYNC, 1, 10)).now_or_never().unwrap();
    assert!(is_unreachable(&refused));
    served.brake.go_on();
    large.await.unwrap();
    assert_eq!(store.bytes_in_flight(), 0);
    store.append(frame(ledger(1), FSYNC, 1, 10)).await.unwrap();
}

#[tokio::test]
async fn a_closed_client_answers_everyone() {
    let served = Served::start(9, small()).await;
    let store = served.client();
    served.brake.stop();
    let append = store.append(frame(ledger(1), FSYNC, 0, 10));
    let read = store.read_frame(ledger(1), FrameIndex(0));
    drop(store);
    assert!(is_unreachable(&append.await) && is_unreachable(&read.await));
}
