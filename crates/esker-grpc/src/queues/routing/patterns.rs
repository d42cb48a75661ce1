//! Patterns of words: all of an exchange's in one tree, and a message's words walk down all branches that fit at the same time.
//! So the work is bounded by words times nodes, however many `#` there are.

use std::collections::BTreeMap;

use super::compiled::Place;

/// A word, or a node, by its number.
type Number = u32;

#[derive(Default)]
struct Node {
    /// Behind `*`.
    any: Option<Number>,
    /// Behind `#`.
    some: Option<Number>,
    /// It is behind a `#`: every word leads back here.
    stays: bool,
    /// Patterns that end here.
    ends: Vec<Place>,
}

pub(super) struct Patterns {
    words: BTreeMap<String, Number>,
    nodes: Vec<Node>,
    /// Behind a word.
    edges: BTreeMap<(Number, Number), Number>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { words: BTreeMap::new(), nodes: vec![Node::default()], edges: BTreeMap::new() }
    }
}

fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split('.').filter(move |_| !key.is_empty())
}

impl Patterns {
    pub(super) fn add(&mut self, pattern: &str, place: Place) {
        let mut at: Number = 0;
        for word in words(pattern) {
            let next = self.nodes.len() as Number;
            let behind = match word {
                // A second one adds nothing.
                "#" if self.nodes[at as usize].stays => continue,
                "#" => *self.nodes[at as usize].some.get_or_insert(next),
                "*" => *self.nodes[at as usize].any.get_or_insert(next),
                word => {
                    let count = self.words.len() as Number;
                    let word = *self.words.entry(word.to_owned()).or_insert(count);
                    *self.edges.entry((at, word)).or_insert(next)
                }
            };
            if behind == next {
                self.nodes.push(Node { stays: word == "#", ..Node::default() });
            }
            at = behind;
        }
        self.nodes[at as usize].ends.push(place);
    }

    /// Where the patterns lead that match; some may be named more than once.
    pub(super) fn matching(&self, key: &str) -> Vec<Place> {
        let mut here = vec![0];
        self.pass(&mut here);
        for word in words(key) {
            let known = self.words.get(word);
            let mut next = Vec::with_capacity(here.len());
            for at in here {
                let node = &self.nodes[at as usize];
                next.extend(node.stays.then_some(at));
                next.extend(node.any);
                next.extend(known.and_then(|word| self.edges.get(&(at, *word))));
            }
            here = next;
            self.pass(&mut here);
        }
        here.iter().flat_map(|at| &self.nodes[*at as usize].ends).copied().collect()
    }

    /// Adds what is behind a `#` that stands for no word; each node once.
    fn pass(&self, here: &mut Vec<Number>) {
        here.sort_unstable();
        here.dedup();
        // There is never a second `#` behind one.
        let behind: Vec<Number> = here.iter().filter_map(|at| self.nodes[*at as usize].some).collect();
        here.extend(behind);
        here.sort_unstable();
        here.dedup();
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    /// By the words of the rule, as slowly as may be.
    fn naive(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern, key) {
            ([], []) => true,
            (["#", rest @ ..], _) => naive(rest, key) || (!key.is_empty() && naive(pattern, &key[1..])),
            (["*", rest @ ..], [_, key @ ..]) => naive(rest, key),
            ([word, rest @ ..], [next, key @ ..]) => word == next && naive(rest, key),
            _ => false,
        }
    }

    fn split(key: &str) -> Vec<&str> {
        if key.is_empty() { Vec::new() } else { key.split('.').collect() }
    }

    proptest! {
        #[test]
        fn they_match_as_the_rule_says(
            patterns in collection::vec(collection::vec("[ab*#]|a|#|", 0..7), 1..20),
            key in collection::vec("[abc]|", 0..8),
        ) {
            let (patterns, key): (Vec<_>, _) =
                (patterns.iter().map(|words| words.join(".")).collect(), key.join("."));
            let mut tree = Patterns::default();
            for (place, pattern) in (0..).zip(&patterns) {
                tree.add(pattern, place);
            }
            let mut found = tree.matching(&key);
            found.sort_unstable();
            let fits = |(_, pattern): &(Place, &String)| naive(&split(pattern), &split(&key));
            let expected: Vec<Place> = (0..).zip(&patterns).filter(fits).map(|(place, _)| place).collect();
            prop_assert_eq!(found, expected, "{:?} {:?}", patterns, key);
        }
    }

    #[test]
    fn words_are_whole() {
        let mut tree = Patterns::default();
        for (place, pattern) in (0..).zip(["", "#", "*", "a.*", "a.#", "a..b", "*a", "a.#.b"]) {
            tree.add(pattern, place);
        }
        let found = |key| {
            let mut found = tree.matching(key);
            found.sort_unstable();
            found
        };
        assert_eq!(found(""), [0, 1]);
        assert_eq!(found("a"), [1, 2, 4]);
        assert_eq!(found("a.b"), [1, 3, 4, 7]);
        assert_eq!(found("a..b"), [1, 4, 5, 7]);
        assert_eq!((found("*a"), found("xa")), (vec![1, 2, 6], vec![1, 2]));
    }

    /// Each node is looked at once for each word. Otherwise this would not end in anybody's lifetime.
    #[test]
    fn many_gaps_are_no_more_work() {
        let mut tree = Patterns::default();
        for place in 0..1_000_u32 {
            let gaps: Vec<&str> =
                (0..31).map(|bit| if place >> (bit % 10) & 1 == 0 { "#" } else { "a" }).collect();
            tree.add(&format!("#.{}.b", gaps.join(".")), place);
        }
        let key = vec!["a"; 127].join(".");
        assert!(tree.matching(&key).is_empty());
        assert_eq!(tree.matching(&format!("{key}.b")).len(), 1_000);
    }
}
