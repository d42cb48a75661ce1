//! Fetch sessions (KIP-227): the broker remembers what a client fetches, so that a fetch says only what changes.
//!
//! The cache is bounded in sessions and in partitions. A client that gets no session fetches in full, which always
//! works.

mod session;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_env::Monotonic;
use esker_kafka_wire::{
    ErrorCode,
    messages::{FetchRequest, fetch_request::FetchPartition},
};
use parking_lot::Mutex;

use crate::{
    api::fetch::{Gathered, IDS_FROM},
    config::KafkaConfig,
    context::Context,
    topics::TopicRef,
};
use session::Session;

/// The epoch of a request for a new session.
const INITIAL: i32 = 0;
/// The epoch of a request without session, which also ends the one it names.
const FINAL: i32 = -1;
/// The id of no session.
const NONE: i32 = 0;

/// A partition that a fetch asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) topic: TopicRef,
    pub(crate) index: i32,
    pub(crate) offset: i64,
    pub(crate) max_bytes: i32,
    pub(crate) leader_epoch: i32,
    pub(crate) last_fetched_epoch: i32,
}

impl Wanted {
    fn new(topic: TopicRef, partition: &FetchPartition) -> Self {
        Self {
            topic,
            index: partition.partition,
            offset: partition.fetch_offset,
            max_bytes: partition.partition_max_bytes,
            leader_epoch: partition.current_leader_epoch,
            last_fetched_epoch: partition.last_fetched_epoch,
        }
    }
}

/// A fetch whose session, if any, has taken the request.
pub(crate) struct Begun {
    pub(crate) wanted: Vec<Wanted>,
    kind: Kind,
}

enum Kind {
    /// Without session.
    Sessionless,
    /// In full, asking for a session.
    New,
    /// A session's changes.
    Incremental(i32, Arc<Mutex<Session>>),
}

impl Begun {
    pub(crate) fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }
}

/// The sessions of a broker.
pub(crate) struct FetchSessions {
    slots: usize,
    max_partitions: usize,
    eviction: Duration,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    sessions: BTreeMap<i32, Entry>,
    /// Partitions of all sessions.
    partitions: usize,
}

struct Entry {
    session: Arc<Mutex<Session>>,
    used: Monotonic,
    /// As counted in `Cache::partitions`.
    partitions: usize,
}

impl Cache {
    fn remove(&mut self, id: i32) {
        if let Some(entry) = self.sessions.remove(&id) {
            self.partitions -= entry.partitions;
        }
    }
}

impl FetchSessions {
    pub(crate) fn new(config: &KafkaConfig) -> Self {
        Self {
            slots: config.fetch_sessions,
            max_partitions: config.fetch_session_partitions,
            eviction: config.fetch_session_eviction,
            cache: Mutex::default(),
        }
    }

    /// What the request fetches, its session brought up to date.
    pub(crate) fn begin(&self, context: &Context, request: &FetchRequest) -> Result<Begun, ErrorCode> {
        let now = context.broker.env.clock.now();
        let (id, epoch) = (request.session_id, request.session_epoch);
        if epoch == INITIAL || epoch == FINAL {
            if id != NONE {
                self.cache.lock().remove(id);
            }
            let kind = if epoch == FINAL { Kind::Sessionless } else { Kind::New };
            return Ok(Begun { wanted: in_full(context.version, request), kind });
        }
        let session = {
            let mut cache = self.cache.lock();
            let entry = cache.sessions.get_mut(&id).ok_or(ErrorCode::FetchSessionIdNotFound)?;
            entry.used = now;
            Arc::clone(&entry.session)
        };
        let (wanted, partitions) = {
            let mut session = session.lock();
            session.advance(epoch, context.version >= IDS_FROM)?;
            session.apply(context.version, request);
            (session.wanted(), session.len())
        };
        self.recount(id, partitions)?;
        if wanted.is_empty() {
            self.cache.lock().remove(id);
            return Ok(Begun { wanted, kind: Kind::Sessionless });
        }
        Ok(Begun { wanted, kind: Kind::Incremental(id, session) })
    }

    /// Counts a session's partitions anew. One that has grown beyond what the cache holds is dropped: its client
    /// starts over, and goes without if there is still no room.
    fn recount(&self, id: i32, partitions: usize) -> Result<(), ErrorCode> {
        let mut cache = self.cache.lock();
        let Some(entry) = cache.sessions.get_mut(&id) else { return Ok(()) };
        let before = std::mem::replace(&mut entry.partitions, partitions);
        cache.partitions = cache.partitions - before + partitions;
        if cache.partitions > self.max_partitions && partitions > before {
            cache.remove(id);
            return Err(ErrorCode::FetchSessionIdNotFound);
        }
        Ok(())
    }

    /// The session id to answer with, and for each partition whether it is part of the answer.
    pub(crate) fn finish(&self, context: &Context, begun: &Begun, gathered: &[Gathered]) -> (i32, Vec<bool>) {
        match &begun.kind {
            Kind::Sessionless => (NONE, vec![true; gathered.len()]),
            Kind::New => (self.create(context, begun, gathered), vec![true; gathered.len()]),
            Kind::Incremental(id, session) => (*id, session.lock().answered(&begun.wanted, gathered)),
        }
    }

    fn create(&self, context: &Context, begun: &Begun, gathered: &[Gathered]) -> i32 {
        let partitions = begun.wanted.len();
        let now = context.broker.env.clock.now();
        let mut cache = self.cache.lock();
        if partitions == 0 || !self.make_room(&mut cache, now, partitions) {
            return NONE;
        }
        let id = loop {
            let id =
                i32::try_from(context.broker.env.random.below(i32::MAX as u64)).expect("below i32::MAX") + 1;
            if !cache.sessions.contains_key(&id) {
                break id;
            }
        };
        let session = Session::new(context.version >= IDS_FROM, &begun.wanted, gathered);
        cache.partitions += partitions;
        let entry = Entry { session: Arc::new(Mutex::new(session)), used: now, partitions };
        cache.sessions.insert(id, entry);
        id
    }

    /// Drops sessions that were not used for long, the oldest first, until a new one fits.
    fn make_room(&self, cache: &mut Cache, now: Monotonic, partitions: usize) -> bool {
        while cache.sessions.len() >= self.slots || cache.partitions + partitions > self.max_partitions {
            let oldest = cache.sessions.iter().min_by_key(|(_, entry)| entry.used);
            match oldest {
                Some((&id, entry)) if now - entry.used >= self.eviction => cache.remove(id),
                _ => return false,
            }
        }
        true
    }
}

/// The partitions that a request lists, the last of several entries for the same one.
fn in_full(version: i16, request: &FetchRequest) -> Vec<Wanted> {
    let partitions = request.topics.iter().flat_map(|topic| {
        let reference = TopicRef::of(version, IDS_FROM, &topic.topic, topic.topic_id);
        topic.partitions.iter().map(move |partition| Wanted::new(reference.clone(), partition))
    });
    partitions.collect()
}
