//! What clients are told about the brokers of a cluster.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_core::{BrokerId, Epoch, Mode, PartitionId, shard_map::shard_of};
use esker_env::{Env, Monotonic};
use esker_kafka::{Cluster, Leadership, Node as KafkaNode};
use esker_meta::{LiveSession, Membership, MembershipView, SessionKey};
use parking_lot::Mutex;

/// A cluster as one of its brokers sees it.
pub(crate) struct ClusterView {
    pub(crate) cluster_id: String,
    pub(crate) broker: BrokerId,
    pub(crate) shards: u32,
    pub(crate) membership: Arc<Membership>,
    /// What clients were told about the brokers; this one at first.
    pub(crate) told: Mutex<Told>,
    pub(crate) env: Env,
}

/// How long clients hear of a broker after it has died. By then they have found its partitions' new leaders.
const LINGER: Duration = Duration::from_secs(10);

/// The brokers that clients know. A dead one is listed a little longer, as by Kafka, whose brokers take seconds to notice:
/// librdkafka moves the partitions of a broker that disappears together with their move nowhere for a second. And while no
/// broker lives (all sessions end at once when etcd stood still for too long, and their brokers are back within seconds) the
/// last ones are: a client that is told of no broker forgets them all, and librdkafka then never asks again.
pub(crate) struct Told(BTreeMap<BrokerId, (KafkaNode, Option<Monotonic>)>);

impl Told {
    pub(crate) fn new(own: KafkaNode) -> Self {
        Self(BTreeMap::from([(own.id, (own, None))]))
    }

    fn update(&mut self, alive: Vec<KafkaNode>, now: Monotonic) -> Vec<KafkaNode> {
        let some = !alive.is_empty();
        for (_, gone) in self.0.values_mut() {
            gone.get_or_insert(now);
        }
        self.0.extend(alive.into_iter().map(|node| (node.id, (node, None))));
        self.0.retain(|_, (_, gone)| !some || gone.is_none_or(|since| now - since < LINGER));
        self.0.values().map(|(node, _)| node.clone()).collect()
    }
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
        let alive = self.membership.view().sessions.values().filter_map(node).collect();
        self.told.lock().update(alive, self.env.clock.now())
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

    fn ids(nodes: &[KafkaNode]) -> Vec<i32> {
        nodes.iter().map(|node| node.id.0).collect()
    }

    #[test]
    fn clients_are_never_told_of_no_broker() {
        let mut now = Env::real().clock.now();
        let mut told = Told::new(node(1));
        assert_eq!(ids(&told.update(vec![], now)), [1], "this broker at first");
        assert_eq!(ids(&told.update(vec![node(1), node(2)], now)), [1, 2]);
        for _ in 0..3 {
            assert_eq!(ids(&told.update(vec![], now)), [1, 2]);
            now = now + LINGER;
        }
        assert_eq!(ids(&told.update(vec![node(2)], now)), [2]);
    }

    #[test]
    fn a_dead_broker_is_listed_a_little_longer() {
        let start = Env::real().clock.now();
        let later = start + LINGER * 5;
        let mut told = Told::new(node(1));
        assert_eq!(ids(&told.update(vec![node(1), node(2)], start)), [1, 2]);
        assert_eq!(ids(&told.update(vec![node(1)], later)), [1, 2], "nobody has heard of its death yet");
        assert_eq!(ids(&told.update(vec![node(1)], later + LINGER / 2)), [1, 2]);
        assert_eq!(ids(&told.update(vec![node(1)], later + LINGER)), [1]);
        assert_eq!(ids(&told.update(vec![node(1), node(2)], later + LINGER)), [1, 2], "it is back");
    }
}
