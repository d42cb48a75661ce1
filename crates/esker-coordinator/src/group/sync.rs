//! Syncing: the leader brings everyone's assignment, the members fetch theirs.

use std::collections::BTreeMap;

use bytes::Bytes;
use esker_kafka_wire::KString;

use super::{Group, Timer};
use crate::{
    effects::{Cx, Then, Token},
    error::GroupError,
    types::{GroupState, SyncAnswer, SyncRequest},
};

impl Group {
    /// A member asks for its assignment. The answer comes once the leader's assignments are durable.
    pub(crate) fn sync(&mut self, cx: &mut Cx<'_>, request: &SyncRequest, token: Token) {
        if self.consumer.is_some() {
            return self.sync_consumer(cx, request, token);
        }
        if let Err(error) = self.check_sync(request) {
            return cx.answer_sync(token, Err(error));
        }
        let member_id = &request.member.member_id;
        match self.state {
            GroupState::Empty | GroupState::Dead => cx.answer_sync(token, Err(GroupError::UnknownMember)),
            GroupState::PreparingRebalance => {
                cx.answer_sync(token, Err(GroupError::RebalanceInProgress));
            }
            GroupState::CompletingRebalance => {
                let member = self.members.get_mut(member_id).expect("checked above");
                if let Some(stale) = member.awaiting_sync.replace(token) {
                    cx.answer_sync(stale, Err(GroupError::RebalanceInProgress));
                }
                self.has_synced(member_id);
                if self.leader.as_ref() == Some(member_id) {
                    self.take_assignments(cx, &request.assignments);
                }
            }
            GroupState::Stable => {
                self.has_synced(member_id);
                cx.answer_sync(token, Ok(self.assignment_of(member_id)));
            }
        }
    }

    fn check_sync(&self, request: &SyncRequest) -> Result<(), GroupError> {
        self.check_generation(&request.member)?;
        let differs = |given: &Option<KString>, ours: &Option<KString>| {
            given.as_ref().is_some_and(|given| ours.as_ref() != Some(given))
        };
        let inconsistent = differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol, &self.protocol);
        if inconsistent { Err(GroupError::InconsistentProtocol) } else { Ok(()) }
    }

    fn has_synced(&mut self, member_id: &KString) {
        self.pending_syncs.remove(member_id);
        if self.pending_syncs.is_empty() {
            self.timers.cancel(&Timer::Sync);
        }
    }

    fn assignment_of(&self, member_id: &KString) -> SyncAnswer {
        SyncAnswer {
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            assignment: self
                .members
                .get(member_id)
                .map(|member| member.assignment.clone())
                .unwrap_or_default(),
        }
    }

    /// The leader has spoken: make it durable first. Assignments of strangers are dropped; members without one get
    /// an empty one.
    fn take_assignments(&mut self, cx: &mut Cx<'_>, given: &[(KString, Bytes)]) {
        let given: BTreeMap<&KString, &Bytes> = given.iter().map(|(id, bytes)| (id, bytes)).collect();
        let assignments: Vec<(KString, Bytes)> = self
            .members
            .keys()
            .map(|id| (id.clone(), given.get(id).map(|b| Bytes::copy_from_slice(b)).unwrap_or_default()))
            .collect();
        let generation = self.generation;
        let brought: usize = assignments.iter().map(|(_, assignment)| assignment.len()).sum();
        if brought > cx.room || self.members_weight + brought > cx.config.max_group_members {
            return self.assigned(cx, generation, assignments, Err(GroupError::Limit));
        }
        match self.state_record(cx.config, Some(&assignments)) {
            Ok(record) => self.write(cx, vec![record], Then::Assign { generation, assignments }),
            Err(error) => self.assigned(cx, generation, assignments, Err(error)),
        }
    }

    /// The leader's assignments are durable, or could not be written.
    pub(crate) fn assigned(
        &mut self,
        cx: &mut Cx<'_>,
        generation: i32,
        assignments: Vec<(KString, Bytes)>,
        result: Result<(), GroupError>,
    ) {
        // The group may have gone on meanwhile, to another rebalance, or by an earlier try of the same leader.
        if self.state != GroupState::CompletingRebalance || self.generation != generation {
            return;
        }
        if let Err(error) = result {
            self.drop_assignments(cx, error);
            self.rebalance_or_complete(cx);
            return self.weigh_members();
        }
        for (member_id, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&member_id) {
                member.assignment = assignment;
            }
        }
        self.weigh_members();
        self.transition(GroupState::Stable, cx.now);
        for member_id in self.waiting_for_sync() {
            let answer = self.assignment_of(&member_id);
            self.answer_sync_of(cx, &member_id, Ok(answer));
        }
        tracing::info!(group = %self.id, generation, members = self.members.len(), "group is stable");
    }

    /// Nobody has an assignment any more; whoever waits for one is told why.
    pub(super) fn drop_assignments(&mut self, cx: &mut Cx<'_>, error: GroupError) {
        assert_eq!(self.state, GroupState::CompletingRebalance, "assignments hold until the next join phase");
        for member in self.members.values_mut() {
            member.assignment = Bytes::new();
        }
        self.weigh_members();
        for member_id in self.waiting_for_sync() {
            self.answer_sync_of(cx, &member_id, Err(error));
        }
    }

    fn waiting_for_sync(&self) -> Vec<KString> {
        let waiting = self.members.iter().filter(|(_, member)| member.awaiting_sync.is_some());
        waiting.map(|(member_id, _)| member_id.clone()).collect()
    }

    /// Answers, and starts the session anew: while it waited, its end was passed over.
    fn answer_sync_of(
        &mut self,
        cx: &mut Cx<'_>,
        member_id: &KString,
        answer: Result<SyncAnswer, GroupError>,
    ) {
        let member = self.members.get_mut(member_id);
        if let Some(token) = member.and_then(|member| member.awaiting_sync.take()) {
            cx.answer_sync(token, answer);
            self.touch(cx, member_id);
        }
    }
}
