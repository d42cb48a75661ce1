//! The coordinator of every group on this broker: state machines behind one lock for each partition, and the little
//! that happens around them.
//!
//! A partition costs nothing until it has groups, and no task even then: writing runs in a task that ends when there is
//! nothing to write; one task for all partitions waits for the next deadline.

mod api;

mod loading;
mod partition;
mod timing;
mod writing;

#[cfg(test)]
mod tests;

pub use self::api::Results;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use esker_env::{Env, TaskGuard};
use esker_kafka_wire::KString;
use parking_lot::RwLock;

use self::{
    partition::{Active, Partition, Phase},
    timing::Alarm,
};
use crate::{
    effects::{Answer, Cx, Now, Token},
    error::GroupError,
    facts::{ClusterFacts, NoFacts},
    partitioner::partition_of,
    settings::GroupConfig,
    shard::Shard,
    topic::OffsetsTopic,
};

/// The consumer groups of this broker. Cheap to clone.
#[derive(Clone)]
pub struct Groups(Arc<Inner>);

/// Ends the coordinator's timing when dropped.
#[must_use = "dropping it ends session timeouts and retention"]
pub struct GroupsGuard(#[expect(dead_code, reason = "held for its drop")] TaskGuard);

struct Inner {
    config: GroupConfig,
    env: Env,
    topic: Arc<dyn OffsetsTopic>,
    /// Indexed by partition; empty until the topic exists.
    partitions: RwLock<Vec<Arc<Partition>>>,
    next_token: AtomicU64,
    alarm: Alarm,
    around: Arc<dyn ClusterFacts>,
    /// Bytes of group state, over all partitions.
    usage: Arc<AtomicUsize>,
}

impl Groups {
    /// The coordinator. Call [`Groups::start`] once.
    #[must_use]
    pub fn new(config: GroupConfig, env: Env, topic: Arc<dyn OffsetsTopic>) -> Self {
        Self::in_cluster(config, env, topic, Arc::new(NoFacts))
    }

    /// The coordinator in a cluster whose topics it knows, which groups of the consumer protocol need. Call
    /// [`Groups::start`] once.
    #[must_use]
    pub fn in_cluster(
        config: GroupConfig,
        env: Env,
        topic: Arc<dyn OffsetsTopic>,
        around: Arc<dyn ClusterFacts>,
    ) -> Self {
        Self(Arc::new(Inner {
            config,
            env,
            topic,
            partitions: RwLock::default(),
            next_token: AtomicU64::new(0),
            alarm: Alarm::default(),
            around,
            usage: Arc::default(),
        }))
    }

    /// Loads every partition in the background, and begins to watch deadlines.
    pub fn start(&self) -> GroupsGuard {
        if let Some(count) = self.0.topic.partitions() {
            self.0.adopt(count);
        }
        GroupsGuard(self.0.env.tasks.spawn_guarded(timing::run(Arc::clone(&self.0))))
    }

    /// Where a group's offsets are: the owner of this partition of `__consumer_offsets` is the group's coordinator.
    /// Creates the topic when it is missing.
    ///
    /// # Errors
    /// [`GroupError::Unavailable`] when the topic cannot be created now.
    pub async fn find(&self, group: &str) -> Result<u32, GroupError> {
        let count = self.0.ensure_topic().await?;
        Ok(partition_of(group, count))
    }
}

impl Inner {
    fn now(&self) -> Now {
        Now { monotonic: self.env.clock.now(), wall_ms: self.env.clock.wall_ms() }
    }

    fn token(&self) -> Token {
        Token(self.next_token.fetch_add(1, Ordering::Relaxed))
    }

    async fn ensure_topic(self: &Arc<Self>) -> Result<u32, GroupError> {
        let count = match self.topic.partitions() {
            Some(count) => count,
            None => self.topic.create(self.config.offsets_partitions).await.map_err(|error| {
                tracing::warn!(%error, "the offsets topic cannot be created");
                GroupError::Unavailable
            })?,
        };
        self.adopt(count);
        Ok(count)
    }

    /// Makes a row for each partition and begins to load those that are new.
    fn adopt(self: &Arc<Self>, count: u32) {
        if self.partitions.read().len() >= count as usize {
            return;
        }
        let mut rows = self.partitions.write();
        for index in rows.len()..count as usize {
            rows.push(Arc::new(Partition::new(index as u32)));
        }
        let rows = rows.clone();
        self.env.tasks.spawn(loading::load_all(Arc::clone(self), rows));
    }

    fn rows(&self) -> Vec<Arc<Partition>> {
        self.partitions.read().clone()
    }

    fn row_of(&self, group: &str) -> Option<Arc<Partition>> {
        let rows = self.partitions.read();
        let count = u32::try_from(rows.len()).ok().filter(|count| *count > 0)?;
        Some(Arc::clone(&rows[partition_of(group, count) as usize]))
    }

    /// Makes sure that nobody else has become the group's coordinator: where a group stood once, a consumer would go back
    /// to.
    async fn confirm(self: &Arc<Self>, group: &KString) -> Result<(), GroupError> {
        let count = self.ensure_topic().await?;
        let confirmed = self.topic.confirm(partition_of(group, count)).await;
        confirmed.map_err(|error| {
            tracing::info!(%error, %group, "not the coordinator for certain");
            GroupError::NotCoordinator
        })
    }

    /// Runs `act` on the shard that has the group, once it is loaded.
    async fn on_shard<T>(
        self: &Arc<Self>,
        group: &KString,
        act: impl FnOnce(&mut Active, &mut Cx<'_>) -> T,
    ) -> Result<T, GroupError> {
        let row = match self.row_of(group) {
            Some(row) => row,
            None => {
                self.ensure_topic().await?;
                self.row_of(group).ok_or(GroupError::Unavailable)?
            }
        };
        self.on_row(&row, act).await
    }

    async fn on_row<T>(
        self: &Arc<Self>,
        row: &Arc<Partition>,
        act: impl FnOnce(&mut Active, &mut Cx<'_>) -> T,
    ) -> Result<T, GroupError> {
        self.loaded(row).await?;
        let mut state = row.state.lock();
        let Phase::Active(active) = &mut *state else { return Err(GroupError::NotCoordinator) };
        active.shard.surround(&self.around);
        let mut cx = Cx::new(&self.config, self.now(), &*self.env.random);
        let result = act(active, &mut cx);
        let Cx { answers, writes, .. } = cx;
        self.settle(row, active, answers, writes);
        Ok(result)
    }

    /// As [`Inner::on_shard`], for what is answered later. `act` is dropped, then `taken` called, before the wait.
    async fn ask<T>(
        self: &Arc<Self>,
        group: &KString,
        act: impl FnOnce(&mut Shard, &mut Cx<'_>, Token) -> T,
        taken: impl FnOnce(),
    ) -> Result<(T, Answer), GroupError> {
        let token = self.token();
        let (result, receiver) = self
            .on_shard(group, |active, cx| {
                let receiver = active.expect(token);
                (act(&mut active.shard, cx, token), receiver)
            })
            .await?;
        taken();
        // The other end goes with the partition's state, when that is lost.
        let answer = receiver.await.map_err(|_| GroupError::NotCoordinator)?;
        Ok((result, answer))
    }
}
