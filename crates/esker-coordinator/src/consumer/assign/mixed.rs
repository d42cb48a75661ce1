//! `uniform` for members with different subscriptions: what was assigned stays, what is free goes to who has least, and
//! then partitions move from who has more to who has at least two fewer, as long as there is such a pair.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Candidate, Topics, partitions_of};
use crate::consumer::partitions::Partitions;

/// Rounds over all topics before what is then not balanced stays so. Each move brings two members closer, and few rounds
/// are ever needed; this bounds what a hostile group can cost.
const ROUNDS: usize = 64;

struct Work<'a> {
    topics: &'a Topics,
    /// Candidates of each topic.
    subscribers: BTreeMap<Uuid, Vec<usize>>,
    /// Who has each partition.
    owners: BTreeMap<(Uuid, i32), usize>,
    /// How many each has.
    loads: Vec<usize>,
}

pub(super) fn assign(candidates: &[Candidate], topics: &Topics) -> Vec<Partitions> {
    let mut work = Work::new(candidates, topics);
    work.hand_out();
    for _ in 0..ROUNDS {
        if !work.balance() {
            break;
        }
    }
    let mut result = vec![Partitions::new(); candidates.len()];
    for ((topic, partition), owner) in work.owners {
        result[owner].entry(topic).or_default().insert(partition);
    }
    result
}

impl<'a> Work<'a> {
    fn new(candidates: &[Candidate], topics: &'a Topics) -> Self {
        let mut subscribers: BTreeMap<Uuid, Vec<usize>> = BTreeMap::new();
        let mut owners = BTreeMap::new();
        let mut loads = vec![0; candidates.len()];
        for (at, candidate) in candidates.iter().enumerate() {
            for &topic in candidate.topics.iter() {
                subscribers.entry(topic).or_default().push(at);
            }
            let before = candidate.before.iter().filter(|(topic, _)| candidate.topics.contains(*topic));
            for (topic, partitions) in before {
                let exists = partitions_of(topics, *topic);
                for &partition in partitions.iter().filter(|partition| exists.contains(*partition)) {
                    owners.entry((*topic, partition)).or_insert_with(|| {
                        loads[at] += 1;
                        at
                    });
                }
            }
        }
        Self { topics, subscribers, owners, loads }
    }

    /// Free partitions go to who has least; topics with few subscribers first, as they have least choice.
    fn hand_out(&mut self) {
        let mut order: Vec<Uuid> = self.subscribers.keys().copied().collect();
        order.sort_by_key(|topic| self.subscribers[topic].len());
        for topic in order {
            let mut by_load: BTreeSet<(usize, usize)> =
                self.subscribers[&topic].iter().map(|&at| (self.loads[at], at)).collect();
            for partition in partitions_of(self.topics, topic) {
                if self.owners.contains_key(&(topic, partition)) {
                    continue;
                }
                let (load, at) = by_load.pop_first().expect("a topic here has subscribers");
                by_load.insert((load + 1, at));
                self.loads[at] = load + 1;
                self.owners.insert((topic, partition), at);
            }
        }
    }

    /// One round. Whether anything moved.
    fn balance(&mut self) -> bool {
        let mut moved = false;
        let topics: Vec<Uuid> = self.subscribers.keys().copied().collect();
        for topic in topics {
            let mut by_load: BTreeSet<(usize, usize)> =
                self.subscribers[&topic].iter().map(|&at| (self.loads[at], at)).collect();
            for partition in partitions_of(self.topics, topic) {
                let owner = self.owners[&(topic, partition)];
                let (least, to) = *by_load.first().expect("a topic here has subscribers");
                if self.loads[owner] <= least + 1 {
                    continue;
                }
                by_load.remove(&(least, to));
                by_load.remove(&(self.loads[owner], owner));
                self.loads[owner] -= 1;
                self.loads[to] += 1;
                by_load.insert((self.loads[owner], owner));
                by_load.insert((self.loads[to], to));
                self.owners.insert((topic, partition), to);
                moved = true;
            }
        }
        moved
    }
}
