//! Clients of a simulated cluster: idempotent producers that find the leader and never give up, readers that follow a
//! partition from leader to leader. Both carry the highest leader epoch that they have heard of.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use esker_core::{
    BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Offset, PartitionId, ProducerId, ShardId, TopicNumber,
    shard_map::shard_of,
};
use esker_env::Env;
use esker_log::{AppendError, AppendOptions, Isolation, Log, LogError, ProducerError, ReadError, ReadLimits};
use esker_node::Node;
use esker_wal::LogStore;
use futures::FutureExt;
use tokio::sync::mpsc;

use super::{
    machine::{Live, Machine, Reach},
    network::Network,
};
use crate::{
    clients::{Outgoing, build},
    history::{Ack, History},
};

/// How long a client waits for an answer to anything but a produce.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// What a client needs of the world.
#[derive(Clone)]
pub(super) struct Client {
    /// Time and this client's own randomness.
    pub(super) env: Env,
    pub(super) machines: Arc<Vec<Machine>>,
    pub(super) shards: u32,
    pub(super) history: History,
    /// Clients wind down once this is true.
    pub(super) stop: Arc<AtomicBool>,
    /// What it takes to count copies.
    pub(super) checks: Arc<Checks>,
}

/// What acknowledgements can be checked against.
pub(super) struct Checks {
    pub(super) network: Network,
    /// `min.insync.replicas` of each topic.
    pub(super) copies: BTreeMap<TopicNumber, usize>,
    pub(super) write_quorum: usize,
    /// Disks that were lost so far.
    pub(super) lost_disks: AtomicUsize,
}

/// The leader of a partition as a client knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leader {
    pub(super) broker: BrokerId,
    pub(super) epoch: Epoch,
}

/// A client's view of one partition.
pub(super) struct Route {
    pub(super) partition: PartitionId,
    /// The highest epoch it has heard of.
    pub(super) epoch: Epoch,
    pub(super) leader: Option<Leader>,
    /// Old clients do not name epochs, nor remember them: they believe whoever takes itself for the leader.
    pub(super) names_epochs: bool,
}

/// An answer to one batch.
enum Reply {
    Acked {
        index: usize,
        offset: Offset,
        epoch: Epoch,
        duplicate: bool,
    },
    Refused(String),
    /// A sequence that does not follow the one before it.
    OutOfOrder(Epoch, ProducerError),
}

/// Who leads a shard, as a broker knows it.
pub(super) fn leader_of(node: &Node, shard: ShardId) -> Option<Leader> {
    let view = node.membership()?.view();
    let epoch = view.shards.get(&shard)?.record.epoch;
    Some(Leader { broker: view.owner(shard)?.key.broker, epoch })
}

impl Client {
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) async fn pause(&self, longest: Duration) {
        let millis = self.env.random.below(longest.as_millis() as u64 + 1);
        self.env.clock.sleep(Duration::from_millis(millis)).await;
    }

    /// A request on its way.
    pub(super) async fn travel(&self) {
        self.env.clock.sleep(Duration::from_micros(self.env.random.below(2_000))).await;
    }

    pub(super) fn machine(&self, broker: BrokerId) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.id == broker)
    }

    pub(super) fn route(&self, partition: PartitionId) -> Route {
        Route { partition, epoch: Epoch(0), leader: None, names_epochs: self.env.random.below(3) > 0 }
    }

    /// The machine of the leader, asking any broker when it is not known. A view that is older than what the client
    /// knows is not believed.
    pub(super) async fn leader(&self, route: &mut Route) -> (Leader, Machine) {
        if !route.names_epochs {
            route.epoch = Epoch(0);
            if self.env.random.below(3) == 0 {
                route.leader = None;
            }
        }
        loop {
            if let Some(leader) = route.leader
                && let Some(machine) = self.machine(leader.broker)
            {
                return (leader, machine.clone());
            }
            let any = &self.machines[self.env.random.below(self.machines.len() as u64) as usize];
            self.travel().await;
            let shard = shard_of(route.partition, self.shards);
            let asked = any.ask_from_afar(async move |node: Arc<Node>| leader_of(&node, shard));
            match self.env.timeout(PATIENCE, asked).await {
                Ok(Some(Some(leader))) if leader.epoch >= route.epoch => {
                    route.epoch = leader.epoch;
                    route.leader = Some(leader);
                }
                _ => self.pause(Duration::from_millis(200)).await,
            }
        }
    }

    /// The leader as any one broker knows it, and its machine.
    pub(super) async fn leader_once(&self, partition: PartitionId) -> Option<(BrokerId, Machine)> {
        let any = &self.machines[self.env.random.below(self.machines.len() as u64) as usize];
        let shard = shard_of(partition, self.shards);
        let asked = any.ask(async move |node: Arc<Node>| leader_of(&node, shard));
        let leader = self.env.timeout(PATIENCE, asked).await.ok()??;
        let broker = leader?.broker;
        Some((broker, self.machine(broker)?.clone()))
    }

    /// One batch, until it is acknowledged.
    pub(super) async fn produce_once(self, partition: PartitionId, producer: ProducerId) {
        let mut route = self.route(partition);
        let batches = [build(&self.env, producer, 0, self.history.acked_end(partition))];
        loop {
            let (leader, machine) = self.leader(&mut route).await;
            if self.send_all(leader, &machine, &mut route, &batches).await == batches.len() {
                return;
            }
            route.leader = None;
            self.pause(Duration::from_millis(150)).await;
        }
    }

    /// An idempotent producer of one partition: up to five batches in flight, resent in order until acknowledged.
    pub(super) async fn produce(self, partition: PartitionId, producer: ProducerId) {
        let mut route = self.route(partition);
        let mut sequence = 0;
        let mut unacked: Vec<Outgoing> = Vec::new();
        loop {
            let window = 1 + self.env.random.below(5) as usize;
            while unacked.len() < window && !self.stopping() {
                let floor = self.history.acked_end(partition);
                let batch = build(&self.env, producer, sequence, floor);
                sequence += batch.sent.records;
                unacked.push(batch);
            }
            if unacked.is_empty() {
                return;
            }
            let (leader, machine) = self.leader(&mut route).await;
            let acked = self.send_all(leader, &machine, &mut route, &unacked).await;
            unacked.drain(..acked);
            if !unacked.is_empty() {
                route.leader = None;
            }
            self.pause(Duration::from_millis(if unacked.is_empty() { 300 } else { 150 })).await;
        }
    }

    /// Sends in order and returns how many, from the front, were acknowledged.
    async fn send_all(
        &self,
        leader: Leader,
        machine: &Machine,
        route: &mut Route,
        batches: &[Outgoing],
    ) -> usize {
        self.travel().await;
        let Some(Live { node, tasks, .. }) = machine.live() else { return 0 };
        let all_replicas = self.env.random.below(4) > 0;
        // A client gives up waiting and sends again: as with a lost response.
        let patience = Duration::from_millis(200 + self.env.random.below(5_000));
        if machine.reach() == Reach::Deaf {
            self.env.clock.sleep(patience).await;
            self.history.count("unanswered");
            return 0;
        }
        let (replies, mut heard) = mpsc::unbounded_channel();
        let partition = route.partition;
        let produce = Produce {
            partition,
            batches: batches.to_vec(),
            all_replicas,
            copies: self.copies(partition).filter(|_| all_replicas),
        };
        tasks.spawn(produce.append(node, self.clone(), replies));
        drop(tasks);
        let mut acked = 0;
        loop {
            let reply = self.env.timeout(patience, heard.recv()).await;
            if machine.reach() == Reach::Mute {
                self.env.clock.sleep(patience).await;
                self.history.count("unanswered");
                return acked;
            }
            match reply {
                Ok(Some(Reply::Acked { index, offset, epoch, duplicate })) => {
                    assert_eq!(index, acked, "answers come in order");
                    let Outgoing { sent, floor, .. } = &batches[index];
                    self.history.acked(partition, Ack { offset, epoch, floor: *floor }, sent);
                    if duplicate {
                        self.history.count("duplicates");
                    }
                    route.epoch = route.epoch.max(epoch);
                    acked += 1;
                    if acked == batches.len() {
                        return acked;
                    }
                }
                Ok(Some(Reply::OutOfOrder(epoch, error))) => {
                    // Nothing acknowledged can be missing and nothing was skipped: unless the leader has been replaced
                    // without knowing it, an idempotent producer never sees this.
                    if epoch >= route.epoch && route.names_epochs {
                        self.history.violation(format!("{partition}: {error} in epoch {epoch}"));
                    }
                    return acked;
                }
                Ok(Some(Reply::Refused(why))) => {
                    self.history.note(format_args!("{partition}: broker {} refused: {why}", leader.broker));
                    self.history.count("refused");
                    return acked;
                }
                Ok(None) | Err(_) => {
                    self.history.count("unanswered");
                    return acked;
                }
            }
        }
    }

    /// Follows a partition from its front, jumps back now and then, and checks all it sees.
    pub(super) async fn read(self, partition: PartitionId) {
        let mut route = self.route(partition);
        let mut next = Offset(0);
        let names_epochs = route.names_epochs;
        while !self.stopping() {
            let (leader, machine) = self.leader(&mut route).await;
            let max_bytes = 1 + self.env.random.below(8_000) as usize;
            let limits = ReadLimits { max_bytes, at_least_one: true, isolation: Isolation::ReadUncommitted };
            let told = self.history.told(partition);
            self.travel().await;
            let epoch = leader.epoch;
            let asked = machine.ask_from_afar(async move |node: Arc<Node>| {
                node.log.check_epoch(partition, names_epochs.then_some(epoch))?;
                node.log.read(partition, next, limits).await
            });
            match self.env.timeout(PATIENCE, asked).await {
                Ok(Some(Ok(read))) => {
                    let found = read.offsets.epoch;
                    if found < epoch && names_epochs {
                        self.history
                            .violation(format!("{partition}: epoch {found} answers where {epoch} was asked"));
                    }
                    route.epoch = route.epoch.max(found);
                    self.history.offsets(partition, &told, &read.offsets);
                    self.history.read(partition, next, &read.chunks);
                    next = read.next;
                }
                Ok(Some(Err(ReadError::OutOfRange { log_start, .. }))) => {
                    self.history.out_of_range(partition, next);
                    next = log_start;
                }
                Ok(Some(Err(error))) => {
                    self.history.note(format_args!(
                        "{partition}: broker {} does not read at {next}: {error}",
                        leader.broker
                    ));
                    self.history.count("failed reads");
                    if !matches!(error, ReadError::Log(LogError::UnknownEpoch { .. }))
                        || self.env.random.below(3) == 0
                    {
                        route.leader = None;
                    }
                    self.pause(Duration::from_millis(200)).await;
                }
                Ok(None) | Err(_) => {
                    self.history.count("unanswered reads");
                    route.leader = None;
                }
            }
            if self.env.random.below(40) == 0 {
                next = Offset(self.env.random.below(next.0.cast_unsigned() + 1).cast_signed());
            }
            self.pause(Duration::from_millis(150)).await;
        }
    }

    /// Deletes records now and then.
    pub(super) async fn delete(self, partition: PartitionId) {
        let mut route = self.route(partition);
        loop {
            self.pause(Duration::from_secs(8)).await;
            if self.stopping() {
                return;
            }
            let (_, machine) = self.leader(&mut route).await;
            self.travel().await;
            let asked = machine.ask_from_afar(async move |node: Arc<Node>| node.log.offsets(partition));
            let Ok(Some(Ok(offsets))) = self.env.timeout(PATIENCE, asked).await else {
                route.leader = None;
                continue;
            };
            let span = (offsets.high_watermark.0 - offsets.log_start.0).cast_unsigned();
            let before = Offset(offsets.log_start.0 + self.env.random.below(span + 1).cast_signed());
            self.history.may_delete(partition, before);
            let asked = machine.ask_from_afar(async move |node: Arc<Node>| {
                let epoch = node.log.offsets(partition).map_or(Epoch(0), |offsets| offsets.epoch);
                (epoch, node.log.delete_records(partition, Some(before)).await)
            });
            match self.env.timeout(PATIENCE, asked).await {
                Ok(Some((epoch, Ok(start)))) => {
                    self.history.deleted(partition, epoch, start);
                    self.history.note(format_args!("{partition}: log start {start}"));
                    self.history.count("deletes");
                }
                Ok(Some((_, Err(error)))) => {
                    self.history.note(format_args!("{partition}: delete failed: {error}"));
                    route.leader = None;
                }
                Ok(None) | Err(_) => route.leader = None,
            }
        }
    }
}

/// Several produces on one connection.
struct Produce {
    partition: PartitionId,
    batches: Vec<Outgoing>,
    all_replicas: bool,
    /// Copies that acknowledgements promise, if that can be checked.
    copies: Option<usize>,
}

impl Produce {
    /// The broker's side: appended in order, answered in order.
    async fn append(self, node: Arc<Node>, client: Client, replies: mpsc::UnboundedSender<Reply>) {
        let log = node.log.clone();
        drop(node);
        let Self { partition, all_replicas, .. } = self;
        let mut pending = Vec::new();
        let mut refused = None;
        for (index, batch) in self.batches.into_iter().enumerate() {
            let epoch = log.offsets(partition).map_or(Epoch(0), |offsets| offsets.epoch);
            let checked = log.check(partition, &batch.bytes);
            match checked.and_then(|checked| {
                log.append(partition, checked, AppendOptions { all_replicas, ..AppendOptions::default() })
            }) {
                Ok(appended) => pending.push((index, epoch, appended)),
                Err(AppendError::Producer(error @ ProducerError::OutOfOrder { .. })) => {
                    refused = Some(Reply::OutOfOrder(epoch, error));
                    break;
                }
                Err(error) => {
                    refused = Some(Reply::Refused(error.to_string()));
                    break;
                }
            }
        }
        for (index, epoch, appended) in pending {
            let reply = match appended.ticket.durable().await {
                Ok(()) => {
                    let (offset, duplicate) = (appended.base_offset, appended.duplicate);
                    // Of some: looking at all that stores hold takes longer than appending it.
                    if let Some(copies) = self.copies.filter(|_| client.env.random.below(4) == 0) {
                        client.check_copies(&log, partition, offset, copies);
                    }
                    Reply::Acked { index, offset, epoch, duplicate }
                }
                Err(error) => {
                    let _ = replies.send(Reply::Refused(error.to_string()));
                    return;
                }
            };
            let _ = replies.send(reply);
        }
        if let Some(refused) = refused {
            let _ = replies.send(refused);
        }
    }
}

impl Client {
    /// The copies that `acks=all` promises of a partition, where that is more than W.
    fn copies(&self, partition: PartitionId) -> Option<usize> {
        let copies = self.checks.copies.get(&partition.topic).copied()?;
        (copies > self.checks.write_quorum).then_some(copies)
    }

    /// What was acknowledged by so many stores is there, unless an object has it already: then it may be trimmed. A store
    /// that is not served now, or whose disk was lost, may have held it.
    fn check_copies(&self, log: &Log, partition: PartitionId, offset: Offset, copies: usize) {
        // A shard that has gone was archived before. Who answers late may have been replaced, and its successor knows.
        let archived = |log: &Log| log.archived_end(partition).is_ok_and(|end| offset < end);
        let mut elsewhere = self.machines.iter().filter_map(Machine::live);
        if log.archived_end(partition).is_err()
            || archived(log)
            || elsewhere.any(|live| archived(&live.node.log))
        {
            return self.history.count("copies archived");
        }
        let served = self.checks.network.served();
        let mut ledgers = log.rolled_ledgers();
        ledgers.extend(log.lane_ends().into_iter().map(|(ledger, _)| ledger));
        let holds = |store: &Arc<dyn LogStore>, ledger: LedgerId| {
            let directory = store.directory(ledger, FrameIndex(0)).now_or_never();
            directory.and_then(Result::ok).is_some_and(|frames| {
                let headers = frames.iter().flat_map(|(_, headers)| headers.iter());
                let mut found = headers.filter(|header| header.kind == EntryKind::Batch);
                found.any(|header| header.partition == partition && header.base_offset == offset)
            })
        };
        let holders =
            served.iter().filter(|store| ledgers.iter().any(|ledger| holds(store, *ledger))).count();
        let unknown = (self.machines.len() - served.len()) + self.checks.lost_disks.load(Ordering::Relaxed);
        self.history.count("copies counted");
        if holders + unknown < copies {
            self.history.violation(format!(
                "{partition}: {offset} was acknowledged by {copies} stores, and {holders} hold it"
            ));
        }
    }
}
