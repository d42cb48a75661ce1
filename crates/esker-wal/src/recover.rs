//! Recovery of a dead writer's ledger: steps 3 to 5 of a broker's recovery. The caller has fenced the session before it
//! looked the ledger up, and records the end afterwards; the first record wins.

use std::{ops::Range, sync::Arc, time::Duration};

use esker_core::{Action, Classified, FrameIndex, LedgerId, StoreId, frame::Frame};
use esker_env::{Env, Rule};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use crate::{Descriptor, LogStore, SealAnswer, StoreError, Trim};

/// How long to wait for the rest of the stores once there are enough answers.
const GRACE: Duration = Duration::from_millis(50);

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
    assert!(
        stores.iter().all(|store| ledger.copyset.contains(&store.id())),
        "a ledger is recovered from its copyset"
    );
    assert!((1..=ledger.copyset.len()).contains(&ledger.write_quorum), "W is in 1..=R");
    let answers = seal_all(ledger, stores, env).await?;
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
        match repair(ledger, &answers, copies, trim..end).await {
            Ok(holders) => return Ok(Recovered { trim, end, holders }),
            Err(RecoverError::Unreadable { frames, error, .. })
                if is_lost(&error) && is_denied(ledger, &answers, frames.start) =>
            {
                tracing::warn!(
                    ledger = %ledger.ledger, frame = %frames.start, was = %end, %error,
                    "a frame that was never committed can no longer be read: the ledger ends before it"
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
    let denials = answers.iter().filter(|(_, answer)| denies(answer)).count();
    Rule::OnlyDeniedIsCut.is_broken() || denials >= read_quorum(ledger)
}

/// R − W + 1: so many stores have one among them of any W.
fn read_quorum(ledger: &Descriptor) -> usize {
    ledger.copyset.len() - ledger.write_quorum + 1
}

type Answers = Vec<(Arc<dyn LogStore>, SealAnswer)>;

async fn seal_all(
    ledger: &Descriptor,
    stores: &[Arc<dyn LogStore>],
    env: &Env,
) -> Result<Answers, RecoverError> {
    let needed = if Rule::EnoughAnswers.is_broken() { 1 } else { read_quorum(ledger) };
    let mut seals: FuturesUnordered<_> = stores
        .iter()
        .map(|store| {
            let store = Arc::clone(store);
            store.seal(ledger.ledger, ledger.mode).map(move |result| (store, result))
        })
        .collect();
    let mut answers: Answers = Vec::new();
    let mut problems = Vec::new();
    let mut grace = None;
    loop {
        let enough = answers.iter().filter(|(_, answer)| answer.authoritative).count() >= needed;
        // Of frames that a store has lost, another may have a copy, or enough others may deny them.
        let whole = answers.iter().all(|(_, answer)| answer.missing.is_empty());
        if enough && whole && grace.is_none() {
            grace = Some(env.clock.sleep(GRACE));
        }
        let next = tokio::select! {
            biased;
            next = seals.next() => next,
            () = async {
                match grace.as_mut() {
                    Some(grace) => grace.await,
                    None => std::future::pending().await,
                }
            } => None,
        };
        match next {
            Some((store, Ok(answer))) => {
                if !answer.authoritative {
                    problems.push(format!("store {} may have lost frames", store.id()));
                }
                answers.push((store, answer));
            }
            Some((_, Err(StoreError::Forgotten(_)))) => return Err(RecoverError::Over(ledger.ledger)),
            Some((store, Err(error))) => problems.push(format!("store {}: {error}", store.id())),
            None if enough => return Ok(answers),
            None => {
                let found = answers.iter().filter(|(_, answer)| answer.authoritative).count();
                let missing = ledger.copyset.len() - stores.len();
                if missing > 0 {
                    problems.push(format!("{missing} stores are not to be reached"));
                }
                let detail = problems.join("; ");
                return Err(RecoverError::TooFewAuthoritative {
                    ledger: ledger.ledger,
                    needed,
                    found,
                    detail,
                });
            }
        }
    }
}

/// Frames of `trim..end` that a store with this answer lacks.
fn lacks(answer: &SealAnswer, trim: FrameIndex, end: FrameIndex) -> Vec<FrameIndex> {
    let damaged = answer.missing.iter().flat_map(|range| range.start.0..range.end.0);
    let absent = answer.tail.0.max(trim.0)..end.0;
    damaged.chain(absent).filter(|index| (trim.0..end.0).contains(index)).map(FrameIndex).collect()
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
    let mut plan: Vec<_> = answers.iter().map(|(store, answer)| (store, lacks(answer, trim, end))).collect();
    // Those that lack least first: as few copies as possible.
    plan.sort_by_key(|(_, lacking)| lacking.len());
    let mut holders = Vec::new();
    let mut problems = Vec::new();
    for (target, lacking) in &plan {
        if holders.len() == copies {
            break;
        }
        match fill(ledger.ledger, target, lacking, &plan, trim).await {
            Ok(()) => holders.push(target.id()),
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

type Plan<'a> = [(&'a Arc<dyn LogStore>, Vec<FrameIndex>)];

async fn fill(
    ledger: LedgerId,
    target: &Arc<dyn LogStore>,
    lacking: &[FrameIndex],
    plan: &Plan<'_>,
    trim: FrameIndex,
) -> Result<(), Fill> {
    if lacking.is_empty() {
        return Ok(());
    }
    // What others have trimmed need not be copied: it is in the object store. This moves the target's tail up to there.
    target.trim(ledger, Trim::Before(trim)).await.map_err(Fill::Target)?;
    for index in lacking {
        let frame = read_from_any(ledger, *index, plan).await.map_err(|error| Fill::Source(*index, error))?;
        target.repair_append(frame).await.map_err(Fill::Target)?;
    }
    Ok(())
}

async fn read_from_any(ledger: LedgerId, index: FrameIndex, plan: &Plan<'_>) -> Result<Frame, StoreError> {
    let mut last = StoreError::NotHeld { ledger, index };
    for (store, _) in plan.iter().filter(|(_, lacking)| lacking.binary_search(&index).is_err()) {
        match store.read_frame(ledger, index).await {
            Ok(frame) => return Ok(frame),
            Err(error) => last = error,
        }
    }
    Err(last)
}
