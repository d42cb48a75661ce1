//! One group of the consumer protocol (KIP-848): a state machine without I/O and without a clock.
//!
//! Members say what they subscribe to and what they have; the group says what each is to have. Three epochs order that:
//! the group's grows when somebody's wishes or the topics change, the target's follows once there is a new assignment,
//! and a member's follows once it has let go of what others are to have ([`reconcile`]).
//!
//! Requests are worked off in order, several at a time: what they change together is one write, and they are answered
//! when it is durable. Meanwhile those that come wait ([`Deferred`]), so that a refused write can be undone by going back
//! to the state before it. Members of the classic protocol may be among the others ([`classic`]), and a group of either
//! kind becomes one of the other when its members do ([`convert`]).

mod assign;
mod classic;
mod convert;
mod drive;
mod heartbeat;
mod member;
mod partitions;
mod reconcile;
mod state;
mod stored;
mod subscription;
mod views;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use esker_env::Monotonic;
use esker_kafka_wire::KString;

pub(crate) use self::{
    drive::{Deferred, InFlight},
    member::MemberState,
    partitions::{Owned, Partitions, contains},
    state::{Resolved, State},
};
use crate::{effects::Cx, group::Group, timers::Timers};

/// What a group waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A member's sign of life.
    Session(KString),
    /// A member's confirmation that it has let go of partitions.
    Revocation(KString),
    /// The join of a member of the classic protocol that was told to join again.
    Join(KString),
    /// The sync of a member of the classic protocol after its join.
    Sync(KString),
}

/// The group, beside its offsets.
#[derive(Clone, Debug)]
pub(crate) struct ConsumerGroup {
    /// As it is, once what is being written is durable.
    pub(crate) state: Arc<State>,
    pub(crate) timers: Timers<Timer>,
    /// Requests that wait for the write under way.
    deferred: VecDeque<Deferred>,
    /// A write is under way.
    busy: bool,
    /// The classic group that it was, until that it is none any more is being written.
    was: Option<Box<Group>>,
    /// The version of the cluster's topics that the state takes into account.
    seen: Option<i64>,
    /// Patterns are not looked at again before.
    next_refresh: Monotonic,
    /// The log has a record of it.
    pub(crate) stored: bool,
    /// Bytes in memory, as last weighed.
    weight: usize,
    /// While the log is read: members whose subscription has been.
    described: BTreeSet<KString>,
}

impl ConsumerGroup {
    pub(crate) fn new(state: State) -> Self {
        let mut group = Self {
            state: Arc::new(state),
            timers: Timers::default(),
            deferred: VecDeque::new(),
            busy: false,
            was: None,
            seen: None,
            next_refresh: Monotonic::default(),
            stored: false,
            weight: 0,
            described: BTreeSet::new(),
        };
        group.weigh();
        group
    }

    /// Bytes in memory, as last weighed.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Weighs the state again; at the end of whatever changes it.
    pub(crate) fn weigh(&mut self) {
        self.weight = self.state.weight();
    }

    /// Nobody is or wants to be in the group.
    pub(crate) fn is_vacant(&self) -> bool {
        self.state.members.is_empty() && !self.busy && self.deferred.is_empty()
    }

    /// When the group next wants to act on its deadlines. While it writes it could not.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.timers.next().filter(|_| !self.busy)
    }

    /// Whether a member consumes the topic.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        self.state.members.values().any(|member| member.topics.contains(topic))
            || self.state.regexes.values().any(|resolved| resolved.topics.contains(topic))
    }

    /// The member's session starts anew.
    fn touch(&mut self, cx: &Cx<'_>, group: &KString, id: &KString) {
        let Some(member) = self.state.member(id) else { return };
        let timeout = match &member.classic {
            Some(classic) => classic.session_timeout,
            None => session_timeout(cx, group),
        };
        self.timers.set(Timer::Session(id.clone()), cx.now.monotonic + timeout);
    }

    /// Nothing is expected of the member any more.
    fn forget(&mut self, id: &KString) {
        for timer in [Timer::Session, Timer::Revocation, Timer::Join, Timer::Sync] {
            self.timers.cancel(&timer(id.clone()));
        }
    }

    /// Members whose deadlines are not watched get whole ones: after a load, and when something was undone that had
    /// taken members out.
    pub(crate) fn wake(&mut self, cx: &Cx<'_>, group: &KString) {
        let members: Vec<KString> = self.state.members.keys().cloned().collect();
        for id in &members {
            if self.timers.get(&Timer::Session(id.clone())).is_none() {
                self.touch(cx, group, id);
            }
            if self.timers.get(&Timer::Revocation(id.clone())).is_none() {
                self.expect_revocation(cx, id);
            }
        }
    }

    /// A member that is to let go of something has to do so in time.
    fn expect_revocation(&mut self, cx: &Cx<'_>, id: &KString) {
        let Some(member) = self.state.member(id) else { return };
        let timer = Timer::Revocation(id.clone());
        if member.state == MemberState::Unrevoked && member.classic.is_none() {
            let deadline = cx.now.monotonic + member.rebalance_timeout;
            self.timers.set(timer, deadline);
        } else {
            self.timers.cancel(&timer);
        }
    }
}

/// Without a sign of life for this long, a member is out.
fn session_timeout(cx: &Cx<'_>, group: &KString) -> Duration {
    let consumer = &cx.config.consumer;
    let own = cx.facts().overrides(group).session_timeout;
    own.map_or(consumer.session_timeout, |own| {
        own.clamp(consumer.min_session_timeout, consumer.max_session_timeout)
    })
}

/// How often members are to send heartbeats.
fn heartbeat_interval(cx: &Cx<'_>, group: &KString) -> Duration {
    let consumer = &cx.config.consumer;
    let own = cx.facts().overrides(group).heartbeat_interval;
    own.map_or(consumer.heartbeat_interval, |own| {
        own.clamp(consumer.min_heartbeat_interval, consumer.max_heartbeat_interval)
    })
}

/// Whether there is an assignor of this name.
pub(crate) fn is_assignor(name: &str) -> bool {
    assign::Assignor::named(name).is_some()
}
