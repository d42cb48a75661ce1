use std::sync::Arc;

use bytes::Bytes;
use esker_core::TopicNumber;
use esker_env::Env;
use proptest::{collection, option, prelude::*};

use super::*;
use crate::{Keys, MemoryMeta, Meta, Revision};

fn entry(name: &str, value: Bytes) -> KeyValue {
    let key = Keys::new("/esker").unwrap().exchange(name);
    KeyValue { key, value, created: Revision(3), modified: Revision(7), version: 2, lease: None }
}

fn keyed(queue: &str, key: &str, topic: u32) -> Binding {
    Binding {
        queue: queue.to_owned(),
        routing_key: key.to_owned(),
        all: false,
        headers: Vec::new(),
        topic: TopicNumber(topic),
    }
}

fn record(kind: ExchangeKind, bindings: Vec<Binding>) -> ExchangeRecord {
    ExchangeRecord { name: "x".to_owned(), kind, bindings }
}

fn any_record() -> impl Strategy<Value = ExchangeRecord> {
    let headers = collection::btree_map("[a-z]{1,9}", option::of(collection::vec(any::<u8>(), 0..9)), 1..4);
    let binding = ("[a-zA-Z0-9_-]{1,20}", ".{0,20}", any::<bool>(), headers, 1..=u32::MAX);
    let kinds = [ExchangeKind::Direct, ExchangeKind::Topic, ExchangeKind::Fanout, ExchangeKind::Headers];
    (proptest::sample::select(kinds.to_vec()), collection::vec(binding, 0..6)).prop_map(|(kind, bindings)| {
        let keyed = matches!(kind, ExchangeKind::Direct | ExchangeKind::Topic);
        let by_headers = kind == ExchangeKind::Headers;
        let mut made = record(kind, Vec::new());
        for (queue, key, all, headers, topic) in bindings {
            let headers = headers.into_iter().map(|(name, value)| (name, value.map(Bytes::from)));
            let binding = Binding {
                queue,
                routing_key: if keyed { key } else { String::new() },
                all: all && by_headers,
                headers: headers.filter(|_| by_headers).collect(),
                topic: TopicNumber(topic),
            };
            made = made.with(&binding).unwrap_or(made);
        }
        made
    })
}

proptest! {
    #[test]
    fn a_record_survives_its_bytes(record in any_record()) {
        prop_assert!(record.fits());
        let found = ExchangeRecord::decode(&entry("x", record.encode())).unwrap();
        prop_assert_eq!(found, Versioned { record, modified: Revision(7) });
    }

    /// Some bytes changed, or any bytes at all: an error that names the key, or a record that is as valid as any.
    #[test]
    fn hostile_bytes_are_refused_by_name(
        record in any_record(),
        noise in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        any_bytes in collection::vec(any::<u8>(), 0..200),
    ) {
        let mut spoiled = record.encode().to_vec();
        for (at, byte) in &noise {
            let at = at.index(spoiled.len());
            spoiled[at] = *byte;
        }
        for bytes in [spoiled, any_bytes] {
            match ExchangeRecord::decode(&entry("x", bytes.into())) {
                Ok(Versioned { record, .. }) => {
                    prop_assert_eq!(&record.name, "x");
                    prop_assert!(record.bindings.iter().all(|one| one.wrong_field(record.kind).is_none()));
                    prop_assert!(record.bindings.is_sorted());
                }
                Err(error) => prop_assert!(error.to_string().contains("/esker/exchanges/x"), "{}", error),
            }
        }
    }
}

#[test]
fn what_an_exchange_cannot_have_is_named() {
    let headed = |headers: &[(&str, Option<&'static str>)], all| Binding {
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.map(Bytes::from))).collect(),
        all,
        ..keyed("q", "", 1)
    };
    let words = vec!["*"; Binding::MAX_WORDS].join(".");
    let more = format!("{words}.*");
    for (kind, binding, wrong) in [
        (ExchangeKind::Direct, keyed("q", "", 1), None),
        (ExchangeKind::Direct, keyed("a b", "", 1), Some("queue")),
        (ExchangeKind::Direct, keyed("q", "", 0), Some("queue")),
        (ExchangeKind::Direct, keyed("q", &"k".repeat(255), 1), None),
        (ExchangeKind::Direct, keyed("q", &"k".repeat(256), 1), Some("routing_key")),
        (ExchangeKind::Topic, keyed("q", &words, 1), None),
        (ExchangeKind::Topic, keyed("q", &more, 1), Some("routing_key")),
        (ExchangeKind::Fanout, keyed("q", "k", 1), Some("routing_key")),
        (ExchangeKind::Fanout, headed(&[("a", None)], false), Some("headers")),
        (ExchangeKind::Fanout, headed(&[], true), Some("match")),
        (ExchangeKind::Headers, headed(&[], true), Some("headers")),
        (ExchangeKind::Headers, headed(&[("a", None), ("b", Some("1"))], true), None),
        (ExchangeKind::Headers, headed(&[("b", None), ("a", None)], true), Some("headers")),
        (ExchangeKind::Headers, headed(&[("a", None), ("a", Some("1"))], true), Some("headers")),
        (ExchangeKind::Headers, headed(&[("", None)], true), Some("headers")),
    ] {
        assert_eq!(binding.wrong_field(kind), wrong, "{kind:?} {binding:?}");
    }
}

#[test]
fn a_binding_is_there_once_whatever_topic_is_behind_it() {
    let empty = record(ExchangeKind::Direct, Vec::new());
    let bound = empty.with(&keyed("q", "k", 1)).expect("it is new");
    assert_eq!(bound.with(&keyed("q", "k", 1)), None);
    let again = bound.with(&keyed("q", "k", 2)).expect("another topic");
    assert_eq!(again.bindings, [keyed("q", "k", 2)]);
    assert_eq!(again.without(&keyed("q", "l", 2)), None);
    assert_eq!(again.without(&keyed("q", "k", 9)), Some(empty));
}

#[tokio::test]
async fn changes_are_guarded_and_shown() {
    let env = Env::real();
    let meta = Meta::new(Arc::new(MemoryMeta::new(env.clone())), Keys::new("").unwrap(), env);
    let shown = Exchanges::start(meta.clone()).await.unwrap();
    let empty = record(ExchangeKind::Topic, Vec::new());
    let first = meta.put_exchange(None, &empty).await.unwrap().expect("nobody else");
    assert_eq!(meta.put_exchange(None, &empty).await.unwrap(), None, "it is there");
    let bound = empty.with(&keyed("q", "a.#", 5)).expect("it is new");
    let second = meta.put_exchange(Some(first), &bound).await.unwrap().expect("its own");
    assert_eq!(meta.put_exchange(Some(first), &empty).await.unwrap(), None, "it has changed");
    shown.reached(second).await;
    let known = meta.exchange("x").await.unwrap().expect("it is there");
    assert_eq!((shown.by_name("x").as_deref(), shown.size()), (Some(&known), (1, bound.encode().len())));
    assert_eq!(Exchanges::start(meta.clone()).await.unwrap().by_name("x").as_deref(), Some(&known));
    let many = (0..=ExchangeRecord::MAX_BINDINGS).map(|at| keyed("q", &at.to_string(), 1)).collect();
    assert!(meta.put_exchange(Some(second), &record(ExchangeKind::Topic, many)).await.is_err());
    let old = Versioned { modified: first, ..known.clone() };
    assert_eq!(meta.delete_exchange(&old).await.unwrap(), None);
    let gone = meta.delete_exchange(&known).await.unwrap().expect("its own");
    shown.reached(gone).await;
    assert_eq!((shown.by_name("x"), shown.size()), (None, (0, 0)));
    assert_eq!(meta.exchange("../topics/x").await.unwrap(), None);
}

#[tokio::test]
async fn pages_are_in_order() {
    let env = Env::real();
    let meta = Meta::new(Arc::new(MemoryMeta::new(env.clone())), Keys::new("").unwrap(), env);
    for name in ["b", "ab", "a", "ac", "c"] {
        let made = ExchangeRecord { name: name.to_owned(), ..record(ExchangeKind::Fanout, Vec::new()) };
        meta.put_exchange(None, &made).await.unwrap().expect("nobody else");
    }
    let shown = Exchanges::start(meta).await.unwrap();
    let page = |prefix, after, most| {
        let found = shown.page(prefix, after, most);
        found.iter().map(|exchange| exchange.record.name.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((page("", "", 9), page("", "ab", 2)), ("a ab ac b c".to_owned(), "ac b".to_owned()));
    assert_eq!((page("a", "a", 9), page("b", "a", 9)), ("ab ac".to_owned(), "b".to_owned()));
}
