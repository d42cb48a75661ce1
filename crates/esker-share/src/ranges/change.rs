//! Changing the states of records.

use super::{Class, Classed, Kept, Page, Ranges, page::Begin, table::Table};
use crate::partition::count;

impl<S: Classed, const PAGE: usize> Ranges<S, PAGE> {
    /// Changes the state of every record in `first..=last`: `change` sees each run cut to it, and says what it is to be,
    /// `None` for what it is. Offsets outside of all runs are passed over.
    pub(crate) fn change(&mut self, first: i64, last: i64, change: impl FnMut(i64, i64, &S) -> Option<S>) {
        self.change_some(first, last, None, change);
    }

    /// The same for every run of a class, wherever it is.
    pub(crate) fn change_of(&mut self, class: Class, change: impl FnMut(i64, i64, &S) -> Option<S>) {
        self.change_some(i64::MIN, i64::MAX, Some(class), change);
    }

    fn change_some(
        &mut self,
        first: i64,
        last: i64,
        only: Option<Class>,
        mut change: impl FnMut(i64, i64, &S) -> Option<S>,
    ) {
        let mut at = first;
        while at <= last
            && let Some((key, page)) = self.page_with(at, only)
            && key <= last
        {
            // As it is now: it may be cut, or become a part of another.
            let end = page.last();
            self.change_page(key, (at, last), only, &mut change);
            at = end + 1;
        }
    }

    /// Changes what one page has of `first..=last`.
    fn change_page(
        &mut self,
        key: i64,
        (first, last): (i64, i64),
        only: Option<Class>,
        change: &mut impl FnMut(i64, i64, &S) -> Option<S>,
    ) {
        self.look();
        let Some(page) = self.pages.get_mut(&key) else { return };
        let (len, end, before) = (page.len(), page.last(), page.records());
        let Some(edit) = Edit::of(page, &mut self.table, (first, last), only, change) else { return };
        let after = page.records();
        let fits = page.splice((edit.from, edit.to), &edit.begins, PAGE);
        let now = page.len();
        for class in 0..after.len() {
            self.records[class] = self.records[class] - before[class] + after[class];
            match (before[class] > 0, after[class] > 0) {
                (false, true) => _ = self.having[class].insert(key),
                (true, false) => _ = self.having[class].remove(&key),
                _ => {}
            }
        }
        if fits {
            self.runs = self.runs - len + now;
        } else if let Some(page) = self.take(key) {
            self.split(&page, &edit);
        }
        if edit.from == 0 {
            self.join(key);
        }
        if edit.to == len && self.join(end + 1) {
            self.merge(end + 1);
        }
        if edit.begins.len() < edit.to - edit.from || edit.from == 0 {
            self.merge(key);
        }
    }

    /// Puts several pages in the place of one that is too long.
    fn split(&mut self, page: &Page, edit: &Edit) {
        let old: Vec<Begin> = page.begins().collect();
        let begins = [&old[..edit.from], &edit.begins, &old[edit.to..]].concat();
        let mut end = page.last();
        for chunk in Page::chunks(&begins, PAGE).into_iter().rev() {
            let first = chunk[0].0;
            self.put(first, Page::new(chunk, end));
            end = first - 1;
        }
    }

    /// Makes one run of two that meet at `offset`, where a page begins, when they are the same. Whether they were.
    fn join(&mut self, offset: i64) -> bool {
        let Some((&key, page)) = self.pages.range(..offset).next_back() else { return false };
        let Some(next) = self.pages.get(&offset) else { return false };
        let (_, last, kept) = next.run(0);
        if !page.last_kept().is_some_and(|before| self.table.same(before, kept)) {
            return false;
        }
        let (Some(mut page), Some(mut next)) = (self.take(key), self.take(offset)) else { return false };
        page.extend(last);
        self.put(key, page);
        if next.len() == 1 {
            self.table.release(kept);
        } else {
            next.drop_before(last + 1, |kept| self.table.release(kept));
            self.put(last + 1, next);
        }
        true
    }

    /// Makes the page that has `offset` and those beside it one, as long as they have few runs.
    fn merge(&mut self, offset: i64) {
        while let Some((&key, page)) = self.pages.range(..=offset).next_back()
            && page.len() <= PAGE / 2
        {
            let most = PAGE / 4 * 3;
            let before = self.pages.range(..key).next_back().filter(|(_, before)| before.takes(page, most));
            let behind = self.pages.range(key + 1..).next().filter(|(_, behind)| page.takes(behind, most));
            let (one, two) = match (before, behind) {
                (Some((before, _)), _) => (*before, key),
                (None, Some((behind, _))) => (key, *behind),
                (None, None) => return,
            };
            let (Some(mut page), Some(next)) = (self.take(one), self.take(two)) else { return };
            page.append(&next);
            self.put(one, page);
        }
    }
}

/// Runs of a page that are to be in the place of others.
struct Edit {
    /// The first that is replaced.
    from: usize,
    /// Behind the last.
    to: usize,
    begins: Vec<Begin>,
}

impl Edit {
    /// What becomes of the runs in `first..=last`; `None` when nothing does. The page's records are counted as they will be,
    /// and the table holds what the new runs have, no more what the old ones had.
    fn of<S: Classed>(
        page: &mut Page,
        table: &mut Table<S>,
        (first, last): (i64, i64),
        only: Option<Class>,
        change: &mut impl FnMut(i64, i64, &S) -> Option<S>,
    ) -> Option<Self> {
        let mut edit: Option<Self> = None;
        for index in page.position(first)..page.len() {
            let (run_first, run_last, kept) = page.run(index);
            if run_first > last {
                break;
            }
            let (from, to) = (run_first.max(first), run_last.min(last));
            let new = match only {
                Some(class) if !kept.is(class) => None,
                _ => table.see(kept, |state| change(from, to, state).filter(|new| new != state)),
            };
            let Some(new) = new else {
                if let Some(edit) = &mut edit {
                    edit.same(run_first, kept, table);
                    edit.to = index + 1;
                }
                continue;
            };
            let new = table.keep(new);
            page.reclass(count(from, to), kept, new);
            let edit = edit.get_or_insert_with(|| Self::at(index, page, table));
            if run_first < from {
                edit.same(run_first, kept, table);
            }
            edit.add(from, new, table);
            if to < run_last {
                edit.same(to + 1, kept, table);
            }
            edit.to = index + 1;
        }
        let mut edit = edit?;
        if edit.to < page.len() {
            // What is changed may be the same now as what is behind it.
            let (first, _, kept) = page.run(edit.to);
            edit.same(first, kept, table);
            edit.to += 1;
        }
        (edit.from..edit.to).for_each(|index| table.release(page.run(index).2));
        Some(edit)
    }

    /// One that begins before a run: what is changed may be the same as what is there.
    fn at<S: Classed>(index: usize, page: &Page, table: &mut Table<S>) -> Self {
        let from = index.saturating_sub(1);
        let mut edit = Self { from, to: index, begins: Vec::with_capacity(5) };
        if from < index {
            let (first, _, kept) = page.run(from);
            edit.same(first, kept, table);
        }
        edit
    }

    /// Adds a run that has the state of another one.
    fn same<S: Classed>(&mut self, first: i64, kept: Kept, table: &mut Table<S>) {
        let kept = table.again(kept);
        self.add(first, kept, table);
    }

    /// Adds a run, or makes the one before it longer.
    fn add<S: Classed>(&mut self, first: i64, kept: Kept, table: &mut Table<S>) {
        match self.begins.last() {
            Some((_, before)) if table.same(*before, kept) => table.release(kept),
            _ => self.begins.push((first, kept)),
        }
    }
}
