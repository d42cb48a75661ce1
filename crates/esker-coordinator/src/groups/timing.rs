//! One task for every deadline of every group.

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

use super::{Inner, Phase, partition::Active};
use crate::effects::Cx;

/// Wakes the task before the time it has planned.
#[derive(Default)]
pub(super) struct Alarm {
    /// Until when the task means to sleep; `None` while it is awake.
    planned: Mutex<Option<Monotonic>>,
    notify: Notify,
    /// How often the task has looked.
    pub(super) rounds: AtomicU64,
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
pub(super) async fn run(inner: Arc<Inner>) {
    let mut retention = inner.now().monotonic + inner.config.retention_check_interval;
    loop {
        let now = inner.now().monotonic;
        // Before looking: a deadline that comes up while we look finds a plan to move.
        *inner.alarm.planned.lock() = Some(now + LONGEST_SLEEP);
        let mut next = (now + LONGEST_SLEEP).min(retention);
        if retention <= now {
            inner.on_every_shard(|active, cx| active.shard.expire_offsets(cx));
            retention = now + inner.config.retention_check_interval;
        }
        if let Some(deadline) = inner.expire_due(now) {
            next = next.min(deadline);
        }
        inner.alarm.rounds.fetch_add(1, Ordering::Relaxed);
        let wait = inner.alarm.plan(next) - inner.now().monotonic;
        if wait.is_zero() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = inner.env.clock.sleep(wait) => {}
            () = inner.alarm.notify.notified() => {}
        }
    }
}

impl Inner {
    /// Acts on what is due; the earliest deadline of what is not.
    fn expire_due(self: &Arc<Self>, now: Monotonic) -> Option<Monotonic> {
        let mut next: Option<Monotonic> = None;
        for row in self.rows() {
            let mut state = row.state.lock();
            let Phase::Active(active) = &mut *state else { continue };
            if active.shard.next_deadline().is_some_and(|deadline| deadline <= now) {
                let mut cx = Cx::new(&self.config, self.now(), &*self.env.random);
                active.shard.expire(&mut cx);
                let Cx { answers, writes, .. } = cx;
                self.settle(&row, active, answers, writes);
            }
            let deadline = active.shard.next_deadline();
            next = match (next, deadline) {
                (Some(next), Some(deadline)) => Some(next.min(deadline)),
                (next, deadline) => next.or(deadline),
            };
        }
        next
    }

    /// Runs `act` on every partition in charge.
    pub(super) fn on_every_shard(self: &Arc<Self>, mut act: impl FnMut(&mut Active, &mut Cx<'_>)) {
        for row in self.rows() {
            let mut state = row.state.lock();
            let Phase::Active(active) = &mut *state else { continue };
            let mut cx = Cx::new(&self.config, self.now(), &*self.env.random);
            act(active, &mut cx);
            let Cx { answers, writes, .. } = cx;
            self.settle(&row, active, answers, writes);
        }
    }
}
