//! The network between brokers, in process: delays, cuts in one direction or both, and processes that are not there.
//!
//! It behaves as TCP does: what is sent on one connection arrives in order; what is cut off waits, and arrives when the
//! cut heals if nobody gave the connection up before (and sometimes even then). A process that dies resets its
//! connections; a machine that loses power, or a process that is frozen, says nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use esker_core::BrokerId;
use esker_env::{Env, Monotonic, Tasks};
use esker_node::Node;
use esker_wal::LogStore;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::coordination::Coordinators;

/// A broker's process, from the time that its store is served.
pub(super) struct Process {
    pub(super) store: Arc<dyn LogStore>,
    /// What runs in it; frozen with it.
    pub(super) tasks: Tasks,
    /// Set once it has joined.
    pub(super) node: OnceLock<Weak<Node>>,
    /// Set once they have begun, if there are any.
    pub(super) coordinators: OnceLock<Weak<Coordinators>>,
}

impl Process {
    pub(super) fn node(&self) -> Option<Arc<Node>> {
        self.node.get().and_then(Weak::upgrade)
    }

    pub(super) fn coordinators(&self) -> Option<Arc<Coordinators>> {
        self.coordinators.get().and_then(Weak::upgrade)
    }
}

/// What is to be found at a broker's address.
#[derive(Clone)]
enum Host {
    /// Nobody answers, not even to refuse.
    Dark,
    /// The machine is there, and no process listens.
    Idle,
    Serving(Arc<Process>),
}

/// All links. Cheap to clone.
#[derive(Clone)]
pub(super) struct Network {
    env: Env,
    state: Arc<Mutex<State>>,
    healed: Arc<Notify>,
}

struct State {
    hosts: BTreeMap<BrokerId, Host>,
    /// What is sent from the first arrives at the second no more.
    cut: BTreeSet<(BrokerId, BrokerId)>,
    /// The longest delay of a link that is slow.
    slow: BTreeMap<(BrokerId, BrokerId), Duration>,
    /// The longest delay of any other.
    delay: Duration,
    /// How often the first's connections to the second broke.
    resets: BTreeMap<(BrokerId, BrokerId), u64>,
}

/// Why nothing came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// Nobody listens there.
    Refused,
    /// The process went away before it had answered.
    Reset,
    /// No answer in time.
    Silent,
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::Reset => "connection reset",
            Self::Silent => "no answer",
        })
    }
}

impl Network {
    pub(super) fn new(env: Env, delay: Duration) -> Self {
        let (hosts, cut, slow) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let state = State { hosts, cut, slow, delay, resets: BTreeMap::new() };
        let state = Arc::new(Mutex::new(state));
        Self { env, state, healed: Arc::default() }
    }

    pub(super) const fn env(&self) -> &Env {
        &self.env
    }

    /// A process serves its store at the broker's address from now on.
    pub(super) fn serve(&self, broker: BrokerId, process: Arc<Process>) {
        self.state.lock().hosts.insert(broker, Host::Serving(process));
    }

    /// Nothing is served there any more. `dark`: nor will anybody say so.
    pub(super) fn withdraw(&self, broker: BrokerId, dark: bool) {
        self.state.lock().hosts.insert(broker, if dark { Host::Dark } else { Host::Idle });
    }

    pub(super) fn cut(&self, from: BrokerId, to: BrokerId) {
        self.state.lock().cut.insert((from, to));
    }

    pub(super) fn slow(&self, from: BrokerId, to: BrokerId, longest: Duration) {
        self.state.lock().slow.insert((from, to), longest);
    }

    /// Takes this direction's cut and delay away.
    pub(super) fn mend(&self, from: BrokerId, to: BrokerId) {
        {
            let mut state = self.state.lock();
            state.cut.remove(&(from, to));
            state.slow.remove(&(from, to));
        }
        self.healed.notify_waiters();
    }

    /// Takes every cut and delay away.
    pub(super) fn heal(&self) {
        {
            let mut state = self.state.lock();
            state.cut.clear();
            state.slow.clear();
        }
        self.healed.notify_waiters();
    }

    /// Breaks the connections that the first has to the second. What is on its way on them may still arrive.
    pub(super) fn reset(&self, from: BrokerId, to: BrokerId) {
        *self.state.lock().resets.entry((from, to)).or_default() += 1;
        self.healed.notify_waiters();
    }

    /// How often such connections broke so far.
    pub(super) fn resets(&self, from: BrokerId, to: BrokerId) -> u64 {
        self.state.lock().resets.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Completes when a connection that was made after so many breaks.
    pub(super) async fn breaks(&self, from: BrokerId, to: BrokerId, before: u64) {
        loop {
            let changed = self.healed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.resets(from, to) != before {
                return;
            }
            changed.await;
        }
    }

    /// The stores that are served now.
    pub(super) fn served(&self) -> Vec<Arc<dyn LogStore>> {
        let state = self.state.lock();
        let serving = state.hosts.values().filter_map(|host| match host {
            Host::Serving(process) => Some(Arc::clone(&process.store)),
            Host::Dark | Host::Idle => None,
        });
        serving.collect()
    }

    fn host(&self, at: BrokerId) -> Host {
        self.state.lock().hosts.get(&at).cloned().unwrap_or(Host::Dark)
    }

    fn is_cut(&self, from: BrokerId, to: BrokerId) -> bool {
        self.state.lock().cut.contains(&(from, to))
    }

    /// Whether a process that ends at `at` can tell `to` so.
    pub(super) fn hears_reset(&self, at: BrokerId, to: BrokerId) -> bool {
        !matches!(self.host(at), Host::Dark) && !self.is_cut(at, to)
    }

    /// When something sent now will be there.
    pub(super) fn due(&self, from: BrokerId, to: BrokerId) -> Monotonic {
        let longest = {
            let state = self.state.lock();
            state.slow.get(&(from, to)).copied().unwrap_or(state.delay)
        };
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        self.env.clock.now() + Duration::from_micros(50 + self.env.random.below(micros + 1))
    }

    /// Completes when something that was sent arrives.
    pub(super) async fn arrival(&self, from: BrokerId, to: BrokerId, due: Monotonic) {
        let now = self.env.clock.now();
        if due > now {
            self.env.clock.sleep(due - now).await;
        }
        loop {
            let healed = self.healed.notified();
            tokio::pin!(healed);
            healed.as_mut().enable();
            if !self.is_cut(from, to) {
                return;
            }
            healed.await;
        }
    }

    async fn travel(&self, from: BrokerId, to: BrokerId) {
        if from != to {
            self.arrival(from, to, self.due(from, to)).await;
        }
    }

    /// Goes there and back: the process that listens.
    pub(super) async fn connect(
        &self,
        from: BrokerId,
        to: BrokerId,
        limit: Duration,
    ) -> Result<Arc<Process>, CallError> {
        let connected = async {
            self.travel(from, to).await;
            match self.host(to) {
                Host::Dark => std::future::pending().await,
                Host::Idle => {
                    self.travel(to, from).await;
                    Err(CallError::Refused)
                }
                Host::Serving(process) => {
                    self.travel(to, from).await;
                    Ok(process)
                }
            }
        };
        self.env.timeout(limit, connected).await.unwrap_or(Err(CallError::Silent))
    }

    /// Asks a process something, which it answers in its own time.
    pub(super) async fn call<T, F>(
        &self,
        (from, to): (BrokerId, BrokerId),
        limit: Duration,
        ask: impl FnOnce(Arc<Process>) -> F + Send + 'static,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let called = async {
            self.travel(from, to).await;
            let process = match self.host(to) {
                Host::Dark => return std::future::pending().await,
                Host::Idle => {
                    self.travel(to, from).await;
                    return Err(CallError::Refused);
                }
                Host::Serving(process) => process,
            };
            let (sender, answer) = oneshot::channel();
            let asked = Arc::clone(&process);
            process.tasks.spawn(async move {
                let _ = sender.send(ask(asked).await);
            });
            drop(process);
            let answer = answer.await;
            if answer.is_err() && !self.hears_reset(to, from) {
                return std::future::pending().await;
            }
            self.travel(to, from).await;
            answer.map_err(|_| CallError::Reset)
        };
        self.env.timeout(limit, called).await.unwrap_or(Err(CallError::Silent))
    }
}
