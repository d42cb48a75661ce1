//! Settings of transactions: plain data, defaults as in Kafka 4.3.

use std::time::Duration;

/// What an operator may choose, and the bounds that keep memory finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionConfig {
    /// Partitions of `__transaction_state` when it is created (`transaction.state.log.num.partitions`).
    pub topic_partitions: u32,
    /// The longest timeout that a producer may ask for (`transaction.max.timeout.ms`).
    pub max_timeout: Duration,
    /// An id that nobody uses for this long is forgotten (`transactional.id.expiration.ms`).
    pub id_expiration: Duration,
    /// How often unused ids are looked for (`transaction.remove.expired.transaction.cleanup.interval.ms`).
    pub expiration_interval: Duration,
    /// After one timeout, how long until the next transaction is aborted for its age
    /// (`transaction.abort.timed.out.transaction.cleanup.interval.ms`).
    pub abort_interval: Duration,
    /// The most ids in one partition of `__transaction_state`.
    pub max_ids_per_partition: usize,
    /// The most partitions in one transaction.
    pub max_partitions: usize,
    /// The most bytes of state in memory, over all ids that this broker coordinates: beyond it there are no new ids and
    /// partitions.
    pub max_state: usize,
    /// About how many bytes of records go into one batch.
    pub batch_bytes: usize,
    /// From how many bytes on a partition's log is compacted by its keys, and again when it is three times what was left.
    pub compact_bytes: usize,
}

impl Default for TransactionConfig {
    fn default() -> Self {
        Self {
            topic_partitions: 50,
            max_timeout: Duration::from_secs(15 * 60),
            id_expiration: Duration::from_secs(7 * 24 * 60 * 60),
            expiration_interval: Duration::from_secs(60 * 60),
            abort_interval: Duration::from_secs(10),
            max_ids_per_partition: 100_000,
            max_partitions: 20_000,
            max_state: 512 << 20,
            batch_bytes: 1 << 20,
            compact_bytes: 16 << 20,
        }
    }
}
