//! The way of one member to its target: it lets go of what others are to have, and only then goes to the next epoch and
//! gets what others have let go of.
//!
//! ```text
//!              something to let go of                     confirmed, or nothing to let go of
//!   Stable ─────────────────────────────▶ Unrevoked ────────────────────────────────────────▶ Stable, or Unreleased
//!                                                                                              while others have not
//! ```

use std::collections::{BTreeMap, BTreeSet};

use esker_env::Rule;
use uuid::Uuid;

use super::{
    member::{Member, MemberState},
    partitions::{Owned, Partitions, contains},
};
use crate::{error::GroupError, types::TopicPartitions};

/// What decides about a member's next step.
pub(super) struct Step<'a, F: Fn(Uuid, i32) -> bool> {
    /// The epoch of the target.
    pub(super) target_epoch: i32,
    pub(super) target: &'a Partitions,
    /// The topics that the member is subscribed to.
    pub(super) subscribed: &'a BTreeSet<Uuid>,
    /// The subscription has just changed: what is not of it goes, whatever the target says.
    pub(super) subscription_changed: bool,
    /// Nobody has this partition.
    pub(super) is_free: F,
    /// What the member says it has; `None` when it does not say.
    pub(super) owned: Option<&'a TopicPartitions>,
}

impl<F: Fn(Uuid, i32) -> bool> Step<'_, F> {
    /// The member after its next step; as it was when there is none to do.
    ///
    /// # Errors
    /// [`GroupError::FencedMemberEpoch`] for a member in a state that is not known here.
    pub(super) fn take(&self, member: &Member) -> Result<Member, GroupError> {
        match member.state {
            MemberState::Stable if member.epoch != self.target_epoch => Ok(self.next(member)),
            MemberState::Unrevoked if !self.still_has(&member.revoking) => Ok(self.next(member)),
            MemberState::Stable | MemberState::Unrevoked if self.subscription_changed => {
                Ok(self.shrink(member))
            }
            MemberState::Stable | MemberState::Unrevoked => Ok(member.clone()),
            MemberState::Unreleased => Ok(self.next(member)),
            MemberState::Unknown => match self.owned {
                Some(owned) if owned.is_empty() => {
                    Ok(self.next(&Member { epoch: self.target_epoch, ..member.clone() }))
                }
                _ => Err(GroupError::FencedMemberEpoch),
            },
        }
    }

    /// Whether the member has any of these, as far as it says.
    fn still_has(&self, revoking: &Owned) -> bool {
        self.owned.is_none_or(|owned| {
            owned.iter().any(|(topic, partitions)| {
                partitions.iter().any(|partition| contains(revoking, *topic, *partition))
            })
        })
    }

    /// Takes away what is not subscribed to any more; all else stays.
    fn shrink(&self, member: &Member) -> Member {
        let mut next = member.clone();
        let (kept, gone): (Owned, Owned) = std::mem::take(&mut next.assigned)
            .into_iter()
            .partition(|(topic, _)| self.subscribed.contains(topic));
        next.assigned = kept;
        if gone.is_empty() {
            return next;
        }
        let mut revoking = next.revoking.clone();
        for (topic, partitions) in gone {
            revoking.entry(topic).or_default().extend(partitions);
        }
        if self.still_has(&revoking) {
            next.revoking = revoking;
            next.state = MemberState::Unrevoked;
        }
        next.go_to(member.epoch);
        next
    }

    fn next(&self, member: &Member) -> Member {
        let mut kept = Owned::new();
        let mut revoking = Owned::new();
        let mut new: Vec<(Uuid, i32)> = Vec::new();
        let mut unreleased = false;
        let nothing = (BTreeSet::new(), BTreeMap::new());
        let topics: BTreeSet<&Uuid> = self.target.keys().chain(member.assigned.keys()).collect();
        for topic in topics {
            let target = self.target.get(topic).filter(|_| self.subscribed.contains(topic));
            let target = target.unwrap_or(&nothing.0);
            let assigned = member.assigned.get(topic).unwrap_or(&nothing.1);
            for (partition, epoch) in assigned {
                let to = if target.contains(partition) { &mut kept } else { &mut revoking };
                to.entry(*topic).or_default().insert(*partition, *epoch);
            }
            for partition in target.iter().filter(|partition| !assigned.contains_key(partition)) {
                // What it has just let go of itself is not in its own way.
                if (self.is_free)(*topic, *partition) || contains(&member.revoking, *topic, *partition) {
                    new.push((*topic, *partition));
                } else {
                    unreleased = true;
                }
            }
        }
        let mut next = member.clone();
        if !revoking.is_empty() && self.still_has(&revoking) && !Rule::RevokedFirst.is_broken() {
            // It stays at its epoch until it has let go.
            next.go_to(member.epoch);
            next.state = MemberState::Unrevoked;
            next.assigned = kept;
            next.revoking = revoking;
            return next;
        }
        for (topic, partition) in new {
            kept.entry(topic).or_default().insert(partition, self.target_epoch);
        }
        next.go_to(self.target_epoch);
        next.state = if unreleased { MemberState::Unreleased } else { MemberState::Stable };
        next.assigned = kept;
        next.revoking = Owned::new();
        next
    }
}
