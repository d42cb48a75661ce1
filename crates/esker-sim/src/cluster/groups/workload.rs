//! All members of a world's groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use esker_core::PartitionId;
use esker_env::{Env, Random, SeededRandom, Tasks};

use super::{
    super::{clients::Client, transactions},
    book::Book,
    owners::Owners,
    reader::Reader,
    settings::{INTERVAL, Settings},
    worker::Worker,
};
use crate::history::History;

/// Until then every member is in, when nothing fails any more.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The members, and what they share. Cheap to clone.
#[derive(Clone)]
pub(in crate::cluster) struct Crowd {
    pub(super) settings: Arc<Settings>,
    pub(super) book: Book,
    /// What clients are made from.
    client: Client,
    /// Who writes what they read.
    pub(super) source: transactions::Workload,
    pub(super) owners: Owners,
    /// The topic of dead letters.
    pub(super) letters: Vec<PartitionId>,
    /// What readers read.
    read: Arc<BTreeSet<PartitionId>>,
}

impl Crowd {
    /// `partitions`: of the topics of [`Settings::topics`], in their order.
    pub(in crate::cluster) fn new(
        settings: Settings,
        partitions: &[PartitionId],
        source: transactions::Workload,
        client: Client,
        history: History,
    ) -> Self {
        let (letters, read) = settings.split(partitions);
        Self {
            letters: letters.to_vec(),
            read: Arc::new(read.iter().copied().collect()),
            owners: Owners::new(history.clone()),
            settings: Arc::new(settings),
            book: Book::new(history),
            client,
            source,
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

    /// Begins.
    pub(in crate::cluster) fn start(&self, tasks: &Tasks) {
        for group in 0..self.settings.shares.len() {
            for number in 0..self.settings.shares[group].workers {
                let crowd = Self { client: self.client_in(tasks), ..self.clone() };
                tasks.spawn(crowd.succeed(group, number));
            }
        }
        for group in 0..self.settings.readers.len() {
            for number in 0..self.settings.readers[group].members {
                let crowd = Self { client: self.client_in(tasks), ..self.clone() };
                tasks.spawn(crowd.read(group, number));
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

    async fn read(self, group: usize, number: u64) {
        let group = self.settings.readers[group].clone();
        let mut lives = 0;
        while !self.client.stopping() {
            let id = format!("{}/{number}/{lives}", group.name);
            Reader::new(&self, &group, number, id).live().await;
            lives += 1;
        }
    }

    /// When nothing fails any more: once members are in, each partition is with one of them within a session, the time that
    /// letting go may take, and a few heartbeats; and nobody is told an offset that is too low.
    ///
    /// # Errors
    /// When it is not.
    pub(in crate::cluster) async fn cover(&self) -> Result<(), String> {
        let client = Client { stop: Arc::new(AtomicBool::new(false)), ..self.client() };
        let crowd = Self { client, ..self.clone() };
        let clock = &self.client.env.clock;
        for group in &self.settings.readers {
            let member = |number| Reader::new(&crowd, group, number, format!("{}/last/{number}", group.name));
            let mut members: Vec<Reader> = (0..group.members).map(member).collect();
            let begun = clock.now();
            let mut all_in = None;
            loop {
                for member in &mut members {
                    member.step().await;
                }
                let now = clock.now();
                if all_in.is_none() && members.iter().all(|member| member.is_in) {
                    all_in = Some(now);
                }
                let owned = self.owners.are_owned(&group.name, &self.read, now);
                let limit = match all_in {
                    Some(since) => since + group.session + group.rebalance + INTERVAL * 6,
                    // Static members wait until nobody has their place.
                    None => begun + LONGEST_WAIT,
                };
                match owned {
                    Ok(()) if all_in.is_some() => break,
                    Err(why) if now > limit => return Err(format!("{}: {why}", group.name)),
                    _ if now > limit => return Err(format!("{}: not all members are in", group.name)),
                    _ => {}
                }
            }
            for &partition in self.read.iter() {
                while members[0].offset(partition).await.is_none() {
                    clock.sleep(INTERVAL).await;
                }
            }
        }
        Ok(())
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
        for group in &self.settings.readers {
            let mut member = Reader::new(self, group, u64::MAX, format!("{}/afterwards", group.name));
            for &partition in self.read.iter() {
                while member.offset(partition).await.is_none() {
                    self.client.env.clock.sleep(INTERVAL).await;
                }
            }
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
