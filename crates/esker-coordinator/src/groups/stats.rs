//! Figures of the groups that this broker coordinates.

use esker_core::Offset;
use esker_kafka_wire::KString;

use super::Groups;

/// How many groups there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupStats {
    /// Groups of the classic protocol, those that only hold offsets included.
    pub classic: usize,
    /// Groups of the consumer protocol.
    pub consumer: usize,
    /// Share groups.
    pub share: usize,
    /// Members of all of them.
    pub members: usize,
    /// Bytes of their state.
    pub used: usize,
    /// Bytes that it may have.
    pub limit: usize,
}

impl Groups {
    /// How many groups there are. Walks all of them.
    #[must_use]
    pub fn stats(&self) -> GroupStats {
        let mut stats =
            GroupStats { used: self.0.used(), limit: self.0.config.max_state, ..GroupStats::default() };
        self.0.each(|shard| {
            for group in shard.groups.values() {
                match &group.consumer {
                    Some(consumer) => {
                        stats.consumer += 1;
                        stats.members += consumer.state.members.len();
                    }
                    None => {
                        stats.classic += 1;
                        stats.members += group.members.len();
                    }
                }
            }
            for group in shard.shares.groups.values() {
                stats.share += 1;
                stats.members += group.state.members.len();
            }
        });
        stats
    }

    /// Looks at every offset that is committed: group, topic, partition. Those of one topic of a group follow one another.
    pub fn each_commit(&self, mut look: impl FnMut(&KString, &KString, i32, Offset)) {
        self.0.each(|shard| {
            for (id, group) in &shard.groups {
                for (topic, partition, commit) in group.offsets.iter() {
                    look(id, topic, partition, commit.offset);
                }
            }
        });
    }
}
