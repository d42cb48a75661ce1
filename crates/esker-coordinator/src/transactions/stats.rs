//! Figures of the transactions that this broker coordinates.

use super::Transactions;

/// How transactions are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionStats {
    /// Begun, and not ended in every partition.
    pub open: usize,
    /// Ended with a commit, since the start of the process.
    pub committed: u64,
    /// Ended with an abort.
    pub aborted: u64,
    /// Bytes of state.
    pub used: usize,
    /// Bytes that it may have.
    pub limit: usize,
}

impl Transactions {
    /// How transactions are. Walks all transactional ids.
    #[must_use]
    pub fn stats(&self) -> TransactionStats {
        let mut open = 0;
        self.0.each(|shard| open += shard.open());
        TransactionStats {
            open,
            committed: self.0.outside.committed.get(),
            aborted: self.0.outside.aborted.get(),
            used: self.0.used(),
            limit: self.0.config.max_state,
        }
    }
}
