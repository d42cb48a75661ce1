//! A node on a real disk, and what outlives it.
#![allow(dead_code, reason = "each suite uses its share")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_archive::ArchiveConfig;
use esker_core::{BrokerId, PartitionId};
use esker_env::{Env, RealDisk, Tasks};
use esker_log::LogConfig;
use esker_meta::{MemoryMeta, MetaStore, NewTopic};
use esker_node::{Node, NodeConfig, NodeParts, StartError};
use esker_wal::StoreConfig;
use object_store::{ObjectStore, memory::InMemory};

/// What outlives a node.
pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) meta: Arc<MemoryMeta>,
    pub(crate) objects: Arc<dyn ObjectStore>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            meta: Arc::new(MemoryMeta::new(Env::real())),
            objects: Arc::new(InMemory::new()),
        }
    }

    /// The log's directory, once the last write of a killed node has let go of it.
    pub(crate) async fn disk(&self) -> RealDisk {
        let opened = async {
            loop {
                match RealDisk::open(self.dir.path().join("store")) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        tokio::task::yield_now().await;
                    }
                    opened => return opened.unwrap(),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), opened).await.expect("the directory's lock is let go")
    }

    pub(crate) async fn try_start(&self) -> Result<(Node, Tasks), StartError> {
        let env = Env::real();
        let tasks = env.tasks.clone();
        let parts = NodeParts {
            env,
            disk: Arc::new(self.disk().await),
            meta: Arc::clone(&self.meta) as Arc<dyn MetaStore>,
            objects: Arc::clone(&self.objects),
        };
        let config = NodeConfig {
            broker: BrokerId(1),
            endpoints: Vec::new(),
            rack: None,
            shards: 4,
            object_prefix: String::new(),
            store: StoreConfig { file_size: 1 << 20, max_bytes: 16 << 20, ..StoreConfig::default() },
            archive: ArchiveConfig::default(),
            log: LogConfig {
                trim_delay: Duration::ZERO,
                tick: Duration::from_millis(5),
                tail_bytes: 4 << 10,
                ..LogConfig::default()
            },
            session_ttl: Duration::from_secs(3),
            accept_lost_stores: false,
        };
        Ok((Node::start(parts, config).await?, tasks))
    }

    pub(crate) async fn start(&self) -> (Node, Tasks) {
        self.try_start().await.unwrap()
    }

    pub(crate) fn lose_log(&self) {
        std::fs::remove_dir_all(self.dir.path().join("store")).unwrap();
    }
}

/// As kill -9 does: no goodbye.
pub(crate) async fn kill((node, tasks): (Node, Tasks)) {
    tasks.abort_all();
    drop(node);
    tasks.wait_idle().await;
}

pub(crate) async fn topic(node: &Node, configs: &[(&str, &str)]) -> PartitionId {
    let configs: BTreeMap<_, _> =
        configs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let new = NewTopic { name: "t".to_owned(), partitions: 3, replication_factor: 1, configs };
    let topic = node.meta.create_topic(&new).await.unwrap();
    node.catalog.reached(topic.modified).await;
    PartitionId { topic: topic.record.number, index: 1 }
}
