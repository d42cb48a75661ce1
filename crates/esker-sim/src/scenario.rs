//! What a seed decides before its world begins.

use std::{collections::BTreeMap, time::Duration};

use esker_archive::{ArchiveConfig, CacheConfig, CacheKind, ReadAheadConfig, RequestConfig};
use esker_core::BrokerId;
use esker_env::Random;
use esker_log::LogConfig;
use esker_meta::NewTopic;
use esker_node::NodeConfig;
use esker_wal::StoreConfig;

/// A rule that the world breaks on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// Acknowledge before `fdatasync`.
    AckBeforeFsync,
    /// Trim frames once they are flushed, before the manifest's commit.
    TrimBeforeCommit,
    /// Write no producer snapshot into objects.
    NoProducerSnapshot,
    /// S3: answer a seal that is not durable.
    SealNotDurable,
    /// S3: take appends after a seal.
    AcceptAfterSeal,
    /// Limbo: deny frames after a power loss.
    LimboAuthoritative,
    /// No rule: a task of a broker panics, and nothing else is wrong. Not one of [`Mutation::all`].
    TaskPanics,
    /// A rule that the code asks about at the place where it stands.
    Rule(esker_env::Rule),
}

#[cfg(feature = "mutations")]
impl Mutation {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [
            Self::AckBeforeFsync,
            Self::TrimBeforeCommit,
            Self::NoProducerSnapshot,
            Self::SealNotDurable,
            Self::AcceptAfterSeal,
            Self::LimboAuthoritative,
        ];
        own.into_iter().chain(esker_env::Rule::ALL.map(Self::Rule))
    }
}

/// How to run worlds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Worlds of several brokers.
    pub cluster: bool,
    /// Of a cluster: its machines lose more than it can bear, and what was acknowledged must not be served as if it had
    /// never been.
    pub beyond: bool,
    /// Of a cluster: it coordinates groups and transactions, and has clients of both.
    pub transactions: bool,
    /// Of a cluster: it has members of share groups, and of groups of the consumer protocol.
    pub groups: bool,
    /// The rule to break; takes the crate's feature `mutations`.
    pub mutation: Option<Mutation>,
}

/// A world before it begins.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) config: NodeConfig,
    pub(crate) topics: Vec<NewTopic>,
    pub(crate) producers: u64,
    pub(crate) readers: u64,
    pub(crate) deletes: bool,
    /// Whether the machine may lose power; without, `received` topics appear.
    pub(crate) power_loss: bool,
    /// How long faults come and go.
    pub(crate) duration: Duration,
    /// Longest pause between two faults.
    pub(crate) calm: Duration,
    pub(crate) disk_bytes: u64,
    /// The disk at its best: the longest write or sync, and how one in how many is that slow.
    pub(crate) disk_latency: Option<(Duration, u64)>,
}

pub(crate) fn millis(random: &dyn Random, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + random.below(to - from + 1))
}

pub(crate) fn pick<T: Copy>(random: &dyn Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

impl Scenario {
    pub(crate) fn draw(random: &dyn Random, options: Options) -> Self {
        let power_loss = random.below(4) > 0;
        let file_size: u32 = pick(random, &[64 << 10, 64 << 10, 128 << 10, 256 << 10, 1 << 20]);
        let files = pick(random, &[4, 5, 8, 16, 32]);
        let max_bytes = u64::from(file_size) * files;
        let modes: &[&str] =
            if power_loss { &["fsync", "throughput"] } else { &["fsync", "throughput", "received"] };
        let topics = (0..1 + random.below(3))
            .map(|number| NewTopic {
                name: format!("topic-{number}"),
                partitions: 1 + random.below(3) as u32,
                replication_factor: 1,
                configs: BTreeMap::from([("esker.mode".to_owned(), pick(random, modes).to_owned())]),
            })
            .collect();
        Self {
            config: NodeConfig {
                broker: BrokerId(1),
                endpoints: Vec::new(),
                rack: None,
                shards: 1 + random.below(4) as u32,
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
                    orphan_interval: millis(random, 5_000, 60_000),
                    #[cfg(feature = "mutations")]
                    trim_before_commit: options.mutation == Some(Mutation::TrimBeforeCommit),
                    ..LogConfig::default()
                },
                session_ttl: millis(random, 3_000, 10_000),
                accept_lost_stores: false,
            },
            topics,
            producers: 1 + random.below(4),
            readers: 1 + random.below(3),
            deletes: random.below(2) == 0,
            power_loss,
            duration: millis(random, 20_000, 60_000),
            calm: pick(
                random,
                &[Duration::from_millis(300), Duration::from_secs(3), Duration::from_secs(10)],
            ),
            disk_bytes: max_bytes * 2 + (8 << 20),
            disk_latency: pick(
                random,
                &[0, 1, 5, 40].map(|longest| (longest > 0).then_some((Duration::from_millis(longest), 1))),
            ),
        }
    }
}

#[allow(unused_variables, reason = "without mutations no option matters here")]
pub(crate) fn store(random: &dyn Random, file_size: u32, max_bytes: u64, options: Options) -> StoreConfig {
    StoreConfig {
        max_bytes,
        file_size,
        spare_files: 1 + random.below(2) as usize,
        lazy_sync_after: millis(random, 50, 1_000),
        lazy_sync_bytes: pick(random, &[4 << 10, 64 << 10, 1 << 20]),
        #[cfg(feature = "mutations")]
        mutations: esker_wal::Mutations {
            ack_before_fsync: options.mutation == Some(Mutation::AckBeforeFsync),
            seal_not_durable: options.mutation == Some(Mutation::SealNotDurable),
            accept_after_seal: options.mutation == Some(Mutation::AcceptAfterSeal),
            limbo_authoritative: options.mutation == Some(Mutation::LimboAuthoritative),
        },
        ..StoreConfig::default()
    }
}

pub(crate) fn archive() -> ArchiveConfig {
    ArchiveConfig {
        requests: RequestConfig {
            attempt_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(8),
            backoff: Duration::from_millis(20),
            max_backoff: Duration::from_millis(500),
            concurrent_reads: 4,
        },
        cache: CacheConfig { kind: CacheKind::Memory, memory_bytes: 64 << 10, index_bytes: 16 << 10 },
        read_ahead: ReadAheadConfig { min_bytes: 4 << 10, max_bytes: 32 << 10, concurrent: 2, readers: 8 },
        commit_deadline: Duration::from_secs(5),
        garbage_grace: Duration::from_secs(20),
        max_commit_age: Duration::from_secs(10),
        ..ArchiveConfig::default()
    }
}
