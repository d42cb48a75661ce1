//! One task for every deadline of every partition.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use esker_env::Monotonic;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Machine, Runtime};

/// Wakes the task before the time it has planned.
#[derive(Default)]
pub(crate) struct Alarm {
    /// Until when the task means to sleep; `None` while it is awake.
    planned: Mutex<Option<Monotonic>>,
    notify: Notify,
    /// How often the task has looked.
    pub(crate) rounds: AtomicU64,
}

impl Alarm {
    /// There is something to do at `deadline`.
    pub(super) fn at_latest(&self, deadline: Monotonic) {
        let mut planned = self.planned.lock();
        if planned.is_some_and(|planned| deadline < planned) {
            *planned = Some(deadline);
            self.notify.notify_one();
        }
    }

    /// The task has looked and knows of nothing before `next`; somebody else may have since. Until when to sleep.
    fn plan(&self, next: Monotonic) -> Monotonic {
        let mut planned = self.planned.lock();
        let until = planned.map_or(next, |planned| planned.min(next));
        *planned = Some(until);
        until
    }
}

/// Nothing is further away than this, so that a deadline that is missed costs little.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Watches deadlines until it is dropped.
pub(super) async fn run<M: Machine>(runtime: Arc<Runtime<M>>) {
    let interval = M::tidy_interval(&runtime.config);
    let mut tidy = runtime.now().monotonic + interval;
    loop {
        let now = runtime.now().monotonic;
        // Before looking: a deadline that comes up while we look finds a plan to move.
        *runtime.alarm.planned.lock() = Some(now + LONGEST_SLEEP);
        let mut next = (now + LONGEST_SLEEP).min(tidy);
        if tidy <= now {
            runtime.on_every(M::tidy);
            tidy = now + interval;
        }
        if let Some(deadline) = runtime.expire_due(now) {
            next = next.min(deadline);
        }
        runtime.alarm.rounds.fetch_add(1, Ordering::Relaxed);
        let wait = runtime.alarm.plan(next) - runtime.now().monotonic;
        if wait.is_zero() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            biased;
            () = runtime.env.clock.sleep(wait) => {}
            () = runtime.alarm.notify.notified() => {}
        }
    }
}

impl<M: Machine> Runtime<M> {
    /// Acts on what is due; the earliest deadline of what is not.
    fn expire_due(self: &Arc<Self>, now: Monotonic) -> Option<Monotonic> {
        let deadlines = self.rows().into_iter().filter_map(|row| {
            // Nothing is settled where nothing is due: settling wakes the task that calls this.
            let planned = row.state.lock().in_charge(None)?.machine.next_deadline()?;
            if planned > now {
                return Some(planned);
            }
            self.with(&row, None, |active, cx| {
                active.machine.expire(cx);
                active.machine.next_deadline()
            })?
        });
        deadlines.min()
    }
}
