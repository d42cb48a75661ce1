//! All clients of a world's transactions.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use esker_coordinator::EndProtocol;
use esker_core::{PartitionId, ProducerId};
use esker_env::{Env, Random, SeededRandom, Tasks};
use esker_kafka_wire::KString;
use esker_meta::NewTopic;
use tokio::sync::oneshot;

use super::{
    super::clients::Client,
    book::{Book, Place},
    session::Session,
    settings::Settings,
    stamp::Stamp,
};
use crate::history::History;

/// Producer ids of those who have them without asking: nothing that a broker hands out.
const UNASKED: i64 = 1 << 40;

/// Between two that have the same id, at most.
const SUCCESSION: Duration = Duration::from_secs(9);

/// What one transactional id does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Writes to the source.
    Producer(u64),
    /// Copies a partition of it.
    Copier(u32),
}

impl Role {
    fn id(self) -> KString {
        match self {
            Self::Producer(number) => format!("producer-{number}").into(),
            Self::Copier(index) => format!("copier-{index}").into(),
        }
    }

    /// Where it says how far it is.
    pub(super) fn progress(self) -> Place {
        match self {
            Self::Producer(number) => (format!("progress-{number}").into(), 0),
            Self::Copier(index) => (KString::from_static("copies"), index),
        }
    }

    /// Every other id is of the first protocol: there are no mixed ones.
    fn protocol(self, offset: u64) -> EndProtocol {
        let number = match self {
            Self::Producer(number) => number,
            Self::Copier(index) => u64::from(index),
        };
        if (number + offset).is_multiple_of(2) { EndProtocol::BumpEpoch } else { EndProtocol::KeepEpoch }
    }
}

/// The clients, and what they share. Cheap to clone.
#[derive(Clone)]
pub(in crate::cluster) struct Workload {
    pub(super) settings: Arc<Settings>,
    pub(super) book: Book,
    /// What clients are made from.
    client: Client,
    pub(super) sources: Vec<PartitionId>,
    pub(super) outputs: Vec<PartitionId>,
    names: Arc<BTreeMap<PartitionId, (KString, i32)>>,
    /// Which ids are of the first protocol.
    offset: u64,
}

impl Workload {
    /// `partitions`: of the topics of [`Settings::topics`], in their order.
    pub(in crate::cluster) fn new(
        settings: Settings,
        topics: &[NewTopic],
        partitions: &[PartitionId],
        client: Client,
        history: History,
    ) -> Self {
        let (sources, outputs) = partitions.split_at(settings.source_partitions as usize);
        let named = topics.iter().flat_map(|topic| {
            (0..topic.partitions).map(|index| (KString::from(topic.name.as_str()), index.cast_signed()))
        });
        Self {
            names: Arc::new(partitions.iter().copied().zip(named).collect()),
            sources: sources.to_vec(),
            outputs: outputs.to_vec(),
            book: Book::new(history),
            offset: client.env.random.below(2),
            settings: Arc::new(settings),
            client,
        }
    }

    /// A client with randomness of its own.
    pub(super) fn client(&self) -> Client {
        self.client_in(&self.client.env.tasks)
    }

    fn client_in(&self, tasks: &Tasks) -> Client {
        let random = Arc::new(SeededRandom::new(self.client.env.random.next_u64())) as Arc<dyn Random>;
        let env = Env { clock: Arc::clone(&self.client.env.clock), random, tasks: tasks.clone() };
        Client { env, ..self.client.clone() }
    }

    pub(super) async fn session(&self, role: Role) -> Session {
        let names = Arc::clone(&self.names);
        let (protocol, keys) = (role.protocol(self.offset), self.settings.keys);
        Session::open(self.client(), self.book.clone(), names, role.id(), protocol, keys).await
    }

    pub(super) fn output(&self, index: u32) -> PartitionId {
        self.outputs[index as usize % self.outputs.len()]
    }

    pub(super) fn roles(&self) -> Vec<Role> {
        let producers = (0..self.settings.producers).map(Role::Producer);
        producers.chain((0..self.copied()).map(Role::Copier)).collect()
    }

    /// How many partitions of the source are copied.
    fn copied(&self) -> u32 {
        if self.settings.copiers { self.settings.source_partitions } else { 0 }
    }

    /// The partitions of the source.
    pub(in crate::cluster) fn sources(&self) -> &[PartitionId] {
        &self.sources
    }

    /// Why the record with this value cannot have been committed.
    pub(in crate::cluster) fn never(&self, value: &[u8]) -> Option<&'static str> {
        self.book.never(Stamp::read(value)?.txn)
    }

    /// Partitions that its clients write to.
    pub(in crate::cluster) fn partitions(&self) -> impl Iterator<Item = PartitionId> + '_ {
        self.sources.iter().chain(&self.outputs).copied()
    }

    /// Begins: those who write in `producers`, those who read in `others`.
    pub(in crate::cluster) fn start(&self, producers: &Tasks, others: &Tasks) {
        for role in self.roles() {
            let workload = Self { client: self.client_in(producers), ..self.clone() };
            producers.spawn(workload.succeed(role));
        }
        if self.settings.plain {
            let producer = ProducerId(UNASKED);
            producers.spawn(self.client_in(producers).produce(self.sources[0], producer));
        }
        let all: Vec<PartitionId> = self.partitions().collect();
        for _ in 0..self.settings.readers {
            let partition = all[self.client.env.random.below(all.len() as u64) as usize];
            let workload = Self { client: self.client_in(others), ..self.clone() };
            others.spawn(workload.read(partition));
        }
    }

    /// One after the other has the id. Who is replaced is not told.
    async fn succeed(self, role: Role) {
        let client = self.client();
        while !client.stopping() {
            let (done, ended) = oneshot::channel();
            let (workload, sources) = (self.clone(), self.sources.clone());
            client.env.tasks.spawn(async move {
                match role {
                    Role::Producer(_) => workload.produce(role, sources).await,
                    Role::Copier(index) => {
                        let output = workload.output(index);
                        workload.copy(role, sources[index as usize], output, false).await;
                    }
                }
                let _ = done.send(());
            });
            let millis = 1_000 + client.env.random.below(SUCCESSION.as_millis() as u64);
            let _ = client.env.timeout(Duration::from_millis(millis), ended).await;
            client.pause(Duration::from_millis(500)).await;
        }
    }

    /// When nothing fails any more: every id writes once more, to every partition.
    pub(in crate::cluster) fn produce_once_more(&self, tasks: &Tasks) {
        for number in 0..self.settings.producers {
            let workload = self.going_on(tasks);
            let sources = self.sources.clone();
            tasks.spawn(workload.produce_last(Role::Producer(number), sources));
        }
    }

    /// After that: what is left is copied.
    pub(in crate::cluster) fn copy_the_rest(&self, tasks: &Tasks) {
        for (index, &source) in self.sources.iter().enumerate().take(self.copied() as usize) {
            let workload = self.going_on(tasks);
            let role = Role::Copier(index as u32);
            let output = self.output(index as u32);
            tasks.spawn(workload.copy(role, source, output, true));
        }
    }

    fn going_on(&self, tasks: &Tasks) -> Self {
        let client = Client { stop: Arc::new(AtomicBool::new(false)), ..self.client_in(tasks) };
        Self { client, ..self.clone() }
    }
}
