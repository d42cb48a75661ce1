//! What control asks of the write-ahead log.

use std::collections::BTreeSet;

use esker_core::{Action, Classified, FrameIndex, LedgerId, StoreId};
use esker_env::BoxFuture;
use esker_meta::LedgerRecord;

/// The stores, as far as the ledgers of dead sessions are concerned.
pub trait Ledgers: Send + Sync + 'static {
    /// The stores that can be asked now.
    fn reachable(&self) -> BTreeSet<StoreId>;

    /// Steps 3 to 5 of a recovery: seals the ledger on its stores, finds its end, and copies frames until a write quorum
    /// holds everything below it. Repeating it gives an end that is no smaller.
    ///
    /// `unclean`: an operator accepts that what its stores no longer hold, or cannot deny having held, is lost.
    fn recover(&self, ledger: LedgerRecord, unclean: bool) -> BoxFuture<'_, Result<FrameIndex, LedgerError>>;

    /// Seals the ledger on every store that can be asked, and tells what they said. Of a dead session's ledger.
    fn survey(&self, ledger: LedgerRecord) -> BoxFuture<'_, Vec<(StoreId, Result<Holding, String>)>>;

    /// Lets those of the stores that can be asked drop what they hold of the ledger. Its descriptor is gone by now; a
    /// store that cannot be asked finds that out by itself.
    fn forget(&self, ledger: LedgerId, stores: Vec<StoreId>) -> BoxFuture<'_, Result<(), LedgerError>>;

    /// The store of this process.
    fn own(&self) -> StoreId;

    /// Ledgers that it holds something of.
    fn held(&self) -> Vec<LedgerId>;
}

/// What a store says about a sealed ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The index after the last frame that it holds or has held.
    pub tail: FrameIndex,
    /// Frames below were trimmed: they are in the object store.
    pub trim: FrameIndex,
    /// Whether it may deny frames at and above `tail`.
    pub authoritative: bool,
}

/// Why a ledger was not recovered or forgotten.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct LedgerError {
    /// What happened.
    pub why: String,
    /// What to do about it.
    pub action: Action,
}

impl Classified for LedgerError {
    fn action(&self) -> Action {
        self.action
    }
}
