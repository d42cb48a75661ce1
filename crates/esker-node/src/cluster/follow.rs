//! Doing what the metadata says: opening shards that were given to this broker, leaving stores that go away.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_control::candidates;
use esker_core::{LedgerId, ShardId, StoreId};
use esker_env::Monotonic;
use esker_log::{Log, OwnedShard};
use esker_meta::{Catalog, GuardedError, MembershipView, StoreState};

use super::Joined;
use crate::node::{LANES, ledger_place};

/// The pause after shards could not be opened; it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A store that is being drained or that nobody serves for so long takes its copies with it, for all anybody can tell. A
/// broker that only restarts is back by then.
const GONE_AFTER: Duration = Duration::from_secs(10);

/// Opens shards as they come, until the session is over.
pub(super) async fn shards(joined: Arc<Joined>, log: Log) {
    let mut changed = joined.membership.changed();
    // What is on its way to another broker is still open, and may be this one's again before it is closed.
    let mut closed = log.ownership();
    let mut pause = PAUSE;
    loop {
        changed.borrow_and_update();
        closed.borrow_and_update();
        let failed = open_new(&joined, &log).await;
        if failed {
            // Those that were opened are no reason to try the others again at once.
            closed.borrow_and_update();
            let again = joined.env.clock.sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::select! {
                biased;
                _ = changed.changed() => {}
                _ = closed.changed() => {}
                () = again => {}
            }
            continue;
        }
        pause = PAUSE;
        tokio::select! {
            biased;
            changed = changed.changed() => if changed.is_err() { return },
            closed = closed.changed() => if closed.is_err() { return },
        }
    }
}

/// Opens what is owned and not open. Returns whether something could not be opened.
async fn open_new(joined: &Joined, log: &Log) -> bool {
    // Shards with the same pending ledgers share the reading of these; one that cannot be opened does not stop others.
    let mut groups: BTreeMap<BTreeSet<LedgerId>, Vec<OwnedShard>> = BTreeMap::new();
    for shard in new_shards(joined, log) {
        groups.entry(shard.pending.clone()).or_default().push(shard);
    }
    let mut failed = false;
    for (pending, shards) in groups {
        let ids: Vec<ShardId> = shards.iter().map(|shard| shard.id).collect();
        let started = joined.env.clock.now();
        let opened = async {
            let ledgers =
                if pending.is_empty() { Vec::new() } else { joined.meta.list_all_ledgers().await? };
            let ledgers = ledgers.into_iter().map(|ledger| ledger.record);
            let places: Vec<_> =
                ledgers.filter(|ledger| pending.contains(&ledger.id)).map(ledger_place).collect();
            log.open_shards(shards, &places).await?;
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        };
        match opened.await {
            Ok(()) => {
                let took = joined.env.clock.now() - started;
                tracing::info!(shards = ids.len(), pending = pending.len(), ?took, "serving shards");
            }
            Err(error) => {
                tracing::warn!(%error, shards = ?ids, "shards cannot be served yet");
                failed = true;
            }
        }
    }
    failed
}

fn new_shards(joined: &Joined, log: &Log) -> Vec<OwnedShard> {
    let open: BTreeSet<ShardId> = log.open_shard_epochs().into_iter().map(|(shard, _)| shard).collect();
    let given = joined.given.lock();
    let view = joined.membership.view();
    let mine = view.shards.iter().filter(|(id, shard)| {
        shard.record.owned_by() == Some(joined.session.key())
            && !open.contains(id)
            && given.get(id).is_none_or(|epoch| *epoch < shard.record.epoch)
    });
    mine.map(|(id, shard)| OwnedShard {
        id: *id,
        epoch: shard.record.epoch,
        pending: shard.record.pending.clone(),
    })
    .collect()
}

/// Opens the lanes that topics want and that no session opens at its start.
pub(super) async fn lanes(joined: Arc<Joined>, log: Log, catalog: Arc<Catalog>) {
    let mut changed = catalog.changed();
    loop {
        changed.borrow_and_update();
        let mut failed = false;
        for mode in log.missing_lanes(&LANES) {
            let opened = async {
                log.add_lane(joined.open_lane(mode).await?);
                // Changes between the choice of its stores and now.
                let view = joined.membership.view();
                log.roll_away(&going(&view, &joined));
                log.widen(possible(&view, &joined));
                Ok::<(), GuardedError>(())
            };
            if let Err(error) = opened.await {
                tracing::warn!(%error, ?mode, "a lane cannot be opened yet: the strictest one stands in for it");
                failed = true;
            }
        }
        if failed {
            joined.env.clock.sleep(LONGEST_PAUSE).await;
        } else if changed.changed().await.is_err() {
            return;
        }
    }
}

/// Makes the lanes leave stores that are being drained, were declared lost, or that nobody serves, and go where there are
/// more copies; has what a store took with it repaired. A lane that nothing is written to would not notice by itself, and its next record would wait.
pub(super) async fn stores(joined: Arc<Joined>, log: Log) {
    let mut changed = joined.membership.changed();
    let mut left: Vec<StoreId> = Vec::new();
    let mut away = Away::default();
    loop {
        changed.borrow_and_update();
        let view = joined.membership.view();
        let going = going(&view, &joined);
        let now = joined.env.clock.now();
        away.look(now, &going);
        if away.take_gone(now) {
            log.copies_lost();
        }
        if going != left {
            log.roll_away(&going);
            left = going;
        }
        log.widen(possible(&view, &joined));
        let next = away.next(now);
        tokio::select! {
            biased;
            changed = changed.changed() => if changed.is_err() { return },
            () = async {
                match next {
                    Some(pause) => joined.env.clock.sleep(pause).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

/// Stores that lanes leave: since when, and `None` once they count as gone.
#[derive(Default)]
struct Away(BTreeMap<StoreId, Option<Monotonic>>);

impl Away {
    fn look(&mut self, now: Monotonic, going: &[StoreId]) {
        let known = std::mem::take(&mut self.0);
        self.0 = going.iter().map(|id| (*id, known.get(id).copied().unwrap_or(Some(now)))).collect();
    }

    /// Whether stores have become gone.
    fn take_gone(&mut self, now: Monotonic) -> bool {
        let late = |since: &&mut Option<Monotonic>| since.is_some_and(|since| now - since >= GONE_AFTER);
        self.0.values_mut().filter(late).map(|since| *since = None).count() > 0
    }

    /// How long until the next one is.
    fn next(&self, now: Monotonic) -> Option<Duration> {
        self.0.values().flatten().min().map(|since| GONE_AFTER.saturating_sub(now - *since))
    }
}

/// Other stores that are being drained, were declared lost, or that nobody serves.
fn going(view: &MembershipView, joined: &Joined) -> Vec<StoreId> {
    let going = view
        .stores
        .values()
        .filter(|store| store.state != StoreState::Active || view.serving(store.id).is_none());
    going.map(|store| store.id).filter(|store| *store != joined.own.store).collect()
}

/// How many stores a new ledger could have.
fn possible(view: &MembershipView, joined: &Joined) -> usize {
    let others = candidates(view).iter().filter(|other| other.store != joined.own.store).count();
    (others + 1).min(joined.replication.factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_gone_once_each_time_that_it_stays_away_and_another_does_not_put_that_off() {
        let at = |seconds| Monotonic(Duration::from_secs(seconds));
        let (one, other) = (StoreId::from_random([1; 16]), StoreId::from_random([2; 16]));
        let mut away = Away::default();
        assert_eq!(away.next(at(0)), None);
        away.look(at(1), &[one]);
        assert_eq!((away.take_gone(at(1)), away.next(at(1))), (false, Some(GONE_AFTER)));
        away.look(at(9), &[one, other]);
        assert_eq!((away.take_gone(at(9)), away.next(at(9))), (false, Some(Duration::from_secs(2))));
        away.look(at(11), &[one, other]);
        assert!(away.take_gone(at(11)), "it is away for ten seconds");
        assert_eq!((away.take_gone(at(12)), away.next(at(12))), (false, Some(Duration::from_secs(7))));
        away.look(at(13), &[one]);
        assert_eq!((away.take_gone(at(30)), away.next(at(30))), (false, None), "the other is back");
        away.look(at(40), &[other]);
        away.look(at(41), &[one, other]);
        assert!(away.take_gone(at(50)) && away.take_gone(at(51)), "each has its own time");
    }
}
