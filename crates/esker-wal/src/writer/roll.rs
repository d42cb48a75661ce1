//! Rolling a lane to a new ledger (W3, W4): who finds the next copyset, and when it is asked.

use std::{sync::Arc, time::Duration};

use esker_core::{FrameIndex, LedgerId, StoreId};
use esker_env::{BoxFuture, Env, Monotonic};

use super::backoff;
use crate::{Descriptor, LogStore, StoreError};

/// The first pause before asking again, and the longest.
const ASK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The longest pause while the lane has no quorum.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A lane that rolls again within this time pauses first.
const CALM: Duration = Duration::from_secs(30);

/// A store that the next ledger should do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoid {
    /// The store.
    pub store: StoreId,
    /// Why.
    pub reason: AvoidReason,
}

/// Why a store should not be in the next copyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AvoidReason {
    /// It failed, or could not be reached for too long. May be named again once it is known to answer.
    Dead,
    /// It is slow. A plan that names it is not taken.
    Lagging,
    /// The caller wants to be rid of it. A plan that names it is not taken.
    Draining,
}

/// The copyset of a ledger to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextLedgerPlan {
    /// Its stores, each once.
    pub copyset: Vec<StoreId>,
    /// W, `1..=R`.
    pub write_quorum: usize,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Not now: the metadata store does not answer, or no better copyset is up. Asked again.
    #[error("not now: {0}")]
    Later(Arc<str>),
    /// There is no other copyset and none is to be expected. A writer that has lost its quorum fails at once; any other
    /// asks again now and then.
    #[error("there is no other copyset: {0}")]
    Nowhere(Arc<str>),
}

/// The roll was refused, or its outcome is not known (W4): the session is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RollError(pub Arc<str>);

/// A ledger that was just created, and its stores in the copyset's order.
pub struct NextLedger {
    /// The ledger.
    pub descriptor: Descriptor,
    /// One for each store of its copyset.
    pub stores: Vec<Arc<dyn LogStore>>,
}

/// Creates a lane's next ledger.
pub trait Roller: Send + Sync + 'static {
    /// Finds a copyset to roll to. Asked before the freeze, while the writer goes on with the stores that it has; may take
    /// long. An `Ok` means that [`Roller::roll`] with this plan would work now, as far as anyone can tell: the metadata
    /// store answers, and so do the stores. Dropped when the answer is not needed any more.
    fn ready(&self, old: LedgerId, avoid: Vec<Avoid>)
    -> BoxFuture<'static, Result<NextLedgerPlan, NotReady>>;

    /// One metadata transaction: if the session lives and `old` is unchanged, then `old` is sealed at `end` and a new
    /// ledger of the same mode is open. Called once for each freeze. Must end: an outcome that cannot be learned is an
    /// error, and after an error the writer is over.
    fn roll(
        &self,
        old: LedgerId,
        end: FrameIndex,
        plan: NextLedgerPlan,
    ) -> BoxFuture<'static, Result<NextLedger, RollError>>;
}

/// For a lane that stays in its ledger: there are no other stores.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRoll;

impl Roller for NoRoll {
    fn ready(&self, _: LedgerId, _: Vec<Avoid>) -> BoxFuture<'static, Result<NextLedgerPlan, NotReady>> {
        Box::pin(async { Err(NotReady::Nowhere("this lane does not roll".into())) })
    }

    fn roll(
        &self,
        _: LedgerId,
        _: FrameIndex,
        _: NextLedgerPlan,
    ) -> BoxFuture<'static, Result<NextLedger, RollError>> {
        Box::pin(async { Err(RollError("this lane does not roll".into())) })
    }
}

enum Stage {
    Idle,
    Asking(BoxFuture<'static, Result<NextLedgerPlan, NotReady>>),
    Pausing(BoxFuture<'static, ()>),
    Rolling(BoxFuture<'static, Result<NextLedger, RollError>>),
}

/// What became of a stage.
pub(super) enum Step {
    Answered(Result<NextLedgerPlan, NotReady>),
    /// Time to ask again.
    Paused,
    Rolled(Result<NextLedger, RollError>),
    /// The quorum was lost for too long.
    OutOfTime,
}

/// A lane's way from wanting a roll to having rolled.
pub(super) struct Rolls {
    roller: Arc<dyn Roller>,
    env: Env,
    stage: Stage,
    /// Questions in vain, and rolls in short order.
    tries: u32,
    /// When the lane rolled last.
    last: Option<Monotonic>,
    /// Whether there was a pause since.
    paused: bool,
    deadline: Option<BoxFuture<'static, ()>>,
}

impl Rolls {
    pub(super) fn new(roller: Arc<dyn Roller>, env: Env) -> Self {
        Self { roller, env, stage: Stage::Idle, tries: 0, last: None, paused: false, deadline: None }
    }

    /// The next step; never ends while nothing is under way.
    pub(super) async fn step(&mut self) -> Step {
        let stage = async {
            match &mut self.stage {
                Stage::Idle => std::future::pending().await,
                Stage::Asking(answer) => Step::Answered(answer.await),
                Stage::Pausing(pause) => {
                    pause.await;
                    Step::Paused
                }
                Stage::Rolling(rolled) => Step::Rolled(rolled.await),
            }
        };
        let step = tokio::select! {
            biased;
            step = stage => step,
            () = or_pending(self.deadline.as_mut()) => return Step::OutOfTime,
        };
        self.stage = Stage::Idle;
        step
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// The old ledger is frozen and the new one is not there.
    pub(super) fn is_rolling(&self) -> bool {
        matches!(self.stage, Stage::Rolling(_))
    }

    /// Asks for a plan; after a pause, when the last roll was just now.
    pub(super) fn want(&mut self, old: LedgerId, avoid: Vec<Avoid>) {
        if self.is_restless() && !self.paused {
            self.pause();
        } else {
            self.stage = Stage::Asking(self.roller.ready(old, avoid));
        }
    }

    /// Whether the last roll was just now. New ledgers that fail at once must not become a storm of transactions.
    fn is_restless(&self) -> bool {
        self.last.is_some_and(|last| self.env.clock.now() - last < CALM)
    }

    /// Asks again later.
    pub(super) fn pause(&mut self) {
        self.paused = true;
        let mut pause = backoff(ASK, self.tries, &*self.env.random);
        if self.deadline.is_some() {
            pause = pause.min(ASK_AGAIN);
        }
        self.tries = self.tries.saturating_add(1);
        self.stage = Stage::Pausing(self.env.clock.sleep(pause));
    }

    /// Nobody wants a roll any more.
    pub(super) fn drop_wish(&mut self) {
        assert!(!self.is_rolling(), "there is no way back from a freeze");
        self.stage = Stage::Idle;
        if !self.is_restless() {
            self.tries = 0;
        }
    }

    /// The quorum is lost: the time runs, and a pause ends. Not where the ledger never committed anything and the lane rolled
    /// less than [`CALM`] ago: the next would fail likewise, and each is a transaction.
    pub(super) fn hurry(&mut self, limit: Duration, in_vain: bool) {
        if self.deadline.is_none() && !self.is_rolling() {
            self.deadline = Some(self.env.clock.sleep(limit));
            if in_vain && self.is_restless() {
                return;
            }
            if matches!(self.stage, Stage::Pausing(_)) {
                self.stage = Stage::Idle;
            }
            self.tries = 0;
        }
    }

    /// The ledger is frozen at `end`.
    pub(super) fn roll(&mut self, old: LedgerId, end: FrameIndex, plan: NextLedgerPlan) {
        self.deadline = None;
        self.last = Some(self.env.clock.now());
        self.paused = false;
        self.stage = Stage::Rolling(self.roller.roll(old, end, plan));
    }
}

/// Why a plan is not taken.
pub(super) fn refuse(plan: &NextLedgerPlan, asked: &[Avoid], now: &[Avoid]) -> Option<NotReady> {
    let bad = |avoid: &&Avoid| {
        let died_since = || !asked.iter().any(|before| before.store == avoid.store);
        plan.copyset.contains(&avoid.store) && (avoid.reason != AvoidReason::Dead || died_since())
    };
    if let Some(avoid) = now.iter().find(bad) {
        let reason = format!("the plan names store {}, which is {:?}", avoid.store, avoid.reason);
        return Some(NotReady::Later(reason.into()));
    }
    let distinct = plan.copyset.iter().collect::<std::collections::BTreeSet<_>>().len() == plan.copyset.len();
    if !distinct || !(1..=plan.copyset.len()).contains(&plan.write_quorum) {
        return Some(NotReady::Later(format!("the plan cannot work: {plan:?}").into()));
    }
    None
}

/// Why a new ledger cannot be written.
pub(super) fn unusable(old: &Descriptor, plan: &NextLedgerPlan, new: &NextLedger) -> Option<RollError> {
    let ids: Vec<StoreId> = new.stores.iter().map(|store| store.id()).collect();
    let descriptor = &new.descriptor;
    let fits = ids == descriptor.copyset
        && descriptor.ledger != old.ledger
        && descriptor.mode == old.mode
        && (descriptor.copyset.as_slice(), descriptor.write_quorum)
            == (plan.copyset.as_slice(), plan.write_quorum);
    (!fits).then(|| {
        RollError(format!("the new ledger is not what was planned: {descriptor:?}, stores {ids:?}").into())
    })
}

pub(super) async fn or_pending(future: Option<&mut BoxFuture<'static, ()>>) {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// What a writer without a quorum says at its end.
pub(super) fn no_quorum(error: &StoreError, why: &dyn std::fmt::Display) -> String {
    format!("fewer than W stores take frames ({error}); {why}")
}
