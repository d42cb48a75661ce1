//! Which broker should own which shard. Pure functions: the same input gives the same plan everywhere.

use std::collections::BTreeMap;

use esker_core::{BrokerId, ShardId};

/// A broker as placement sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes its share.
    Takes,
    /// Is being drained: gives everything away.
    Drains,
}

/// How many shards each broker that takes some owns.
#[derive(Clone, Debug, Default)]
pub struct Loads(BTreeMap<BrokerId, usize>);

impl Loads {
    /// The brokers that take shards (all of them, when all are being drained), and their shards so far.
    pub fn new(brokers: &BTreeMap<BrokerId, Role>, owners: impl IntoIterator<Item = BrokerId>) -> Self {
        let takes = |role: &Role| *role == Role::Takes;
        let any = brokers.values().any(takes);
        let takers = brokers.iter().filter(|(_, role)| !any || takes(role));
        let mut loads: BTreeMap<_, _> = takers.map(|(broker, _)| (*broker, 0)).collect();
        for owner in owners {
            if let Some(load) = loads.get_mut(&owner) {
                *load += 1;
            }
        }
        Self(loads)
    }

    /// The broker with the fewest shards, which gets one more. Neighbouring shards go to different brokers that way.
    pub fn take(&mut self) -> Option<BrokerId> {
        let (broker, load) = self.0.iter_mut().min_by_key(|(broker, load)| (**load, **broker))?;
        *load += 1;
        Some(*broker)
    }
}

/// The fewest planned moves after which every broker that takes shards owns as many as any other, give or take one, and
/// those that are drained own none. Nothing moves between brokers that are as even as that already.
///
/// Shards whose owner is not among the brokers are not its business: they are recovered, not moved. Which of a broker's
/// shards go is drawn by a hash, so that neighbours do not all end up on the same new broker.
#[must_use]
pub fn plan_moves(
    shards: &BTreeMap<ShardId, BrokerId>,
    brokers: &BTreeMap<BrokerId, Role>,
) -> Vec<(ShardId, BrokerId, BrokerId)> {
    let mut owned: BTreeMap<BrokerId, Vec<ShardId>> = brokers.keys().map(|id| (*id, Vec::new())).collect();
    for (shard, owner) in shards {
        if let Some(owned) = owned.get_mut(owner) {
            owned.push(*shard);
        }
    }
    let mut takers: Vec<(BrokerId, usize)> = brokers
        .iter()
        .filter(|(_, role)| **role == Role::Takes)
        .map(|(broker, _)| (*broker, owned[broker].len()))
        .collect();
    if takers.is_empty() {
        return Vec::new();
    }
    let total: usize = owned.values().map(Vec::len).sum();
    let (share, mut extra) = (total / takers.len(), total % takers.len());
    // The fullest keep one more than the others: fewest moves.
    takers.sort_by_key(|(broker, load)| (std::cmp::Reverse(*load), *broker));
    let mut quota: BTreeMap<BrokerId, usize> = brokers.keys().map(|id| (*id, 0)).collect();
    for (broker, _) in &takers {
        let one_more = usize::from(extra > 0);
        extra -= one_more;
        quota.insert(*broker, share + one_more);
    }
    let mut spare = Vec::new();
    for (broker, shards) in &owned {
        let mut leaving = shards.clone();
        leaving.sort_by_key(|shard| (mix(u64::from(shard.0)), *shard));
        leaving.truncate(shards.len().saturating_sub(quota[broker]));
        spare.extend(leaving.into_iter().map(|shard| (shard, *broker)));
    }
    spare.sort_unstable();
    let mut room: Vec<(BrokerId, usize)> = takers
        .iter()
        .map(|(broker, load)| (*broker, quota[broker].saturating_sub(*load)))
        .filter(|(_, room)| *room > 0)
        .collect();
    let mut moves = Vec::with_capacity(spare.len());
    for (at, (shard, from)) in spare.into_iter().enumerate() {
        let at = at % room.len();
        let (to, left) = &mut room[at];
        moves.push((shard, from, *to));
        *left -= 1;
        if *left == 0 {
            room.remove(at);
        }
    }
    assert!(room.is_empty(), "what leaves finds room, and all room is filled");
    moves
}

/// A number that looks random and is the same everywhere (the finalizer of splitmix64).
#[must_use]
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(
        shards: &BTreeMap<ShardId, BrokerId>,
        brokers: &BTreeMap<BrokerId, Role>,
    ) -> BTreeMap<BrokerId, usize> {
        brokers.keys().map(|id| (*id, shards.values().filter(|owner| *owner == id).count())).collect()
    }

    fn spread(counts: &BTreeMap<BrokerId, usize>, brokers: &BTreeMap<BrokerId, Role>) -> usize {
        let loads = || counts.iter().filter(|(id, _)| brokers[id] == Role::Takes).map(|(_, count)| *count);
        loads().max().unwrap_or(0) - loads().min().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn plans_are_balanced_minimal_and_stable(
            owners in proptest::collection::vec(0..7_i32, 0..200),
            draining in proptest::collection::vec(any::<bool>(), 1..6),
        ) {
            let mut shards: BTreeMap<_, _> =
                owners.iter().enumerate().map(|(id, owner)| (ShardId(id as u32), BrokerId(*owner))).collect();
            let role = |drains: &bool| if *drains { Role::Drains } else { Role::Takes };
            let brokers: BTreeMap<_, _> =
                draining.iter().enumerate().map(|(id, drains)| (BrokerId(id as i32), role(drains))).collect();
            let moves = plan_moves(&shards, &brokers);
            prop_assert_eq!(&moves, &plan_moves(&shards, &brokers));
            let takers = brokers.values().filter(|role| **role == Role::Takes).count();
            if takers == 0 {
                prop_assert!(moves.is_empty());
                return Ok(());
            }
            let before = counts(&shards, &brokers);
            let drained: usize =
                before.iter().filter(|(id, _)| brokers[id] == Role::Drains).map(|(_, count)| count).sum();
            let total: usize = before.values().sum();
            if drained == 0 && spread(&before, &brokers) <= 1 {
                prop_assert!(moves.is_empty(), "even brokers were disturbed");
            }
            // No plan does it with fewer: what is above the ceiling has to leave, and what is below the floor to come.
            let excess = |limit: usize| before.iter().filter(|(id, _)| brokers[id] == Role::Takes)
                .map(|(_, count)| count.saturating_sub(limit)).sum::<usize>();
            let lack: usize = before.iter().filter(|(id, _)| brokers[id] == Role::Takes)
                .map(|(_, count)| (total / takers).saturating_sub(*count)).sum();
            let least = (excess(total.div_ceil(takers)) + drained).max(lack);
            prop_assert_eq!(moves.len(), least);
            for (shard, from, to) in &moves {
                prop_assert_eq!(shards.insert(*shard, *to), Some(*from));
                prop_assert_eq!(brokers[to], Role::Takes);
            }
            let after = counts(&shards, &brokers);
            prop_assert!(spread(&after, &brokers) <= 1);
            prop_assert!(after.iter().all(|(id, count)| brokers[id] == Role::Takes || *count == 0));
            prop_assert!(plan_moves(&shards, &brokers).is_empty());
        }
    }

    #[test]
    fn what_a_dead_broker_owned_is_spread_over_the_others_shard_by_shard() {
        let brokers = [(BrokerId(1), Role::Takes), (BrokerId(2), Role::Takes)].into();
        let mut loads = Loads::new(&brokers, [BrokerId(1), BrokerId(9), BrokerId(1)]);
        let taken: Vec<_> = (0..4).map(|_| loads.take().unwrap().0).collect();
        assert_eq!(taken, [2, 2, 1, 2]);
    }
}
