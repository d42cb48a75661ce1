//! Which of the records that were looked at comes first, for groups that heed priorities or the order of keys.

use std::collections::{BTreeMap, BTreeSet};

use esker_env::{Monotonic, Rule};

use crate::{
    cursor::Key,
    limits::Heeds,
    ranges::Class,
    select::{Look, Says},
};

/// The most records that are known at a time.
const MAX_KNOWN: usize = 100_000;
/// With priorities: so many records that can be given out are looked at before one is chosen, if there are as many...
const WINDOW: usize = 500;
/// ...or records that take so many bytes.
const WINDOW_BYTES: u64 = 4 << 20;
/// Memory of a record that is known: itself, its place among those of its key and among those that are ready; bytes.
const KNOWN: usize = 120;

/// What a record says that has to do with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    /// The lower comes first.
    rank: u8,
    /// A number of its key; 0 for none.
    key: u64,
    class: Class,
    /// Bytes, as it was read.
    cost: u64,
}

/// The records of a key.
#[derive(Clone, Debug, Default)]
struct Line {
    offsets: BTreeSet<i64>,
    /// With members.
    out: usize,
}

/// What is known of the records that are not done with.
#[derive(Clone, Debug)]
pub(crate) struct Picker {
    heeds: Heeds,
    /// Everything before it was looked at, but for [`Picker::again`].
    pub(crate) looked: i64,
    /// To be looked at (again), because they can be given out and nothing is known of them.
    again: BTreeSet<i64>,
    known: BTreeMap<i64, Known>,
    lines: BTreeMap<u64, Line>,
    /// Whose turn it is.
    ready: BTreeSet<Key>,
    /// Bytes of those.
    ready_bytes: u64,
    /// When those that are known expire, if they do. Some may be gone.
    expiries: BTreeSet<(Monotonic, i64)>,
    /// Behind the last record that could be read, lately.
    end: i64,
}

impl Picker {
    pub(crate) fn new(heeds: Heeds, start: i64) -> Self {
        Self {
            heeds,
            looked: start,
            again: BTreeSet::new(),
            known: BTreeMap::new(),
            lines: BTreeMap::new(),
            ready: BTreeSet::new(),
            ready_bytes: 0,
            expiries: BTreeSet::new(),
            end: start,
        }
    }

    pub(crate) fn heeds(&self) -> Heeds {
        self.heeds
    }

    pub(crate) fn bytes(&self) -> usize {
        self.known.len() * KNOWN + self.expiries.len() * 32
    }

    /// No more can be known.
    pub(crate) fn is_full(&self) -> bool {
        self.known.len() + self.again.len() >= MAX_KNOWN
    }

    /// Where to read next: what was not looked at, as long as that may come before what is ready; else what comes first of
    /// that, from a cursor on. `end` is behind the last record that can be read.
    pub(crate) fn plan(&mut self, end: i64, from: Key) -> Option<i64> {
        self.end = end;
        self.unknown(from).or_else(|| self.next(from).map(|(_, offset)| offset))
    }

    /// What must be looked at before one is chosen.
    pub(crate) fn unknown(&self, from: Key) -> Option<i64> {
        if let Some(offset) = self.again.first() {
            return Some(*offset);
        }
        let enough = if self.heeds.priority { WINDOW } else { 1 };
        let ready = self.ready.range(from..).take(enough).count();
        let more = ready < enough && (ready == 0 || self.ready_bytes < WINDOW_BYTES);
        (more && self.looked < self.end && !self.is_full()).then_some(self.looked)
    }

    /// The first whose turn it is, from a cursor on.
    pub(crate) fn next(&self, from: Key) -> Option<Key> {
        self.ready.range(from..).next().copied()
    }

    /// Whether a record must be looked at before any one behind it is.
    pub(crate) fn is_unknown(&self, offset: i64) -> bool {
        offset >= self.looked || self.again.contains(&offset)
    }

    /// Everything up to here was looked at.
    pub(crate) fn passed(&mut self, last: i64) {
        self.looked = self.looked.max(last + 1);
        self.again.remove(&last);
    }

    /// What an available record says. What is ready now that was not.
    pub(crate) fn know(&mut self, look: &Look, says: &Says) -> Option<Key> {
        let Look { offset, cost, .. } = *look;
        self.passed(offset);
        let rank = if self.heeds.priority { u8::MAX - says.priority } else { 0 };
        let key = if self.heeds.order { says.key } else { 0 };
        self.expiries.extend(says.expires.map(|expires| (expires, offset)));
        self.known.insert(offset, Known { rank, key, class: Class::Available, cost });
        if key != 0 {
            let line = self.lines.entry(key).or_default();
            // It may come before one whose turn it was.
            let head = line.offsets.first().copied().filter(|head| *head > offset);
            line.offsets.insert(offset);
            if let Some(head) = head {
                self.get_unready(head);
            }
        }
        self.get_ready(offset)
    }

    /// When the first of them expires.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.expiries.first().map(|(expires, _)| *expires)
    }

    /// Those that have expired are to be looked at again: they may be in the way of others. What is ready now that was not;
    /// `None` when there were none.
    pub(crate) fn expire(&mut self, now: Monotonic) -> Option<Vec<Key>> {
        let mut ready = None;
        while let Some((expires, offset)) = self.expiries.first().copied()
            && expires <= now
        {
            self.expiries.pop_first();
            if self.known.get(&offset).is_some_and(|known| known.class == Class::Available) {
                ready.get_or_insert_with(Vec::new).extend(self.turn(offset, Class::Done));
                self.again.insert(offset);
            }
        }
        ready
    }

    /// Records have changed to a class. What is ready now that was not.
    pub(crate) fn turned(&mut self, first: i64, last: i64, class: Class) -> Vec<Key> {
        let mut ready = Vec::new();
        if class == Class::Available {
            // Each that was given out, or deferred, by a leader that knew nothing of it.
            for offset in first..=last.min(self.looked - 1) {
                if !self.known.contains_key(&offset) {
                    self.again.insert(offset);
                }
            }
        } else {
            let gone: Vec<i64> = self.again.range(first..=last).copied().collect();
            gone.iter().for_each(|offset| {
                self.again.remove(offset);
            });
        }
        let known: Vec<i64> = self.known.range(first..=last).map(|(offset, _)| *offset).collect();
        for offset in known {
            ready.extend(self.turn(offset, class));
        }
        ready
    }

    fn turn(&mut self, offset: i64, class: Class) -> Option<Key> {
        self.get_unready(offset);
        let known = self.known.get_mut(&offset)?;
        let before = std::mem::replace(&mut known.class, class);
        let key = known.key;
        if matches!(class, Class::Done | Class::Dying) {
            self.known.remove(&offset);
        }
        if key == 0 {
            return self.get_ready(offset);
        }
        let line = self.lines.get_mut(&key)?;
        line.out -= usize::from(before == Class::Out);
        line.out += usize::from(class == Class::Out);
        if matches!(class, Class::Done | Class::Dying) {
            line.offsets.remove(&offset);
        }
        match line.offsets.first().copied() {
            Some(head) => self.get_ready(head),
            None => {
                self.lines.remove(&key);
                None
            }
        }
    }

    /// If it is its turn, and was not before.
    fn get_ready(&mut self, offset: i64) -> Option<Key> {
        let known = self.known.get(&offset)?;
        let line = self.lines.get(&known.key).filter(|_| known.key != 0);
        let its_turn = line.is_none_or(|line| line.out == 0 && line.offsets.first() == Some(&offset))
            || Rule::ShareKeyOrder.is_broken();
        let (ready, cost) = ((known.rank, offset), known.cost);
        let news = known.class == Class::Available && its_turn && self.ready.insert(ready);
        self.ready_bytes += if news { cost } else { 0 };
        news.then_some(ready)
    }

    fn get_unready(&mut self, offset: i64) {
        if let Some(known) = self.known.get(&offset)
            && self.ready.remove(&(known.rank, offset))
        {
            self.ready_bytes -= known.cost;
        }
    }

    /// What lies before is done with, whether it was looked at or not.
    pub(crate) fn done_before(&mut self, offset: i64) {
        self.looked = self.looked.max(offset);
    }

    /// What lies before is gone. What is ready now that was not.
    pub(crate) fn drop_before(&mut self, offset: i64) -> Vec<Key> {
        self.looked = self.looked.max(offset);
        self.again = self.again.split_off(&offset);
        if offset == 0 { Vec::new() } else { self.turned(0, offset - 1, Class::Done) }
    }

    #[cfg(test)]
    pub(crate) fn check(&self, ranges: &crate::ranges::Ranges<crate::state::Entry>, start: i64) {
        use crate::ranges::Classed;
        for (first, last, entry) in ranges.iter() {
            for offset in first..=last {
                let class = entry.class();
                match self.known.get(&offset) {
                    Some(known) => assert_eq!(known.class, class, "{offset}"),
                    None if class == Class::Available => assert!(self.is_unknown(offset), "{offset}"),
                    None => {}
                }
            }
        }
        assert!(self.known.keys().chain(&self.again).all(|offset| *offset >= start));
        assert!(self.looked >= start, "nothing is looked for among what is done with");
        for (offset, known) in &self.known {
            assert!(!matches!(known.class, Class::Done | Class::Dying));
            let line = self.lines.get(&known.key);
            assert_eq!(line.is_some(), known.key != 0);
            let turn = line.is_none_or(|line| line.out == 0 && line.offsets.first() == Some(offset));
            let ready = self.ready.contains(&(known.rank, *offset));
            assert_eq!(ready, turn && known.class == Class::Available, "{offset}: {known:?}");
        }
        let bytes: u64 = self.ready.iter().map(|(_, offset)| self.known[offset].cost).sum();
        assert_eq!(bytes, self.ready_bytes);
        for (key, line) in &self.lines {
            let of_key = self.known.iter().filter(|(_, known)| known.key == *key);
            assert_eq!(of_key.clone().count(), line.offsets.len());
            assert_eq!(of_key.filter(|(_, known)| known.class == Class::Out).count(), line.out);
        }
    }
}
