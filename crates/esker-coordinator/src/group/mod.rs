//! One group. What is here is the classic protocol: a state machine without I/O and without a clock. A group whose members
//! speak the consumer protocol is in [`Group::consumer`], and has nothing of the classic one but its offsets.
//!
//! ```text
//!            first member          everyone joined, or time is up        leader's assignment is durable
//!    Empty ──────────────▶ Preparing ──────────────────────▶ Completing ──────────────────────▶ Stable
//!      ▲                   Rebalance ◀────────────────────── Rebalance                            │
//!      └───────────────────────┴──── no member is left            ▲──── join, leave, timeout ─────┘
//! ```
//!
//! Requests that wait (a join, a sync) are [`Token`]s; calls leave answers and records to be written in the [`Cx`].
//! Rules and their order are those of Kafka 4.3's classic groups, as clients depend on both.

mod join;
mod leave;
mod member;
mod rebalance;
mod statics;
mod stored;
mod sync;
mod timeouts;
mod views;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use esker_env::Monotonic;
use esker_kafka_wire::KString;

pub(crate) use self::{
    join::MAX_PROTOCOLS,
    member::{Member, copy_protocols, weight_of},
    statics::StaticSwap,
};
use crate::{
    consumer::ConsumerGroup,
    effects::{Cx, Now},
    error::GroupError,
    offsets::GroupOffsets,
    timers::Timers,
    types::{GroupState, JoinAnswer, MemberRef},
    usage::{GROUP, MEMBER},
};

/// The protocol type of consumers, whose metadata the coordinator can read.
pub(crate) const CONSUMER: &str = "consumer";

/// What a group waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A sign of life of a member, or the second join of one that has been given its id.
    Member(KString),
    /// The end of the join phase.
    Join,
    /// Everyone's sync.
    Sync,
}

/// The first rebalance of an empty group: it goes on while members keep coming.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InitialDelay {
    /// The wait that runs now.
    delay: Duration,
    /// What may be added to it.
    remaining: Duration,
    /// A member came during this wait.
    member_added: bool,
}

/// A group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: KString,
    pub(crate) state: GroupState,
    /// When it came to its state, milliseconds since the Unix epoch; not known for some groups that were loaded.
    pub(crate) state_since_ms: Option<i64>,
    pub(crate) generation: i32,
    /// `None` while the group has only ever held offsets.
    pub(crate) protocol_type: Option<KString>,
    pub(crate) protocol: Option<KString>,
    pub(crate) leader: Option<KString>,
    pub(crate) members: BTreeMap<KString, Member>,
    /// Member id by instance id.
    pub(crate) statics: BTreeMap<KString, KString>,
    /// Ids given out with [`GroupError::MemberIdRequired`] whose second join is awaited.
    pub(crate) pending_joins: BTreeSet<KString>,
    /// Members of this generation that have not asked for their assignment.
    pub(crate) pending_syncs: BTreeSet<KString>,
    /// Topics of all members; `None` when they are not consumers or cannot be understood.
    pub(crate) subscribed: Option<BTreeSet<KString>>,
    pub(crate) initial: Option<InitialDelay>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) offsets: GroupOffsets,
    /// Bytes of members and of ids given out, see [`Group::weigh_members`].
    pub(crate) members_weight: usize,
    /// Whether the log has a record of the group itself, which a deletion must cover.
    pub(crate) stored: bool,
    /// For a group of the consumer protocol, all but its offsets.
    pub(crate) consumer: Option<Box<ConsumerGroup>>,
}

impl Group {
    /// An empty group that nobody has joined.
    pub(crate) fn new(id: KString, now: Now) -> Self {
        Self {
            id,
            state: GroupState::Empty,
            state_since_ms: Some(now.wall_ms),
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            statics: BTreeMap::new(),
            pending_joins: BTreeSet::new(),
            pending_syncs: BTreeSet::new(),
            subscribed: None,
            initial: None,
            timers: Timers::default(),
            offsets: GroupOffsets::default(),
            members_weight: 0,
            stored: false,
            consumer: None,
        }
    }

    /// Bytes in memory, as last weighed.
    pub(crate) fn weight(&self) -> usize {
        let consumer = self.consumer.as_ref().map_or(0, |consumer| consumer.weight());
        GROUP + self.id.len() + self.members_weight + self.offsets.weight() + consumer
    }

    /// Weighs the members again; at the end of whatever changes them.
    pub(crate) fn weigh_members(&mut self) {
        let members = self.members.iter().map(|(id, member)| id.len() + member.weight());
        let pending = self.pending_joins.iter().map(|id| MEMBER + id.len());
        self.members_weight = members.sum::<usize>() + pending.sum::<usize>();
    }

    /// When the group next wants [`Group::expire`].
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        match &self.consumer {
            Some(consumer) => consumer.next_deadline(),
            None => self.timers.next(),
        }
    }

    /// Nobody is or wants to be in the group.
    pub(crate) fn is_vacant(&self) -> bool {
        let consumer = self.consumer.as_ref().is_none_or(|consumer| consumer.is_vacant());
        self.state == GroupState::Empty
            && self.members.is_empty()
            && self.pending_joins.is_empty()
            && consumer
    }

    /// Whether the group consumes the topic, as far as the coordinator can tell: of consumers whose topics it does
    /// not know, it believes so.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        if let Some(consumer) = &self.consumer {
            return consumer.is_subscribed(topic);
        }
        match &self.subscribed {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    pub(crate) fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_ref().is_some_and(|kind| *kind == CONSUMER)
    }

    fn transition(&mut self, to: GroupState, now: Now) {
        use GroupState::{CompletingRebalance, Dead, Empty, PreparingRebalance, Stable};
        let valid = match to {
            Empty => matches!(self.state, PreparingRebalance | Dead),
            PreparingRebalance => matches!(self.state, Stable | CompletingRebalance | Empty),
            CompletingRebalance => self.state == PreparingRebalance,
            Stable => self.state == CompletingRebalance,
            Dead => true,
        };
        assert!(valid, "a group does not go from {:?} to {to:?}", self.state);
        self.state = to;
        self.state_since_ms = Some(now.wall_ms);
    }

    /// The member exists, and an instance id, if given, is its own.
    pub(crate) fn check_member(
        &self,
        member_id: &KString,
        instance_id: Option<&KString>,
    ) -> Result<(), GroupError> {
        if let Some(instance_id) = instance_id {
            match self.statics.get(instance_id) {
                None => return Err(GroupError::UnknownMember),
                Some(current) if current != member_id => return Err(GroupError::FencedInstance),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(GroupError::UnknownMember) }
    }

    /// As [`Group::check_member`], and it knows the current generation.
    pub(crate) fn check_generation(&self, member: &MemberRef) -> Result<(), GroupError> {
        if self.state == GroupState::Dead {
            return Err(GroupError::Unavailable);
        }
        self.check_member(&member.member_id, member.instance_id.as_ref())?;
        if member.generation == self.generation { Ok(()) } else { Err(GroupError::IllegalGeneration) }
    }

    /// A sign of life.
    pub(crate) fn heartbeat(&mut self, cx: &mut Cx<'_>, member: &MemberRef) -> Result<(), GroupError> {
        if self.consumer.is_some() {
            return self.heartbeat_consumer(cx, member);
        }
        self.check_generation(member)?;
        match self.state {
            GroupState::Empty => Err(GroupError::UnknownMember),
            GroupState::PreparingRebalance => {
                self.touch(cx, &member.member_id);
                Err(GroupError::RebalanceInProgress)
            }
            _ => {
                self.touch(cx, &member.member_id);
                Ok(())
            }
        }
    }

    /// The member's session starts anew.
    pub(crate) fn touch(&mut self, cx: &Cx<'_>, member_id: &KString) {
        if let Some(member) = self.members.get(member_id) {
            let deadline = cx.now.monotonic + member.session_timeout;
            self.timers.set(Timer::Member(member_id.clone()), deadline);
        }
    }

    /// Whether a commit of offsets is allowed. `modern` says that the request is of a version for members of the
    /// consumer protocol.
    pub(crate) fn check_commit(&self, member: &MemberRef, modern: bool) -> Result<(), GroupError> {
        if self.state == GroupState::Dead {
            return Err(GroupError::Unavailable);
        }
        if let Some(consumer) = &self.consumer {
            return consumer.check_commit(member, modern);
        }
        if member.generation < 0 && self.state == GroupState::Empty {
            // A consumer outside of any membership, or an administrator.
            return Ok(());
        }
        if member.generation >= 0 || !member.member_id.is_empty() || member.instance_id.is_some() {
            self.check_generation(member)?;
        } else if self.state != GroupState::Empty {
            return Err(GroupError::UnknownMember);
        }
        // Its member id and generation are right, so it has just joined: it must sync before it commits.
        if self.state == GroupState::CompletingRebalance {
            return Err(GroupError::RebalanceInProgress);
        }
        Ok(())
    }

    /// A commit is a sign of life too.
    pub(crate) fn touch_by_commit(&mut self, cx: &Cx<'_>, member_id: &KString) {
        if matches!(self.state, GroupState::Stable | GroupState::PreparingRebalance) {
            self.touch(cx, member_id);
        }
    }

    /// How long the others wait for members to join or sync: the longest that any member asks for.
    fn rebalance_timeout(&self) -> Duration {
        self.members.values().map(|member| member.rebalance_timeout).max().unwrap_or_default()
    }

    pub(crate) fn awaiting_join(&self) -> usize {
        self.members.values().filter(|member| member.awaiting_join.is_some()).count()
    }

    fn everyone_joined(&self) -> bool {
        self.pending_joins.is_empty() && self.members.values().all(|member| member.awaiting_join.is_some())
    }

    /// Takes a member (or one whose join is pending) out. A request of its that waits is told to start over.
    fn remove(&mut self, cx: &mut Cx<'_>, member_id: &KString) {
        if let Some(member) = self.members.remove(member_id) {
            if let Some(instance_id) = &member.instance_id {
                self.statics.remove(instance_id);
            }
            if let Some(token) = member.awaiting_join {
                cx.answer_join(token, JoinAnswer::refused(GroupError::UnknownMember, KString::new()));
            }
            if let Some(token) = member.awaiting_sync {
                cx.answer_sync(token, Err(GroupError::UnknownMember));
            }
        }
        if self.leader.as_ref() == Some(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_joins.remove(member_id);
        self.pending_syncs.remove(member_id);
        self.timers.cancel(&Timer::Member(member_id.clone()));
    }
}

impl Group {
    /// Forgets the member ids that were given out: whoever was about to come back with one starts over.
    pub(crate) fn drop_pending(&mut self) {
        for member_id in std::mem::take(&mut self.pending_joins) {
            self.timers.cancel(&Timer::Member(member_id));
        }
        self.weigh_members();
    }

    /// The group is being deleted: until that has ended, nobody may do anything with it.
    pub(crate) fn kill(&mut self, now: Now) {
        assert!(self.is_vacant(), "only a group without members can be deleted");
        self.transition(GroupState::Dead, now);
    }

    /// The deletion failed.
    pub(crate) fn revive(&mut self, now: Now) {
        self.transition(GroupState::Empty, now);
    }
}
