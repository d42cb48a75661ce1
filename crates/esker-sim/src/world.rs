//! One world, from its seed to its verdict.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use esker_archive::faults::FaultyStore;
use esker_core::{PartitionId, ProducerId};
use esker_env::{Clock, Env, Random, SeededRandom, Tasks};
use esker_meta::{Keys, MemoryMeta, Meta, MetaStore, NewTopic};
use object_store::{ObjectStore, memory::InMemory};
use tokio::sync::oneshot;

use crate::{
    check::{Inspector, read_everything},
    clients::Client,
    clock::SimClock,
    faults::Faults,
    history::History,
    host::{Command, Host, HostParts, Supervisor},
    panics,
    scenario::{Mutation, Options, Scenario},
    slot::Slot,
};

/// Producers must be through this long after the last fault: longer than every deadline and lease of a scenario.
const HEALING: Duration = Duration::from_secs(120);

/// What became of a world.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Broken invariants; empty when all is well.
    pub violations: Vec<String>,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// All that happened, the same for the same seed.
    pub log: String,
    /// Simulated time.
    pub simulated: Duration,
}

/// Runs the world of this seed. Any panic in it is a violation.
///
/// # Panics
/// Never.
#[must_use]
pub fn run(seed: u64, options: Options) -> Outcome {
    let (outcome, panics) = panics::watched(|| run_world(seed, options));
    let mut outcome = outcome.unwrap_or_else(|| Outcome {
        seed,
        violations: Vec::new(),
        counts: BTreeMap::new(),
        log: String::new(),
        simulated: Duration::ZERO,
    });
    outcome.violations.extend(panics);
    outcome
}

fn run_world(seed: u64, options: Options) -> Outcome {
    #[cfg(feature = "mutations")]
    esker_env::break_rule(match options.mutation {
        Some(Mutation::Rule(rule)) => Some(rule),
        _ => None,
    });
    if options.cluster || options.transactions || options.groups {
        return crate::cluster::run(seed, options);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without I/O needs nothing of the system");
    runtime.block_on(Box::pin(async move {
        let (world, supervisor) = World::new(seed, options).await;
        tokio::select! {
            biased;
            () = Box::pin(supervisor.run()) => {}
            () = Box::pin(world.inspector.watch()) => {}
            () = Box::pin(world.live()) => {}
        }
        world.outcome(seed)
    }))
}

struct World {
    /// The world's own time and randomness.
    env: Env,
    scenario: Scenario,
    history: History,
    slot: Slot,
    faults: Faults,
    inspector: Inspector,
    partitions: Vec<PartitionId>,
    stop: Arc<AtomicBool>,
    options: Options,
}

impl World {
    async fn new(seed: u64, options: Options) -> (Self, Supervisor) {
        let clock = Arc::new(SimClock::new()) as Arc<dyn Clock>;
        let root = SeededRandom::new(seed);
        let tasks = Tasks::new();
        let part = |root: &SeededRandom| Env {
            clock: Arc::clone(&clock),
            random: Arc::new(SeededRandom::new(root.next_u64())),
            tasks: tasks.clone(),
        };
        let env = part(&root);
        let history = History::new(Arc::clone(&clock));
        let scenario = Scenario::draw(env.random.as_ref(), options);
        history.note(format_args!("{scenario:?}"));
        let meta = MemoryMeta::new(part(&root));
        let raw = Arc::new(InMemory::new()) as Arc<dyn ObjectStore>;
        let objects = FaultyStore::new(Arc::clone(&raw), part(&root));
        let inspector = Inspector::open(
            part(&root),
            raw,
            &meta,
            scenario.config.archive.clone(),
            scenario.config.shards,
            history.clone(),
        )
        .await;
        let partitions = create_topics(&meta, &part(&root), &scenario.topics).await;
        let slot = Slot::default();
        let broker_meta = meta.client();
        let (host, supervisor) = Host::new(HostParts {
            env: part(&root),
            scenario: scenario.clone(),
            meta: Arc::new(broker_meta.clone()),
            objects: Arc::new(objects.clone()),
            slot: slot.clone(),
            history: history.clone(),
        });
        let faults = Faults { env: part(&root), host, objects, meta: broker_meta, history: history.clone() };
        let stop = Arc::default();
        (Self { env, scenario, history, slot, faults, inspector, partitions, stop, options }, supervisor)
    }

    fn client(&self, tasks: &Tasks) -> Client {
        let random = Arc::new(SeededRandom::new(self.env.random.next_u64()));
        let env = Env { clock: Arc::clone(&self.env.clock), random, tasks: tasks.clone() };
        let (broker, history, stop) = (self.slot.clone(), self.history.clone(), Arc::clone(&self.stop));
        Client { env, broker, history, stop }
    }

    fn some_partition(&self) -> PartitionId {
        self.partitions[self.env.random.below(self.partitions.len() as u64) as usize]
    }

    async fn live(&self) {
        let broken = self.options.mutation == Some(Mutation::NoProducerSnapshot);
        break_snapshots(broken);
        let (producers, others) = (Tasks::new(), Tasks::new());
        for number in 0..self.scenario.producers {
            let producer = ProducerId(1_000 + number.cast_signed());
            producers.spawn(self.client(&producers).produce(self.some_partition(), producer));
        }
        for _ in 0..self.scenario.readers {
            others.spawn(self.client(&others).read(self.some_partition()));
        }
        if self.scenario.deletes {
            others.spawn(self.client(&others).delete(self.some_partition()));
        }
        self.faults.run(&self.scenario).await;
        let last = if self.env.random.below(2) == 0 { Command::Crash } else { Command::Restart };
        self.faults.host.send(last);
        self.stop.store(true, Ordering::Relaxed);
        let healed = self.env.timeout(HEALING, producers.wait_idle()).await.is_ok();
        if !healed {
            let up = self.slot.now().is_some();
            self.history
                .violation(format!("producers wait {HEALING:?} after the last fault (broker up: {up})"));
        }
        if self.env.timeout(HEALING, others.wait_idle()).await.is_err() {
            self.history.violation(format!("readers wait {HEALING:?} after the last fault"));
        }
        if healed {
            self.conclude().await;
        }
        producers.abort_all();
        others.abort_all();
    }

    /// Everything is read from the log, then from objects alone.
    async fn conclude(&self) {
        read_everything(&self.env, &self.slot, &self.partitions, &self.history).await;
        let mut refused = None;
        for _ in 0..5 {
            let (sender, answer) = oneshot::channel();
            self.faults.host.send(Command::LastMove(sender));
            refused = answer.await.unwrap_or_else(|_| Some("the supervisor is gone".to_owned()));
            if refused.is_none() {
                break;
            }
            self.history.note(format_args!("the last stop failed: {refused:?}"));
            self.env.clock.sleep(Duration::from_secs(5)).await;
        }
        if let Some(why) = refused {
            self.history.violation(format!("no graceful stop after the last fault: {why}"));
            return;
        }
        self.history.note(format_args!("the log directory is gone"));
        read_everything(&self.env, &self.slot, &self.partitions, &self.history).await;
        self.inspector.verify().await;
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

/// The topics' partitions.
pub(crate) async fn create_topics(meta: &MemoryMeta, env: &Env, topics: &[NewTopic]) -> Vec<PartitionId> {
    let store = Arc::new(meta.client()) as Arc<dyn MetaStore>;
    let meta = Meta::new(store, Keys::new("").expect("no prefix is a prefix"), env.clone());
    let mut partitions = Vec::new();
    for topic in topics {
        let created = meta.create_topic(topic).await.expect("nothing fails before the world begins");
        let topic_number = created.record.number;
        partitions.extend((0..topic.partitions).map(|index| PartitionId { topic: topic_number, index }));
    }
    partitions
}

#[allow(unused_variables, reason = "there is nothing to break without the feature")]
fn break_snapshots(broken: bool) {
    #[cfg(feature = "mutations")]
    esker_archive::mutations::NO_PRODUCER_SNAPSHOT.store(broken, Ordering::Relaxed);
}
