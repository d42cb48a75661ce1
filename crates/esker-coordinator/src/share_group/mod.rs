//! Share groups (KIP-932): who is in one, and which partitions each member reads. A state machine without I/O and without
//! a clock.
//!
//! Several members may read one partition, so nobody has to let go of anything before another gets it: a member has what
//! it is to have with its next heartbeat. What becomes of records is kept elsewhere ([`crate::share`]), and by others:
//! the leaders of partitions.

mod assign;
mod heartbeat;
mod state;
mod stored;
mod views;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use esker_env::Monotonic;
use esker_kafka_wire::KString;

pub(crate) use self::state::{Member, State};
use crate::{
    effects::{Answer, Cx, Then, Token, Write},
    error::GroupError,
    timers::Timers,
    types::{HeartbeatAnswer, ShareHeartbeat},
    usage::GROUP,
};

/// The most requests in one write.
const TOGETHER: usize = 64;

/// A share group.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShareGroup {
    /// As it is, once what is being written is durable.
    pub(crate) state: Arc<State>,
    /// What each member is to have, as of the state's epoch.
    targets: assign::Targets,
    /// The version of the cluster's topics that the targets take into account.
    seen: Option<i64>,
    /// Members' sessions.
    timers: Timers<KString>,
    /// Requests that wait for the write under way.
    deferred: VecDeque<Deferred>,
    /// A write is under way.
    busy: bool,
    /// The log has a record of it.
    pub(crate) stored: bool,
    /// It is being deleted.
    pub(crate) ending: bool,
    /// Bytes in memory, as last weighed.
    weight: usize,
}

/// A request that waits for its turn.
#[derive(Clone, Debug)]
enum Deferred {
    Heartbeat(Box<ShareHeartbeat>, Token),
    /// Members whose time is up.
    Expired(Vec<KString>),
}

/// What hangs on a write.
#[derive(Clone, Debug)]
pub(crate) struct InFlight {
    /// What the group goes back to when it is refused.
    before: Arc<State>,
    replies: Vec<(Token, Result<HeartbeatAnswer, GroupError>)>,
}

impl ShareGroup {
    /// Bytes in memory, as last weighed.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Nobody is or wants to be in the group.
    pub(crate) fn is_vacant(&self) -> bool {
        self.state.members.is_empty() && !self.busy && self.deferred.is_empty()
    }

    /// When the group next wants to act on its deadlines. While it writes it could not.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.timers.next().filter(|_| !self.busy)
    }

    /// A heartbeat.
    pub(crate) fn heartbeat(&mut self, cx: &mut Cx<'_>, id: &KString, request: ShareHeartbeat, token: Token) {
        if self.ending {
            cx.answers.push((token, Answer::Heartbeat(Err(GroupError::Unavailable))));
            return;
        }
        self.deferred.push_back(Deferred::Heartbeat(Box::new(request), token));
        self.drive(cx, id);
    }

    /// Acts on every deadline that has passed.
    pub(crate) fn expire(&mut self, cx: &mut Cx<'_>, id: &KString) {
        if self.busy {
            return;
        }
        let mut gone = Vec::new();
        while let Some(member) = self.timers.pop_due(cx.now.monotonic) {
            if self.state.members.contains_key(&member) {
                tracing::info!(group = %id, %member, "a member of a share group is removed: its session has expired");
                gone.push(member);
            }
        }
        if !gone.is_empty() {
            self.deferred.push_back(Deferred::Expired(gone));
            self.drive(cx, id);
        }
    }

    /// After a load: members get whole sessions.
    pub(crate) fn wake(&mut self, cx: &Cx<'_>, id: &KString) {
        let members: Vec<KString> = self.state.members.keys().cloned().collect();
        for member in &members {
            if self.timers.get(member).is_none() {
                self.touch(cx, id, member);
            }
        }
        self.weigh();
    }

    /// What was worked off together is durable, or is known not to be.
    pub(crate) fn written(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        flight: InFlight,
        result: Result<(), GroupError>,
    ) {
        self.stored |= result.is_ok();
        self.settle(cx, id, flight, result);
        self.drive(cx, id);
    }

    /// Works off what waits, until a write is under way or nothing waits.
    fn drive(&mut self, cx: &mut Cx<'_>, id: &KString) {
        while !self.busy && !self.deferred.is_empty() {
            let before = Arc::clone(&self.state);
            let mut replies = Vec::new();
            for _ in 0..TOGETHER {
                let Some(request) = self.deferred.pop_front() else { break };
                match request {
                    Deferred::Heartbeat(request, token) => replies.push((token, self.beat(cx, id, &request))),
                    Deferred::Expired(members) => self.remove(&members),
                }
            }
            self.busy = true;
            self.weigh();
            let records = self.state.records_since(id, &before);
            let flight = InFlight { before, replies };
            match records {
                Ok(records) if records.is_empty() => self.settle(cx, id, flight, Ok(())),
                Ok(records) => {
                    let then = Then::Share(Box::new(flight));
                    cx.writes.push(Write { group: id.clone(), records, then, waiter: None });
                }
                Err(_) => self.settle(cx, id, flight, Err(GroupError::TooLarge)),
            }
        }
    }

    fn settle(&mut self, cx: &mut Cx<'_>, id: &KString, flight: InFlight, result: Result<(), GroupError>) {
        self.busy = false;
        if result.is_err() {
            self.state = flight.before;
            self.seen = None;
            self.wake(cx, id);
        }
        for (token, answer) in flight.replies {
            cx.answers.push((token, Answer::Heartbeat(answer.and_then(|answer| result.map(|()| answer)))));
        }
    }

    /// The member's session starts anew.
    fn touch(&mut self, cx: &Cx<'_>, id: &KString, member: &KString) {
        let timeout: Duration = cx.config.share.session_timeout(&cx.facts().overrides(id).share);
        self.timers.set(member.clone(), cx.now.monotonic + timeout);
    }

    fn remove(&mut self, members: &[KString]) {
        let state = Arc::make_mut(&mut self.state);
        for member in members {
            if state.members.remove(member).is_some() {
                state.grow();
            }
            self.timers.cancel(member);
        }
        self.seen = None;
    }

    fn weigh(&mut self) {
        self.weight = GROUP + self.state.weight();
    }
}
