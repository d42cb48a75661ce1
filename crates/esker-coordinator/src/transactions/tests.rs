//! The shell: loading, loss, failover, markers and deadlines on a real clock.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_core::Epoch;
use esker_env::{BoxFuture, Env};
use esker_kafka_wire::KString;
use esker_meta::{Keys, MemoryMeta, Meta, ProducerIds};
use parking_lot::Mutex;

use super::*;
use crate::{TopicError, memory_topic::MemoryTopic};

/// Partitions that take markers, or are away.
#[derive(Default)]
struct Peers {
    told: Mutex<Vec<MarkerOrder>>,
    away: Mutex<bool>,
}

impl TransactionPeers for Peers {
    fn write_markers(&self, order: MarkerOrder) -> BoxFuture<'_, Vec<Result<(), MarkerError>>> {
        let count = order.partitions.len();
        let result = match *self.away.lock() {
            true => Err(MarkerError::Unavailable("away".to_owned())),
            false => {
                self.told.lock().push(order);
                Ok(())
            }
        };
        Box::pin(async move { vec![result; count] })
    }
}

struct World {
    topic: MemoryTopic,
    peers: Arc<Peers>,
    ids: Arc<ProducerIds>,
    transactions: Transactions,
    _guard: TransactionsGuard,
}

fn s(text: &str) -> KString {
    KString::from(text)
}

fn a(partition: i32) -> Vec<(KString, i32)> {
    vec![(s("a"), partition)]
}

const TIMEOUT: Duration = Duration::from_secs(60);

impl World {
    fn new() -> Self {
        let env = Env::real();
        let meta = Meta::new(Arc::new(MemoryMeta::new(env.clone())), Keys::new("/e").unwrap(), env);
        Self::on(MemoryTopic::new(), Arc::default(), Arc::new(ProducerIds::new(meta)))
    }

    fn on(topic: MemoryTopic, peers: Arc<Peers>, ids: Arc<ProducerIds>) -> Self {
        let config = TransactionConfig { topic_partitions: 3, ..TransactionConfig::default() };
        let parts = (Arc::new(topic.clone()), Arc::clone(&ids), Arc::clone(&peers));
        let transactions = Transactions::new(config, Env::real(), parts.0, parts.1, parts.2);
        let guard = transactions.start();
        Self { topic, peers, ids, transactions, _guard: guard }
    }

    /// Another coordinator on the same log, as after a restart.
    fn restart(self) -> Self {
        Self::on(self.topic.clone(), Arc::clone(&self.peers), Arc::clone(&self.ids))
    }

    async fn init(&self, id: &str) -> Result<Producer, TransactionError> {
        self.transactions.init(&s(id), TIMEOUT, None).await
    }

    async fn state(&self, id: &str) -> TransactionState {
        self.transactions.describe(&s(id)).await.expect("exists").state
    }

    async fn until(&self, id: &str, state: TransactionState) {
        while self.state(id).await != state {
            tokio::task::yield_now().await;
        }
    }

    async fn admit(
        &self,
        producer: Producer,
        partition: i32,
        admission: Admission,
    ) -> Result<(), TransactionError> {
        let request = AdmitRequest {
            transactional_id: s("t"),
            producer: producer.id,
            epoch: producer.epoch,
            partitions: a(partition),
            admission,
        };
        let answers = self.transactions.admit(request).await;
        assert_eq!(answers.len(), 1);
        answers[0]
    }
}

#[tokio::test]
async fn transactions_begin_and_end_and_survive_a_restart() {
    let world = World::new();
    let producer = world.init("t").await.unwrap();
    assert_eq!(producer.epoch, 0);
    world.transactions.add(&s("t"), producer, &a(0)).await.unwrap();
    let next = world.transactions.end(&s("t"), producer, true, EndProtocol::BumpEpoch).await.unwrap();
    world.until("t", TransactionState::CompleteCommit).await;
    let told = world.peers.told.lock().clone();
    assert_eq!((told.len(), told[0].commit, told[0].epoch), (1, true, next.epoch));
    let world = world.restart();
    assert_eq!(world.state("t").await, TransactionState::CompleteCommit);
    assert_eq!(world.init("t").await, Ok(Producer { epoch: next.epoch + 1, ..producer }));
    assert_eq!(world.transactions.list().await.unwrap().len(), 1);
    let other = world.init("u").await.unwrap();
    assert_ne!(other.id, producer.id);
}

/// Each transaction of the second protocol takes an epoch, and there are 32,768 of them.
#[tokio::test]
async fn a_producer_whose_epochs_are_used_up_goes_on_under_another_id() {
    let world = World::new();
    let first = world.init("t").await.unwrap();
    let mut producer = first;
    let mut transactions = 0;
    while producer.id == first.id {
        while world.transactions.add(&s("t"), producer, &a(0)).await == Err(TransactionError::Concurrent) {}
        let next = world.transactions.end(&s("t"), producer, true, EndProtocol::BumpEpoch).await.unwrap();
        assert!(next.epoch == producer.epoch + 1 || (next.id != first.id && next.epoch == 0), "{next:?}");
        producer = next;
        transactions += 1;
    }
    assert_eq!(transactions, i32::from(i16::MAX), "the last epoch only fences");
    world.until("t", TransactionState::CompleteCommit).await;
    {
        let told = world.peers.told.lock();
        assert_eq!(told.len(), transactions as usize, "each is told once");
        assert!(told.iter().all(|order| order.producer == first.id && order.commit));
        assert_eq!(told.last().unwrap().epoch, i16::MAX);
    }
    let world = world.restart();
    let refused = world.transactions.add(&s("t"), first, &a(0)).await;
    assert_eq!(refused, Err(TransactionError::InvalidProducerIdMapping));
    assert_eq!(world.transactions.add(&s("t"), producer, &a(0)).await, Ok(()));
}

#[tokio::test]
async fn partitions_leaders_are_told_who_may_write() {
    let world = World::new();
    let producer = world.init("t").await.unwrap();
    assert_eq!(world.admit(producer, 0, Admission::Verify).await, Err(TransactionError::Abortable));
    assert_eq!(world.admit(producer, 0, Admission::Add).await, Ok(()));
    assert_eq!(world.admit(producer, 0, Admission::Verify).await, Ok(()));
    let old = Producer { epoch: -1, ..producer };
    assert_eq!(world.admit(old, 0, Admission::Add).await, Err(TransactionError::ProducerFenced));
}

#[tokio::test]
async fn a_decision_is_carried_out_by_the_next_coordinator() {
    let world = World::new();
    let producer = world.init("t").await.unwrap();
    world.transactions.add(&s("t"), producer, &a(0)).await.unwrap();
    *world.peers.away.lock() = true;
    world.transactions.end(&s("t"), producer, false, EndProtocol::KeepEpoch).await.unwrap();
    assert_eq!(world.state("t").await, TransactionState::PrepareAbort);
    let world = world.restart();
    assert_eq!(world.init("t").await, Err(TransactionError::Concurrent), "waits, and not for ever");
    *world.peers.away.lock() = false;
    world.until("t", TransactionState::CompleteAbort).await;
    assert!(!world.peers.told.lock()[0].commit);
}

#[tokio::test]
async fn whoever_comes_while_a_transaction_ends_waits_a_little() {
    let world = World::new();
    let mut producer = world.init("t").await.unwrap();
    for round in 0..50 {
        world.transactions.add(&s("t"), producer, &a(round)).await.expect("the one before is soon over");
        producer = world.transactions.end(&s("t"), producer, true, EndProtocol::BumpEpoch).await.unwrap();
    }
    assert!(world.peers.told.lock().len() >= 49, "each ended before the next began");
}

#[tokio::test]
async fn a_lost_partition_answers_everyone_and_starts_over_from_the_log() {
    let world = World::new();
    let producer = world.init("t").await.unwrap();
    world.topic.fail(Some(TopicError::Lost("moved".to_owned())));
    let added = world.transactions.add(&s("t"), producer, &a(0)).await;
    assert_eq!(added, Err(TransactionError::NotCoordinator));
    world.topic.own(None);
    assert_eq!(world.admit(producer, 0, Admission::Add).await, Err(TransactionError::NotCoordinator));
    world.topic.fail(None);
    world.topic.own(Some(Epoch(7)));
    world.transactions.add(&s("t"), producer, &a(0)).await.unwrap();
    world.transactions.end(&s("t"), producer, true, EndProtocol::KeepEpoch).await.unwrap();
    world.until("t", TransactionState::CompleteCommit).await;
    assert_eq!(world.peers.told.lock()[0].coordinator_epoch, 7);
}

#[tokio::test]
async fn transactions_that_take_too_long_end_by_the_clock() {
    let world = World::new();
    let producer = world.transactions.init(&s("t"), Duration::from_millis(20), None).await.unwrap();
    world.transactions.add(&s("t"), producer, &a(0)).await.unwrap();
    world.until("t", TransactionState::CompleteAbort).await;
    let ended = world.transactions.end(&s("t"), producer, true, EndProtocol::BumpEpoch).await;
    assert_eq!(ended, Err(TransactionError::ProducerFenced));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_first() {
    let world = World::new();
    assert_eq!(world.init("").await, Err(TransactionError::InvalidRequest));
    for timeout in [Duration::ZERO, Duration::from_secs(3600), Duration::from_secs(u64::MAX)] {
        let begun = world.transactions.init(&s("t"), timeout, None).await;
        assert_eq!(begun, Err(TransactionError::InvalidTimeout));
    }
    let unknown = world.transactions.describe(&s("t")).await;
    assert_eq!(unknown, Err(TransactionError::NotFound));
    assert_eq!(world.transactions.find("t").await, Ok(crate::partition_of("t", 3)));
}

/// One producer id for each id that asks, whatever happens at the same time.
#[tokio::test]
async fn those_who_begin_at_once_are_told_apart() {
    let world = World::new();
    let begun = futures::future::join_all((0..20).map(|_| world.init("t"))).await;
    let mut given = BTreeMap::new();
    for producer in begun.into_iter().flatten() {
        assert_eq!(given.insert(producer, ()), None, "nobody shares an epoch");
    }
    assert!(!given.is_empty());
}

/// A coordinator that was replaced and does not know it takes the end of the next transaction for a repetition of that of
/// the last one, and partitions of the last one for those of the next: it must not say so.
#[tokio::test]
async fn what_is_said_without_a_write_is_confirmed() {
    let world = World::new();
    let producer = world.init("t").await.unwrap();
    world.transactions.add(&s("t"), producer, &a(0)).await.unwrap();
    assert_eq!(world.admit(producer, 0, Admission::Verify).await, Ok(()));
    world.topic.deny();
    let gone = Err(TransactionError::NotCoordinator);
    assert_eq!(world.admit(producer, 0, Admission::Verify).await, gone);
    assert_eq!(world.admit(producer, 0, Admission::Add).await, gone);
    assert_eq!(world.transactions.add(&s("t"), producer, &a(0)).await, gone);
    let id = s("t");
    let end = || world.transactions.end(&id, producer, true, EndProtocol::KeepEpoch);
    // What is written is kept from being durable by the log.
    end().await.unwrap();
    world.until("t", TransactionState::CompleteCommit).await;
    assert_eq!(end().await, Err(TransactionError::NotCoordinator));
    // Nor does it tell a producer that it is of no use any more.
    let other = Producer { epoch: producer.epoch + 1, ..producer };
    assert_eq!(world.transactions.add(&s("t"), other, &a(0)).await, gone);
}
