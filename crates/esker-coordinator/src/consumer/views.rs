//! A consumer group as others see it.

use esker_env::Rule;
use esker_kafka_wire::KString;

use super::{
    ConsumerGroup,
    partitions::{listed, listed_target},
    state::State,
};
use crate::{
    error::GroupError,
    types::{ConsumerGroupDescription, ConsumerGroupState, ConsumerMemberDescription, MemberRef},
};

impl State {
    /// What the group is doing.
    pub(crate) fn doing(&self) -> ConsumerGroupState {
        if self.members.is_empty() {
            ConsumerGroupState::Empty
        } else if self.epoch > self.target_epoch {
            ConsumerGroupState::Assigning
        } else if self.members.values().all(|member| member.is_reconciled_to(self.target_epoch)) {
            ConsumerGroupState::Stable
        } else {
            ConsumerGroupState::Reconciling
        }
    }
}

impl ConsumerGroup {
    pub(crate) fn describe(&self) -> ConsumerGroupDescription {
        let state = &*self.state;
        let members = state.members.iter().map(|(id, member)| ConsumerMemberDescription {
            member_id: id.clone(),
            instance_id: member.instance_id.clone(),
            rack: member.rack.clone(),
            epoch: member.epoch,
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            topics: member.topics.iter().cloned().collect(),
            regex: member.regex.clone(),
            assignment: listed(&member.assigned),
            target: listed_target(&state.target(id)),
            is_classic: member.classic.is_some(),
        });
        ConsumerGroupDescription {
            state: state.doing(),
            epoch: state.epoch,
            assignment_epoch: state.target_epoch,
            assignor: KString::from_static(state.assignor().name()),
            members: members.collect(),
        }
    }

    /// Whether a commit of offsets is allowed: from a member at its epoch, or from one that has not heard of its last
    /// steps, for partitions that it has had since ([`ConsumerGroup::check_partition`]).
    pub(crate) fn check_commit(&self, asked: &MemberRef, modern: bool) -> Result<(), GroupError> {
        if asked.generation < 0 && self.state.members.is_empty() {
            // A consumer outside of any membership, or an administrator.
            return Ok(());
        }
        let member = self.state.member(&asked.member_id).ok_or(GroupError::UnknownMember)?;
        if member.classic.is_some() {
            let current = asked.generation == member.epoch;
            return if current { Ok(()) } else { Err(GroupError::IllegalGeneration) };
        }
        if !modern {
            return Err(GroupError::UnsupportedVersion);
        }
        let known =
            asked.generation >= 0 && asked.generation <= member.epoch || Rule::StaleCommitRefused.is_broken();
        if known { Ok(()) } else { Err(GroupError::StaleMemberEpoch) }
    }

    /// Whether this member may commit for the partition.
    pub(crate) fn check_partition(
        &self,
        asked: &MemberRef,
        topic: uuid::Uuid,
        partition: i32,
    ) -> Result<(), GroupError> {
        let Some(member) = self.state.member(&asked.member_id) else { return Ok(()) };
        if member.classic.is_some() || asked.generation == member.epoch {
            return Ok(());
        }
        if Rule::StaleCommitRefused.is_broken() {
            return Ok(());
        }
        let since = member.assigned.get(&topic).and_then(|partitions| partitions.get(&partition));
        match since {
            Some(since) if *since <= asked.generation => Ok(()),
            _ => Err(GroupError::StaleMemberEpoch),
        }
    }

    /// Whether a member that says its epoch may read offsets.
    pub(crate) fn check_fetch(&self, member_id: &KString, epoch: i32) -> Result<(), GroupError> {
        let member = self.state.member(member_id).ok_or(GroupError::UnknownMember)?;
        match (member.epoch == epoch, member.classic.is_some()) {
            (true, _) => Ok(()),
            (false, true) => Err(GroupError::IllegalGeneration),
            (false, false) => Err(GroupError::StaleMemberEpoch),
        }
    }
}
