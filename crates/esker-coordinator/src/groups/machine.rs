//! A shard of groups as the runtime sees it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use esker_core::{Epoch, batch::BatchView};
use esker_env::Monotonic;

use crate::{
    effects::{Answer, Cx, Then, Write},
    error::GroupError,
    facts::ClusterFacts,
    records::Record,
    runtime::{Form, Machine, Now, Partition, ReplayError, Runtime, Written},
    settings::GroupConfig,
    shard::Shard,
    usage::Usage,
};

impl Machine for Shard {
    const NAME: &'static str = "groups";
    type Config = GroupConfig;
    type Answer = Answer;
    type Write = Write;
    type Order = Infallible;
    type Outside = Arc<dyn ClusterFacts>;
    type Around = Option<Arc<dyn ClusterFacts>>;
    type Error = GroupError;

    fn around(outside: &Self::Outside) -> Self::Around {
        Some(Arc::clone(outside))
    }

    fn partitions(config: &GroupConfig) -> u32 {
        config.offsets_partitions
    }

    fn batch_bytes(config: &GroupConfig) -> usize {
        config.batch_bytes
    }

    fn compact_bytes(config: &GroupConfig) -> usize {
        config.compact_bytes
    }

    fn tidy_interval(config: &GroupConfig) -> Duration {
        config.retention_check_interval
    }

    fn empty(usage: Usage) -> Self {
        Self::new(usage)
    }

    fn replay(&mut self, batch: &BatchView, now: Now) -> Result<(), ReplayError> {
        self.replay_batch(batch, now)
    }

    fn start(&mut self, cx: &mut Cx<'_>, epoch: Epoch) {
        self.transactional.loaded(epoch);
        self.wake(cx);
    }

    fn len(&self) -> usize {
        self.groups.len()
    }

    fn next_deadline(&self) -> Option<Monotonic> {
        Self::next_deadline(self)
    }

    fn expire(&mut self, cx: &mut Cx<'_>) {
        Self::expire(self, cx);
    }

    fn tidy(&mut self, cx: &mut Cx<'_>) {
        self.expire_offsets(cx);
    }

    fn written(&mut self, cx: &mut Cx<'_>, write: Write, result: Result<(), GroupError>) {
        Self::written(self, cx, write, result);
    }

    fn carry_out(_: &Arc<Runtime<Self>>, _: &Arc<Partition<Self>>, _: Epoch, order: Infallible) {
        match order {}
    }
}

impl Written for Write {
    fn records(&self) -> &[Record] {
        &self.records
    }

    fn form(&self) -> Form {
        match self.then {
            Then::Pend { producer, epoch, .. } => Form::Transactional { producer, epoch },
            Then::End { producer, epoch, commit, coordinator_epoch } => {
                Form::Marker { producer, epoch, commit, coordinator_epoch }
            }
            _ => Form::Plain,
        }
    }
}
