//! Planned moves: to even out brokers, and away from those that are being drained.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use esker_core::{Action, BrokerId, ShardId};
use esker_meta::{MembershipView, SessionKey, StoreState};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use super::Inner;
use crate::{
    PeerError,
    placement::{Role, plan_moves},
};

/// How long a shard is left alone after its owner could not move it.
const REST: Duration = Duration::from_secs(1);

/// The living brokers as placement sees them.
pub(crate) fn roles(view: &MembershipView) -> BTreeMap<BrokerId, Role> {
    let active = |store| view.stores.get(&store).is_none_or(|found| found.state == StoreState::Active);
    let role = |store| if active(store) { Role::Takes } else { Role::Drains };
    view.sessions.iter().map(|(broker, live)| (*broker, role(live.record.store))).collect()
}

impl Inner {
    /// Plans again whenever something changed, and keeps some moves under way, for ever.
    pub(super) async fn balance(&self) {
        let mut changed = self.parts.membership.changed();
        let mut moves = FuturesUnordered::new();
        let mut started: BTreeMap<ShardId, Started> = BTreeMap::new();
        let mut resting = FuturesUnordered::new();
        let mut brokers = BTreeSet::new();
        let mut since = self.parts.env.clock.now();
        loop {
            changed.borrow_and_update();
            let view = self.parts.membership.view();
            let living: BTreeSet<_> = view.sessions.values().map(|live| live.key).collect();
            if living != brokers {
                (brokers, since) = (living, self.parts.env.clock.now());
            }
            let steady = self.parts.env.clock.now() - since;
            // What was moved shows in the view a moment later.
            started.retain(|shard, started| {
                started.under_way || started.failed || owner(&view, *shard) == Some(started.from)
            });
            if steady >= self.config.settle || roles(&view).values().any(|role| *role == Role::Drains) {
                for (shard, from, to) in plan(&view, &started) {
                    if started.values().filter(|started| started.under_way).count()
                        >= self.config.concurrent_moves
                    {
                        break;
                    }
                    started.insert(shard, Started { from, to, under_way: true, failed: false });
                    self.moving.lock().insert(shard, to);
                    moves.push(self.order(from, shard, to).map(move |result| (shard, result)));
                }
            }
            let pause = if steady < self.config.settle {
                self.config.settle - steady
            } else {
                self.config.idle_interval
            };
            let pause = self.parts.env.clock.sleep(pause);
            tokio::select! {
                biased;
                Some((shard, result)) = moves.next() => {
                    self.moving.lock().remove(&shard);
                    if let Some(started) = started.get_mut(&shard) {
                        started.under_way = false;
                        started.failed = result.is_err();
                        tracing::debug!(%shard, from = %started.from, to = %started.to, ?result, "a planned move");
                    }
                    if result.is_err() {
                        resting.push(self.parts.env.clock.sleep(REST).map(move |()| shard));
                    }
                }
                Some(rested) = resting.next() => {
                    started.remove(&rested);
                }
                _ = changed.changed() => {}
                () = pause => {}
            }
        }
    }
}

impl Inner {
    /// One planned move. One that takes too long may still happen: plans are made from what the metadata shows.
    async fn order(&self, from: SessionKey, shard: ShardId, to: SessionKey) -> Result<(), PeerError> {
        let moved = self.parts.peers.move_shard(from, shard, to);
        let moved = self.parts.env.timeout(self.config.move_timeout, moved).await;
        moved.unwrap_or_else(|elapsed| Err(PeerError { why: elapsed.to_string(), action: Action::Retry }))
    }
}

/// A move that was ordered.
#[derive(Clone, Copy, Debug)]
struct Started {
    from: SessionKey,
    to: SessionKey,
    under_way: bool,
    /// Its owner could not; not to be tried again before a rest.
    failed: bool,
}

fn owner(view: &MembershipView, shard: ShardId) -> Option<SessionKey> {
    view.shards.get(&shard)?.record.owned_by()
}

/// Moves to order next, with those that were ordered taken as done, and those that failed as not to be.
fn plan(
    view: &MembershipView,
    started: &BTreeMap<ShardId, Started>,
) -> Vec<(ShardId, SessionKey, SessionKey)> {
    let mut owners = BTreeMap::new();
    for (shard, record) in view.shards.iter() {
        // Those of dead sessions are recovered, not moved.
        let Some(session) = record.record.owned_by().and_then(|owner| view.session(owner)) else { continue };
        let owner =
            started.get(shard).filter(|started| !started.failed).map_or(session.key, |started| started.to);
        owners.insert(*shard, owner.broker);
    }
    let planned = plan_moves(&owners, &roles(view));
    let key = |broker: BrokerId| view.sessions.get(&broker).map(|live| live.key);
    planned
        .into_iter()
        .filter(|(shard, ..)| !started.contains_key(shard))
        .filter_map(|(shard, from, to)| Some((shard, key(from)?, key(to)?)))
        .collect()
}
