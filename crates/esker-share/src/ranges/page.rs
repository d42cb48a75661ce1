//! A page: runs that follow one another, of eight bytes each.

use super::{CLASSES, table::Kept};
use crate::partition::count;

/// Room for so many runs is taken at a time, and given back when twice as many are free. With less, the allocator is left
/// with more holes than are saved.
const STEP: usize = 64;

/// Where a run begins, counted from the page's base, and its state. It ends where the next one begins.
#[derive(Clone, Copy, Debug)]
struct Cell {
    at: u32,
    kept: Kept,
}

/// Where a run begins, and its state.
pub(super) type Begin = (i64, Kept);

/// At least one run.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// No run begins before it, and each begins less than 2^32 behind it. The last one may be longer than that.
    base: i64,
    /// The last offset of the last run.
    last: i64,
    cells: Vec<Cell>,
    /// How many records of each class there are.
    records: [u64; CLASSES],
}

impl Page {
    /// What a run takes in memory, in bytes.
    pub(super) const RUN: usize = size_of::<Cell>();
    /// What a page has of room for more, about.
    pub(super) const SPARE: usize = STEP * Self::RUN / 2;

    /// The runs that begin there, up to `last`; they have to be near enough to one another ([`Page::chunks`]).
    pub(super) fn new(begins: &[Begin], last: i64) -> Self {
        let base = begins.first().map_or(last, |(first, _)| *first);
        let mut page = Self { base, last, cells: Vec::new(), records: [0; CLASSES] };
        page.cells = begins.iter().map(|begin| page.cell(*begin)).collect();
        for index in 0..page.cells.len() {
            let (first, last, kept) = page.run(index);
            page.records[kept.class()] += count(first, last);
        }
        page
    }

    /// Cuts runs into parts that a page of at most `most` runs can have, of about the same length.
    pub(super) fn chunks(begins: &[Begin], most: usize) -> Vec<&[Begin]> {
        let even = begins.len().div_ceil(begins.len().div_ceil(most).max(1));
        let mut chunks = Vec::new();
        let mut rest = begins;
        while let Some((base, _)) = rest.first() {
            let near = rest.iter().take(even).take_while(|(first, _)| fits(*base, *first)).count();
            let (chunk, behind) = rest.split_at(near);
            chunks.push(chunk);
            rest = behind;
        }
        chunks
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The last offset of the last run.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// How many records of each class there are.
    pub(super) fn records(&self) -> [u64; CLASSES] {
        self.records
    }

    /// What its runs take in memory, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }

    /// A run by its index.
    pub(super) fn run(&self, index: usize) -> (i64, i64, Kept) {
        let cell = self.cells[index];
        let last = self.cells.get(index + 1).map_or(self.last, |next| self.base + i64::from(next.at) - 1);
        (self.base + i64::from(cell.at), last, cell.kept)
    }

    /// The state of the last run.
    pub(super) fn last_kept(&self) -> Option<Kept> {
        self.cells.last().map(|cell| cell.kept)
    }

    /// The index of the run that has `offset`; of the first one when it lies before all.
    pub(super) fn position(&self, offset: i64) -> usize {
        let begun = self.cells.partition_point(|cell| self.base + i64::from(cell.at) <= offset);
        begun.saturating_sub(1)
    }

    /// The runs from the one that has `offset` on.
    pub(super) fn runs_from(&self, offset: i64) -> impl Iterator<Item = (i64, i64, Kept)> {
        (self.position(offset)..self.cells.len()).map(|index| self.run(index))
    }

    /// Where each run begins.
    pub(super) fn begins(&self) -> impl DoubleEndedIterator<Item = Begin> {
        self.cells.iter().map(|cell| (self.base + i64::from(cell.at), cell.kept))
    }

    /// Some records of a run are about to change: they count for another class.
    pub(super) fn reclass(&mut self, records: u64, from: Kept, to: Kept) {
        self.records[from.class()] -= records;
        self.records[to.class()] += records;
    }

    /// Makes the last run longer: up to `last`.
    pub(super) fn extend(&mut self, last: i64) {
        if let Some(kept) = self.last_kept() {
            self.records[kept.class()] += last.abs_diff(self.last);
            self.last = last;
        }
    }

    /// Adds a run behind all others, if the page has fewer than `most` and it is near enough. Whether it was.
    pub(super) fn push(&mut self, first: i64, last: i64, kept: Kept, most: usize) -> bool {
        if self.cells.len() >= most || !fits(self.base, first) {
            self.cells.shrink_to_fit();
            return false;
        }
        self.make_room(1);
        self.cells.push(self.cell((first, kept)));
        self.records[kept.class()] += count(first, last);
        self.last = last;
        true
    }

    /// Puts runs in the place of others, which took up the same offsets; what they are was said to [`Page::reclass`]. If it
    /// would have more than `most`, or one is not near enough, nothing happens. Whether it did.
    pub(super) fn splice(&mut self, (from, to): (usize, usize), begins: &[Begin], most: usize) -> bool {
        let len = self.cells.len() - (to - from) + begins.len();
        if len > most || !begins.last().is_none_or(|(first, _)| fits(self.base, *first)) {
            return false;
        }
        self.make_room(len.saturating_sub(self.cells.len()));
        let base = self.base;
        self.cells.splice(from..to, begins.iter().map(|(first, kept)| Cell::new(base, *first, *kept)));
        self.give_back();
        true
    }

    /// Takes out what lies before `offset`, which the page has: `gone` hears of each run that is gone as a whole.
    pub(super) fn drop_before(&mut self, offset: i64, mut gone: impl FnMut(Kept)) {
        let keep = self.position(offset);
        for index in 0..keep {
            let (first, last, kept) = self.run(index);
            self.records[kept.class()] -= count(first, last);
            gone(kept);
        }
        self.cells.drain(..keep);
        let (first, _, kept) = self.run(0);
        self.records[kept.class()] -= offset.abs_diff(first);
        if self.cells.len() == 1 {
            // The run may have been longer than what fits.
            self.base = offset;
        }
        self.cells[0] = self.cell((offset, kept));
        self.give_back();
    }

    /// Whether the page behind this one may become a part of it, with at most `most` runs.
    pub(super) fn takes(&self, next: &Self, most: usize) -> bool {
        self.len() + next.len() <= most && next.begins().next_back().is_none_or(|(at, _)| fits(self.base, at))
    }

    /// Makes the page behind this one a part of it.
    pub(super) fn append(&mut self, next: &Self) {
        self.make_room(next.len());
        let base = self.base;
        self.cells.extend(next.begins().map(|(first, kept)| Cell::new(base, first, kept)));
        self.last = next.last;
        self.records.iter_mut().zip(next.records).for_each(|(records, more)| *records += more);
    }

    fn cell(&self, (first, kept): Begin) -> Cell {
        Cell::new(self.base, first, kept)
    }

    fn make_room(&mut self, more: usize) {
        let len = self.cells.len();
        if len + more > self.cells.capacity() {
            self.cells.reserve_exact((len + more).next_multiple_of(STEP) - len);
        }
    }

    fn give_back(&mut self) {
        if self.cells.capacity() - self.cells.len() >= 2 * STEP {
            self.cells.shrink_to(self.cells.len().next_multiple_of(STEP));
        }
    }
}

impl Cell {
    fn new(base: i64, first: i64, kept: Kept) -> Self {
        debug_assert!(fits(base, first), "a run begins near its page's base");
        Self { at: first.abs_diff(base) as u32, kept }
    }
}

/// Whether a run that begins at `first` may be in a page.
fn fits(base: i64, first: i64) -> bool {
    first >= base && first.abs_diff(base) <= u64::from(u32::MAX)
}
