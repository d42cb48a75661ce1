//! What every coordinator needs around its state machines: one machine behind one lock for each partition of an internal
//! topic, and the little that happens around them.
//!
//! A partition costs nothing until it is in use, and no task even then: writing runs in a task that ends when there is
//! nothing to write; one task for all partitions waits for the next deadline.

mod machine;

mod compaction;
mod loading;
mod partition;
mod timing;
mod writing;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use esker_core::Epoch;
use esker_env::{Env, TaskGuard};
use parking_lot::RwLock;

pub(crate) use self::compaction::RESTATED;
use self::timing::Alarm;
#[cfg(test)]
pub(crate) use self::{machine::replay_chunk, writing::to_batches};
pub(crate) use self::{
    machine::{Absent, Cx, Form, Machine, Now, ReplayError, Token, Written},
    partition::{Active, Partition, Phase},
};
use crate::{partitioner::partition_of, topic::InternalTopic};

/// The machines of this broker's partitions of one internal topic.
pub(crate) struct Runtime<M: Machine> {
    pub(crate) config: M::Config,
    pub(crate) env: Env,
    pub(crate) topic: Arc<dyn InternalTopic>,
    /// What machines' orders need.
    pub(crate) outside: M::Outside,
    /// Indexed by partition; empty until the topic exists.
    partitions: RwLock<Vec<Arc<Partition<M>>>>,
    next_token: AtomicU64,
    pub(crate) alarm: Alarm,
    /// Bytes of state, over all partitions.
    pub(crate) usage: Arc<AtomicUsize>,
}

impl<M: Machine> Runtime<M> {
    /// Without any partition yet. Call [`Runtime::start`] once.
    pub(crate) fn new(
        config: M::Config,
        env: Env,
        topic: Arc<dyn InternalTopic>,
        outside: M::Outside,
    ) -> Arc<Self> {
        Arc::new(Self {
            config,
            env,
            topic,
            outside,
            partitions: RwLock::default(),
            next_token: AtomicU64::new(0),
            alarm: Alarm::default(),
            usage: Arc::default(),
        })
    }

    /// Loads every partition in the background, and begins to watch deadlines.
    pub(crate) fn start(self: &Arc<Self>) -> TaskGuard {
        self.adopt_known();
        self.env.tasks.spawn_vital_guarded("the coordinator's times", timing::run(Arc::clone(self)))
    }

    /// Looks at every partition again, because shards have come or gone: what is no longer owned is let go, and its
    /// waiting requests are told; what is new is loaded in the background.
    pub(crate) fn ownership_changed(self: &Arc<Self>) {
        // A broker may hear of the topic only after it has started.
        self.adopt_known();
        let mut new = Vec::new();
        for row in self.rows() {
            if self.check_ownership(&row).is_ok() && matches!(*row.state.lock(), Phase::Idle) {
                new.push(row);
            }
        }
        if !new.is_empty() {
            self.env.tasks.spawn(loading::load_all(Arc::clone(self), new));
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now { monotonic: self.env.clock.now(), wall_ms: self.env.clock.wall_ms() }
    }

    fn token(&self) -> Token {
        Token(self.next_token.fetch_add(1, Ordering::Relaxed))
    }

    /// The partition that has `key`, of the topic, which is created when it is missing.
    pub(crate) async fn find(self: &Arc<Self>, key: &str) -> Result<u32, M::Error> {
        let count = self.ensure_topic().await?;
        Ok(partition_of(key, count))
    }

    /// Partitions of the topic, which is created when it is missing.
    pub(crate) async fn ensure_topic(self: &Arc<Self>) -> Result<u32, M::Error> {
        let count = match self.topic.partitions() {
            Some(count) => count,
            None => self.topic.create(M::partitions(&self.config)).await.map_err(|error| {
                tracing::warn!(%error, topic = self.topic.name(), "an internal topic cannot be created");
                Absent::Unavailable
            })?,
        };
        self.adopt(count);
        Ok(count)
    }

    /// As [`Runtime::adopt`], if there is a topic.
    fn adopt_known(self: &Arc<Self>) {
        if let Some(count) = self.topic.partitions() {
            self.adopt(count);
        }
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

    pub(crate) fn rows(&self) -> Vec<Arc<Partition<M>>> {
        self.partitions.read().clone()
    }

    /// The row of a partition; `None` when there is no such one, or nothing is known of the topic yet.
    pub(crate) fn row(self: &Arc<Self>, partition: u32) -> Option<Arc<Partition<M>>> {
        let known = self.partitions.read().get(partition as usize).cloned();
        known.or_else(|| {
            self.adopt_known();
            self.partitions.read().get(partition as usize).cloned()
        })
    }

    pub(crate) fn row_of(&self, key: &str) -> Option<Arc<Partition<M>>> {
        let rows = self.partitions.read();
        let count = u32::try_from(rows.len()).ok().filter(|count| *count > 0)?;
        Some(Arc::clone(&rows[partition_of(key, count) as usize]))
    }

    /// As [`Runtime::row_of`], once the topic is known.
    pub(crate) async fn known_row_of(self: &Arc<Self>, key: &str) -> Result<Arc<Partition<M>>, M::Error> {
        if let Some(row) = self.row_of(key) {
            return Ok(row);
        }
        self.ensure_topic().await?;
        Ok(self.row_of(key).ok_or(Absent::Unavailable)?)
    }

    /// Makes sure that nobody else has become the key's coordinator: what it stood at once, a client would go back to.
    pub(crate) async fn confirm(self: &Arc<Self>, key: &str) -> Result<(), M::Error> {
        let count = self.ensure_topic().await?;
        let confirmed = self.topic.confirm(partition_of(key, count)).await;
        Ok(confirmed.map_err(|error| {
            tracing::info!(%error, key, topic = self.topic.name(), "not the coordinator for certain");
            Absent::NotCoordinator
        })?)
    }

    /// Runs `act` on the machine that has `key`, once it is loaded.
    pub(crate) async fn on<T>(
        self: &Arc<Self>,
        key: &str,
        act: impl FnOnce(&mut Active<M>, &mut Cx<'_, M>) -> T,
    ) -> Result<T, M::Error> {
        let row = self.known_row_of(key).await?;
        self.on_row(&row, act).await
    }

    /// As [`Runtime::on`], on a certain partition.
    pub(crate) async fn on_row<T>(
        self: &Arc<Self>,
        row: &Arc<Partition<M>>,
        act: impl FnOnce(&mut Active<M>, &mut Cx<'_, M>) -> T,
    ) -> Result<T, M::Error> {
        self.loaded(row).await?;
        self.with(row, None, act).ok_or_else(|| Absent::NotCoordinator.into())
    }

    /// Runs `act` on a partition if it is in charge, and under `epoch` if one is given. Every change of a machine goes
    /// through here.
    pub(crate) fn with<T>(
        self: &Arc<Self>,
        row: &Arc<Partition<M>>,
        epoch: Option<Epoch>,
        act: impl FnOnce(&mut Active<M>, &mut Cx<'_, M>) -> T,
    ) -> Option<T> {
        let mut state = row.state.lock();
        let active = state.in_charge(epoch)?;
        let mut cx = Cx::new(&self.config, self.now(), &*self.env.random);
        cx.around = M::around(&self.outside);
        let result = act(active, &mut cx);
        let Cx { answers, writes, orders, .. } = cx;
        self.settle(row, active, answers, writes, orders);
        Some(result)
    }

    /// As [`Runtime::on`], for what is answered later. `act` is dropped, then `taken` called, before the wait.
    pub(crate) async fn ask<T>(
        self: &Arc<Self>,
        key: &str,
        act: impl FnOnce(&mut M, &mut Cx<'_, M>, Token) -> T,
        taken: impl FnOnce(),
    ) -> Result<(T, M::Answer), M::Error> {
        let row = self.known_row_of(key).await?;
        self.ask_row(&row, act, taken).await
    }

    /// As [`Runtime::ask`], on a certain partition.
    pub(crate) async fn ask_row<T>(
        self: &Arc<Self>,
        row: &Arc<Partition<M>>,
        act: impl FnOnce(&mut M, &mut Cx<'_, M>, Token) -> T,
        taken: impl FnOnce(),
    ) -> Result<(T, M::Answer), M::Error> {
        let token = self.token();
        let (result, receiver) = self
            .on_row(row, |active, cx| {
                let receiver = active.expect(token);
                (act(&mut active.machine, cx, token), receiver)
            })
            .await?;
        taken();
        // The other end goes with the partition's state, when that is lost.
        let answer = receiver.await.map_err(|_| Absent::NotCoordinator)?;
        Ok((result, answer))
    }

    /// Looks at every partition in charge. `look` is called under its lock, and changes nothing.
    pub(crate) fn each(&self, mut look: impl FnMut(&M)) {
        for row in self.rows() {
            if let Phase::Active(active) = &*row.state.lock() {
                look(&active.machine);
            }
        }
    }

    /// Bytes of state, over all partitions.
    pub(crate) fn used(&self) -> usize {
        self.usage.load(Ordering::Relaxed)
    }

    /// Runs `act` on every partition in charge.
    pub(crate) fn on_every(self: &Arc<Self>, mut act: impl FnMut(&mut M, &mut Cx<'_, M>)) {
        for row in self.rows() {
            self.with(&row, None, |active, cx| act(&mut active.machine, cx));
        }
    }
}
