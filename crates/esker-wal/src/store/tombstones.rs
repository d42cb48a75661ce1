//! Ids of forgotten ledgers, as ranges: a broker numbers its ledgers one by one, so on a single store they join into one
//! range per broker.

use std::collections::BTreeMap;

use esker_core::{BrokerId, LedgerId};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tombstones(BTreeMap<BrokerId, BTreeMap<u64, u64>>);

impl Tombstones {
    pub(super) fn contains(&self, ledger: LedgerId) -> bool {
        let Some(ranges) = self.0.get(&ledger.broker) else { return false };
        ranges.range(..=ledger.number).next_back().is_some_and(|(_, last)| ledger.number <= *last)
    }

    pub(super) fn insert(&mut self, ledger: LedgerId) {
        if !self.contains(ledger) {
            self.insert_range(ledger.broker, ledger.number, ledger.number);
        }
    }

    fn insert_range(&mut self, broker: BrokerId, first: u64, last: u64) {
        let ranges = self.0.entry(broker).or_default();
        let (mut first, mut last) = (first, last);
        if let Some((start, end)) = ranges.range(..first).next_back().map(|(start, end)| (*start, *end))
            && end.checked_add(1) == Some(first)
        {
            ranges.remove(&start);
            first = start;
        }
        if let Some(after) = last.checked_add(1)
            && let Some(end) = ranges.remove(&after)
        {
            last = end;
        }
        ranges.insert(first, last);
    }

    /// Ranges, not ids.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    pub(super) fn ranges(&self) -> Vec<(i32, u64, u64)> {
        self.0
            .iter()
            .flat_map(|(broker, ranges)| ranges.iter().map(|(first, last)| (broker.0, *first, *last)))
            .collect()
    }

    pub(super) fn from_ranges(ranges: &[(i32, u64, u64)]) -> Self {
        let mut all = Self::default();
        for (broker, first, last) in ranges {
            all.insert_range(BrokerId(*broker), *first, *last);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use esker_env::{Random, SeededRandom};

    use super::*;

    #[test]
    fn ranges_join_whatever_the_order() {
        let random = SeededRandom::new(7);
        let mut model = BTreeSet::new();
        let mut tombstones = Tombstones::default();
        for _ in 0..2000 {
            let number = random.below(100);
            tombstones.insert(LedgerId { broker: BrokerId(1), number });
            model.insert(number);
            let again = Tombstones::from_ranges(&tombstones.ranges());
            assert_eq!(again, tombstones);
            for number in 0..110 {
                assert_eq!(again.contains(LedgerId { broker: BrokerId(1), number }), model.contains(&number));
            }
        }
        assert!(!tombstones.contains(LedgerId { broker: BrokerId(2), number: 5 }));
        assert_eq!(tombstones.ranges(), [(1, 0, 99)]);
    }
}
