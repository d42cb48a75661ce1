//! A shard of transactional ids as the runtime sees it, and how partitions come to be told.

use std::{sync::Arc, time::Duration};

use esker_core::{Epoch, batch::BatchView};
use esker_env::Monotonic;
use esker_kafka_wire::KString;
use esker_meta::ProducerIds;
use esker_metrics::Counter;
use tokio::sync::Notify;

use super::{
    error::TransactionError,
    settings::TransactionConfig,
    shard::{Answer, Cx, Order, Shard, Write},
    types::{MarkerError, MarkerOrder, Producer, TransactionPeers},
};
use crate::{
    partitioner::partition_of,
    records::Record,
    runtime::{Machine, Now, Partition, ReplayError, Runtime, Written},
    usage::Usage,
};

/// Whoever has not been told by then is asked again.
const TELL_WITHIN: Duration = Duration::from_secs(30);

/// What the coordinator needs beside its log.
pub(crate) struct Outside {
    pub(crate) peers: Arc<dyn TransactionPeers>,
    pub(crate) ids: Arc<ProducerIds>,
    completed: [Notify; WAITING_ROOMS],
    /// Transactions that ended with a commit.
    pub(crate) committed: Counter,
    /// And with an abort.
    pub(crate) aborted: Counter,
}

/// Those who wait for different transactions rarely wake each other.
const WAITING_ROOMS: usize = 64;

impl Outside {
    pub(crate) fn new(peers: Arc<dyn TransactionPeers>, ids: Arc<ProducerIds>) -> Self {
        Self {
            peers,
            ids,
            completed: std::array::from_fn(|_| Notify::new()),
            committed: Counter::new(),
            aborted: Counter::new(),
        }
    }

    /// Wakes when a transaction of this id is complete, or for no reason.
    pub(crate) fn completed(&self, id: &str) -> &Notify {
        &self.completed[partition_of(id, WAITING_ROOMS as u32) as usize]
    }
}

impl Machine for Shard {
    const NAME: &'static str = "transactional ids";
    type Config = TransactionConfig;
    type Answer = Answer;
    type Write = Write;
    type Order = Order;
    type Outside = Outside;
    type Around = ();
    type Error = TransactionError;

    fn around(_: &Self::Outside) {}

    fn partitions(config: &TransactionConfig) -> u32 {
        config.topic_partitions
    }

    fn batch_bytes(config: &TransactionConfig) -> usize {
        config.batch_bytes
    }

    fn compact_bytes(config: &TransactionConfig) -> usize {
        config.compact_bytes
    }

    fn tidy_interval(config: &TransactionConfig) -> Duration {
        config.expiration_interval
    }

    fn empty(usage: Usage) -> Self {
        Self::new(usage)
    }

    fn replay(&mut self, batch: &BatchView, _: Now) -> Result<(), ReplayError> {
        self.replay_batch(batch)
    }

    fn start(&mut self, cx: &mut Cx<'_>, epoch: Epoch) {
        self.begin(cx, epoch);
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn next_deadline(&self) -> Option<Monotonic> {
        Self::next_deadline(self)
    }

    fn expire(&mut self, cx: &mut Cx<'_>) {
        Self::expire(self, cx);
    }

    fn tidy(&mut self, cx: &mut Cx<'_>) {
        self.expire_ids(cx);
    }

    fn written(&mut self, cx: &mut Cx<'_>, write: Write, result: Result<(), TransactionError>) {
        Self::written(self, cx, write, result);
    }

    fn carry_out(runtime: &Arc<Runtime<Self>>, row: &Arc<Partition<Self>>, epoch: Epoch, order: Order) {
        match order {
            Order::Tell { id, markers } => {
                let task = tell(Arc::clone(runtime), Arc::clone(row), epoch, id, markers);
                runtime.env.tasks.spawn(task);
            }
            Order::Completed { id, commit } => {
                let outside = &runtime.outside;
                if commit {
                    outside.committed.inc()
                } else {
                    outside.aborted.inc()
                }
                outside.completed(&id).notify_waiters();
            }
        }
    }
}

impl Written for Write {
    fn records(&self) -> &[Record] {
        &self.records
    }
}

/// Has partitions told, and the shard too, if it is still the one that was loaded under `epoch`.
async fn tell(
    runtime: Arc<Runtime<Shard>>,
    row: Arc<Partition<Shard>>,
    epoch: Epoch,
    id: KString,
    markers: MarkerOrder,
) {
    let producer = Producer { id: markers.producer, epoch: markers.epoch };
    let partitions = markers.partitions.clone();
    let told = runtime.env.timeout(TELL_WITHIN, runtime.outside.peers.write_markers(markers)).await;
    let results = told
        .unwrap_or_else(|elapsed| vec![Err(MarkerError::Unavailable(elapsed.to_string())); partitions.len()]);
    assert_eq!(results.len(), partitions.len(), "a result for each partition");
    let results: Vec<_> = partitions.into_iter().zip(results).collect();
    runtime.with(&row, Some(epoch), |active, cx| active.machine.told(cx, &id, producer, &results));
}
