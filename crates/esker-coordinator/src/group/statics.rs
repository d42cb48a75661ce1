//! Static members (KIP-345): one that comes back takes its place without a rebalance.

use std::time::Duration;

use esker_kafka_wire::KString;

use super::{Group, Member, Timer};
use crate::{
    effects::{Cx, Then, Token},
    error::GroupError,
    types::{GroupState, JoinAnswer, JoinRequest, Protocol},
};

/// A static member's change of id that is on its way to the log, with what undoes it.
#[derive(Clone, Debug)]
pub(crate) struct StaticSwap {
    instance_id: KString,
    old_id: KString,
    new_id: KString,
    /// The leader's id before the change, which clients that cannot skip an assignment are told, so that they do not
    /// assign anew.
    old_leader: KString,
    knows_skip_assignment: bool,
    protocols: Vec<Protocol>,
    session_timeout: Duration,
    rebalance_timeout: Duration,
}

impl Group {
    /// A static member joins without an id: its predecessor is fenced, and it takes over the assignment.
    pub(super) fn replace_static(
        &mut self,
        cx: &mut Cx<'_>,
        request: &JoinRequest,
        old_id: &KString,
        new_id: &KString,
        token: Token,
    ) {
        let old_leader = self.leader.clone().unwrap_or_default();
        self.rename_member(cx, old_id, new_id);
        let member = &self.members[new_id];
        let swap = StaticSwap {
            instance_id: member.instance_id.clone().expect("found by its instance id"),
            old_id: old_id.clone(),
            new_id: new_id.clone(),
            old_leader,
            knows_skip_assignment: request.knows_skip_assignment,
            protocols: member.protocols.clone(),
            session_timeout: member.session_timeout,
            rebalance_timeout: member.rebalance_timeout,
        };
        tracing::info!(group = %self.id, instance = %swap.instance_id, %old_id, %new_id, "static member is back");
        self.update_member(cx, request, new_id, token);
        self.touch(cx, new_id);
        match self.state {
            GroupState::Stable if self.protocol.as_ref() == Some(&self.select_protocol()) => {
                match self.state_record(cx.config, None) {
                    Ok(record) => self.write(cx, vec![record], Then::Replace(Box::new(swap))),
                    Err(error) => self.replaced(cx, swap, Err(error)),
                }
            }
            GroupState::Stable => self.rebalance_or_complete(cx),
            // The leader may have been given the old id already: what it assigns would reach nobody.
            GroupState::CompletingRebalance => self.prepare_rebalance(cx),
            _ => self.complete_if_joined(cx),
        }
    }

    /// The change of id is durable, or could not be written.
    pub(crate) fn replaced(&mut self, cx: &mut Cx<'_>, swap: StaticSwap, result: Result<(), GroupError>) {
        let others = || self.members.iter().filter(|(id, _)| **id != swap.new_id);
        let shared = swap.protocols.iter().any(|old| others().all(|(_, member)| member.knows(&old.name)));
        let Some(member) = self.members.get_mut(&swap.new_id) else { return };
        let token = member.awaiting_join.take();
        match result {
            Ok(()) => {
                let Some(token) = token else { return };
                // While it waited, its session may have come to its end unheeded.
                self.touch(cx, &swap.new_id);
                let mut answer = self.joined(&swap.new_id);
                if swap.knows_skip_assignment {
                    answer.skip_assignment = self.leader.as_ref() == Some(&swap.new_id);
                } else {
                    answer.leader = swap.old_leader;
                    answer.members = Vec::new();
                }
                cx.answer_join(token, answer);
            }
            Err(error) => {
                // Others may have joined meanwhile by what it knows now: all must have one protocol in common.
                if shared {
                    member.protocols = swap.protocols;
                }
                member.session_timeout = swap.session_timeout;
                member.rebalance_timeout = swap.rebalance_timeout;
                self.rename_member(cx, &swap.new_id, &swap.old_id);
                self.weigh_members();
                self.touch(cx, &swap.old_id);
                if let Some(token) = token {
                    cx.answer_join(token, JoinAnswer::refused(error, KString::new()));
                }
            }
        }
    }

    /// Gives a static member another id. Whatever waits under the old one is fenced.
    fn rename_member(&mut self, cx: &mut Cx<'_>, old_id: &KString, new_id: &KString) {
        let mut member: Member = self.members.remove(old_id).expect("the caller has found the member");
        if let Some(token) = member.awaiting_join.take() {
            cx.answer_join(token, JoinAnswer::refused(GroupError::FencedInstance, old_id.clone()));
        }
        if let Some(token) = member.awaiting_sync.take() {
            cx.answer_sync(token, Err(GroupError::FencedInstance));
        }
        let instance_id = member.instance_id.clone().expect("only static members change their id");
        self.statics.insert(instance_id, new_id.clone());
        if self.leader.as_ref() == Some(old_id) {
            self.leader = Some(new_id.clone());
        }
        if self.pending_syncs.remove(old_id) {
            self.pending_syncs.insert(new_id.clone());
        }
        self.timers.cancel(&Timer::Member(old_id.clone()));
        member.is_new = false;
        self.members.insert(new_id.clone(), member);
    }
}
