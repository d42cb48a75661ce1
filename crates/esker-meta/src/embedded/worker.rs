//! The thread that owns the database.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use esker_env::{Monotonic, watch};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::database::Database;
use crate::{
    HistoryLimit, LeaseId, MetaError, Txn, TxnAnswer,
    engine::{Engine, Plan},
};

/// What the thread is asked to do.
pub(super) enum Job {
    Txn {
        txn: Txn,
        done: oneshot::Sender<Result<TxnAnswer, MetaError>>,
    },
    Revoke {
        lease: LeaseId,
        done: oneshot::Sender<Result<(), MetaError>>,
    },
    /// Ends the lease unless it was kept alive beyond `now` in the meantime.
    Expire {
        lease: LeaseId,
        now: Monotonic,
        done: oneshot::Sender<()>,
    },
    Close(oneshot::Sender<()>),
}

/// Where jobs go. Not bounded itself: every sender waits for its answer.
pub(super) type Jobs = mpsc::Sender<Job>;

/// What opening gives: the content, and whether the thread still serves it.
type Opened = Result<(Arc<Mutex<Engine>>, watch::Receiver<bool>), MetaError>;

/// Starts the thread. It ends when every sender is gone, on [`Job::Close`], or when the database fails.
pub(super) fn start(
    dir: PathBuf,
    limit: HistoryLimit,
) -> Result<(Jobs, oneshot::Receiver<Opened>), MetaError> {
    let (jobs, inbox) = mpsc::channel();
    let (opened, answer) = oneshot::channel();
    // The database blocks, and must not do so on the runtime; its one writer is this one thread.
    std::thread::Builder::new()
        .name("esker-meta".to_owned())
        .spawn(move || match open(&dir, limit) {
            Ok(worker) => {
                let parts = (Arc::clone(&worker.engine), worker.up.subscribe());
                if opened.send(Ok(parts)).is_ok() {
                    worker.run(&inbox);
                }
            }
            Err(error) => drop(opened.send(Err(error))),
        })
        .map_err(|error| MetaError::Broken(format!("cannot start the metadata thread: {error}")))?;
    Ok((jobs, answer))
}

struct Worker {
    database: Database,
    engine: Arc<Mutex<Engine>>,
    up: watch::Sender<bool>,
}

fn open(dir: &Path, limit: HistoryLimit) -> Result<Worker, MetaError> {
    let (database, revision, entries) = Database::open(dir)?;
    let leased: Vec<_> =
        entries.iter().filter(|(_, entry)| entry.lease.is_some()).map(|(key, _)| key.clone()).collect();
    let mut engine = Engine::new(revision, entries, limit);
    if !leased.is_empty() {
        // The leases of an earlier process ended with it, at the latest now.
        let plan = engine.plan_delete(leased);
        database.write(&plan.events)?;
        engine.commit(plan);
    }
    Ok(Worker { database, engine: Arc::new(Mutex::new(engine)), up: watch::Sender::new(true) })
}

impl Worker {
    fn run(self, inbox: &mpsc::Receiver<Job>) {
        let mut closed = None;
        while let Ok(job) = inbox.recv() {
            if let Job::Close(done) = job {
                closed = Some(done);
                break;
            }
            if let Err(error) = self.serve(job) {
                tracing::error!(%error, "the embedded metadata store has failed; restart the process");
                break;
            }
        }
        self.up.send_replace(false);
        // Before the answer, so that whoever waits for it can open the database.
        drop(self);
        if let Some(done) = closed {
            let _ = done.send(());
        }
    }

    /// An error is the database's, and final: after a failed write nothing is known about what is on disk.
    fn serve(&self, job: Job) -> Result<(), MetaError> {
        // Nobody may be waiting any more: that is no reason not to do it.
        match job {
            Job::Txn { txn, done } => {
                let plan = match self.engine.lock().plan(&txn) {
                    Ok(plan) => plan,
                    Err(error) => {
                        let _ = done.send(Err(error));
                        return Ok(());
                    }
                };
                match self.make(plan) {
                    Ok(answer) => drop(done.send(Ok(answer))),
                    Err(error) => {
                        let _ = done.send(Err(MetaError::Unknown(error.to_string())));
                        return Err(error);
                    }
                }
            }
            Job::Revoke { lease, done } => {
                let plan = self.engine.lock().plan_revoke(lease);
                let made = self.make(plan).map(drop);
                let _ = done.send(made.clone());
                made?;
            }
            Job::Expire { lease, now, done } => {
                let plan = {
                    let mut engine = self.engine.lock();
                    let due = engine.deadline(lease).is_some_and(|deadline| deadline <= now);
                    due.then(|| engine.plan_revoke(lease))
                };
                if let Some(plan) = plan {
                    self.make(plan)?;
                }
                let _ = done.send(());
            }
            Job::Close(_) => unreachable!("handled by the loop"),
        }
        Ok(())
    }

    /// Makes a planned change durable, then visible. Between the two nothing else can commit: this thread is the only
    /// one that does.
    fn make(&self, plan: Plan) -> Result<TxnAnswer, MetaError> {
        if !plan.events.is_empty() {
            self.database.write(&plan.events)?;
        }
        Ok(self.engine.lock().commit(plan))
    }
}
