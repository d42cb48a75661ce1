//! Who is to have which partitions: the assignors, pure functions of members, their subscriptions and what they were
//! to have before.

mod mixed;
mod range;
mod uniform;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_kafka_wire::KString;
use uuid::Uuid;

use super::partitions::Partitions;

/// An assignor by its name in the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assignor {
    /// Everybody gets about as many, and keeps what it had.
    #[default]
    Uniform,
    /// Of each topic everybody gets a range; partitions of the same number come together.
    Range,
}

impl Assignor {
    pub(crate) const ALL: [Self; 2] = [Self::Uniform, Self::Range];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|assignor| assignor.name() == name)
    }
}

/// A member as an assignor sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidate {
    pub(crate) id: KString,
    pub(crate) instance_id: Option<KString>,
    /// The topics it subscribes to that exist.
    pub(crate) topics: Arc<BTreeSet<Uuid>>,
    /// What it was to have before.
    pub(crate) before: Arc<Partitions>,
}

/// What there is to be assigned: topics with their number of partitions. Every topic of a candidate is there.
pub(crate) type Topics = BTreeMap<Uuid, u32>;

/// What each candidate is to have, in their order. Every partition of a topic that anyone subscribes to goes to one
/// candidate that does.
pub(crate) fn assign(assignor: Assignor, candidates: &[Candidate], topics: &Topics) -> Vec<Partitions> {
    if candidates.is_empty() {
        return Vec::new();
    }
    let alike = candidates.windows(2).all(|pair| pair[0].topics == pair[1].topics);
    match assignor {
        Assignor::Range => range::assign(candidates, topics),
        Assignor::Uniform if alike => uniform::assign(candidates, topics),
        Assignor::Uniform => mixed::assign(candidates, topics),
    }
}

/// The partitions of a topic. Their numbers fit, as topics have few.
fn partitions_of(topics: &Topics, topic: Uuid) -> std::ops::Range<i32> {
    0..topics.get(&topic).map_or(0, |count| count.cast_signed().max(0))
}
