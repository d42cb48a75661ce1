//! Pieces of answers.

use super::*;

fn event(key: &str, revision: i64) -> proto::Event {
    let kv = proto::KeyValue { key: key.to_owned().into(), mod_revision: revision, ..Default::default() };
    proto::Event { kv: Some(kv), ..Default::default() }
}

fn answer(events: &[(&str, i64)], fragment: bool) -> WatchResponse {
    WatchResponse {
        header: Some(proto::ResponseHeader { revision: 100 }),
        events: events.iter().map(|(key, revision)| event(key, *revision)).collect(),
        fragment,
        ..Default::default()
    }
}

fn keys(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::key).collect()
}

#[test]
fn a_revision_is_held_until_all_its_pieces_are_there() {
    let mut held = Vec::new();
    let pieces = [
        (answer(&[("a", 3), ("b", 4), ("c", 4)], true), vec!["a"], 4),
        (answer(&[("d", 4)], true), vec![], 4),
        (answer(&[("e", 4), ("f", 5)], true), vec!["b", "c", "d", "e"], 5),
        (answer(&[("g", 5)], false), vec!["f", "g"], 6),
        (answer(&[("h", 7), ("i", 8)], false), vec!["h", "i"], 9),
    ];
    let mut next = Revision(3);
    for (piece, expected, from) in pieces {
        let (events, now) = take(&mut held, piece, next).unwrap();
        next = now;
        assert_eq!((keys(&events), next), (expected, Revision(from)));
    }
    assert!(held.is_empty());
}

#[test]
fn progress_moves_the_start_of_the_next_attempt_and_only_forward() {
    let mut held = Vec::new();
    let created = WatchResponse { created: true, ..answer(&[], false) };
    assert_eq!(
        take(&mut held, created, Revision(3)).unwrap().1,
        Revision(3),
        "what is past is still to come"
    );
    assert_eq!(take(&mut held, answer(&[], false), Revision(3)).unwrap().1, Revision(101));
    assert_eq!(take(&mut held, answer(&[], false), Revision(200)).unwrap().1, Revision(200));
    take(&mut held, answer(&[("a", 300)], true), Revision(200)).unwrap();
    assert_eq!(take(&mut held, answer(&[], true), Revision(200)).unwrap().1, Revision(200), "300 is held");
}

#[test]
fn going_back_ends_the_watch() {
    for events in [&[("a", 5), ("b", 4)][..], &[("a", 2)]] {
        let ended = take(&mut Vec::new(), answer(events, false), Revision(3));
        assert!(matches!(ended, Err(WatchError::Ended(_))), "{ended:?}");
    }
}

#[test]
fn a_cancelled_watch_says_why() {
    let compacted = WatchResponse { compact_revision: 9, ..Default::default() };
    assert!(matches!(cancellation(&compacted), End::Over(WatchError::Compacted(Revision(9)))));
    let cancelled =
        |why: &str| cancellation(&WatchResponse { cancel_reason: why.to_owned(), ..Default::default() });
    assert!(matches!(cancelled("etcdserver: permission denied"), End::Over(WatchError::Ended(_))));
    assert!(matches!(cancelled("etcdserver: no leader"), End::Retry(_)));
}
