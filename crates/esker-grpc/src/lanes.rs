//! The lanes of one client's stream: one for each partition that it writes to.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::PartitionId;
use esker_env::TaskGuard;
use tokio::sync::mpsc;

use crate::{
    fault::Fault,
    forward::RemoteAppends,
    lane::{Batch, Done, Lane, ToOwner},
    targets::Targets,
};

/// Lanes without a batch that a stream keeps.
const IDLE: usize = 64;

/// What counts for all batches of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) all_replicas: bool,
    /// Batches have sequences.
    pub(crate) idempotent: bool,
}

/// Batches on their way to one partition.
struct Way {
    send: mpsc::UnboundedSender<Batch>,
    under_way: usize,
    _task: TaskGuard,
}

pub(crate) struct Lanes {
    targets: Arc<Targets>,
    /// The stream's ways to other brokers.
    ways: Arc<RemoteAppends>,
    open: BTreeMap<PartitionId, Way>,
    told: mpsc::UnboundedSender<Done>,
}

impl Lanes {
    /// None yet. What becomes of batches comes by the receiver.
    pub(crate) fn new(targets: &Arc<Targets>) -> (Self, mpsc::UnboundedReceiver<Done>) {
        let (told, done) = mpsc::unbounded_channel();
        let lanes = Self { targets: Arc::clone(targets), ways: Arc::default(), open: BTreeMap::new(), told };
        (lanes, done)
    }

    /// Sends a batch on its way.
    pub(crate) fn send(&mut self, partition: PartitionId, batch: Batch, terms: Terms) -> Result<(), Fault> {
        let Self { targets, ways, told, open } = self;
        let way = open.entry(partition).or_insert_with(|| {
            let (send, batches) = mpsc::unbounded_channel();
            let way = ToOwner {
                targets: Arc::clone(targets),
                ways: Arc::clone(ways),
                partition,
                all_replicas: terms.all_replicas,
            };
            let lane = Lane { way, partition, idempotent: terms.idempotent, done: told.clone() };
            Way { send, under_way: 0, _task: targets.env.tasks.spawn_guarded(lane.run(batches)) }
        });
        way.under_way += 1;
        way.send.send(batch).map_err(|_| Fault::internal("a lane has ended"))
    }

    /// A batch has come back.
    pub(crate) fn done(&mut self, partition: PartitionId) {
        let Some(way) = self.open.get_mut(&partition) else { return };
        way.under_way -= 1;
        if way.under_way == 0 && self.open.len() > IDLE {
            self.open.remove(&partition);
        }
    }
}
