//! What a seed decides about groups before the world begins.

use std::{collections::BTreeMap, time::Duration};

use esker_coordinator::{ConsumerConfig, GroupConfig, HEEDS_ORDER, HEEDS_PRIORITY, ShareConfig};
use esker_core::PartitionId;
use esker_env::Random;
use esker_kafka_wire::KString;
use esker_meta::{Meta, NewTopic};
use esker_share::Heeds;

use super::super::{coordination::Coordinating, transactions};
use crate::scenario::{millis, pick};

/// Where dead letters go.
pub(super) const LETTERS: &str = "dlq.letters";

/// What members of groups of the consumer protocol read.
const READ: [&str; 2] = ["read.one", "read.two"];

/// How often members are to send heartbeats.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// A share group.
#[derive(Clone, Debug)]
pub(super) struct ShareGroup {
    pub(super) name: KString,
    /// Members at a time.
    pub(super) workers: u64,
    /// `share.record.lock.duration.ms`.
    pub(super) lock: Duration,
    /// `share.delivery.count.limit`.
    pub(super) limit: u16,
    /// `share.partition.max.record.locks`.
    pub(super) max_locks: u32,
    /// `share.isolation.level` is `read_committed`.
    pub(super) committed: bool,
    /// What is given up goes to [`LETTERS`].
    pub(super) letters: bool,
    /// With what it said.
    pub(super) copies: bool,
    /// What counts of what records say.
    pub(super) heeds: Heeds,
}

/// A group of the consumer protocol.
#[derive(Clone, Debug)]
pub(super) struct ReaderGroup {
    pub(super) name: KString,
    /// Members at a time.
    pub(super) members: u64,
    /// How many of them are static.
    pub(super) statics: u64,
    pub(super) assignor: &'static str,
    /// The topics that they subscribe to.
    pub(super) topics: Vec<KString>,
    /// Or the pattern of their names.
    pub(super) regex: Option<KString>,
    /// Without a heartbeat for this long, a member is out.
    pub(super) session: Duration,
    /// How long it may take to let go of partitions.
    pub(super) rebalance: Duration,
}

/// Groups and their members.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct Settings {
    pub(super) shares: Vec<ShareGroup>,
    pub(super) readers: Vec<ReaderGroup>,
    /// Partitions of [`READ`].
    read: [u32; 2],
    letter_partitions: u32,
    /// How many keys records have, where a group looks at them.
    keys: u64,
}

impl Settings {
    pub(in crate::cluster) fn draw(
        random: &dyn Random,
        aside: &dyn Random,
        coordinating: &Coordinating,
    ) -> Self {
        let shares = (0..1 + random.below(2)).map(|number| ShareGroup {
            name: format!("workers-{number}").into(),
            workers: 1 + random.below(3),
            lock: millis(random, 800, 4_000),
            limit: 2 + random.below(3) as u16,
            max_locks: pick(random, &[20, 100, 2_000]),
            committed: random.below(3) > 0,
            letters: random.below(2) == 0,
            copies: random.below(2) == 0,
            heeds: Heeds { times: false, order: aside.below(3) == 0, priority: aside.below(4) == 0 },
        });
        let shares = shares.collect();
        let letter_partitions = 1 + random.below(2) as u32;
        let session = coordinating.groups.consumer.session_timeout;
        let readers = (0..1 + random.below(2)).map(|number| {
            let members = 1 + random.below(3);
            ReaderGroup {
                name: format!("readers-{number}").into(),
                members,
                statics: random.below(members + 1),
                assignor: pick(random, &["uniform", "range"]),
                topics: READ.map(KString::from_static).into(),
                regex: (random.below(2) == 0).then(|| KString::from_static("read\\..*")),
                session,
                rebalance: millis(random, 1_500, 6_000),
            }
        });
        Self {
            keys: 1 + aside.below(8),
            shares,
            letter_partitions,
            readers: readers.collect(),
            read: [1 + random.below(4) as u32, 1 + random.below(2) as u32],
        }
    }

    /// How many keys there are to be in what share groups read; 0 for none.
    pub(in crate::cluster) fn keys(&self) -> u64 {
        if self.shares.iter().any(|group| group.heeds.any()) { self.keys } else { 0 }
    }

    /// The topic of dead letters, and those of readers.
    pub(in crate::cluster) fn topics(&self) -> Vec<NewTopic> {
        let configs = BTreeMap::from([("errors.deadletterqueue.group.enable".to_owned(), "true".to_owned())]);
        let topic = |name: &str, partitions, configs| NewTopic {
            name: name.to_owned(),
            partitions,
            replication_factor: 3,
            configs,
        };
        let [first, second] = self.read;
        vec![
            topic(LETTERS, self.letter_partitions, configs),
            topic(READ[0], first, BTreeMap::new()),
            topic(READ[1], second, BTreeMap::new()),
        ]
    }

    /// Splits the partitions of these topics: those of dead letters, those of readers.
    pub(super) fn split<'a>(&self, partitions: &'a [PartitionId]) -> (&'a [PartitionId], &'a [PartitionId]) {
        partitions.split_at(self.letter_partitions as usize)
    }

    /// Sets what an operator sets for single groups.
    pub(in crate::cluster) async fn configure(&self, meta: &Meta) {
        for group in &self.shares {
            let set = meta.set_group_configs(&group.name, None, &group.configs()).await;
            set.expect("nothing fails before the world begins").expect("it has none");
        }
    }
}

impl ShareGroup {
    fn configs(&self) -> BTreeMap<String, String> {
        let isolation = if self.committed { "read_committed" } else { "read_uncommitted" };
        let mut configs = vec![
            ("share.auto.offset.reset", "earliest".to_owned()),
            ("share.record.lock.duration.ms", self.lock.as_millis().to_string()),
            ("share.delivery.count.limit", self.limit.to_string()),
            ("share.partition.max.record.locks", self.max_locks.to_string()),
            ("share.isolation.level", isolation.to_owned()),
        ];
        for (name, heeded) in [(HEEDS_ORDER, self.heeds.order), (HEEDS_PRIORITY, self.heeds.priority)] {
            if heeded {
                configs.push((name, "true".to_owned()));
            }
        }
        if self.letters {
            configs.push(("errors.deadletterqueue.topic.name", LETTERS.to_owned()));
            configs.push(("errors.deadletterqueue.copy.record.enable", self.copies.to_string()));
        }
        configs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Coordinators that are not patient, and cut their logs often.
pub(in crate::cluster) fn coordinating(random: &dyn Random) -> Coordinating {
    let base = transactions::coordinating(random);
    let session_timeout = millis(random, 2_000, 5_000);
    let shares = ShareConfig {
        min_lock: Duration::ZERO,
        min_lock_limit: 1,
        session_timeout,
        heartbeat_interval: INTERVAL,
        checkpoint_records: pick(random, &[10, 100, 10_000]),
        ..ShareConfig::default()
    };
    let consumer =
        ConsumerConfig { session_timeout, heartbeat_interval: INTERVAL, ..ConsumerConfig::default() };
    let groups = GroupConfig { consumer, share: shares.clone(), ..base.groups };
    Coordinating { groups, shares, ..base }
}
