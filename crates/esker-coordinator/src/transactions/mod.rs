//! Transactions.

mod error;
mod peers;

pub use error::TransactionError;
pub use peers::{Admission, AdmitRequest, MarkerError, MarkerOrder, TransactionGate, TransactionPeers};
