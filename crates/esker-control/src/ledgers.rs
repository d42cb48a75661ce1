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

    /// Lets every store that can be asked drop what it holds of the ledger. Its descriptor is gone by now.
    fn forget(&self, ledger: LedgerId) -> BoxFuture<'_, Result<(), LedgerError>>;

    /// Ledgers that the stores of this process hold something of.
    fn held(&self) -> Vec<LedgerId>;
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
