//! One cluster's world, from its seed to its verdict.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use esker_archive::faults::FaultyStore;
use esker_core::{BrokerId, PartitionId, ProducerId, ShardId, TopicNumber};
use esker_env::{Clock, Env, Random, SeededRandom, Tasks};
use esker_meta::{Keys, MemoryMeta, Meta, MetaStore};
use esker_node::Node;
use object_store::{ObjectStore, memory::InMemory};
use tokio::sync::oneshot;

use super::{
    audit::Audit,
    clients::{Checks, Client},
    faults::Faults,
    groups::Crowd,
    machine::{Command, Machine, MachineParts, Supervisor, machine},
    network::Network,
    scenario::{ClusterScenario, MIN_INSYNC, MODE},
    transactions::Workload,
};
use crate::{
    check::{Inspector, read_whole},
    clock::SimClock,
    history::History,
    scenario::{Mutation, Options},
    world::{Outcome, create_topics},
};

/// Producers must be through this long after the last fault: longer than every deadline and lease of a scenario.
const HEALING: Duration = Duration::from_secs(90);

/// Runs the cluster's world of this seed.
pub(crate) fn run(seed: u64, options: Options) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without I/O needs nothing of the system");
    runtime.block_on(Box::pin(async move {
        let (world, supervisors) = World::new(seed, options).await;
        let supervisors = futures::future::join_all(supervisors.into_iter().map(Supervisor::run));
        tokio::select! {
            biased;
            _ = Box::pin(supervisors) => {}
            () = Box::pin(world.inspector.watch()) => {}
            () = Box::pin(world.faults.audit.watch()) => {}
            () = Box::pin(world.live()) => {}
        }
        world.outcome(seed)
    }))
}

struct World {
    /// The world's own time, randomness and tasks.
    env: Env,
    scenario: Arc<ClusterScenario>,
    history: History,
    machines: Arc<Vec<Machine>>,
    faults: Faults,
    inspector: Inspector,
    partitions: Vec<PartitionId>,
    /// The clients of transactions, where there are some.
    workload: Option<Workload>,
    /// The members of groups, where there are some.
    crowd: Option<Crowd>,
    stop: Arc<AtomicBool>,
    options: Options,
}

impl World {
    async fn new(seed: u64, options: Options) -> (Self, Vec<Supervisor>) {
        let clock = Arc::new(SimClock::new()) as Arc<dyn Clock>;
        let root = SeededRandom::new(seed);
        let tasks = Tasks::new();
        let part = || Env {
            clock: Arc::clone(&clock),
            random: Arc::new(SeededRandom::new(root.next_u64())),
            tasks: tasks.clone(),
        };
        let env = part();
        let history = History::new(Arc::clone(&clock));
        let scenario =
            Arc::new(ClusterScenario::draw(env.random.as_ref(), &SeededRandom::new(!seed), options));
        history.note(format_args!("{scenario:?}"));
        let memory = MemoryMeta::with_history(part(), scenario.history_limit);
        // The one at the bottom only knows when objects were written.
        let raw = Arc::new(FaultyStore::new(Arc::new(InMemory::new()), part())) as Arc<dyn ObjectStore>;
        let (archive, shards) = (scenario.config.archive.clone(), scenario.config.shards);
        let inspector =
            Inspector::open(part(), Arc::clone(&raw), &memory, archive, shards, history.clone()).await;
        let partitions = create_topics(&memory, &part(), &scenario.topics).await;
        let network = Network::new(part(), scenario.delay);
        let checks = Arc::new(checks(&scenario, &partitions, &network));
        let (mut machines, mut supervisors) = (Vec::new(), Vec::new());
        for id in 1..=scenario.brokers + scenario.spares {
            let (machine, supervisor) = machine(MachineParts {
                id: BrokerId(id),
                env: part(),
                scenario: Arc::clone(&scenario),
                network: network.clone(),
                meta: memory.client(),
                objects: FaultyStore::new(Arc::clone(&raw), part()),
                history: history.clone(),
            });
            if id > scenario.brokers {
                machine.send(Command::Leave);
            }
            machines.push(machine);
            supervisors.push(supervisor);
        }
        let machines = Arc::new(machines);
        let store = Arc::new(memory.client()) as Arc<dyn MetaStore>;
        let meta = Meta::new(store, Keys::new("").expect("no prefix is a prefix"), part());
        let faults = Faults {
            env: part(),
            scenario: Arc::clone(&scenario),
            machines: Arc::clone(&machines),
            network,
            meta: memory,
            audit: Arc::new(Audit::new(part(), meta, history.clone())),
            checks,
            history: history.clone(),
        };
        let stop: Arc<AtomicBool> = Arc::default();
        let mut world = Self {
            env,
            scenario,
            history,
            machines,
            faults,
            inspector,
            partitions,
            workload: None,
            crowd: None,
            stop,
            options,
        };
        if let Some((_, settings)) = world.scenario.transactions.clone() {
            let topics = settings.topics(world.env.random.as_ref());
            let partitions = create_topics(&world.faults.meta, &part(), &topics).await;
            let client = world.client(&tasks);
            let history = world.history.clone();
            world.workload = Some(Workload::new(settings, &topics, &partitions, client, history));
        }
        if let (Some(settings), Some(workload)) = (world.scenario.groups.clone(), &world.workload) {
            let partitions = create_topics(&world.faults.meta, &part(), &settings.topics()).await;
            settings.configure(&world.faults.audit.meta).await;
            let (client, history) = (world.client(&tasks), world.history.clone());
            world.crowd = Some(Crowd::new(settings, &partitions, workload.clone(), client, history));
        }
        (world, supervisors)
    }

    fn client(&self, tasks: &Tasks) -> Client {
        let random = Arc::new(SeededRandom::new(self.env.random.next_u64()));
        Client {
            env: Env { clock: Arc::clone(&self.env.clock), random, tasks: tasks.clone() },
            machines: Arc::clone(&self.machines),
            shards: self.scenario.config.shards,
            history: self.history.clone(),
            stop: Arc::clone(&self.stop),
            checks: Arc::clone(&self.faults.checks),
        }
    }

    fn some_partition(&self) -> PartitionId {
        self.partitions[self.env.random.below(self.partitions.len() as u64) as usize]
    }

    async fn live(&self) {
        let (producers, others) = (Tasks::new(), Tasks::new());
        for number in 0..self.scenario.producers {
            let producer = ProducerId(1_000 + number.cast_signed());
            producers.spawn(self.client(&producers).produce(self.some_partition(), producer));
        }
        for _ in 0..self.scenario.readers {
            others.spawn(self.client(&others).read(self.some_partition()));
        }
        if let Some(workload) = &self.workload {
            workload.start(&producers, &others);
        }
        if let Some(crowd) = &self.crowd {
            crowd.start(&others);
        }
        if self.scenario.deletes {
            others.spawn(self.client(&others).delete(self.some_partition()));
        }
        if self.options.mutation == Some(Mutation::TaskPanics) {
            others.spawn(panic_in(self.machines[0].clone(), self.env.clone()));
        }
        if self.options.beyond {
            self.lose_too_much().await;
            producers.abort_all();
            return others.abort_all();
        }
        self.faults.run().await;
        self.stop.store(true, Ordering::Relaxed);
        let healed = self.is_over(&producers, "producers").await && self.is_over(&others, "readers").await;
        if healed && self.takes_produces().await && self.transactions_end().await && self.groups_end().await {
            self.conclude().await;
        }
        producers.abort_all();
        others.abort_all();
    }

    /// Two of three machines lose their disks and the third its process. What is served afterwards must hold all that was
    /// acknowledged; what cannot be known must not be served.
    async fn lose_too_much(&self) {
        let millis = 2_000 + self.env.random.below(8_000);
        self.env.clock.sleep(Duration::from_millis(millis)).await;
        let spared = self.env.random.below(self.machines.len() as u64) as usize;
        self.faults.checks.lost_disks.store(self.machines.len(), Ordering::Relaxed);
        for (number, machine) in self.machines.iter().enumerate() {
            machine.send(if number == spared { Command::Crash } else { Command::LoseDisk });
        }
        self.env.clock.sleep(Duration::from_secs(40)).await;
        for &partition in &self.partitions {
            let read = self.env.timeout(Duration::from_secs(5), self.read_one(partition)).await;
            self.history.count(if read.is_ok() { "partitions served" } else { "partitions blocked" });
        }
    }

    async fn is_over(&self, clients: &Tasks, what: &str) -> bool {
        let over = self.env.timeout(HEALING, clients.wait_idle()).await.is_ok();
        if !over {
            self.stuck(&format!("{what} wait {HEALING:?} after the last fault")).await;
        }
        over
    }

    async fn stuck(&self, what: &str) {
        let metadata = self.faults.audit.describe().await;
        self.history.note(format_args!("{metadata}"));
        let blocked: Vec<_> = self.machines.iter().filter_map(Machine::live).collect();
        let blocked = blocked.iter().filter_map(|live| live.node.controller()).map(|found| found.blocked());
        let blocked: Vec<_> =
            blocked.flatten().map(|blocked| format!("{} {}", blocked.ledger, blocked.why)).collect();
        let unlucky = self.faults.audit.unlucky().await;
        if unlucky.is_empty() {
            return self.history.violation(format!("{what}; blocked: {blocked:?}"));
        }
        self.history.count("copysets that were lost when they were chosen");
        self.history.note(format_args!("{what}; as it must, for the stores of {unlucky:?} are gone"));
    }

    /// Every partition takes something once faults have stopped.
    async fn takes_produces(&self) -> bool {
        let last = Tasks::new();
        for (number, &partition) in self.partitions.iter().enumerate() {
            let producer = ProducerId(2_000 + number as i64);
            let client = Client { stop: Arc::new(AtomicBool::new(false)), ..self.client(&last) };
            last.spawn(client.produce_once(partition, producer));
        }
        let over = self.is_over(&last, "last producers").await;
        last.abort_all();
        over
    }

    /// Transactions that nobody ends are over after their timeouts, every id goes on, and everything is copied.
    async fn transactions_end(&self) -> bool {
        let Some(workload) = &self.workload else { return true };
        if self.env.timeout(HEALING, workload.all_ended()).await.is_err() {
            self.stuck("open transactions after the last fault").await;
            return false;
        }
        let last = Tasks::new();
        workload.produce_once_more(&last);
        let mut over = self.is_over(&last, "last transactions").await;
        if over {
            workload.copy_the_rest(&last);
            over = self.is_over(&last, "last copiers").await;
        }
        last.abort_all();
        // Who commits is answered before all partitions have been told.
        over && self.env.timeout(HEALING, workload.all_ended()).await.is_ok()
    }

    /// Groups come to an end with everything.
    async fn groups_end(&self) -> bool {
        let Some(crowd) = &self.crowd else { return true };
        let last = Tasks::new();
        crowd.drain(&last);
        let over = self.is_over(&last, "last members of groups").await;
        last.abort_all();
        if let Err(why) = crowd.cover().await {
            self.stuck(&why).await;
            return false;
        }
        over
    }

    /// Everything is read from the logs, then from objects alone.
    async fn conclude(&self) {
        self.read_everything().await;
        let mut refused = Vec::new();
        for _ in 0..6 {
            if !self.is_settled().await {
                return self.stuck("shards without an owner that serves them").await;
            }
            refused = self.stop_all().await;
            if refused.is_empty() {
                break;
            }
            self.history.note(format_args!("the last stops failed: {refused:?}"));
            self.machines.iter().for_each(|machine| machine.send(Command::Start));
            // Who is still up cannot read what only those who stopped before it hold: flushes come first.
            self.env.clock.sleep(Duration::from_secs(8)).await;
        }
        if !refused.is_empty() {
            return self.stuck(&format!("no graceful stop after the last fault: {refused:?}")).await;
        }
        self.history.note(format_args!("the log directories are gone"));
        for machine in self.machines.iter() {
            machine.send(Command::LoseDisk);
            machine.send(Command::Start);
        }
        self.read_everything().await;
        self.inspector.verify().await;
    }

    /// Waits until every shard is open at its owner.
    async fn is_settled(&self) -> bool {
        let settled = async {
            loop {
                let owners = self.faults.audit.owners().await;
                let living = self.machines.iter().filter_map(Machine::live);
                let open: Vec<ShardId> =
                    living.flat_map(|live| live.node.log.open_shard_epochs()).map(|(id, _)| id).collect();
                let all = (0..self.scenario.config.shards).map(ShardId);
                let up = self.machines.iter().all(|machine| machine.live().is_some());
                if up && all.into_iter().all(|id| owners.contains_key(&id) && open.contains(&id)) {
                    return;
                }
                self.env.clock.sleep(Duration::from_millis(200)).await;
            }
        };
        self.env.timeout(HEALING, settled).await.is_ok()
    }

    /// Stops all brokers together. Returns who could not store everything.
    async fn stop_all(&self) -> Vec<String> {
        let answers: Vec<_> = self
            .machines
            .iter()
            .map(|machine| {
                let (sender, answer) = oneshot::channel();
                machine.send(Command::LastStop(sender));
                (machine.id, answer)
            })
            .collect();
        let mut refused = Vec::new();
        for (id, answer) in answers {
            let why = answer.await.unwrap_or_else(|_| Some("the supervisor is gone".to_owned()));
            refused.extend(why.map(|why| format!("broker {id}: {why}")));
        }
        refused
    }

    /// Reads every partition from front to end and checks it.
    async fn read_everything(&self) {
        for &partition in &self.partitions {
            let read = self.env.timeout(HEALING, self.read_one(partition)).await;
            if read.is_err() {
                self.stuck(&format!("{partition}: cannot be read at the end")).await;
            }
        }
        let Some(workload) = &self.workload else { return };
        if self.env.timeout(HEALING, workload.check()).await.is_err() {
            self.stuck("transactions cannot be checked at the end").await;
        }
        let Some(crowd) = &self.crowd else { return };
        if self.env.timeout(HEALING, crowd.check()).await.is_err() {
            self.stuck("groups cannot be checked at the end").await;
        }
    }

    async fn read_one(&self, partition: PartitionId) {
        loop {
            let mut why = "no leader".to_owned();
            if let Some((_, machine)) = self.client(&self.env.tasks).leader_once(partition).await {
                let (env, history) = (self.env.clone(), self.history.clone());
                let asked = machine
                    .ask(async move |node: Arc<Node>| read_whole(&env, &node.log, partition, &history).await);
                match asked.await {
                    Some(Ok(())) => return,
                    Some(Err(error)) => why = error,
                    None => why = "the broker ended".to_owned(),
                }
            }
            self.history.note(format_args!("{partition}: not read yet: {why}"));
            self.env.clock.sleep(Duration::from_millis(500)).await;
        }
    }

    fn outcome(self, seed: u64) -> Outcome {
        self.env.tasks.abort_all();
        Outcome {
            seed,
            violations: self.history.violations(),
            counts: self.history.counts(),
            log: self.history.log(),
            simulated: self.env.clock.now().0,
        }
    }
}

/// A task of a running broker panics.
async fn panic_in(machine: Machine, env: Env) {
    loop {
        env.clock.sleep(Duration::from_millis(500)).await;
        if let Some(live) = machine.live() {
            return live.tasks.spawn(async { panic!("a task of broker 1, on purpose") });
        }
    }
}

fn checks(scenario: &ClusterScenario, partitions: &[PartitionId], network: &Network) -> Checks {
    let numbers: BTreeSet<TopicNumber> = partitions.iter().map(|partition| partition.topic).collect();
    // Topics were created, and numbered, in order.
    let topics = numbers.into_iter().zip(&scenario.topics);
    // What is in a page cache may be gone again.
    let lasting = topics.filter(|(_, topic)| topic.configs.get(MODE).is_none_or(|mode| mode != "received"));
    let copies = lasting.map(|(number, topic)| {
        let copies = topic.configs.get(MIN_INSYNC).and_then(|copies| copies.parse().ok());
        (number, copies.unwrap_or(1))
    });
    Checks {
        network: network.clone(),
        copies: copies.collect(),
        write_quorum: scenario.replication.write_quorum,
        lost_disks: AtomicUsize::new(0),
    }
}
