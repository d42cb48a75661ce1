//! The topics as the log needs them: a snapshot of the catalog with parsed settings.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_core::{FastMap, Mode, PartitionId, TopicNumber};
use esker_meta::Catalog;
use parking_lot::{Mutex, RwLock};

use crate::topic_config::{InvalidConfig, TopicConfig};

struct Entry {
    partitions: u32,
    config: Arc<TopicConfig>,
}

/// Topics by number. Readers take a read lock for one lookup; the snapshot is replaced whole.
pub(crate) struct Topics {
    defaults: BTreeMap<String, String>,
    by_number: RwLock<FastMap<TopicNumber, Entry>>,
    gone: Mutex<Vec<TopicNumber>>,
}

impl Topics {
    /// Checks the broker-wide defaults; [`Topics::refresh`] brings the topics.
    pub(crate) fn new(defaults: BTreeMap<String, String>) -> Result<Self, InvalidConfig> {
        TopicConfig::parse(&defaults)?;
        Ok(Self { defaults, by_number: RwLock::default(), gone: Mutex::default() })
    }

    /// Takes the catalog's topics.
    pub(crate) fn refresh(&self, catalog: &Catalog) {
        let mut fresh = FastMap::default();
        for topic in catalog.all() {
            let topic = &topic.record;
            if topic.deleting {
                continue;
            }
            let mut merged = self.defaults.clone();
            merged.extend(topic.configs.iter().map(|(key, value)| (key.clone(), value.clone())));
            // The admin API validates before it writes: what fails here was written by a newer version.
            let config = TopicConfig::parse(&merged).unwrap_or_else(|error| {
                tracing::warn!(topic = %topic.name, %error, "topic config not understood, using the defaults");
                TopicConfig::parse(&self.defaults).expect("checked when the log was opened")
            });
            fresh.insert(topic.number, Entry { partitions: topic.partitions, config: Arc::new(config) });
        }
        let mut current = self.by_number.write();
        let gone = current.keys().filter(|number| !fresh.contains_key(number));
        self.gone.lock().extend(gone);
        *current = fresh;
    }

    /// The topics that went since the last call, sorted.
    pub(crate) fn take_gone(&self) -> Vec<TopicNumber> {
        let mut gone = std::mem::take(&mut *self.gone.lock());
        gone.sort_unstable();
        gone
    }

    pub(crate) fn contains(&self, id: PartitionId) -> bool {
        self.by_number.read().get(&id.topic).is_some_and(|entry| id.index < entry.partitions)
    }

    /// The modes of all topics.
    pub(crate) fn modes(&self) -> BTreeSet<Mode> {
        self.by_number.read().values().map(|entry| entry.config.mode).collect()
    }

    pub(crate) fn config(&self, topic: TopicNumber) -> Option<Arc<TopicConfig>> {
        self.by_number.read().get(&topic).map(|entry| Arc::clone(&entry.config))
    }
}
