//! What a seed decides before the world of a cluster begins.

use std::time::Duration;

use esker_control::{ControllerConfig, Replication};
use esker_core::BrokerId;
use esker_env::Random;
use esker_log::LogConfig;
use esker_meta::{HistoryLimit, NewTopic};
use esker_node::NodeConfig;

use super::{
    coordination::Coordinating,
    groups,
    transactions::{Settings, coordinating},
};
#[cfg(feature = "mutations")]
use crate::scenario::Mutation;
use crate::scenario::{Options, archive, millis, pick, store};

/// When appends of a topic are acknowledged.
pub(super) const MODE: &str = "esker.mode";
/// The copies that `acks=all` waits for.
pub(super) const MIN_INSYNC: &str = "min.insync.replicas";

/// A cluster's world before it begins.
#[derive(Clone, Debug)]
pub(super) struct ClusterScenario {
    pub(super) config: NodeConfig,
    pub(super) replication: Replication,
    pub(super) controller: ControllerConfig,
    pub(super) history_limit: HistoryLimit,
    /// Brokers at the beginning, `1..=brokers`.
    pub(super) brokers: i32,
    /// Brokers that may come later.
    pub(super) spares: i32,
    pub(super) topics: Vec<NewTopic>,
    pub(super) producers: u64,
    pub(super) readers: u64,
    pub(super) deletes: bool,
    /// Whether there are topics whose acknowledgements promise no more than the page cache of W machines. Then no
    /// machine loses power and no disk fails.
    pub(super) received: bool,
    /// How long faults come.
    pub(super) duration: Duration,
    /// Longest pause between two faults.
    pub(super) calm: Duration,
    /// The longest delay between two machines at the best of times.
    pub(super) delay: Duration,
    pub(super) disk_bytes: u64,
    /// The disks at their best: the longest write or sync, and how one in how many is that slow.
    pub(super) disk_latency: Option<(Duration, u64)>,
    /// Brokers coordinate groups and transactions, and there are clients of these.
    pub(super) transactions: Option<(Coordinating, Settings)>,
    /// There are members of groups, who read what transactions write.
    pub(super) groups: Option<groups::Settings>,
}

impl ClusterScenario {
    /// `aside` is for what was added later: nothing else changes by it.
    pub(super) fn draw(random: &dyn Random, aside: &dyn Random, options: Options) -> Self {
        let received = random.below(4) == 0;
        let file_size: u32 = pick(random, &[64 << 10, 128 << 10, 256 << 10]);
        let files = pick(random, &[8, 16, 32]);
        let max_bytes = u64::from(file_size) * files;
        let modes: &[&str] =
            if received { &["fsync", "throughput", "received"] } else { &["fsync", "throughput"] };
        let topics = (0..1 + random.below(2))
            .map(|number| {
                let mode = pick(random, modes);
                let copies = pick(random, &["1", "2", "3"]);
                let configs = [(MODE, mode), (MIN_INSYNC, copies)];
                NewTopic {
                    name: format!("topic-{number}"),
                    partitions: 1 + random.below(3) as u32,
                    replication_factor: 3,
                    configs: configs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                }
            })
            .collect();
        let history = pick(random, &[8, 64, 16_384]);
        let mut scenario = Self {
            config: NodeConfig {
                broker: BrokerId(0),
                endpoints: Vec::new(),
                rack: None,
                shards: 1 + random.below(5) as u32,
                object_prefix: String::new(),
                store: store(random, file_size, max_bytes, options),
                archive: archive(),
                log: LogConfig {
                    tail_bytes: pick(random, &[512, 4 << 10, 64 << 10]),
                    flush_bytes: pick(random, &[4 << 10, 16 << 10, 64 << 10]),
                    flush_age: millis(random, 500, 5_000),
                    flush_batches: pick(random, &[20, 200, 16 << 10]),
                    trim_delay: millis(random, 0, 2_000),
                    tick: millis(random, 20, 300),
                    retention_interval: millis(random, 2_000, 20_000),
                    #[cfg(feature = "mutations")]
                    trim_before_commit: options.mutation == Some(Mutation::TrimBeforeCommit),
                    ..LogConfig::default()
                },
                session_ttl: millis(random, 2_000, 4_000),
                accept_lost_stores: false,
            },
            replication: Replication { factor: 3, write_quorum: 2 },
            controller: ControllerConfig {
                settle: millis(random, 200, 1_000),
                tidy_interval: millis(random, 1_000, 10_000),
                ..ControllerConfig::default()
            },
            history_limit: HistoryLimit { events: history, ..HistoryLimit::default() },
            brokers: if options.beyond { 3 } else { pick(random, &[3, 3, 3, 3, 4, 5, 6]) },
            spares: if options.beyond { 0 } else { random.below(2) as i32 },
            topics,
            producers: 1 + random.below(3),
            readers: 1 + random.below(2),
            deletes: random.below(3) == 0,
            received,
            duration: millis(random, 6_000, 20_000),
            calm: pick(random, &[Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)]),
            delay: pick(random, &[1, 1, 5, 20].map(Duration::from_millis)),
            disk_bytes: max_bytes * 2 + (8 << 20),
            disk_latency: pick(
                random,
                &[0, 1, 5, 20].map(|longest| (longest > 0).then_some((Duration::from_millis(longest), 1))),
            ),
            transactions: None,
            groups: None,
        };
        if options.groups {
            let coordinating = groups::coordinating(random);
            let groups = groups::Settings::draw(random, aside, &coordinating);
            let mut source = Settings::source_only(random);
            source.keys = groups.keys();
            (scenario.groups, scenario.transactions) = (Some(groups), Some((coordinating, source)));
            (scenario.producers, scenario.readers, scenario.deletes) = (0, 0, false);
        } else if options.transactions {
            scenario.transactions = Some((coordinating(random), Settings::draw(random)));
            (scenario.producers, scenario.readers, scenario.deletes) = (random.below(2), 1, false);
        }
        scenario
    }
}
