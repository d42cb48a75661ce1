//! What is set for groups.

use std::time::Duration;

/// What an operator may choose, for all groups or for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a record stays with a member that does not answer (`share.record.lock.duration.ms`).
    pub lock: Duration,
    /// How often a record is given out before it is given up (`share.delivery.count.limit`); at least 1.
    pub max_deliveries: u16,
    /// The most records that are with members, or given up and not buried (`share.partition.max.record.locks`).
    pub max_locks: u32,
    /// Records that are given up are kept until somebody says that they are buried ([`SharePartition::buried`]).
    pub dead_letters: bool,
    /// What of a record's own words counts.
    pub heeds: Heeds,
}

/// What counts of what records say of themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heeds {
    /// Not before a time, and not after one.
    pub times: bool,
    /// Higher ones of those that were looked at come first.
    pub priority: bool,
    /// One of each key at a time, in their order.
    pub order: bool,
}

impl Heeds {
    /// Records have to be looked at before it can be told which comes first.
    #[must_use]
    pub const fn picks(self) -> bool {
        self.priority || self.order
    }

    /// Records have to be looked at one by one.
    #[must_use]
    pub const fn any(self) -> bool {
        self.times || self.picks()
    }
}
