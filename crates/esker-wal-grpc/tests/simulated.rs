//! The same over a network in memory and in simulated time: deadlines and pauses to the millisecond.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

#[path = "../../esker-wal/tests/common/mod.rs"]
mod common;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use common::*;
use esker_core::FrameIndex;
use esker_wal::{LogStore, StoreError};
use esker_wal_grpc::{BoxIo, ClientOptions, Connector, RemoteStore, ServerOptions, StoreService, serve};
use futures::{StreamExt, stream};
use tokio::{io::DuplexStream, sync::mpsc};

/// Serves the host's store; endpoint "up" leads to it, "void" to somebody who never says anything, all else nowhere.
fn network(host: &Host) -> (Connector, Arc<AtomicU32>) {
    let (connect, connections) = mpsc::unbounded_channel::<DuplexStream>();
    let incoming = stream::unfold(connections, |mut connections| async {
        connections.recv().await.map(|io| (io::Result::Ok(io), connections))
    })
    .boxed();
    let (env, options) = (host.env.clone(), ServerOptions::default());
    let service = StoreService::new(host.as_log_store(), options.clone());
    host.env.tasks.spawn(async move { serve(service, incoming, &env, &options).await });
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let void = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let connector: Connector = Arc::new(move |endpoint| {
        counted.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let made = match endpoint.as_str() {
            "up" => connect.send(theirs).map_err(|_| io::ErrorKind::ConnectionReset.into()),
            "void" => {
                void.lock().push(theirs);
                Ok(())
            }
            _ => Err(io::ErrorKind::ConnectionRefused.into()),
        };
        Box::pin(async move { made.map(|()| Box::new(ours) as BoxIo) })
    });
    (connector, attempts)
}

#[tokio::test(start_paused = true)]
async fn every_rule_is_kept_over_a_network_in_memory() {
    let host = Host::started(1, small()).await;
    let (connector, attempts) = network(&host);
    let store = RemoteStore::new(host.id(), "up", &host.env, connector, ClientOptions::default());
    rules::all(&store).await;
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_as_long_as_pings_or_deadlines_allow() {
    let host = Host::started(2, small()).await;
    let minute = Duration::from_secs(60);
    for (ping_interval, call_timeout, expected) in [(1, 60, 3), (60, 5, 5)] {
        let options = ClientOptions {
            ping_interval: Duration::from_secs(ping_interval),
            ping_timeout: Duration::from_secs(2),
            call_timeout: Duration::from_secs(call_timeout),
            ..ClientOptions::default()
        };
        let (connector, _) = network(&host);
        let store = RemoteStore::new(host.id(), "void", &host.env, connector, options);
        let start = host.env.clock.now();
        let append = store.append(frame(ledger(1), FSYNC, 0, 10));
        let read = store.read(ledger(1), FrameIndex(0), 0..1);
        let seal = store.seal(ledger(2), FSYNC);
        let (append, read, seal) =
            host.env.timeout(minute, async { futures::join!(append, read, seal) }).await.unwrap();
        let took = host.env.clock.now() - start;
        assert_eq!(took.as_secs(), expected, "{took:?}");
        assert!(matches!(append, Err(StoreError::Unreachable(_))), "{append:?}");
        assert!(matches!(read, Err(StoreError::Unreachable(_))), "{read:?}");
        assert!(matches!(seal, Err(StoreError::Unreachable(_))), "{seal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_grow_rare_and_a_new_endpoint_is_tried_at_once() {
    let host = Host::started(3, small()).await;
    let (connector, attempts) = network(&host);
    let store = RemoteStore::new(host.id(), "nowhere", &host.env, connector, ClientOptions::default());
    let clock = &host.env.clock;
    let start = clock.now();
    let mut longest = Duration::ZERO;
    while clock.now() - start < Duration::from_secs(60) {
        let asked = clock.now();
        let error = store.append(frame(ledger(1), FSYNC, 0, 10)).await.unwrap_err();
        assert!(error.to_string().contains("nowhere: connection refused"), "{error}");
        longest = longest.max(clock.now() - asked);
    }
    let made = attempts.load(Ordering::Relaxed);
    assert!((60..140).contains(&made), "{made} attempts in a minute");
    assert!((500..=1000).contains(&longest.as_millis()), "{longest:?}");
    let asked = clock.now();
    let append = store.append(frame(ledger(1), FSYNC, 0, 10));
    tokio::task::yield_now().await;
    store.set_endpoint("up");
    append.await.unwrap();
    assert!(clock.now() - asked < Duration::from_millis(100));
    // Nothing is asked: nothing is attempted.
    let made = attempts.load(Ordering::Relaxed);
    host.env.tasks.spawn(std::future::ready(()));
    clock.sleep(Duration::from_secs(600)).await;
    assert_eq!(attempts.load(Ordering::Relaxed), made);
    store.append(frame(ledger(1), FSYNC, 1, 10)).await.unwrap();
}
