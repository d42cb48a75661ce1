//! What clients are told about brokers and leaders.

use std::collections::BTreeMap;

use esker_core::{BrokerId, Epoch, PartitionId};
use esker_log::Log;

/// A broker as a client reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: BrokerId,
    /// Host name or address, as clients resolve it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Failure domain.
    pub rack: Option<String>,
}

/// Who serves a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// The shard's owner; `None` while it has none.
    pub leader: Option<BrokerId>,
    /// The shard's epoch.
    pub epoch: Epoch,
    /// Brokers that have, or should have, copies of what is not in the object store yet; the leader first.
    pub replicas: Vec<BrokerId>,
    /// Those of them that live: a produce with `acks=all` is on some of these.
    pub in_sync: Vec<BrokerId>,
}

impl Leadership {
    /// Replicas, those in sync and those that are away, as Kafka's answers have them.
    pub(crate) fn node_ids(&self) -> (Vec<i32>, Vec<i32>, Vec<i32>) {
        let away = self.replicas.iter().filter(|id| !self.in_sync.contains(id));
        let ids = |ids: &[BrokerId]| ids.iter().map(|id| id.0).collect();
        (ids(&self.replicas), ids(&self.in_sync), away.map(|id| id.0).collect())
    }
}

/// The cluster as this broker sees it.
///
/// Every answer is a snapshot from memory: no I/O, no long locks. Listener names are those of the configuration.
pub trait Cluster: Send + Sync + 'static {
    /// The cluster's id, never empty.
    fn id(&self) -> &str;

    /// This broker.
    fn this_broker(&self) -> BrokerId;

    /// Live brokers with the endpoints that belong to a listener, by id.
    fn brokers(&self, listener: &str) -> Vec<Node>;

    /// Ids of all live brokers, sorted.
    fn broker_ids(&self) -> Vec<BrokerId>;

    /// A live broker that takes administrative requests.
    fn controller(&self) -> Option<BrokerId>;

    /// Who serves a partition of an existing topic.
    fn leadership(&self, partition: PartitionId) -> Leadership;
}

/// A cluster of one broker, which owns every shard.
pub struct SingleNode {
    /// The cluster's id.
    pub cluster_id: String,
    /// The broker.
    pub broker: BrokerId,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Host and port that clients of a listener are told to use.
    pub advertised: BTreeMap<String, (String, u16)>,
    /// Knows the epochs.
    pub log: Log,
}

impl Cluster for SingleNode {
    fn id(&self) -> &str {
        &self.cluster_id
    }

    fn this_broker(&self) -> BrokerId {
        self.broker
    }

    fn brokers(&self, listener: &str) -> Vec<Node> {
        let endpoint = self.advertised.get(listener).or_else(|| self.advertised.values().next());
        endpoint
            .map(|(host, port)| Node {
                id: self.broker,
                host: host.clone(),
                port: *port,
                rack: self.rack.clone(),
            })
            .into_iter()
            .collect()
    }

    fn broker_ids(&self) -> Vec<BrokerId> {
        vec![self.broker]
    }

    fn controller(&self) -> Option<BrokerId> {
        Some(self.broker)
    }

    fn leadership(&self, partition: PartitionId) -> Leadership {
        let offsets = self.log.offsets(partition).ok();
        Leadership {
            leader: offsets.map(|_| self.broker),
            epoch: offsets.map_or(Epoch(0), |offsets| offsets.epoch),
            replicas: vec![self.broker],
            in_sync: vec![self.broker],
        }
    }
}
