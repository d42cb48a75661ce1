//! All members of a world's groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
};

use esker_core::PartitionId;
use esker_env::{Env, Random, SeededRandom, Tasks};

use super::{
    super::{clients::Client, transactions},
    book::Book,
    settings::Settings,
    worker::Worker,
};
use crate::history::History;

/// The members, and what they share. Cheap to clone.
#[derive(Clone)]
pub(in crate::cluster) struct Crowd {
    pub(super) settings: Arc<Settings>,
    pub(super) book: Book,
    /// What clients are made from.
    client: Client,
    /// Who writes what they read.
    pub(super) source: transactions::Workload,
    /// The topic of dead letters.
    pub(super) letters: Vec<PartitionId>,
}

impl Crowd {
    /// `letters`: the partitions of the topic of [`Settings::topics`].
    pub(in crate::cluster) fn new(
        settings: Settings,
        letters: Vec<PartitionId>,
        source: transactions::Workload,
        client: Client,
        history: History,
    ) -> Self {
        Self { settings: Arc::new(settings), book: Book::new(history), client, source, letters }
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

    /// Begins.
    pub(in crate::cluster) fn start(&self, tasks: &Tasks) {
        for group in 0..self.settings.shares.len() {
            for number in 0..self.settings.shares[group].workers {
                let crowd = Self { client: self.client_in(tasks), ..self.clone() };
                tasks.spawn(crowd.succeed(group, number));
            }
        }
    }

    /// One member after the other.
    async fn succeed(self, group: usize, number: u64) {
        let group = self.settings.shares[group].clone();
        let mut lives = 0;
        while !self.client.stopping() {
            let name = format!("{}/{number}/{lives}", group.name);
            Worker::new(&self, &group, &name).live().await;
            lives += 1;
        }
    }

    /// When nothing fails any more and all is written: the groups come to an end with everything.
    pub(in crate::cluster) fn drain(&self, tasks: &Tasks) {
        for group in &self.settings.shares {
            for &partition in self.source.sources() {
                let client = Client { stop: Arc::new(AtomicBool::new(false)), ..self.client_in(tasks) };
                let crowd = Self { client, ..self.clone() };
                let name = format!("{}/last/{partition}", group.name);
                tasks.spawn(Worker::new(&crowd, group, &name).drain(partition));
            }
        }
    }

    /// Compares what the groups are done with and what there is to be done with.
    pub(in crate::cluster) async fn check(&self) {
        let mut committed: BTreeMap<PartitionId, BTreeMap<i64, u32>> = BTreeMap::new();
        for &partition in self.source.sources() {
            committed.insert(partition, self.source.committed(partition).await);
        }
        let letters = self.read_letters().await;
        for group in &self.settings.shares {
            for (&partition, records) in &committed {
                let place = (group.name.clone(), partition);
                let offsets: BTreeSet<i64> = records.keys().copied().collect();
                let ends = self.book.ended(group, &place, &offsets);
                if group.letters {
                    self.check_letters(group, partition, &ends, &letters, records);
                }
            }
        }
    }
}
