//! `uniform` for members that all subscribe to the same topics: counts differ by at most one, and as much as that allows
//! stays where it was.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Candidate, Topics, partitions_of};
use crate::consumer::partitions::Partitions;

pub(super) fn assign(candidates: &[Candidate], topics: &Topics) -> Vec<Partitions> {
    let subscribed = &candidates[0].topics;
    let all: usize = subscribed.iter().map(|topic| partitions_of(topics, *topic).len()).sum();
    let each = all / candidates.len();
    // So many members get one more.
    let mut more = all % candidates.len();
    let mut taken: BTreeSet<(Uuid, i32)> = BTreeSet::new();
    let mut result: Vec<Partitions> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let before: Vec<(Uuid, i32)> = candidate
            .before
            .iter()
            .filter(|(topic, _)| subscribed.contains(*topic))
            .flat_map(|(topic, partitions)| partitions.iter().map(|partition| (*topic, *partition)))
            .filter(|(topic, partition)| partitions_of(topics, *topic).contains(partition))
            .filter(|partition| !taken.contains(partition))
            .collect();
        let mut keeps = each;
        if before.len() > each && more > 0 {
            more -= 1;
            keeps += 1;
        }
        let mut kept = Partitions::new();
        for (topic, partition) in before.into_iter().take(keeps) {
            taken.insert((topic, partition));
            kept.entry(topic).or_default().insert(partition);
        }
        result.push(kept);
    }
    // What nobody keeps, topic after topic in turn.
    let widest = subscribed.iter().map(|topic| partitions_of(topics, *topic).end).max().unwrap_or(0);
    let mut free = (0..widest)
        .flat_map(|partition| subscribed.iter().map(move |topic| (*topic, partition)))
        .filter(|(topic, partition)| partitions_of(topics, *topic).contains(partition))
        .filter(|partition| !taken.contains(partition));
    for kept in &mut result {
        let have: usize = kept.values().map(BTreeSet::len).sum();
        give(kept, free.by_ref().take(each.saturating_sub(have)));
    }
    for kept in &mut result {
        let have: usize = kept.values().map(BTreeSet::len).sum();
        if have == each && more > 0 {
            more -= 1;
            give(kept, free.by_ref().take(1));
        }
    }
    debug_assert!(free.next().is_none(), "everything is assigned");
    result
}

fn give(to: &mut Partitions, partitions: impl Iterator<Item = (Uuid, i32)>) {
    for (topic, partition) in partitions {
        to.entry(topic).or_default().insert(partition);
    }
}
