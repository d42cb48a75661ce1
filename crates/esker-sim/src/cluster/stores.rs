//! Other brokers' stores over the simulated network: one ordered stream of changes for each store, reads beside it.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use esker_control::RemoteStores;
use esker_core::{BrokerId, FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_env::{BoxFuture, Env, Monotonic};
use esker_meta::Endpoint;
use esker_wal::{Directory, LogStore, SealAnswer, StoreError, Trim};
use tokio::sync::{mpsc, oneshot};

use super::network::{Network, Process};

/// As in the real client.
const CONNECT: Duration = Duration::from_secs(1);
const CALL: Duration = Duration::from_secs(5);
/// A silent peer is given up after so long: the ping, and the wait for its answer.
const PING: Duration = Duration::from_secs(3);
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

fn unreachable(why: impl Into<String>) -> StoreError {
    StoreError::Unreachable(why.into().into())
}

/// The stores of other brokers, as one broker reaches them.
pub(super) struct SimStores {
    pub(super) network: Network,
    pub(super) env: Env,
    pub(super) from: BrokerId,
    /// The process that these clients are part of, once it is there.
    pub(super) own: Arc<OnceLock<Arc<Process>>>,
}

impl RemoteStores for SimStores {
    fn connect(&self, store: StoreId, at: &Endpoint) -> Arc<dyn LogStore> {
        let to = BrokerId(at.host.parse().expect("hosts are named by their brokers' ids"));
        let (changes, called) = mpsc::unbounded_channel();
        let link = Link {
            network: self.network.clone(),
            env: self.env.clone(),
            from: self.from,
            to,
            store,
            own: Arc::clone(&self.own),
            failures: 0,
        };
        self.env.tasks.spawn(link.run(called));
        Arc::new(SimStore { network: self.network.clone(), from: self.from, to, store, changes })
    }

    fn moved(&self, store: StoreId, to: &Endpoint) {
        unreachable!("store {store} stays in its machine and not at {to:?}")
    }
}

enum Change {
    Append(Frame),
    Seal(LedgerId, Mode),
    Repair(Frame),
    Trim(LedgerId, Trim),
}

enum Answer {
    Done,
    Sealed(SealAnswer),
}

type Answered = Result<Answer, StoreError>;

struct Call {
    change: Change,
    reply: oneshot::Sender<Answered>,
}

struct SimStore {
    network: Network,
    from: BrokerId,
    to: BrokerId,
    store: StoreId,
    changes: mpsc::UnboundedSender<Call>,
}

impl SimStore {
    fn change(&self, change: Change) -> BoxFuture<'static, Answered> {
        let (reply, answer) = oneshot::channel();
        let _ = self.changes.send(Call { change, reply });
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(unreachable("the client is gone"))) })
    }

    fn done(&self, change: Change) -> BoxFuture<'static, Result<(), StoreError>> {
        let answer = self.change(change);
        Box::pin(async move { answer.await.map(drop) })
    }

    fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(Arc<dyn LogStore>) -> BoxFuture<'static, Result<T, StoreError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let (network, from, to, wanted) = (self.network.clone(), self.from, self.to, self.store);
        Box::pin(async move {
            let ask = async move |process: Arc<Process>| {
                if process.store.id() != wanted {
                    return Err(unreachable("another store is served there"));
                }
                ask(Arc::clone(&process.store)).await
            };
            let answer = network.call((from, to), CALL.min(PING), ask).await;
            answer.unwrap_or_else(|error| Err(unreachable(error.to_string())))
        })
    }
}

impl LogStore for SimStore {
    fn id(&self) -> StoreId {
        self.store
    }

    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.done(Change::Append(frame))
    }

    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        let answer = self.change(Change::Seal(ledger, mode));
        Box::pin(async move {
            match answer.await? {
                Answer::Sealed(answer) => Ok(answer),
                Answer::Done => Err(unreachable("a seal was answered with something else")),
            }
        })
    }

    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        self.done(Change::Repair(frame))
    }

    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>> {
        self.ask(move |store| store.read(ledger, index, range))
    }

    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>> {
        self.ask(move |store| store.read_frame(ledger, index))
    }

    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>> {
        self.ask(move |store| store.directory(ledger, from))
    }

    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.ask(move |store| store.is_open(ledger))
    }

    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        self.done(Change::Trim(ledger, trim))
    }
}

/// The client's side of one store's stream of changes.
struct Link {
    network: Network,
    env: Env,
    from: BrokerId,
    to: BrokerId,
    store: StoreId,
    own: Arc<OnceLock<Arc<Process>>>,
    failures: u32,
}

/// A change on its way.
struct Request {
    due: Monotonic,
    sequence: u64,
    change: Change,
}

/// An answer on its way.
struct Response {
    due: Monotonic,
    sequence: u64,
    result: Answered,
}

/// What came in, and has not arrived yet.
struct Incoming {
    responses: mpsc::UnboundedReceiver<Response>,
    next: Option<Response>,
}

impl Incoming {
    /// The next answer; `None` once the other side is gone.
    async fn next(&mut self, link: &Link) -> Option<Response> {
        if self.next.is_none() {
            self.next = Some(self.responses.recv().await?);
        }
        let due = self.next.as_ref().map_or(Monotonic::default(), |response| response.due);
        link.network.arrival(link.to, link.from, due).await;
        self.next.take()
    }
}

impl Link {
    async fn run(mut self, mut called: mpsc::UnboundedReceiver<Call>) {
        while let Some(first) = called.recv().await {
            if let Some(doublings) = self.failures.checked_sub(1) {
                let full = PAUSES.0.saturating_mul(1 << doublings.min(16)).min(PAUSES.1);
                let less = self.env.random.below(full.as_micros() as u64 / 2 + 1);
                self.env.clock.sleep(full.saturating_sub(Duration::from_micros(less))).await;
            }
            let why = match self.network.connect(self.from, self.to, CONNECT).await {
                Ok(process) => match self.drive(&process, first, &mut called).await {
                    Some(why) => why,
                    None => return,
                },
                Err(error) => {
                    let why = unreachable(error.to_string());
                    let _ = first.reply.send(Err(why.clone()));
                    why
                }
            };
            self.failures = self.failures.saturating_add(1);
            self.lost(&why);
            while let Ok(call) = called.try_recv() {
                let _ = call.reply.send(Err(why.clone()));
            }
        }
    }

    /// Uses a connection until it ends; says why. `None` once the client is gone.
    async fn drive(
        &mut self,
        process: &Arc<Process>,
        first: Call,
        called: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Option<StoreError> {
        let (send, requests) = mpsc::unbounded_channel();
        let (answers, responses) = mpsc::unbounded_channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let server = Server {
            network: self.network.clone(),
            client: self.from,
            here: self.to,
            wanted: self.store,
            process: Arc::clone(process),
            given_up: Arc::clone(&given_up),
            answers,
        };
        process.tasks.spawn(server.run(requests));
        let mut incoming = Incoming { responses, next: None };
        let mut waiting: BTreeMap<u64, (oneshot::Sender<Answered>, Monotonic)> = BTreeMap::new();
        let resets = self.network.resets(self.from, self.to);
        let mut due = Monotonic::default();
        let mut sequence = 0;
        let mut next = Some(first);
        let why = loop {
            if let Some(Call { change, reply }) = next.take() {
                due = due.max(self.network.due(self.from, self.to));
                waiting.insert(sequence, (reply, self.env.clock.now() + PING));
                let _ = send.send(Request { due, sequence, change });
                sequence += 1;
            }
            let overdue = async {
                match waiting.first_key_value() {
                    Some((_, (_, due))) => self.env.clock.sleep(*due - self.env.clock.now()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                response = incoming.next(self) => match response {
                    Some(response) => {
                        self.failures = 0;
                        if let Some((reply, _)) = waiting.remove(&response.sequence) {
                            let _ = reply.send(response.result);
                        }
                    }
                    None if self.network.hears_reset(self.to, self.from) => break unreachable("connection reset"),
                    None => {
                        self.env.clock.sleep(PING).await;
                        break unreachable("no answer to pings");
                    }
                },
                () = overdue => break unreachable("no answer in time"),
                () = self.network.breaks(self.from, self.to, resets) => break unreachable("connection reset"),
                call = called.recv() => match call {
                    Some(call) => next = Some(call),
                    None => return None,
                },
            }
        };
        // What was sent may still arrive: whoever closes a connection does not take back what is under way.
        given_up.store(self.env.random.below(2) == 0, Ordering::Relaxed);
        for (_, (reply, _)) in waiting {
            let _ = reply.send(Err(why.clone()));
        }
        Some(why)
    }

    /// As the binary does: whoever does not answer is a suspect.
    fn lost(&self, why: &StoreError) {
        let Some(node) = self.own.get().and_then(|own| own.node()) else { return };
        let serving =
            node.membership().and_then(|known| known.view().serving(self.store).map(|live| live.key));
        if let (Some(session), Some(controller)) = (serving, node.controller()) {
            controller.suspect(session.broker, &why.to_string());
        }
    }
}

/// The store's side of a stream of changes: takes them in order.
struct Server {
    network: Network,
    client: BrokerId,
    here: BrokerId,
    wanted: StoreId,
    process: Arc<Process>,
    /// The client closed the connection, and what it had sent is lost.
    given_up: Arc<AtomicBool>,
    answers: mpsc::UnboundedSender<Response>,
}

impl Server {
    async fn run(self, mut requests: mpsc::UnboundedReceiver<Request>) {
        while let Some(Request { due, sequence, change }) = requests.recv().await {
            self.network.arrival(self.client, self.here, due).await;
            if self.given_up.load(Ordering::Relaxed) {
                return;
            }
            let done = self.take(change);
            let (network, answers) = (self.network.clone(), self.answers.clone());
            let (here, client) = (self.here, self.client);
            self.process.tasks.spawn(async move {
                let result = done.await;
                let _ = answers.send(Response { due: network.due(here, client), sequence, result });
            });
        }
    }

    /// Gives a change its place in the store.
    fn take(&self, change: Change) -> BoxFuture<'static, Answered> {
        let store = &self.process.store;
        if store.id() != self.wanted {
            return Box::pin(async { Err(unreachable("another store is served there")) });
        }
        match change {
            Change::Append(frame) => done(store.append(frame)),
            Change::Repair(frame) => done(store.repair_append(frame)),
            Change::Trim(ledger, trim) => done(store.trim(ledger, trim)),
            Change::Seal(ledger, mode) => {
                let sealed = store.seal(ledger, mode);
                Box::pin(async move { sealed.await.map(Answer::Sealed) })
            }
        }
    }
}

fn done(changed: BoxFuture<'static, Result<(), StoreError>>) -> BoxFuture<'static, Answered> {
    Box::pin(async move { changed.await.map(|()| Answer::Done) })
}
