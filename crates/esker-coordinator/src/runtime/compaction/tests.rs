use bytes::Bytes;
use esker_core::{Epoch, Offset, ProducerId};

use super::{Compaction, RESTATED, read, restated};
use crate::{
    memory_topic::MemoryTopic,
    records::Record,
    runtime::{Form, Written, to_batches},
    topic::InternalTopic,
};

struct Write(Form, Vec<Record>);

impl Written for Write {
    fn records(&self) -> &[Record] {
        &self.1
    }

    fn form(&self) -> Form {
        self.0
    }
}

fn record(key: &str, value: &str) -> Record {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    Record { key: bytes(key), value: (!value.is_empty()).then(|| bytes(value)) }
}

fn plain(records: &[(&str, &str)]) -> Write {
    Write(Form::Plain, records.iter().map(|(key, value)| record(key, value)).collect())
}

fn pending(producer: i64, records: &[(&str, &str)]) -> Write {
    let form = Form::Transactional { producer: ProducerId(producer), epoch: 0 };
    Write(form, plain(records).1)
}

fn end(producer: i64, commit: bool) -> Write {
    let form = Form::Marker { producer: ProducerId(producer), epoch: 0, commit, coordinator_epoch: 0 };
    Write(form, Vec::new())
}

async fn append(topic: &MemoryTopic, writes: &[Write]) {
    for batch in to_batches(writes, 1 << 20) {
        topic.append(0, Epoch(1), batch).unwrap().await.unwrap();
    }
}

async fn topic() -> MemoryTopic {
    let topic = MemoryTopic::new();
    topic.create(1).await.unwrap();
    topic
}

async fn found(topic: &MemoryTopic) -> read::Found {
    read::all(topic, 0, topic.range(0).unwrap()).await.unwrap()
}

fn texts(records: &[Record]) -> Vec<String> {
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    records
        .iter()
        .map(|r| format!("{}={}", text(&r.key), r.value.as_ref().map(text).unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn the_last_value_of_a_key_counts_and_a_tombstone_ends_it() {
    let topic = topic().await;
    append(&topic, &[plain(&[("a", "1"), ("b", "1"), ("c", "1")])]).await;
    append(&topic, &[plain(&[("a", "2"), ("b", "")])]).await;
    let found = found(&topic).await;
    assert_eq!(texts(&found.records), ["c=1", "a=2"], "in the order in which they came to count");
    assert_eq!(found.cut, Offset(5));
}

#[tokio::test]
async fn transactions_count_from_their_markers_and_open_ones_stay_in_the_log() {
    let topic = topic().await;
    append(&topic, &[plain(&[("a", "1"), ("b", "1")])]).await;
    append(&topic, &[pending(1, &[("a", "2")]), pending(2, &[("b", "2")]), end(1, true), end(2, false)])
        .await;
    append(&topic, &[plain(&[("c", "1")]), pending(3, &[("c", "2")]), plain(&[("d", "1")])]).await;
    let found = found(&topic).await;
    assert_eq!(texts(&found.records), ["b=1", "a=2", "c=1"], "d stands behind what is open");
    assert_eq!(found.cut, Offset(7));
    assert_eq!(found.open[&ProducerId(3)], ["c"]);
}

#[tokio::test]
async fn what_was_overtaken_does_not_come_back() {
    let topic = topic().await;
    append(&topic, &[pending(1, &[("a", "old")]), plain(&[("a", "new")]), end(1, true)]).await;
    assert_eq!(texts(&found(&topic).await.records), ["a=new"]);
    // But what is only said again overtakes nothing.
    append(&topic, &[pending(1, &[("a", "newest")])]).await;
    let again = restated(&[record("a", "new")], 1).unwrap();
    topic.append(0, Epoch(1), again).unwrap().await.unwrap();
    append(&topic, &[end(1, true)]).await;
    assert_eq!(texts(&found(&topic).await.records), ["a=newest"]);
    assert_eq!(RESTATED, b"esker.restated");
}

fn compaction(keys: &[&str], open: &[(i64, &[&str])]) -> (Compaction, u64, read::Found) {
    let mut compaction = Compaction::new(100, 100);
    assert!(compaction.is_due());
    let number = 7;
    compaction.begin(number);
    assert!(!compaction.is_due() && compaction.next(1000).is_none() && compaction.finish().is_none());
    let records = keys.iter().map(|key| record(key, "old")).collect();
    let bytes = |keys: &[&str]| keys.iter().map(|key| Bytes::copy_from_slice(key.as_bytes())).collect();
    let open = open.iter().map(|(id, keys)| (ProducerId(*id), bytes(keys))).collect();
    (compaction, number, read::Found { records, cut: Offset(9), open })
}

#[test]
fn what_was_written_meanwhile_is_not_written_again() {
    let (mut compaction, number, found) = compaction(&["a", "b", "c", "d", "e"], &[(1, &["c"]), (2, &["d"])]);
    // The transactions that were open end before it is known that they were.
    compaction.note(&[plain(&[("a", "new")]), end(1, true), end(2, false), pending(3, &[("e", "new")])]);
    compaction.found(number, found);
    compaction.note(&[end(3, true)]);
    assert_eq!(texts(&compaction.next(1000).unwrap()), ["b=old", "d=old"]);
    compaction.appended(30);
    assert_eq!(compaction.finish(), Some(Offset(9)));
    assert!(!compaction.is_due() && compaction.finish().is_none());
    compaction.appended(69);
    assert!(!compaction.is_due());
    compaction.appended(1);
    assert!(compaction.is_due(), "as much as is worth a pass");
}

#[test]
fn a_transaction_that_begins_anew_is_another_one() {
    let (mut compaction, number, found) = compaction(&["a", "b"], &[(1, &["a"])]);
    compaction.note(&[end(1, false), pending(1, &[("b", "new")]), end(1, true)]);
    compaction.found(number, found);
    assert_eq!(texts(&compaction.next(1000).unwrap()), ["a=old"], "the first was aborted");
}

#[test]
fn a_pass_that_was_given_up_takes_nothing_and_lets_nothing_go() {
    let (mut compaction, number, found) = compaction(&["a"], &[]);
    compaction.give_up();
    compaction.appended(100);
    let next = 8;
    compaction.begin(next);
    compaction.found(number, found);
    assert!(compaction.next(1000).is_none() && compaction.finish().is_none(), "of another pass");
    compaction.give_up_on(number);
    compaction.found(next, read::Found { records: Vec::new(), cut: Offset(3), open: Default::default() });
    assert_eq!(compaction.finish(), Some(Offset(3)));
}

#[test]
fn large_states_are_written_again_in_parts() {
    let keys: Vec<String> = (0..10).map(|n| format!("key-{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let (mut compaction, number, found) = compaction(&keys, &[]);
    compaction.found(number, found);
    let size = record("key-0", "old").size();
    let mut parts = Vec::new();
    while let Some(part) = compaction.next(3 * size) {
        parts.push(part.len());
        // A key of a later part is written in between.
        compaction.note(&[plain(&[("key-9", "new")])]);
    }
    assert_eq!(parts, [3, 3, 3]);
    assert_eq!(compaction.finish(), Some(Offset(9)));
}
