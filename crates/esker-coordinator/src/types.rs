//! What is asked of a group and what it answers: plain structures, no protocol's.

use std::time::Duration;

use bytes::Bytes;
use esker_core::{Epoch, Offset};
use esker_kafka_wire::KString;
use uuid::Uuid;

use crate::{error::GroupError, group::copy_protocols, offsets::CommittedOffset};

/// One way of assigning partitions that a member knows, with what it has to say to the assignor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// Its name.
    pub name: KString,
    /// Opaque bytes for the leader.
    pub metadata: Bytes,
}

/// A request to join.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// Empty for a member that has no id yet.
    pub member_id: KString,
    /// For a static member, its name among the group's members.
    pub instance_id: Option<KString>,
    /// What the client calls itself.
    pub client_id: KString,
    /// Where it comes from.
    pub client_host: KString,
    /// Without a sign of life for this long, the member is removed.
    pub session_timeout: Duration,
    /// How long others wait for this member to join again.
    pub rebalance_timeout: Duration,
    /// "consumer", "connect", ...; the same for all members.
    pub protocol_type: KString,
    /// In the member's order of preference.
    pub protocols: Vec<Protocol>,
    /// The client knows [`GroupError::MemberIdRequired`] (JoinGroup v4+).
    pub knows_member_id_required: bool,
    /// The client knows [`JoinAnswer::skip_assignment`] (JoinGroup v9+).
    pub knows_skip_assignment: bool,
}

/// A member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// Its id.
    pub member_id: KString,
    /// Its instance id, for a static member.
    pub instance_id: Option<KString>,
    /// What it says to the assignor of the chosen protocol.
    pub metadata: Bytes,
}

/// The end of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinAnswer {
    /// Why not, if not.
    pub error: Option<GroupError>,
    /// The member's id, from now on.
    pub member_id: KString,
    /// The generation; -1 with an error.
    pub generation: i32,
    /// The group's protocol type.
    pub protocol_type: Option<KString>,
    /// The chosen protocol.
    pub protocol: Option<KString>,
    /// The leader's member id.
    pub leader: KString,
    /// The leader need not assign: the assignment of before stays (KIP-814).
    pub skip_assignment: bool,
    /// For the leader, everyone; for the others, empty.
    pub members: Vec<JoinedMember>,
}

impl JoinRequest {
    /// The same in memory of its own: it outlives the request that it is a slice of.
    pub(crate) fn copied(&self) -> Self {
        Self {
            member_id: self.member_id.compact(),
            instance_id: self.instance_id.as_ref().map(KString::compact),
            client_id: self.client_id.compact(),
            client_host: self.client_host.compact(),
            protocol_type: self.protocol_type.compact(),
            protocols: copy_protocols(&self.protocols),
            ..self.clone()
        }
    }
}

impl JoinAnswer {
    pub(crate) fn refused(error: GroupError, member_id: KString) -> Self {
        Self {
            error: Some(error),
            member_id,
            generation: -1,
            protocol_type: None,
            protocol: None,
            leader: KString::new(),
            skip_assignment: false,
            members: Vec::new(),
        }
    }
}

/// How a member names itself in every request after its join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRef {
    /// Its id.
    pub member_id: KString,
    /// Its instance id, for a static member.
    pub instance_id: Option<KString>,
    /// The generation it knows.
    pub generation: i32,
}

/// A request for the member's assignment; from the leader, with everyone's.
#[derive(Clone, Debug)]
pub struct SyncRequest {
    /// Who asks.
    pub member: MemberRef,
    /// What the member takes the protocol type to be, if it says so.
    pub protocol_type: Option<KString>,
    /// What the member takes the protocol to be, if it says so.
    pub protocol: Option<KString>,
    /// From the leader: assignments by member id.
    pub assignments: Vec<(KString, Bytes)>,
}

/// The end of a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncAnswer {
    /// The group's protocol type.
    pub protocol_type: Option<KString>,
    /// The chosen protocol.
    pub protocol: Option<KString>,
    /// The member's assignment.
    pub assignment: Bytes,
}

/// A member that is to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    /// Its id; empty to remove whoever has the instance id.
    pub member_id: KString,
    /// Its instance id, for a static member.
    pub instance_id: Option<KString>,
}

/// An offset to be committed.
#[derive(Clone, Debug)]
pub struct OffsetToCommit {
    /// Topic name.
    pub topic: KString,
    /// Partition.
    pub partition: i32,
    /// The next record to read.
    pub offset: Offset,
    /// The leader epoch of the record before it.
    pub leader_epoch: Option<Epoch>,
    /// Whatever the client wants to keep with it.
    pub metadata: KString,
    /// The topic's id, nil when it is not known.
    pub topic_id: Uuid,
}

/// A request to commit offsets.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// Who commits. A generation of -1 and no member id: a consumer outside of any membership.
    pub member: MemberRef,
    /// How long the offsets are to be kept, for the versions of the request that say so.
    pub retention: Option<Duration>,
    /// The client knows [`GroupError::GroupNotFound`] here (OffsetCommit v9+).
    pub knows_group_not_found: bool,
    /// The offsets.
    pub offsets: Vec<OffsetToCommit>,
}

/// The offsets that a group has for some partitions: in the order asked, `None` where there is none.
pub type FetchedOffsets = Vec<Option<CommittedOffset>>;

/// A topic's committed offsets, by partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicOffsets {
    /// Topic name.
    pub topic: KString,
    /// By partition, ascending.
    pub partitions: Vec<(i32, CommittedOffset)>,
}

/// What a group is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupState {
    /// No members.
    Empty,
    /// Waiting for members to join.
    PreparingRebalance,
    /// Waiting for the leader's assignment.
    CompletingRebalance,
    /// Everyone has an assignment.
    Stable,
    /// Being deleted.
    Dead,
}

impl GroupState {
    /// The protocol's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
        }
    }
}

/// What a group of the consumer protocol is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsumerGroupState {
    /// No members.
    Empty,
    /// Members are to get a new assignment.
    Assigning,
    /// Members are on their way to their assignment.
    Reconciling,
    /// Everyone has what it is to have.
    Stable,
}

impl ConsumerGroupState {
    /// The protocol's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
        }
    }
}

/// What protocol a group's members speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// JoinGroup and SyncGroup.
    Classic,
    /// ConsumerGroupHeartbeat.
    Consumer,
    /// ShareGroupHeartbeat.
    Share,
}

impl GroupKind {
    /// The protocol's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
        }
    }
}

/// One line of a list of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSummary {
    /// The group.
    pub group: KString,
    /// Empty for offsets without members ever.
    pub protocol_type: KString,
    /// The protocol's word for what it is doing.
    pub state: &'static str,
    /// What its members speak.
    pub kind: GroupKind,
}

/// A group in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// What it is doing.
    pub state: GroupState,
    /// Empty for offsets without members ever.
    pub protocol_type: KString,
    /// The chosen protocol while stable, else empty.
    pub protocol: KString,
    /// Members, by id.
    pub members: Vec<MemberDescription>,
}

/// A member in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDescription {
    /// Its id.
    pub member_id: KString,
    /// Its instance id, for a static member.
    pub instance_id: Option<KString>,
    /// What the client calls itself.
    pub client_id: KString,
    /// Where it comes from.
    pub client_host: KString,
    /// What it said to the assignor, while the group is stable.
    pub metadata: Bytes,
    /// Its last assignment.
    pub assignment: Bytes,
}

/// Partitions of topics by their ids, ascending, each once.
pub type TopicPartitions = Vec<(Uuid, Vec<i32>)>;

/// A heartbeat of the consumer protocol (KIP-848). What is `None` is as it was said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerHeartbeat {
    /// The member, by the id that it has given itself.
    pub member_id: KString,
    /// Its epoch; 0 to join, -1 to leave, -2 for a static member that will come back.
    pub epoch: i32,
    /// For a static member, its name among the group's members.
    pub instance_id: Option<KString>,
    /// Where it is.
    pub rack: Option<KString>,
    /// How long it may take to let go of partitions.
    pub rebalance_timeout: Option<Duration>,
    /// The topics it wants, by name.
    pub topics: Option<Vec<KString>>,
    /// The topics it wants, by a pattern of RE2's syntax; empty for none.
    pub regex: Option<KString>,
    /// The assignor it would like.
    pub assignor: Option<KString>,
    /// What it has.
    pub owned: Option<TopicPartitions>,
    /// What the client calls itself.
    pub client_id: KString,
    /// Where it comes from.
    pub client_host: KString,
}

/// The answer to a heartbeat of the consumer protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatAnswer {
    /// The member.
    pub member_id: KString,
    /// Its epoch from now on.
    pub epoch: i32,
    /// When its next heartbeat is expected.
    pub interval: Duration,
    /// What it is to have; `None` when that is as it was.
    pub assignment: Option<TopicPartitions>,
}

/// A group of the consumer protocol in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerGroupDescription {
    /// What it is doing.
    pub state: ConsumerGroupState,
    /// Its epoch.
    pub epoch: i32,
    /// The epoch that its assignment is made for.
    pub assignment_epoch: i32,
    /// The assignor in force.
    pub assignor: KString,
    /// Members, by id.
    pub members: Vec<ConsumerMemberDescription>,
}

/// A member of a group of the consumer protocol in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerMemberDescription {
    /// Its id.
    pub member_id: KString,
    /// Its instance id, for a static member.
    pub instance_id: Option<KString>,
    /// Where it is.
    pub rack: Option<KString>,
    /// Its epoch.
    pub epoch: i32,
    /// What the client calls itself.
    pub client_id: KString,
    /// Where it comes from.
    pub client_host: KString,
    /// The topics it wants, by name.
    pub topics: Vec<KString>,
    /// The topics it wants, by a pattern.
    pub regex: Option<KString>,
    /// What it has and is to keep.
    pub assignment: TopicPartitions,
    /// What it is to have.
    pub target: TopicPartitions,
    /// It speaks the classic protocol.
    pub is_classic: bool,
}

/// A heartbeat of a member of a share group (KIP-932). What is `None` is as it was said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareHeartbeat {
    /// The member, by the id that it has given itself.
    pub member_id: KString,
    /// Its epoch; 0 to join, -1 to leave.
    pub epoch: i32,
    /// Where it is.
    pub rack: Option<KString>,
    /// The topics it wants, by name.
    pub topics: Option<Vec<KString>>,
    /// What the client calls itself.
    pub client_id: KString,
    /// Where it comes from.
    pub client_host: KString,
}

/// A share group in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareGroupDescription {
    /// The protocol's word for what it is doing.
    pub state: &'static str,
    /// Its epoch, for which its assignment is made.
    pub epoch: i32,
    /// The assignor.
    pub assignor: &'static str,
    /// Members, by id.
    pub members: Vec<ShareMemberDescription>,
}

/// A member of a share group in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareMemberDescription {
    /// Its id.
    pub member_id: KString,
    /// Where it is.
    pub rack: Option<KString>,
    /// Its epoch.
    pub epoch: i32,
    /// What the client calls itself.
    pub client_id: KString,
    /// Where it comes from.
    pub client_host: KString,
    /// The topics it wants, by name.
    pub topics: Vec<KString>,
    /// What it reads.
    pub assignment: TopicPartitions,
}
