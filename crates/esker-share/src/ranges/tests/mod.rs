//! Runs against rows, and what they take.

mod model;
mod size;

use super::*;

impl<S: Classed + fmt::Debug, const PAGE: usize> Ranges<S, PAGE> {
    /// All that is to be true of it, whatever it holds.
    pub(super) fn check(&self) {
        let (mut runs, mut rich, mut records) = (0, 0, [0; CLASSES]);
        let mut having: [BTreeSet<i64>; CLASSES] = Default::default();
        let mut behind = None;
        let mut before: Option<S> = None;
        for (key, page) in &self.pages {
            assert!((1..=PAGE).contains(&page.len()), "a page of {} runs", page.len());
            assert!(page.bytes() <= (page.len() + 128) * 8, "room for more than some runs");
            assert_eq!(page.run(0).0, *key, "a page is found by its first offset");
            let mut of_page = [0; CLASSES];
            for (first, last, kept) in page.runs_from(*key) {
                assert!(last >= first, "no empty run");
                assert_eq!(behind.unwrap_or(first), first, "no gap between runs");
                let state = self.table.state(kept);
                assert_ne!(before.as_ref(), Some(&state), "neighbours differ");
                assert!(kept.is(state.class()), "the class is the state's");
                of_page[kept.class()] += count(first, last);
                rich += usize::from(kept.in_table());
                (behind, before) = (Some(last + 1), Some(state));
            }
            assert_eq!(Some(page.last() + 1), behind);
            assert_eq!(page.records(), of_page, "records are counted");
            for class in (0..CLASSES).filter(|class| of_page[*class] > 0) {
                having[class].insert(*key);
                records[class] += of_page[class];
            }
            runs += page.len();
        }
        assert_eq!((self.runs, self.records), (runs, records), "all is counted");
        assert_eq!(self.having, having, "pages are listed by what they have");
        assert_eq!(self.table.runs(), rich, "the table has what runs have");
    }
}
