//! What a seed decides about transactions before the world begins.

use std::{collections::BTreeMap, time::Duration};

use esker_coordinator::{GroupConfig, ShareConfig, TransactionConfig};
use esker_env::Random;
use esker_meta::NewTopic;

use super::super::coordination::Coordinating;
use crate::scenario::{millis, pick};

/// The longest timeout of a transaction.
pub(super) const LONGEST: Duration = Duration::from_secs(6);

/// Clients of transactions.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct Settings {
    pub(super) source_partitions: u32,
    pub(super) output_partitions: u32,
    /// Transactional ids that write to the source.
    pub(super) producers: u64,
    pub(super) readers: u64,
    /// A producer writes to the source outside of any transaction.
    pub(super) plain: bool,
    /// What is committed in the source is copied to the output.
    pub(super) copiers: bool,
    /// Records have one of so many keys, or none, and priorities; 0 for neither.
    pub(in crate::cluster) keys: u64,
}

impl Settings {
    pub(in crate::cluster) fn draw(random: &dyn Random) -> Self {
        Self {
            source_partitions: 1 + random.below(3) as u32,
            output_partitions: 1 + random.below(2) as u32,
            producers: 1 + random.below(3),
            readers: 1 + random.below(2),
            plain: random.below(3) == 0,
            copiers: true,
            keys: 0,
        }
    }

    /// Those who write to the source for others who read there.
    pub(in crate::cluster) fn source_only(random: &dyn Random) -> Self {
        Self {
            source_partitions: 1 + random.below(2) as u32,
            output_partitions: 1,
            producers: 1 + random.below(2),
            readers: 0,
            plain: random.below(3) == 0,
            copiers: false,
            keys: 0,
        }
    }

    /// The topics: source, output.
    pub(in crate::cluster) fn topics(&self, random: &dyn Random) -> Vec<NewTopic> {
        let topics = [("source", self.source_partitions), ("output", self.output_partitions)];
        let topics = topics.map(|(name, partitions)| NewTopic {
            name: name.to_owned(),
            partitions,
            replication_factor: 3,
            configs: BTreeMap::from([(
                "esker.mode".to_owned(),
                pick(random, &["fsync", "throughput"]).to_owned(),
            )]),
        });
        topics.into()
    }
}

/// Coordinators with a few partitions each, which are not patient.
pub(in crate::cluster) fn coordinating(random: &dyn Random) -> Coordinating {
    let offsets_partitions = 1 + random.below(3) as u32;
    // Some compact all the time, some never. Nothing is drawn for it, so that seeds stay what they are.
    let compact_bytes = [1 << 10, 16 << 10, 16 << 20][offsets_partitions as usize - 1];
    Coordinating {
        groups: GroupConfig { offsets_partitions, compact_bytes, ..GroupConfig::default() },
        transactions: TransactionConfig {
            topic_partitions: 1 + random.below(3) as u32,
            max_timeout: LONGEST,
            abort_interval: millis(random, 100, 2_000),
            compact_bytes,
            ..TransactionConfig::default()
        },
        shares: ShareConfig::default(),
    }
}
