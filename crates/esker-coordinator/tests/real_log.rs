//! Groups on a node's own log, on a real disk: what was answered as done is there after kill -9.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

use std::{sync::Arc, time::Duration};

use esker_archive::ArchiveConfig;
use esker_coordinator::{
    CommitRequest, GroupConfig, GroupError, GroupState, Groups, GroupsGuard, JoinRequest, LogTopic,
    MemberRef, OFFSETS_TOPIC, OffsetToCommit, Protocol, SyncRequest, forget_deleted_topics, partition_of,
};
use esker_core::{BrokerId, Epoch, Offset};
use esker_env::{Env, RealDisk, TaskGuard};
use esker_kafka_wire::KString;
use esker_log::LogConfig;
use esker_meta::{MemoryMeta, MetaStore, NewTopic};
use esker_node::{Node, NodeConfig, NodeParts};
use esker_wal::StoreConfig;
use object_store::{ObjectStore, memory::InMemory};

/// What outlives a broker.
struct World {
    dir: tempfile::TempDir,
    meta: Arc<MemoryMeta>,
    objects: Arc<dyn ObjectStore>,
}

struct Broker {
    env: Env,
    node: Node,
    groups: Groups,
    _guards: (GroupsGuard, TaskGuard),
}

impl World {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            meta: Arc::new(MemoryMeta::new(Env::real())),
            objects: Arc::new(InMemory::new()),
        }
    }

    /// The log's directory, once the last operation of a killed node has let go of it.
    async fn disk(&self) -> RealDisk {
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

    async fn start(&self) -> Broker {
        let env = Env::real();
        let parts = NodeParts {
            env: env.clone(),
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
            log: LogConfig { tick: Duration::from_millis(5), ..LogConfig::default() },
            session_ttl: Duration::from_secs(3),
            accept_lost_stores: false,
        };
        let node = Node::start(parts, config).await.unwrap();
        let topic = LogTopic::new(OFFSETS_TOPIC, node.log.clone(), node.meta.clone(), env.clone(), 1);
        let config = GroupConfig { initial_rebalance_delay: Duration::ZERO, ..GroupConfig::default() };
        let groups = Groups::new(config, env.clone(), Arc::new(topic));
        let guards = (groups.start(), forget_deleted_topics(&env.tasks, &node.catalog, &groups, None));
        Broker { env, node, groups, _guards: guards }
    }
}

impl Broker {
    /// As kill -9 does: no goodbye.
    async fn kill(self) {
        let tasks = self.env.tasks.clone();
        tasks.abort_all();
        drop(self);
        tasks.wait_idle().await;
    }

    async fn offset(&self, group: &str, partition: i32) -> Option<i64> {
        let found = self.groups.fetch(&group.into(), &[("t".into(), partition)]).await.unwrap();
        found[0].as_ref().map(|commit| commit.offset.0)
    }

    async fn commit(&self, group: &str, partition: i32, offset: i64) -> Result<(), GroupError> {
        let request = CommitRequest {
            member: MemberRef { member_id: KString::new(), instance_id: None, generation: -1 },
            retention: None,
            knows_group_not_found: true,
            offsets: vec![OffsetToCommit {
                topic: "t".into(),
                partition,
                offset: Offset(offset),
                leader_epoch: Some(Epoch(1)),
                metadata: "note".into(),
                topic_id: uuid::Uuid::nil(),
            }],
        };
        self.groups.commit(&group.into(), &request).await.map(|results| results[0].unwrap())
    }

    /// A stable member.
    async fn member(&self, group: &str) -> MemberRef {
        let request = JoinRequest {
            member_id: KString::new(),
            instance_id: None,
            client_id: "c".into(),
            client_host: "/h".into(),
            session_timeout: Duration::from_secs(30),
            rebalance_timeout: Duration::from_secs(30),
            protocol_type: "consumer".into(),
            protocols: vec![Protocol { name: "range".into(), metadata: "m".into() }],
            knows_member_id_required: false,
            knows_skip_assignment: true,
        };
        let joined = self.groups.join(&group.into(), request, || ()).await;
        assert_eq!(joined.error, None);
        let member =
            MemberRef { member_id: joined.member_id, instance_id: None, generation: joined.generation };
        let sync = SyncRequest {
            member: member.clone(),
            protocol_type: None,
            protocol: None,
            assignments: vec![(member.member_id.clone(), "mine".into())],
        };
        self.groups.sync(&group.into(), sync, || ()).await.unwrap();
        member
    }
}

#[tokio::test]
async fn groups_and_offsets_survive_kill_minus_nine() {
    let world = World::new();
    let broker = world.start().await;
    let member = broker.member("g").await;
    for offset in 0..200 {
        broker.commit("simple", offset % 7, i64::from(offset)).await.unwrap();
    }
    let topic = broker.node.catalog.by_name(OFFSETS_TOPIC).expect("created by the first request");
    assert_eq!(topic.record.partitions, 50);
    assert_eq!(topic.record.configs["cleanup.policy"], "compact");
    broker.kill().await;

    let broker = world.start().await;
    assert_eq!(broker.groups.heartbeat(&"g".into(), &member).await, Ok(()));
    let described = broker.groups.describe(&"g".into()).await.unwrap().expect("exists");
    assert_eq!((described.state, &described.members[0].assignment[..]), (GroupState::Stable, &b"mine"[..]));
    for partition in 0..7 {
        let last = (0..200).rfind(|offset| offset % 7 == partition).map(i64::from);
        assert_eq!(broker.offset("simple", partition).await, last);
    }
    broker.groups.delete(&"simple".into()).await.unwrap();
    broker.kill().await;

    let broker = world.start().await;
    assert_eq!(broker.offset("simple", 0).await, None);
    let listed = broker.groups.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(broker.groups.find("g").await, Ok(partition_of("g", 50)));
    broker.kill().await;
}

#[tokio::test]
async fn offsets_go_with_their_topic() {
    let world = World::new();
    let broker = world.start().await;
    let new = NewTopic { name: "t".to_owned(), partitions: 1, replication_factor: 1, configs: [].into() };
    let topic = broker.node.meta.create_topic(&new).await.unwrap();
    broker.node.catalog.reached(topic.modified).await;
    broker.commit("g", 0, 5).await.unwrap();
    assert_eq!(broker.offset("g", 0).await, Some(5));
    broker.node.meta.delete_topic(&topic).await.unwrap();
    while broker.offset("g", 0).await.is_some() {
        tokio::task::yield_now().await;
    }
    broker.kill().await;
    assert_eq!(world.start().await.offset("g", 0).await, None);
}
