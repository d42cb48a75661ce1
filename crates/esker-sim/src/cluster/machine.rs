//! A machine of a cluster and its supervisor: starts the broker, kills it as told, and starts it again.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use esker_archive::faults::FaultyStore;
use esker_control::{GRPC_LISTENER, Peers};
use esker_core::{BrokerId, StoreId};
use esker_env::{Clock, Disk, Durability, Env, Gate, Random, Rule, SeededRandom, SimDisk, Tasks};
use esker_meta::{Endpoint, Keys, MemoryMeta};
use esker_node::{ClusterParts, Node, NodeParts, PreparedNode, StartError};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::{
    clock::SkewedClock,
    coordination::Coordinators,
    network::{Network, Process},
    peers::SimPeers,
    scenario::ClusterScenario,
    stores::SimStores,
};
use crate::history::History;

/// What is done to a machine or its broker.
pub(super) enum Command {
    /// `kill -9`.
    Crash,
    /// The machine loses power, and is dark for so long.
    PowerLoss(Duration),
    /// `kill -9`, and a blank disk in place of the old one.
    LoseDisk,
    /// A graceful stop with a drain, then a start.
    Restart,
    /// The same, and the broker stays away until [`Command::Start`].
    Leave,
    /// Ends the absence.
    Start,
    /// A graceful stop together with all others; the broker stays away. Answered with why not, or nothing.
    LastStop(oneshot::Sender<Option<String>>),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Crash => f.write_str("crash"),
            Self::PowerLoss(dark) => write!(f, "power loss for {dark:?}"),
            Self::LoseDisk => f.write_str("disk loss"),
            Self::Restart => f.write_str("restart"),
            Self::Leave => f.write_str("leave"),
            Self::Start => f.write_str("start"),
            Self::LastStop(_) => f.write_str("last stop"),
        }
    }
}

/// Where a store keeps its identity (`docs/formats/wal-file.md`).
const IDENTITY_FILE: &str = "store";

/// How long a graceful stop may take before the process is killed.
const GRACE: Duration = Duration::from_secs(40);
/// How long of that it waits for others to take over.
const DRAIN: Duration = Duration::from_secs(15);

/// A machine, to those outside of it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) id: BrokerId,
    commands: mpsc::UnboundedSender<Command>,
    pub(super) shared: Arc<Shared>,
}

/// What both sides of a machine see.
pub(super) struct Shared {
    pub(super) gate: Gate,
    pub(super) clock: Arc<SkewedClock>,
    pub(super) meta: MemoryMeta,
    pub(super) objects: FaultyStore,
    disk: Mutex<SimDisk>,
    /// The store on that disk, once it was formatted.
    store: Mutex<Option<StoreId>>,
    live: Mutex<Option<Live>>,
    reach: Mutex<Reach>,
}

/// What of a broker clients reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reach {
    #[default]
    Whole,
    /// Nothing that they send arrives.
    Deaf,
    /// None of its answers arrives.
    Mute,
}

/// A running broker.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) node: Arc<Node>,
    /// Where the world has transactions.
    pub(super) coordinators: Option<Arc<Coordinators>>,
    pub(super) tasks: Tasks,
}

impl Machine {
    pub(super) fn send(&self, command: Command) {
        // Without a supervisor the world is over.
        let _ = self.commands.send(command);
    }

    /// The disk that is in the machine now.
    pub(super) fn disk(&self) -> SimDisk {
        self.shared.disk.lock().clone()
    }

    /// The store on that disk.
    pub(super) fn store(&self) -> Option<StoreId> {
        *self.shared.store.lock()
    }

    /// The running broker.
    pub(super) fn live(&self) -> Option<Live> {
        self.shared.live.lock().clone()
    }

    /// What of the broker clients reach now.
    pub(super) fn reach(&self) -> Reach {
        *self.shared.reach.lock()
    }

    /// Changes that.
    pub(super) fn set_reach(&self, reach: Reach) {
        *self.shared.reach.lock() = reach;
    }

    /// As [`Machine::ask`], over the network between clients and brokers. May never end.
    pub(super) async fn ask_from_afar<T, F>(
        &self,
        ask: impl FnOnce(Arc<Node>) -> F + Send + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.ask_live_from_afar(|live| ask(live.node)).await
    }

    /// As [`Machine::ask_from_afar`], for what takes more than the node.
    pub(super) async fn ask_live_from_afar<T, F>(
        &self,
        ask: impl FnOnce(Live) -> F + Send + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        if self.reach() == Reach::Deaf {
            return std::future::pending().await;
        }
        let answer = self.ask_live(ask).await;
        if self.reach() == Reach::Mute {
            return std::future::pending().await;
        }
        answer
    }

    /// Asks the running broker something, in its own process; `None` when there is none, or it ends before the answer.
    pub(super) async fn ask<T, F>(&self, ask: impl FnOnce(Arc<Node>) -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.ask_live(|live| ask(live.node)).await
    }

    /// As [`Machine::ask`], for what takes more than the node.
    pub(super) async fn ask_live<T, F>(&self, ask: impl FnOnce(Live) -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let live = self.live()?;
        let tasks = live.tasks.clone();
        let (sender, answer) = oneshot::channel();
        tasks.spawn(async move {
            let _ = sender.send(ask(live).await);
        });
        drop(tasks);
        answer.await.ok()
    }
}

/// What a machine is made of.
pub(super) struct MachineParts {
    pub(super) id: BrokerId,
    /// The world's time and the machine's randomness.
    pub(super) env: Env,
    pub(super) scenario: Arc<ClusterScenario>,
    pub(super) network: Network,
    pub(super) meta: MemoryMeta,
    pub(super) objects: FaultyStore,
    pub(super) history: History,
}

/// Keeps a broker running on its machine.
pub(super) struct Supervisor {
    id: BrokerId,
    env: Env,
    scenario: Arc<ClusterScenario>,
    network: Network,
    history: History,
    commands: mpsc::UnboundedReceiver<Command>,
    shared: Arc<Shared>,
    boots: u64,
    away: bool,
}

struct Running {
    node: Arc<Node>,
    coordinators: Option<Arc<Coordinators>>,
    tasks: Tasks,
}

/// A broker that has started: its node, and the coordinators on it.
type Started = (Arc<Node>, Option<Arc<Coordinators>>);

fn new_disk(env: &Env, scenario: &ClusterScenario) -> SimDisk {
    let random = Arc::new(SeededRandom::new(env.random.next_u64()));
    let disk = SimDisk::new(random, Arc::clone(&env.clock), scenario.disk_bytes);
    disk.set_slow(scenario.disk_latency);
    disk
}

/// What breaking S5 means: a blank disk passes for the one that it replaces.
async fn keep_identity(old: &SimDisk, blank: &SimDisk) {
    let Some(identity) = old.peek(IDENTITY_FILE) else { return };
    let kept = async {
        let file = blank.open(IDENTITY_FILE).await?;
        file.write_at(0, vec![identity], Durability::Synced).await?;
        blank.sync_dir("").await
    };
    kept.await.expect("a blank disk does not fail");
}

/// A machine and what keeps a broker running on it.
pub(super) fn machine(parts: MachineParts) -> (Machine, Supervisor) {
    let MachineParts { id, env, scenario, network, meta, objects, history } = parts;
    let (sender, commands) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        gate: Gate::default(),
        clock: Arc::new(SkewedClock::new(Arc::clone(&env.clock))),
        meta,
        objects,
        disk: Mutex::new(new_disk(&env, &scenario)),
        store: Mutex::new(None),
        live: Mutex::new(None),
        reach: Mutex::default(),
    });
    let machine = Machine { id, commands: sender, shared: Arc::clone(&shared) };
    network.withdraw(id, false);
    let supervisor =
        Supervisor { id, env, scenario, network, history, commands, shared, boots: 0, away: false };
    (machine, supervisor)
}

/// The next command to a running broker.
async fn next_but_start(commands: &mut mpsc::UnboundedReceiver<Command>) -> Option<Command> {
    loop {
        match commands.recv().await? {
            Command::Start => {}
            command => return Some(command),
        }
    }
}

impl Supervisor {
    /// Works for as long as the world lasts.
    pub(super) async fn run(mut self) {
        loop {
            if self.away {
                let Some(command) = self.commands.recv().await else { return };
                self.while_away(command).await;
                continue;
            }
            self.shared.gate.open();
            let tasks = Tasks::gated(self.shared.gate.clone());
            let Some((node, coordinators)) = self.start(&tasks).await else {
                self.network.withdraw(self.id, false);
                tasks.abort_all();
                tasks.wait_idle().await;
                continue;
            };
            let live = Live { node, coordinators, tasks };
            *self.shared.live.lock() = Some(live.clone());
            let Live { node, coordinators, tasks } = live;
            let running = Running { node, coordinators, tasks };
            self.note(format_args!("is up, {}", running.node.session.key()));
            self.history.count("starts");
            let mut closed = running.node.log.closed();
            let command = tokio::select! {
                biased;
                command = next_but_start(&mut self.commands) => command,
                closed = closed.wait_for(Option::is_some) => {
                    let why = closed.ok().and_then(|why| why.clone()).unwrap_or_default();
                    self.note(format_args!("ends itself: {why}"));
                    self.history.count("self-ended");
                    None
                }
            };
            self.stop(command.unwrap_or(Command::Crash), running).await;
        }
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.history.note(format_args!("broker {}: {what}", self.id));
    }

    async fn while_away(&mut self, command: Command) {
        match command {
            Command::Start => {
                self.note(format_args!("comes back"));
                self.away = false;
            }
            Command::LastStop(answer) => {
                let _ = answer.send(Some("the broker was away".to_owned()));
            }
            other => self.machine(&other).await,
        }
    }

    /// Starts a broker, unless it fails or a command comes first.
    async fn start(&mut self, tasks: &Tasks) -> Option<Started> {
        // As a task of its own it would have to be `Send`, which opening a store is not.
        let gate = self.shared.gate.clone();
        let start = Box::pin(gate.run(self.starting(tasks)));
        let result = tokio::select! {
            biased;
            command = next_but_start(&mut self.commands) => {
                let command = command?;
                self.note(format_args!("during the start: {command:?}"));
                tasks.abort_all();
                tasks.wait_idle().await;
                match command {
                    Command::LastStop(answer) => {
                        let _ = answer.send(Some("the broker was not up".to_owned()));
                        self.machine(&Command::Crash).await;
                    }
                    Command::Leave => {
                        self.away = true;
                        self.machine(&Command::Crash).await;
                    }
                    other => self.machine(&other).await,
                }
                return None;
            }
            result = start => result,
        };
        match result {
            Ok(started) => Some(started),
            Err(why) => {
                self.note(format_args!("start refused: {why}"));
                self.history.count("refused starts");
                self.shared.disk.lock().process_death();
                self.env.clock.sleep(Duration::from_millis(300)).await;
                None
            }
        }
    }

    /// What the binary does at its start.
    fn starting(&self, tasks: &Tasks) -> impl Future<Output = Result<Started, StartError>> + 'static + use<> {
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(self.env.random.next_u64()));
        let clock = Arc::clone(&self.shared.clock) as Arc<dyn Clock>;
        let env = Env { clock, random, tasks: tasks.clone() };
        let mut config = self.scenario.config.clone();
        config.broker = self.id;
        config.rack = Some(format!("rack {}", self.id.0 % 3));
        config.store.boot_id = Some(format!("boot-{}", self.boots));
        config.endpoints =
            vec![Endpoint { listener: GRPC_LISTENER.to_owned(), host: self.id.to_string(), port: 9094 }];
        let disk = self.shared.disk.lock().clone();
        let parts = NodeParts {
            env: env.clone(),
            disk: Arc::new(disk),
            meta: Arc::new(self.shared.meta.clone()),
            objects: Arc::new(self.shared.objects.clone()),
        };
        let (network, shared, id) = (self.network.clone(), Arc::clone(&self.shared), self.id);
        let (replication, controller) = (self.scenario.replication, self.scenario.controller.clone());
        let coordinating = self.scenario.transactions.as_ref().map(|(coordinating, _)| coordinating.clone());
        async move {
            let keys = Keys::new("").expect("no prefix is a prefix");
            let prepared = PreparedNode::open(keys, parts, config).await?;
            *shared.store.lock() = Some(prepared.store().id());
            let process = Arc::new(Process {
                store: prepared.store(),
                tasks: env.tasks.clone(),
                node: OnceLock::new(),
                coordinators: OnceLock::new(),
            });
            network.serve(id, Arc::clone(&process));
            let own: Arc<OnceLock<Arc<Process>>> = Arc::default();
            let _ = own.set(Arc::clone(&process));
            let stores =
                SimStores { network: network.clone(), env: env.clone(), from: id, own: Arc::clone(&own) };
            let links = network.clone();
            let peers =
                move |session, _: &_| Arc::new(SimPeers { network: links, session, own }) as Arc<dyn Peers>;
            let parts = ClusterParts {
                remote_stores: Arc::new(stores),
                peers: Box::new(peers),
                replication,
                controller,
            };
            let node = Arc::new(prepared.join(parts).await?);
            let _ = process.node.set(Arc::downgrade(&node));
            let Some(config) = coordinating else { return Ok((node, None)) };
            let coordinators = Arc::new(Coordinators::start(config, &env, &node, network).await?);
            let _ = process.coordinators.set(Arc::downgrade(&coordinators));
            Ok((node, Some(coordinators)))
        }
    }

    /// What a command does to the machine, once the broker is dead.
    async fn machine(&mut self, command: &Command) {
        match command {
            Command::PowerLoss(dark) => {
                self.boots += 1;
                self.shared.disk.lock().power_loss();
                self.env.clock.sleep(*dark).await;
                self.network.withdraw(self.id, false);
            }
            Command::LoseDisk => {
                let fresh = new_disk(&self.env, &self.scenario);
                if Rule::BlankIsAnotherStore.is_broken() {
                    let old = self.shared.disk.lock().clone();
                    keep_identity(&old, &fresh).await;
                }
                *self.shared.disk.lock() = fresh;
                *self.shared.store.lock() = None;
            }
            _ => self.shared.disk.lock().process_death(),
        }
    }

    async fn stop(&mut self, command: Command, running: Running) {
        self.note(format_args!("{command:?}"));
        match command {
            Command::Crash | Command::PowerLoss(_) | Command::LoseDisk => {
                self.kill(running, matches!(command, Command::PowerLoss(_))).await;
                self.machine(&command).await;
            }
            Command::Restart | Command::Leave => {
                self.away = matches!(command, Command::Leave);
                self.stop_gracefully(running, true).await;
            }
            Command::LastStop(answer) => {
                let failed = self.stop_gracefully(running, false).await;
                self.away = failed.is_none();
                let _ = answer.send(failed);
            }
            Command::Start => {} // never here: it is running
        }
    }

    /// Returns why not everything is in objects.
    async fn stop_gracefully(&mut self, running: Running, drain: bool) -> Option<String> {
        let (sender, stopped) = oneshot::channel();
        let node = Arc::clone(&running.node);
        running.tasks.spawn(async move {
            let drained = drain && node.drain(DRAIN).await;
            let _ = sender.send((drained, node.stop().await.map_err(|error| error.to_string())));
        });
        let mut cut_short = None;
        let stopped = tokio::select! {
            biased;
            command = self.commands.recv() => {
                cut_short = command;
                None
            }
            stopped = self.env.timeout(GRACE, stopped) => Some(stopped),
        };
        let failed = match stopped {
            Some(Ok(Ok((drained, Ok(()))))) => {
                self.history.count(if drained { "drained stops" } else { "stops without a drain" });
                None
            }
            Some(Ok(Ok((_, Err(error))))) => Some(error),
            Some(Ok(Err(_))) => Some("its tasks ended".to_owned()),
            Some(Err(elapsed)) => Some(elapsed.to_string()),
            None => Some("cut short".to_owned()),
        };
        self.note(format_args!("stopped: {failed:?}"));
        let dark = matches!(cut_short, Some(Command::PowerLoss(_)));
        self.kill(running, dark).await;
        match cut_short {
            Some(Command::LastStop(answer)) => {
                let _ = answer.send(Some("the broker was stopping".to_owned()));
                self.machine(&Command::Crash).await;
            }
            Some(Command::Start) => {
                self.away = false;
                self.machine(&Command::Crash).await;
            }
            Some(command) => self.machine(&command).await,
            None => self.machine(&Command::Crash).await,
        }
        failed
    }

    /// As `kill -9` does: no goodbye.
    async fn kill(&self, running: Running, dark: bool) {
        *self.shared.live.lock() = None;
        self.network.withdraw(self.id, dark);
        running.tasks.abort_all();
        drop((running.node, running.coordinators));
        running.tasks.wait_idle().await;
        self.shared.gate.open();
    }
}
