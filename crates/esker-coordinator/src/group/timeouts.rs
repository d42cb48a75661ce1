//! What happens when time is up.

use esker_kafka_wire::KString;

use super::{Group, Timer};
use crate::{effects::Cx, types::GroupState};

impl Group {
    /// Acts on every deadline that has passed.
    pub(crate) fn expire(&mut self, cx: &mut Cx<'_>) {
        if self.consumer.is_some() {
            return self.expire_consumer(cx);
        }
        while let Some(timer) = self.timers.pop_due(cx.now.monotonic) {
            match timer {
                Timer::Member(member_id) => self.session_expired(cx, &member_id),
                Timer::Join if self.state == GroupState::PreparingRebalance => self.join_expired(cx),
                Timer::Join => {}
                Timer::Sync => self.sync_expired(cx),
            }
        }
        self.weigh_members();
    }

    fn session_expired(&mut self, cx: &mut Cx<'_>, member_id: &KString) {
        if !self.pending_joins.contains(member_id) {
            let Some(member) = self.members.get(member_id) else { return };
            if member.is_excused() {
                return; // The answer that it waits for starts its session anew.
            }
            tracing::info!(group = %self.id, member = %member_id, "member's session has expired");
        }
        let was_member = self.members.contains_key(member_id);
        self.remove(cx, member_id);
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance if was_member => {
                self.rebalance_or_complete(cx)
            }
            GroupState::PreparingRebalance if self.everyone_joined() => self.complete_join(cx),
            _ => {}
        }
    }

    /// Some members have not asked for their assignment in time.
    fn sync_expired(&mut self, cx: &mut Cx<'_>) {
        let in_time = matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable);
        if !in_time || self.pending_syncs.is_empty() {
            return;
        }
        let missing: Vec<KString> = self.pending_syncs.iter().cloned().collect();
        tracing::info!(group = %self.id, ?missing, "members did not sync in time and are removed");
        for member_id in &missing {
            self.remove(cx, member_id);
        }
        self.prepare_rebalance(cx);
    }
}
