//! Scripts against the state machine: time, writes, markers and answers are in the test's hands.

mod ages;
mod beginning;
mod bounds;
mod ending;
mod random;
mod reload;

use std::{collections::BTreeMap, time::Duration};

use esker_core::{
    ProducerId,
    batch::{BatchBuilder, Compression, NewRecord},
};
use esker_env::{Monotonic, SeededRandom};

use super::*;
use crate::{
    runtime::{Machine, replay_chunk},
    transactions::{
        settings::TransactionConfig,
        types::{EndProtocol, MarkerError},
    },
};

pub(super) const ID: &str = "t";
pub(super) const TIMEOUT_MS: i32 = 60_000;
pub(super) const TV1: EndProtocol = EndProtocol::KeepEpoch;
pub(super) const TV2: EndProtocol = EndProtocol::BumpEpoch;

pub(super) type Outcome = Result<Producer, TransactionError>;

pub(super) fn s(text: &str) -> KString {
    KString::from(text)
}

pub(super) fn p(id: i64, epoch: i16) -> Producer {
    Producer { id: ProducerId(id), epoch }
}

/// A shard and the world around it. What is asked is about one id.
pub(super) struct Bench {
    pub(super) config: TransactionConfig,
    pub(super) shard: Shard,
    pub(super) now: Now,
    random: SeededRandom,
    tokens: u64,
    pub(super) answers: BTreeMap<Token, Outcome>,
    /// Writes that the log has not answered.
    pub(super) writes: Vec<Write>,
    /// Writes become durable by themselves.
    pub(super) durable: bool,
    /// Markers are written by themselves.
    pub(super) obliging: bool,
    pub(super) orders: Vec<(KString, MarkerOrder)>,
    /// Markers that were ordered, in order.
    pub(super) ordered: Vec<MarkerOrder>,
    /// Everything that is durable.
    pub(super) log: Vec<Record>,
    /// The last producer id given out, and the leader epoch.
    pub(super) ids: i64,
    pub(super) epoch: i32,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(TransactionConfig::default())
    }

    pub(super) fn with(config: TransactionConfig) -> Self {
        Self {
            config,
            shard: Shard::default(),
            now: Now { monotonic: Monotonic::default(), wall_ms: 1_000_000_000 },
            random: SeededRandom::new(7),
            tokens: 0,
            answers: BTreeMap::new(),
            writes: Vec::new(),
            durable: true,
            obliging: true,
            orders: Vec::new(),
            ordered: Vec::new(),
            log: Vec::new(),
            ids: 0,
            epoch: 0,
        }
    }

    /// Runs `act`, and then whatever happens by itself.
    pub(super) fn act(&mut self, act: impl FnOnce(&mut Shard, &mut Cx<'_>, Token)) -> Token {
        self.tokens += 1;
        let token = Token(self.tokens);
        let mut cx = Cx::new(&self.config, self.now, &self.random);
        act(&mut self.shard, &mut cx, token);
        let Cx { answers, writes, orders, .. } = cx;
        for (token, answer) in answers {
            let (Answer::Done(outcome) | Answer::Known(outcome)) = answer else {
                panic!("a producer id is at hand")
            };
            assert_eq!(self.answers.insert(token, outcome), None, "answered once");
        }
        self.writes.extend(writes);
        for order in orders {
            if let Order::Tell { id, markers } = order {
                self.ordered.push(markers.clone());
                self.orders.push((id, markers));
            }
        }
        let (here, sum) = self.shard.weighs();
        assert_eq!(here, sum, "everything is counted, and nothing twice");
        if self.durable && !self.writes.is_empty() {
            self.flush(Ok(()));
        }
        if self.obliging && !self.orders.is_empty() {
            self.tell_all();
        }
        token
    }

    /// The log answers everything that was written.
    pub(super) fn flush(&mut self, result: Result<(), TransactionError>) {
        for write in std::mem::take(&mut self.writes) {
            if result.is_ok() {
                self.log.extend(write.records.iter().cloned());
            }
            self.act(|shard, cx, _| shard.written(cx, write, result));
        }
    }

    /// Every partition is told what was ordered.
    pub(super) fn tell_all(&mut self) {
        for order in std::mem::take(&mut self.orders) {
            self.tell(&order, |_, _| Ok(()));
        }
    }

    pub(super) fn tell(
        &mut self,
        (id, markers): &(KString, MarkerOrder),
        mut told: impl FnMut(&KString, i32) -> Result<(), MarkerError>,
    ) {
        let producer = Producer { id: markers.producer, epoch: markers.epoch };
        let results: Vec<_> = markers
            .partitions
            .iter()
            .map(|(topic, partition)| ((topic.clone(), *partition), told(topic, *partition)))
            .collect();
        self.act(|shard, cx, _| shard.told(cx, id, producer, &results));
    }

    /// Another broker takes over: memory is lost, and read back from what is durable.
    pub(super) fn reload(&mut self) {
        let mut builder = BatchBuilder::new(Compression::None);
        for record in &self.log {
            let value = record.value.as_deref();
            builder
                .push(&NewRecord { timestamp: 1, key: Some(&record.key), value, headers: &[] })
                .expect("fits");
        }
        self.shard = Shard::default();
        self.writes.clear();
        self.orders.clear();
        self.epoch += 1;
        if !builder.is_empty() {
            let batch = builder.build().expect("not empty");
            replay_chunk(&mut self.shard, &batch, self.now).expect("was just written");
        }
        let epoch = Epoch(self.epoch);
        self.act(|shard, cx, _| shard.start(cx, epoch));
    }

    /// Time passes, deadline by deadline.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now.monotonic + time;
        while let Some(next) = self.shard.next_deadline().filter(|next| *next <= end) {
            self.jump(next.max(self.now.monotonic));
            self.act(|shard, cx, _| shard.expire(cx));
        }
        self.jump(end);
    }

    fn jump(&mut self, to: Monotonic) {
        self.now.wall_ms += i64::try_from((to - self.now.monotonic).as_millis()).expect("short");
        self.now.monotonic = to;
    }

    pub(super) fn ask_init(&mut self, id: &str, expected: Option<Producer>) -> Token {
        self.ids += 1;
        let fresh = ProducerId(self.ids);
        let id = s(id);
        self.act(|shard, cx, token| shard.init(cx, &id, (TIMEOUT_MS, expected), Some(fresh), token))
    }

    pub(super) fn ask_add(&mut self, id: &str, producer: Producer, partitions: &[(&str, i32)]) -> Token {
        let id = s(id);
        let partitions: Vec<_> = partitions.iter().map(|(topic, partition)| (s(topic), *partition)).collect();
        self.act(|shard, cx, token| shard.add(cx, &id, producer, &partitions, token))
    }

    pub(super) fn ask_end(
        &mut self,
        id: &str,
        producer: Producer,
        commit: bool,
        protocol: EndProtocol,
    ) -> Token {
        self.ids += 1;
        let fresh = ProducerId(self.ids);
        let id = s(id);
        self.act(|shard, cx, token| shard.end(cx, &id, producer, (commit, protocol), Some(fresh), token))
    }

    pub(super) fn answered(&mut self, token: Token) -> Outcome {
        self.answers.remove(&token).expect("answered")
    }

    pub(super) fn init(&mut self, expected: Option<Producer>) -> Outcome {
        let token = self.ask_init(ID, expected);
        self.answered(token)
    }

    pub(super) fn add(&mut self, producer: Producer, partitions: &[(&str, i32)]) -> Outcome {
        let token = self.ask_add(ID, producer, partitions);
        self.answered(token)
    }

    pub(super) fn end(&mut self, producer: Producer, commit: bool, protocol: EndProtocol) -> Outcome {
        let token = self.ask_end(ID, producer, commit, protocol);
        self.answered(token)
    }

    pub(super) fn verify(
        &self,
        producer: Producer,
        partitions: &[(&str, i32)],
    ) -> Vec<Result<(), TransactionError>> {
        let partitions: Vec<_> = partitions.iter().map(|(topic, partition)| (s(topic), *partition)).collect();
        self.shard.verify(&s(ID), producer, &partitions)
    }

    pub(super) fn state(&self) -> TransactionState {
        self.facts().state
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.shard.get(ID).expect("exists").facts
    }

    /// A producer with a transaction of these partitions.
    pub(super) fn ongoing(&mut self, partitions: &[(&str, i32)]) -> Producer {
        let producer = self.init(None).expect("nothing is under way");
        self.add(producer, partitions).expect("its own");
        producer
    }

    /// Epochs are used up but for so many.
    pub(super) fn wear_out(&mut self, left: i16) -> Producer {
        let producer = self.init(None).expect("nothing is under way");
        let epoch = i16::MAX - 1 - left;
        self.shard.ids.get_mut(ID).expect("exists").facts.producer.epoch = epoch;
        Producer { epoch, ..producer }
    }
}
