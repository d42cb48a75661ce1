//! With a real log directory and the embedded metadata store.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{
    BatchHeader, BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ProducerId,
    TopicNumber,
};
use esker_env::{Env, RealDisk, Tasks};
use esker_meta::{EmbeddedMeta, Keys, LedgerRecord, Meta};
use esker_wal::{
    CommitSink, CommittedFrame, Descriptor, LaneConfig, LedgerWriter, LogStore, NoRoll, PendingBatch, Store,
    StoreConfig, WriterClosed,
};

use crate::{BrokerSession, StartError, StartOptions, WalLedgers, descriptor, start_broker};

struct Node {
    env: Env,
    meta: Arc<EmbeddedMeta>,
    store: Arc<Store>,
    session: BrokerSession,
}

struct Nobody;

impl CommitSink for Nobody {
    fn committed(&self, _: CommittedFrame) {}

    fn rolled(&self, _: LedgerId, _: FrameIndex, _: &Descriptor, _: &[Arc<dyn LogStore>]) {}
    fn closed(&self, _: &WriterClosed) {}
}

/// Starts a node on `dir`, under the kernel's `boot` id.
async fn start(dir: &Path, boot: &str, accept_lost_stores: bool) -> Result<Node, StartError> {
    let env = Env { tasks: Tasks::new(), ..Env::real() };
    let embedded = Arc::new(EmbeddedMeta::open(&dir.join("meta"), env.clone()).await.unwrap());
    let meta = Meta::new(Arc::clone(&embedded) as _, Keys::new("").unwrap(), env.clone());
    let disk = loop {
        match RealDisk::open(dir.join("store")) {
            Ok(disk) => break Arc::new(disk),
            // The last operations of the process before are still on their way.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                env.clock.sleep(Duration::from_millis(1)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    let config = StoreConfig {
        file_size: 64 << 10,
        max_bytes: 16 << 20,
        boot_id: Some(boot.to_owned()),
        ..StoreConfig::default()
    };
    let store = Store::open(disk, env.clone(), config).await.unwrap();
    let cluster = meta.create_or_load_cluster(8).await.unwrap();
    let options = StartOptions {
        broker: BrokerId(1),
        endpoints: Vec::new(),
        rack: None,
        store: store.id(),
        session_ttl: Duration::from_secs(3),
        accept_lost_stores,
    };
    let ledgers = Arc::new(WalLedgers::one(Arc::clone(&store), env.clone()));
    match start_broker(meta.clone(), env.clone(), ledgers, &cluster, options).await {
        Ok(session) => Ok(Node { env, meta: embedded, store, session }),
        Err(error) => {
            drop(meta);
            end(env, &embedded, store).await;
            Err(error)
        }
    }
}

/// The process is gone: nothing was closed in order.
async fn end(env: Env, meta: &EmbeddedMeta, store: Arc<Store>) {
    env.tasks.abort_all();
    env.tasks.wait_idle().await;
    drop(store);
    meta.close().await;
}

impl Node {
    async fn kill(self) {
        drop(self.session);
        end(self.env, &self.meta, self.store).await;
    }

    /// Commits one frame to the lane.
    async fn write(&self, mode: Mode) -> LedgerRecord {
        let ledger = self.session.open_lane(mode, vec![self.store.id()], 1).await.unwrap();
        let stores = vec![Arc::clone(&self.store) as Arc<dyn LogStore>];
        let lane = LaneConfig::for_mode(mode);
        let writer = LedgerWriter::open(
            descriptor(&ledger),
            stores,
            lane,
            &self.env,
            Arc::new(Nobody),
            Arc::new(NoRoll),
        );
        let header = BatchHeader {
            kind: EntryKind::LogStart,
            partition: PartitionId { topic: TopicNumber(1), index: 0 },
            epoch: Epoch(0),
            base_offset: Offset(5),
            last_offset_delta: 0,
            records: 0,
            max_timestamp: 0,
            producer: ProducerId::NONE,
            producer_epoch: -1,
            base_sequence: -1,
            attributes: 0,
            length: 0,
            control_type: -1,
            coordinator_epoch: -1,
        };
        let ticket = writer.enqueue(PendingBatch { header, bytes: Bytes::new() }).unwrap();
        writer.committed(ticket).await.unwrap();
        ledger
    }
}

#[tokio::test]
async fn a_killed_node_finds_its_frames_and_lets_go_of_them_once_they_are_offloaded() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path(), "boot", false).await.unwrap();
    let ledger = node.write(Mode::Fsync).await.id;
    node.kill().await;
    let node = start(dir.path(), "boot", false).await.unwrap();
    assert!(node.session.shards().iter().all(|(_, shard)| shard.pending.contains(&ledger)));
    let frames = node.store.directory(ledger, FrameIndex(0)).await.unwrap();
    assert_eq!((frames.len(), frames[0].0), (1, FrameIndex(0)));
    // As if offloaded: the last shard to clear it lets it go.
    let meta = Meta::new(Arc::clone(&node.meta) as _, Keys::new("").unwrap(), node.env.clone());
    for (shard, record) in node.session.shards() {
        assert_eq!(node.session.forget_unneeded().await.unwrap(), 0);
        meta.clear_pending(node.session.key(), *shard, record.epoch, &[ledger]).await.unwrap();
    }
    assert_eq!(node.session.forget_unneeded().await.unwrap(), 1);
    assert_eq!(node.store.ledgers(), []);
    node.kill().await;
}

#[tokio::test]
async fn a_drained_node_starts_without_its_log_directory_and_a_killed_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path(), "boot", false).await.unwrap();
    let ledger = node.write(Mode::Throughput).await.id;
    node.session.seal_lane(ledger, FrameIndex(1)).await.unwrap();
    node.session.retire(&[ledger]).await.unwrap();
    node.session.close().await.unwrap();
    node.kill().await;
    std::fs::remove_dir_all(dir.path().join("store")).unwrap();
    let node = start(dir.path(), "boot", false).await.unwrap();
    node.write(Mode::Fsync).await;
    node.kill().await;
    std::fs::remove_dir_all(dir.path().join("store")).unwrap();
    let refused = start(dir.path(), "boot", false).await.map(drop).unwrap_err();
    assert!(matches!(refused, StartError::StoresMissing(_)), "{refused}");
    let node = start(dir.path(), "boot", true).await.unwrap();
    assert_eq!(node.session.losses().len(), 1);
    node.kill().await;
}

#[tokio::test]
async fn a_power_loss_does_not_keep_a_single_node_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path(), "boot", false).await.unwrap();
    let ledgers = [node.write(Mode::Fsync).await.id, node.write(Mode::Received).await.id];
    node.kill().await;
    // Another boot, and the store was not closed: in limbo as to the page cache's ledger.
    let node = start(dir.path(), "boot after", false).await.unwrap();
    assert!(ledgers.iter().all(|ledger| node.session.shards()[0].1.pending.contains(ledger)));
    node.kill().await;
}
