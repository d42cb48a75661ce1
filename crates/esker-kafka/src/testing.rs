//! A broker and clients in one process, for tests: real log, real metadata, connections over in-memory pipes.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_archive::ArchiveConfig;
use esker_coordinator::{
    AdmitRequest, CatalogFacts, GroupConfig, Groups, GroupsGuard, LocalMarkers, LocalShares, LogHomes,
    LogTopic, OFFSETS_TOPIC, SHARE_TOPIC, ShareConfig, ShareGuard, ShareStates, TRANSACTIONS_TOPIC,
    TransactionConfig, TransactionError, TransactionGate, Transactions, TransactionsGuard,
};
use esker_core::{
    BrokerId,
    batch::{BatchBuilder, BatchView, Compression, NewRecord},
};
use esker_env::{BoxFuture, Disk, DiskFile, DiskUsage, Durability, Env, RealDisk};
use esker_kafka_wire::{
    KString, Request, Response, decode_response, encode_request,
    messages::{
        ProduceRequest, ProduceResponse,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};
use esker_log::{Log, LogConfig};
use esker_meta::{GroupConfigs, MemoryMeta, Meta, MetaStore, NewTopic, ProducerIds};
use esker_node::{Node, NodeConfig, NodeParts};
use esker_wal::StoreConfig;
use object_store::{ObjectStore, memory::InMemory};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{oneshot, watch},
};

use crate::{Broker, Closed, KafkaConfig, KafkaParts, Peer, SingleNode, serve_connection};

/// One broker, its log on a real disk that can be made to hold back what it has synced.
pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) meta: Meta,
    pub(crate) log: Log,
    pub(crate) broker: Arc<Broker>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) gate: Arc<HeldGate>,
    held: watch::Sender<bool>,
    _groups: (GroupsGuard, TransactionsGuard, ShareGuard),
    _node: Node,
    _dir: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(KafkaConfig::default()).await
    }

    pub(crate) async fn with(config: KafkaConfig) -> Self {
        Self::start(config, 1).await
    }

    /// A broker that was started and stopped before, so that its leader epochs are above 0.
    pub(crate) async fn restarted() -> Self {
        Self::start(KafkaConfig::default(), 2).await
    }

    async fn start(config: KafkaConfig, starts: usize) -> Self {
        let mut env = Env::real();
        let dir = tempfile::tempdir().unwrap();
        let held = watch::Sender::new(false);
        let meta = Arc::new(MemoryMeta::new(Env::real()));
        let objects = Arc::new(InMemory::new());
        let begin = async |env: &Env| {
            // An earlier node's files close a moment after its tasks have ended.
            let disk = loop {
                match RealDisk::open(dir.path()) {
                    Ok(disk) => break disk,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            };
            let disk = HeldDisk { disk, held: held.subscribe() };
            let parts = NodeParts {
                env: env.clone(),
                disk: Arc::new(disk),
                meta: Arc::clone(&meta) as Arc<dyn MetaStore>,
                objects: Arc::clone(&objects) as Arc<dyn ObjectStore>,
            };
            Node::start(parts, node_config()).await.unwrap()
        };
        let mut node = begin(&env).await;
        for _ in 1..starts {
            node.stop().await.unwrap();
            drop(node);
            env.tasks.abort_all();
            env.tasks.wait_idle().await;
            env = Env::real();
            node = begin(&env).await;
        }
        let cluster = SingleNode {
            cluster_id: "test-cluster".to_owned(),
            broker: BrokerId(1),
            rack: None,
            advertised: [("main".to_owned(), ("broker.test".to_owned(), 9092))].into(),
            log: node.log.clone(),
        };
        let of_groups = GroupConfig { initial_rebalance_delay: Duration::ZERO, ..GroupConfig::default() };
        let offsets = LogTopic::new(OFFSETS_TOPIC, node.log.clone(), node.meta.clone(), env.clone(), 1);
        let group_configs = GroupConfigs::start(node.meta.clone()).await.unwrap();
        let facts = Arc::new(CatalogFacts::new(Arc::clone(&node.catalog), Arc::clone(&group_configs)));
        let groups = Groups::in_cluster(of_groups, env.clone(), Arc::new(offsets), facts);
        let groups_guard = groups.start();
        let log = LogTopic::new(TRANSACTIONS_TOPIC, node.log.clone(), node.meta.clone(), env.clone(), 1);
        let producer_ids = Arc::new(ProducerIds::new(node.meta.clone()));
        let transactions = Transactions::new(
            TransactionConfig::default(),
            env.clone(),
            Arc::new(log),
            Arc::clone(&producer_ids),
            Arc::new(LocalMarkers::new(node.log.clone(), groups.clone())),
        );
        let transactions_guard = transactions.start();
        let facts = Arc::new(CatalogFacts::new(Arc::clone(&node.catalog), Arc::clone(&group_configs)));
        let shares = ShareStates::new(
            ShareConfig { topic_partitions: node.log.shard_count(), ..ShareConfig::default() },
            env.clone(),
            Arc::new(LogTopic::new(SHARE_TOPIC, node.log.clone(), node.meta.clone(), env.clone(), 1)),
            facts,
            Arc::new(LogHomes(node.log.clone())),
        );
        let shares_guard = shares.start();
        let gate = Arc::new(HeldGate {
            transactions: transactions.clone(),
            held: watch::Sender::new(false),
            asked: watch::Sender::new(0),
        });
        let parts = KafkaParts {
            groups,
            group_configs,
            gate: Arc::clone(&gate) as Arc<dyn TransactionGate>,
            transactions,
            share_admin: Arc::new(LocalShares::new(shares.clone(), node.log.clone())),
            shares,
            producer_ids,
            env: env.clone(),
            log: node.log.clone(),
            meta: node.meta.clone(),
            catalog: Arc::clone(&node.catalog),
            cluster: Arc::new(cluster),
        };
        Self {
            env,
            meta: node.meta.clone(),
            log: node.log.clone(),
            broker: Broker::new(config, parts),
            stop: watch::Sender::new(false),
            gate,
            held,
            _groups: (groups_guard, transactions_guard, shares_guard),
            _node: node,
            _dir: dir,
        }
    }

    /// From now on no append becomes durable, until it is let go again.
    pub(crate) fn hold(&self, hold: bool) {
        self.held.send_replace(hold);
    }

    /// Creates a topic and waits until it can be used.
    pub(crate) async fn topic(&self, name: &str, partitions: u32) -> uuid::Uuid {
        let new = NewTopic {
            name: name.to_owned(),
            partitions,
            replication_factor: 1,
            configs: std::collections::BTreeMap::new(),
        };
        let topic = self.meta.create_topic(&new).await.unwrap();
        self.broker.wait_visible(&topic).await;
        topic.record.id.0
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Client {
        let (near, far) = tokio::io::duplex(64 << 10);
        let peer = Peer { address: Ipv4Addr::LOCALHOST.into(), port: 1, listener: "main".into() };
        let (reader, writer) = tokio::io::split(far);
        let (broker, stop) = (Arc::clone(&self.broker), self.stop.subscribe());
        let (ended, end) = oneshot::channel();
        self.env.tasks.spawn(async move {
            let closed = serve_connection(broker, reader, writer, peer, stop).await;
            let _ = ended.send(closed);
        });
        Client { stream: near, correlation_id: 0, end }
    }
}

/// One client connection.
pub(crate) struct Client {
    pub(crate) stream: DuplexStream,
    correlation_id: i32,
    end: oneshot::Receiver<Closed>,
}

impl Client {
    /// Sends a request; its correlation id.
    pub(crate) async fn send<Q: Request>(&mut self, version: i16, request: &Q) -> i32 {
        self.correlation_id += 1;
        let client = KString::from_static("test");
        let rope = encode_request(self.correlation_id, Some(&client), version, request).unwrap();
        self.stream.write_all(&rope.into_bytes()).await.unwrap();
        self.correlation_id
    }

    /// Reads the next frame.
    pub(crate) async fn frame(&mut self) -> Bytes {
        let length = self.stream.read_i32().await.unwrap();
        let mut frame = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut frame).await.unwrap();
        frame.into()
    }

    pub(crate) async fn receive<R: Response>(&mut self, version: i16) -> (i32, R) {
        let frame = self.frame().await;
        decode_response(frame, version).unwrap()
    }

    pub(crate) async fn call<Q: Request>(&mut self, version: i16, request: &Q) -> Q::Response {
        let sent = self.send(version, request).await;
        let (correlation_id, response) = self.receive::<Q::Response>(version).await;
        assert_eq!(correlation_id, sent);
        response
    }

    /// The client's end of the connection, and the news that the broker has closed its own.
    pub(crate) fn into_parts(self) -> (DuplexStream, oneshot::Receiver<Closed>) {
        (self.stream, self.end)
    }

    /// Why the broker closed the connection.
    pub(crate) async fn closed(self) -> Closed {
        self.end.await.unwrap()
    }

    pub(crate) async fn produce(&mut self, topic: &str, partition: i32, values: &[&str]) -> ProduceResponse {
        self.call(9, &produce(topic, partition, -1, batch(values))).await
    }
}

/// A batch of values.
pub(crate) fn batch(values: &[&str]) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None);
    for (at, value) in (0..).zip(values) {
        let record = NewRecord {
            timestamp: 1_700_000_000_000 + at,
            key: None,
            value: Some(value.as_bytes()),
            headers: &[],
        };
        builder.push(&record).unwrap();
    }
    builder.build().unwrap()
}

/// A request with one batch.
pub(crate) fn produce(topic: &str, partition: i32, acks: i16, batch: Bytes) -> ProduceRequest {
    let data = PartitionProduceData { index: partition, records: Some(batch.into()) };
    ProduceRequest {
        transactional_id: None,
        acks,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            topic_id: uuid::Uuid::nil(),
            partition_data: vec![data],
        }],
    }
}

/// The values of all records in fetched bytes, with their offsets.
pub(crate) fn values(records: &Bytes) -> Vec<(i64, String)> {
    let mut out = Vec::new();
    for view in BatchView::all(records) {
        let view = view.unwrap();
        view.verify_crc().unwrap();
        for record in view.records(1 << 20).unwrap().iter() {
            let record = record.unwrap();
            out.push((record.offset, String::from_utf8(record.value.unwrap().to_vec()).unwrap()));
        }
    }
    out
}

fn node_config() -> NodeConfig {
    NodeConfig {
        broker: BrokerId(1),
        endpoints: Vec::new(),
        rack: None,
        shards: 4,
        object_prefix: String::new(),
        store: StoreConfig { file_size: 4 << 20, max_bytes: 64 << 20, ..StoreConfig::default() },
        archive: ArchiveConfig::default(),
        log: LogConfig::default(),
        session_ttl: Duration::from_secs(3),
        accept_lost_stores: false,
    }
}

/// The way to the transactions' coordinator, which can be closed for a while.
pub(crate) struct HeldGate {
    transactions: Transactions,
    held: watch::Sender<bool>,
    asked: watch::Sender<u32>,
}

impl HeldGate {
    /// From now on no lookup is answered, until it is let go again.
    pub(crate) fn hold(&self, hold: bool) {
        self.held.send_replace(hold);
    }

    /// Waits until somebody waits for a lookup.
    pub(crate) async fn waited_for(&self) {
        self.asked.subscribe().wait_for(|asked| *asked > 0).await.expect("it is here");
    }
}

impl TransactionGate for HeldGate {
    fn admit(&self, request: AdmitRequest) -> BoxFuture<'_, Vec<Result<(), TransactionError>>> {
        Box::pin(async move {
            if *self.held.borrow() {
                self.asked.send_modify(|asked| *asked += 1);
                released(&self.held.subscribe()).await;
                self.asked.send_modify(|asked| *asked -= 1);
            }
            self.transactions.admit(request).await
        })
    }
}

/// A disk whose writes do not return while it is held.
struct HeldDisk {
    disk: RealDisk,
    held: watch::Receiver<bool>,
}

struct HeldFile {
    file: Arc<dyn DiskFile>,
    held: watch::Receiver<bool>,
}

async fn released(held: &watch::Receiver<bool>) {
    let _ = held.clone().wait_for(|held| !held).await;
}

impl Disk for HeldDisk {
    fn open(&self, path: &str) -> BoxFuture<'_, io::Result<Arc<dyn DiskFile>>> {
        let path = path.to_owned();
        Box::pin(async move {
            let file = self.disk.open(&path).await?;
            Ok(Arc::new(HeldFile { file, held: self.held.clone() }) as Arc<dyn DiskFile>)
        })
    }

    fn list(&self, dir: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        self.disk.list(dir)
    }

    fn rename(&self, from: &str, to: &str) -> BoxFuture<'_, io::Result<()>> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> BoxFuture<'_, io::Result<()>> {
        self.disk.remove(path)
    }

    fn sync_dir(&self, dir: &str) -> BoxFuture<'_, io::Result<()>> {
        self.disk.sync_dir(dir)
    }

    fn usage(&self) -> BoxFuture<'_, io::Result<DiskUsage>> {
        self.disk.usage()
    }
}

impl DiskFile for HeldFile {
    fn write_at(
        &self,
        offset: u64,
        chunks: Vec<Bytes>,
        durability: Durability,
    ) -> BoxFuture<'static, io::Result<()>> {
        let (file, held) = (Arc::clone(&self.file), self.held.clone());
        Box::pin(async move {
            released(&held).await;
            file.write_at(offset, chunks, durability).await
        })
    }

    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'static, io::Result<Bytes>> {
        self.file.read_at(offset, length)
    }

    fn sync(&self) -> BoxFuture<'static, io::Result<()>> {
        self.file.sync()
    }

    fn len(&self) -> BoxFuture<'static, io::Result<u64>> {
        self.file.len()
    }

    fn allocate(&self, length: u64) -> BoxFuture<'static, io::Result<()>> {
        self.file.allocate(length)
    }
}
