//! Loading: a partition is read from its start before it answers.

use std::{sync::Arc, time::Duration};

use esker_core::{Epoch, Offset};
use esker_env::watch;

use super::{
    Absent, Cx, Machine, Partition, Phase, ReplayError, Runtime, compaction::Compaction,
    machine::replay_chunk, partition::Active,
};
use crate::{topic::TopicError, usage::Usage};

/// How much is read at a time.
const READ_BYTES: usize = 1 << 20;

/// How long a request waits for a partition that is being loaded before its client is told to come back.
const PATIENCE: Duration = Duration::from_millis(500);

/// Loads partitions one after another; those that requests ask for meanwhile go first by themselves.
pub(super) async fn load_all<M: Machine>(runtime: Arc<Runtime<M>>, rows: Vec<Arc<Partition<M>>>) {
    for row in rows {
        if let Some(done) = begin(&row) {
            load(&runtime, &row, done).await;
        }
    }
}

/// Claims the load of a partition that nobody has loaded.
fn begin<M: Machine>(row: &Partition<M>) -> Option<watch::Sender<()>> {
    let mut state = row.state.lock();
    if !matches!(*state, Phase::Idle) {
        return None;
    }
    let sender = watch::Sender::new(());
    *state = Phase::Loading(sender.subscribe());
    Some(sender)
}

impl<M: Machine> Runtime<M> {
    /// Lets go of a partition that this broker does not own, or not as it did when it was loaded.
    pub(super) fn check_ownership(&self, row: &Partition<M>) -> Result<Epoch, TopicError> {
        let owned = self.topic.range(row.index).map(|range| range.epoch);
        let stale = match (&*row.state.lock(), &owned) {
            (Phase::Active(active), Ok(epoch)) => active.epoch != *epoch,
            (Phase::Active(_), Err(TopicError::Lost(_))) => true,
            _ => false,
        };
        if stale {
            self.lose(row, "the partition has moved");
        }
        owned
    }

    /// Completes once the partition is in charge.
    ///
    /// # Errors
    /// When it belongs to another broker, or loading takes long.
    pub(super) async fn loaded(self: &Arc<Self>, row: &Arc<Partition<M>>) -> Result<(), Absent> {
        self.check_ownership(row).map_err(|error| match error {
            TopicError::Lost(_) => Absent::NotCoordinator,
            TopicError::Unavailable(_) | TopicError::Refused(_) => Absent::Unavailable,
        })?;
        if matches!(*row.state.lock(), Phase::Active(_)) {
            return Ok(());
        }
        if let Some(done) = begin(row) {
            let (runtime, row) = (Arc::clone(self), Arc::clone(row));
            self.env.tasks.spawn(async move { load(&runtime, &row, done).await });
        }
        let mut loading = match &*row.state.lock() {
            Phase::Active(_) => return Ok(()),
            Phase::Loading(receiver) => receiver.clone(),
            Phase::Idle => return Err(Absent::Loading),
        };
        // Nothing is ever sent: this ends when the sender is dropped.
        let _ = self.env.timeout(PATIENCE, loading.changed()).await;
        if matches!(*row.state.lock(), Phase::Active(_)) { Ok(()) } else { Err(Absent::Loading) }
    }
}

async fn load<M: Machine>(runtime: &Arc<Runtime<M>>, row: &Arc<Partition<M>>, done: watch::Sender<()>) {
    let started = runtime.now();
    let loaded = loop {
        let loaded = read_all(runtime, row.index).await;
        let current = runtime.topic.range(row.index).map(|range| range.epoch);
        match (&loaded, current) {
            // It was elsewhere while it was read: somebody may have written to it.
            (Ok((epoch, ..)), Ok(current)) if *epoch != current => {}
            (Ok(_), Err(error)) => break Err(error.into()),
            _ => break loaded,
        }
    };
    let mut state = row.state.lock();
    match loaded {
        Ok((epoch, machine, bytes)) => {
            let compaction = Compaction::new(bytes, M::compact_bytes(&runtime.config));
            let mut active = Box::new(Active::new(epoch, machine, compaction));
            let now = runtime.now();
            let mut cx = Cx::new(&runtime.config, now, &*runtime.env.random);
            cx.around = M::around(&runtime.outside);
            active.machine.start(&mut cx, epoch);
            tracing::debug!(
                partition = row.index,
                count = active.machine.len(),
                took = ?(now.monotonic - started.monotonic),
                "coordinating {}", M::NAME
            );
            let Cx { answers, writes, orders, .. } = cx;
            runtime.settle(row, &mut active, answers, writes, orders);
            *state = Phase::Active(active);
        }
        Err(LoadError::Topic(TopicError::Lost(reason))) => {
            tracing::debug!(partition = row.index, reason, "{} of another broker", M::NAME);
            *state = Phase::Idle;
        }
        Err(error) => {
            tracing::error!(partition = row.index, %error, "{} cannot be loaded", M::NAME);
            *state = Phase::Idle;
        }
    }
    drop(state);
    drop(done);
}

/// Why a partition was not loaded.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error("at offset {at}: {reason}")]
    Content { at: Offset, reason: String },
}

impl LoadError {
    fn content(at: Offset, error: &ReplayError) -> Self {
        Self::Content { at, reason: error.to_string() }
    }
}

/// The leader epoch, the machine, and how many bytes it took.
async fn read_all<M: Machine>(runtime: &Runtime<M>, partition: u32) -> Result<(Epoch, M, usize), LoadError> {
    let range = runtime.topic.range(partition)?;
    let mut machine = M::empty(Usage::of(&runtime.usage));
    let (mut next, mut bytes) = (range.start, 0);
    while next < range.end {
        let read = runtime.topic.read(partition, next, READ_BYTES).await?;
        for chunk in &read.chunks {
            bytes += chunk.len();
            replay_chunk(&mut machine, chunk, runtime.now())
                .map_err(|error| LoadError::content(next, &error))?;
        }
        if read.next <= next {
            return Err(LoadError::Content { at: next, reason: "reading gets no further".to_owned() });
        }
        next = read.next;
    }
    Ok((range.epoch, machine, bytes))
}
