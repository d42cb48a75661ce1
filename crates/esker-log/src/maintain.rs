//! The one background loop of a log: topics, flushes, trims, retention.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use esker_env::Monotonic;
use tokio::sync::Semaphore;

use crate::{
    log::{Inner, Log},
    offload::FlushError,
    shard::Shard,
    trim::History,
};

/// From this share of the log's capacity on, shards are flushed whatever their size, and trims do not wait.
const HURRY: f64 = 0.5;

/// A shard with ledgers of an earlier session is flushed after this: what is in them has fewer copies than it should.
const REPAIR_AGE: Duration = Duration::from_secs(10);

/// Flushes that run at the same time, to hide the object store's latency. What they hold in memory together is bounded
/// besides: the bytes of one full object, and of so many only when the log fills.
const FLUSHES: usize = 2;

/// Objects that one shard writes before others have their turn.
const FLUSHES_IN_A_ROW: usize = 4;

impl Log {
    pub(crate) fn start_maintenance(&self) {
        let weak = Arc::downgrade(&self.0);
        let env = self.0.env.clone();
        let tick = self.0.config.tick;
        self.follow_topics();
        self.0.env.tasks.spawn_vital("the log's maintenance", async move {
            let mut history = History::default();
            let mut retained = env.clock.now();
            loop {
                let Some(inner) = weak.upgrade() else { return };
                if inner.stopping.load(Ordering::Acquire) {
                    return;
                }
                inner.flush_due().await;
                inner.trim_due(&mut history).await;
                if env.clock.now() - retained >= inner.config.retention_interval {
                    retained = env.clock.now();
                    for shard in inner.shards.all() {
                        inner.retain(&shard).await;
                    }
                }
                let wake = Arc::clone(&inner);
                drop(inner);
                tokio::select! {
                    biased;
                    () = wake.maintain.notified() => {}
                    () = env.clock.sleep(tick) => {}
                }
            }
        });
    }

    /// Applies changes of topics as they come: a task of its own, because an outage of the object store may hold the
    /// maintenance loop up for minutes.
    fn follow_topics(&self) {
        let weak = Arc::downgrade(&self.0);
        let mut changed = self.0.catalog.changed();
        self.0.env.tasks.spawn_vital("following topics", async move {
            loop {
                {
                    let Some(inner) = weak.upgrade() else { return };
                    inner.topics.refresh(&inner.catalog);
                    inner.drop_topics(&inner.topics.take_gone());
                }
                if changed.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Flushes every shard until objects have all that was committed when this was called, and clears ledgers of
    /// earlier sessions.
    ///
    /// # Errors
    /// The first flush that fails; what was flushed stays flushed.
    pub async fn flush_all(&self) -> Result<(), FlushError> {
        for shard in self.0.shards.all() {
            let goal = shard.state.lock().to_archive();
            // What is committed meanwhile is not waited for: under load there is always more.
            while self.0.flush(&shard).await? && !shard.state.lock().has_archived(&goal) {}
        }
        Ok(())
    }

    /// Takes no more appends, waits until what was taken is durable, and flushes it to objects.
    ///
    /// # Errors
    /// When the object store did not take everything: the local log has it, and the next start goes on from there.
    pub async fn shutdown(&self) -> Result<(), FlushError> {
        let inner = &self.0;
        inner.stopping.store(true, Ordering::Release);
        inner.maintain.notify_one();
        for shard in inner.shards.all() {
            shard.state.lock().closed = true;
        }
        for lane in inner.lanes.all() {
            lane.close().await;
        }
        for shard in inner.shards.all() {
            while inner.flush(&shard).await? {}
        }
        Ok(())
    }
}

/// Units of the memory that flushes share.
fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX)
}

impl Inner {
    async fn flush_due(&self) {
        use futures::StreamExt;
        let now = self.env.clock.now();
        let hurry = self.pressure.fill(self.store.usage()) >= HURRY;
        let due = self.shards.all().into_iter().filter(|shard| self.is_due(shard, now, hurry));
        let whole = kibibytes(self.config.flush_bytes);
        let memory = &Semaphore::new(whole as usize * if hurry { FLUSHES } else { 1 });
        futures::stream::iter(due)
            .for_each_concurrent(FLUSHES, |shard| async move {
                // A busy shard may be due again at once; a bound keeps one shard from holding up the trims.
                for _ in 0..FLUSHES_IN_A_ROW {
                    let bytes = kibibytes(shard.state.lock().unarchived_bytes).min(whole);
                    let _held = memory.acquire_many(bytes).await.expect("the semaphore is never closed");
                    match self.flush(&shard).await {
                        Ok(true) if self.is_due(&shard, now, hurry) => {}
                        Ok(_) => return,
                        Err(error) => {
                            tracing::warn!(shard = %shard.id, %error, "objects lag behind; the log keeps the data");
                            return;
                        }
                    }
                }
            })
            .await;
    }

    fn is_due(&self, shard: &Shard, now: Monotonic, hurry: bool) -> bool {
        let mut state = shard.state.lock();
        if state.repair.as_ref().is_some_and(|goal| state.has_archived(goal)) {
            state.repair = None;
        }
        // What a dead session left has fewer copies than it should: objects are the repair.
        let age = if state.pending.is_empty() {
            self.config.flush_age
        } else {
            self.config.flush_age.min(REPAIR_AGE)
        };
        let old = state.unarchived_since.is_some_and(|since| now - since >= age);
        state.unarchived_bytes >= self.config.flush_bytes
            || state.unarchived_batches >= self.config.flush_batches
            || old
            || state.repair.is_some()
            || (hurry && state.unarchived_batches > 0)
            || (!state.pending.is_empty() && state.unarchived_batches == 0)
    }

    async fn trim_due(&self, history: &mut History) {
        let delay = if self.pressure.fill(self.store.usage()) >= HURRY {
            Duration::ZERO
        } else {
            self.config.trim_delay
        };
        let (floors, shards) = self.floors();
        if let Some(floors) = history.advance(self.env.clock.now(), &floors, delay) {
            self.trim(&floors, &shards).await;
        }
    }
}
