//! What groups know of the cluster around them: its topics, and what operators have set for single groups.

use std::{sync::Arc, time::Duration};

use esker_core::TopicId;
use esker_kafka_wire::KString;
use esker_meta::{Catalog, GroupConfigs};
use uuid::Uuid;

use crate::share::ShareOverrides;

/// A topic as an assignor needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicFacts {
    /// Its id.
    pub id: Uuid,
    /// Its number of partitions.
    pub partitions: u32,
}

/// What an operator has set for one group; `None` where the broker's default counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupOverrides {
    /// `consumer.session.timeout.ms`.
    pub session_timeout: Option<Duration>,
    /// `consumer.heartbeat.interval.ms`.
    pub heartbeat_interval: Option<Duration>,
    /// Of share groups.
    pub share: ShareOverrides,
}

/// The cluster as groups see it. Every answer is from memory: no I/O, no long locks.
pub trait ClusterFacts: Send + Sync + 'static {
    /// Another number whenever a topic has come, gone or grown.
    fn version(&self) -> i64;

    /// A topic that exists and is not being deleted.
    fn topic(&self, name: &str) -> Option<TopicFacts>;

    /// The name of a topic that exists and is not being deleted.
    fn topic_name(&self, id: Uuid) -> Option<KString>;

    /// The names of all topics that members may see, ascending.
    fn topic_names(&self) -> Vec<KString>;

    /// What is set for a group.
    fn overrides(&self, _group: &str) -> GroupOverrides {
        GroupOverrides::default()
    }
}

/// A cluster without topics.
pub(crate) struct NoFacts;

impl ClusterFacts for NoFacts {
    fn version(&self) -> i64 {
        0
    }

    fn topic(&self, _: &str) -> Option<TopicFacts> {
        None
    }

    fn topic_name(&self, _: Uuid) -> Option<KString> {
        None
    }

    fn topic_names(&self) -> Vec<KString> {
        Vec::new()
    }
}

/// The topics of the catalog, and the configs of groups.
pub struct CatalogFacts {
    catalog: Arc<Catalog>,
    configs: Arc<GroupConfigs>,
}

impl CatalogFacts {
    /// Facts from these.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, configs: Arc<GroupConfigs>) -> Self {
        Self { catalog, configs }
    }
}

impl ClusterFacts for CatalogFacts {
    fn version(&self) -> i64 {
        self.catalog.changed().borrow().0
    }

    fn topic(&self, name: &str) -> Option<TopicFacts> {
        let topic = self.catalog.by_name(name).filter(|topic| !topic.record.deleting)?;
        Some(TopicFacts { id: topic.record.id.0, partitions: topic.record.partitions })
    }

    fn topic_name(&self, id: Uuid) -> Option<KString> {
        let topic = self.catalog.by_id(TopicId(id)).filter(|topic| !topic.record.deleting)?;
        Some(topic.record.name.as_str().into())
    }

    fn topic_names(&self) -> Vec<KString> {
        let all = self.catalog.all().into_iter().filter(|topic| !topic.record.deleting);
        all.map(|topic| topic.record.name.as_str().into()).collect()
    }

    fn overrides(&self, group: &str) -> GroupOverrides {
        let millis = |key: &str| {
            let value = self.configs.value(group, key)?;
            value.parse().ok().map(Duration::from_millis)
        };
        GroupOverrides {
            session_timeout: millis("consumer.session.timeout.ms"),
            heartbeat_interval: millis("consumer.heartbeat.interval.ms"),
            share: ShareOverrides::read(|key| self.configs.value(group, key)),
        }
    }
}
