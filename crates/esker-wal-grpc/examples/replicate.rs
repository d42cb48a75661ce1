//! How fast frames reach a remote store: one process, loopback TCP, a store that only counts.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{
    BatchHeader, BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ProducerId,
    StoreId, TopicNumber,
    frame::{Frame, FrameBuilder},
};
use esker_env::{BoxFuture, Env};
use esker_wal::{Directory, LogStore, SealAnswer, StoreError, Trim};
use esker_wal_grpc::{ClientOptions, RemoteStore, ServerOptions, StoreService, serve, tcp, tcp_incoming};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::net::TcpListener;

/// Takes frames and forgets them.
struct Void(StoreId);

fn absent<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    async { Err(StoreError::Closed) }.boxed()
}

impl LogStore for Void {
    fn id(&self) -> StoreId {
        self.0
    }

    fn append(&self, _: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        async { Ok(()) }.boxed()
    }

    fn seal(&self, _: LedgerId, _: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        absent()
    }

    fn repair_append(&self, _: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        absent()
    }

    fn read(
        &self,
        _: LedgerId,
        _: FrameIndex,
        _: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>> {
        absent()
    }

    fn read_frame(&self, _: LedgerId, _: FrameIndex) -> BoxFuture<'static, Result<Frame, StoreError>> {
        absent()
    }

    fn directory(&self, _: LedgerId, _: FrameIndex) -> BoxFuture<'static, Result<Directory, StoreError>> {
        absent()
    }

    fn is_open(&self, _: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        absent()
    }

    fn trim(&self, _: LedgerId, _: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        absent()
    }
}

fn frame(size: usize) -> Frame {
    let ledger = LedgerId { broker: BrokerId(1), number: 1 };
    let mut builder = FrameBuilder::new(ledger, FrameIndex(0), Mode::Fsync, 1, size).unwrap();
    let header = BatchHeader {
        kind: EntryKind::Batch,
        partition: PartitionId { topic: TopicNumber(1), index: 0 },
        epoch: Epoch(1),
        base_offset: Offset(0),
        last_offset_delta: 9,
        records: 10,
        max_timestamp: 1,
        producer: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        attributes: 0,
        length: size as u32,
        control_type: -1,
        coordinator_epoch: -1,
    };
    builder.push(header, &vec![7; size]);
    builder.finish()
}

#[tokio::main]
async fn main() {
    let env = Env::real();
    let id = StoreId::from_random(env.random.bytes16());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (options, served) = (ServerOptions::default(), env.clone());
    let service = StoreService::new(Arc::new(Void(id)), options.clone());
    env.tasks.spawn(async move { serve(service, tcp_incoming(listener), &served, &options).await });
    let store = RemoteStore::new(id, address, &env, tcp(), ClientOptions::default());
    for (size, ahead) in
        [(200, 1), (4096, 1), (200, 8), (64 << 10, 1), (64 << 10, 8), (1 << 20, 8), (4 << 20, 4)]
    {
        let frame = frame(size);
        let (start, mut count, mut running) = (env.clock.now(), 0_u64, FuturesUnordered::new());
        let mut times = Vec::new();
        while env.clock.now() - start < Duration::from_secs(2) {
            while running.len() < ahead {
                let (sent, append) = (env.clock.now(), store.append(frame.clone()));
                running.push(append.map(move |result| (sent, result)));
            }
            let (sent, result) = running.next().await.unwrap();
            result.unwrap();
            times.push(env.clock.now() - sent);
            count += 1;
        }
        while running.next().await.is_some() {}
        times.sort_unstable();
        let seconds = (env.clock.now() - start).as_secs_f64();
        let rate = count as f64 / seconds;
        println!(
            "{size:>8} B, {ahead} ahead: {rate:>8.0} frames/s {:>6.0} MiB/s  p50 {:?} p99 {:?}",
            rate * size as f64 / 1_048_576.0,
            times[times.len() / 2],
            times[times.len() * 99 / 100]
        );
    }
}
