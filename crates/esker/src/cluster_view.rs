//! What clients are told about the brokers of a cluster.

use std::sync::Arc;

use esker_core::{BrokerId, Epoch, Mode, PartitionId, shard_map::shard_of};
use esker_kafka::{Cluster, Leadership, Node as KafkaNode};
use esker_log::Log;
use esker_meta::{LiveSession, Membership};

/// A cluster as one of its brokers sees it.
pub(crate) struct ClusterView {
    pub(crate) cluster_id: String,
    pub(crate) broker: BrokerId,
    pub(crate) shards: u32,
    pub(crate) membership: Arc<Membership>,
    /// Knows the copies of what this broker leads.
    pub(crate) log: Log,
}

impl ClusterView {
    /// Brokers with copies of what is not in the object store yet, the leader first. Of partitions that others lead only
    /// the leader is known here.
    fn replicas(&self, leader: BrokerId) -> Vec<BrokerId> {
        let mut replicas = vec![leader];
        if leader == self.broker {
            let view = self.membership.view();
            let stores = self.log.copyset(Mode::default());
            let others = stores.iter().filter_map(|store| view.serving(*store)).map(|live| live.key.broker);
            replicas.extend(others.filter(|other| *other != leader));
        }
        replicas
    }
}

impl Cluster for ClusterView {
    fn id(&self) -> &str {
        &self.cluster_id
    }

    fn this_broker(&self) -> BrokerId {
        self.broker
    }

    fn brokers(&self, listener: &str) -> Vec<KafkaNode> {
        let node = |live: &LiveSession| {
            let endpoint = live.record.endpoints.iter().find(|endpoint| endpoint.listener == listener)?;
            Some(KafkaNode {
                id: live.key.broker,
                host: endpoint.host.clone(),
                port: endpoint.port,
                rack: live.record.rack.clone(),
            })
        };
        self.membership.view().sessions.values().filter_map(node).collect()
    }

    fn broker_ids(&self) -> Vec<BrokerId> {
        self.membership.view().sessions.keys().copied().collect()
    }

    fn controller(&self) -> Option<BrokerId> {
        // Any broker takes administrative requests; clients find the elected one the least surprising.
        let view = self.membership.view();
        view.standing_controller().or_else(|| view.sessions.values().next()).map(|live| live.key.broker)
    }

    fn leadership(&self, partition: PartitionId) -> Leadership {
        let view = self.membership.view();
        let shard = shard_of(partition, self.shards);
        let epoch = view.shards.get(&shard).map_or(Epoch(0), |found| found.record.epoch);
        let leader = view.owner(shard).map(|live| live.key.broker);
        let replicas = leader.map(|leader| self.replicas(leader)).unwrap_or_default();
        Leadership { leader, epoch, replicas }
    }
}
