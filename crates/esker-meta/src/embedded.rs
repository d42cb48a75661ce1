//! The embedded store: one machine's metadata in a small database, so that `esker dev` needs nothing but the binary.
//!
//! A thread of its own owns the database and makes every change; the whole content also lives in memory, where reads
//! and watches are served from. A change is shown only once it is on disk. Leases live in memory alone and end with
//! the process: opening the store deletes whatever an earlier process had leased.

mod database;
mod worker;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use esker_env::{BoxFuture, Env, watch};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use self::worker::{Job, Jobs};
use crate::{
    HistoryLimit, KeyValue, LeaseId, Listing, MetaError, MetaStore, Revision, Txn, TxnAnswer, Watch,
    engine::Engine, watching::watch_engine,
};

/// What a directory holds, as [`EmbeddedMeta::look`] sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddedState {
    /// No store.
    Absent,
    /// A store that a process has open.
    Held,
    /// A store that nobody has open.
    Free,
}

/// The embedded store. Dropping it ends its thread soon after; [`EmbeddedMeta::close`] also waits for that.
pub struct EmbeddedMeta {
    env: Env,
    engine: Arc<Mutex<Engine>>,
    jobs: Jobs,
    up: watch::Receiver<bool>,
    path: PathBuf,
}

impl EmbeddedMeta {
    /// Opens the store in directory `dir`, creating both when missing, and holds it exclusively.
    ///
    /// # Errors
    /// [`MetaError::Broken`] when another process has it open, when it cannot be read, or is of an unknown format.
    pub async fn open(dir: &Path, env: Env) -> Result<Self, MetaError> {
        Self::open_with(dir, env, HistoryLimit::default()).await
    }

    /// Looks at what a directory holds, and changes nothing. May have changed by the time that this returns.
    ///
    /// # Errors
    /// [`MetaError::Broken`] when the directory cannot be read.
    pub fn look(dir: &Path) -> Result<EmbeddedState, MetaError> {
        database::look(dir)
    }

    /// As [`EmbeddedMeta::open`], with a history of this size.
    ///
    /// # Errors
    /// As [`EmbeddedMeta::open`].
    pub async fn open_with(dir: &Path, env: Env, limit: HistoryLimit) -> Result<Self, MetaError> {
        let (jobs, opened) = worker::start(dir.to_owned(), limit)?;
        let stopped = || MetaError::Broken(format!("{}: the metadata thread ended", dir.display()));
        let (engine, up) = opened.await.map_err(|_| stopped())??;
        Ok(Self { env, engine, jobs, up, path: dir.to_owned() })
    }

    /// The directory that holds it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the store and completes once another process (or this one) can open it.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).is_ok() {
            // An error means that the thread is gone, and the database with it.
            let _ = closed.await;
        }
    }

    fn check(&self) -> Result<(), MetaError> {
        if *self.up.borrow() { Ok(()) } else { Err(self.gone()) }
    }

    fn gone(&self) -> MetaError {
        MetaError::Broken(format!(
            "{}: the embedded metadata store is closed or has failed",
            self.path.display()
        ))
    }

    /// Ends the lease in time, also when nobody calls.
    async fn expire(
        env: Env,
        engine: Arc<Mutex<Engine>>,
        jobs: Jobs,
        up: watch::Receiver<bool>,
        lease: LeaseId,
    ) {
        while *up.borrow() {
            let Some(deadline) = engine.lock().deadline(lease) else { return };
            let now = env.clock.now();
            if deadline > now {
                env.clock.sleep(deadline - now).await;
            } else {
                let (done, ended) = oneshot::channel();
                let job = Job::Expire { lease, now, done };
                if jobs.send(job).is_err() || ended.await.is_err() {
                    return;
                }
            }
        }
    }
}

impl MetaStore for EmbeddedMeta {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>> {
        Box::pin(async move {
            self.check()?;
            Ok(self.engine.lock().get(&key))
        })
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>> {
        Box::pin(async move {
            self.check()?;
            Ok(self.engine.lock().list(&prefix))
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>> {
        Box::pin(async move {
            self.check()?;
            txn.check()?;
            let (done, answer) = oneshot::channel();
            self.jobs.send(Job::Txn { txn, done }).map_err(|_| self.gone())?;
            // A job that was dropped with the thread may have been written.
            answer.await.unwrap_or_else(|_| Err(MetaError::Unknown("the metadata thread ended".to_owned())))
        })
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>> {
        Box::pin(async move {
            self.check()?;
            let lease = self.engine.lock().grant(ttl, self.env.clock.now());
            let engine = Arc::clone(&self.engine);
            let watch = Self::expire(self.env.clone(), engine, self.jobs.clone(), self.up.clone(), lease);
            self.env.tasks.spawn_vital("the end of a lease", watch);
            Ok(lease)
        })
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            self.check()?;
            self.engine.lock().keep_alive(lease, self.env.clock.now())
        })
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            self.check()?;
            let (done, answer) = oneshot::channel();
            self.jobs.send(Job::Revoke { lease, done }).map_err(|_| self.gone())?;
            answer.await.map_err(|_| self.gone())?
        })
    }

    fn watch(&self, prefix: String, from: Revision) -> Watch {
        watch_engine(&self.engine, prefix, from, [self.up.clone(), self.up.clone()])
    }
}

#[cfg(test)]
mod tests;
