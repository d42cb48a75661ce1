//! A client that has a transactional id: as Kafka's producers do, of the second protocol or the first.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use esker_coordinator::{
    Admission, AdmitRequest, EndProtocol, Producer, TransactionError, attributes::PRIORITY,
};
use esker_core::{
    Action, Classified, Offset, PartitionId,
    batch::{BatchBuilder, Compression, NewRecord},
};
use esker_kafka_wire::KString;
use esker_log::{AppendError, AppendOptions, ProducerError, TxnWrite};
use esker_node::Node;

use super::{
    super::{
        asking::Kept,
        clients::{Client, Route},
        coordination::Coordinators,
        machine::Machine,
    },
    book::Book,
    settings::LONGEST,
    spice::Spice,
    stamp::{Copied, Stamp},
};
use crate::history::{Ack, Sent, digest};

/// While the transaction before is being ended, a partition's leader asks its coordinator again after this, for so long
/// (`esker-kafka`, `produce/admission.rs`).
const ASK_AGAIN: Duration = Duration::from_millis(20);
const ASK_FOR: Duration = Duration::from_millis(100);

/// Why a transaction does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It must be aborted.
    Abort,
    /// Its producer is of no use any more.
    Fenced,
}

/// Why a batch was not taken.
enum Refusal {
    Gate(TransactionError),
    Append(AppendError),
}

/// Where a batch stands.
struct Stands {
    offset: Offset,
    epoch: esker_core::Epoch,
}

/// A batch of a transaction.
#[derive(Clone)]
struct Batch {
    bytes: Bytes,
    sent: Sent,
    floor: i64,
}

/// A transactional id, as one of those who have it.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) book: Book,
    /// Names of topics.
    names: Arc<BTreeMap<PartitionId, (KString, i32)>>,
    /// How many keys records have.
    keys: u64,
    pub(super) id: KString,
    pub(super) protocol: EndProtocol,
    timeout: Duration,
    pub(super) producer: Producer,
    coordinator: Option<Machine>,
    routes: BTreeMap<PartitionId, Route>,
    sequences: BTreeMap<PartitionId, i32>,
    places: BTreeMap<PartitionId, u32>,
    /// Partitions that were added to the transaction (first protocol).
    added: BTreeSet<(KString, i32)>,
    /// Something was asked and nothing was heard of it: it may come late.
    unsure: bool,
    pub(super) current: Option<u64>,
}

impl Session {
    /// Takes an id: whoever had it before is fenced.
    pub(super) async fn open(
        client: Client,
        book: Book,
        names: Arc<BTreeMap<PartitionId, (KString, i32)>>,
        id: KString,
        protocol: EndProtocol,
        keys: u64,
    ) -> Self {
        let timeout =
            Duration::from_millis(1_000 + client.env.random.below(LONGEST.as_millis() as u64 - 999));
        let mut session = Self {
            client,
            book,
            names,
            keys,
            id,
            protocol,
            timeout,
            producer: Producer { id: esker_core::ProducerId::NONE, epoch: -1 },
            coordinator: None,
            routes: BTreeMap::new(),
            sequences: BTreeMap::new(),
            places: BTreeMap::new(),
            added: BTreeSet::new(),
            unsure: false,
            current: None,
        };
        while session.initialize(None).await.is_err() {
            session.client.pause(Duration::from_millis(500)).await;
        }
        session
    }

    async fn initialize(&mut self, expected: Option<Producer>) -> Result<(), Trouble> {
        let (id, timeout) = (self.id.clone(), self.timeout);
        let answer = self
            .patiently(move |asked| {
                let id = id.clone();
                async move { asked.here.transactions.init(&id, timeout, expected).await }
            })
            .await;
        match answer {
            Ok(producer) => {
                self.producer = producer;
                self.sequences.clear();
                self.unsure = false;
                self.book.initialized(&self.id, producer);
                Ok(())
            }
            Err(error) => {
                self.note(format_args!("is not given to it: {error}"));
                Err(Trouble::Fenced)
            }
        }
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        let Producer { id, epoch } = self.producer;
        self.book.history.note(format_args!("{} ({id} epoch {epoch}): {what}", self.id));
    }

    async fn machine(&mut self) -> Machine {
        loop {
            if let Some(machine) = &self.coordinator {
                return machine.clone();
            }
            self.coordinator = self.client.coordinator_once(Kept::Id(self.id.clone())).await;
            if self.coordinator.is_none() {
                self.client.pause(Duration::from_millis(200)).await;
            }
        }
    }

    /// Asks the id's coordinator once; `None` when no answer comes.
    async fn once<T, F>(
        &mut self,
        ask: impl FnOnce(Arc<Coordinators>) -> F + Send + 'static,
    ) -> Option<Result<T, TransactionError>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, TransactionError>> + Send + 'static,
    {
        let machine = self.machine().await;
        let answer = self.client.ask_coordinators(&machine, move |_, asked| ask(asked)).await;
        if !matches!(&answer, Some(Ok(_) | Err(TransactionError::Concurrent | TransactionError::Loading))) {
            self.coordinator = None;
        }
        if matches!(answer, None | Some(Err(TransactionError::NotCoordinator))) {
            self.unsure = true;
        }
        if matches!(
            answer,
            Some(Err(TransactionError::NotFound | TransactionError::InvalidProducerIdMapping))
        ) {
            self.book.history.violation(format!("{}: the transactional id was forgotten", self.id));
        }
        answer
    }

    /// Asks until the answer is not about the coordinator's own state.
    async fn patiently<T, F>(
        &mut self,
        ask: impl Fn(Arc<Coordinators>) -> F + Clone + Send + 'static,
    ) -> Result<T, TransactionError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, TransactionError>> + Send + 'static,
    {
        loop {
            match self.once(ask.clone()).await {
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(error)) if !matches!(error.action(), Action::Retry | Action::Refresh) => {
                    return Err(error);
                }
                _ => self.client.pause(Duration::from_millis(150)).await,
            }
        }
    }

    /// Begins a transaction. Nobody else hears of that.
    pub(super) fn begin(&mut self) {
        self.current = Some(self.book.begin(&self.id, self.producer));
        self.added.clear();
        self.places.clear();
    }

    fn number(&self) -> u64 {
        self.current.expect("a transaction was begun")
    }

    /// First protocol: partitions are added before anything is written to them.
    pub(super) async fn add(&mut self, partition: (KString, i32)) -> Result<(), Trouble> {
        if self.protocol == EndProtocol::BumpEpoch || self.added.contains(&partition) {
            return Ok(());
        }
        let (id, producer, partitions) = (self.id.clone(), self.producer, vec![partition.clone()]);
        let added = self
            .patiently(move |asked| {
                let (id, partitions) = (id.clone(), partitions.clone());
                async move { asked.here.transactions.add(&id, producer, &partitions).await }
            })
            .await;
        match added {
            Ok(()) => {
                self.added.insert(partition);
                Ok(())
            }
            Err(error) => {
                self.note(format_args!("{partition:?} is not added: {error}"));
                Err(Trouble::Abort)
            }
        }
    }

    pub(super) const fn admission(&self) -> Admission {
        match self.protocol {
            EndProtocol::BumpEpoch => Admission::Add,
            EndProtocol::KeepEpoch => Admission::Verify,
        }
    }

    fn build(&self, partition: PartitionId, sequence: i32, values: &[Vec<u8>]) -> Batch {
        let env = &self.client.env;
        let codec = if env.random.below(4) == 0 { Compression::Lz4 } else { Compression::None };
        let Producer { id, epoch } = self.producer;
        let mut builder = BatchBuilder::new(codec).producer(id, epoch, sequence).transactional();
        for value in values {
            let spice = Spice::of(value, self.keys);
            let key = spice.as_ref().and_then(|spice| spice.key.as_deref());
            let headers = spice.as_ref().map(|spice| [(PRIORITY.as_bytes(), Some(&spice.priority[..]))]);
            let record = NewRecord {
                timestamp: env.clock.wall_ms(),
                key,
                value: Some(value),
                headers: headers.as_ref().map_or(&[], |headers| &headers[..]),
            };
            builder.push(&record).expect("small records are within every bound");
        }
        let bytes = builder.build().expect("small batches are within every bound");
        let sent = Sent { producer: id.0, sequence, records: values.len() as i32, digest: digest(&bytes) };
        Batch { bytes, sent, floor: self.book.history.acked_end(partition) }
    }

    /// Writes records to a partition, in one to three batches, until all are acknowledged.
    pub(super) async fn write(
        &mut self,
        partition: PartitionId,
        records: &[Option<Copied>],
    ) -> Result<(), Trouble> {
        let name = self.names[&partition].clone();
        self.add(name.clone()).await?;
        let txn = self.number();
        let mut sequence = self.sequences.get(&partition).copied().unwrap_or(0);
        let mut place = self.places.get(&partition).copied().unwrap_or(0);
        let mut batches = Vec::new();
        let most = 1 + self.client.env.random.below(4) as usize;
        for chunk in records.chunks(most) {
            let values: Vec<Vec<u8>> = chunk
                .iter()
                .map(|copied| {
                    let stamp = Stamp { txn, place, copied: *copied };
                    place += 1;
                    stamp.value(self.client.env.random.below(300) as usize)
                })
                .collect();
            batches.push(self.build(partition, sequence, &values));
            sequence += chunk.len() as i32;
        }
        self.sequences.insert(partition, sequence);
        self.places.insert(partition, place);
        let give_up =
            self.client.env.clock.now() + Duration::from_millis(self.client.env.random.below(12_000));
        for batch in batches {
            if let Err(trouble) = self.deliver(partition, &name, &batch, give_up).await {
                // Its sequence numbers and those behind it are lost, or come late.
                self.unsure = true;
                return Err(trouble);
            }
            self.book.written(txn, partition, batch.sent.records as u32);
        }
        Ok(())
    }

    /// Sends a batch until it is acknowledged.
    async fn deliver(
        &mut self,
        partition: PartitionId,
        name: &(KString, i32),
        batch: &Batch,
        give_up: esker_env::Monotonic,
    ) -> Result<(), Trouble> {
        loop {
            let client = self.client.clone();
            let route = self.routes.entry(partition).or_insert_with(|| client.route(partition));
            let (_, machine) = client.leader(route).await;
            let produce = Produce {
                partition,
                name: name.clone(),
                id: self.id.clone(),
                producer: self.producer,
                admission: self.admission(),
                batch: batch.clone(),
                all_replicas: client.env.random.below(4) > 0,
            };
            let answer = client.ask_coordinators(&machine, |node, asked| produce.append(node, asked)).await;
            match answer {
                Some(Ok(Stands { offset, epoch })) => {
                    let ack = Ack { offset, epoch, floor: batch.floor };
                    self.book.history.acked(partition, ack, &batch.sent);
                    return Ok(());
                }
                Some(Err(Refusal::Gate(error))) => {
                    self.book.history.count("not admitted");
                    if !matches!(error.action(), Action::Retry | Action::Refresh) {
                        self.note(format_args!("{partition}: not admitted: {error}"));
                        return Err(Trouble::Abort);
                    }
                }
                Some(Err(Refusal::Append(error @ AppendError::Producer(_)))) => {
                    self.note(format_args!("{partition}: {error}"));
                    self.book.history.count(match error {
                        AppendError::Producer(ProducerError::OldEpoch { .. }) => "old epochs refused",
                        AppendError::Producer(ProducerError::OutOfOrder { .. }) => "out of order",
                        _ => "not in the transaction",
                    });
                    return Err(Trouble::Abort);
                }
                Some(Err(Refusal::Append(_))) => self.forget_leader(partition),
                None => {
                    self.unsure = true;
                    self.forget_leader(partition);
                }
            }
            if client.env.clock.now() >= give_up {
                self.note(format_args!("{partition}: gives up"));
                return Err(Trouble::Abort);
            }
            client.pause(Duration::from_millis(150)).await;
        }
    }

    fn forget_leader(&mut self, partition: PartitionId) {
        if let Some(route) = self.routes.get_mut(&partition) {
            route.leader = None;
        }
    }

    /// Ends the transaction and stays until it is known how.
    pub(super) async fn end(&mut self, commit: bool) -> Result<(), Trouble> {
        let number = self.number();
        self.book.ending(number, commit);
        // No attempt so far can have ended it.
        let mut certain = true;
        loop {
            let (id, producer, protocol) = (self.id.clone(), self.producer, self.protocol);
            let ask = async move |asked: Arc<Coordinators>| {
                asked.here.transactions.end(&id, producer, commit, protocol).await
            };
            match self.once(ask).await {
                Some(Ok(next)) => {
                    self.book.ended(number, Some(commit));
                    self.current = None;
                    if self.protocol == EndProtocol::BumpEpoch {
                        self.sequences.clear();
                        self.producer = next;
                        return Ok(());
                    }
                    // What may come late must not come into the next transaction.
                    return if self.unsure { self.initialize(Some(producer)).await } else { Ok(()) };
                }
                None | Some(Err(TransactionError::NotCoordinator)) => certain = false,
                Some(Err(error)) if matches!(error.action(), Action::Retry | Action::Refresh) => {}
                Some(Err(error)) => {
                    self.note(format_args!("transaction {number} is not ended (commit: {commit}): {error}"));
                    self.book.ended(number, (certain || !commit).then_some(false));
                    self.current = None;
                    return Err(Trouble::Fenced);
                }
            }
            self.client.pause(Duration::from_millis(150)).await;
        }
    }

    /// Something of the transaction was asked and not answered.
    pub(super) const fn was_unanswered(&mut self) {
        self.unsure = true;
    }
}

/// A batch on its way to a partition's leader.
struct Produce {
    partition: PartitionId,
    name: (KString, i32),
    id: KString,
    producer: Producer,
    admission: Admission,
    batch: Batch,
    all_replicas: bool,
}

impl Produce {
    /// The broker's side, in the order of the handler of Produce: a guard, the coordinator's word, the append under the
    /// guard.
    async fn append(self, node: Arc<Node>, asked: Arc<Coordinators>) -> Result<Stands, Refusal> {
        let log = node.log.clone();
        drop(node);
        let Self { partition, producer, admission, .. } = self;
        let write = TxnWrite {
            producer: producer.id,
            epoch: producer.epoch,
            sequence: self.batch.sent.sequence,
            bumps: admission == Admission::Add,
        };
        let guard = log.guard(partition, write).map_err(|error| Refusal::Append(error.into()))?;
        if guard.is_some() {
            self.admitted(&asked).await.map_err(Refusal::Gate)?;
        }
        drop(asked);
        let epoch = log.offsets(partition).map_or(esker_core::Epoch(0), |offsets| offsets.epoch);
        let checked = log.check(partition, &self.batch.bytes).map_err(Refusal::Append)?;
        let options = AppendOptions { all_replicas: self.all_replicas, guard, ..AppendOptions::default() };
        let appended = log.append(partition, checked, options).map_err(Refusal::Append)?;
        appended.ticket.durable().await.map_err(Refusal::Append)?;
        Ok(Stands { offset: appended.base_offset, epoch })
    }

    async fn admitted(&self, asked: &Coordinators) -> Result<(), TransactionError> {
        let env = &asked.env;
        let give_up = env.clock.now() + ASK_FOR;
        loop {
            let request = AdmitRequest {
                transactional_id: self.id.clone(),
                producer: self.producer.id,
                epoch: self.producer.epoch,
                partitions: vec![self.name.clone()],
                admission: self.admission,
            };
            let admitted = asked.here.gate.admit(request).await.pop().expect("a result for the partition");
            let again = admitted == Err(TransactionError::Concurrent) && self.admission == Admission::Add;
            if !again || env.clock.now() >= give_up {
                return admitted;
            }
            env.clock.sleep(ASK_AGAIN).await;
        }
    }
}
