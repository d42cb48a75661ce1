//! Watches.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{Subject, text};
use crate::{Event, Revision, Txn, Watch, WatchError};

async fn take(watch: &mut Watch, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        let more = watch.next().await.unwrap();
        assert!(!more.is_empty(), "an item of a watch is never empty");
        events.extend(more);
    }
    assert_eq!(events.len(), count, "{events:?}");
    events
}

/// Puts and deletions, those of other prefixes left out; what changes nothing is not reported.
pub async fn a_watch_reports_every_change_in_order_once(subject: Subject) {
    let start = subject.store.list(subject.key("w/")).await.unwrap().revision;
    let mut watch = subject.store.watch(subject.key("w/"), start.next());
    let first = subject.put("w/a", "1").await;
    subject.put("elsewhere", "x").await;
    let second = subject.put("w/a", "2").await;
    subject.store.txn(Txn::new().delete(subject.key("w/none"))).await.unwrap();
    let third = subject.store.txn(Txn::new().delete(subject.key("w/a"))).await.unwrap().revision;
    let events = take(&mut watch, 3).await;
    assert_eq!(events.iter().map(Event::revision).collect::<Vec<_>>(), [first, second, third]);
    let Event::Put(put) = &events[1] else { panic!("{events:?}") };
    assert_eq!((put.created, put.version, put.value.clone()), (first, 2, text("2")));
    assert_eq!(events[2], Event::Delete { key: subject.key("w/a"), revision: third });
    let fourth = subject.put("w/b", "4").await;
    assert_eq!(take(&mut watch, 1).await[0].revision(), fourth);
}

/// A watch from the past begins with what happened then.
pub async fn a_watch_replays_from_its_revision(subject: Subject) {
    let mut revisions = Vec::new();
    for value in ["1", "2", "3", "4"] {
        revisions.push(subject.put("a", value).await);
    }
    for skip in 0..revisions.len() {
        let mut watch = subject.store.watch(subject.key(""), revisions[skip]);
        let events = take(&mut watch, revisions.len() - skip).await;
        assert_eq!(events.iter().map(Event::revision).collect::<Vec<_>>(), revisions[skip..]);
    }
    // One that begins in the future waits for it.
    let mut watch = subject.store.watch(subject.key(""), revisions[3].next());
    let next = subject.put("a", "5").await;
    assert_eq!(take(&mut watch, 1).await[0].revision(), next);
}

/// All changes of a transaction come in one item.
pub async fn a_revision_is_never_split(subject: Subject) {
    let start = subject.store.list(subject.key("")).await.unwrap().revision;
    let mut watch = subject.store.watch(subject.key(""), start.next());
    for _ in 0..5 {
        let txn = (0..Txn::MAX_OPS)
            .fold(Txn::new(), |txn, number| txn.put(subject.key(&number.to_string()), text("x")));
        subject.store.txn(txn).await.unwrap();
    }
    let mut seen = 0;
    while seen < 5 * Txn::MAX_OPS {
        let mut counts = BTreeMap::new();
        for event in watch.next().await.unwrap() {
            *counts.entry(event.revision()).or_insert(0) += 1;
            seen += 1;
        }
        assert!(counts.values().all(|count| *count == Txn::MAX_OPS), "{counts:?}");
    }
}

/// Asking for changes that are no longer kept ends the watch with a clear answer, and a listing repairs it.
pub async fn a_watch_of_the_forgotten_past_is_told_so(subject: Subject) {
    let first = subject.put("a", "1").await;
    subject.put("a", "2").await;
    (subject.forget)().await;
    let mut watch = subject.store.watch(subject.key(""), first);
    match watch.next().await {
        Err(WatchError::Compacted(until)) => assert!(until >= first, "{until}"),
        other => panic!("{other:?}"),
    }
    let listing = subject.store.list(subject.key("")).await.unwrap();
    let mut watch = subject.store.watch(subject.key(""), listing.revision.next());
    let next = subject.put("a", "3").await;
    assert_eq!(take(&mut watch, 1).await[0].revision(), next);
}

/// Under concurrent writers, a listing plus the changes after it is the listing later.
pub async fn a_map_kept_by_a_watch_equals_a_listing(subject: Subject) {
    const TASKS: u64 = 4;
    const EACH: u64 = 50;
    let prefix = subject.key("");
    let listing = subject.store.list(prefix.clone()).await.unwrap();
    let mut watch = subject.store.watch(prefix.clone(), listing.revision.next());
    for task in 0..TASKS {
        let (store, prefix) = (Arc::clone(&subject.store), prefix.clone());
        let random = Arc::clone(&subject.env.random);
        subject.env.tasks.spawn(async move {
            for step in 0..EACH {
                let key = format!("{prefix}{}", random.below(10));
                let txn = Txn::new();
                let txn = match random.below(3) {
                    0 => txn.delete(key),
                    _ => txn.put(key, Bytes::from(format!("{task} {step}"))),
                };
                store.txn(txn).await.unwrap();
            }
            store.txn(Txn::new().put(format!("{prefix}done/{task}"), Bytes::new())).await.unwrap();
        });
    }
    let mut map = BTreeMap::new();
    let mut last = Revision::NONE;
    while map.keys().filter(|key: &&String| key.contains("/done/")).count() < TASKS as usize {
        for event in watch.next().await.unwrap() {
            assert!(event.revision() >= last, "a watch never goes back");
            last = event.revision();
            match event {
                Event::Put(entry) => drop(map.insert(entry.key, entry.value)),
                Event::Delete { key, .. } => drop(map.remove(&key)),
            }
        }
    }
    assert_eq!(subject.contents().await, map.into_iter().collect::<Vec<_>>());
}
