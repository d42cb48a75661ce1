//! Loading: a partition is read from its start before it answers.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{Inner, Partition, Phase, partition::Active};
use crate::{effects::Cx, error::GroupError, shard::Shard, topic::TopicError, usage::Usage};

/// How much is read at a time.
const READ_BYTES: usize = 1 << 20;

/// How long a request waits for a partition that is being loaded before its client is told to come back.
const PATIENCE: Duration = Duration::from_millis(500);

/// Loads partitions one after another; those that requests ask for meanwhile go first by themselves.
pub(super) async fn load_all(inner: Arc<Inner>, rows: Vec<Arc<Partition>>) {
    for row in rows {
        if let Some(done) = begin(&row) {
            load(&inner, &row, done).await;
        }
    }
}

/// Claims the load of a partition that nobody has loaded.
fn begin(row: &Partition) -> Option<watch::Sender<()>> {
    let mut state = row.state.lock();
    if !matches!(*state, Phase::Idle) {
        return None;
    }
    let (sender, receiver) = watch::channel(());
    *state = Phase::Loading(receiver);
    Some(sender)
}

impl Inner {
    /// Completes once the partition is in charge.
    ///
    /// # Errors
    /// When it belongs to another broker, or loading takes long.
    pub(super) async fn loaded(self: &Arc<Self>, row: &Arc<Partition>) -> Result<(), GroupError> {
        if matches!(*row.state.lock(), Phase::Active(_)) {
            return Ok(());
        }
        if let Err(error) = self.topic.range(row.index) {
            return Err(match error {
                TopicError::Lost(_) => GroupError::NotCoordinator,
                TopicError::Unavailable(_) => GroupError::Unavailable,
            });
        }
        if let Some(done) = begin(row) {
            let (inner, row) = (Arc::clone(self), Arc::clone(row));
            self.env.tasks.spawn(async move { load(&inner, &row, done).await });
        }
        let mut loading = match &*row.state.lock() {
            Phase::Active(_) => return Ok(()),
            Phase::Loading(receiver) => receiver.clone(),
            Phase::Idle => return Err(GroupError::Loading),
        };
        // Nothing is ever sent: this ends when the sender is dropped.
        let _ = self.env.timeout(PATIENCE, loading.changed()).await;
        if matches!(*row.state.lock(), Phase::Active(_)) { Ok(()) } else { Err(GroupError::Loading) }
    }
}

async fn load(inner: &Arc<Inner>, row: &Arc<Partition>, done: watch::Sender<()>) {
    let started = inner.now();
    let loaded = read_all(inner, row.index).await;
    let mut state = row.state.lock();
    match loaded {
        Ok(shard) => {
            let mut active = Box::new(Active::new(shard));
            let now = inner.now();
            let mut cx = Cx::new(&inner.config, now, &*inner.env.random);
            active.shard.start(&mut cx);
            tracing::debug!(
                partition = row.index,
                groups = active.shard.groups.len(),
                took = ?(now.monotonic - started.monotonic),
                "coordinating groups"
            );
            let Cx { answers, writes, .. } = cx;
            inner.settle(row, &mut active, answers, writes);
            *state = Phase::Active(active);
        }
        Err(error) => {
            tracing::error!(partition = row.index, error, "groups cannot be loaded");
            *state = Phase::Idle;
        }
    }
    drop(state);
    drop(done);
}

async fn read_all(inner: &Inner, partition: u32) -> Result<Shard, String> {
    let range = inner.topic.range(partition).map_err(|error| error.to_string())?;
    let mut shard = Shard::new(Usage::of(&inner.usage));
    let mut next = range.start;
    while next < range.end {
        let read = inner.topic.read(partition, next, READ_BYTES).await.map_err(|error| error.to_string())?;
        for chunk in &read.chunks {
            shard.replay(chunk, inner.now()).map_err(|error| format!("at offset {next}: {error}"))?;
        }
        if read.next <= next {
            return Err(format!("reading does not get beyond offset {next}"));
        }
        next = read.next;
    }
    Ok(shard)
}
