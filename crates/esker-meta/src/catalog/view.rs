//! The catalog's maps.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::{FastMap, TopicId, TopicNumber};

use super::Topic;
use crate::Revision;

#[derive(Debug)]
pub(super) struct View {
    revision: Revision,
    /// Every topic whose number is not larger is in here, or was deleted.
    known: u32,
    names: BTreeMap<String, Arc<Topic>>,
    ids: BTreeMap<TopicId, Arc<Topic>>,
    numbers: FastMap<TopicNumber, Arc<Topic>>,
}

impl View {
    /// `counted` topics have ever been created.
    pub(super) fn new(revision: Revision, counted: u64, topics: Vec<Topic>) -> Self {
        let mut view = Self {
            revision,
            known: u32::try_from(counted).unwrap_or(u32::MAX),
            names: BTreeMap::new(),
            ids: BTreeMap::new(),
            numbers: FastMap::default(),
        };
        for topic in topics {
            view.put(topic);
        }
        view
    }

    pub(super) const fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) fn by_name(&self, name: &str) -> Option<Arc<Topic>> {
        self.names.get(name).cloned()
    }

    pub(super) fn by_id(&self, id: TopicId) -> Option<Arc<Topic>> {
        self.ids.get(&id).cloned()
    }

    pub(super) fn by_number(&self, number: TopicNumber) -> Option<Arc<Topic>> {
        self.numbers.get(&number).cloned()
    }

    pub(super) fn is_dropped(&self, number: TopicNumber) -> bool {
        number.0 <= self.known && !self.numbers.contains_key(&number)
    }

    pub(super) fn all(&self) -> Vec<Arc<Topic>> {
        self.names.values().cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn put(&mut self, topic: Topic) {
        // A name can come back as another topic between two batches.
        self.delete(&topic.record.name);
        // Numbers are given out in the order of revisions, so no smaller one can appear after this.
        self.known = self.known.max(topic.record.number.0);
        let topic = Arc::new(topic);
        self.ids.insert(topic.record.id, Arc::clone(&topic));
        self.numbers.insert(topic.record.number, Arc::clone(&topic));
        self.names.insert(topic.record.name.clone(), topic);
    }

    pub(super) fn delete(&mut self, name: &str) {
        if let Some(topic) = self.names.remove(name) {
            self.ids.remove(&topic.record.id);
            self.numbers.remove(&topic.record.number);
        }
    }

    pub(super) fn advance(&mut self, revision: Revision) {
        assert!(revision > self.revision, "a watch goes forward");
        self.revision = revision;
    }
}
