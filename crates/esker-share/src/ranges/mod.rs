//! Runs of records in the same state, without gaps between them.
//!
//! There may be millions of them: a backlog of which every tenth record was put back. So a run takes eight bytes, in pages of
//! some hundred runs; a page is found by its first offset, and by what [`Class`] of records it has. The states that do not
//! fit are in a table by the side: what is with members, and that is little.
//!
//! ```text
//!  pages:  first offset ──▶ Page { base, last, [(where it begins − base: u32, state: u32), ...] }
//!  having: class ──▶ first offsets of the pages that have records of it
//!  table:  number ──▶ state, for those states that are no 24 bits
//! ```

mod change;
mod page;
mod table;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use self::{
    page::Page,
    table::{Kept, Table},
};
use crate::partition::count;

/// How many [`Class`]es there are.
const CLASSES: usize = 5;

/// What a run may be looked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Whoever asks next gets it.
    Available,
    /// With a member, or on its way to the log.
    Out,
    /// Nobody gets it before its time.
    Deferred,
    /// It was given up, and is to be buried.
    Dying,
    /// Nobody gets it again.
    Done,
}

/// The state of a run.
pub(crate) trait Classed: Clone + PartialEq {
    fn class(&self) -> Class;

    /// A form of 24 bits, for states that have one (most), always the same for the same state; `None` for the others, which
    /// are few: at most some thousands at a time.
    fn pack(&self) -> Option<u32>;

    /// The state that was packed.
    fn unpack(packed: u32) -> Self;
}

/// Runs; each begins where the one before it ends. Two neighbours are never the same. A page has at most `PAGE` runs.
#[derive(Clone)]
pub(crate) struct Ranges<S, const PAGE: usize = 512> {
    /// By first offset.
    pages: BTreeMap<i64, Page>,
    table: Table<S>,
    /// For each class, which pages have records of it.
    having: [BTreeSet<i64>; CLASSES],
    /// For each class, how many records there are.
    records: [u64; CLASSES],
    /// How many runs there are.
    runs: usize,
    /// How often a page was looked into.
    #[cfg(test)]
    looks: std::cell::Cell<u64>,
}

impl<S, const PAGE: usize> Default for Ranges<S, PAGE> {
    fn default() -> Self {
        Self {
            pages: BTreeMap::new(),
            table: Table::default(),
            having: Default::default(),
            records: [0; CLASSES],
            runs: 0,
            #[cfg(test)]
            looks: std::cell::Cell::default(),
        }
    }
}

impl<S: Classed + fmt::Debug, const PAGE: usize> fmt::Debug for Ranges<S, PAGE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<S: Classed, const PAGE: usize> PartialEq for Ranges<S, PAGE> {
    fn eq(&self, other: &Self) -> bool {
        self.runs == other.runs && self.records == other.records && self.iter().eq(other.iter())
    }
}

impl<S: Classed + Eq, const PAGE: usize> Eq for Ranges<S, PAGE> {}

impl<S: Classed, const PAGE: usize> Ranges<S, PAGE> {
    /// Number of runs.
    pub(crate) fn len(&self) -> usize {
        self.runs
    }

    /// What it takes in memory, about and rather too much than too little.
    pub(crate) fn bytes(&self) -> usize {
        // What is in a B-tree takes up to twice its size, as every node may be half empty.
        let pages = self.pages.len() * Page::SPARE + self.runs * Page::RUN;
        let listed: usize = self.having.iter().map(BTreeSet::len).sum();
        let (states, state) = self.table.size();
        let trees = self.pages.len() * size_of::<(i64, Page)>() + listed * size_of::<i64>() + states * state;
        size_of::<Self>() + pages + 2 * trees
    }

    /// How many records of a class there are.
    pub(crate) fn count(&self, class: Class) -> u64 {
        self.records[class as usize]
    }

    /// Every run: first offset, last offset, state.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, i64, S)> {
        self.pages
            .iter()
            .flat_map(|(first, page)| page.runs_from(*first))
            .map(|(first, last, kept)| (first, last, self.table.state(kept)))
    }

    /// The runs that reach into `first..=last`, cut to it.
    pub(crate) fn within(&self, first: i64, last: i64) -> impl Iterator<Item = (i64, i64, S)> {
        let from = self.pages.range(..=first).next_back().map_or(first, |(at, _)| *at);
        let pages = if first <= last { Some(self.pages.range(from..=last)) } else { None };
        pages
            .into_iter()
            .flatten()
            .flat_map(move |(_, page)| page.runs_from(first))
            .skip_while(move |(_, run_last, _)| *run_last < first)
            .take_while(move |(run_first, _, _)| *run_first <= last)
            .map(move |(run_first, run_last, kept)| {
                (run_first.max(first), run_last.min(last), self.table.state(kept))
            })
    }

    /// The first run.
    pub(crate) fn first(&self) -> Option<(i64, i64, S)> {
        let (_, page) = self.pages.first_key_value()?;
        let (first, last, kept) = page.run(0);
        Some((first, last, self.table.state(kept)))
    }

    /// The first run of a class that reaches to `from` or beyond, cut to that. Looks into at most two pages.
    pub(crate) fn next_of(&self, class: Class, from: i64) -> Option<(i64, i64, S)> {
        let mut at = from;
        while let Some((key, page)) = self.page_with(at, Some(class)) {
            self.look();
            let found = page.runs_from(at).find(|(_, _, kept)| kept.is(class));
            if let Some((first, last, kept)) = found {
                return Some((first.max(from), last, self.table.state(kept)));
            }
            debug_assert!(key <= from, "a page that has some is passed by only for what lies before");
            at = page.last() + 1;
        }
        None
    }

    /// All runs of a class.
    pub(crate) fn iter_of(&self, class: Class) -> impl Iterator<Item = (i64, i64, S)> {
        self.having[class as usize]
            .iter()
            .filter_map(|key| self.pages.get_key_value(key))
            .flat_map(|(first, page)| page.runs_from(*first))
            .filter(move |(_, _, kept)| kept.is(class))
            .map(|(first, last, kept)| (first, last, self.table.state(kept)))
    }

    /// Adds a run behind all others.
    pub(crate) fn push(&mut self, first: i64, last: i64, state: S) {
        assert!(first <= last, "a run has records");
        let kept = self.table.keep(state);
        if let Some(mut entry) = self.pages.last_entry() {
            let key = *entry.key();
            let page = entry.get_mut();
            assert_eq!(page.last() + 1, first, "runs follow one another");
            if page.last_kept().is_some_and(|before| self.table.same(before, kept)) {
                page.extend(last);
                self.table.release(kept);
                self.records[kept.class()] += count(first, last);
                return;
            }
            if page.push(first, last, kept, PAGE) {
                self.having[kept.class()].insert(key);
                self.records[kept.class()] += count(first, last);
                self.runs += 1;
                return;
            }
        }
        self.put(first, Page::new(&[(first, kept)], last));
    }

    /// Takes out what lies before `offset`.
    pub(crate) fn drop_before(&mut self, offset: i64) {
        while let Some((&key, page)) = self.pages.first_key_value()
            && key < offset
        {
            let whole = page.last() < offset;
            let Some(mut page) = self.take(key) else { return };
            if whole {
                page.begins().for_each(|(_, kept)| self.table.release(kept));
            } else {
                page.drop_before(offset, |kept| self.table.release(kept));
                self.put(offset, page);
            }
        }
    }

    /// Takes out the first run.
    pub(crate) fn pop_first(&mut self) {
        if let Some((_, page)) = self.pages.first_key_value() {
            let (_, last, _) = page.run(0);
            self.drop_before(last + 1);
        }
    }

    /// The first page that reaches to `offset` or beyond, and has records of a class, if that is asked for.
    fn page_with(&self, offset: i64, class: Option<Class>) -> Option<(i64, &Page)> {
        let before = self.pages.range(..=offset).next_back().filter(|(_, page)| page.last() >= offset);
        let (key, page) = before.or_else(|| self.pages.range(offset..).next())?;
        match class {
            Some(class) if page.records()[class as usize] == 0 => {
                let key = self.having[class as usize].range(*key..).next()?;
                Some((*key, self.pages.get(key)?))
            }
            _ => Some((*key, page)),
        }
    }

    /// Adds a page.
    fn put(&mut self, key: i64, page: Page) {
        self.look();
        for (class, records) in page.records().into_iter().enumerate() {
            self.records[class] += records;
            if records > 0 {
                self.having[class].insert(key);
            }
        }
        self.runs += page.len();
        self.pages.insert(key, page);
    }

    /// Takes a page out.
    fn take(&mut self, key: i64) -> Option<Page> {
        self.look();
        let page = self.pages.remove(&key)?;
        for (class, records) in page.records().into_iter().enumerate() {
            self.records[class] -= records;
            if records > 0 {
                self.having[class].remove(&key);
            }
        }
        self.runs -= page.len();
        Some(page)
    }

    fn look(&self) {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
    }
}
