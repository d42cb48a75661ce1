//! Offsets that nobody needs any more.

use esker_core::TopicId;
use esker_kafka_wire::KString;

use super::{Shard, commit::forget};
use crate::{effects::Cx, group::Group, types::GroupState};

impl Shard {
    /// Deletes expired offsets, and groups that have neither members nor offsets.
    pub(crate) fn expire_offsets(&mut self, cx: &mut Cx<'_>) {
        let ids: Vec<KString> = self.groups.keys().cloned().collect();
        for id in ids {
            let group = &self.groups[&id];
            let expired = expired_offsets(group, cx);
            let all = expired.len() == group.offsets.len();
            if all && group.is_vacant() {
                self.bury(cx, &id, None);
            } else {
                forget(group, cx, expired, None);
            }
        }
    }

    /// A topic is gone: so are the offsets in it, or they would be taken for those of a later topic of this name.
    pub(crate) fn topic_deleted(&mut self, cx: &mut Cx<'_>, topic: &KString, id: TopicId) {
        for group in self.groups.values().filter(|group| group.state != GroupState::Dead) {
            // Offsets may be of a later topic of this name already.
            let later = |partition: i32| {
                let commit = group.offsets.get(topic, partition);
                commit.is_some_and(|commit| !commit.topic_id.is_nil() && commit.topic_id != id.0)
            };
            let gone = group.offsets.keys_of(topic).filter(|partition| !later(*partition));
            let gone = gone.map(|partition| (topic.compact(), partition)).collect();
            forget(group, cx, gone, None);
        }
    }
}

fn expired_offsets(group: &Group, cx: &Cx<'_>) -> Vec<(KString, i32)> {
    // In a group without members, offsets last from when it lost them; otherwise from their commit. Members that
    // are not consumers, or that are between two assignments, keep all offsets alive.
    let since_empty = match (&group.protocol_type, group.state) {
        (_, GroupState::Dead) => return Vec::new(),
        (None, _) => None,
        (Some(_), GroupState::Empty) => group.state_since_ms,
        (Some(_), GroupState::Stable) if group.uses_consumer_protocol() && group.subscribed.is_some() => None,
        _ => return Vec::new(),
    };
    let retention = cx.config.offsets_retention;
    group
        .offsets
        .iter()
        .filter(|(topic, _, commit)| {
            let since_ms = since_empty.unwrap_or(commit.committed_ms);
            !group.is_subscribed(topic) && commit.is_expired(cx.now.wall_ms, since_ms, retention)
        })
        .map(|(topic, partition, _)| (topic.clone(), partition))
        .collect()
}
