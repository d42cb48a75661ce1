//! An internal topic in memory, which fails and waits on demand.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use esker_core::{
    Epoch, Offset,
    batch::{BatchView, patch},
};
use esker_env::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::topic::{InternalTopic, OFFSETS_TOPIC, TopicError, TopicRange, TopicRead};

/// The topic; clones share it, so that a second coordinator can take it over.
#[derive(Clone)]
pub struct MemoryTopic(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Permits for appends to become durable; held back by [`MemoryTopic::hold`].
    gate: Semaphore,
    /// Permits for reads; held back by [`MemoryTopic::hold_reads`].
    reads: Semaphore,
    reads_held: AtomicUsize,
}

struct State {
    /// Under which its one broker owns it; `None` while another one does.
    epoch: Option<Epoch>,
    partitions: Vec<Vec<(Offset, Bytes)>>,
    starts: Vec<Offset>,
    ends: Vec<Offset>,
    fail: Option<TopicError>,
    denied: bool,
    appends: usize,
}

impl Default for State {
    fn default() -> Self {
        let epoch = Some(Epoch(1));
        let (starts, ends) = (Vec::new(), Vec::new());
        Self { epoch, partitions: Vec::new(), starts, ends, fail: None, denied: false, appends: 0 }
    }
}

impl Default for MemoryTopic {
    fn default() -> Self {
        let all = || Semaphore::new(Semaphore::MAX_PERMITS);
        let reads_held = AtomicUsize::new(0);
        Self(Arc::new(Inner { state: Mutex::default(), gate: all(), reads: all(), reads_held }))
    }
}

impl MemoryTopic {
    /// A topic that has not been created.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on reads wait, until [`MemoryTopic::release_reads`].
    pub fn hold_reads(&self) {
        self.0.reads.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets reads go on.
    pub fn release_reads(&self) {
        self.0.reads.add_permits(Semaphore::MAX_PERMITS - self.0.reads.available_permits());
    }

    /// Reads that were held so far.
    #[must_use]
    pub fn reads_held(&self) -> usize {
        self.0.reads_held.load(Ordering::Relaxed)
    }

    /// From now on appends stay in flight, until [`MemoryTopic::release`].
    pub fn hold(&self) {
        self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// What is in flight becomes durable.
    pub fn release(&self) {
        self.0.gate.add_permits(Semaphore::MAX_PERMITS - self.0.gate.available_permits());
    }

    /// What the next appends answer; `None` for success.
    pub fn fail(&self, error: Option<TopicError>) {
        self.0.state.lock().fail = error;
    }

    /// Moves the topic to another broker (`None`), or back under another epoch.
    pub fn own(&self, epoch: Option<Epoch>) {
        self.0.state.lock().epoch = epoch;
    }

    /// From now on another broker owns the topic, and this one does not know.
    pub fn deny(&self) {
        self.0.state.lock().denied = true;
    }

    /// Appends so far.
    #[must_use]
    pub fn appends(&self) -> usize {
        self.0.state.lock().appends
    }

    /// Every batch of a partition.
    ///
    /// # Panics
    /// When there is no such partition.
    #[must_use]
    pub fn batches(&self, partition: u32) -> Vec<Bytes> {
        let state = self.0.state.lock();
        state.partitions[partition as usize].iter().map(|(_, bytes)| bytes.clone()).collect()
    }
}

impl State {
    fn put(&mut self, partition: usize, batch: &Bytes) {
        let mut bytes = batch.to_vec();
        let base = self.ends[partition];
        patch(&mut bytes, base, Epoch(1));
        let bytes = Bytes::from(bytes);
        let view = BatchView::parse(&bytes).expect("only whole batches are appended");
        view.verify_crc().expect("batches are appended intact");
        self.ends[partition] = Offset(base.0 + i64::from(view.fields.last_offset_delta) + 1);
        self.partitions[partition].push((base, bytes));
    }
}

impl InternalTopic for MemoryTopic {
    fn name(&self) -> &'static str {
        OFFSETS_TOPIC
    }

    fn partitions(&self) -> Option<u32> {
        let count = self.0.state.lock().partitions.len() as u32;
        (count > 0).then_some(count)
    }

    fn create(&self, partitions: u32) -> BoxFuture<'_, Result<u32, TopicError>> {
        let mut state = self.0.state.lock();
        if state.partitions.is_empty() {
            state.partitions = vec![Vec::new(); partitions as usize];
            state.starts = vec![Offset(0); partitions as usize];
            state.ends = vec![Offset(0); partitions as usize];
        }
        let count = state.partitions.len() as u32;
        Box::pin(async move { Ok(count) })
    }

    fn range(&self, partition: u32) -> Result<TopicRange, TopicError> {
        let state = self.0.state.lock();
        let epoch =
            state.epoch.ok_or_else(|| TopicError::Lost("another broker owns the topic".to_owned()))?;
        let at = partition as usize;
        Ok(TopicRange { start: state.starts[at], end: state.ends[at], epoch })
    }

    fn read(&self, partition: u32, from: Offset, _: usize) -> BoxFuture<'_, Result<TopicRead, TopicError>> {
        let state = self.0.state.lock();
        let batches = &state.partitions[partition as usize];
        let after = batches.partition_point(|(base, _)| *base <= from);
        let found = after.checked_sub(1).map(|at| batches[at].1.clone());
        let next = batches.get(after).map_or(state.ends[partition as usize], |(base, _)| *base);
        drop(state);
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            inner.reads_held.fetch_add(usize::from(inner.reads.available_permits() == 0), Ordering::Relaxed);
            let _permit = inner.reads.acquire().await;
            Ok(TopicRead { chunks: found.into_iter().collect(), next })
        })
    }

    fn confirm(&self, partition: u32) -> BoxFuture<'_, Result<(), TopicError>> {
        let denied = self.0.state.lock().denied.then(|| TopicError::Lost("another broker has it".to_owned()));
        let confirmed = denied.map_or_else(|| self.range(partition).map(drop), Err);
        Box::pin(async move { confirmed })
    }

    fn trim(&self, partition: u32, before: Offset) -> BoxFuture<'_, Result<(), TopicError>> {
        let mut state = self.0.state.lock();
        let start = &mut state.starts[partition as usize];
        *start = before.max(*start);
        state.partitions[partition as usize].retain(|(base, _)| *base >= before);
        Box::pin(async { Ok(()) })
    }

    fn append(
        &self,
        partition: u32,
        epoch: Epoch,
        batch: Bytes,
    ) -> Result<BoxFuture<'static, Result<(), TopicError>>, TopicError> {
        let mut state = self.0.state.lock();
        if state.epoch != Some(epoch) {
            return Err(TopicError::Lost(format!("written for {epoch:?}, owned under {:?}", state.epoch)));
        }
        if let Some(error) = &state.fail {
            return Err(error.clone());
        }
        state.appends += 1;
        let inner = Arc::clone(&self.0);
        Ok(Box::pin(async move {
            let _permit = inner.gate.acquire().await;
            inner.state.lock().put(partition as usize, &batch);
            Ok(())
        }))
    }
}
