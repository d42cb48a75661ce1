//! What is stored of a share group. A state that has to come back when the log refuses its successor stays as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_kafka_wire::KString;

use crate::{consumer::Partitions, usage::MEMBER};

/// The state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// Grows with every change that asks for another assignment.
    pub(crate) epoch: i32,
    /// Of the topics subscribed to, as they were at that epoch.
    pub(crate) hash: i64,
    pub(crate) members: BTreeMap<KString, Arc<Member>>,
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Member {
    pub(crate) rack: Option<KString>,
    pub(crate) client_id: KString,
    pub(crate) client_host: KString,
    /// The topics it wants, by name.
    pub(crate) topics: BTreeSet<KString>,
    pub(crate) epoch: i32,
    pub(crate) previous_epoch: i32,
    /// What it reads.
    pub(crate) assigned: Arc<Partitions>,
}

impl State {
    /// Another assignment is asked for.
    pub(crate) fn grow(&mut self) {
        self.epoch = self.epoch.saturating_add(1);
    }

    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        self.members.iter().map(|(id, member)| 3 * id.len() + member.weight()).sum()
    }
}

impl Member {
    /// Bytes in memory. What it reads is less than what there is to read, of which others have their part.
    pub(crate) fn weight(&self) -> usize {
        let topics: usize = self.topics.iter().map(|topic| size_of::<KString>() + topic.len()).sum();
        let assigned: usize = self.assigned.values().map(|partitions| 64 + 8 * partitions.len()).sum();
        let rack = self.rack.as_ref().map_or(0, |rack| rack.len());
        MEMBER + self.client_id.len() + self.client_host.len() + rack + topics + assigned
    }

    /// Whether what it has said is something else.
    pub(crate) fn differs_in_metadata(&self, other: &Self) -> bool {
        (&self.rack, &self.client_id, &self.client_host, &self.topics)
            != (&other.rack, &other.client_id, &other.client_host, &other.topics)
    }

    /// Whether it stands elsewhere.
    pub(crate) fn differs_in_position(&self, other: &Self) -> bool {
        (self.epoch, self.previous_epoch, &self.assigned)
            != (other.epoch, other.previous_epoch, &other.assigned)
    }
}
