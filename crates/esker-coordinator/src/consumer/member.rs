//! A member of a consumer group: what it said, and where it stands.

use std::{collections::BTreeSet, time::Duration};

use esker_kafka_wire::KString;

use super::partitions::{Owned, count};
use crate::{group::weight_of, types::Protocol, usage::MEMBER};

/// The epoch of a static member that has left and may come back.
pub(crate) const LEFT_FOR_NOW: i32 = -2;

/// How far a member is on its way to its target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MemberState {
    /// It has what it is to have at its epoch.
    #[default]
    Stable,
    /// It has not confirmed that it has let go of some partitions.
    Unrevoked,
    /// Others have not let go of some that it is to have.
    Unreleased,
    /// Of a later version of Kafka.
    Unknown,
}

impl MemberState {
    /// As it is stored.
    pub(crate) const fn code(self) -> i8 {
        match self {
            Self::Stable => 0,
            Self::Unrevoked => 1,
            Self::Unreleased => 2,
            Self::Unknown => 127,
        }
    }

    pub(crate) const fn of(code: i8) -> Self {
        match code {
            0 => Self::Stable,
            1 => Self::Unrevoked,
            2 => Self::Unreleased,
            _ => Self::Unknown,
        }
    }
}

/// What only members of the classic protocol have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicPart {
    pub(crate) session_timeout: Duration,
    pub(crate) protocols: Vec<Protocol>,
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Member {
    pub(crate) instance_id: Option<KString>,
    pub(crate) rack: Option<KString>,
    pub(crate) client_id: KString,
    pub(crate) client_host: KString,
    /// Topics by name.
    pub(crate) topics: BTreeSet<KString>,
    /// Topics by pattern; never an empty one.
    pub(crate) regex: Option<KString>,
    /// How long it may take to let go of partitions.
    pub(crate) rebalance_timeout: Duration,
    /// The assignor it would like.
    pub(crate) assignor: Option<KString>,
    /// For a member of the classic protocol.
    pub(crate) classic: Option<ClassicPart>,

    pub(crate) epoch: i32,
    pub(crate) previous_epoch: i32,
    pub(crate) state: MemberState,
    /// What it has and is to keep.
    pub(crate) assigned: Owned,
    /// What it is to let go of.
    pub(crate) revoking: Owned,
}

impl Member {
    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        let optional = |text: &Option<KString>| text.as_ref().map_or(0, |text| text.len());
        let names = self.client_id.len() + self.client_host.len();
        let topics: usize = self.topics.iter().map(|topic| size_of::<KString>() + topic.len()).sum();
        let classic = self.classic.as_ref().map_or(0, |classic| weight_of(&classic.protocols));
        MEMBER
            + names
            + topics
            + classic
            + optional(&self.instance_id)
            + optional(&self.rack)
            + optional(&self.regex)
            + optional(&self.assignor)
            // With its target, and its place among the owners.
            + 64 * (count(&self.assigned) + count(&self.revoking))
    }

    /// Whether it has what it is to have at this epoch.
    pub(crate) fn is_reconciled_to(&self, epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == epoch
    }

    /// Goes to an epoch; the one before is still accepted from a member that has not heard of it.
    pub(crate) fn go_to(&mut self, epoch: i32) {
        self.previous_epoch = self.epoch;
        self.epoch = epoch;
    }

    /// Whether what is stored of its subscription differs, apart from where it stands.
    pub(crate) fn differs_in_metadata(&self, other: &Self) -> bool {
        self.instance_id != other.instance_id
            || self.rack != other.rack
            || self.client_id != other.client_id
            || self.client_host != other.client_host
            || self.topics != other.topics
            || self.regex != other.regex
            || self.rebalance_timeout != other.rebalance_timeout
            || self.assignor != other.assignor
            || self.classic != other.classic
    }

    /// Whether where it stands differs.
    pub(crate) fn differs_in_position(&self, other: &Self) -> bool {
        self.epoch != other.epoch
            || self.previous_epoch != other.previous_epoch
            || self.state != other.state
            || self.assigned != other.assigned
            || self.revoking != other.revoking
    }
}
