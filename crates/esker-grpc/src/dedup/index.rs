//! The ids of one partition: where the record of each is, for as long as it counts.

#[cfg(test)]
mod tests;

use std::{cmp::Reverse, collections::BinaryHeap};

use esker_core::FastMap;

use crate::budget::Share;

/// What one id takes of the budget, bytes: a place in the map, whose tables are between 7/16 and 7/8 full (at most 41 * 16/7),
/// and one in the heap, which is at least half full (at most 24 * 2).
pub(super) const ENTRY: usize = 144;
/// Room that is never given back: a map of this size is small.
const SMALL: usize = 1_024;

/// An id's hash under a key that nobody outside knows, so that nobody can make two that are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) u64, pub(super) u64);

/// A record with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: i64,
    /// Of the record, milliseconds since 1970.
    pub(super) timestamp: i64,
}

/// Of several records with the same id the one with the latest time is known, and of those the first one that came.
#[derive(Debug)]
pub(super) struct Index {
    places: FastMap<Id, Place>,
    /// The oldest first. An id is in it once for each time that it had.
    ages: BinaryHeap<Reverse<(i64, Id)>>,
    /// Each of `ages` takes [`ENTRY`], beside what the index took to begin with.
    share: Share,
    base: usize,
}

impl Index {
    /// An empty one. What it takes comes from the budget of `share`, which stays taken as long as the index is there.
    pub(super) fn new(share: Share) -> Self {
        let base = share.bytes();
        Self { places: FastMap::default(), ages: BinaryHeap::new(), share, base }
    }

    /// Where the record is whose id a record of this time repeats: one of the same id that is less than `window` older (both in
    /// milliseconds), or younger.
    pub(super) fn find(&self, id: Id, timestamp: i64, window: i64) -> Option<Place> {
        let known = self.places.get(&id)?;
        (timestamp.saturating_sub(known.timestamp) < window).then_some(*known)
    }

    /// Takes room for so many; false, and nothing is taken, if there is none.
    pub(super) fn reserve(&mut self, ids: usize) -> bool {
        let wanted = ids.checked_mul(ENTRY);
        wanted.is_some_and(|wanted| self.share.grow(wanted))
    }

    /// Takes note of a record. There must be room for it.
    pub(super) fn insert(&mut self, id: Id, place: Place) {
        let is_later = |known: &Place| known.timestamp < place.timestamp;
        if self.places.get(&id).is_some_and(|known| !is_later(known)) {
            return;
        }
        self.places.insert(id, place);
        self.ages.push(Reverse((place.timestamp, id)));
        debug_assert!(self.base + self.ages.len() * ENTRY <= self.share.bytes(), "there is room");
    }

    /// Forgets all records that are older than this time.
    pub(super) fn expire(&mut self, before: i64) {
        while let Some(Reverse((timestamp, id))) = self.ages.peek().copied()
            && timestamp < before
        {
            self.ages.pop();
            // One of the same id may have come since.
            if self.places.get(&id).is_some_and(|known| known.timestamp == timestamp) {
                self.places.remove(&id);
            }
        }
        self.give_back();
    }

    /// Gives back the room that was taken and is not used.
    pub(super) fn give_back(&mut self) {
        // What is charged is what there is, once the tables are not much larger than they have to be.
        if self.places.capacity() > SMALL && self.places.capacity() / 4 > self.places.len() {
            self.places.shrink_to(self.places.len() * 2);
        }
        if self.ages.capacity() > SMALL && self.ages.capacity() / 4 > self.ages.len() {
            self.ages.shrink_to(self.ages.len() * 2);
        }
        let used = self.base + self.ages.len() * ENTRY;
        drop(self.share.split(self.share.bytes().saturating_sub(used)));
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.places.len()
    }
}
