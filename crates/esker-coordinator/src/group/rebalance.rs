//! The join phase: its begin, its end, and the protocol that comes out of it.

use std::collections::{BTreeMap, BTreeSet};

use esker_kafka_wire::KString;

use super::{Group, InitialDelay, Timer};
use crate::{effects::Cx, error::GroupError, types::GroupState};

impl Group {
    /// Begins a rebalance, or ends the join phase of one if this was the last thing it waited for.
    pub(super) fn rebalance_or_complete(&mut self, cx: &mut Cx<'_>) {
        match self.state {
            GroupState::Empty | GroupState::CompletingRebalance | GroupState::Stable => {
                self.prepare_rebalance(cx);
            }
            GroupState::PreparingRebalance | GroupState::Dead => self.complete_if_joined(cx),
        }
    }

    pub(crate) fn prepare_rebalance(&mut self, cx: &mut Cx<'_>) {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignments(cx, GroupError::RebalanceInProgress);
        }
        self.pending_syncs.clear();
        self.timers.cancel(&Timer::Sync);
        let first = self.state == GroupState::Empty;
        self.transition(GroupState::PreparingRebalance, cx.now);
        if first {
            let delay = cx.config.initial_rebalance_delay;
            let remaining = self.rebalance_timeout().saturating_sub(delay);
            self.initial = Some(InitialDelay { delay, remaining, member_added: false });
            self.timers.set(Timer::Join, cx.now.monotonic + delay);
        } else if self.everyone_joined() {
            self.complete_join(cx);
        } else {
            self.timers.set(Timer::Join, cx.now.monotonic + self.rebalance_timeout());
        }
    }

    /// Ends the join phase if everyone is there. The first rebalance of a group always waits its delay out.
    pub(super) fn complete_if_joined(&mut self, cx: &mut Cx<'_>) {
        let joining = self.state == GroupState::PreparingRebalance;
        if joining && self.initial.is_none() && self.everyone_joined() {
            self.complete_join(cx);
        }
    }

    /// The join phase's time is up.
    pub(super) fn join_expired(&mut self, cx: &mut Cx<'_>) {
        let Some(initial) = &mut self.initial else { return self.complete_join(cx) };
        if !initial.member_added || initial.remaining.is_zero() {
            return self.complete_join(cx);
        }
        let delay = cx.config.initial_rebalance_delay.min(initial.remaining);
        *initial = InitialDelay {
            delay,
            remaining: initial.remaining.saturating_sub(initial.delay),
            member_added: false,
        };
        self.timers.set(Timer::Join, cx.now.monotonic + delay);
    }

    /// Ends the join phase: whoever has not joined is out (static members stay), and those who have get the next
    /// generation.
    pub(super) fn complete_join(&mut self, cx: &mut Cx<'_>) {
        assert_eq!(self.state, GroupState::PreparingRebalance, "only a join phase can end");
        self.timers.cancel(&Timer::Join);
        self.initial = None;
        let missing: Vec<KString> = self
            .members
            .iter()
            .filter(|(_, member)| member.awaiting_join.is_none() && member.instance_id.is_none())
            .map(|(member_id, _)| member_id.clone())
            .collect();
        for member_id in &missing {
            self.remove(cx, member_id);
        }
        if !missing.is_empty() {
            tracing::info!(group = %self.id, ?missing, "members did not join in time and are removed");
        }
        if !self.elect_leader() && !self.members.is_empty() {
            // Only static members are left and none is here: wait for one, or for their sessions to end.
            self.timers.set(Timer::Join, cx.now.monotonic + self.rebalance_timeout());
            return;
        }
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.pending_syncs.clear();
        if self.members.is_empty() {
            self.protocol = None;
            self.subscribed = self.find_subscribed();
            self.transition(GroupState::Empty, cx.now);
            tracing::info!(group = %self.id, generation = self.generation, "group is empty");
            self.write_state(cx, None);
        } else {
            self.protocol = Some(self.select_protocol());
            self.subscribed = self.find_subscribed();
            self.transition(GroupState::CompletingRebalance, cx.now);
            self.begin_generation(cx);
        }
    }

    fn begin_generation(&mut self, cx: &mut Cx<'_>) {
        let members: Vec<KString> = self.members.keys().cloned().collect();
        tracing::info!(group = %self.id, generation = self.generation, members = members.len(), "group joined");
        for member_id in members {
            let member = self.members.get_mut(&member_id).expect("taken from the same map");
            member.is_new = false;
            if let Some(token) = member.awaiting_join.take() {
                cx.answer_join(token, self.joined(&member_id));
            }
            self.touch(cx, &member_id);
            self.pending_syncs.insert(member_id);
        }
        self.timers.set(Timer::Sync, cx.now.monotonic + self.rebalance_timeout());
    }

    /// Keeps a leader that has joined, or takes the first member that has. False when nobody has.
    fn elect_leader(&mut self) -> bool {
        let joined = |id: &KString| self.members.get(id).is_some_and(|member| member.awaiting_join.is_some());
        if self.leader.as_ref().is_some_and(joined) {
            return true;
        }
        let first = self.members.keys().find(|id| joined(id)).cloned();
        let found = first.is_some();
        if found {
            self.leader = first;
        }
        found
    }

    /// The protocol that most members like best among those that all know.
    pub(crate) fn select_protocol(&self) -> KString {
        let first = self.members.values().next().expect("only a group with members has a protocol");
        let candidates: BTreeSet<KString> = first
            .protocols
            .iter()
            .map(|protocol| protocol.name.clone())
            .filter(|name| self.members.values().all(|member| member.knows(name)))
            .collect();
        let mut votes: BTreeMap<&KString, usize> = BTreeMap::new();
        for member in self.members.values() {
            *votes.entry(member.vote(&candidates).expect("a candidate is known to all")).or_default() += 1;
        }
        let winner = votes.into_iter().max_by_key(|(_, count)| *count);
        winner.expect("everyone has voted").0.clone()
    }
}
