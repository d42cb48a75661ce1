//! The way of requests through a consumer group: worked off together, written together, answered together.

use std::{collections::BTreeSet, sync::Arc};

use esker_env::Rule;
use esker_kafka_wire::KString;

use super::{
    ConsumerGroup, Timer,
    convert::{from_classic, is_all_classic, to_classic},
    state::State,
};
use crate::{
    effects::{Answer, Cx, Then, Token, Write},
    error::GroupError,
    group::Group,
    records::Record,
    types::{
        ConsumerHeartbeat, GroupState, HeartbeatAnswer, JoinAnswer, JoinRequest, Leaver, MemberRef,
        SyncAnswer, SyncRequest,
    },
};

/// The most requests in one write.
const TOGETHER: usize = 64;

/// A request that waits for its turn.
#[derive(Clone, Debug)]
pub(crate) enum Deferred {
    Heartbeat(Box<ConsumerHeartbeat>, Token),
    /// Of a member of the classic protocol.
    Join(Box<JoinRequest>, Token),
    /// Of a member of the classic protocol.
    Sync(Box<SyncRequest>, Token),
    /// Members that have left, or whose time is up, which nobody waits for.
    Leave(Vec<KString>, Option<Token>),
}

/// What is answered once a write is durable.
#[derive(Clone, Debug)]
enum Reply {
    Heartbeat(Token, Result<HeartbeatAnswer, GroupError>),
    Join(Token, JoinAnswer),
    Sync(Token, Result<SyncAnswer, GroupError>),
    Left(Option<Token>),
}

/// What hangs on a write.
#[derive(Clone, Debug)]
pub(crate) struct InFlight {
    /// What the group goes back to when it is refused.
    before: Arc<State>,
    /// The classic group that it becomes.
    becomes: Option<Box<Group>>,
    replies: Vec<Reply>,
}

impl Group {
    /// A heartbeat of the consumer protocol.
    pub(crate) fn consumer_heartbeat(&mut self, cx: &mut Cx<'_>, request: ConsumerHeartbeat, token: Token) {
        let refused = match (&self.consumer, self.state) {
            (_, GroupState::Dead) => Err(GroupError::Unavailable),
            (Some(_), _) => Ok(()),
            (None, _) if request.epoch == 0 => self.become_consumer(cx),
            (None, _) => Err(GroupError::GroupNotFound),
        };
        match refused {
            Ok(()) => self.defer(cx, Deferred::Heartbeat(Box::new(request), token)),
            Err(error) => cx.answers.push((token, Answer::Heartbeat(Err(error)))),
        }
    }

    /// A member of the classic protocol joins a consumer group.
    pub(crate) fn join_consumer(&mut self, cx: &mut Cx<'_>, request: &JoinRequest, token: Token) {
        self.defer(cx, Deferred::Join(Box::new(request.copied()), token));
    }

    /// A member of the classic protocol asks a consumer group for its assignment.
    pub(crate) fn sync_consumer(&mut self, cx: &mut Cx<'_>, request: &SyncRequest, token: Token) {
        // The group assigns: what a leader of before brings is of no use.
        let request = SyncRequest { assignments: Vec::new(), ..request.clone() };
        self.defer(cx, Deferred::Sync(Box::new(request), token));
    }

    /// A sign of life of a member of the classic protocol in a consumer group.
    pub(crate) fn heartbeat_consumer(
        &mut self,
        cx: &mut Cx<'_>,
        member: &MemberRef,
    ) -> Result<(), GroupError> {
        let consumer = self.consumer.as_mut().ok_or(GroupError::UnknownMember)?;
        consumer.classic_heartbeat(cx, &self.id, member)
    }

    /// Members leave a consumer group by the classic protocol.
    pub(crate) fn leave_consumer(
        &mut self,
        cx: &mut Cx<'_>,
        leavers: &[Leaver],
        token: Token,
    ) -> Vec<Result<(), GroupError>> {
        let Some(consumer) = &self.consumer else { return Vec::new() };
        let found: Vec<_> = leavers.iter().map(|leaver| consumer.leaver(leaver)).collect();
        let ids = found.iter().flatten().cloned().collect();
        self.defer(cx, Deferred::Leave(ids, Some(token)));
        found.into_iter().map(|found| found.map(drop)).collect()
    }

    /// Acts on every deadline of a consumer group that has passed.
    pub(crate) fn expire_consumer(&mut self, cx: &mut Cx<'_>) {
        let Some(consumer) = self.consumer.as_mut().filter(|consumer| !consumer.busy) else { return };
        let mut gone = BTreeSet::new();
        while let Some(timer) = consumer.timers.pop_due(cx.now.monotonic) {
            let (id, why) = match timer {
                Timer::Session(id) => (id, "its session has expired"),
                Timer::Revocation(id) => (id, "it has not let go of partitions in time"),
                Timer::Join(id) => (id, "it has not joined again in time"),
                Timer::Sync(id) => (id, "it has not asked for its assignment in time"),
            };
            let is_out = !(Rule::SessionsEnd.is_broken() && why == "its session has expired");
            if is_out && consumer.state.members.contains_key(&id) {
                tracing::info!(group = %self.id, member = %id, why, "member is removed");
                gone.insert(id);
            }
        }
        if !gone.is_empty() {
            self.defer(cx, Deferred::Leave(gone.into_iter().collect(), None));
        }
    }

    /// A classic group begins where a consumer group has no members any more.
    pub(crate) fn leave_empty_consumer(&mut self, cx: &mut Cx<'_>) {
        if self.state != GroupState::Empty || !self.consumer.as_deref().is_some_and(ConsumerGroup::is_vacant)
        {
            return;
        }
        let Some(consumer) = self.consumer.take() else { return };
        if consumer.stored {
            let records = consumer.state.tombstones(&self.id).unwrap_or_default();
            // Were that refused, the next load would find both, and prefer the one with members.
            cx.writes.push(Write { group: self.id.clone(), records, then: Then::Nothing, waiter: None });
        }
    }

    fn defer(&mut self, cx: &mut Cx<'_>, request: Deferred) {
        if let Some(consumer) = &mut self.consumer {
            consumer.deferred.push_back(request);
        }
        self.drive(cx);
    }

    /// Works off what waits, until a write is under way or nothing waits.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        while let Some(consumer) = &mut self.consumer
            && !consumer.busy
            && !consumer.deferred.is_empty()
        {
            let (flight, records) = consumer.work(cx, &self.id, self.stored);
            consumer.busy = true;
            consumer.weigh();
            match records {
                Ok(records) if records.is_empty() => self.settle(cx, flight, Ok(())),
                Ok(records) => {
                    let then = Then::Consumer(Box::new(flight));
                    cx.writes.push(Write { group: self.id.clone(), records, then, waiter: None });
                }
                Err(error) => self.settle(cx, flight, Err(error)),
            }
        }
    }

    /// What was worked off together is durable, or is known not to be.
    pub(crate) fn consumer_written(
        &mut self,
        cx: &mut Cx<'_>,
        flight: InFlight,
        result: Result<(), GroupError>,
    ) {
        if result.is_ok()
            && let Some(consumer) = &mut self.consumer
        {
            consumer.stored = true;
            consumer.was = None;
            self.stored = false;
        }
        self.settle(cx, flight, result);
        self.drive(cx);
    }

    fn settle(&mut self, cx: &mut Cx<'_>, flight: InFlight, result: Result<(), GroupError>) {
        for reply in flight.replies {
            reply.send(cx, result);
        }
        let id = self.id.clone();
        let Some(consumer) = &mut self.consumer else { return };
        consumer.busy = false;
        let refused = result.is_err();
        if refused {
            consumer.state = flight.before;
            consumer.seen = None;
            consumer.weigh();
        }
        // Nothing came of what made it a consumer group: it was refused, or its log has taken nothing of it.
        if consumer.was.is_some() {
            return self.become_what_it_was(cx);
        }
        if refused {
            consumer.wake(cx, &id);
        } else if let Some(classic) = flight.becomes {
            self.become_classic(cx, *classic);
        }
    }

    /// The first member of the consumer protocol joins: an empty group starts over, one with members becomes a consumer
    /// group with them.
    fn become_consumer(&mut self, cx: &mut Cx<'_>) -> Result<(), GroupError> {
        let state = if self.members.is_empty() && self.state == GroupState::Empty {
            State::default()
        } else {
            let consumer = &cx.config.consumer;
            if !consumer.migration.upgrades() || self.members.len() > consumer.max_members {
                return Err(GroupError::GroupNotFound);
            }
            from_classic(self, cx.facts())?
        };
        self.refuse_waiting(cx, GroupError::RebalanceInProgress);
        let mut was = Box::new(std::mem::replace(self, Self::new(self.id.clone(), cx.now)));
        std::mem::swap(&mut self.offsets, &mut was.offsets);
        self.stored = was.stored;
        let mut consumer = Box::new(ConsumerGroup::new(state));
        consumer.was = Some(was);
        consumer.wake(cx, &self.id);
        tracing::info!(group = %self.id, members = consumer.state.members.len(), "becomes a consumer group");
        self.consumer = Some(consumer);
        Ok(())
    }

    /// That it became a consumer group is undone.
    fn become_what_it_was(&mut self, cx: &mut Cx<'_>) {
        let Some(mut consumer) = self.consumer.take() else { return };
        let was = *consumer.was.take().expect("the caller has looked");
        let offsets = std::mem::take(&mut self.offsets);
        *self = was;
        self.offsets = offsets;
        self.take_over(cx, *consumer);
    }

    /// That it is a classic group is durable. Its members join again, so that one of them assigns.
    fn become_classic(&mut self, cx: &mut Cx<'_>, classic: Group) {
        let Some(consumer) = self.consumer.take() else { return };
        let offsets = std::mem::take(&mut self.offsets);
        *self = classic;
        self.offsets = offsets;
        let members: Vec<KString> = self.members.keys().cloned().collect();
        tracing::info!(group = %self.id, members = members.len(), "becomes a classic group");
        for id in &members {
            self.touch(cx, id);
        }
        self.prepare_rebalance(cx);
        self.weigh_members();
        self.take_over(cx, *consumer);
    }

    /// Requests that waited for a consumer group are those of a classic one.
    fn take_over(&mut self, cx: &mut Cx<'_>, consumer: ConsumerGroup) {
        for request in consumer.deferred {
            match request {
                Deferred::Heartbeat(request, token) => self.consumer_heartbeat(cx, *request, token),
                Deferred::Join(request, token) => self.join(cx, &request, token),
                Deferred::Sync(request, token) => self.sync(cx, &request, token),
                Deferred::Leave(ids, Some(token)) => {
                    let leaver = |member_id| Leaver { member_id, instance_id: None };
                    let leavers: Vec<Leaver> = ids.into_iter().map(leaver).collect();
                    self.leave(cx, &leavers, token);
                }
                // Its sessions are watched anew.
                Deferred::Leave(_, None) => {}
            }
        }
    }

    /// Whoever waits in a classic group is told so.
    fn refuse_waiting(&mut self, cx: &mut Cx<'_>, error: GroupError) {
        for (id, member) in &mut self.members {
            if let Some(token) = member.awaiting_join.take() {
                cx.answer_join(token, JoinAnswer::refused(error, id.clone()));
            }
            if let Some(token) = member.awaiting_sync.take() {
                cx.answer_sync(token, Err(error));
            }
        }
    }
}

impl ConsumerGroup {
    /// Works off requests: what is to be written, and what hangs on it.
    fn work(
        &mut self,
        cx: &mut Cx<'_>,
        group: &KString,
        stored_as_classic: bool,
    ) -> (InFlight, Result<Vec<Record>, GroupError>) {
        let before = Arc::clone(&self.state);
        let mut flight = InFlight { before: Arc::clone(&before), becomes: None, replies: Vec::new() };
        let mut records = Vec::new();
        // What is in the log so far.
        let mut logged = if self.was.is_some() { Arc::default() } else { before };
        let mut encoded = Ok(());
        for _ in 0..TOGETHER {
            let Some(request) = self.deferred.pop_front() else { break };
            let step = Arc::clone(&self.state);
            let reply = self.act(cx, group, request);
            let refused = reply.is_refused();
            flight.replies.push(reply);
            if Arc::ptr_eq(&step, &self.state) {
                continue;
            }
            if refused {
                self.state = step;
                self.wake(cx, group);
                continue;
            }
            if records.is_empty() && stored_as_classic {
                records.extend(Record::group_gone(group));
            }
            encoded = self.state.records_since(group, &logged).map(|new| records.extend(new));
            if encoded.is_err() {
                break;
            }
            logged = Arc::clone(&self.state);
            if is_all_classic(&self.state) && self.downgrade(cx, group, &mut flight, &mut records) {
                break;
            }
        }
        (flight, encoded.map(|()| records).map_err(|_| GroupError::TooLarge))
    }

    fn act(&mut self, cx: &mut Cx<'_>, group: &KString, request: Deferred) -> Reply {
        match request {
            Deferred::Heartbeat(request, token) => {
                Reply::Heartbeat(token, self.heartbeat(cx, group, &request))
            }
            Deferred::Join(request, token) => Reply::Join(token, self.join(cx, group, &request)),
            Deferred::Sync(request, token) => Reply::Sync(token, self.sync(cx, group, &request)),
            Deferred::Leave(ids, token) => {
                self.remove(&ids);
                Reply::Left(token)
            }
        }
    }

    /// Writes the group's end as a consumer group and its beginning as a classic one, if it can and may be one.
    fn downgrade(
        &self,
        cx: &Cx<'_>,
        group: &KString,
        flight: &mut InFlight,
        records: &mut Vec<Record>,
    ) -> bool {
        let few = self.state.members.len() <= cx.config.max_members;
        if !few || !cx.config.consumer.migration.downgrades() || !cx.has_facts() {
            return false;
        }
        let Some(classic) = to_classic(group, &self.state, cx.facts(), cx.now) else { return false };
        let (Ok(tombstones), Ok(record)) =
            (self.state.tombstones(group), classic.state_record(cx.config, None))
        else {
            return false;
        };
        records.extend(tombstones);
        records.push(record);
        flight.becomes = Some(Box::new(classic));
        true
    }
}

impl Reply {
    fn is_refused(&self) -> bool {
        match self {
            Self::Heartbeat(_, result) => result.is_err(),
            Self::Join(_, answer) => answer.error.is_some(),
            Self::Sync(_, result) => result.is_err(),
            Self::Left(_) => false,
        }
    }

    /// Sends it; what was agreed to and could not be written is refused.
    fn send(self, cx: &mut Cx<'_>, result: Result<(), GroupError>) {
        match self {
            Self::Heartbeat(token, answer) => {
                let answer = answer.and_then(|answer| result.map(|()| answer));
                cx.answers.push((token, Answer::Heartbeat(answer)));
            }
            Self::Join(token, answer) => {
                let answer = match (answer.error, result) {
                    (None, Err(error)) => JoinAnswer::refused(error, answer.member_id),
                    _ => answer,
                };
                cx.answer_join(token, answer);
            }
            Self::Sync(token, answer) => {
                cx.answer_sync(token, answer.and_then(|answer| result.map(|()| answer)));
            }
            Self::Left(Some(token)) => cx.answer_written(token, result),
            Self::Left(None) => {}
        }
    }
}
