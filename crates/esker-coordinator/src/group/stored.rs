//! A group as it is stored, and back.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use esker_kafka_wire::{
    KString, Message, Reader,
    messages::{ConsumerProtocolSubscription, GroupMetadataValue, group_metadata_value::MemberMetadata},
};

use super::{Group, Member};
use crate::{
    effects::{Cx, Now, Then, Write},
    error::GroupError,
    records::Record,
    settings::GroupConfig,
    types::{GroupState, Protocol},
};

impl Group {
    /// Hands records to the log.
    pub(super) fn write(&mut self, cx: &mut Cx<'_>, records: Vec<Record>, then: Then) {
        self.stored = true;
        cx.writes.push(Write { group: self.id.clone(), records, then, waiter: None });
    }

    /// Writes that the group has become empty; nothing but the reader of the log hangs on it.
    pub(super) fn write_state(&mut self, cx: &mut Cx<'_>, assignments: Option<&[(KString, Bytes)]>) {
        match self.state_record(cx.config, assignments) {
            Ok(record) => self.write(cx, vec![record], Then::Nothing),
            Err(error) => tracing::warn!(group = %self.id, %error, "group state cannot be stored"),
        }
    }

    /// The group as a record, with these assignments in place of those in force.
    pub(crate) fn state_record(
        &self,
        config: &GroupConfig,
        assignments: Option<&[(KString, Bytes)]>,
    ) -> Result<Record, GroupError> {
        let protocol = self.protocol.clone().unwrap_or_default();
        let members = self.members.iter().enumerate().map(|(position, (member_id, member))| {
            let assignment = match assignments {
                // In the order of the members, as it was made from them.
                Some(assignments) => assignments[position].1.clone(),
                None => member.assignment.clone(),
            };
            MemberMetadata {
                member_id: member_id.clone(),
                group_instance_id: member.instance_id.clone(),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                rebalance_timeout: millis(member.rebalance_timeout),
                session_timeout: millis(member.session_timeout),
                subscription: member.metadata(&protocol),
                assignment,
            }
        });
        let value = GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            current_state_timestamp: self.state_since_ms.unwrap_or(-1),
            members: members.collect(),
        };
        let record = Record::group(&self.id, &value).map_err(|_| GroupError::TooLarge)?;
        if record.size() > config.max_group_record { Err(GroupError::TooLarge) } else { Ok(record) }
    }

    /// Takes the state that was stored last. Offsets stay as they are.
    pub(crate) fn restore(&mut self, value: GroupMetadataValue, now: Now) {
        self.forget_stored(now);
        self.stored = true;
        self.generation = value.generation;
        self.protocol_type = (!value.protocol_type.is_empty()).then_some(value.protocol_type);
        self.protocol = value.protocol;
        self.leader = value.leader;
        self.state_since_ms = (value.current_state_timestamp >= 0).then_some(value.current_state_timestamp);
        let protocol = self.protocol.clone().unwrap_or_default();
        for stored in value.members {
            let rebalance =
                if stored.rebalance_timeout < 0 { stored.session_timeout } else { stored.rebalance_timeout };
            if let Some(instance_id) = &stored.group_instance_id {
                self.statics.insert(instance_id.clone(), stored.member_id.clone());
            }
            let member = Member {
                instance_id: stored.group_instance_id,
                client_id: stored.client_id,
                client_host: stored.client_host,
                session_timeout: duration(stored.session_timeout),
                rebalance_timeout: duration(rebalance),
                protocols: vec![Protocol { name: protocol.clone(), metadata: stored.subscription }],
                assignment: stored.assignment,
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            };
            self.members.insert(stored.member_id, member);
        }
        if !self.members.is_empty() {
            self.state = GroupState::Stable;
            // A leader that is not a member would never be replaced.
            if !self.leader.as_ref().is_some_and(|leader| self.members.contains_key(leader)) {
                self.leader = self.members.keys().next().cloned();
            }
        }
        self.subscribed = self.find_subscribed();
        self.weigh_members();
    }

    /// The state that was stored is gone. Offsets stay as they are, and so does a group of the consumer protocol.
    pub(crate) fn forget_stored(&mut self, now: Now) {
        let offsets = std::mem::take(&mut self.offsets);
        let consumer = self.consumer.take();
        *self = Self::new(self.id.clone(), now);
        self.offsets = offsets;
        self.consumer = consumer;
    }

    /// What was read of the consumer protocol is whole: whether there is such a group. One without members may be left
    /// over from before it became a classic one.
    pub(crate) fn finish_consumer(&mut self) {
        let Some(mut consumer) = self.consumer.take() else { return };
        let there = consumer.loaded();
        if there && (!self.stored || !consumer.state.members.is_empty()) {
            self.consumer = Some(consumer);
        }
    }

    /// The log has been read: every member gets a whole session to find us again.
    pub(crate) fn wake(&mut self, cx: &mut Cx<'_>) {
        if let Some(consumer) = &mut self.consumer {
            return consumer.wake(cx, &self.id);
        }
        let members: Vec<KString> = self.members.keys().cloned().collect();
        for member_id in &members {
            self.touch(cx, member_id);
        }
        if self.members.len() > cx.config.max_members {
            self.prepare_rebalance(cx);
            self.weigh_members();
        }
    }

    /// The topics of all members, where they are consumers whose metadata can be read.
    pub(crate) fn find_subscribed(&self) -> Option<BTreeSet<KString>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol.as_ref()?;
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscription_topics(&member.metadata(protocol))?);
        }
        Some(topics)
    }
}

/// The topics of a consumer's subscription. Every version begins like version 0.
fn subscription_topics(metadata: &Bytes) -> Option<Vec<KString>> {
    let mut reader = Reader::new(metadata.slice(metadata.len().min(2)..));
    let subscription = ConsumerProtocolSubscription::decode(&mut reader, 0).ok()?;
    Some(subscription.topics.iter().map(KString::compact).collect())
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn duration(millis: i32) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
