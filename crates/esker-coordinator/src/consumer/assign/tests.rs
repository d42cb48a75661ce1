//! What every assignor must do, on random groups.

use proptest::prelude::*;

use super::*;

fn topic(n: u8) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

fn candidate(n: usize, topics: &[u8], before: &Partitions) -> Candidate {
    Candidate {
        id: format!("m{n:03}").as_str().into(),
        instance_id: None,
        topics: Arc::new(topics.iter().map(|n| topic(*n)).collect()),
        before: Arc::new(before.clone()),
    }
}

fn loads(result: &[Partitions]) -> Vec<usize> {
    result.iter().map(|partitions| partitions.values().map(BTreeSet::len).sum()).collect()
}

/// Every partition that anyone wants is with one who wants it.
fn check(candidates: &[Candidate], topics: &Topics, result: &[Partitions]) {
    assert_eq!(candidates.len(), result.len());
    let mut owners: BTreeMap<(Uuid, i32), usize> = BTreeMap::new();
    for (at, partitions) in result.iter().enumerate() {
        for (topic, partitions) in partitions {
            assert!(candidates[at].topics.contains(topic) && !partitions.is_empty());
            for partition in partitions {
                assert!(partitions_of(topics, *topic).contains(partition));
                assert_eq!(owners.insert((*topic, *partition), at), None, "one owner");
            }
        }
    }
    for topic in candidates.iter().flat_map(|candidate| candidate.topics.iter()) {
        assert!(partitions_of(topics, *topic).all(|partition| owners.contains_key(&(*topic, partition))));
    }
}

/// Nobody could give a partition to one who has at least two fewer.
fn check_balance(candidates: &[Candidate], result: &[Partitions]) {
    let loads = loads(result);
    for (at, partitions) in result.iter().enumerate() {
        for topic in partitions.keys() {
            for (other, candidate) in candidates.iter().enumerate() {
                let unfair = candidate.topics.contains(topic) && loads[at] > loads[other] + 1;
                assert!(!unfair, "{at} has {} and {other} has {}", loads[at], loads[other]);
            }
        }
    }
}

fn moved(before: &[Partitions], after: &[Partitions]) -> usize {
    let lost = |(before, after): (&Partitions, &Partitions)| -> usize {
        before
            .iter()
            .map(|(topic, partitions)| {
                let kept = after.get(topic);
                partitions.iter().filter(|p| kept.is_none_or(|kept| !kept.contains(p))).count()
            })
            .sum()
    };
    before.iter().zip(after).map(lost).sum()
}

fn topics_of(counts: &[u32]) -> Topics {
    counts.iter().enumerate().map(|(n, count)| (topic(n as u8), *count)).collect()
}

proptest! {
    #[test]
    fn subscriptions_of_any_kind_are_served(
        counts in proptest::collection::vec(1_u32..12, 1..6),
        wishes in proptest::collection::vec(proptest::collection::btree_set(0_u8..6, 0..6), 1..9),
        second in proptest::collection::vec(proptest::collection::btree_set(0_u8..6, 0..6), 1..9),
    ) {
        let topics = topics_of(&counts);
        for assignor in Assignor::ALL {
            let mut before: Vec<Partitions> = Vec::new();
            for wishes in [&wishes, &second] {
                let candidates: Vec<Candidate> = wishes
                    .iter()
                    .enumerate()
                    .map(|(n, wish)| {
                        let wish: Vec<u8> = wish.iter().copied().filter(|n| usize::from(*n) < counts.len()).collect();
                        candidate(n, &wish, before.get(n).unwrap_or(&Partitions::new()))
                    })
                    .collect();
                let result = assign(assignor, &candidates, &topics);
                check(&candidates, &topics, &result);
                if assignor == Assignor::Uniform {
                    check_balance(&candidates, &result);
                    let again: Vec<Candidate> = candidates
                        .iter()
                        .zip(&result)
                        .map(|(candidate, result)| Candidate { before: Arc::new(result.clone()), ..candidate.clone() })
                        .collect();
                    prop_assert_eq!(&assign(assignor, &again, &topics), &result, "what is balanced stays");
                }
                before = result;
            }
        }
    }

    #[test]
    fn whoever_comes_or_goes_moves_as_little_as_possible(
        counts in proptest::collection::vec(1_u32..40, 1..4),
        members in 1_usize..12,
    ) {
        let topics = topics_of(&counts);
        let all: Vec<u8> = (0..counts.len() as u8).collect();
        let none = Partitions::new();
        let fresh: Vec<Candidate> = (0..members).map(|n| candidate(n, &all, &none)).collect();
        let first = assign(Assignor::Uniform, &fresh, &topics);
        let mut grown: Vec<Candidate> =
            first.iter().enumerate().map(|(n, before)| candidate(n, &all, before)).collect();
        grown.push(candidate(members, &all, &none));
        let second = assign(Assignor::Uniform, &grown, &topics);
        check(&grown, &topics, &second);
        prop_assert_eq!(moved(&first, &second), loads(&second)[members], "only what the new one gets moves");
        let shrunk: Vec<Candidate> =
            second.iter().skip(1).enumerate().map(|(n, before)| candidate(n, &all, before)).collect();
        let third = assign(Assignor::Uniform, &shrunk, &topics);
        check(&shrunk, &topics, &third);
        prop_assert_eq!(moved(&second[1..], &third), 0, "what others had stays with them");
    }
}

#[test]
fn ranges_of_topics_alike_go_together() {
    let topics = topics_of(&[5, 5]);
    let candidates: Vec<Candidate> = (0..2).map(|n| candidate(n, &[0, 1], &Partitions::new())).collect();
    let result = assign(Assignor::Range, &candidates, &topics);
    let range = |numbers: std::ops::Range<i32>| -> BTreeSet<i32> { numbers.collect() };
    for n in 0..2 {
        assert_eq!((&result[0][&topic(n)], &result[1][&topic(n)]), (&range(0..3), &range(3..5)));
    }
}

#[test]
fn static_members_come_first_in_ranges() {
    let topics = topics_of(&[2]);
    let mut candidates: Vec<Candidate> = (0..2).map(|n| candidate(n, &[0], &Partitions::new())).collect();
    candidates[1].instance_id = Some("z".into());
    let result = assign(Assignor::Range, &candidates, &topics);
    assert!(result[1][&topic(0)].contains(&0));
}
