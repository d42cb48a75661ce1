//! A broker and clients in one process, for tests: real log, real metadata, connections over in-memory pipes.

use std::{net::Ipv4Addr, sync::Arc};

use bytes::Bytes;
use esker_coordinator::{GroupConfig, Groups, GroupsGuard, MemoryTopic};
use esker_core::{
    BrokerId,
    batch::{BatchBuilder, BatchView, Compression, NewRecord},
};
use esker_env::Env;
use esker_kafka_wire::{
    KString, Request, Response, decode_response, encode_request,
    messages::{
        ProduceRequest, ProduceResponse,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};
use esker_meta::{Catalog, Keys, MemoryMeta, Meta, NewTopic};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{oneshot, watch},
};

use crate::{Broker, Closed, KafkaConfig, KafkaParts, Peer, SingleNode, log::Log, serve_connection};

/// One broker.
pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) meta: Meta,
    pub(crate) log: Log,
    pub(crate) broker: Arc<Broker>,
    pub(crate) stop: watch::Sender<bool>,
    _groups: GroupsGuard,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(KafkaConfig::default()).await
    }

    pub(crate) async fn with(config: KafkaConfig) -> Self {
        let env = Env::real();
        let meta =
            Meta::new(Arc::new(MemoryMeta::new(env.clone())), Keys::new("/test").unwrap(), env.clone());
        let catalog = Catalog::start(meta.clone()).await.unwrap();
        let log = Log::in_memory(Arc::clone(&catalog));
        let cluster = SingleNode {
            cluster_id: "test-cluster".to_owned(),
            broker: BrokerId(1),
            rack: None,
            advertised: [("main".to_owned(), ("broker.test".to_owned(), 9092))].into(),
            log: log.clone(),
        };
        let config_of_groups =
            GroupConfig { initial_rebalance_delay: std::time::Duration::ZERO, ..GroupConfig::default() };
        let groups = Groups::new(config_of_groups, env.clone(), Arc::new(MemoryTopic::new()));
        let groups_guard = groups.start();
        let parts = KafkaParts {
            env: env.clone(),
            log: log.clone(),
            meta: meta.clone(),
            catalog,
            cluster: Arc::new(cluster),
            groups: groups.clone(),
        };
        Self {
            env,
            meta,
            log,
            broker: Broker::new(config, parts),
            stop: watch::Sender::new(false),
            _groups: groups_guard,
        }
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
