//! Tests of the whole crate: a world of an object store, pointers in memory and real batches.

mod commits;
mod http;
mod marker;
mod offload;
mod reads;
mod tidy;
mod verify;

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use esker_core::{
    BatchHeader, BrokerId, ClusterId, EntryKind, Epoch, Offset, PartitionId, ProducerId, SessionId, ShardId,
    TopicNumber, object::PartitionSection,
};
use esker_env::{BoxFuture, Clock, Env, Monotonic, SeededRandom, Tasks};
use esker_meta::SessionKey;
use object_store::{ObjectStore, memory::InMemory};

use crate::{
    Archive, ArchiveConfig, Offload, PartitionUpload, RequestConfig, ShardArchive, faults::FaultyStore,
    memory, memory::MemoryPointers,
};

pub(crate) const SHARD: ShardId = ShardId(3);
pub(crate) const CLUSTER: ClusterId = ClusterId(uuid::Uuid::from_u128(0xe5));

/// A real Kafka batch header over opaque records, with a good CRC.
pub(crate) fn batch(
    partition: PartitionId,
    base: i64,
    records: u32,
    size: usize,
    timestamp: i64,
) -> (BatchHeader, Bytes) {
    let size = size.max(61);
    let mut bytes = BytesMut::new();
    bytes.put_i64(base);
    bytes.put_u32(size as u32 - 12);
    bytes.put_i32(1);
    bytes.put_u8(2);
    bytes.put_u32(0);
    bytes.put_u16(0);
    bytes.put_i32(records as i32 - 1);
    bytes.put_i64(timestamp);
    bytes.put_i64(timestamp);
    bytes.put_i64(-1);
    bytes.put_i16(-1);
    bytes.put_i32(-1);
    bytes.put_u32(records);
    let mut fill = base as u64;
    while bytes.len() < size {
        fill = fill.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        bytes.put_u8((fill >> 56) as u8);
    }
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    let header = BatchHeader {
        kind: EntryKind::Batch,
        partition,
        epoch: Epoch(1),
        base_offset: Offset(base),
        last_offset_delta: records as i32 - 1,
        records,
        max_timestamp: timestamp,
        producer: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        attributes: 0,
        length: size as u32,
        control_type: -1,
        coordinator_epoch: -1,
    };
    (header, bytes.freeze())
}

/// Batches of ten records each that cover `offsets`; timestamp = base offset.
pub(crate) fn batches(partition: PartitionId, offsets: Range<i64>, size: usize) -> Vec<(BatchHeader, Bytes)> {
    offsets.step_by(10).map(|base| batch(partition, base, 10, size, base)).collect()
}

pub(crate) fn upload(partition: PartitionId, offsets: Range<i64>, size: usize) -> PartitionUpload {
    let section = PartitionSection { epochs: vec![(Epoch(0), Offset(0))], ..PartitionSection::default() };
    PartitionUpload { id: partition, batches: batches(partition, offsets, size), section }
}

pub(crate) fn one(upload: PartitionUpload) -> Offload {
    Offload { partitions: vec![upload], clear_pending: Vec::new() }
}

pub(crate) fn partition(index: u32) -> PartitionId {
    PartitionId { topic: TopicNumber(5), index }
}

/// Tokio's clock for both kinds of time, so that a paused test sees time pass while it sleeps.
pub(crate) struct TokioClock(tokio::time::Instant);

#[allow(clippy::disallowed_methods, reason = "the test's own clock")]
impl Clock for TokioClock {
    fn now(&self) -> Monotonic {
        Monotonic(self.0.elapsed())
    }

    fn wall_ms(&self) -> i64 {
        1_750_000_000_000 + self.0.elapsed().as_millis() as i64
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The session of the shard's owner number so-and-so.
pub(crate) fn session(number: i32) -> SessionKey {
    SessionKey { broker: BrokerId(1), session: SessionId(i64::from(number)) }
}

/// Everything a test needs. Time is tokio's, so `start_paused` tests wait for nothing.
pub(crate) struct World {
    pub(crate) store: FaultyStore,
    pub(crate) pointers: Arc<MemoryPointers>,
    pub(crate) env: Env,
    pub(crate) config: ArchiveConfig,
    session: AtomicU64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(InMemory::new()))
    }

    #[allow(clippy::disallowed_methods, reason = "the test's own clock")]
    pub(crate) fn on(store: Arc<dyn ObjectStore>) -> Self {
        let clock = Arc::new(TokioClock(tokio::time::Instant::now()));
        let env = Env { clock, random: Arc::new(SeededRandom::new(7)), tasks: Tasks::new() };
        let requests = RequestConfig { deadline: Duration::from_secs(5), ..RequestConfig::default() };
        let config =
            ArchiveConfig { requests, commit_deadline: Duration::from_secs(5), ..ArchiveConfig::default() };
        let store = FaultyStore::new(store, env.clone());
        Self { store, pointers: Arc::new(MemoryPointers::new()), env, config, session: AtomicU64::new(0) }
    }

    pub(crate) async fn archive(&self) -> Archive {
        self.archive_of(CLUSTER).await
    }

    pub(crate) async fn archive_of(&self, cluster: ClusterId) -> Archive {
        let (store, pointers) = (Arc::new(self.store.clone()), Arc::clone(&self.pointers));
        Archive::open(store, "prefix", cluster, pointers, self.env.clone(), self.config.clone())
            .await
            .unwrap()
    }

    /// Opens the shard as its next owner would: a new session, the next epoch, nothing cached.
    pub(crate) async fn next_owner(&self) -> Arc<ShardArchive> {
        let number = self.session.fetch_add(1, Ordering::Relaxed) as i32 + 1;
        let (session, epoch) = (session(number), Epoch(number));
        self.pointers.own(SHARD, session, epoch);
        self.archive().await.open_shard(SHARD, session, epoch).await.unwrap()
    }
}

/// Reads a partition from `from` to its end and checks that it is what was uploaded.
pub(crate) async fn check_content(
    shard: &Arc<ShardArchive>,
    partition: PartitionId,
    offsets: Range<i64>,
    size: usize,
    step: u64,
) {
    let expected: Vec<u8> =
        batches(partition, offsets.clone(), size).into_iter().flat_map(|(_, bytes)| bytes).collect();
    let mut found = Vec::new();
    let mut at = Offset(offsets.start);
    while at.0 < offsets.end {
        let read = shard.read(partition, at, step).await.unwrap();
        assert!(read.next_offset > at);
        at = read.next_offset;
        found.extend(read.chunks.concat());
    }
    assert_eq!(at.0, offsets.end);
    assert!(found == expected, "what is read is what was uploaded");
}
