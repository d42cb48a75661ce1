//! A group as others see it.

use bytes::Bytes;
use esker_kafka_wire::KString;

use super::{CONSUMER, Group};
use crate::types::{GroupDescription, GroupKind, GroupState, GroupSummary, MemberDescription};

impl Group {
    pub(crate) fn summary(&self) -> GroupSummary {
        if let Some(consumer) = &self.consumer {
            return GroupSummary {
                group: self.id.clone(),
                protocol_type: KString::from_static(CONSUMER),
                state: consumer.state.doing().as_str(),
                kind: GroupKind::Consumer,
            };
        }
        GroupSummary {
            group: self.id.clone(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            state: self.state.as_str(),
            kind: GroupKind::Classic,
        }
    }

    /// Metadata is shown while a protocol is in force: in a stable group. Assignments are shown until the next ones.
    pub(crate) fn describe(&self) -> GroupDescription {
        let stable = self.state == GroupState::Stable;
        let protocol = if stable { self.protocol.clone().unwrap_or_default() } else { KString::new() };
        let members = self.members.iter().map(|(member_id, member)| MemberDescription {
            member_id: member_id.clone(),
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            metadata: if stable { member.metadata(&protocol) } else { Bytes::new() },
            assignment: member.assignment.clone(),
        });
        GroupDescription {
            state: self.state,
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            members: members.collect(),
            protocol,
        }
    }
}
