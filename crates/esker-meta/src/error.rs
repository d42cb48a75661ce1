//! Errors of a metadata store, few and classified.

use esker_core::{Action, Classified};

use crate::LeaseId;

/// What can go wrong with a call to a metadata store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// The store could not be asked, or refused for now. The call had no effect.
    #[error("metadata store unavailable: {0}")]
    Unavailable(String),
    /// The answer was lost. A transaction may have happened, may not, or **may still happen**: read again, and repeat
    /// only what a comparison protects.
    #[error("metadata transaction has an unknown outcome: {0}")]
    Unknown(String),
    /// The lease has expired or was revoked, and its keys are gone.
    #[error("lease {0} is gone")]
    LeaseGone(LeaseId),
    /// The request breaks a limit of the contract. A bug of the caller.
    #[error("metadata request refused: {0}")]
    Invalid(String),
    /// A stored value is not what the schema allows there.
    #[error("metadata key {key}: bad {field}")]
    Corrupt {
        /// The key as stored.
        key: String,
        /// What is wrong with the value.
        field: String,
    },
    /// The store itself is broken (failed disk, full quota, database held by another process).
    #[error("metadata store broken: {0}")]
    Broken(String),
}

impl Classified for MetaError {
    fn action(&self) -> Action {
        match self {
            Self::Unavailable(_) => Action::Retry,
            Self::Unknown(_) | Self::LeaseGone(_) => Action::Refresh,
            Self::Invalid(_) => Action::GiveUp,
            Self::Corrupt { .. } | Self::Broken(_) => Action::Operator,
        }
    }
}
