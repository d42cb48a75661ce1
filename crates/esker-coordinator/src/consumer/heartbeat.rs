//! A heartbeat of the consumer protocol: joining, leaving, saying what one has and wants, and learning what is to come.

use std::{sync::Arc, time::Duration};

use esker_kafka_wire::KString;

use super::{
    ConsumerGroup, Timer, heartbeat_interval,
    member::{LEFT_FOR_NOW, Member},
    partitions::{contains, listed, same_partitions},
    reconcile::Step,
    subscription::{compile, resolve},
};
use crate::{
    effects::Cx,
    error::GroupError,
    types::{ConsumerHeartbeat, HeartbeatAnswer, TopicPartitions},
};

/// How often patterns are matched with topics that have changed: whoever creates topics must not keep groups busy.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// Who asks for a place in the group, and how.
pub(super) struct Claim<'a> {
    pub(super) member_id: &'a KString,
    pub(super) instance_id: Option<&'a KString>,
    /// It may be a new member.
    pub(super) joins: bool,
    /// It speaks the classic protocol.
    pub(super) classic: bool,
}

impl ConsumerGroup {
    /// Works off a heartbeat. An error leaves the group as it was.
    pub(super) fn heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        group: &KString,
        request: &ConsumerHeartbeat,
    ) -> Result<HeartbeatAnswer, GroupError> {
        if request.epoch < 0 {
            return self.leave_by_heartbeat(request);
        }
        let id = request.member_id.compact();
        let claim = Claim {
            member_id: &id,
            instance_id: request.instance_id.as_ref(),
            joins: request.epoch == 0,
            classic: false,
        };
        let before = self.claim(cx, &claim)?;
        check_epoch(&before, request)?;
        let member = updated(&before, request);
        self.check_room(cx, &before, &member)?;
        let changed = self.take_member(cx, &id, &before, member)?;
        self.assign(cx, changed);
        self.reconcile(cx, &id, changed, request.owned.as_ref())?;
        self.touch(cx, group, &id);

        let member = self.state.member(&id).expect("just put there");
        let full = request.rebalance_timeout.is_some()
            && (request.topics.is_some() || request.regex.is_some())
            && request.owned.is_some();
        let tell = request.epoch == 0 || full || !same_partitions(&before.assigned, &member.assigned);
        Ok(HeartbeatAnswer {
            member_id: id.clone(),
            epoch: member.epoch,
            interval: heartbeat_interval(cx, group),
            assignment: tell.then(|| listed(&member.assigned)),
        })
    }

    /// Finds the member's place, or makes one; a static member takes over that of the one before it. Returns the member as
    /// it was.
    pub(super) fn claim(&mut self, cx: &Cx<'_>, claim: &Claim<'_>) -> Result<Member, GroupError> {
        let Claim { member_id, instance_id, joins, classic } = claim;
        let known = self.state.member(member_id);
        let old_id = instance_id.and_then(|instance| self.state.statics.get(instance));
        if known.is_none() && old_id.is_none() {
            if !joins {
                return Err(GroupError::UnknownMember);
            }
            if self.state.members.len() >= cx.config.consumer.max_members {
                return Err(GroupError::GroupFull);
            }
            return Ok(Member::default());
        }
        let Some(old_id) = old_id.filter(|old_id| old_id != member_id) else {
            // Its instance id, if it has one, is its own or new.
            if instance_id.is_some() && old_id.is_none() && !joins {
                return Err(GroupError::UnknownMember);
            }
            return known.cloned().ok_or(GroupError::UnknownMember);
        };
        if !joins {
            return Err(GroupError::FencedInstance);
        }
        let old_id = old_id.clone();
        let old = self.state.member(&old_id).expect("a static member is a member");
        if !classic && old.classic.is_none() && old.epoch != LEFT_FOR_NOW {
            return Err(GroupError::UnreleasedInstance);
        }
        let epoch = if *classic { self.state.target_epoch } else { 0 };
        let mut member = old.clone();
        (member.epoch, member.previous_epoch) = (epoch, epoch);
        member.state = super::MemberState::Stable;
        member.revoking.clear();
        tracing::info!(instance = ?member.instance_id, %old_id, new_id = %member_id, "static member is back");
        self.forget(&old_id);
        let state = Arc::make_mut(&mut self.state);
        let target = state.targets.remove(&old_id);
        state.remove_member(&old_id);
        state.put_member(member_id, member.clone());
        if let Some(target) = target {
            state.targets.insert((*member_id).clone(), target);
        }
        Ok(member)
    }

    /// Whether there is memory for what a member brings.
    pub(super) fn check_room(&self, cx: &Cx<'_>, before: &Member, member: &Member) -> Result<(), GroupError> {
        let weight = member.weight();
        let growth = weight.saturating_sub(before.weight());
        let too_much = weight > cx.config.max_member_metadata + before.weight()
            || growth > cx.room
            || self.weight + growth > cx.config.max_group_members;
        // Most heartbeats bring nothing.
        if growth > 0 && too_much { Err(GroupError::Limit) } else { Ok(()) }
    }

    /// Puts the member where it was. Whether its subscription has changed.
    pub(super) fn take_member(
        &mut self,
        cx: &Cx<'_>,
        id: &KString,
        before: &Member,
        member: Member,
    ) -> Result<bool, GroupError> {
        let new = !self.state.members.contains_key(id);
        let regex_changed = member.regex != before.regex;
        let changed = regex_changed || member.topics != before.topics;
        if let Some(regex) = member.regex.as_ref().filter(|_| regex_changed) {
            compile(regex)?;
            if !self.state.regexes.contains_key(regex) {
                let resolved = resolve(regex, cx.facts(), cx.now)?;
                Arc::make_mut(&mut self.state).regexes.insert(regex.clone(), Arc::new(resolved));
            }
        }
        if new || member != *before {
            let state = Arc::make_mut(&mut self.state);
            state.put_member(id, member);
            if regex_changed {
                state.drop_unused_regexes();
            }
        }
        if new {
            tracing::info!(member = %id, members = self.state.members.len(), "member joins");
        }
        Ok(changed)
    }

    /// Makes a new target when members' subscriptions or the topics have changed.
    pub(super) fn assign(&mut self, cx: &Cx<'_>, subscription_changed: bool) {
        let facts = cx.facts();
        let version = facts.version();
        let mut hash = self.state.hash;
        if subscription_changed || self.state.epoch == 0 || self.seen != Some(version) {
            if self.refresh_patterns(cx, version) {
                self.seen = Some(version);
            }
            hash = self.state.topics_hash(facts);
        }
        if subscription_changed || self.state.epoch == 0 || hash != self.state.hash {
            let state = Arc::make_mut(&mut self.state);
            state.epoch = state.epoch.saturating_add(1);
            state.hash = hash;
        }
        if self.state.epoch > self.state.target_epoch {
            let state = Arc::make_mut(&mut self.state);
            state.make_target(facts, cx.now);
            tracing::info!(epoch = state.epoch, members = state.members.len(), "new assignment");
        }
    }

    /// Matches patterns with the topics that there are now. Whether that is done, rather than too soon after the last
    /// time.
    fn refresh_patterns(&mut self, cx: &Cx<'_>, version: i64) -> bool {
        if self.state.regexes.values().all(|resolved| resolved.version == version) {
            return true;
        }
        if cx.now.monotonic < self.next_refresh {
            return false;
        }
        self.next_refresh = cx.now.monotonic + REFRESH_EVERY;
        let stale: Vec<KString> = self.state.regexes.keys().cloned().collect();
        for regex in stale {
            // It was sound when it was given.
            let Ok(resolved) = resolve(&regex, cx.facts(), cx.now) else { continue };
            if self.state.regexes[&regex].topics != resolved.topics {
                Arc::make_mut(&mut self.state).regexes.insert(regex, Arc::new(resolved));
            }
        }
        true
    }

    /// The member's next step towards its target.
    pub(super) fn reconcile(
        &mut self,
        cx: &Cx<'_>,
        id: &KString,
        subscription_changed: bool,
        owned: Option<&TopicPartitions>,
    ) -> Result<(), GroupError> {
        let state = &*self.state;
        let member = state.member(id).expect("the caller has put it there");
        if !subscription_changed && member.is_reconciled_to(state.target_epoch) {
            return Ok(());
        }
        let step = Step {
            target_epoch: state.target_epoch,
            target: &state.target(id),
            subscribed: &state.topic_ids(member, cx.facts()),
            subscription_changed,
            is_free: |topic, partition| state.is_free(topic, partition),
            owned,
        };
        let next = step.take(member)?;
        if next != *member {
            Arc::make_mut(&mut self.state).put_member(id, next);
            self.expect_revocation(cx, id);
        }
        Ok(())
    }

    fn leave_by_heartbeat(&mut self, request: &ConsumerHeartbeat) -> Result<HeartbeatAnswer, GroupError> {
        let id = &request.member_id;
        if let Some(instance) = &request.instance_id {
            match self.state.statics.get(instance) {
                None => return Err(GroupError::UnknownMember),
                Some(current) if current != id => return Err(GroupError::FencedInstance),
                Some(_) => {}
            }
        }
        let member = self.state.member(id).ok_or(GroupError::UnknownMember)?;
        if request.epoch == LEFT_FOR_NOW {
            let mut member = member.clone();
            member.epoch = LEFT_FOR_NOW;
            member.revoking.clear();
            tracing::info!(member = %id, "static member leaves for now");
            self.timers.cancel(&Timer::Revocation(id.clone()));
            Arc::make_mut(&mut self.state).put_member(&id.compact(), member);
        } else {
            tracing::info!(member = %id, "member leaves");
            self.remove(std::slice::from_ref(id));
        }
        Ok(HeartbeatAnswer {
            member_id: id.compact(),
            epoch: request.epoch,
            interval: Duration::ZERO,
            assignment: None,
        })
    }

    /// Takes members out, as far as they are there; the next heartbeat makes a new target.
    pub(super) fn remove(&mut self, ids: &[KString]) {
        let mut any = false;
        for id in ids.iter().filter(|id| self.state.members.contains_key(*id)).cloned().collect::<Vec<_>>() {
            self.forget(&id);
            any |= Arc::make_mut(&mut self.state).remove_member(&id).is_some();
        }
        if any {
            let state = Arc::make_mut(&mut self.state);
            state.drop_unused_regexes();
            state.epoch = state.epoch.saturating_add(1);
        }
    }
}

/// Whether the member may speak at this epoch. One that has not heard of its last step is still at the epoch before, and
/// has nothing that it is not to have.
fn check_epoch(member: &Member, request: &ConsumerHeartbeat) -> Result<(), GroupError> {
    if request.epoch == 0 || request.epoch == member.epoch {
        return Ok(());
    }
    let has_only_its_own = request.owned.as_ref().is_some_and(|owned| {
        owned.iter().all(|(topic, partitions)| {
            partitions.iter().all(|partition| contains(&member.assigned, *topic, *partition))
        })
    });
    let missed_a_step = request.epoch < member.epoch && request.epoch == member.previous_epoch;
    if missed_a_step && has_only_its_own { Ok(()) } else { Err(GroupError::FencedMemberEpoch) }
}

/// The member with what the request says. Everything is copied: it outlives the request.
fn updated(before: &Member, request: &ConsumerHeartbeat) -> Member {
    let mut member = before.clone();
    let set = |field: &mut Option<KString>, given: &Option<KString>| {
        if given.is_some() && field != given {
            *field = given.as_ref().map(KString::compact);
        }
    };
    set(&mut member.instance_id, &request.instance_id);
    set(&mut member.rack, &request.rack);
    set(&mut member.assignor, &request.assignor);
    if let Some(timeout) = request.rebalance_timeout {
        member.rebalance_timeout = timeout;
    }
    if let Some(topics) = &request.topics {
        member.topics = topics.iter().map(KString::compact).collect();
    }
    if let Some(regex) = &request.regex {
        member.regex = Some(regex.compact()).filter(|regex| !regex.is_empty());
    }
    if member.client_id != request.client_id {
        member.client_id = request.client_id.compact();
    }
    if member.client_host != request.client_host {
        member.client_host = request.client_host.compact();
    }
    member.classic = None;
    member
}
