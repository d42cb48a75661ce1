//! The in-memory store: for tests and the simulator, where it stands for an etcd that outlives every broker.

mod faults;

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use esker_env::{BoxFuture, Env, watch};
use parking_lot::{Mutex, MutexGuard};

pub use self::faults::{Ambiguous, Faults};
use crate::{
    HistoryLimit, KeyValue, LeaseId, Listing, MetaError, MetaStore, Revision, Txn, TxnAnswer, Watch,
    engine::{Engine, FIRST},
    watching::watch_engine,
};

/// One client of an in-memory store. Clones are the same client; [`MemoryMeta::client`] makes another one, whose
/// faults are its own. Leases end by the clock of the [`Env`] that the store was made with, which must outlive the
/// brokers that use it.
#[derive(Clone)]
pub struct MemoryMeta {
    server: Arc<Server>,
    faults: Arc<Faults>,
}

struct Server {
    env: Env,
    engine: Arc<Mutex<Engine>>,
    up: watch::Sender<bool>,
    /// No transaction's answer arrives.
    unsettled: AtomicBool,
}

impl MemoryMeta {
    /// An empty store.
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self::with_history(env, HistoryLimit::default())
    }

    /// An empty store with a history of this size.
    #[must_use]
    pub fn with_history(env: Env, limit: HistoryLimit) -> Self {
        let engine = Engine::new(FIRST, std::collections::BTreeMap::new(), limit);
        let (up, unsettled) = (watch::Sender::new(true), AtomicBool::new(false));
        let server = Server { env, engine: Arc::new(Mutex::new(engine)), up, unsettled };
        Self { server: Arc::new(server), faults: Arc::default() }
    }

    /// Another client of the same store, without faults.
    #[must_use]
    pub fn client(&self) -> Self {
        Self { server: Arc::clone(&self.server), faults: Arc::default() }
    }

    /// What goes wrong between this client and the store.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Takes the store away from every client, or gives it back. No lease ends while it is away, and all begin anew
    /// after: what etcd does around the loss of its quorum.
    pub fn set_down(&self, down: bool) {
        if !down {
            self.server.engine.lock().renew_all(self.server.env.clock.now());
        }
        self.server.up.send_replace(!down);
    }

    /// Loses the answer of every client's transactions, or no more: what happens when etcd's leader goes. What becomes of
    /// each of them is drawn.
    pub fn set_unsettled(&self, unsettled: bool) {
        self.server.unsettled.store(unsettled, Ordering::Relaxed);
    }

    /// Forgets the past: watches that have not seen all of it end, and must list again.
    pub fn compact(&self) {
        self.server.engine.lock().compact();
    }

    async fn arrive(&self) -> Result<(), MetaError> {
        if let Some(latency) = self.faults.latency() {
            self.server.env.clock.sleep(latency).await;
        }
        if self.faults.unreachable() || !*self.server.up.borrow() {
            return Err(MetaError::Unavailable("no connection".to_owned()));
        }
        Ok(())
    }
}

impl Server {
    /// The state, with every lease that is due ended.
    fn engine(&self) -> MutexGuard<'_, Engine> {
        let mut engine = self.engine.lock();
        if *self.up.borrow() {
            let now = self.env.clock.now();
            while let Some(lease) = engine.due(now) {
                let plan = engine.plan_revoke(lease);
                engine.commit(plan);
            }
        }
        engine
    }

    fn apply(&self, txn: &Txn) -> Result<TxnAnswer, MetaError> {
        let mut engine = self.engine();
        let plan = engine.plan(txn)?;
        Ok(engine.commit(plan))
    }

    /// Ends the lease in time, also when nobody calls.
    async fn expire(server: Weak<Self>, lease: LeaseId) {
        while let Some(strong) = server.upgrade() {
            let Some(deadline) = strong.engine().deadline(lease) else { return };
            let now = strong.env.clock.now();
            // Past its deadline only while the store is away: look again later.
            let wait = if deadline > now { deadline - now } else { Duration::from_secs(1) };
            let sleep = strong.env.clock.sleep(wait);
            drop(strong);
            sleep.await;
        }
    }
}

impl MetaStore for MemoryMeta {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>> {
        Box::pin(async move {
            self.arrive().await?;
            Ok(self.server.engine().get(&key))
        })
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>> {
        Box::pin(async move {
            self.arrive().await?;
            Ok(self.server.engine().list(&prefix))
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>> {
        Box::pin(async move {
            self.arrive().await?;
            txn.check()?;
            let unsettled = self.server.unsettled.load(Ordering::Relaxed);
            match self.faults.ambiguous(&*self.server.env.random, unsettled) {
                None => return self.server.apply(&txn),
                Some(Ambiguous::Lost) => {}
                Some(Ambiguous::Applied) => {
                    self.server.apply(&txn)?;
                }
                Some(Ambiguous::Late(delay)) => {
                    let server = Arc::clone(&self.server);
                    let sleep = server.env.clock.sleep(delay);
                    self.server.env.tasks.spawn(async move {
                        sleep.await;
                        // Nobody is left to hear a refusal.
                        let _ = server.apply(&txn);
                    });
                }
            }
            Err(MetaError::Unknown("the answer was lost".to_owned()))
        })
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>> {
        Box::pin(async move {
            self.arrive().await?;
            let now = self.server.env.clock.now();
            let lease = self.server.engine().grant(ttl, now);
            self.server.env.tasks.spawn(Server::expire(Arc::downgrade(&self.server), lease));
            Ok(lease)
        })
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            self.arrive().await?;
            self.server.engine().keep_alive(lease, self.server.env.clock.now())
        })
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        Box::pin(async move {
            self.arrive().await?;
            let mut engine = self.server.engine();
            let plan = engine.plan_revoke(lease);
            engine.commit(plan);
            Ok(())
        })
    }

    fn watch(&self, prefix: String, from: Revision) -> Watch {
        watch_engine(&self.server.engine, prefix, from, [self.faults.link(), self.server.up.subscribe()])
    }
}

#[cfg(test)]
pub(crate) mod tests;
