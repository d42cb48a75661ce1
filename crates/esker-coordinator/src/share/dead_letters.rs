//! Dead letters (KIP-1191): records that a share group has given up are copied to a topic, with headers that say where they
//! come from. A record may be copied twice when a broker dies between the copy and the note of it, never not at all.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{
    Offset, PartitionId, TopicId,
    batch::{BatchBuilder, BatchView, CheckedBatch, Compression, NewRecord},
};
use esker_env::{BoxFuture, Env, Rule};
use esker_log::{AppendOptions, Isolation, Log, ReadError, ReadLimits};
use esker_meta::Topic;
use esker_metrics::Counter;
use esker_share::Dead;

use super::{
    ShareKey,
    attributes::{DELIVER_AT, EXPIRES_AT},
};
use crate::{
    facts::ClusterFacts,
    transactions::{Place, Routes},
};

/// A topic that dead letters may be written to says so with this.
const ENABLED: &str = "errors.deadletterqueue.group.enable";
/// Names of topics for dead letters begin with this (`errors.deadletterqueue.topic.name.prefix`).
const PREFIX: &str = "dlq.";

/// The most records that are copied together.
const TOGETHER: usize = 200;
/// The most bytes of records that are copied together, but for the first.
const BYTES: usize = 512 << 10;
/// The most bytes that a batch may decompress to.
const MAX_DECOMPRESSED: usize = 256 << 20;
/// How long an append is waited for.
const WITHIN: Duration = Duration::from_secs(10);

/// Buries what share groups have given up.
pub trait Undertaker: Send + Sync + 'static {
    /// Which of these are buried now; none when that was not possible and is to be tried again.
    fn bury<'a>(&'a self, key: &'a ShareKey, dead: &'a [Dead]) -> BoxFuture<'a, Vec<Dead>>;

    /// Records that were copied so far.
    fn buried(&self) -> u64 {
        0
    }
}

/// There are no dead letters: what is given up is gone.
pub struct NoDeadLetters;

impl Undertaker for NoDeadLetters {
    fn bury<'a>(&'a self, _: &'a ShareKey, dead: &'a [Dead]) -> BoxFuture<'a, Vec<Dead>> {
        Box::pin(async move { dead.to_vec() })
    }
}

/// Copies to the topic that the group's config names.
pub struct DeadLetters {
    log: Log,
    facts: Arc<dyn ClusterFacts>,
    routes: Routes,
    /// Records that were copied.
    buried: Counter,
}

/// A record on its way.
struct Letter {
    offset: i64,
    count: u16,
    record: Option<Copied>,
}

type Bits = Option<Vec<u8>>;

/// What is copied of a record.
struct Copied {
    timestamp: i64,
    key: Bits,
    value: Bits,
    headers: Vec<(Vec<u8>, Bits)>,
}

impl DeadLetters {
    /// Of this log, to whoever leads the topic.
    #[must_use]
    pub fn new(log: Log, facts: Arc<dyn ClusterFacts>, routes: Routes) -> Self {
        Self { log, facts, routes, buried: Counter::new() }
    }

    async fn try_bury(&self, key: &ShareKey, dead: &[Dead]) -> Result<Vec<Dead>, String> {
        let Some(topic) = self.topic(&key.group) else { return Ok(dead.to_vec()) };
        let source = self.log.catalog().by_id(TopicId(key.topic)).ok_or("the topic is gone")?;
        let index = u32::try_from(key.partition).map_err(|_| "no such partition")?;
        let data = PartitionId { topic: source.record.number, index };
        let (mut letters, mut done) = first_of(dead);
        if self.facts.overrides(&key.group).share.copy_dead_letters {
            self.fill(data, &mut letters).await?;
            keep_what_fits(&mut letters, &mut done);
        }
        let batch = self.batch(key, &source, &letters)?;
        let target = PartitionId { topic: topic.record.number, index: index % topic.record.partitions };
        self.append(target, batch).await?;
        self.buried.add(letters.len() as u64);
        Ok(done)
    }

    /// Where the group's dead letters go. One that may not take them is as good as none.
    fn topic(&self, group: &str) -> Option<Arc<Topic>> {
        let name = self.facts.dead_letters(group)?;
        let topic = self.log.catalog().by_name(&name).filter(|topic| !topic.record.deleting);
        let fit = topic
            .filter(|topic| topic.record.configs.get(ENABLED).is_some_and(|value| value == "true"))
            .filter(|_| name.starts_with(PREFIX));
        if fit.is_none() {
            tracing::warn!(
                group,
                topic = name,
                "records are given up without dead letters: the topic takes none"
            );
        }
        fit
    }

    /// Reads what the records say. What is gone from the log is not copied.
    async fn fill(&self, data: PartitionId, letters: &mut [Letter]) -> Result<(), String> {
        let (mut at, mut bytes) = (0, 0);
        while at < letters.len() && bytes < BYTES {
            let from = Offset(letters[at].offset);
            let limits =
                ReadLimits { max_bytes: BYTES, at_least_one: true, isolation: Isolation::ReadUncommitted };
            let read = match self.log.read(data, from, limits).await {
                Ok(read) => read,
                Err(ReadError::OutOfRange { .. }) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            };
            for chunk in &read.chunks {
                for view in BatchView::all(chunk) {
                    copy_from(&view.map_err(|error| error.to_string())?, &mut letters[at..])?;
                }
            }
            if read.next <= from {
                return Ok(());
            }
            let passed = letters[at..].iter().take_while(|letter| letter.offset < read.next.0).count();
            bytes += letters[at..at + passed].iter().map(Letter::size).sum::<usize>();
            at += passed;
        }
        Ok(())
    }

    fn batch(&self, key: &ShareKey, source: &Topic, letters: &[Letter]) -> Result<Bytes, String> {
        let now_ms = self.routes.env.clock.wall_ms();
        let mut builder = BatchBuilder::new(Compression::None);
        let partition = key.partition.to_string();
        for letter in letters {
            let (offset, count) = (letter.offset.to_string(), letter.count.to_string());
            let context = [
                ("__dlq.errors.topic", source.record.name.as_str()),
                ("__dlq.errors.partition", &partition),
                ("__dlq.errors.offset", &offset),
                ("__dlq.errors.group", &key.group),
                ("__dlq.errors.delivery.count", &count),
            ];
            let record = letter.record.as_ref();
            let own = record.into_iter().flat_map(|record| &record.headers);
            let headers: Vec<(&[u8], Option<&[u8]>)> = own
                .map(|(key, value)| (key.as_slice(), value.as_deref()))
                .chain(context.map(|(key, value)| (key.as_bytes(), Some(value.as_bytes()))))
                .collect();
            let record = NewRecord {
                timestamp: record.map_or(now_ms, |record| record.timestamp),
                key: record.and_then(|record| record.key.as_deref()),
                value: record.and_then(|record| record.value.as_deref()),
                headers: &headers,
            };
            builder.push(&record).map_err(|error| error.to_string())?;
        }
        builder.build().map_err(|error| error.to_string())
    }

    async fn append(&self, target: PartitionId, batch: Bytes) -> Result<(), String> {
        match (self.routes.leaders.place(target), &self.routes.remote) {
            (Place::Here, _) => append_here(&self.log, target, &batch, &self.routes.env).await,
            (Place::At(session), Some(remote)) => remote.append(session, target, batch).await,
            (Place::At(_) | Place::Nowhere, _) => Err("nobody who can be reached leads it now".to_owned()),
        }
    }
}

/// Appends a batch of dead letters to a partition that this broker leads. Answers when it is durable.
pub(crate) async fn append_here(
    log: &Log,
    target: PartitionId,
    batch: &Bytes,
    env: &Env,
) -> Result<(), String> {
    let topic = log.catalog().by_number(target.topic).filter(|topic| !topic.record.deleting);
    // Whoever asks is another broker: it writes where dead letters may be written, and nowhere else.
    let fit = topic.is_some_and(|topic| {
        topic.record.name.starts_with(PREFIX)
            && topic.record.configs.get(ENABLED).is_some_and(|value| value == "true")
    });
    if !fit {
        return Err("the topic takes no dead letters".to_owned());
    }
    let checked = CheckedBatch::internal(batch).map_err(|error| error.to_string())?;
    let options = AppendOptions { all_replicas: true, ..AppendOptions::default() };
    let appended = log.append(target, checked, options).map_err(|error| error.to_string())?;
    let durable = env.timeout(WITHIN, appended.ticket.durable()).await.map_err(|error| error.to_string())?;
    durable.map_err(|error| error.to_string())
}

impl Undertaker for DeadLetters {
    fn buried(&self) -> u64 {
        self.buried.get()
    }

    fn bury<'a>(&'a self, key: &'a ShareKey, dead: &'a [Dead]) -> BoxFuture<'a, Vec<Dead>> {
        Box::pin(async move {
            self.try_bury(key, dead).await.unwrap_or_else(|error| {
                tracing::warn!(group = %key.group, error, "dead letters cannot be written now");
                if Rule::LetterFirst.is_broken() { dead.to_vec() } else { Vec::new() }
            })
        })
    }
}

impl Letter {
    fn size(&self) -> usize {
        let Some(record) = &self.record else { return 200 };
        let length = |bits: &Bits| bits.as_ref().map_or(0, Vec::len);
        let headers: usize = record.headers.iter().map(|(key, value)| key.len() + length(value) + 16).sum();
        200 + length(&record.key) + length(&record.value) + headers
    }
}

/// As many as go together: the rest comes afterwards.
fn first_of(dead: &[Dead]) -> (Vec<Letter>, Vec<Dead>) {
    let (mut letters, mut done) = (Vec::new(), Vec::new());
    for run in dead {
        let Some(room) = (TOGETHER - letters.len()).checked_sub(1) else { break };
        let last = run.last.min(run.first.saturating_add(room as i64));
        letters.extend((run.first..=last).map(|offset| Letter { offset, count: run.count, record: None }));
        done.push(Dead { last, ..*run });
    }
    (letters, done)
}

/// Keeps as many as fit, at least one.
fn keep_what_fits(letters: &mut Vec<Letter>, done: &mut Vec<Dead>) {
    for letter in letters.iter_mut().filter(|letter| letter.size() > BYTES) {
        // What no request between brokers could carry is named and not copied.
        letter.record = None;
    }
    let mut bytes = 0;
    let kept = letters.iter().take_while(|letter| {
        let before = bytes;
        bytes += letter.size();
        before < BYTES
    });
    let kept = kept.count();
    letters.truncate(kept);
    let Some(last) = letters.last() else { return };
    done.retain(|run| run.first <= last.offset);
    if let Some(run) = done.last_mut() {
        run.last = run.last.min(last.offset);
    }
}

/// What a header of a record is called in its letter. One that says when the record is to be had would have the letter expire
/// as its record did.
fn kept_name(name: &[u8]) -> Vec<u8> {
    let of_times = [DELIVER_AT, EXPIRES_AT].iter().any(|known| known.as_bytes() == name);
    let prefix: &[u8] = if of_times { b"__dlq." } else { b"" };
    [prefix, name].concat()
}

/// Takes what a batch has of letters, which are in the order of their offsets.
fn copy_from(view: &BatchView, letters: &mut [Letter]) -> Result<(), String> {
    let first = view.fields.base_offset;
    let last = first.saturating_add(i64::from(view.fields.last_offset_delta));
    let begin = letters.partition_point(|letter| letter.offset < first);
    if letters.get(begin).is_none_or(|letter| letter.offset > last) || view.fields.attributes.is_control() {
        return Ok(());
    }
    let records = view.records(MAX_DECOMPRESSED).map_err(|error| error.to_string())?;
    for record in &records {
        let record = record.map_err(|error| error.to_string())?;
        let found = letters[begin..].binary_search_by_key(&record.offset, |letter| letter.offset);
        let Ok(found) = found else { continue };
        let bits = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        letters[begin + found].record = Some(Copied {
            timestamp: record.timestamp,
            key: bits(record.key),
            value: bits(record.value),
            headers: record.headers.map(|header| (kept_name(header.key), bits(header.value))).collect(),
        });
    }
    Ok(())
}
