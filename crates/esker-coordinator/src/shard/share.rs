//! The share groups of a shard.

use std::collections::BTreeMap;

use esker_env::Monotonic;
use esker_kafka_wire::KString;

use super::Shard;
use crate::{
    effects::{Answer, Cx, Then, Token, Write},
    error::GroupError,
    records::ShareRecord,
    share_group::{InFlight, ShareGroup},
    timers::Timers,
    types::{ShareGroupDescription, ShareHeartbeat},
};

/// Share groups beside the others: an id belongs to one kind.
#[derive(Default)]
pub(crate) struct ShareGroups {
    pub(crate) groups: BTreeMap<KString, ShareGroup>,
    wakes: Timers<KString>,
}

impl ShareGroups {
    pub(super) fn next_deadline(&self) -> Option<Monotonic> {
        self.wakes.next()
    }

    pub(super) fn replay(&mut self, id: &KString, record: ShareRecord) {
        if matches!(record, ShareRecord::Epoch(None)) {
            self.groups.remove(id);
            return;
        }
        self.groups.entry(id.clone()).or_default().replay(record);
    }
}

impl Shard {
    /// A heartbeat of a member of a share group.
    pub(crate) fn share_heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        request: ShareHeartbeat,
        token: Token,
    ) {
        self.prepare(cx);
        let ensured = if request.epoch == 0 { self.ensure_share(cx, id) } else { Ok(()) };
        let error = match ensured {
            Ok(()) => match self.with_share(id, |group| group.heartbeat(cx, id, request, token)) {
                Some(()) => return,
                None => GroupError::GroupNotFound,
            },
            Err(error) => error,
        };
        cx.answers.push((token, Answer::Heartbeat(Err(error))));
    }

    pub(super) fn is_share_group(&self, id: &str) -> bool {
        self.shares.groups.contains_key(id)
    }

    fn ensure_share(&mut self, cx: &Cx<'_>, id: &KString) -> Result<(), GroupError> {
        if self.is_share_group(id) {
            return Ok(());
        }
        if let Some(group) = self.groups.get(id) {
            // One that is nothing but a name is none of another kind.
            let is_nothing = group.is_vacant()
                && !group.stored
                && group.offsets.is_empty()
                && group.consumer.as_ref().is_none_or(|consumer| !consumer.stored);
            if !is_nothing {
                return Err(GroupError::GroupNotFound);
            }
        }
        if self.groups.len() + self.shares.groups.len() >= cx.config.max_groups_per_partition {
            return Err(GroupError::Limit);
        }
        if i16::try_from(id.len()).is_err() {
            return Err(GroupError::InvalidGroupId);
        }
        let group = ShareGroup::default();
        if id.len() + crate::usage::GROUP > cx.room {
            return Err(GroupError::Limit);
        }
        self.usage.change(0, group.weight());
        self.shares.groups.insert(id.compact(), group);
        Ok(())
    }

    pub(super) fn with_share<T>(
        &mut self,
        id: &KString,
        act: impl FnOnce(&mut ShareGroup) -> T,
    ) -> Option<T> {
        let group = self.shares.groups.get_mut(id)?;
        let before = group.weight();
        let done = act(group);
        self.usage.change(before, group.weight());
        match group.next_deadline() {
            Some(deadline) if self.shares.wakes.get(id).is_none_or(|wake| deadline < wake) => {
                self.shares.wakes.set(id.clone(), deadline);
            }
            _ => {}
        }
        // A group that nothing came of is none.
        if group.is_vacant() && !group.stored && !group.ending {
            self.usage.change(group.weight(), 0);
            self.shares.groups.remove(id);
            self.shares.wakes.cancel(id);
        }
        Some(done)
    }

    /// Acts on every deadline of share groups that has passed.
    pub(super) fn expire_shares(&mut self, cx: &mut Cx<'_>) {
        while let Some(id) = self.shares.wakes.pop_due(cx.now.monotonic) {
            self.with_share(&id, |group| group.expire(cx, &id));
        }
    }

    /// Everything has been read.
    pub(super) fn wake_shares(&mut self, cx: &mut Cx<'_>) {
        self.shares.groups.retain(|_, group| group.stored);
        let ids: Vec<KString> = self.shares.groups.keys().cloned().collect();
        for id in ids {
            self.with_share(&id, |group| group.wake(cx, &id));
        }
    }

    pub(super) fn share_written(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        flight: InFlight,
        result: Result<(), GroupError>,
    ) {
        self.with_share(id, |group| group.written(cx, id, flight, result));
    }

    pub(crate) fn describe_share(&self, id: &KString) -> Option<ShareGroupDescription> {
        self.shares.groups.get(id).map(ShareGroup::describe)
    }

    /// Deletes a share group without members. `token` is answered once that is durable.
    pub(super) fn delete_share(&mut self, cx: &mut Cx<'_>, id: &KString, token: Token) {
        let Some(group) = self.shares.groups.get_mut(id).filter(|group| !group.ending) else {
            return cx.answer_written(token, Err(GroupError::GroupNotFound));
        };
        if !group.is_vacant() {
            return cx.answer_written(token, Err(GroupError::NonEmptyGroup));
        }
        group.ending = true;
        let records = group.state.tombstones(id).unwrap_or_default();
        cx.writes.push(Write { group: id.clone(), records, then: Then::EndShare, waiter: Some(token) });
    }

    pub(super) fn share_deleted(&mut self, id: &KString, result: Result<(), GroupError>) {
        let Some(group) = self.shares.groups.get_mut(id) else { return };
        group.ending = false;
        if result.is_ok() {
            self.usage.change(group.weight(), 0);
            self.shares.groups.remove(id);
            self.shares.wakes.cancel(id);
        }
    }
}

#[cfg(test)]
impl Shard {
    /// Bytes of all share groups.
    pub(super) fn share_weight(&self) -> usize {
        self.shares.groups.values().map(ShareGroup::weight).sum()
    }
}
