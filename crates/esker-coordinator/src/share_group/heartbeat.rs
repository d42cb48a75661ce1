//! A heartbeat: joining, leaving, saying what one wants, and learning what to read.

use std::sync::Arc;

use esker_kafka_wire::KString;

use super::{Member, ShareGroup, assign};
use crate::{
    consumer::Partitions,
    effects::Cx,
    error::GroupError,
    types::{HeartbeatAnswer, ShareHeartbeat, TopicPartitions},
};

/// The epoch of a member that leaves.
const LEAVE: i32 = -1;

impl ShareGroup {
    /// Works off a heartbeat. An error leaves the group as it was.
    pub(super) fn beat(
        &mut self,
        cx: &mut Cx<'_>,
        group: &KString,
        request: &ShareHeartbeat,
    ) -> Result<HeartbeatAnswer, GroupError> {
        let id = request.member_id.compact();
        let interval = cx.config.share.heartbeat_interval(&cx.facts().overrides(group).share);
        let known = self.state.members.get(&id).cloned();
        if request.epoch == LEAVE {
            known.ok_or(GroupError::UnknownMember)?;
            tracing::info!(%group, member = %id, "a member leaves a share group");
            self.remove(std::slice::from_ref(&id));
            return Ok(HeartbeatAnswer { member_id: id, epoch: LEAVE, interval, assignment: None });
        }
        let before = match &known {
            Some(member) => {
                check_epoch(member, request.epoch)?;
                (**member).clone()
            }
            None if request.epoch == 0 => {
                if self.state.members.len() >= cx.config.share.max_members {
                    return Err(GroupError::GroupFull);
                }
                Member::default()
            }
            None => return Err(GroupError::UnknownMember),
        };
        let mut member = updated(&before, request);
        let changed = known.is_none() || member.topics != before.topics;
        self.check_room(cx, &before, &member)?;
        self.put(&id, member.clone());
        self.assign(cx, changed);

        if known.is_none() {
            tracing::info!(%group, member = %id, members = self.state.members.len(), "a member joins a share group");
        }
        let target = self.targets.get(&id).cloned().unwrap_or_default();
        if member.epoch != self.state.epoch || member.assigned != target {
            member.previous_epoch = member.epoch;
            member.epoch = self.state.epoch;
            member.assigned = target;
            self.put(&id, member.clone());
        }
        self.touch(cx, group, &id);
        let tell = request.epoch == 0 || request.topics.is_some() || member.assigned != before.assigned;
        Ok(HeartbeatAnswer {
            member_id: id,
            epoch: member.epoch,
            interval,
            assignment: tell.then(|| listed(&member.assigned)),
        })
    }

    fn put(&mut self, id: &KString, member: Member) {
        if self.state.members.get(id).is_none_or(|known| **known != member) {
            Arc::make_mut(&mut self.state).members.insert(id.clone(), Arc::new(member));
        }
    }

    /// Makes new targets when members' wishes or the topics have changed.
    fn assign(&mut self, cx: &Cx<'_>, changed: bool) {
        let facts = cx.facts();
        let version = facts.version();
        if !changed && self.seen == Some(version) {
            return;
        }
        let hash = assign::topics_hash(&self.state, facts);
        if changed || hash != self.state.hash || self.state.epoch == 0 {
            let state = Arc::make_mut(&mut self.state);
            state.grow();
            state.hash = hash;
        }
        self.targets = assign::assign(&self.state, facts);
        self.seen = Some(version);
    }

    /// Whether there is memory for what a member brings.
    fn check_room(&self, cx: &Cx<'_>, before: &Member, member: &Member) -> Result<(), GroupError> {
        let weight = member.weight();
        let growth = weight.saturating_sub(before.weight());
        let too_much = weight > cx.config.max_member_metadata
            || growth > cx.room
            || self.weight + growth > cx.config.max_group_members;
        if growth > 0 && too_much { Err(GroupError::Limit) } else { Ok(()) }
    }
}

/// Its own epoch, 0 to start over, or the one before: the answer that had the new one may have been lost.
fn check_epoch(member: &Member, asked: i32) -> Result<(), GroupError> {
    let known = asked == 0 || asked == member.epoch || asked == member.previous_epoch;
    if known { Ok(()) } else { Err(GroupError::FencedMemberEpoch) }
}

fn updated(before: &Member, request: &ShareHeartbeat) -> Member {
    let mut member = before.clone();
    if let Some(topics) = &request.topics {
        member.topics = topics.iter().map(KString::compact).collect();
    }
    if let Some(rack) = &request.rack {
        member.rack = Some(rack.compact());
    }
    member.client_id = request.client_id.compact();
    member.client_host = request.client_host.compact();
    member
}

/// For answers.
pub(super) fn listed(assigned: &Partitions) -> TopicPartitions {
    assigned.iter().map(|(topic, partitions)| (*topic, partitions.iter().copied().collect())).collect()
}
