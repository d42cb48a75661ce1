//! One exchange, made ready for matching.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use esker_core::TopicNumber;
use esker_meta::{Binding, ExchangeKind, ExchangeRecord, Revision, Versioned};

use super::patterns::Patterns;
use crate::proto::esker::v1 as api;

/// A queue with bindings.
pub(super) struct Bound {
    pub(super) queue: String,
    pub(super) topic: TopicNumber,
    /// It was said that it is gone.
    told: AtomicBool,
}

impl Bound {
    /// True once.
    pub(super) fn is_news(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }
}

/// Queues are known by their places among the bound ones.
pub(super) type Place = u32;

enum Rules {
    Direct(BTreeMap<String, Vec<Place>>),
    Topic(Patterns),
    Fanout,
    Headers(Vec<(Place, Binding)>),
}

pub(super) struct Compiled {
    /// Of the exchange's record.
    pub(super) revision: Revision,
    bound: Vec<Bound>,
    rules: Rules,
}

impl Compiled {
    pub(super) fn new(exchange: &Versioned<ExchangeRecord>) -> Self {
        let bindings = &exchange.record.bindings;
        let mut places = BTreeMap::new();
        let mut bound = Vec::new();
        let mut placed = Vec::new();
        for binding in bindings {
            let place = *places.entry(binding.topic).or_insert_with(|| {
                let queue = binding.queue.clone();
                bound.push(Bound { queue, topic: binding.topic, told: AtomicBool::new(false) });
                bound.len() as Place - 1
            });
            placed.push((place, binding));
        }
        let rules = match exchange.record.kind {
            ExchangeKind::Direct => {
                let mut keys: BTreeMap<String, Vec<Place>> = BTreeMap::new();
                for (place, binding) in placed {
                    keys.entry(binding.routing_key.clone()).or_default().push(place);
                }
                Rules::Direct(keys)
            }
            ExchangeKind::Topic => {
                let mut patterns = Patterns::default();
                for (place, binding) in placed {
                    patterns.add(&binding.routing_key, place);
                }
                Rules::Topic(patterns)
            }
            ExchangeKind::Fanout => Rules::Fanout,
            ExchangeKind::Headers => {
                Rules::Headers(placed.into_iter().map(|(place, binding)| (place, binding.clone())).collect())
            }
        };
        Self { revision: exchange.modified, bound, rules }
    }

    /// The queues that a message matches, each once.
    pub(super) fn matching(&self, key: &str, headers: &[api::Header]) -> Vec<&Bound> {
        let mut places = match &self.rules {
            Rules::Direct(keys) => keys.get(key).cloned().unwrap_or_default(),
            Rules::Topic(patterns) => patterns.matching(key),
            Rules::Fanout => return self.bound.iter().collect(),
            Rules::Headers(bindings) => {
                let of_message = Headers::new(headers);
                let fits = bindings.iter().filter(|(_, binding)| of_message.fit(binding));
                fits.map(|(place, _)| *place).collect()
            }
        };
        places.sort_unstable();
        places.dedup();
        places.iter().map(|place| &self.bound[*place as usize]).collect()
    }
}

/// A message's, for looking up.
struct Headers<'a>(BTreeSet<(&'a str, Option<&'a [u8]>)>);

impl<'a> Headers<'a> {
    fn new(headers: &'a [api::Header]) -> Self {
        Self(headers.iter().map(|header| (header.key.as_str(), header.value.as_deref())).collect())
    }

    fn fit(&self, binding: &Binding) -> bool {
        let has = |(name, value): &(String, Option<Bytes>)| match value {
            Some(value) => self.0.contains(&(name.as_str(), Some(value))),
            // One without a value comes first of its name.
            None => self.0.range((name.as_str(), None)..).next().is_some_and(|(found, _)| *found == name),
        };
        if binding.all { binding.headers.iter().all(has) } else { binding.headers.iter().any(has) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(kind: ExchangeKind, bindings: &[(&str, u32, &str)]) -> Versioned<ExchangeRecord> {
        let binding = |(queue, topic, key): &(&str, u32, &str)| Binding {
            queue: (*queue).to_owned(),
            routing_key: (*key).to_owned(),
            all: false,
            headers: Vec::new(),
            topic: TopicNumber(*topic),
        };
        let record =
            ExchangeRecord { name: "x".to_owned(), kind, bindings: bindings.iter().map(binding).collect() };
        Versioned { record, modified: Revision(7) }
    }

    fn queues<'a>(
        compiled: &'a Compiled,
        key: &str,
        headers: &[(&str, Option<&'static str>)],
    ) -> Vec<&'a str> {
        let header = |(key, value): &(&str, Option<&'static str>)| api::Header {
            key: (*key).to_owned(),
            value: value.map(Bytes::from),
        };
        let headers: Vec<_> = headers.iter().map(header).collect();
        compiled.matching(key, &headers).iter().map(|bound| bound.queue.as_str()).collect()
    }

    #[test]
    fn a_queue_that_is_bound_twice_is_named_once() {
        let bindings = [("a", 1, "k"), ("a", 1, "l"), ("b", 2, "k"), ("c", 3, "")];
        let direct = Compiled::new(&exchange(ExchangeKind::Direct, &bindings));
        assert_eq!(queues(&direct, "k", &[]), ["a", "b"]);
        assert_eq!(queues(&direct, "", &[]), ["c"]);
        assert!(queues(&direct, "K", &[]).is_empty());
        let fanout = Compiled::new(&exchange(ExchangeKind::Fanout, &bindings));
        assert_eq!(queues(&fanout, "?", &[]), ["a", "b", "c"]);
        let bindings = [("a", 1, "#"), ("a", 1, "k.*"), ("b", 2, "*")];
        let topic = Compiled::new(&exchange(ExchangeKind::Topic, &bindings));
        assert_eq!((queues(&topic, "k.l", &[]), queues(&topic, "k", &[])), (vec!["a"], vec!["a", "b"]));
    }

    #[test]
    fn headers_match_by_all_or_by_any() {
        let wanted = vec![("h".to_owned(), None), ("i".to_owned(), Some(Bytes::from("1")))];
        let mut all = exchange(ExchangeKind::Headers, &[("all", 1, ""), ("any", 2, "")]);
        for (binding, is_all) in all.record.bindings.iter_mut().zip([true, false]) {
            binding.headers.clone_from(&wanted);
            binding.all = is_all;
        }
        let compiled = Compiled::new(&all);
        assert_eq!(queues(&compiled, "", &[("h", Some("x")), ("i", Some("1"))]), ["all", "any"]);
        assert_eq!(queues(&compiled, "", &[("i", Some("2")), ("i", Some("1")), ("h", None)]), ["all", "any"]);
        assert_eq!(queues(&compiled, "", &[("h", Some("x")), ("i", Some("2"))]), ["any"]);
        assert_eq!(queues(&compiled, "", &[("i", Some("1"))]), ["any"]);
        for neither in [&[("i", None)], &[("i", Some("11"))], &[("hh", Some("1"))], &[("I", Some("1"))]] {
            assert!(queues(&compiled, "", neither).is_empty(), "{neither:?}");
        }
        assert!(queues(&compiled, "", &[]).is_empty());
    }
}
