use std::time::Duration;

use esker_core::{BrokerId, EntryKind, Epoch, Offset, PartitionId, ProducerId, TopicNumber};
use esker_env::RealDisk;

use super::*;
use crate::{Store, StoreConfig, recover};

#[derive(Default)]
struct Sink {
    frames: Mutex<Vec<CommittedFrame>>,
    closed: Mutex<Vec<WriterClosed>>,
}

impl CommitSink for Sink {
    fn committed(&self, frame: CommittedFrame) {
        self.frames.lock().push(frame);
    }

    fn closed(&self, reason: &WriterClosed) {
        self.closed.lock().push(reason.clone());
    }
}

fn batch(offset: i64, length: usize) -> PendingBatch {
    PendingBatch {
        header: BatchHeader {
            kind: EntryKind::Batch,
            partition: PartitionId { topic: TopicNumber(1), index: 0 },
            epoch: Epoch(3),
            base_offset: Offset(offset),
            last_offset_delta: 0,
            records: 1,
            max_timestamp: 5,
            producer: ProducerId::NONE,
            producer_epoch: -1,
            base_sequence: -1,
            attributes: 0,
            length: length as u32,
            control_type: -1,
        },
        bytes: vec![offset as u8; length].into(),
    }
}

#[tokio::test]
async fn what_is_enqueued_is_committed_in_order_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let env = Env::real();
    let config = StoreConfig { file_size: 8 << 20, max_bytes: 64 << 20, ..StoreConfig::default() };
    let disk = Arc::new(RealDisk::open(dir.path()).unwrap());
    let store = Store::open(disk, env.clone(), config.clone()).await.unwrap();
    let descriptor = Descriptor {
        ledger: LedgerId { broker: BrokerId(1), number: 1 },
        mode: Mode::Fsync,
        copyset: vec![store.id()],
        write_quorum: 1,
    };
    let sink = Arc::new(Sink::default());
    let stores: Vec<Arc<dyn LogStore>> = vec![store.clone()];
    let lane = LaneConfig::for_mode(Mode::Fsync);
    let writer = LedgerWriter::open(descriptor.clone(), stores, lane, &env, sink.clone());
    let tickets: Vec<_> = (0..2000).map(|n| writer.enqueue(batch(n, 2000)).unwrap()).collect();
    writer.committed(tickets[1999]).await.unwrap();
    assert_eq!(writer.backlog(), 0);
    let offsets: Vec<i64> = sink
        .frames
        .lock()
        .iter()
        .flat_map(|f| f.headers.iter().map(|h| h.base_offset.0).collect::<Vec<_>>())
        .collect();
    assert_eq!(offsets, (0..2000).collect::<Vec<_>>());
    writer.close().await;
    assert_eq!(writer.enqueue(batch(0, 10)), Err(WriterClosed::Closed));
    let id = store.id();
    drop((writer, store));
    env.tasks.wait_idle().await;

    let disk = loop {
        match RealDisk::open(dir.path()) {
            Ok(disk) => break Arc::new(disk),
            Err(_) => env.clock.sleep(Duration::from_millis(1)).await,
        }
    };
    let store = Store::open(disk, env.clone(), config).await.unwrap();
    assert_eq!(store.id(), id);
    let stores: Vec<Arc<dyn LogStore>> = vec![store.clone()];
    let recovered = recover(&descriptor, &stores, &env).await.unwrap();
    let frames = sink.frames.lock().clone();
    assert_eq!(recovered.end, FrameIndex(frames.len() as u64));
    for frame in frames {
        let read = store.read(descriptor.ledger, frame.index, 0..u32::MAX).await.unwrap();
        assert_eq!(read, frame.payload);
        assert_eq!(
            store.read(descriptor.ledger, frame.index, 8..20).await.unwrap(),
            frame.payload.slice(8..20)
        );
    }
}
