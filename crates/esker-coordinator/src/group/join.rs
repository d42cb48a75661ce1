//! Joining: new members, known members, and who is let in.

use esker_kafka_wire::KString;
use uuid::Uuid;

use super::{
    Group, Member, Timer,
    member::{copy_protocols, weight_of},
};
use crate::{
    effects::{Cx, Token},
    error::GroupError,
    types::{GroupState, JoinAnswer, JoinRequest, JoinedMember, Protocol},
    usage::MEMBER,
};

/// The most protocols that one member may name.
pub(crate) const MAX_PROTOCOLS: usize = 100;

/// Bytes of a client or instance id that go into member ids.
const MAX_STEM: usize = 255;

impl Group {
    /// A member wants to be in the next generation. The answer comes when the join phase ends.
    pub(crate) fn join(&mut self, cx: &mut Cx<'_>, request: &JoinRequest, token: Token) {
        self.leave_empty_consumer(cx);
        if self.consumer.is_some() && self.state != GroupState::Dead {
            return self.join_consumer(cx, request, token);
        }
        self.begin_join(cx, request, token);
        self.weigh_members();
    }

    fn begin_join(&mut self, cx: &mut Cx<'_>, request: &JoinRequest, token: Token) {
        if let Err(error) = self.admit(cx, request) {
            let member_id = match error {
                GroupError::GroupFull => KString::new(),
                _ => request.member_id.clone(),
            };
            return cx.answer_join(token, JoinAnswer::refused(error, member_id));
        }
        if request.member_id.is_empty() {
            self.join_new(cx, request, token);
        } else if self.pending_joins.contains(&request.member_id) {
            if request.instance_id.is_some() {
                let answer = JoinAnswer::refused(GroupError::UnknownMember, request.member_id.clone());
                return cx.answer_join(token, answer);
            }
            self.add_member(cx, request, request.member_id.compact(), token);
        } else {
            self.join_again(cx, request, token);
        }
    }

    fn admit(&mut self, cx: &mut Cx<'_>, request: &JoinRequest) -> Result<(), GroupError> {
        if !self.has_room(cx.config.max_members, &request.member_id) {
            self.remove(cx, &request.member_id);
            return Err(GroupError::GroupFull);
        }
        if self.state == GroupState::Dead {
            return Err(GroupError::Unavailable);
        }
        if !self.supports(&request.protocol_type, &request.protocols) {
            return Err(GroupError::InconsistentProtocol);
        }
        let bytes = request.client_id.len()
            + request.instance_id.as_ref().map_or(0, |id| id.len())
            + request.protocol_type.len()
            + weight_of(&request.protocols);
        if bytes > cx.config.max_member_metadata || request.protocols.len() > MAX_PROTOCOLS {
            return Err(GroupError::Limit);
        }
        // What it brought before goes.
        let instance = request.instance_id.as_ref().and_then(|instance| self.statics.get(instance));
        let known = self.members.get(instance.unwrap_or(&request.member_id)).map_or(0, Member::weight);
        let growth = (MEMBER + bytes).saturating_sub(known);
        if growth > cx.room || self.members_weight + growth > cx.config.max_group_members {
            return Err(GroupError::Limit);
        }
        Ok(())
    }

    /// While members join, those who wait count, so that a group above a lowered limit sheds whoever comes last.
    /// Later, the group's size counts.
    fn has_room(&self, max_members: usize, member_id: &KString) -> bool {
        // Ids that were given out are bounded too.
        if member_id.is_empty() && self.pending_joins.len() >= max_members {
            return false;
        }
        let member = self.members.get(member_id);
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                member.is_some_and(|member| member.awaiting_join.is_some())
                    || self.awaiting_join() < max_members
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                member.is_some() || self.members.len() < max_members
            }
        }
    }

    /// One protocol at least is known to everyone.
    fn supports(&self, protocol_type: &KString, protocols: &[Protocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(protocol_type)
            && protocols
                .iter()
                .any(|protocol| self.members.values().all(|member| member.knows(&protocol.name)))
    }

    fn join_new(&mut self, cx: &mut Cx<'_>, request: &JoinRequest, token: Token) {
        let stem = request.instance_id.as_ref().unwrap_or(&request.client_id);
        let unique = uuid::Builder::from_random_bytes(cx.random.bytes16()).into_uuid();
        let member_id = new_member_id(stem, unique);
        if let Some(instance_id) = &request.instance_id {
            if let Some(old_id) = self.statics.get(instance_id).cloned() {
                self.replace_static(cx, request, &old_id, &member_id, token);
            } else {
                self.add_member(cx, request, member_id, token);
            }
        } else if request.knows_member_id_required {
            // The member comes back with its id, so that a client that gives up meanwhile leaves no member behind.
            self.pending_joins.insert(member_id.clone());
            self.timers.set(Timer::Member(member_id.clone()), cx.now.monotonic + request.session_timeout);
            cx.answer_join(token, JoinAnswer::refused(GroupError::MemberIdRequired, member_id));
        } else {
            self.add_member(cx, request, member_id, token);
        }
    }

    fn join_again(&mut self, cx: &mut Cx<'_>, request: &JoinRequest, token: Token) {
        if let Err(error) = self.check_member(&request.member_id, request.instance_id.as_ref()) {
            return cx.answer_join(token, JoinAnswer::refused(error, request.member_id.clone()));
        }
        let member_id = &request.member_id;
        let unchanged = self.members[member_id].protocols == copy_protocols(&request.protocols);
        let is_leader = self.leader.as_ref() == Some(member_id);
        let answer_now = match self.state {
            GroupState::PreparingRebalance => false,
            // It did not get our answer: give it again.
            GroupState::CompletingRebalance => unchanged,
            // The leader may have seen a change that members' metadata does not show; others just get the state.
            GroupState::Stable => unchanged && !is_leader,
            GroupState::Empty | GroupState::Dead => {
                let answer = JoinAnswer::refused(GroupError::UnknownMember, member_id.clone());
                return cx.answer_join(token, answer);
            }
        };
        if answer_now {
            cx.answer_join(token, self.joined(member_id));
        } else {
            self.update_member(cx, request, member_id, token);
            self.rebalance_or_complete(cx);
        }
    }

    fn add_member(&mut self, cx: &mut Cx<'_>, request: &JoinRequest, member_id: KString, token: Token) {
        if let Some(initial) = &mut self.initial {
            initial.member_added = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type.compact());
        }
        let member = Member::new(request, token);
        if let Some(instance_id) = &member.instance_id {
            let before = self.statics.insert(instance_id.clone(), member_id.clone());
            assert!(before.is_none(), "a known instance replaces its member, it is not added");
        }
        self.leader.get_or_insert_with(|| member_id.clone());
        self.pending_joins.remove(&member_id);
        // It cannot send heartbeats while it waits, and whether its connection still stands cannot be seen: clients
        // that retry would pile up members if waiting were unlimited.
        let deadline = cx.now.monotonic + cx.config.new_member_join_timeout;
        self.timers.set(Timer::Member(member_id.clone()), deadline);
        self.members.insert(member_id, member);
        self.rebalance_or_complete(cx);
    }

    /// Takes over what the request says about a known member, which now waits.
    pub(super) fn update_member(
        &mut self,
        cx: &mut Cx<'_>,
        request: &JoinRequest,
        member_id: &KString,
        token: Token,
    ) {
        let member = self.members.get_mut(member_id).expect("the caller has checked the member");
        member.protocols = copy_protocols(&request.protocols);
        member.session_timeout = request.session_timeout;
        member.rebalance_timeout = request.rebalance_timeout;
        if let Some(stale) = member.awaiting_join.replace(token) {
            // The same member on a new connection; nobody listens on the old one.
            let answer = JoinAnswer::refused(GroupError::RebalanceInProgress, member_id.clone());
            cx.answer_join(stale, answer);
        }
    }

    /// The current generation as this member sees it.
    pub(super) fn joined(&self, member_id: &KString) -> JoinAnswer {
        let is_leader = self.leader.as_ref() == Some(member_id);
        JoinAnswer {
            error: None,
            member_id: member_id.clone(),
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            members: if is_leader { self.joined_members() } else { Vec::new() },
        }
    }

    pub(super) fn joined_members(&self) -> Vec<JoinedMember> {
        let protocol = self.protocol.clone().unwrap_or_default();
        self.members
            .iter()
            .map(|(member_id, member)| JoinedMember {
                member_id: member_id.clone(),
                instance_id: member.instance_id.clone(),
                metadata: member.metadata(&protocol),
            })
            .collect()
    }
}

/// `stem-uuid`, as Kafka makes them: what comes first shows up in tools. Of a stem that is longer than a name, the
/// beginning.
fn new_member_id(stem: &KString, unique: Uuid) -> KString {
    let stem = &stem[..stem.floor_char_boundary(MAX_STEM)];
    KString::from(format!("{stem}-{unique}"))
}
