//! One fetch session.

use std::collections::BTreeMap;

use esker_kafka_wire::{ErrorCode, KString, messages::FetchRequest};

use super::Wanted;
use crate::{
    api::fetch::{Gathered, IDS_FROM},
    topics::TopicRef,
};

type Key = (TopicRef, i32);

/// What a client fetches, in the order in which it is served.
pub(super) struct Session {
    /// The epoch that the next request must have.
    next_epoch: i32,
    by_ids: bool,
    /// Where each partition stands in the order.
    positions: BTreeMap<Key, u64>,
    order: BTreeMap<u64, Cached>,
    next_position: u64,
}

struct Cached {
    wanted: Wanted,
    /// High watermark and log start as last told; `None` when the next answer must tell.
    told: Option<(i64, i64)>,
}

impl Session {
    /// A session right after the answer to its first request.
    pub(super) fn new(by_ids: bool, wanted: &[Wanted], gathered: &[Gathered]) -> Self {
        let mut session = Self {
            next_epoch: 1,
            by_ids,
            positions: BTreeMap::new(),
            order: BTreeMap::new(),
            next_position: 0,
        };
        let mut names = Names::default();
        for wanted in wanted {
            session.put(names.own(wanted));
        }
        session.answered(wanted, gathered);
        session
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Takes the next request, or refuses it.
    pub(super) fn advance(&mut self, epoch: i32, by_ids: bool) -> Result<(), ErrorCode> {
        if epoch != self.next_epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if by_ids != self.by_ids {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        // 0 and -1 have meanings of their own.
        self.next_epoch = epoch.checked_add(1).unwrap_or(1);
        Ok(())
    }

    /// Adds, changes and forgets partitions as the request says.
    pub(super) fn apply(&mut self, version: i16, request: &FetchRequest) {
        let mut names = Names::default();
        for topic in &request.topics {
            let reference = TopicRef::of(version, IDS_FROM, &topic.topic, topic.topic_id);
            for partition in &topic.partitions {
                self.put(names.own(&Wanted::new(reference.clone(), partition)));
            }
        }
        for topic in &request.forgotten_topics_data {
            let reference = TopicRef::of(version, IDS_FROM, &topic.topic, topic.topic_id);
            for &partition in &topic.partitions {
                if let Some(position) = self.positions.remove(&(reference.clone(), partition)) {
                    self.order.remove(&position);
                }
            }
        }
    }

    fn put(&mut self, wanted: Wanted) {
        let key = (wanted.topic.clone(), wanted.index);
        if let Some(cached) = self.positions.get(&key).and_then(|position| self.order.get_mut(position)) {
            cached.wanted = wanted;
            return;
        }
        self.positions.insert(key, self.next_position);
        self.order.insert(self.next_position, Cached { wanted, told: None });
        self.next_position += 1;
    }

    /// Everything that is fetched, in order.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        self.order.values().map(|cached| cached.wanted.clone()).collect()
    }

    /// Notes what is told to the client; returns for each partition whether it must be told anything. Partitions
    /// that had records go to the end of the order, so that each gets its turn.
    pub(super) fn answered(&mut self, wanted: &[Wanted], gathered: &[Gathered]) -> Vec<bool> {
        assert_eq!(wanted.len(), gathered.len(), "each partition has an answer");
        let mut tell = Vec::with_capacity(wanted.len());
        for (wanted, gathered) in wanted.iter().zip(gathered) {
            let data = &gathered.data;
            let failed = data.error_code != ErrorCode::None.code();
            let news = Some((data.high_watermark, data.log_start_offset));
            let diverging = data.diverging_epoch.end_offset >= 0;
            let key = (wanted.topic.clone(), wanted.index);
            let Some(position) = self.positions.get_mut(&key) else {
                tell.push(true);
                continue;
            };
            let cached = self.order.get_mut(position).expect("every position is in the order");
            tell.push(failed || diverging || gathered.bytes > 0 || cached.told != news);
            // After an error the client is told again, whatever comes next.
            cached.told = news.filter(|_| !failed);
            if gathered.bytes > 0 {
                let cached = self.order.remove(position).expect("just found");
                self.order.insert(self.next_position, cached);
                *position = self.next_position;
                self.next_position += 1;
            }
        }
        tell
    }
}

/// Copies topic names out of their request once per topic: a session must not keep requests in memory.
#[derive(Default)]
struct Names(BTreeMap<KString, KString>);

impl Names {
    fn own(&mut self, wanted: &Wanted) -> Wanted {
        let topic = match &wanted.topic {
            TopicRef::Name(name) => {
                TopicRef::Name(self.0.entry(name.clone()).or_insert_with(|| name.compact()).clone())
            }
            TopicRef::Id(id) => TopicRef::Id(*id),
        };
        Wanted { topic, ..wanted.clone() }
    }
}
