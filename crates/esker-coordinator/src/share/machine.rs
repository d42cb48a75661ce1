//! A shard of share partitions as the runtime sees it.

use std::{sync::Arc, time::Duration};

use esker_core::{Epoch, batch::BatchView};
use esker_env::Monotonic;

use super::{
    checkpoint::{self, Order},
    dead_letters::Undertaker,
    error::ShareError,
    homes::Homes,
    settings::ShareConfig,
    shard::{Cx, StateShard, Write},
};
use crate::{
    facts::ClusterFacts,
    records::Record,
    runtime::{Machine, Now, Partition, ReplayError, Runtime, Written},
    usage::Usage,
};

/// What share partitions need beside their log.
pub(crate) struct Outside {
    pub(crate) facts: Arc<dyn ClusterFacts>,
    pub(crate) homes: Arc<dyn Homes>,
    pub(crate) undertaker: Arc<dyn Undertaker>,
}

impl Machine for StateShard {
    const NAME: &'static str = "share partitions";
    type Config = ShareConfig;
    type Answer = Result<(), ShareError>;
    type Write = Write;
    type Order = Order;
    type Outside = Outside;
    type Around = Option<Arc<dyn ClusterFacts>>;
    type Error = ShareError;

    fn around(outside: &Outside) -> Self::Around {
        Some(Arc::clone(&outside.facts))
    }

    fn partitions(config: &ShareConfig) -> u32 {
        config.topic_partitions
    }

    fn batch_bytes(config: &ShareConfig) -> usize {
        config.batch_bytes
    }

    /// It does that itself, with what it knows of its state: see [`checkpoint`].
    fn compact_bytes(_: &ShareConfig) -> usize {
        usize::MAX
    }

    fn tidy_interval(_: &ShareConfig) -> Duration {
        Duration::from_secs(60 * 60)
    }

    fn empty(usage: Usage) -> Self {
        Self::new(usage)
    }

    fn replay(&mut self, batch: &BatchView, _: Now) -> Result<(), ReplayError> {
        self.replay_batch(batch)
    }

    fn start(&mut self, _: &mut Cx<'_>, epoch: Epoch) {
        self.begin(epoch);
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

    fn tidy(&mut self, _: &mut Cx<'_>) {}

    fn written(&mut self, cx: &mut Cx<'_>, write: Write, result: Result<(), ShareError>) {
        Self::written(self, cx, write, result);
    }

    fn carry_out(runtime: &Arc<Runtime<Self>>, row: &Arc<Partition<Self>>, epoch: Epoch, order: Order) {
        checkpoint::carry_out(runtime, row, epoch, order);
    }
}

impl Written for Write {
    fn records(&self) -> &[Record] {
        &self.records
    }
}
