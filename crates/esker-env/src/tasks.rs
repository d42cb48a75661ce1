//! Tasks that belong to one broker and end with it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

/// The tasks of one broker. Spawning, counting, ending them all at once (a simulated crash, or the last step of a
/// shutdown). Cheap to clone.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Inner>);

#[derive(Default)]
struct Inner {
    next: AtomicU64,
    state: Mutex<State>,
    idle: Notify,
    /// The first vital task that has panicked.
    panicked: watch::Sender<Option<&'static str>>,
    #[cfg(feature = "sim")]
    gate: Option<crate::Gate>,
}

#[derive(Default)]
struct State {
    running: std::collections::BTreeMap<u64, AbortHandle>,
    closed: bool,
}

/// Ends its task when dropped.
#[must_use = "dropping the guard ends the task"]
#[derive(Debug)]
pub struct TaskGuard(Option<AbortHandle>);

impl Drop for TaskGuard {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.abort();
        }
    }
}

/// Takes the task out of the list however it ends: return, panic or abort.
struct Unlist {
    inner: Arc<Inner>,
    number: u64,
}

impl Drop for Unlist {
    fn drop(&mut self) {
        let mut state = self.inner.state.lock();
        state.running.remove(&self.number);
        if state.running.is_empty() {
            self.inner.idle.notify_waiters();
        }
    }
}

/// Tells of a panic of the task that it lives in.
struct Vital {
    inner: Arc<Inner>,
    what: &'static str,
}

impl Drop for Vital {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.inner.panicked.send_if_modified(|first| {
                let is_first = first.is_none();
                first.get_or_insert(self.what);
                is_first
            });
        }
    }
}

impl Tasks {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty set whose tasks are polled only while the gate is open.
    #[cfg(feature = "sim")]
    #[must_use]
    pub fn gated(gate: crate::Gate) -> Self {
        Self(Arc::new(Inner { gate: Some(gate), ..Inner::default() }))
    }

    /// Runs `future` as a task of this set. After [`Tasks::abort_all`] it is dropped instead.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.start(future);
    }

    /// As [`Tasks::spawn`], and the task also ends when the guard is dropped.
    pub fn spawn_guarded(&self, future: impl Future<Output = ()> + Send + 'static) -> TaskGuard {
        TaskGuard(self.start(future))
    }

    /// As [`Tasks::spawn`], for what the broker cannot be without: a panic of it shows in [`Tasks::panicked`]. `what` names
    /// it to an operator. What serves one client is not of this kind: no request may end a broker.
    pub fn spawn_vital(&self, what: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        self.start(self.vital(what, future));
    }

    /// As [`Tasks::spawn_vital`], and the task also ends when the guard is dropped.
    pub fn spawn_vital_guarded(
        &self,
        what: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> TaskGuard {
        TaskGuard(self.start(self.vital(what, future)))
    }

    fn vital(
        &self,
        what: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let vital = Vital { inner: Arc::clone(&self.0), what };
        async move {
            let _vital = vital;
            future.await;
        }
    }

    /// Completes with the name of the first vital task that has panicked.
    pub async fn panicked(&self) -> &'static str {
        let mut panicked = self.0.panicked.subscribe();
        let first = panicked.wait_for(Option::is_some).await.ok().and_then(|first| *first);
        match first {
            Some(what) => what,
            // The sender is in `self`.
            None => std::future::pending().await,
        }
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    fn start(&self, future: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let unlist = Unlist { inner: Arc::clone(&self.0), number };
        // Held across the spawn so that the task cannot leave the list before it is in it.
        let mut state = self.0.state.lock();
        if state.closed {
            drop(state);
            return None;
        }
        #[cfg(feature = "sim")]
        let future = crate::gate::gated(self.0.gate.clone(), future);
        let handle = tokio::spawn(async move {
            let _unlist = unlist;
            future.await;
        })
        .abort_handle();
        state.running.insert(number, handle.clone());
        Some(handle)
    }

    /// Tasks that have not ended.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.state.lock().running.len()
    }

    /// Ends every task at its next await and refuses new ones.
    pub fn abort_all(&self) {
        let handles: Vec<_> = {
            let mut state = self.0.state.lock();
            state.closed = true;
            state.running.values().cloned().collect()
        };
        for handle in handles {
            handle.abort();
        }
    }

    /// Completes once no task runs.
    pub async fn wait_idle(&self) {
        loop {
            let idle = self.0.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.running() == 0 {
                return;
            }
            idle.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_of_a_vital_task_is_told_and_no_other_end() {
        let tasks = Tasks::new();
        tasks.spawn(async { panic!("of one client") });
        tasks.spawn_vital("returns", async {});
        drop(tasks.spawn_vital_guarded("is ended", std::future::pending()));
        tasks.wait_idle().await;
        assert_eq!(*tasks.0.panicked.borrow(), None);
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let _guard = tasks.spawn_vital_guarded("first", async move {
            wait.await.unwrap_or_default();
            panic!("after an await");
        });
        let told = tasks.panicked();
        drop(go);
        assert_eq!(told.await, "first");
        tasks.spawn_vital("second", async { panic!("later") });
        tasks.wait_idle().await;
        assert_eq!(tasks.panicked().await, "first");
    }

    #[tokio::test]
    async fn tasks_are_counted_and_all_end_together() {
        let tasks = Tasks::new();
        tasks.spawn(std::future::pending());
        let guard = tasks.spawn_guarded(std::future::pending());
        tasks.spawn(async {});
        assert!(tasks.running() >= 2);
        drop(guard);
        tasks.abort_all();
        tasks.wait_idle().await;
        tasks.spawn(async { panic!("a closed set runs nothing") });
        assert_eq!(tasks.running(), 0);
    }
}
