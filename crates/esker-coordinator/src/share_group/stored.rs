//! A share group as it is stored, and back. Targets are not stored: they follow from the members and the topics.

use std::sync::Arc;

use esker_kafka_wire::{
    EncodeError, KString,
    messages::{
        ShareGroupCurrentMemberAssignmentValue, ShareGroupMemberMetadataValue, ShareGroupMetadataValue,
        share_group_current_member_assignment_value::TopicPartitions,
    },
};

use super::{Member, ShareGroup, State};
use crate::records::{Record, ShareRecord};

/// The state of every member (`MemberState.STABLE`): nobody has to let go of anything.
const STABLE: i8 = 0;

impl State {
    /// The records that lead from `before` to this state, in an order of which every beginning is a sound state too.
    pub(super) fn records_since(&self, group: &KString, before: &Self) -> Result<Vec<Record>, EncodeError> {
        let mut records = Vec::new();
        for id in before.members.keys().filter(|id| !self.members.contains_key(*id)) {
            records.push(Record::share_position(group, id, None)?);
            records.push(Record::share_member(group, id, None)?);
        }
        let nobody = Member::default();
        let changed: Vec<_> = self
            .members
            .iter()
            .filter_map(|(id, member)| match before.members.get(id) {
                Some(old) if Arc::ptr_eq(old, member) => None,
                Some(old) => Some((id, member, &**old, false)),
                None => Some((id, member, &nobody, true)),
            })
            .collect();
        for (id, member, old, new) in &changed {
            if *new || member.differs_in_metadata(old) {
                records.push(Record::share_member(group, id, Some(&metadata_of(member)))?);
            }
        }
        if (self.epoch, self.hash) != (before.epoch, before.hash) {
            let value = ShareGroupMetadataValue { epoch: self.epoch, metadata_hash: self.hash };
            records.push(Record::share_epoch(group, Some(&value))?);
        }
        for (id, member, old, new) in &changed {
            if *new || member.differs_in_position(old) {
                records.push(Record::share_position(group, id, Some(&position_of(member)))?);
            }
        }
        Ok(records)
    }

    /// The records that end this group.
    pub(crate) fn tombstones(&self, group: &KString) -> Result<Vec<Record>, EncodeError> {
        let mut records = Vec::new();
        for id in self.members.keys() {
            records.push(Record::share_position(group, id, None)?);
            records.push(Record::share_member(group, id, None)?);
        }
        records.push(Record::share_epoch(group, None)?);
        Ok(records)
    }
}

fn metadata_of(member: &Member) -> ShareGroupMemberMetadataValue {
    ShareGroupMemberMetadataValue {
        rack_id: member.rack.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        subscribed_topic_names: member.topics.iter().cloned().collect(),
    }
}

fn position_of(member: &Member) -> ShareGroupCurrentMemberAssignmentValue {
    let assigned = member.assigned.iter().map(|(topic, partitions)| TopicPartitions {
        topic_id: *topic,
        partitions: partitions.iter().copied().collect(),
    });
    ShareGroupCurrentMemberAssignmentValue {
        member_epoch: member.epoch,
        previous_member_epoch: member.previous_epoch,
        state: STABLE,
        assigned_partitions: assigned.collect(),
    }
}

impl ShareGroup {
    /// Takes a record, in the order of the log.
    pub(crate) fn replay(&mut self, record: ShareRecord) {
        let state = Arc::make_mut(&mut self.state);
        match record {
            ShareRecord::Epoch(Some(value)) => {
                (state.epoch, state.hash) = (value.epoch, value.metadata_hash);
                self.stored = true;
            }
            ShareRecord::Epoch(None) => *self = Self::default(),
            ShareRecord::Member(id, Some(value)) => {
                let member = Arc::make_mut(state.members.entry(id).or_default());
                member.rack = value.rack_id.map(|rack| rack.compact());
                member.client_id = value.client_id.compact();
                member.client_host = value.client_host.compact();
                member.topics = value.subscribed_topic_names.iter().map(KString::compact).collect();
            }
            ShareRecord::Member(id, None) => {
                state.members.remove(&id);
            }
            ShareRecord::Position(id, Some(value)) => {
                // Of a member that has been described: its record comes first.
                if let Some(member) = state.members.get_mut(&id) {
                    let member = Arc::make_mut(member);
                    member.epoch = value.member_epoch;
                    member.previous_epoch = value.previous_member_epoch;
                    let topics = value.assigned_partitions.into_iter();
                    let topics = topics.filter(|topic| !topic.partitions.is_empty());
                    let assigned = topics
                        .map(|topic| (topic.topic_id, topic.partitions.into_iter().collect()))
                        .collect();
                    member.assigned = Arc::new(assigned);
                }
            }
            ShareRecord::Position(..) => {}
        }
    }
}
