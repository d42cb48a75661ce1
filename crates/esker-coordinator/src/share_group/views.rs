//! A share group as others see it.

use esker_kafka_wire::KString;

use super::{ShareGroup, assign, heartbeat::listed};
use crate::types::{GroupKind, GroupSummary, ShareGroupDescription, ShareMemberDescription};

impl ShareGroup {
    /// The protocol's word for what it is doing.
    fn doing(&self) -> &'static str {
        if self.state.members.is_empty() { "Empty" } else { "Stable" }
    }

    pub(crate) fn summary(&self, group: &KString) -> GroupSummary {
        GroupSummary {
            group: group.clone(),
            protocol_type: KString::from_static(GroupKind::Share.as_str()),
            state: self.doing(),
            kind: GroupKind::Share,
        }
    }

    pub(crate) fn describe(&self) -> ShareGroupDescription {
        let members = self.state.members.iter().map(|(id, member)| ShareMemberDescription {
            member_id: id.clone(),
            rack: member.rack.clone(),
            epoch: member.epoch,
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            topics: member.topics.iter().cloned().collect(),
            assignment: listed(&member.assigned),
        });
        ShareGroupDescription {
            state: self.doing(),
            epoch: self.state.epoch,
            assignor: assign::NAME,
            members: members.collect(),
        }
    }
}
