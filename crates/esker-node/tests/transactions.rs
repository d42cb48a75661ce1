//! Transactions in a partition's log: what readers of committed records get, from memory, log and objects.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use common::{World, kill, topic};
use esker_core::{
    Offset, PartitionId, ProducerId,
    batch::{BatchBuilder, BatchView, Compression, NewRecord},
};
use esker_log::{
    AppendError, AppendOptions, Isolation, Marker, ProducerError, ReadLimits, TxnGuard, TxnWrite,
};
use esker_node::Node;

const LIMITS: ReadLimits =
    ReadLimits { max_bytes: 1 << 20, at_least_one: true, isolation: Isolation::ReadCommitted };

struct Client<'a> {
    node: &'a Node,
    id: PartitionId,
    producer: i64,
    epoch: i16,
    sequence: i32,
}

impl<'a> Client<'a> {
    fn new(node: &'a Node, id: PartitionId, producer: i64) -> Self {
        Self { node, id, producer, epoch: 0, sequence: 0 }
    }

    fn try_write(&self, value: &str, guard: Option<TxnGuard>) -> Result<esker_log::Appended, AppendError> {
        let producer = ProducerId(self.producer);
        let mut builder = BatchBuilder::new(Compression::None)
            .producer(producer, self.epoch, self.sequence)
            .transactional();
        let timestamp = esker_env::Env::real().clock.wall_ms();
        builder
            .push(&NewRecord { timestamp, value: Some(value.as_bytes()), ..NewRecord::default() })
            .unwrap();
        let checked = self.node.log.check(self.id, &builder.build().unwrap()).unwrap();
        self.node.log.append(self.id, checked, AppendOptions { guard, ..AppendOptions::default() })
    }

    fn guard(&self) -> Option<TxnGuard> {
        let Self { epoch, sequence, .. } = *self;
        let write = TxnWrite { producer: ProducerId(self.producer), epoch, sequence, bumps: false };
        self.node.log.guard(self.id, write).unwrap()
    }

    /// As the coordinator allows it.
    async fn write(&mut self, value: &str) -> i64 {
        let guard = self.guard();
        let appended = self.try_write(value, guard).unwrap();
        appended.ticket.durable().await.unwrap();
        self.sequence += 1;
        appended.base_offset.0
    }

    fn marker(&self, commit: bool, coordinator_epoch: i32) -> Marker {
        let Self { epoch, .. } = *self;
        Marker { producer: ProducerId(self.producer), epoch, bumped: false, commit, coordinator_epoch }
    }

    async fn end(&self, commit: bool) {
        self.end_by(commit, 1).await;
    }

    async fn end_by(&self, commit: bool, coordinator_epoch: i32) {
        let appended = self.node.log.append_marker(self.id, self.marker(commit, coordinator_epoch)).unwrap();
        appended.ticket.durable().await.unwrap();
    }
}

fn refused(result: Result<esker_log::Appended, AppendError>) -> ProducerError {
    match result {
        Err(AppendError::Producer(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    }
}

/// What a consumer of committed records is given: as clients do, it leaves out the records of aborted transactions, from the
/// first offset that it is told up to their markers.
async fn committed(node: &Node, id: PartitionId, from: i64, limits: ReadLimits) -> Vec<String> {
    let (mut values, mut next) = (Vec::new(), Offset(from));
    let mut aborting = std::collections::BTreeSet::new();
    loop {
        let read = node.log.read(id, next, limits).await.unwrap();
        if read.chunks.is_empty() {
            assert_eq!(next, read.offsets.last_stable);
            return values;
        }
        let mut aborted = read.aborted.clone();
        aborted.sort_by_key(|txn| txn.first_offset);
        let mut aborted = aborted.into_iter().peekable();
        for view in read.chunks.iter().flat_map(BatchView::all) {
            let view = view.unwrap();
            let last = Offset(view.fields.last_offset());
            while let Some(txn) = aborted.next_if(|txn| txn.first_offset <= last) {
                aborting.insert(txn.producer);
            }
            let producer = ProducerId(view.fields.producer_id);
            if view.fields.attributes.is_control() {
                aborting.remove(&producer);
                continue;
            }
            if view.fields.attributes.is_transactional() && aborting.contains(&producer) {
                continue;
            }
            for record in view.records(1 << 20).unwrap().iter() {
                let record = record.unwrap();
                if record.offset >= from {
                    values.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
                }
            }
        }
        next = read.next;
    }
}

#[tokio::test]
async fn an_open_transaction_hides_what_follows_until_it_ends() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let (mut one, mut other) = (Client::new(node, id, 1), Client::new(node, id, 2));
    one.write("a").await;
    other.write("b").await;
    assert_eq!(node.log.offsets(id).unwrap().last_stable, Offset(0));
    other.end(true).await;
    assert_eq!(committed(node, id, 0, LIMITS).await, Vec::<String>::new(), "the first one is open");
    one.end(false).await;
    assert_eq!(committed(node, id, 0, LIMITS).await, ["b"]);
    assert!(node.log.producers(id).unwrap().iter().all(|state| state.current_txn_first_offset.is_none()));
    kill(running).await;
}

#[tokio::test]
async fn a_transaction_begins_only_where_its_coordinator_says_so() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let mut client = Client::new(node, id, 1);
    let producer = ProducerId(1);
    assert_eq!(refused(client.try_write("x", None)), ProducerError::NoTransaction { producer });
    let guard = client.guard();
    assert_eq!(client.guard(), guard, "those that ask at the same time share it");
    // It is aborted by its coordinator while the answer is on its way.
    client.end(false).await;
    assert_eq!(refused(client.try_write("x", guard)), ProducerError::NoTransaction { producer });
    // The same once the partition knows the epoch, and has nothing to write down.
    let guard = client.guard();
    client.end(false).await;
    assert_eq!(refused(client.try_write("x", guard)), ProducerError::NoTransaction { producer });
    client.write("y").await;
    assert_eq!(client.guard(), None, "it has begun");
    client.write("z").await;
    let known = node.log.producers(id).unwrap();
    assert_eq!((known.len(), known[0].producer), (1, producer));
    assert_eq!(known[0].current_txn_first_offset, Some(Offset(1)));
    client.epoch = 1;
    assert!(client.guard().is_some(), "another epoch's is not that one");
    kill(running).await;
}

#[tokio::test]
async fn late_markers_and_late_batches_are_refused() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let mut client = Client::new(node, id, 1);
    client.write("a").await;
    let bumped = Marker { epoch: 1, bumped: true, ..client.marker(true, 7) };
    let end = node.log.append_marker(id, bumped).unwrap();
    end.ticket.durable().await.unwrap();
    assert!(node.log.append_marker(id, bumped).unwrap().duplicate);
    let guard = client.guard();
    assert!(matches!(refused(client.try_write("late", guard)), ProducerError::OldEpoch { current: 1, .. }));
    (client.epoch, client.sequence) = (1, 1);
    let guard = client.guard();
    assert!(matches!(
        refused(client.try_write("not the first", guard)),
        ProducerError::OutOfOrder { expected: 0, .. }
    ));
    client.sequence = 0;
    client.write("b").await;
    assert!(node.log.append_marker(id, bumped).unwrap().duplicate, "a copy of the end before");
    assert!(client.guard().is_none(), "it has ended nothing");
    let late = node.log.append_marker(id, client.marker(false, 6));
    assert!(matches!(refused(late), ProducerError::OldCoordinator { got: 6, current: 7, .. }));
    kill(running).await;
}

/// The first protocol: transactions that follow one another have the same epoch.
#[tokio::test]
async fn what_a_replaced_coordinator_says_again_does_not_end_the_next_transaction() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let mut client = Client::new(node, id, 1);
    client.write("a").await;
    // The one before decided, told this partition, and was replaced; the next one tells it once more.
    for coordinator in [2, 3] {
        let told = node.log.append_marker(id, client.marker(true, coordinator)).unwrap();
        told.ticket.durable().await.unwrap();
    }
    assert!(node.log.append_marker(id, client.marker(true, 3)).unwrap().duplicate);
    client.write("b").await;
    let late = node.log.append_marker(id, client.marker(true, 2));
    assert!(matches!(refused(late), ProducerError::OldCoordinator { got: 2, current: 3, .. }));
    client.end_by(false, 3).await;
    assert_eq!(committed(node, id, 0, LIMITS).await, ["a"]);
    kill(running).await;
}

/// Transactions that cross objects in every way, read again and again: from memory, from the log, from objects with the log
/// that still has a part, after a kill, and with the log gone.
#[tokio::test]
async fn aborted_transactions_are_known_wherever_they_are_read_from() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let mut clients: Vec<Client> = (1..=4).map(|producer| Client::new(node, id, producer)).collect();
    let mut expected: Vec<(i64, String)> = Vec::new();
    // Each producer's transaction ends one round after the next producer's began; a flush lies between.
    for round in 0..12_usize {
        let value = format!("{round}");
        let offset = clients[round % 4].write(&value).await;
        let commits = round % 3 != 0;
        if commits {
            expected.push((offset, value));
        }
        if round >= 2 {
            clients[(round - 2) % 4].end((round - 2) % 3 != 0).await;
        }
        if round % 2 == 0 {
            node.log.flush_all().await.unwrap();
        }
    }
    clients[10 % 4].end(10 % 3 != 0).await;
    clients[11 % 4].end(11 % 3 != 0).await;
    let end = node.log.offsets(id).unwrap().high_watermark.0;
    let small = ReadLimits { max_bytes: 1, ..LIMITS };
    let check = async |node: &Node| {
        for from in 0..end {
            let wanted: Vec<&str> =
                expected.iter().filter(|(offset, _)| *offset >= from).map(|(_, value)| &**value).collect();
            assert_eq!(committed(node, id, from, LIMITS).await, wanted, "from {from}");
            assert_eq!(committed(node, id, from, small).await, wanted, "from {from}, one batch at a time");
        }
    };
    check(node).await;
    node.log.flush_all().await.unwrap();
    check(node).await;
    kill(running).await;
    let running = world.start().await;
    check(&running.0).await;
    running.0.stop().await.unwrap();
    drop(running);
    world.lose_log();
    let running = world.start().await;
    check(&running.0).await;
    kill(running).await;
}

#[tokio::test]
async fn an_open_transaction_survives_a_kill_and_the_loss_of_the_log() {
    let world = World::new();
    let running = world.start().await;
    let id = topic(&running.0, &[]).await;
    let mut client = Client::new(&running.0, id, 1);
    client.write("a").await;
    let sequence = client.sequence;
    kill(running).await;
    let running = world.start().await;
    assert_eq!(running.0.log.offsets(id).unwrap().last_stable, Offset(0));
    running.0.stop().await.unwrap();
    drop(running);
    world.lose_log();
    let running = world.start().await;
    let node = &running.0;
    assert_eq!(node.log.offsets(id).unwrap().last_stable, Offset(0), "offload goes on beyond it");
    assert_eq!(committed(node, id, 0, LIMITS).await, Vec::<String>::new());
    let mut client = Client { sequence, ..Client::new(node, id, 1) };
    assert_eq!(client.guard(), None, "it is open still");
    client.write("b").await;
    client.end(true).await;
    assert_eq!(committed(node, id, 0, LIMITS).await, ["a", "b"]);
    kill(running).await;
}

#[tokio::test]
async fn a_batch_does_not_overtake_the_first_one_of_its_transaction() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let mut client = Client::new(node, id, 1);
    let first = client.guard();
    client.sequence = 1;
    assert_eq!(client.guard(), first);
    assert!(matches!(
        refused(client.try_write("second", first)),
        ProducerError::OutOfOrder { got: 1, expected: 0, .. }
    ));
    client.sequence = 0;
    client.write("first").await;
    client.write("second").await;
    kill(running).await;
}

#[tokio::test]
async fn deleting_records_of_an_open_transaction_moves_what_is_stable() {
    let world = World::new();
    let running = world.start().await;
    let node = &running.0;
    let id = topic(node, &[]).await;
    let (mut one, mut other) = (Client::new(node, id, 1), Client::new(node, id, 2));
    one.write("a").await;
    other.write("b").await;
    other.end(true).await;
    node.log.delete_records(id, Some(Offset(1))).await.unwrap();
    assert_eq!(node.log.offsets(id).unwrap().last_stable, Offset(1), "not below the log's start");
    assert_eq!(committed(node, id, 1, LIMITS).await, Vec::<String>::new(), "it is open all the same");
    one.end(false).await;
    assert_eq!(committed(node, id, 1, LIMITS).await, ["b"]);
    kill(running).await;
}
