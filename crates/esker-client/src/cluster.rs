//! What the client knows of the cluster: brokers, topics, leaders.

use std::collections::BTreeMap;
use std::sync::Arc;

use esker_kafka_wire::messages::MetadataResponse;
use esker_kafka_wire::messages::metadata_response::MetadataResponseTopic;
use uuid::Uuid;

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// Host as advertised.
    pub host: String,
    /// Port as advertised.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<String>,
}

impl Broker {
    /// `host:port`, with brackets around an IPv6 address.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its number.
    pub index: i32,
    /// The broker that leads it, if one does.
    pub leader: Option<i32>,
    /// The leader's epoch, -1 if the broker does not say.
    pub leader_epoch: i32,
    /// Brokers that hold it.
    pub replicas: Vec<i32>,
    /// Brokers that are in sync.
    pub in_sync: Vec<i32>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, nil if the broker does not tell ids.
    pub id: Uuid,
    /// Whether it belongs to the brokers.
    pub internal: bool,
    /// Partitions by number.
    pub partitions: Vec<PartitionInfo>,
}

impl Topic {
    /// The partition of that number.
    #[must_use]
    pub fn partition(&self, index: i32) -> Option<&PartitionInfo> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    /// From a metadata response without an error. Partitions that are not numbered from 0 without gaps are dropped
    /// from the first gap on, so that the index is the number.
    fn new(raw: &MetadataResponseTopic, name: Arc<str>) -> Self {
        let mut partitions: Vec<_> = raw
            .partitions
            .iter()
            .map(|partition| PartitionInfo {
                index: partition.partition_index,
                leader: (partition.leader_id >= 0).then_some(partition.leader_id),
                leader_epoch: partition.leader_epoch,
                replicas: partition.replica_nodes.clone(),
                in_sync: partition.isr_nodes.clone(),
            })
            .collect();
        partitions.sort_by_key(|partition| partition.index);
        let dense = partitions.iter().zip(0..).take_while(|(partition, n)| partition.index == *n).count();
        partitions.truncate(dense);
        Self { name, id: raw.topic_id, internal: raw.is_internal, partitions }
    }
}

/// A snapshot of what is known.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// The cluster's id.
    pub id: Option<String>,
    /// The broker to send administration to; -1 if unknown.
    pub controller: i32,
    /// Brokers by id.
    pub brokers: BTreeMap<i32, Broker>,
    /// Topics asked for so far.
    pub topics: BTreeMap<Arc<str>, Arc<Topic>>,
}

impl Cluster {
    /// This snapshot with a response laid over it: brokers are replaced, topics in the response updated, topics in
    /// the response that do not exist removed. `all` says that the response has every topic.
    pub(crate) fn merged(&self, response: &MetadataResponse, all: bool) -> Self {
        let mut next = Self {
            id: response.cluster_id.as_ref().map(|id| id.as_str().to_owned()),
            controller: response.controller_id,
            brokers: BTreeMap::new(),
            topics: if all { BTreeMap::new() } else { self.topics.clone() },
        };
        for raw in &response.brokers {
            let broker = Broker {
                id: raw.node_id,
                host: raw.host.as_str().to_owned(),
                port: raw.port,
                rack: raw.rack.as_ref().map(|rack| rack.as_str().to_owned()),
            };
            next.brokers.insert(broker.id, broker);
        }
        for raw in &response.topics {
            let Some(name) = &raw.name else { continue };
            if raw.error_code == 0 {
                let name: Arc<str> = name.as_str().into();
                next.topics.insert(name.clone(), Arc::new(Topic::new(raw, name)));
            } else {
                next.topics.remove(name.as_str());
            }
        }
        next
    }

    /// The leader of a partition.
    #[must_use]
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        self.topics.get(topic)?.partition(partition)?.leader
    }
}
