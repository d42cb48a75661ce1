//! Messages with ids, each of which is written once within its queue's window (docs/decisions/0205-deduplication.md).
//!
//! Where a partition is led, an [`index`] knows the ids of its youngest records. It is made of the log alone, so whoever leads the
//! partition next makes the same one: it is read when the first message with an id comes, and after that kept up to the log's
//! end, mostly by what is appended under it. [`part`] is where that is done, [`ids`] how ids are found in batches.
//!
//! # Memory
//! Ids take at most what the configuration says, over all partitions of a broker, an eighth of which is for reading; beyond that nothing
//! new is written. They leave when their time has passed, and with the partition.

mod ids;
mod index;
mod part;

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use esker_core::PartitionId;
use esker_env::{Env, TaskGuard};
use esker_log::{AppendError, Log, LogError, topic_config::DEDUPLICATION_WINDOW};
use esker_meta::Topic;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tonic::Code;

use self::{ids::Hashes, part::Part};
use crate::{OWNER_WAIT, budget::Budget, fault::Fault, owner::Placed};

/// What is read at once, bytes; a single batch may be larger.
const CHUNK: usize = 256 << 10;
/// How long an append waits for the ids of its partition: it is sent again then, and finds more of them read.
const READING: Duration = Duration::from_secs(5);
/// How much longer than their window ids are kept, as messages come late: they are [`OWNER_WAIT`] under way at most, and clocks differ.
const LATE_MS: i64 = 30_000 + OWNER_WAIT.as_millis() as i64;
/// How often it is looked for what can go.
const SWEEP: Duration = Duration::from_secs(10);
/// How long an index stays that was begun and not finished.
const UNFINISHED: Duration = Duration::from_secs(60);

/// The window of a queue's topic, milliseconds; 0 for none.
pub(crate) fn window_ms(topic: &Topic, log: &Log) -> u64 {
    let set = topic.record.configs.get(DEDUPLICATION_WINDOW);
    let set = set.or_else(|| log.topic_defaults().get(DEDUPLICATION_WINDOW));
    set.and_then(|window| window.trim().parse().ok()).unwrap_or(0)
}

/// The ids of the messages in the partitions that a broker leads. Cheap to clone; clones are the same. A broker has one: appends by
/// another one would not be known.
#[derive(Clone)]
pub struct Deduplication {
    inner: Arc<Inner>,
    _sweeping: Arc<TaskGuard>,
}

struct Inner {
    env: Env,
    log: Log,
    hashes: Hashes,
    budget: Arc<Budget>,
    /// Of all partitions, beside `budget`: a leader has to be able to read what the one before it had in memory.
    reads: Semaphore,
    /// One of them is the only one of its partition for as long as anybody has it.
    parts: Mutex<BTreeMap<PartitionId, Arc<Part>>>,
}

/// Why a batch was not appended.
pub(crate) enum NotPlaced {
    Log(AppendError),
    Fault(Fault),
    /// There is no room for its ids.
    Full,
}

impl From<AppendError> for NotPlaced {
    fn from(error: AppendError) -> Self {
        Self::Log(error)
    }
}

impl From<LogError> for NotPlaced {
    fn from(error: LogError) -> Self {
        Self::Log(error.into())
    }
}

impl From<Fault> for NotPlaced {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Deduplication {
    /// For the partitions of a log; its ids take at most so many bytes.
    #[must_use]
    pub fn new(env: &Env, log: &Log, bytes: usize) -> Self {
        let reads = bytes / 8 / CHUNK;
        let inner = Arc::new(Inner {
            env: env.clone(),
            log: log.clone(),
            hashes: Hashes::new(&*env.random),
            budget: Budget::new(bytes - reads * CHUNK),
            reads: Semaphore::new(reads.max(1)),
            parts: Mutex::default(),
        });
        let sweeping = env
            .tasks
            .spawn_vital_guarded("forgetting deduplication ids", sweep(Arc::downgrade(&inner), env.clone()));
        Self { inner, _sweeping: Arc::new(sweeping) }
    }

    /// Bytes that ids take, and that they may take.
    #[must_use]
    pub fn memory(&self) -> (usize, usize) {
        self.inner.budget.used()
    }

    /// Appends what is new of a batch: `window` in milliseconds, more than 0.
    ///
    /// # Errors
    /// Nothing was appended.
    pub(crate) async fn append(
        &self,
        id: PartitionId,
        batch: &Bytes,
        window: i64,
    ) -> Result<Placed, NotPlaced> {
        let inner = &*self.inner;
        // Before anything is made of it.
        let checked = inner.log.check(id, batch)?;
        let incoming = inner.hashes.incoming(batch)?;
        let part = inner.part(id);
        let placed = async {
            let mut is_swept = false;
            loop {
                let placed = match part.ready(inner, id, window).await {
                    Ok(goal) => part.place(inner, id, &checked, &incoming, (window, goal)),
                    Err(error) => Err(error),
                };
                match placed {
                    Ok(Some(placed)) => return Ok(placed),
                    Ok(None) => {}
                    Err(NotPlaced::Full) if !is_swept => {
                        inner.sweep();
                        is_swept = true;
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        inner.env.timeout(READING, placed).await.unwrap_or_else(|_| {
            let text = format!("which messages partition {id} has is still being read");
            Err(Fault::not_here(text).into())
        })
    }
}

/// The broker's memory for ids is in use.
pub(crate) fn full() -> Fault {
    let text = "this broker's memory for deduplication ids is in use (limits.deduplication_bytes_total)";
    let fault = Fault::refused(Code::ResourceExhausted, "DEDUPLICATION_LIMIT", text);
    fault.retry(Duration::from_secs(5))
}

impl Inner {
    fn part(&self, id: PartitionId) -> Arc<Part> {
        let now = self.env.clock.now();
        Arc::clone(self.parts.lock().entry(id).or_insert_with(|| Arc::new(Part::new(now))))
    }

    /// The time of the oldest record that may still count, milliseconds since 1970.
    fn since(&self, window: i64) -> i64 {
        self.env.clock.wall_ms().saturating_sub(window).saturating_sub(LATE_MS)
    }

    fn sweep(&self) {
        let parts: Vec<_> = self.parts.lock().iter().map(|(id, part)| (*id, Arc::clone(part))).collect();
        for (id, part) in parts {
            part.sweep(self, id);
        }
        self.parts.lock().retain(|_, part| Arc::strong_count(part) > 1 || !part.is_empty());
    }
}

async fn sweep(inner: Weak<Inner>, env: Env) {
    loop {
        env.clock.sleep(SWEEP).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.sweep();
    }
}
