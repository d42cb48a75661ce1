//! The load-bearing rules of Esker's design as explicit-state models (stateright), for tests only.

mod check;
mod ledger;

pub use check::{Verdict, explore};
pub use ledger::{LedgerMode, LedgerModel, LedgerRule, LedgerState};
