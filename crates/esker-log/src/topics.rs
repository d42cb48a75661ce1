//! The topics as the log needs them: a snapshot of the catalog with parsed settings.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_core::{FastMap, Mode, PartitionId, TopicNumber};
use esker_meta::Catalog;
use parking_lot::{Mutex, RwLock};

use crate::{
    metrics::TopicMetrics,
    topic_config::{InvalidConfig, TopicConfig},
};

struct Entry {
    name: Arc<str>,
    partitions: u32,
    config: Arc<TopicConfig>,
    /// Its own, or those of all others.
    metrics: Arc<TopicMetrics>,
}

/// Topics by number. Readers take a read lock for one lookup; the snapshot is replaced whole.
pub(crate) struct Topics {
    defaults: BTreeMap<String, String>,
    by_number: RwLock<FastMap<TopicNumber, Entry>>,
    gone: Mutex<Vec<TopicNumber>>,
    /// Topics with figures of their own, at most.
    counted: usize,
    /// What is counted for the others.
    uncounted: Arc<TopicMetrics>,
}

impl Topics {
    /// Checks the broker-wide defaults; [`Topics::refresh`] brings the topics.
    pub(crate) fn new(defaults: BTreeMap<String, String>, counted: usize) -> Result<Self, InvalidConfig> {
        TopicConfig::parse(&defaults)?;
        Ok(Self {
            defaults,
            by_number: RwLock::default(),
            gone: Mutex::default(),
            counted,
            uncounted: Arc::default(),
        })
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
            let entry = Entry {
                name: topic.name.as_str().into(),
                partitions: topic.partitions,
                config: Arc::new(config),
                metrics: Arc::clone(&self.uncounted),
            };
            fresh.insert(topic.number, entry);
        }
        let mut current = self.by_number.write();
        let gone = current.keys().filter(|number| !fresh.contains_key(number));
        self.gone.lock().extend(gone);
        self.hand_out_metrics(&current, &mut fresh);
        *current = fresh;
    }

    /// Who has figures of its own keeps them; then the oldest of the others get what is left.
    fn hand_out_metrics(
        &self,
        current: &FastMap<TopicNumber, Entry>,
        fresh: &mut FastMap<TopicNumber, Entry>,
    ) {
        let mut left = self.counted;
        for (number, entry) in fresh.iter_mut() {
            let known = current.get(number).filter(|entry| !Arc::ptr_eq(&entry.metrics, &self.uncounted));
            if let Some(known) = known {
                entry.metrics = Arc::clone(&known.metrics);
                left = left.saturating_sub(1);
            }
        }
        let waits = |entry: &Entry| Arc::ptr_eq(&entry.metrics, &self.uncounted);
        let mut waiting: Vec<_> = fresh.iter_mut().filter(|(_, entry)| waits(entry)).collect();
        waiting.sort_unstable_by_key(|(number, _)| **number);
        for (_, entry) in waiting.into_iter().take(left) {
            entry.metrics = Arc::default();
        }
    }

    /// The figures of every topic that has its own, by name; last those of all others, without one.
    pub(crate) fn all_metrics(&self) -> Vec<(Option<Arc<str>>, Arc<TopicMetrics>)> {
        let mut found: Vec<_> = {
            let by_number = self.by_number.read();
            let own = by_number.values().filter(|entry| !Arc::ptr_eq(&entry.metrics, &self.uncounted));
            own.map(|entry| (Some(Arc::clone(&entry.name)), Arc::clone(&entry.metrics))).collect()
        };
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        found.push((None, Arc::clone(&self.uncounted)));
        found
    }

    pub(crate) fn metrics(&self, topic: TopicNumber) -> Option<Arc<TopicMetrics>> {
        self.by_number.read().get(&topic).map(|entry| Arc::clone(&entry.metrics))
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

    /// Settings and figures, with one lookup.
    pub(crate) fn to_append(&self, topic: TopicNumber) -> Option<(Arc<TopicConfig>, Arc<TopicMetrics>)> {
        let by_number = self.by_number.read();
        by_number.get(&topic).map(|entry| (Arc::clone(&entry.config), Arc::clone(&entry.metrics)))
    }

    pub(crate) fn config(&self, topic: TopicNumber) -> Option<Arc<TopicConfig>> {
        self.by_number.read().get(&topic).map(|entry| Arc::clone(&entry.config))
    }
}
