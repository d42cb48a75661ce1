//! Figures of the share partitions that this broker leads.

use std::collections::BTreeMap;

use esker_kafka_wire::KString;
use esker_share::Depth;
use uuid::Uuid;

use super::ShareStates;

/// What share partitions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShareStats {
    /// Records between a group's start and what it has looked at, by group and topic.
    pub records: BTreeMap<(KString, Uuid), Depth>,
    /// Those of all pairs beyond the bound.
    pub other: Depth,
    /// Records that were copied to a topic of dead letters.
    pub dead_letters: u64,
    /// Bytes of state.
    pub used: usize,
    /// Bytes that it may have.
    pub limit: usize,
}

impl ShareStates {
    /// What share partitions hold, for at most `pairs` of a group and a topic. Walks all of them.
    #[must_use]
    pub fn stats(&self, pairs: usize) -> ShareStats {
        let mut stats = ShareStats {
            dead_letters: self.0.outside.undertaker.buried(),
            used: self.0.used(),
            limit: self.0.config.max_state,
            ..ShareStats::default()
        };
        self.0.each(|shard| {
            for (key, entry) in &shard.partitions {
                let pair = (key.group.clone(), key.topic);
                let is_full = stats.records.len() >= pairs && !stats.records.contains_key(&pair);
                let sum = if is_full { &mut stats.other } else { stats.records.entry(pair).or_default() };
                let depth = entry.share.depth();
                sum.available += depth.available;
                sum.acquired += depth.acquired;
                sum.deferred += depth.deferred;
                sum.dying += depth.dying;
            }
        });
        stats
    }
}
