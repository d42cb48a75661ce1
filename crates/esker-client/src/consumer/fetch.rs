//! Fetches on their way.

use esker_env::Monotonic;
use esker_kafka_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use esker_kafka_wire::messages::fetch_response::PartitionData;
use esker_kafka_wire::messages::{FetchRequest, FetchResponse};
use esker_kafka_wire::{ErrorCode, KString};
use uuid::Uuid;

use super::{Consumer, Partition, Polled, Position, ResetTo, StartAt};
use crate::{ClientError, Cluster};

/// The newest fetch version that names topics rather than giving their ids.
const LAST_VERSION_WITH_NAMES: i16 = 12;

/// A partition as it was asked for.
pub(super) struct Asked {
    key: Partition,
    id: Uuid,
    generation: u64,
    offset: i64,
}

/// A fetch that ended.
pub(super) struct Fetched {
    node: i32,
    asked: Vec<Asked>,
    result: Result<FetchResponse, ClientError>,
}

impl Consumer {
    /// Sends a fetch to every broker that leads something to fetch and has none on its way.
    pub(super) fn start_fetches(&mut self) {
        if self.stale || self.pausing(self.client.env().clock.now()) {
            return;
        }
        let cluster = self.client.cluster();
        let mut by_node: std::collections::BTreeMap<i32, Vec<Asked>> = std::collections::BTreeMap::new();
        for (key, position) in &mut self.positions {
            if position.fetching || position.start.is_some() {
                continue;
            }
            let Some(leader) = cluster.leader(&key.0, key.1) else {
                self.stale = true;
                continue;
            };
            if self.busy.contains(&leader) {
                continue;
            }
            position.fetching = true;
            let id = cluster.topics.get(&key.0).map(|topic| topic.id).unwrap_or_default();
            by_node.entry(leader).or_default().push(Asked {
                key: key.clone(),
                id,
                generation: position.generation,
                offset: position.offset,
            });
        }
        for (node, asked) in by_node {
            self.start_fetch(node, asked, &cluster);
        }
    }

    fn pausing(&self, now: Monotonic) -> bool {
        self.backoff.as_ref().is_some_and(|(_, resume)| *resume > now)
    }

    fn start_fetch(&mut self, node: i32, asked: Vec<Asked>, cluster: &Cluster) {
        self.busy.insert(node);
        let config = &self.config;
        let size = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX);
        let mut topics: Vec<FetchTopic> = Vec::new();
        for one in &asked {
            let partition = FetchPartition {
                partition: one.key.1,
                current_leader_epoch: epoch(cluster, &one.key),
                fetch_offset: one.offset,
                partition_max_bytes: size(config.partition_max_bytes),
                ..FetchPartition::default()
            };
            match topics.last_mut() {
                Some(last) if last.topic.as_str() == &*one.key.0 => last.partitions.push(partition),
                _ => topics.push(FetchTopic {
                    topic: KString::from(&*one.key.0),
                    topic_id: one.id,
                    partitions: vec![partition],
                }),
            }
        }
        let cap = if asked.iter().all(|one| !one.id.is_nil()) { i16::MAX } else { LAST_VERSION_WITH_NAMES };
        let request = FetchRequest {
            replica_id: -1,
            max_wait_ms: i32::try_from(config.max_wait.as_millis()).unwrap_or(i32::MAX),
            min_bytes: size(config.min_bytes),
            max_bytes: size(config.max_bytes),
            isolation_level: config.isolation.number(),
            // No session: every fetch says everything.
            session_id: 0,
            session_epoch: -1,
            topics,
            ..FetchRequest::default()
        };
        let (client, wait) = (self.client.clone(), config.max_wait);
        self.fetches.push(Box::pin(async move {
            let result = async {
                let connection = client.connection(node).await?;
                let response = connection.start(&request, cap, wait)?.await?;
                ClientError::check(response.error_code, None, || format!("fetching from broker {node}"))?;
                Ok(response)
            };
            let result = result.await;
            Fetched { node, asked, result }
        }));
    }

    /// Takes in a fetch that ended.
    pub(super) fn take(&mut self, fetched: Fetched) -> Result<(), ClientError> {
        self.busy.remove(&fetched.node);
        for one in &fetched.asked {
            if let Some(position) = self.current(one) {
                position.fetching = false;
            }
        }
        let response = match fetched.result {
            Ok(response) => response,
            Err(error) if error.is_retriable() => {
                tracing::debug!(%error, broker = fetched.node, "fetch failed, trying again");
                self.stale = true;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut failed = None;
        for topic in response.responses {
            for data in topic.partitions {
                let index = data.partition_index;
                let is_it = |one: &&Asked| {
                    let same = if topic.topic.is_empty() {
                        one.id == topic.topic_id
                    } else {
                        *one.key.0 == *topic.topic
                    };
                    same && one.key.1 == index
                };
                if let Some(one) = fetched.asked.iter().find(is_it)
                    && let Err(error) = self.take_partition(one, data)
                {
                    failed = Some(error);
                }
            }
        }
        if !self.stale && failed.is_none() {
            self.backoff = None;
        }
        failed.map_or(Ok(()), Err)
    }

    fn take_partition(&mut self, one: &Asked, data: PartitionData) -> Result<(), ClientError> {
        let (topic, partition) = (&one.key.0, one.key.1);
        let reset = self.config.reset;
        if self.current(one).is_none() {
            return Ok(());
        }
        let what = || format!("fetching {topic}-{partition}");
        match ClientError::check(data.error_code, None, what) {
            Ok(()) => {}
            Err(error) if error.code() == Some(ErrorCode::OffsetOutOfRange) => {
                let start = match reset {
                    ResetTo::Earliest => StartAt::Earliest,
                    ResetTo::Latest => StartAt::Latest,
                    ResetTo::Fail => {
                        let (topic, offset) = (topic.to_string(), one.offset);
                        return Err(ClientError::OffsetOutOfRange { topic, partition, offset });
                    }
                };
                tracing::warn!(%topic, partition, offset = one.offset, "the position is not in the log: reset");
                self.seek(topic, partition, start);
                return Ok(());
            }
            Err(error) if error.is_retriable() => {
                tracing::debug!(%error, "trying again");
                self.stale = true;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let polled = Polled::new(topic, one.offset, data, &self.config)?;
        let position = self.current(one).expect("it was there above");
        assert!(polled.next_offset >= position.offset, "a position never goes back by itself");
        position.offset = polled.next_offset;
        if !polled.batches().is_empty() {
            self.ready.push_back(polled);
        }
        Ok(())
    }

    /// The partition's position, unless it was moved since.
    fn current(&mut self, one: &Asked) -> Option<&mut Position> {
        self.positions.get_mut(&one.key).filter(|position| position.generation == one.generation)
    }
}

fn epoch(cluster: &Cluster, key: &Partition) -> i32 {
    let topic = cluster.topics.get(&key.0);
    topic.and_then(|topic| topic.partition(key.1)).map_or(-1, |partition| partition.leader_epoch)
}
