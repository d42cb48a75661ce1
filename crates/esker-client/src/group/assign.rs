//! Range assignment: consecutive partitions of each topic to members in order.

use std::collections::BTreeMap;

/// Partitions by topic, by member.
pub(super) type Assignment = BTreeMap<String, BTreeMap<String, Vec<i32>>>;

/// Assigns the partitions (`counts`, by topic) to members that subscribe to the topic. `members` has, in order of
/// precedence, each member's id and topics. Every member gets an entry.
pub(super) fn range(members: &[(String, Vec<String>)], counts: &BTreeMap<String, usize>) -> Assignment {
    let mut assignment: Assignment =
        members.iter().map(|(member, _)| (member.clone(), BTreeMap::new())).collect();
    for (topic, count) in counts {
        let subscribed: Vec<&String> =
            members.iter().filter(|(_, topics)| topics.contains(topic)).map(|(member, _)| member).collect();
        if subscribed.is_empty() {
            continue;
        }
        let (each, extra) = (count / subscribed.len(), count % subscribed.len());
        let mut next = 0;
        for (i, member) in subscribed.into_iter().enumerate() {
            let take = each + usize::from(i < extra);
            let partitions: Vec<i32> = (next..next + take).map(|partition| partition as i32).collect();
            next += take;
            if !partitions.is_empty() {
                let mine = assignment.get_mut(member).expect("every member has an entry");
                mine.insert(topic.clone(), partitions);
            }
        }
        assert_eq!(next, *count, "every partition has exactly one owner");
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_members_take_what_does_not_divide() {
        let all = |topics: &[&str]| topics.iter().map(ToString::to_string).collect::<Vec<_>>();
        let members = [
            ("a".to_owned(), all(&["t", "u"])),
            ("b".to_owned(), all(&["t"])),
            ("c".to_owned(), all(&["t"])),
        ];
        let counts = BTreeMap::from([("t".to_owned(), 4), ("u".to_owned(), 1), ("v".to_owned(), 9)]);
        let got = range(&members, &counts);
        assert_eq!(got["a"], BTreeMap::from([("t".to_owned(), vec![0, 1]), ("u".to_owned(), vec![0])]));
        assert_eq!(got["b"], BTreeMap::from([("t".to_owned(), vec![2])]));
        assert_eq!(got["c"], BTreeMap::from([("t".to_owned(), vec![3])]));
    }

    #[test]
    fn a_member_without_partitions_is_told_so() {
        let members = [("a".to_owned(), vec!["t".to_owned()]), ("b".to_owned(), vec!["t".to_owned()])];
        let got = range(&members, &BTreeMap::from([("t".to_owned(), 1)]));
        assert!(got["b"].is_empty());
    }
}
