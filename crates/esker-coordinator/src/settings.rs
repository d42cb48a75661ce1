//! Settings of group coordination: plain data, defaults as in Kafka 4.3.

use std::time::Duration;

use crate::share::ShareConfig;

/// What an operator may choose, and the bounds that keep memory finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// Partitions of `__consumer_offsets` when it is created (`offsets.topic.num.partitions`).
    pub offsets_partitions: u32,
    /// The shortest session timeout a member may ask for (`group.min.session.timeout.ms`).
    pub min_session_timeout: Duration,
    /// The longest session timeout a member may ask for (`group.max.session.timeout.ms`).
    pub max_session_timeout: Duration,
    /// How long the first rebalance of an empty group waits for more members
    /// (`group.initial.rebalance.delay.ms`).
    pub initial_rebalance_delay: Duration,
    /// The most members a group may have (`group.max.size`).
    pub max_members: usize,
    /// How long a member that has never had an answer may wait in a join (fixed in Kafka).
    pub new_member_join_timeout: Duration,
    /// The longest metadata string of a committed offset, UTF-8 bytes (`offset.metadata.max.bytes`).
    pub max_offset_metadata: usize,
    /// How long offsets outlive their group's last member (`offsets.retention.minutes`).
    pub offsets_retention: Duration,
    /// How often expired offsets are looked for (`offsets.retention.check.interval.ms`).
    pub retention_check_interval: Duration,
    /// The most bytes that one member may bring: protocol names and metadata, and what it calls itself.
    pub max_member_metadata: usize,
    /// The most bytes that the members of one group may have brought, with their assignments.
    pub max_group_members: usize,
    /// The most bytes of group state in memory, over all groups that this broker coordinates: beyond it there are no
    /// new groups, members and offsets, but those that exist go on.
    pub max_state: usize,
    /// The most bytes that a group's stored state (members, metadata, assignments) may take.
    pub max_group_record: usize,
    /// The most groups in one partition of `__consumer_offsets`.
    pub max_groups_per_partition: usize,
    /// The most offsets that one group may hold.
    pub max_offsets_per_group: usize,
    /// About how many bytes of records go into one batch.
    pub batch_bytes: usize,
    /// From how many bytes on a partition's log is compacted by its keys, and again when it is three times what was left.
    pub compact_bytes: usize,
    /// Groups of the consumer protocol.
    pub consumer: ConsumerConfig,
    /// Share groups.
    pub share: ShareConfig,
}

/// Settings of groups of the consumer protocol (KIP-848).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// Without a heartbeat for this long, a member is out (`group.consumer.session.timeout.ms`).
    pub session_timeout: Duration,
    /// The least that a single group may be given (`group.consumer.min.session.timeout.ms`).
    pub min_session_timeout: Duration,
    /// The most that a single group may be given (`group.consumer.max.session.timeout.ms`).
    pub max_session_timeout: Duration,
    /// How often members are told to send heartbeats (`group.consumer.heartbeat.interval.ms`).
    pub heartbeat_interval: Duration,
    /// The least that a single group may be given (`group.consumer.min.heartbeat.interval.ms`).
    pub min_heartbeat_interval: Duration,
    /// The most that a single group may be given (`group.consumer.max.heartbeat.interval.ms`).
    pub max_heartbeat_interval: Duration,
    /// The most members a group may have (`group.consumer.max.size`).
    pub max_members: usize,
    /// Which groups may become which while they have members (`group.consumer.migration.policy`).
    pub migration: MigrationPolicy,
}

/// Which groups become groups of the other protocol when their members do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MigrationPolicy {
    /// Both ways.
    #[default]
    Bidirectional,
    /// Classic ones may become groups of the consumer protocol.
    Upgrade,
    /// Groups of the consumer protocol may become classic ones.
    Downgrade,
    /// Only groups without members change.
    Disabled,
}

impl MigrationPolicy {
    /// The policy of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "bidirectional" => Some(Self::Bidirectional),
            "upgrade" => Some(Self::Upgrade),
            "downgrade" => Some(Self::Downgrade),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bidirectional => "bidirectional",
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Disabled => "disabled",
        }
    }

    pub(crate) const fn upgrades(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Upgrade)
    }

    pub(crate) const fn downgrades(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Downgrade)
    }
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            session_timeout: Duration::from_secs(45),
            min_session_timeout: Duration::from_secs(45),
            max_session_timeout: Duration::from_secs(60),
            heartbeat_interval: Duration::from_secs(5),
            min_heartbeat_interval: Duration::from_secs(5),
            max_heartbeat_interval: Duration::from_secs(15),
            max_members: i32::MAX as usize,
            migration: MigrationPolicy::default(),
        }
    }
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            offsets_partitions: 50,
            min_session_timeout: Duration::from_secs(6),
            max_session_timeout: Duration::from_secs(30 * 60),
            initial_rebalance_delay: Duration::from_secs(3),
            max_members: 5_000,
            new_member_join_timeout: Duration::from_secs(5 * 60),
            max_offset_metadata: 4096,
            offsets_retention: Duration::from_secs(7 * 24 * 60 * 60),
            retention_check_interval: Duration::from_secs(10 * 60),
            max_member_metadata: 4 << 20,
            max_group_members: 64 << 20,
            max_state: 512 << 20,
            max_group_record: 16 << 20,
            max_groups_per_partition: 50_000,
            max_offsets_per_group: 250_000,
            batch_bytes: 1 << 20,
            compact_bytes: 16 << 20,
            consumer: ConsumerConfig::default(),
            share: ShareConfig::default(),
        }
    }
}
