//! A writer and a recoverer over three remote stores, W = 2.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

#[path = "../../esker-wal/tests/common/mod.rs"]
mod common;
mod served;

use std::sync::Arc;

use common::*;
use esker_core::{FrameIndex, Mode};
use esker_env::{Env, Tasks};
use esker_wal::{Descriptor, LaneConfig, LedgerWriter, LogStore, NoRoll, StoreConfig, WriterClosed, recover};
use served::*;

fn large() -> StoreConfig {
    StoreConfig { file_size: 8 << 20, max_bytes: 64 << 20, ..StoreConfig::default() }
}

fn clients(served: &[Served]) -> Vec<Arc<dyn LogStore>> {
    served.iter().map(|served| Arc::new(served.client()) as Arc<dyn LogStore>).collect()
}

struct Writing {
    env: Env,
    descriptor: Descriptor,
    sink: Arc<Sink>,
    writer: LedgerWriter,
}

impl Writing {
    fn open(number: u64, mode: Mode, served: &[Served], stores: &[Arc<dyn LogStore>]) -> Self {
        let env = Env { tasks: Tasks::new(), ..served[0].host.env.clone() };
        let copyset = stores.iter().map(|store| store.id()).collect();
        let descriptor = Descriptor { ledger: ledger(number), mode, copyset, write_quorum: 2 };
        let sink = Arc::new(Sink::default());
        let lane = LaneConfig { frame_bytes: 10_000, ..LaneConfig::for_mode(mode) };
        let writer = LedgerWriter::open(
            descriptor.clone(),
            stores.to_vec(),
            lane,
            &env,
            sink.clone(),
            Arc::new(NoRoll),
        );
        Self { env, descriptor, sink, writer }
    }

    async fn write(&self, offsets: std::ops::Range<i64>) {
        let mut last = None;
        for n in offsets {
            last = Some(self.writer.enqueue(batch(n, 1500)).unwrap());
        }
        self.writer.committed(last.unwrap()).await.unwrap();
    }

    /// Every committed frame is in the store, byte for byte.
    async fn assert_held_by(&self, store: &dyn LogStore) {
        let frames = self.sink.frames.lock().clone();
        for frame in frames {
            let held = store.read_frame(self.descriptor.ledger, frame.index).await.unwrap();
            assert_eq!((held.payload(), &held.headers()[..]), (frame.payload, &frame.headers[..]));
        }
    }
}

#[tokio::test]
async fn all_three_hold_what_is_written() {
    let served = served(3, &large()).await;
    let stores = clients(&served);
    for (number, mode) in [(1, FSYNC), (2, RECEIVED), (3, Mode::Throughput)] {
        let writing = Writing::open(number, mode, &served, &stores);
        writing.write(0..200).await;
        assert_eq!(writing.sink.offsets(), (0..200).collect::<Vec<_>>());
        let (_, end) = writing.writer.commit_end();
        writing.writer.close().await;
        // An answer behind all appends: the third has them by then too.
        for store in &stores {
            assert_eq!(store.seal(ledger(number), mode).await.unwrap().tail, end);
            writing.assert_held_by(store.as_ref()).await;
        }
    }
}

#[tokio::test]
async fn one_stopped_store_holds_nothing_up_and_is_filled_by_a_recovery() {
    let mut served = served(3, &large()).await;
    let stores = clients(&served);
    let writing = Writing::open(1, FSYNC, &served, &stores);
    writing.write(0..20).await;
    served[1].brake.stop();
    writing.write(20..120).await;
    assert_eq!(*writing.sink.closed.lock(), []);
    // The writer dies, then a store that was up to date; the stopped one comes back.
    writing.env.tasks.abort_all();
    writing.env.tasks.wait_idle().await;
    served[0].kill().await;
    served[1].brake.go_on();
    let rest: Vec<_> =
        served[1..].iter().map(|served| Arc::new(served.client()) as Arc<dyn LogStore>).collect();
    let recovered = recover(&writing.descriptor, &rest, &writing.env).await.unwrap();
    assert!(recovered.end.0 >= writing.sink.frames.lock().len() as u64);
    assert_eq!(recovered.holders.len(), 2);
    for store in &rest {
        writing.assert_held_by(store.as_ref()).await;
        let directory = store.directory(ledger(1), FrameIndex(0)).await.unwrap();
        assert_eq!(directory.len() as u64, recovered.end.0);
    }
}

#[tokio::test]
async fn a_killed_store_leaves_its_ledger_and_takes_part_in_the_next() {
    let mut served = served(3, &large()).await;
    let clients: Vec<_> = served.iter().map(|served| Arc::new(served.client())).collect();
    let stores: Vec<_> = clients.iter().map(|client| Arc::clone(client) as Arc<dyn LogStore>).collect();
    let first = Writing::open(1, FSYNC, &served, &stores);
    first.write(0..20).await;
    served[2].kill().await;
    first.write(20..60).await;
    served[2].move_away().await;
    clients[2].set_endpoint(&served[2].address);
    reached(clients[2].as_ref(), ledger(1)).await;
    first.write(60..80).await;
    // W3: a roll seals nothing at the stores.
    first.writer.freeze();
    let next = Writing::open(2, FSYNC, &served, &stores);
    next.write(0..20).await;
    let (_, end) = next.writer.commit_end();
    assert_eq!(stores[2].seal(ledger(2), FSYNC).await.unwrap().tail, end);
    next.assert_held_by(stores[2].as_ref()).await;
    for store in &stores[..2] {
        first.assert_held_by(store.as_ref()).await;
    }
}

#[tokio::test]
async fn without_a_quorum_the_writer_ends_in_bounded_time() {
    let mut served = served(3, &large()).await;
    let stores = clients(&served);
    let writing = Writing::open(1, FSYNC, &served, &stores);
    writing.write(0..20).await;
    served[0].brake.stop();
    served[1].kill().await;
    let ticket = writing.writer.enqueue(batch(20, 100)).unwrap();
    let clock = &served[2].host.env.clock;
    let start = clock.now();
    let error = writing.writer.committed(ticket).await.unwrap_err();
    assert!(matches!(error, WriterClosed::Failed { .. }), "{error}");
    assert!(error.to_string().contains("unreachable"), "{error}");
    let took = clock.now() - start;
    assert!(took < quick().call_timeout, "{took:?}");
}

#[tokio::test]
async fn a_zombie_learns_that_its_ledger_is_sealed() {
    let served = served(3, &large()).await;
    let writing = Writing::open(1, FSYNC, &served, &clients(&served));
    writing.write(0..20).await;
    let recovered = recover(&writing.descriptor, &clients(&served), &writing.env).await.unwrap();
    let late = writing.writer.enqueue(batch(20, 100)).unwrap();
    let error = writing.writer.committed(late).await.unwrap_err();
    assert!(error.to_string().contains("is sealed"), "{error}");
    assert_eq!(recovered.end, writing.writer.commit_end().1);
}
