//! What clients are told about the brokers of a cluster.

use std::sync::Arc;

use esker_core::{BrokerId, Epoch, Mode, PartitionId, shard_map::shard_of};
use esker_kafka::{Cluster, Leadership, Node as KafkaNode};
use esker_meta::{LiveSession, Membership, MembershipView, SessionKey};
use parking_lot::Mutex;

/// A cluster as one of its brokers sees it.
pub(crate) struct ClusterView {
    pub(crate) cluster_id: String,
    pub(crate) broker: BrokerId,
    pub(crate) shards: u32,
    pub(crate) membership: Arc<Membership>,
    /// What clients were last told about the brokers; this one at first.
    pub(crate) told: Mutex<Vec<KafkaNode>>,
}

/// The brokers of the copyset that a leader writes to in the default mode, the leader first, and those of them that live.
/// A topic of another mode may have others.
fn copies(view: &MembershipView, leader: SessionKey) -> (Vec<BrokerId>, Vec<BrokerId>) {
    let (mut replicas, mut in_sync) = (vec![leader.broker], vec![leader.broker]);
    for store in view.copyset(leader, Mode::default()) {
        let Some(broker) = view.stores.get(store).map(|store| store.broker) else { continue };
        if !replicas.contains(&broker) {
            replicas.push(broker);
            if view.serving(*store).is_some() {
                in_sync.push(broker);
            }
        }
    }
    (replicas, in_sync)
}

/// The brokers that live, or those of the last time while none does: when all sessions end at once, as after an etcd that
/// stood still for too long, their brokers are back within seconds. A client that is told of no broker forgets them all, and
/// librdkafka then never asks again.
fn told(alive: &[KafkaNode], last: &Mutex<Vec<KafkaNode>>) -> Vec<KafkaNode> {
    let mut last = last.lock();
    if !alive.is_empty() {
        last.clear();
        last.extend_from_slice(alive);
    }
    last.clone()
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
        let alive: Vec<KafkaNode> = self.membership.view().sessions.values().filter_map(node).collect();
        told(&alive, &self.told)
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
        let leader = view.owner(shard).map(|live| live.key);
        let (replicas, in_sync) = leader.map(|leader| copies(&view, leader)).unwrap_or_default();
        Leadership { leader: leader.map(|leader| leader.broker), epoch, replicas, in_sync }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: i32) -> KafkaNode {
        KafkaNode { id: BrokerId(id), host: "host".to_owned(), port: 9092, rack: None }
    }

    #[test]
    fn clients_are_never_told_of_no_broker() {
        let ids = |nodes: Vec<KafkaNode>| nodes.iter().map(|node| node.id.0).collect::<Vec<_>>();
        let last = Mutex::new(vec![node(1)]);
        assert_eq!(ids(told(&[], &last)), [1], "this broker at first");
        assert_eq!(ids(told(&[node(1), node(2)], &last)), [1, 2]);
        assert_eq!(ids(told(&[], &last)), [1, 2]);
        assert_eq!(ids(told(&[node(2)], &last)), [2]);
    }
}
