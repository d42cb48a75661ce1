//! Trim: frames that no shard needs any more leave the local log.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use esker_core::{FrameIndex, LedgerId};
use esker_env::Monotonic;
use esker_wal::Trim;
use futures::future::join_all;

use crate::{log::Inner, shard::Shard};

/// For each ledger the first frame that some shard still needs.
pub(crate) type Floors = BTreeMap<LedgerId, FrameIndex>;

/// Floors by the time at which they were found, oldest first: a frame goes only when it has been unneeded for the
/// trim delay, so that readers which looked it up just before still find it.
#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<(Monotonic, Floors)>);

impl History {
    /// Adds what holds now and takes out what has held for `delay`, and still does: a shard that was opened meanwhile may
    /// need frames of a ledger that no shard needed before.
    pub(crate) fn advance(&mut self, now: Monotonic, floors: &Floors, delay: Duration) -> Option<Floors> {
        self.0.push_back((now, floors.clone()));
        let mut ripe = None;
        while let Some((since, _)) = self.0.front()
            && now - *since >= delay
        {
            ripe = self.0.pop_front().map(|(_, floors)| floors);
        }
        let still =
            |(ledger, floor): (LedgerId, FrameIndex)| Some((ledger, floor.min(*floors.get(&ledger)?)));
        Some(ripe?.into_iter().filter_map(still).collect())
    }
}

impl Inner {
    /// The first frame of each readable ledger that some shard of this broker needs, and the shards that were asked.
    ///
    /// The order is load-bearing: committed ends first, rows after. A frame that commits in between is in the rows
    /// by then and above the end that was read.
    pub(crate) fn floors(&self) -> (Floors, Vec<Arc<Shard>>) {
        let mut floors: Floors = self.committed_ends();
        let shards = self.shards.all();
        for shard in &shards {
            let state = shard.state.lock();
            for row in state.rows.values() {
                let frames = row.local.iter().skip(row.unarchived()).map(|batch| &batch.frame);
                for frame in frames.chain(&row.unsaved_start) {
                    if let Some(floor) = floors.get_mut(&frame.ledger) {
                        *floor = (*floor).min(frame.index);
                    }
                }
            }
        }
        (floors, shards)
    }

    /// Trims the session's own ledgers to their floors, and lets the rows of `shards`, which the floors are of, forget what
    /// is below the floor of any ledger.
    pub(crate) async fn trim(&self, floors: &Floors, shards: &[Arc<Shard>]) {
        // Rows first: a read that is planned after this goes to the archive.
        for shard in shards {
            let mut state = shard.state.lock();
            for row in state.rows.values_mut() {
                row.drop_trimmed(|ledger, index| floors.get(&ledger).is_some_and(|&floor| index < floor));
            }
        }
        // Only what this session writes. A ledger of an earlier one may be pending for shards of other brokers, of which
        // this one knows nothing: it goes as a whole, once no shard has it pending.
        for ledger in self.own_ledgers().into_keys() {
            let Some(&floor) = floors.get(&ledger) else { continue };
            // At once: one that does not answer holds the others up no longer than it must.
            let stores = self.stores.of_ledger(ledger);
            let trims = stores.iter().map(|store| store.trim(ledger, Trim::Before(floor)));
            for error in join_all(trims).await.into_iter().filter_map(Result::err) {
                tracing::warn!(%ledger, %floor, %error, "trimming failed; it is tried again");
            }
        }
        self.release_ledgers(floors);
    }

    /// Stops reading ledgers of earlier sessions that are trimmed to their ends and that no shard has pending, and says
    /// so: their descriptors can go.
    fn release_ledgers(&self, floors: &Floors) {
        // Held until they are gone: shards that are opened meanwhile, and have one of them pending, make it readable after.
        let mut sealed_ends = self.sealed_ends.lock();
        let mut pending = BTreeSet::new();
        for shard in self.shards.all() {
            pending.extend(shard.state.lock().pending.iter().copied());
        }
        let mut released = 0;
        sealed_ends.retain(|ledger, end| {
            let over = floors.get(ledger).is_some_and(|floor| floor >= end) && !pending.contains(ledger);
            if over {
                self.stores.remove_ledger(*ledger);
                released += 1;
            }
            !over
        });
        drop(sealed_ends);
        self.rolled.lock().retain(|ledger, end| {
            let over = floors.get(ledger).is_some_and(|floor| floor >= end);
            if over {
                self.stores.remove_ledger(*ledger);
                self.retired.lock().push(*ledger);
                released += 1;
            }
            !over
        });
        if released > 0 {
            self.released.send_modify(|count| *count += released);
        }
    }

    /// For each readable ledger the index after its last frame whose entries are in the rows.
    fn committed_ends(&self) -> Floors {
        let mut ends: Floors = self.sealed_ends.lock().clone();
        ends.extend(self.own_ledgers());
        ends
    }

    /// The same for what this session wrote and writes. A lane that is leaving its ledger may show the old one twice, or
    /// for a moment not at all, and then it is not trimmed.
    fn own_ledgers(&self) -> Floors {
        let current: Vec<_> = self.lanes.all().map(|lane| lane.committed_end()).collect();
        let mut ends = self.rolled.lock().clone();
        for (ledger, end) in current {
            ends.entry(ledger).or_insert(end);
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use esker_core::BrokerId;
    use esker_env::Env;

    use super::*;

    #[test]
    fn what_a_new_shard_needs_is_not_trimmed_by_floors_from_before_it() {
        let delay = Duration::from_secs(5);
        let ledger = LedgerId { broker: BrokerId(1), number: 1 };
        let at = |floor| Floors::from([(ledger, FrameIndex(floor))]);
        let start = Env::real().clock.now();
        let mut history = History::default();
        assert_eq!(history.advance(start, &at(9), delay), None);
        // A shard came that needs frame 3.
        assert_eq!(history.advance(start + delay, &at(3), delay), Some(at(3)));
        assert_eq!(history.advance(start + delay * 2, &at(9), delay), Some(at(3)), "for the whole delay");
        assert_eq!(history.advance(start + delay * 3, &at(9), delay), Some(at(9)));
        assert_eq!(history.advance(start + delay * 4, &Floors::new(), delay), Some(Floors::new()), "unknown");
    }
}
