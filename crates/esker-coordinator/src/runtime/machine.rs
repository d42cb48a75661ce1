//! The seam: a state machine over one partition of an internal topic.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{
    Epoch, ProducerId,
    batch::{BatchError, BatchView},
};
use esker_env::{Monotonic, Random};
use esker_kafka_wire::DecodeError;

use super::{Partition, Runtime};
use crate::{records::Record, usage::Usage};

/// Names a request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token(pub(crate) u64);

/// The moment at which a machine is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Now {
    pub(crate) monotonic: Monotonic,
    /// Milliseconds since the Unix epoch.
    pub(crate) wall_ms: i64,
}

/// The state that a coordinator keeps in one partition, without I/O and without a clock.
///
/// Contract: a machine that has replayed the log and was then started knows what the one that wrote it knew as durable.
/// Whatever is to be answered as done goes out as a write, and is answered in [`Machine::written`]. A call that gets a
/// [`Cx`] leaves there what it wants done.
pub(crate) trait Machine: Sized + Send + 'static {
    /// What it coordinates, for messages.
    const NAME: &'static str;
    /// Settings.
    type Config: Send + Sync + 'static;
    /// Answers to requests that wait.
    type Answer: Send + 'static;
    /// What goes to the log together, and what for.
    type Write: Written;
    /// What is to be done outside of the log.
    type Order: Send + 'static;
    /// What orders, and looks at the world, need.
    type Outside: Send + Sync + 'static;
    /// What it may look at of the world outside of the log; cheap to clone.
    type Around: Clone + Default;
    /// Why requests fail.
    type Error: From<Absent> + Copy + Send + 'static;

    /// What a call may look at.
    fn around(outside: &Self::Outside) -> Self::Around;
    /// Partitions of the topic when it is created.
    fn partitions(config: &Self::Config) -> u32;
    /// About how many bytes of records go into one batch.
    fn batch_bytes(config: &Self::Config) -> usize;
    /// From how many bytes on a partition's log is compacted by its keys; `usize::MAX` where the last value of a key is not
    /// all that counts.
    fn compact_bytes(config: &Self::Config) -> usize;
    /// How often [`Machine::tidy`] is to be called.
    fn tidy_interval(config: &Self::Config) -> Duration;

    /// Without anything in it.
    fn empty(usage: Usage) -> Self;
    /// Takes whole batches, in the order of the log.
    fn replay(&mut self, batch: &BatchView, now: Now) -> Result<(), ReplayError>;
    /// Everything has been read; the partition's leader epoch is `epoch`.
    fn start(&mut self, cx: &mut Cx<'_, Self>, epoch: Epoch);
    /// How much there is, for messages.
    fn len(&self) -> usize;
    /// When it next wants [`Machine::expire`].
    fn next_deadline(&self) -> Option<Monotonic>;
    /// Acts on every deadline that has passed.
    fn expire(&mut self, cx: &mut Cx<'_, Self>);
    /// Looks for what nobody needs any more.
    fn tidy(&mut self, cx: &mut Cx<'_, Self>);
    /// A write is durable, or is known not to be. Writes end in their order.
    fn written(&mut self, cx: &mut Cx<'_, Self>, write: Self::Write, result: Result<(), Self::Error>);
    /// Begins what the machine has ordered; under the partition's lock, so anything that takes time goes into a task.
    fn carry_out(runtime: &Arc<Runtime<Self>>, row: &Arc<Partition<Self>>, epoch: Epoch, order: Self::Order);
}

/// What is written together.
pub(crate) trait Written: Send + Sync + 'static {
    /// In order.
    fn records(&self) -> &[Record];

    /// In what kind of batch.
    fn form(&self) -> Form {
        Form::Plain
    }
}

/// Kinds of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Records, together with those before and after them.
    Plain,
    /// Records of a producer's transaction.
    Transactional { producer: ProducerId, epoch: i16 },
    /// The end of a producer's transaction, without records.
    Marker { producer: ProducerId, epoch: i16, commit: bool, coordinator_epoch: i32 },
}

/// Why there is no machine to ask, or its log took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// The partition is being read.
    Loading,
    /// It belongs to another broker, or has just been lost.
    NotCoordinator,
    /// Nothing was written; the same may succeed later.
    Unavailable,
    /// Nothing was written, and the log will not take the same later: a newer epoch of the producer has been there.
    Refused,
}

/// Why a partition cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("a batch cannot be read: {0}")]
    Batch(#[from] BatchError),
    #[error("a record cannot be read: {0}")]
    Record(#[from] DecodeError),
}

/// What a machine is given with each call, and where it leaves what it wants done.
pub(crate) struct Cx<'a, M: Machine> {
    pub(crate) config: &'a M::Config,
    pub(crate) now: Now,
    pub(crate) random: &'a dyn Random,
    /// Bytes that the state may still grow by; set by the machine.
    pub(crate) room: usize,
    pub(crate) answers: Vec<(Token, M::Answer)>,
    pub(crate) writes: Vec<M::Write>,
    pub(crate) orders: Vec<M::Order>,
    /// The world outside of the log.
    pub(crate) around: M::Around,
}

impl<'a, M: Machine> Cx<'a, M> {
    pub(crate) fn new(config: &'a M::Config, now: Now, random: &'a dyn Random) -> Self {
        Self {
            config,
            now,
            random,
            room: usize::MAX,
            answers: Vec::new(),
            writes: Vec::new(),
            orders: Vec::new(),
            around: M::Around::default(),
        }
    }
}

/// Replays every batch of a chunk.
pub(crate) fn replay_chunk<M: Machine>(machine: &mut M, chunk: &Bytes, now: Now) -> Result<(), ReplayError> {
    for batch in BatchView::all(chunk) {
        machine.replay(&batch?, now)?;
    }
    Ok(())
}
