//! Leaving, by the member itself or by an administrator who knows its instance id.

use super::Group;
use crate::{
    effects::{Cx, Token},
    error::GroupError,
    types::{GroupState, Leaver},
};

impl Group {
    /// Takes members out. The results come in the order asked; `token` is answered once the consequence is durable.
    pub(crate) fn leave(
        &mut self,
        cx: &mut Cx<'_>,
        leavers: &[Leaver],
        token: Token,
    ) -> Vec<Result<(), GroupError>> {
        if self.state == GroupState::Dead {
            cx.answer_written(token, Err(GroupError::Unavailable));
            return Vec::new();
        }
        if self.consumer.is_some() {
            return self.leave_consumer(cx, leavers, token);
        }
        let results: Vec<_> = leavers.iter().map(|leaver| self.leave_one(cx, leaver)).collect();
        let writes = cx.writes.len();
        if results.iter().any(Result::is_ok) {
            match self.state {
                GroupState::Stable | GroupState::CompletingRebalance => self.rebalance_or_complete(cx),
                GroupState::PreparingRebalance => self.complete_if_joined(cx),
                GroupState::Empty | GroupState::Dead => {}
            }
        }
        self.weigh_members();
        match cx.writes.get_mut(writes..).and_then(<[_]>::last_mut) {
            Some(write) => write.waiter = Some(token),
            None => cx.answer_written(token, Ok(())),
        }
        results
    }

    fn leave_one(&mut self, cx: &mut Cx<'_>, leaver: &Leaver) -> Result<(), GroupError> {
        let Leaver { member_id, instance_id } = leaver;
        let member_id = if member_id.is_empty() {
            let of_instance = instance_id.as_ref().and_then(|instance| self.statics.get(instance));
            of_instance.cloned().ok_or(GroupError::UnknownMember)?
        } else {
            if !self.pending_joins.contains(member_id) {
                self.check_member(member_id, instance_id.as_ref())?;
            }
            member_id.clone()
        };
        tracing::info!(group = %self.id, member = %member_id, "member leaves");
        self.remove(cx, &member_id);
        Ok(())
    }
}
