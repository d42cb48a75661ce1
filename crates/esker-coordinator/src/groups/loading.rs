//! Loading: a partition is read from its start before it answers.

use std::{sync::Arc, time::Duration};

use esker_core::{Epoch, Offset};
use tokio::sync::watch;

use super::{Groups, Inner, Partition, Phase, partition::Active};
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

impl Groups {
    /// Looks at every partition again, because shards have come or gone: what is no longer owned is let go, and its
    /// waiting requests are told; what is new is loaded in the background.
    pub fn ownership_changed(&self) {
        let inner = &self.0;
        let mut new = Vec::new();
        for row in inner.rows() {
            if inner.check_ownership(&row).is_ok() && matches!(*row.state.lock(), Phase::Idle) {
                new.push(row);
            }
        }
        if !new.is_empty() {
            inner.env.tasks.spawn(load_all(Arc::clone(inner), new));
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
    /// Lets go of a partition that this broker does not own, or not as it did when it was loaded.
    fn check_ownership(&self, row: &Partition) -> Result<Epoch, TopicError> {
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
    pub(super) async fn loaded(self: &Arc<Self>, row: &Arc<Partition>) -> Result<(), GroupError> {
        self.check_ownership(row).map_err(|error| match error {
            TopicError::Lost(_) => GroupError::NotCoordinator,
            TopicError::Unavailable(_) => GroupError::Unavailable,
        })?;
        if matches!(*row.state.lock(), Phase::Active(_)) {
            return Ok(());
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
        Ok((epoch, shard)) => {
            let mut active = Box::new(Active::new(epoch, shard));
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
        Err(LoadError::Topic(TopicError::Lost(reason))) => {
            tracing::debug!(partition = row.index, reason, "groups of another broker");
            *state = Phase::Idle;
        }
        Err(error) => {
            tracing::error!(partition = row.index, %error, "groups cannot be loaded");
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

async fn read_all(inner: &Inner, partition: u32) -> Result<(Epoch, Shard), LoadError> {
    let range = inner.topic.range(partition)?;
    let mut shard = Shard::new(Usage::of(&inner.usage));
    let mut next = range.start;
    while next < range.end {
        let read = inner.topic.read(partition, next, READ_BYTES).await?;
        let content = |reason| LoadError::Content { at: next, reason };
        for chunk in &read.chunks {
            shard.replay(chunk, inner.now()).map_err(|error| content(error.to_string()))?;
        }
        if read.next <= next {
            return Err(content("reading gets no further".to_owned()));
        }
        next = read.next;
    }
    Ok((range.epoch, shard))
}
