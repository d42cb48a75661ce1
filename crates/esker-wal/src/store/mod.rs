//! A store: one physical log with the frames of all ledgers it hosts.

mod files;
mod ledger;
mod open;
mod physical_writer;
mod read;
mod replay;
mod state;
mod tombstones;

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use esker_core::{FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_env::{BoxFuture, Disk, Env, TaskGuard};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    Directory, LogStore, OpenError, SealAnswer, StoreConfig, StoreError, Trim,
    physical::{ALIGN, Identity, Record},
};
use state::{Answer, State, Work};

/// Kept free at the end of every file for the entry that says so.
const END_SIZE: u64 = ALIGN as u64;

/// One write-ahead-log directory, open.
///
/// One task of the environment writes it; dropping the store ends the task. What was accepted by then may or may not be
/// written. [`Store::close`] ends it in order.
pub struct Store {
    shared: Arc<Shared>,
    _writer: TaskGuard,
}

/// Space of a store's log. The log throttles producers at 80 % and refuses at 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of log files that hold something, the unwritten part of the last one excepted. Falls by whole files, when
    /// every frame in one is trimmed.
    pub used: u64,
    /// Bytes that `used` may reach before appends fail with [`StoreError::Full`].
    pub capacity: u64,
}

struct Shared {
    identity: Identity,
    disk: Arc<dyn Disk>,
    env: Env,
    config: StoreConfig,
    state: Mutex<State>,
    /// Something was queued for the physical writer.
    wake: Notify,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("id", &self.shared.identity.id).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in this disk's root, formatting it when the root is empty, and reads the log: complete when this
    /// returns.
    ///
    /// # Errors
    /// When the device fails, the identity is damaged, or the directory holds files of another store. Damage in the log
    /// itself is no error: it is logged, remembered, and answered for where it matters.
    pub async fn open(disk: Arc<dyn Disk>, env: Env, config: StoreConfig) -> Result<Arc<Self>, OpenError> {
        config.check()?;
        let (shared, writer) = open::open(disk, env, config).await?;
        let guard = shared.env.tasks.spawn_vital_guarded("the log store's writer", writer.run());
        Ok(Arc::new(Self { shared, _writer: guard }))
    }

    /// Space in use and space there is.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let state = self.shared.state.lock();
        let config = &self.shared.config;
        Usage { used: state.used(config), capacity: state.files.capacity(config) }
    }

    /// See [`StoreConfig::largest_batch`].
    #[must_use]
    pub fn largest_batch(&self) -> usize {
        self.shared.config.largest_batch()
    }

    /// Why the store takes no more writes; `None` while it does.
    #[must_use]
    pub fn failure(&self) -> Option<StoreError> {
        self.shared.state.lock().failed.clone()
    }

    /// Ledgers that the store holds something of, or a seal, in order.
    #[must_use]
    pub fn ledgers(&self) -> Vec<LedgerId> {
        self.shared.state.lock().ledgers.keys().copied().collect()
    }

    /// Ends the store in order: refuses new changes, writes what was accepted, syncs, and notes that nothing is missing.
    /// Reads go on.
    ///
    /// # Errors
    /// When the store has failed, or fails now.
    pub async fn close(&self) -> Result<(), StoreError> {
        let answer = {
            let mut state = self.shared.state.lock();
            if let Some(failed) = &state.failed {
                return Err(failed.clone());
            }
            if state.closing {
                return Ok(());
            }
            state.closing = true;
            state.push(true, Work::Record(Record::Clean))
        };
        self.shared.wake.notify_one();
        answered(answer).await
    }
}

async fn answered(answer: Answer) -> Result<(), StoreError> {
    answer.await.unwrap_or(Err(StoreError::Closed))
}

impl Shared {
    /// Wakes the physical writer for what was just queued; the future waits for its answer.
    fn wait(&self, accepted: Result<Answer, StoreError>) -> BoxFuture<'static, Result<(), StoreError>> {
        match accepted {
            Ok(answer) => {
                self.wake.notify_one();
                Box::pin(answered(answer))
            }
            Err(error) => Box::pin(async move { Err(error) }),
        }
    }
}

impl LogStore for Store {
    fn id(&self) -> StoreId {
        self.shared.identity.id
    }

    fn append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        let accepted = self.shared.state.lock().append(&self.shared.config, frame);
        self.shared.wait(accepted)
    }

    fn seal(&self, ledger: LedgerId, mode: Mode) -> BoxFuture<'static, Result<SealAnswer, StoreError>> {
        let accepted = self.shared.state.lock().seal(&self.shared.config, ledger, mode);
        self.shared.wake.notify_one();
        Box::pin(async move {
            let (answer, durable) = accepted?;
            answered(durable).await?;
            Ok(answer)
        })
    }

    fn repair_append(&self, frame: Frame) -> BoxFuture<'static, Result<(), StoreError>> {
        let accepted = self.shared.state.lock().repair_append(&self.shared.config, frame);
        self.shared.wait(accepted)
    }

    fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> BoxFuture<'static, Result<Bytes, StoreError>> {
        Box::pin(read::payload(Arc::clone(&self.shared), ledger, index, range))
    }

    fn read_frame(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
    ) -> BoxFuture<'static, Result<Frame, StoreError>> {
        Box::pin(read::frame(Arc::clone(&self.shared), ledger, index))
    }

    fn directory(
        &self,
        ledger: LedgerId,
        from: FrameIndex,
    ) -> BoxFuture<'static, Result<Directory, StoreError>> {
        let directory = read::directory(&self.shared.state.lock(), ledger, from);
        Box::pin(async move { directory })
    }

    fn is_open(&self, ledger: LedgerId) -> BoxFuture<'static, Result<bool, StoreError>> {
        let open = self.shared.state.lock().is_open(ledger);
        Box::pin(async move { open })
    }

    fn trim(&self, ledger: LedgerId, trim: Trim) -> BoxFuture<'static, Result<(), StoreError>> {
        let accepted = self.shared.state.lock().trim(ledger, trim);
        match accepted.transpose() {
            Some(accepted) => self.shared.wait(accepted),
            None => Box::pin(async { Ok(()) }),
        }
    }
}
