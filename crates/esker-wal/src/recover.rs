//! Recovery of a dead writer's ledger: steps 3 to 5 of a broker's recovery. The caller has fenced the session before it
//! looked the ledger up, and records the end afterwards; the first record wins.

use std::{ops::Range, sync::Arc, time::Duration};

use esker_core::{Action, Classified, FrameIndex, LedgerId, StoreId, frame::Frame};
use esker_env::{BoxFuture, Env, Rule};
use futures::{StreamExt, stream::FuturesUnordered};

use crate::{Descriptor, LogStore, SealAnswer, StoreError, Trim};

/// How long to wait for the rest of the stores once there are enough answers.
const GRACE: Duration = Duration::from_millis(50);

/// How long to wait for them where they may make a difference.
const LATE: Duration = Duration::from_secs(5);

/// A recovered ledger: sealed, and held by W stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Frames below were trimmed: they are in the object store.
    pub trim: FrameIndex,
    /// The ledger's end: the largest tail of the stores, or a frame below that none of them can read any more and that
    /// R − W + 1 of them deny. Everything that was ever acknowledged is below.
    pub end: FrameIndex,
    /// The stores that hold all of `trim..end`: W of them or more, unless that is empty or too few of the copyset are
    /// left (see [`recover_without`]).
    pub holders: Vec<StoreId>,
}

/// Why a ledger could not be recovered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// Too few stores can say for sure what they do not hold. Going on would be guessing.
    #[error("ledger {ledger}: {found} of {needed} authoritative answers ({detail})")]
    TooFewAuthoritative {
        /// The ledger.
        ledger: LedgerId,
        /// R − W + 1.
        needed: usize,
        /// Authoritative answers there were.
        found: usize,
        /// What each of the others said.
        detail: String,
    },
    /// No store can read these frames.
    #[error("ledger {ledger}: no store can read frames {} to {}: {error}", .frames.start, .frames.end)]
    Unreadable {
        /// The ledger.
        ledger: LedgerId,
        /// The frames.
        frames: Range<FrameIndex>,
        /// The last store's error.
        error: StoreError,
    },
    /// Fewer stores than needed could be made to hold the ledger.
    #[error("ledger {ledger}: {found} of {needed} stores hold it ({detail})")]
    TooFewHolders {
        /// The ledger.
        ledger: LedgerId,
        /// W, or as many as are not gone for good.
        needed: usize,
        /// Stores that hold all of it.
        found: usize,
        /// What went wrong with the others.
        detail: String,
    },
    /// A store has forgotten the ledger: it was recovered and offloaded by somebody else. Look it up again.
    #[error("ledger {0} is over: somebody else recovered it")]
    Over(LedgerId),
}

impl Classified for RecoverError {
    fn action(&self) -> Action {
        match self {
            Self::TooFewAuthoritative { .. } | Self::TooFewHolders { .. } => Action::Retry,
            Self::Unreadable { .. } => Action::Operator,
            Self::Over(_) => Action::Refresh,
        }
    }
}

/// Seals a ledger on all its stores, decides on its end, and copies frames until W stores hold all of it. Any number of
/// these may run at once, and beside the ledger's writer.
///
/// `stores` are those of the copyset that can be talked to.
///
/// # Errors
/// See [`RecoverError`]; running again later is always right.
///
/// # Panics
/// When a store is not in the copyset, or the quorum is not in `1..=R`.
pub async fn recover(
    ledger: &Descriptor,
    stores: &[Arc<dyn LogStore>],
    env: &Env,
) -> Result<Recovered, RecoverError> {
    recover_without(ledger, stores, 0, env).await
}

/// As [`recover`], of a copyset of which `gone` stores will not come back: their disks were replaced or declared lost.
///
/// What decides on the end stays as it is: R − W + 1 stores must answer. But where fewer than W stores are left, what was
/// acknowledged cannot be on W again, and waiting for it would be waiting for ever: the ledger is recovered once all
/// that are left hold it. With W of R that is so only where W > R − W + 1, as in a ledger of two stores. Objects are the
/// repair.
///
/// # Errors
/// See [`RecoverError`].
///
/// # Panics
/// As [`recover`]; and when a store that is gone is among `stores`, by their number.
pub async fn recover_without(
    ledger: &Descriptor,
    stores: &[Arc<dyn LogStore>],
    gone: usize,
    env: &Env,
) -> Result<Recovered, RecoverError> {
    // Else one could be counted as a holder although it does not count as left: the model finds a lost copy then.
    assert!(stores.len() + gone <= ledger.copyset.len(), "a store that is gone is not asked");
    let copies = ledger.write_quorum.min((ledger.copyset.len() - gone).max(1));
    let mut sealing = Sealing::begin(ledger, stores);
    sealing.enough(env).await?;
    let late = env.clock.now() + LATE;
    loop {
        let decided = decide(ledger, &sealing.answers, copies, |index| {
            Rule::OnlyDeniedIsCut.is_broken() || is_denied(ledger, &sealing.answers, index)
        });
        match decided.await {
            // Another store may have it, or be one more that denies it.
            Err(error @ RecoverError::Unreadable { .. }) => {
                let left = late - env.clock.now();
                if !env.timeout(left, sealing.another()).await.unwrap_or(Ok(false))? {
                    return Err(error);
                }
            }
            decided => return decided,
        }
    }
}

/// What is left of a ledger when an operator has decided to go on without the rest: sealed on every store that answers, up to
/// the largest tail or to the first frame that none of them can read, and copied to as many as take it. What only other
/// stores held is lost, acknowledged or not.
///
/// # Errors
/// [`RecoverError::TooFewAuthoritative`] when no store answers, and [`RecoverError::Over`].
///
/// # Panics
/// As [`recover`].
pub async fn recover_unclean(
    ledger: &Descriptor,
    stores: &[Arc<dyn LogStore>],
    env: &Env,
) -> Result<Recovered, RecoverError> {
    let mut sealing = Sealing::begin(ledger, stores);
    let late = env.clock.now() + LATE;
    while env.timeout(late - env.clock.now(), sealing.another()).await.unwrap_or(Ok(false))? {}
    if sealing.answers.is_empty() {
        return Err(sealing.too_few(1));
    }
    // One copy is what there is for sure: more are made as far as stores take them.
    let mut copies = sealing.answers.len();
    loop {
        match decide(ledger, &sealing.answers, copies, |_| true).await {
            Err(RecoverError::TooFewHolders { found, .. }) if (1..copies).contains(&found) => copies = found,
            decided => return decided,
        }
    }
}

/// Finds the end of what these answers say, and makes `copies` stores hold all of it. A frame that none of them can read
/// ends the ledger where `may_cut` says so.
async fn decide(
    ledger: &Descriptor,
    answers: &Answers,
    copies: usize,
    may_cut: impl Fn(FrameIndex) -> bool,
) -> Result<Recovered, RecoverError> {
    let trim = answers.iter().map(|(_, answer)| answer.trim).max().unwrap_or_default();
    let tails = || answers.iter().map(|(_, answer)| answer.tail);
    let end =
        if Rule::LargestTail.is_broken() { tails().min().map(|end| end.max(trim)) } else { tails().max() };
    let mut end = end.unwrap_or_default();
    assert!(trim <= end, "trim points stay below the ends they belong to");
    if Rule::Repaired.is_broken() {
        let holders = answers.iter().map(|(store, _)| store.id()).collect();
        return Ok(Recovered { trim, end, holders });
    }
    loop {
        match repair(ledger, answers, copies, trim..end).await {
            Ok(holders) => return Ok(Recovered { trim, end, holders }),
            Err(RecoverError::Unreadable { frames, error, .. })
                if is_lost(&error) && may_cut(frames.start) =>
            {
                tracing::warn!(
                    ledger = %ledger.ledger, frame = %frames.start, was = %end, %error,
                    "a frame can no longer be read by any store: the ledger ends before it"
                );
                end = frames.start;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the store that held a frame will never read it again.
fn is_lost(error: &StoreError) -> bool {
    matches!(error, StoreError::NotHeld { .. } | StoreError::Unreadable { .. })
}

/// Whether so many stores deny this frame, and with it all later ones, that no W stores can have acknowledged it
/// (decision 0005).
fn is_denied(ledger: &Descriptor, answers: &Answers, index: FrameIndex) -> bool {
    let denies = |answer: &SealAnswer| answer.authoritative && answer.tail <= index;
    answers.iter().filter(|(_, answer)| denies(answer)).count() >= read_quorum(ledger)
}

/// R − W + 1: so many stores have one among them of any W.
fn read_quorum(ledger: &Descriptor) -> usize {
    ledger.copyset.len() - ledger.write_quorum + 1
}

type Answers = Vec<(Arc<dyn LogStore>, SealAnswer)>;

type Sealed = (Arc<dyn LogStore>, Result<SealAnswer, StoreError>);

/// A ledger that is being sealed on all its stores.
struct Sealing<'a> {
    ledger: &'a Descriptor,
    asked: usize,
    seals: FuturesUnordered<BoxFuture<'static, Sealed>>,
    answers: Answers,
    problems: Vec<String>,
}

impl<'a> Sealing<'a> {
    fn begin(ledger: &'a Descriptor, stores: &[Arc<dyn LogStore>]) -> Self {
        assert!(
            stores.iter().all(|store| ledger.copyset.contains(&store.id())),
            "a ledger is recovered from its copyset"
        );
        assert!((1..=ledger.copyset.len()).contains(&ledger.write_quorum), "W is in 1..=R");
        let seal = |store: &Arc<dyn LogStore>| {
            let (store, seal) = (Arc::clone(store), store.seal(ledger.ledger, ledger.mode));
            Box::pin(async move { (store, seal.await) }) as BoxFuture<'static, Sealed>
        };
        let seals = stores.iter().map(seal).collect();
        Self { ledger, asked: stores.len(), seals, answers: Vec::new(), problems: Vec::new() }
    }

    /// Waits until enough stores have answered with authority, and a moment for the rest.
    async fn enough(&mut self, env: &Env) -> Result<(), RecoverError> {
        let needed = if Rule::EnoughAnswers.is_broken() { 1 } else { read_quorum(self.ledger) };
        while self.authoritative() < needed {
            if !self.another().await? {
                return Err(self.too_few(needed));
            }
        }
        let rest = async {
            while self.another().await? {}
            Ok(())
        };
        env.timeout(GRACE, rest).await.unwrap_or(Ok(()))
    }

    fn authoritative(&self) -> usize {
        self.answers.iter().filter(|(_, answer)| answer.authoritative).count()
    }

    /// Waits for the next store's answer. Whether there was one.
    async fn another(&mut self) -> Result<bool, RecoverError> {
        match self.seals.next().await {
            Some((store, Ok(answer))) => {
                if !answer.authoritative {
                    self.problems.push(format!("store {} may have lost frames", store.id()));
                }
                self.answers.push((store, answer));
            }
            Some((_, Err(StoreError::Forgotten(_)))) => return Err(RecoverError::Over(self.ledger.ledger)),
            Some((store, Err(error))) => self.problems.push(format!("store {}: {error}", store.id())),
            None => return Ok(false),
        }
        Ok(true)
    }

    fn too_few(&self, needed: usize) -> RecoverError {
        let mut problems = self.problems.clone();
        let missing = self.ledger.copyset.len() - self.asked;
        if missing > 0 {
            problems.push(format!("{missing} stores are not to be reached"));
        }
        let (ledger, detail) = (self.ledger.ledger, problems.join("; "));
        RecoverError::TooFewAuthoritative { ledger, needed, found: self.authoritative(), detail }
    }
}

/// Frames that a store lacks: ranges in order, none empty.
struct Lacking(Vec<Range<u64>>);

impl Lacking {
    /// Of `trim..end`, a store with this answer.
    fn of(answer: &SealAnswer, trim: FrameIndex, end: FrameIndex) -> Self {
        let damaged = answer.missing.iter().map(|range| range.start.0..range.end.0);
        let absent = std::iter::once(answer.tail.0..end.0);
        let clipped = damaged.chain(absent).map(|range| range.start.max(trim.0)..range.end.min(end.0));
        Self(clipped.filter(|range| !range.is_empty()).collect())
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    fn contains(&self, index: FrameIndex) -> bool {
        self.0.iter().any(|range| range.contains(&index.0))
    }

    fn iter(&self) -> impl Iterator<Item = FrameIndex> {
        self.0.iter().cloned().flatten().map(FrameIndex)
    }
}

async fn repair(
    ledger: &Descriptor,
    answers: &Answers,
    copies: usize,
    Range { start: trim, end }: Range<FrameIndex>,
) -> Result<Vec<StoreId>, RecoverError> {
    if trim == end {
        // There is nothing to hold. A ledger that was never written must not wait for a store that is gone for good.
        return Ok(answers.iter().map(|(store, _)| store.id()).collect());
    }
    let mut plan: Vec<_> =
        answers.iter().map(|(store, answer)| (store, Lacking::of(answer, trim, end))).collect();
    // Those that lack least first: as few copies as possible.
    plan.sort_by_key(|(_, lacking)| lacking.count());
    let mut holders = Vec::new();
    let mut problems = Vec::new();
    for (target, lacking) in &plan {
        if holders.len() == copies {
            break;
        }
        match fill(ledger.ledger, target, lacking, &plan, trim).await {
            Ok(()) => holders.push(target.id()),
            Err(Fill::Source(_, StoreError::Forgotten(_))) => return Err(RecoverError::Over(ledger.ledger)),
            Err(Fill::Source(index, error)) => {
                return Err(RecoverError::Unreadable {
                    ledger: ledger.ledger,
                    frames: index..index.next(),
                    error,
                });
            }
            Err(Fill::Target(StoreError::Forgotten(_))) => return Err(RecoverError::Over(ledger.ledger)),
            Err(Fill::Target(error)) => problems.push(format!("store {}: {error}", target.id())),
        }
    }
    if holders.len() < copies {
        let silent = ledger.copyset.iter().filter(|id| answers.iter().all(|(store, _)| store.id() != **id));
        problems.extend(silent.map(|store| format!("store {store} did not answer in time")));
        return Err(RecoverError::TooFewHolders {
            ledger: ledger.ledger,
            needed: copies,
            found: holders.len(),
            detail: problems.join("; "),
        });
    }
    Ok(holders)
}

enum Fill {
    /// No store can read this frame.
    Source(FrameIndex, StoreError),
    /// The store that lacks frames does not take them.
    Target(StoreError),
}

type Plan<'a> = [(&'a Arc<dyn LogStore>, Lacking)];

async fn fill(
    ledger: LedgerId,
    target: &Arc<dyn LogStore>,
    lacking: &Lacking,
    plan: &Plan<'_>,
    trim: FrameIndex,
) -> Result<(), Fill> {
    if lacking.count() == 0 {
        return Ok(());
    }
    // What others have trimmed need not be copied: it is in the object store. This moves the target's tail up to there.
    target.trim(ledger, Trim::Before(trim)).await.map_err(Fill::Target)?;
    for index in lacking.iter() {
        let frame = read_from_any(ledger, index, plan).await.map_err(|error| Fill::Source(index, error))?;
        target.repair_append(frame).await.map_err(Fill::Target)?;
    }
    Ok(())
}

async fn read_from_any(ledger: LedgerId, index: FrameIndex, plan: &Plan<'_>) -> Result<Frame, StoreError> {
    let mut problem = StoreError::NotHeld { ledger, index };
    for (store, _) in plan.iter().filter(|(_, lacking)| !lacking.contains(index)) {
        match store.read_frame(ledger, index).await {
            Ok(frame) => return Ok(frame),
            // One that may read it yet counts for more than those that never will.
            Err(error) if is_lost(&problem) => problem = error,
            Err(_) => {}
        }
    }
    Err(problem)
}
