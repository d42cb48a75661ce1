//! The groups of one partition of `__consumer_offsets`: a state machine over [`Group`]s, without I/O or a clock.

mod admin;
mod commit;
mod load;
mod retention;
mod share;
mod transactional;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use esker_env::Monotonic;
use esker_kafka_wire::KString;

pub(crate) use self::transactional::Transactional;
use crate::{
    effects::{Answer, Cx, Then, Token, Write},
    error::GroupError,
    group::Group,
    timers::Timers,
    transactions::Producer,
    types::{ConsumerHeartbeat, GroupState, JoinAnswer, JoinRequest, Leaver, MemberRef, SyncRequest},
    usage::Usage,
};

/// The groups of one partition.
#[derive(Default)]
pub(crate) struct Shard {
    pub(crate) groups: BTreeMap<KString, Group>,
    /// A time for each group not after its next deadline. Deadlines mostly move away (heartbeats), so these are
    /// corrected when they come up rather than on each request.
    wakes: Timers<KString>,
    /// What waits for the end of transactions.
    pub(crate) transactional: Transactional,
    /// Share groups.
    pub(crate) shares: share::ShareGroups,
    /// Of all groups here.
    usage: Usage,
}

impl Shard {
    /// A shard without groups, which counts among others.
    pub(crate) fn new(usage: Usage) -> Self {
        Self { usage, ..Self::default() }
    }

    /// When the shard next wants [`Shard::expire`].
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.wakes.next().into_iter().chain(self.shares.next_deadline()).min()
    }

    /// Acts on every deadline that has passed, group by group.
    pub(crate) fn expire(&mut self, cx: &mut Cx<'_>) {
        while let Some(id) = self.wakes.pop_due(cx.now.monotonic) {
            self.with(&id, |group| group.expire(cx));
        }
        self.expire_shares(cx);
    }

    /// Makes sure that the group is woken in time.
    fn rewake(&mut self, id: &KString) {
        let deadline = self.groups.get(id).and_then(Group::next_deadline);
        match deadline {
            Some(deadline) if self.wakes.get(id).is_none_or(|wake| deadline < wake) => {
                self.wakes.set(id.clone(), deadline);
            }
            _ => {}
        }
    }

    /// Runs `act` on a group, and looks at its deadlines afterwards.
    fn with<T>(&mut self, id: &KString, act: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let group = self.groups.get_mut(id)?;
        let before = group.weight();
        let done = act(group);
        self.usage.change(before, group.weight());
        self.rewake(id);
        Some(done)
    }

    /// The group, made when missing and when there is room.
    fn ensure(&mut self, cx: &Cx<'_>, id: &KString) -> Result<(), GroupError> {
        if self.is_share_group(id) {
            return Err(GroupError::InconsistentProtocol);
        }
        if !self.groups.contains_key(id) {
            if self.groups.len() >= cx.config.max_groups_per_partition {
                return Err(GroupError::Limit);
            }
            if i16::try_from(id.len()).is_err() {
                // No record could carry it.
                return Err(GroupError::InvalidGroupId);
            }
            let id = id.compact();
            let group = Group::new(id.clone(), cx.now);
            if group.weight() > self.usage.room(cx.config.max_state) {
                return Err(GroupError::Limit);
            }
            self.usage.change(0, group.weight());
            self.groups.insert(id, group);
        }
        Ok(())
    }

    /// A heartbeat of the consumer protocol.
    pub(crate) fn consumer_heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        request: ConsumerHeartbeat,
        token: Token,
    ) {
        self.prepare(cx);
        let ensured = if request.epoch == 0 { self.ensure(cx, id) } else { Ok(()) };
        let error = match ensured {
            Ok(()) => match self.with(id, |group| group.consumer_heartbeat(cx, request, token)) {
                Some(()) => return,
                None => GroupError::GroupNotFound,
            },
            Err(error) => error,
        };
        cx.answers.push((token, Answer::Heartbeat(Err(error))));
    }

    /// Says how much the machine may still grow.
    fn prepare(&self, cx: &mut Cx<'_>) {
        cx.room = self.usage.room(cx.config.max_state);
    }

    pub(crate) fn join(&mut self, cx: &mut Cx<'_>, id: &KString, request: &JoinRequest, token: Token) {
        self.prepare(cx);
        // A member with an id belongs to a group that exists.
        let ensured = if request.member_id.is_empty() { self.ensure(cx, id) } else { Ok(()) };
        let error = match ensured {
            Ok(()) => match self.with(id, |group| group.join(cx, request, token)) {
                Some(()) => return,
                None => GroupError::UnknownMember,
            },
            Err(error) => error,
        };
        cx.answer_join(token, JoinAnswer::refused(error, request.member_id.clone()));
    }

    pub(crate) fn sync(&mut self, cx: &mut Cx<'_>, id: &KString, request: &SyncRequest, token: Token) {
        self.prepare(cx);
        if self.with(id, |group| group.sync(cx, request, token)).is_none() {
            cx.answer_sync(token, Err(GroupError::UnknownMember));
        }
    }

    pub(crate) fn heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        member: &MemberRef,
    ) -> Result<(), GroupError> {
        self.prepare(cx);
        self.with(id, |group| group.heartbeat(cx, member)).unwrap_or(Err(GroupError::UnknownMember))
    }

    pub(crate) fn leave(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        leavers: &[Leaver],
        token: Token,
    ) -> Vec<Result<(), GroupError>> {
        self.prepare(cx);
        self.with(id, |group| group.leave(cx, leavers, token)).unwrap_or_else(|| {
            cx.answer_written(token, Err(GroupError::UnknownMember));
            Vec::new()
        })
    }

    /// A write is durable, or is known not to be.
    pub(crate) fn written(&mut self, cx: &mut Cx<'_>, write: Write, result: Result<(), GroupError>) {
        self.prepare(cx);
        if let Some(token) = write.waiter {
            cx.answer_written(token, result);
        }
        match write.then {
            Then::Delete => return self.deleted(&write.group, cx.now, result),
            Then::EndShare => return self.share_deleted(&write.group, result),
            Then::Share(flight) => return self.share_written(cx, &write.group, *flight, result),
            Then::Pend { producer, epoch, offsets } => {
                return self.pended(&write.group, Producer { id: producer, epoch }, offsets, result.is_ok());
            }
            Then::End { producer, commit, .. } => {
                return self.ended(producer, commit, result.is_ok(), cx.now);
            }
            Then::Commit(ref commits) if result.is_ok() => {
                for (topic, partition, _) in commits {
                    self.on_transactional(|all| all.overtaken(&write.group, topic, *partition));
                }
            }
            _ => {}
        }
        self.with(&write.group, |group| match write.then {
            Then::Delete | Then::EndShare | Then::Share(_) | Then::Pend { .. } | Then::End { .. } => {
                unreachable!("seen to above")
            }
            Then::Nothing => {
                if let Err(error) = result {
                    // At the next load its last generation would come back, and expire.
                    tracing::warn!(group = %group.id, %error, "that the group is empty could not be stored");
                }
            }
            Then::Assign { generation, assignments } => group.assigned(cx, generation, assignments, result),
            Then::Consumer(flight) => group.consumer_written(cx, *flight, result),
            Then::Replace(swap) => group.replaced(cx, *swap, result),
            Then::Commit(commits) => {
                for (topic, partition, commit) in commits {
                    group.offsets.finish(&topic, partition, result.is_ok().then_some(commit));
                }
            }
            Then::Forget(partitions) => {
                for (topic, partition) in partitions.iter().filter(|_| result.is_ok()) {
                    group.offsets.remove(topic, *partition);
                }
            }
        });
    }

    /// A deletion has ended.
    fn deleted(&mut self, id: &KString, now: crate::effects::Now, result: Result<(), GroupError>) {
        let Some(group) = self.groups.get_mut(id) else { return };
        assert_eq!(group.state, GroupState::Dead, "a group stays dead until its deletion has ended");
        match result {
            Ok(()) => {
                let group = self.groups.remove(id).expect("found above");
                self.usage.change(group.weight(), 0);
                self.wakes.cancel(id);
            }
            Err(_) => group.revive(now),
        }
    }
}
