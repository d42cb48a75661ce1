//! The machine and its supervisor: starts the broker, kills it as told, and starts it again.

use std::{sync::Arc, time::Duration};

use esker_env::{Env, SeededRandom, SimDisk, Tasks};
use esker_meta::MetaStore;
use esker_node::{Node, NodeParts, StartError};
use object_store::ObjectStore;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::{history::History, scenario::Scenario, slot::Slot};

/// What is done to the broker.
#[derive(Debug)]
pub(crate) enum Command {
    /// `kill -9`.
    Crash,
    /// The machine loses power.
    PowerLoss,
    /// A graceful stop, then a start.
    Restart,
    /// A graceful stop; if it stored everything, the log directory is deleted, then a start.
    Move,
    /// A graceful stop that must work; the log directory is deleted. Answered with why not, or nothing.
    LastMove(oneshot::Sender<Option<String>>),
}

/// What a host is made of.
pub(crate) struct HostParts {
    pub(crate) env: Env,
    pub(crate) scenario: Scenario,
    pub(crate) meta: Arc<dyn MetaStore>,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) slot: Slot,
    pub(crate) history: History,
}

/// A handle of the machine.
#[derive(Clone)]
pub(crate) struct Host {
    commands: mpsc::UnboundedSender<Command>,
    disk: Arc<Mutex<SimDisk>>,
}

/// Starts the broker again and again.
pub(crate) struct Supervisor {
    parts: HostParts,
    commands: mpsc::UnboundedReceiver<Command>,
    disk: Arc<Mutex<SimDisk>>,
    boots: u64,
    /// The disk before the last move: an operator can bring it back.
    previous: Option<SimDisk>,
}

struct Running {
    node: Arc<Node>,
    tasks: Tasks,
}

fn new_disk(parts: &HostParts) -> SimDisk {
    let random = Arc::new(SeededRandom::new(parts.env.random.next_u64()));
    let disk = SimDisk::new(random, Arc::clone(&parts.env.clock), parts.scenario.disk_bytes);
    disk.set_slow(parts.scenario.disk_latency);
    disk
}

impl Host {
    /// A machine and what keeps a broker running on it.
    pub(crate) fn new(parts: HostParts) -> (Self, Supervisor) {
        let (sender, commands) = mpsc::unbounded_channel();
        let disk = Arc::new(Mutex::new(new_disk(&parts)));
        let supervisor = Supervisor { parts, commands, disk: Arc::clone(&disk), boots: 0, previous: None };
        (Self { commands: sender, disk }, supervisor)
    }

    pub(crate) fn send(&self, command: Command) {
        // Without a supervisor the world is over.
        let _ = self.commands.send(command);
    }

    /// The disk that is in the machine now.
    pub(crate) fn disk(&self) -> SimDisk {
        self.disk.lock().clone()
    }
}

impl Supervisor {
    /// Works for as long as the world lasts.
    pub(crate) async fn run(mut self) {
        loop {
            let tasks = Tasks::new();
            let Some(node) = self.start(&tasks).await else {
                tasks.abort_all();
                tasks.wait_idle().await;
                continue;
            };
            let running = Running { node: Arc::new(node), tasks };
            self.parts.slot.open(running.node.log.clone());
            self.parts.history.note(format_args!("broker is up"));
            self.parts.history.count("starts");
            let mut closed = running.node.log.closed();
            let command = tokio::select! {
                biased;
                command = self.commands.recv() => command,
                closed = closed.wait_for(Option::is_some) => {
                    let why = closed.ok().and_then(|why| why.clone()).unwrap_or_default();
                    self.parts.history.note(format_args!("broker ends itself: {why}"));
                    self.parts.history.count("self-ended");
                    Some(Command::Crash)
                }
            };
            let Some(command) = command else { return };
            self.stop(command, running).await;
        }
    }

    /// Starts a broker, unless it fails or a command comes first.
    async fn start(&mut self, tasks: &Tasks) -> Option<Node> {
        let parts = &self.parts;
        let random = Arc::new(SeededRandom::new(parts.env.random.next_u64()));
        let env = Env { clock: Arc::clone(&parts.env.clock), random, tasks: tasks.clone() };
        let mut config = parts.scenario.config.clone();
        config.store.boot_id = Some(format!("boot-{}", self.boots));
        let disk = self.disk.lock().clone();
        let node_parts = NodeParts {
            env,
            disk: Arc::new(disk),
            meta: Arc::clone(&parts.meta),
            objects: Arc::clone(&parts.objects),
        };
        let start = Box::pin(Node::start(node_parts, config));
        let result = tokio::select! {
            biased;
            command = self.commands.recv() => {
                self.parts.history.note(format_args!("during start: {command:?}"));
                self.machine(command.as_ref());
                if let Some(Command::LastMove(answer)) = command {
                    let _ = answer.send(Some("the broker was not up".to_owned()));
                }
                return None;
            }
            result = start => result,
        };
        match result {
            Ok(node) => Some(node),
            Err(error) => {
                self.refused(&error);
                self.parts.env.clock.sleep(Duration::from_millis(300)).await;
                None
            }
        }
    }

    fn refused(&mut self, error: &StartError) {
        self.parts.history.note(format_args!("start refused: {error}"));
        self.parts.history.count("refused starts");
        self.disk.lock().process_death();
        let lost = matches!(error, StartError::Session(esker_control::StartError::StoresMissing(_)));
        if lost && let Some(previous) = self.previous.take() {
            self.parts.history.note(format_args!("the old log directory is brought back"));
            self.parts.history.count("directories brought back");
            previous.set_slow(self.parts.scenario.disk_latency);
            previous.set_capacity(self.parts.scenario.disk_bytes);
            *self.disk.lock() = previous;
        }
    }

    /// What a command does to the machine, the broker apart.
    fn machine(&mut self, command: Option<&Command>) {
        let disk = self.disk.lock();
        if let Some(Command::PowerLoss) = command {
            self.boots += 1;
            disk.power_loss();
        } else {
            disk.process_death();
        }
    }

    async fn stop(&mut self, command: Command, running: Running) {
        self.parts.history.note(format_args!("{command:?}"));
        self.parts.history.count(match command {
            Command::Crash => "crashes",
            Command::PowerLoss => "power losses",
            Command::Restart => "restarts",
            Command::Move | Command::LastMove(_) => "moves",
        });
        match command {
            Command::Crash | Command::PowerLoss => {
                self.kill(running).await;
                self.machine(Some(&command));
            }
            Command::Restart => {
                self.stop_gracefully(running).await;
            }
            Command::Move => {
                if self.stop_gracefully(running).await.is_none() {
                    self.replace_disk();
                }
            }
            Command::LastMove(answer) => {
                let failed = self.stop_gracefully(running).await;
                if failed.is_none() {
                    self.replace_disk();
                    self.previous = None;
                }
                let _ = answer.send(failed);
            }
        }
    }

    fn replace_disk(&mut self) {
        let fresh = new_disk(&self.parts);
        let old = std::mem::replace(&mut *self.disk.lock(), fresh);
        self.previous = Some(old);
    }

    /// Returns why not everything is in objects.
    async fn stop_gracefully(&mut self, running: Running) -> Option<String> {
        let node = Arc::clone(&running.node);
        let stop = Box::pin(async move { node.stop().await });
        let mut cut_short = None;
        let stopped = tokio::select! {
            biased;
            command = self.commands.recv() => {
                cut_short = command;
                None
            }
            stopped = stop => Some(stopped),
        };
        let failed = match stopped {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some("cut short".to_owned()),
        };
        self.parts.history.note(format_args!("stopped: {failed:?}"));
        self.kill(running).await;
        self.machine(cut_short.as_ref());
        if let Some(Command::LastMove(answer)) = cut_short {
            let _ = answer.send(Some("the broker was stopping".to_owned()));
        }
        failed
    }

    /// As `kill -9` does: no goodbye.
    async fn kill(&self, running: Running) {
        self.parts.slot.close();
        running.tasks.abort_all();
        drop(running.node);
        running.tasks.wait_idle().await;
    }
}
