//! Listing, describing and deleting groups.

use esker_kafka_wire::KString;

use super::Shard;
use crate::{
    effects::{Cx, Then, Token, Write},
    error::GroupError,
    group::Group,
    records::Record,
    types::{ConsumerGroupDescription, GroupDescription, GroupState, GroupSummary},
};

impl Shard {
    pub(crate) fn list(&self) -> impl Iterator<Item = GroupSummary> {
        let shares = self.shares.groups.iter().map(|(id, group)| group.summary(id));
        self.groups.values().map(Group::summary).chain(shares)
    }

    pub(crate) fn describe(&self, id: &KString) -> Option<GroupDescription> {
        self.groups.get(id).filter(|group| group.consumer.is_none()).map(Group::describe)
    }

    pub(crate) fn describe_consumer(&self, id: &KString) -> Option<ConsumerGroupDescription> {
        Some(self.groups.get(id)?.consumer.as_ref()?.describe())
    }

    /// Deletes a group without members, and its offsets. `token` is answered once that is durable.
    pub(crate) fn delete(&mut self, cx: &mut Cx<'_>, id: &KString, token: Token) {
        if self.is_share_group(id) {
            return self.delete_share(cx, id, token);
        }
        let refused = match self.groups.get(id).map(|group| group.state) {
            None | Some(GroupState::Dead) => Some(GroupError::GroupNotFound),
            Some(GroupState::Empty) => {
                let consumer = self.groups.get(id).and_then(|group| group.consumer.as_ref());
                consumer.is_some_and(|consumer| !consumer.is_vacant()).then_some(GroupError::NonEmptyGroup)
            }
            Some(_) => Some(GroupError::NonEmptyGroup),
        };
        match refused {
            Some(error) => cx.answer_written(token, Err(error)),
            None => self.bury(cx, id, Some(token)),
        }
    }

    /// Writes the end of an empty group.
    pub(super) fn bury(&mut self, cx: &mut Cx<'_>, id: &KString, waiter: Option<Token>) {
        self.with(id, Group::drop_pending).expect("the caller has found the group");
        let group = self.groups.get_mut(id).expect("found above");
        group.kill(cx.now);
        // The end of a transaction may be on its way, before this: what it leaves goes too. One that is still open is not
        // touched by it.
        let unstable = self.transactional.unstable(id).map(|(topic, partition)| (topic, *partition));
        let mut records: Vec<_> = group
            .offsets
            .keys()
            .chain(unstable)
            .filter_map(|(topic, partition)| Record::offset_gone(id, topic, partition).ok())
            .collect();
        if group.stored {
            records.extend(Record::group_gone(id));
        }
        if let Some(consumer) = group.consumer.as_ref().filter(|consumer| consumer.stored) {
            records.extend(consumer.state.tombstones(id).unwrap_or_default());
        }
        let write = Write { group: group.id.clone(), records, then: Then::Delete, waiter };
        if write.records.is_empty() {
            self.written(cx, write, Ok(()));
        } else {
            cx.writes.push(write);
        }
    }
}
