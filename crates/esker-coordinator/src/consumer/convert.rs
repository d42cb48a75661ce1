//! A classic group becomes a consumer group when a member of the consumer protocol joins it, and back when the last such
//! member has left and others are there still.

use std::sync::Arc;

use esker_kafka_wire::{KString, Message, Reader, messages::ConsumerProtocolAssignment, stored_prefix};

use super::{
    classic::{assignment_bytes, read_subscription},
    member::{ClassicPart, Member},
    partitions::{Owned, Partitions},
    state::State,
};
use crate::{
    effects::Now,
    error::GroupError,
    facts::ClusterFacts,
    group::{CONSUMER, Group, Member as ClassicMember},
    types::{GroupState, Protocol},
};

/// The consumer group that a classic group with members becomes: everybody has what it had, at the generation as its
/// epoch.
///
/// # Errors
/// [`GroupError::GroupNotFound`] when what its members say cannot be understood, or would be lost.
pub(super) fn from_classic(group: &Group, facts: &dyn ClusterFacts) -> Result<State, GroupError> {
    if !group.uses_consumer_protocol() {
        return Err(GroupError::GroupNotFound);
    }
    let mut state = State { epoch: group.generation, target_epoch: group.generation, ..State::default() };
    for (id, classic) in &group.members {
        let mut member = upgraded(classic, group, facts).ok_or(GroupError::GroupNotFound)?;
        // Between two generations two may have been given the same: the first keeps it.
        for (topic, partitions) in &mut member.assigned {
            partitions.retain(|partition, _| state.is_free(*topic, *partition));
        }
        member.assigned.retain(|_, partitions| !partitions.is_empty());
        let target: Partitions = member
            .assigned
            .iter()
            .map(|(topic, partitions)| (*topic, partitions.keys().copied().collect()))
            .collect();
        state.put_member(id, member);
        if !target.is_empty() {
            state.targets.insert(id.clone(), Arc::new(target));
        }
    }
    Ok(state)
}

fn upgraded(classic: &ClassicMember, group: &Group, facts: &dyn ClusterFacts) -> Option<Member> {
    let subscription = read_subscription(classic.protocols.first()?)?;
    Some(Member {
        instance_id: classic.instance_id.clone(),
        rack: subscription.rack_id.filter(|rack| !rack.is_empty()).map(|rack| rack.compact()),
        client_id: classic.client_id.clone(),
        client_host: classic.client_host.clone(),
        topics: subscription.topics.iter().map(KString::compact).collect(),
        rebalance_timeout: classic.rebalance_timeout,
        classic: Some(ClassicPart {
            session_timeout: classic.session_timeout,
            protocols: classic.protocols.clone(),
        }),
        epoch: group.generation,
        previous_epoch: group.generation,
        assigned: read_assignment(&classic.assignment, group.generation, facts)?,
        ..Member::default()
    })
}

/// What a leader assigned, by topic ids. `None` when it cannot be read, or says more than the consumer protocol can.
fn read_assignment(bytes: &bytes::Bytes, epoch: i32, facts: &dyn ClusterFacts) -> Option<Owned> {
    let mut owned = Owned::new();
    if bytes.is_empty() {
        return Some(owned);
    }
    let version = stored_prefix(bytes).ok()?.clamp(0, ConsumerProtocolAssignment::MAX_VERSION);
    let mut reader = Reader::new(bytes.slice(2..));
    let assignment = ConsumerProtocolAssignment::decode(&mut reader, version).ok()?;
    if assignment.user_data.is_some_and(|data| !data.is_empty()) {
        return None;
    }
    for topic in assignment.assigned_partitions {
        if let Some(found) = facts.topic(&topic.topic) {
            let partitions = owned.entry(found.id).or_default();
            partitions.extend(topic.partitions.iter().map(|partition| (*partition, epoch)));
        }
    }
    owned.retain(|_, partitions| !partitions.is_empty());
    Some(owned)
}

/// Whether nobody but members of the classic protocol is left.
pub(super) fn is_all_classic(state: &State) -> bool {
    !state.members.is_empty() && state.members.values().all(|member| member.classic.is_some())
}

/// The classic group that a consumer group becomes: stable, at the group's epoch as its generation. `None` when its
/// members have nothing in common.
pub(super) fn to_classic(id: &KString, state: &State, facts: &dyn ClusterFacts, now: Now) -> Option<Group> {
    let mut group = Group::new(id.clone(), now);
    for (id, member) in &state.members {
        let classic = member.classic.as_ref()?;
        let version = classic.protocols.first().and_then(|first| stored_prefix(&first.metadata).ok());
        if let Some(instance_id) = &member.instance_id {
            group.statics.insert(instance_id.clone(), id.clone());
        }
        let downgraded = ClassicMember {
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            session_timeout: classic.session_timeout,
            rebalance_timeout: member.rebalance_timeout,
            protocols: classic.protocols.clone(),
            assignment: assignment_bytes(&member.assigned, version.unwrap_or(0), facts)?,
            awaiting_join: None,
            awaiting_sync: None,
            is_new: false,
        };
        group.members.insert(id.clone(), downgraded);
    }
    let first = group.members.values().next()?;
    let common = |protocol: &&Protocol| group.members.values().all(|member| member.knows(&protocol.name));
    first.protocols.iter().find(common)?;
    group.generation = state.epoch;
    group.protocol_type = Some(KString::from_static(CONSUMER));
    group.protocol = Some(group.select_protocol());
    group.leader = group.members.keys().next().cloned();
    group.state = GroupState::Stable;
    group.subscribed = group.find_subscribed();
    group.stored = true;
    group.weigh_members();
    Some(group)
}
