//! Who reads sequentially, by positions.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use esker_core::{Offset, PartitionId};
use parking_lot::Mutex;

use crate::lru::Lru;

/// Ends of a reader's reads by which followers find it.
const TRAIL: usize = 4;

/// A sequential reader, or several in step.
pub(super) struct Reader {
    number: u64,
    /// Where its last reads ended, the newest last; never empty.
    trail: VecDeque<Offset>,
    /// Bytes that should be ahead of it.
    pub(super) window: u64,
    /// Blocks before this offset were asked for.
    pub(super) planned: Offset,
    /// Blocks asked for that it has not passed yet, as (last offset, bytes).
    pub(super) ahead: VecDeque<(Offset, u64)>,
    /// A task is fetching for it.
    pub(super) running: bool,
}

impl Reader {
    /// Where it reads on.
    pub(super) fn position(&self) -> Offset {
        *self.trail.back().expect("the trail is never empty")
    }

    pub(super) fn bytes_ahead(&self) -> u64 {
        self.ahead.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Moves on; gives the end of its trail, if that was long enough.
    fn advance(&mut self, to: Offset) -> Option<Offset> {
        self.trail.push_back(to);
        while self.ahead.front().is_some_and(|(last, _)| *last < to) {
            self.ahead.pop_front();
        }
        if self.trail.len() > TRAIL { self.trail.pop_front() } else { None }
    }
}

type SharedReader = Arc<Mutex<Reader>>;

/// The readers there are.
pub(super) struct Readers {
    /// By the positions of their trails.
    by_position: Lru<(PartitionId, Offset), SharedReader>,
    next: u64,
    /// Who made the last sequential reads.
    recent: VecDeque<u64>,
    /// How many of those each made.
    counts: BTreeMap<u64, usize>,
    watched: usize,
}

impl Readers {
    /// Remembers so many readers, and takes those that made the last `watched` sequential reads for active.
    pub(super) fn new(readers: usize, watched: usize) -> Self {
        Self {
            by_position: Lru::new(readers.saturating_mul(TRAIL)),
            next: 0,
            recent: VecDeque::new(),
            counts: BTreeMap::new(),
            watched,
        }
    }

    /// Whether a read from here goes on with an earlier one.
    pub(super) fn knows(&mut self, id: PartitionId, from: Offset) -> bool {
        self.by_position.get(&(id, from)).is_some()
    }

    /// Notes a read. Gives the reader that went on with it, and how many readers are active, it among them; `None` for
    /// a first read, and for one that follows a reader that is there already.
    pub(super) fn note(&mut self, id: PartitionId, from: Offset, to: Offset) -> Option<(SharedReader, u64)> {
        let Some(reader) = self.by_position.get(&(id, from)) else {
            // One that has arrived here already has shown what it reads: this one may be in step with it.
            if self.by_position.get(&(id, to)).is_none() {
                self.begin(id, to);
            }
            return None;
        };
        let number = {
            let mut known = reader.lock();
            if to <= known.position() {
                if !known.trail.contains(&to) {
                    drop(known);
                    self.begin(id, to);
                }
                return None;
            }
            if let Some(old) = known.advance(to) {
                self.by_position.remove(&(id, old));
            }
            known.number
        };
        self.by_position.insert((id, to), Arc::clone(&reader), 1);
        self.recent.push_back(number);
        *self.counts.entry(number).or_default() += 1;
        if self.recent.len() > self.watched
            && let Some(oldest) = self.recent.pop_front()
            && let Some(count) = self.counts.get_mut(&oldest)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&oldest);
            }
        }
        Some((reader, self.counts.len().max(1) as u64))
    }

    fn begin(&mut self, id: PartitionId, to: Offset) {
        let reader = Reader {
            number: self.next,
            trail: VecDeque::from([to]),
            window: 0,
            planned: Offset(0),
            ahead: VecDeque::new(),
            running: false,
        };
        self.next += 1;
        self.by_position.insert((id, to), Arc::new(Mutex::new(reader)), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::partition;

    fn read(readers: &mut Readers, at: i64) -> Option<(u64, u64)> {
        let noted = readers.note(partition(0), Offset(at), Offset(at + 10));
        noted.map(|(reader, active)| (reader.lock().number, active))
    }

    #[test]
    fn readers_in_step_are_one_and_late_ones_are_their_own() {
        let mut readers = Readers::new(100, 8);
        for at in (0..100).step_by(10) {
            let leader = read(&mut readers, at);
            assert_eq!(leader, (at > 0).then_some((0, 1)), "the first goes on at {at}");
            assert_eq!(read(&mut readers, at), None, "the second follows at {at}");
        }
        // Two reads behind is still in step.
        assert_eq!((read(&mut readers, 70), read(&mut readers, 80)), (None, None));
        // From the beginning is not.
        assert_eq!((read(&mut readers, 0), read(&mut readers, 10)), (None, Some((1, 2))));
        assert_eq!(read(&mut readers, 100), Some((0, 2)), "the first goes on all the same");
        // The follower takes the lead.
        assert_eq!((read(&mut readers, 100), read(&mut readers, 110)), (None, Some((0, 2))));
        // Active are those of the last reads.
        for at in (20..110).step_by(10) {
            read(&mut readers, at);
        }
        assert_eq!(read(&mut readers, 110), Some((1, 1)));
        // It has caught up with the first, and from here on they are one.
        assert_eq!((read(&mut readers, 120), read(&mut readers, 120)), (Some((1, 1)), None));
    }

    #[test]
    fn readers_that_are_gone_count_no_more() {
        let mut readers = Readers::new(100, 8);
        for start in [0, 1000, 2000] {
            assert_eq!(read(&mut readers, start), None);
        }
        assert_eq!(read(&mut readers, 10), Some((0, 1)));
        assert_eq!(read(&mut readers, 1010), Some((1, 2)));
        for at in (2010..2080).step_by(10) {
            read(&mut readers, at);
        }
        assert_eq!(read(&mut readers, 2080), Some((2, 1)));
        assert_eq!(readers.recent.len(), 8);
    }
}
