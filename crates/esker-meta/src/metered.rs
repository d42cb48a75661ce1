//! A metadata store whose calls are counted.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use esker_env::{BoxFuture, Clock, Monotonic};
use esker_metrics::{Counter, Histogram};

use crate::{KeyValue, LeaseId, Listing, MetaError, MetaStore, Revision, Txn, TxnAnswer, Watch};

/// Figures of a broker's calls to the metadata store.
#[derive(Debug, Default)]
pub struct MetaMetrics {
    /// Reads of one key.
    pub get: CallMetrics,
    /// Reads of all keys below a prefix.
    pub list: CallMetrics,
    /// Transactions.
    pub txn: CallMetrics,
    /// Leases taken out.
    pub grant: CallMetrics,
    /// Leases renewed.
    pub keep_alive: CallMetrics,
    /// Leases given back.
    pub revoke: CallMetrics,
    /// How long each call took.
    pub seconds: Histogram,
    /// The last call had no answer.
    failing: AtomicBool,
    /// When there was an answer last, nanoseconds of the process's clock; 0 for never.
    answered: AtomicU64,
    /// When the last renewal that succeeded was asked for; the same.
    renewed: AtomicU64,
}

/// Calls of one kind.
#[derive(Debug, Default)]
pub struct CallMetrics {
    /// Those that the store answered, be it with a refusal.
    pub ok: Counter,
    /// Those of which nothing is known, or that the store could not do.
    pub errors: Counter,
}

impl MetaMetrics {
    /// Whether the store answers: the last call had an answer, and that is no longer ago than `within`.
    #[must_use]
    pub fn is_connected(&self, now: Monotonic, within: Duration) -> bool {
        let answered = at(&self.answered);
        !self.failing.load(Ordering::Relaxed) && answered.is_some_and(|answered| now - answered <= within)
    }

    /// How long the broker's lease lasts if it is never renewed again; zero once it may be over.
    #[must_use]
    pub fn lease_remaining(&self, now: Monotonic, ttl: Duration) -> Duration {
        at(&self.renewed).map_or(Duration::ZERO, |renewed| ttl.saturating_sub(now - renewed))
    }
}

fn at(nanos: &AtomicU64) -> Option<Monotonic> {
    let nanos = nanos.load(Ordering::Relaxed);
    (nanos > 0).then(|| Monotonic(Duration::from_nanos(nanos)))
}

fn set(nanos: &AtomicU64, to: Monotonic) {
    let to = u64::try_from(to.0.as_nanos()).unwrap_or(u64::MAX);
    nanos.store(to.max(1), Ordering::Relaxed);
}

/// A store, with its calls counted.
pub struct MeteredMeta {
    store: Arc<dyn MetaStore>,
    clock: Arc<dyn Clock>,
    metrics: Arc<MetaMetrics>,
}

impl MeteredMeta {
    /// Counts what is asked of `store` by this broker.
    #[must_use]
    pub fn new(store: Arc<dyn MetaStore>, clock: Arc<dyn Clock>, metrics: Arc<MetaMetrics>) -> Self {
        Self { store, clock, metrics }
    }

    fn counted<'a, T: 'a>(
        &'a self,
        call: &'a CallMetrics,
        asked: impl Future<Output = Result<T, MetaError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, MetaError>> {
        Box::pin(async move {
            let begun = self.clock.now();
            let answer = asked.await;
            let now = self.clock.now();
            let metrics = &*self.metrics;
            metrics.seconds.observe(now - begun);
            let failed = matches!(
                answer,
                Err(MetaError::Unavailable(_) | MetaError::Unknown(_) | MetaError::Broken(_))
            );
            metrics.failing.store(failed, Ordering::Relaxed);
            if failed {
                call.errors.inc();
            } else {
                call.ok.inc();
                set(&metrics.answered, now);
            }
            answer
        })
    }

    /// A call after which a lease is as good as new.
    fn renewing<'a, T: 'a>(
        &'a self,
        call: &'a CallMetrics,
        asked: BoxFuture<'a, Result<T, MetaError>>,
    ) -> BoxFuture<'a, Result<T, MetaError>> {
        Box::pin(async move {
            let begun = self.clock.now();
            let answer = self.counted(call, asked).await;
            if answer.is_ok() {
                set(&self.metrics.renewed, begun);
            }
            answer
        })
    }
}

impl MetaStore for MeteredMeta {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>> {
        self.counted(&self.metrics.get, self.store.get(key))
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>> {
        self.counted(&self.metrics.list, self.store.list(prefix))
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>> {
        self.counted(&self.metrics.txn, self.store.txn(txn))
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>> {
        self.renewing(&self.metrics.grant, self.store.grant(ttl))
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        self.renewing(&self.metrics.keep_alive, self.store.keep_alive(lease))
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        self.counted(&self.metrics.revoke, self.store.revoke(lease))
    }

    fn watch(&self, prefix: String, from: Revision) -> Watch {
        self.store.watch(prefix, from)
    }
}
