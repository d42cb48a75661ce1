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

#[cfg(test)]
mod tests {
    use esker_env::Env;

    use super::*;
    use crate::MemoryMeta;

    #[tokio::test]
    async fn answers_and_silence_are_counted_and_the_lease_runs_out() {
        let (env, metrics) = (Env::real(), Arc::new(MetaMetrics::default()));
        let memory = MemoryMeta::new(env.clone());
        let store = MeteredMeta::new(Arc::new(memory.clone()), Arc::clone(&env.clock), Arc::clone(&metrics));
        let (ttl, within) = (Duration::from_secs(60), Duration::from_secs(60));
        let connected = || metrics.is_connected(env.clock.now(), within);
        assert!(!connected(), "nothing was asked yet");
        assert_eq!(metrics.lease_remaining(env.clock.now(), ttl), Duration::ZERO);
        let lease = store.grant(ttl).await.unwrap();
        assert!(connected());
        let left = metrics.lease_remaining(env.clock.now(), ttl);
        assert!(left > ttl / 2 && left <= ttl, "{left:?}");
        let later = env.clock.now() + ttl;
        assert_eq!(metrics.lease_remaining(later, ttl), Duration::ZERO);
        assert!(!metrics.is_connected(later + ttl, within), "nothing was heard for too long");

        memory.set_down(true);
        assert!(store.keep_alive(lease).await.is_err());
        assert!(!connected());
        memory.set_down(false);
        store.revoke(lease).await.unwrap();
        // A refusal is an answer.
        assert_eq!(store.keep_alive(lease).await, Err(MetaError::LeaseGone(lease)));
        assert!(connected());
        let counts = |call: &CallMetrics| (call.ok.get(), call.errors.get());
        assert_eq!((counts(&metrics.grant), counts(&metrics.keep_alive)), ((1, 0), (1, 1)));
        assert_eq!(counts(&metrics.revoke), (1, 0));
        assert_eq!(metrics.seconds.snapshot().count(), 4);
    }
}
