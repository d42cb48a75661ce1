//! Settings of group coordination: plain data, defaults as in Kafka 4.3.

use std::time::Duration;

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
        }
    }
}
