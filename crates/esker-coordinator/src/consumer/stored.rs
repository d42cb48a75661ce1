//! A consumer group as it is stored, and back.

use std::{sync::Arc, time::Duration};

use esker_kafka_wire::{
    EncodeError, KString,
    messages::{
        ConsumerGroupCurrentMemberAssignmentValue, ConsumerGroupMemberMetadataValue,
        ConsumerGroupMetadataValue, ConsumerGroupTargetAssignmentMetadataValue,
        consumer_group_member_metadata_value::{ClassicMemberMetadata, ClassicProtocol},
    },
};

use super::{
    ConsumerGroup,
    member::{ClassicPart, Member, MemberState},
    state::State,
};
use crate::{
    group::copy_protocols,
    records::{ConsumerRecord, Record, from_stored, to_stored},
    types::Protocol,
};

impl State {
    /// The records that lead from `before` to this state, in an order of which every beginning is a sound state too: who
    /// goes lets go first, an epoch is there before the target that is made for it, and a member gets something only
    /// after all of that.
    pub(crate) fn records_since(&self, group: &KString, before: &Self) -> Result<Vec<Record>, EncodeError> {
        let mut records = Vec::new();
        for id in before.members.keys().filter(|id| !self.members.contains_key(*id)) {
            records.push(Record::consumer_position(group, id, None)?);
            records.push(Record::consumer_target(group, id, None)?);
            records.push(Record::consumer_member(group, id, None)?);
        }
        let nobody = Member::default();
        let changed = || {
            self.members.iter().filter_map(|(id, member)| match before.members.get(id) {
                Some(old) if Arc::ptr_eq(old, member) => None,
                Some(old) => Some((id, member, &**old, false)),
                None => Some((id, member, &nobody, true)),
            })
        };
        for (id, member, old, new) in changed() {
            if new || member.differs_in_metadata(old) {
                records.push(Record::consumer_member(group, id, Some(&metadata_of(member)))?);
            }
        }
        for (regex, resolved) in &self.regexes {
            if before.regexes.get(regex) != Some(resolved) {
                records.push(Record::consumer_regex(group, regex, Some(resolved))?);
            }
        }
        for regex in before.regexes.keys().filter(|regex| !self.regexes.contains_key(*regex)) {
            records.push(Record::consumer_regex(group, regex, None)?);
        }
        if (self.epoch, self.hash) != (before.epoch, before.hash) {
            let value = ConsumerGroupMetadataValue { epoch: self.epoch, metadata_hash: self.hash };
            records.push(Record::consumer_epoch(group, Some(&value))?);
        }
        for (id, target) in &self.targets {
            let old = before.targets.get(id);
            if old.is_none_or(|old| !Arc::ptr_eq(old, target) && old != target) {
                records.push(Record::consumer_target(group, id, Some(target))?);
            }
        }
        // Of members that are still there: the target of the others has gone with them.
        for id in before.targets.keys() {
            if self.members.contains_key(id) && !self.targets.contains_key(id) {
                records.push(Record::consumer_target(group, id, None)?);
            }
        }
        if self.target_epoch != before.target_epoch {
            let value = ConsumerGroupTargetAssignmentMetadataValue {
                assignment_epoch: self.target_epoch,
                assignment_timestamp: self.target_ms,
            };
            records.push(Record::consumer_target_epoch(group, Some(&value))?);
        }
        for (id, member, old, new) in changed() {
            if new || member.differs_in_position(old) {
                records.push(Record::consumer_position(group, id, Some(&position_of(member)))?);
            }
        }
        Ok(records)
    }

    /// The records that end this group.
    pub(crate) fn tombstones(&self, group: &KString) -> Result<Vec<Record>, EncodeError> {
        let mut records = Vec::new();
        for id in self.members.keys() {
            records.push(Record::consumer_position(group, id, None)?);
        }
        for id in self.members.keys() {
            records.push(Record::consumer_target(group, id, None)?);
        }
        records.push(Record::consumer_target_epoch(group, None)?);
        for id in self.members.keys() {
            records.push(Record::consumer_member(group, id, None)?);
        }
        for regex in self.regexes.keys() {
            records.push(Record::consumer_regex(group, regex, None)?);
        }
        records.push(Record::consumer_epoch(group, None)?);
        Ok(records)
    }
}

fn metadata_of(member: &Member) -> ConsumerGroupMemberMetadataValue {
    let classic = member.classic.as_ref().map(|classic| ClassicMemberMetadata {
        session_timeout_ms: millis(classic.session_timeout),
        supported_protocols: classic
            .protocols
            .iter()
            .map(|protocol| ClassicProtocol {
                name: protocol.name.clone(),
                metadata: protocol.metadata.clone(),
            })
            .collect(),
    });
    ConsumerGroupMemberMetadataValue {
        instance_id: member.instance_id.clone(),
        rack_id: member.rack.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        subscribed_topic_names: member.topics.iter().cloned().collect(),
        // Kafka writes an empty one for a member without.
        subscribed_topic_regex: Some(member.regex.clone().unwrap_or_default()),
        rebalance_timeout_ms: millis(member.rebalance_timeout),
        server_assignor: member.assignor.clone(),
        classic_member_metadata: classic,
    }
}

fn position_of(member: &Member) -> ConsumerGroupCurrentMemberAssignmentValue {
    ConsumerGroupCurrentMemberAssignmentValue {
        member_epoch: member.epoch,
        previous_member_epoch: member.previous_epoch,
        state: member.state.code(),
        assigned_partitions: to_stored(&member.assigned),
        partitions_pending_revocation: to_stored(&member.revoking),
    }
}

impl ConsumerGroup {
    /// Takes a record, in the order of the log. What belongs together is checked at the end, by
    /// [`ConsumerGroup::loaded`].
    pub(crate) fn replay(&mut self, record: ConsumerRecord) {
        let state = Arc::make_mut(&mut self.state);
        match record {
            ConsumerRecord::Epoch(Some(value)) => {
                state.epoch = value.epoch;
                state.hash = value.metadata_hash;
                self.stored = true;
            }
            ConsumerRecord::Epoch(None) => {
                *state = State::default();
                self.stored = false;
            }
            ConsumerRecord::TargetEpoch(value) => {
                state.target_epoch = value.as_ref().map_or(0, |value| value.assignment_epoch);
                state.target_ms = value.map_or(0, |value| value.assignment_timestamp);
            }
            ConsumerRecord::Target(id, target) => match target.filter(|target| !target.is_empty()) {
                Some(target) => {
                    state.targets.insert(id, Arc::new(target));
                }
                None => {
                    state.targets.remove(&id);
                }
            },
            ConsumerRecord::Regex(regex, Some(resolved)) => {
                state.regexes.insert(regex, Arc::new(resolved));
            }
            ConsumerRecord::Regex(regex, None) => {
                state.regexes.remove(&regex);
            }
            ConsumerRecord::Member(id, Some(value)) => {
                let member = Arc::make_mut(state.members.entry(id.clone()).or_default());
                take_metadata(member, *value);
                self.described.insert(id);
            }
            ConsumerRecord::Member(id, None) => {
                state.members.remove(&id);
                self.described.remove(&id);
            }
            ConsumerRecord::Position(id, Some(value)) => {
                let member = Arc::make_mut(state.members.entry(id).or_default());
                member.epoch = value.member_epoch;
                member.previous_epoch = value.previous_member_epoch;
                member.state = MemberState::of(value.state);
                member.assigned = from_stored(&value.assigned_partitions, value.member_epoch);
                member.revoking = from_stored(&value.partitions_pending_revocation, value.member_epoch);
            }
            ConsumerRecord::Position(id, None) => {
                if let Some(member) = state.members.get_mut(&id) {
                    let member = Arc::make_mut(member);
                    (member.epoch, member.previous_epoch, member.state) = (0, 0, MemberState::Stable);
                    member.assigned.clear();
                    member.revoking.clear();
                }
            }
        }
    }

    /// The log has been read. Whether there is such a group at all.
    pub(crate) fn loaded(&mut self) -> bool {
        let described = std::mem::take(&mut self.described);
        let state = Arc::make_mut(&mut self.state);
        state.members.retain(|id, _| described.contains(id));
        let members = &state.members;
        state.targets.retain(|id, _| members.contains_key(id));
        state.drop_unused_regexes();
        state.index();
        self.weigh();
        self.stored
    }
}

fn take_metadata(member: &mut Member, value: ConsumerGroupMemberMetadataValue) {
    let text = |text: Option<KString>| text.filter(|text| !text.is_empty()).map(|text| text.compact());
    member.instance_id = text(value.instance_id);
    member.rack = text(value.rack_id);
    member.client_id = value.client_id.compact();
    member.client_host = value.client_host.compact();
    member.topics = value.subscribed_topic_names.iter().map(KString::compact).collect();
    member.regex = text(value.subscribed_topic_regex);
    member.rebalance_timeout = duration(value.rebalance_timeout_ms);
    member.assignor = text(value.server_assignor);
    member.classic = value.classic_member_metadata.map(|classic| {
        let protocols = classic.supported_protocols.into_iter();
        let protocols: Vec<Protocol> =
            protocols.map(|protocol| Protocol { name: protocol.name, metadata: protocol.metadata }).collect();
        ClassicPart {
            session_timeout: duration(classic.session_timeout_ms),
            protocols: copy_protocols(&protocols),
        }
    });
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn duration(millis: i32) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
