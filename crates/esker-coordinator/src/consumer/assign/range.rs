//! `range`: of each topic, the members in their order get consecutive ranges whose sizes differ by at most one. Topics
//! with as many partitions and the same subscribers are split alike, so that joins find what they need in one place.

use uuid::Uuid;

use super::{Candidate, Topics, partitions_of};
use crate::consumer::partitions::Partitions;

pub(super) fn assign(candidates: &[Candidate], topics: &Topics) -> Vec<Partitions> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    // Static members first: their order does not change when processes are replaced.
    order.sort_by_key(|&at| {
        let candidate = &candidates[at];
        (candidate.instance_id.is_none(), candidate.instance_id.as_ref().unwrap_or(&candidate.id))
    });
    let mut result = vec![Partitions::new(); candidates.len()];
    for &topic in topics.keys() {
        let subscribers: Vec<usize> =
            order.iter().copied().filter(|&at| candidates[at].topics.contains(&topic)).collect();
        split(topic, topics, &subscribers, &mut result);
    }
    result
}

fn split(topic: Uuid, topics: &Topics, subscribers: &[usize], result: &mut [Partitions]) {
    if subscribers.is_empty() {
        return;
    }
    let all = partitions_of(topics, topic);
    let (each, more) = (all.len() / subscribers.len(), all.len() % subscribers.len());
    let mut rest = all;
    for (position, &subscriber) in subscribers.iter().enumerate() {
        let size = each + usize::from(position < more);
        let range: std::collections::BTreeSet<i32> = rest.by_ref().take(size).collect();
        if !range.is_empty() {
            result[subscriber].insert(topic, range);
        }
    }
}
