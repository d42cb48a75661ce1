//! Trim: frames that no shard needs any more leave the local log.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use esker_core::{FrameIndex, LedgerId};
use esker_env::Monotonic;
use esker_wal::Trim;
use futures::future::join_all;

use crate::log::Inner;

/// For each ledger the first frame that some shard still needs.
pub(crate) type Floors = BTreeMap<LedgerId, FrameIndex>;

/// Floors by the time at which they were found, oldest first: a frame goes only when it has been unneeded for the
/// trim delay, so that readers which looked it up just before still find it.
#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<(Monotonic, Floors)>);

impl History {
    /// Adds what holds now and takes out what has held for `delay`.
    pub(crate) fn advance(&mut self, now: Monotonic, floors: Floors, delay: Duration) -> Option<Floors> {
        self.0.push_back((now, floors));
        let mut ripe = None;
        while let Some((since, _)) = self.0.front()
            && now - *since >= delay
        {
            ripe = self.0.pop_front().map(|(_, floors)| floors);
        }
        ripe
    }
}

impl Inner {
    /// The first frame of each readable ledger that some shard of this broker needs.
    ///
    /// The order is load-bearing: committed ends first, rows after. A frame that commits in between is in the rows
    /// by then and above the end that was read.
    pub(crate) fn floors(&self) -> Floors {
        let mut floors: Floors = self.committed_ends();
        for shard in self.shards.all() {
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
        floors
    }

    /// Trims the session's own ledgers to their floors, and lets rows forget what is below the floor of any ledger.
    pub(crate) async fn trim(&self, floors: &Floors) {
        // Rows first: a read that is planned after this goes to the archive.
        for shard in self.shards.all() {
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
        let mut pending = BTreeSet::new();
        for shard in self.shards.all() {
            pending.extend(shard.state.lock().pending.iter().copied());
        }
        let mut released = 0;
        self.sealed_ends.lock().retain(|ledger, end| {
            let over = floors.get(ledger).is_some_and(|floor| floor >= end) && !pending.contains(ledger);
            if over {
                self.stores.remove_ledger(*ledger);
                released += 1;
            }
            !over
        });
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
        let current: Vec<_> = self.lanes.all().iter().map(|lane| lane.committed_end()).collect();
        let mut ends = self.rolled.lock().clone();
        for (ledger, end) in current {
            ends.entry(ledger).or_insert(end);
        }
        ends
    }
}
