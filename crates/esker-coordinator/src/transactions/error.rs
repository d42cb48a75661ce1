//! Why a transaction's coordinator refuses.

use esker_core::{Action, Classified};
use esker_kafka_wire::ErrorCode;

use crate::runtime::Absent;

/// The reasons, each with its code in the Kafka protocol ([`TransactionError::code`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// The id's partition of `__transaction_state` is being read.
    #[error("the transactional id is being loaded")]
    Loading,
    /// Another broker coordinates the id, or this one has just stopped to.
    #[error("this broker does not coordinate the transactional id")]
    NotCoordinator,
    /// For a short while nobody does: find the coordinator again.
    #[error("the coordinator is not available")]
    Unavailable,
    /// The request makes no sense.
    #[error("the request is not valid")]
    InvalidRequest,
    /// The transaction timeout is not positive, or above the broker's maximum.
    #[error("the transaction timeout is outside the broker's bounds")]
    InvalidTimeout,
    /// An earlier step is under way: ask again.
    #[error("another step of the transactional id is under way")]
    Concurrent,
    /// The producer id is not that of the transactional id.
    #[error("the producer id is not that of the transactional id")]
    InvalidProducerIdMapping,
    /// A newer producer has taken the transactional id over: this one must stop.
    #[error("a newer producer has the transactional id")]
    ProducerFenced,
    /// The step does not fit what the transaction is doing.
    #[error("the transaction is in another state")]
    InvalidState,
    /// The partition is not in an ongoing transaction of the producer: it must abort.
    #[error("the partition is not in the transaction, which must be aborted")]
    Abortable,
    /// No such transactional id.
    #[error("the transactional id does not exist")]
    NotFound,
    /// The broker coordinates as many transactional ids as it may, or the transaction has as many partitions as it may.
    #[error("a limit of the broker is reached")]
    Limit,
}

impl TransactionError {
    const ALL: [Self; 12] = [
        Self::Loading,
        Self::NotCoordinator,
        Self::Unavailable,
        Self::InvalidRequest,
        Self::InvalidTimeout,
        Self::Concurrent,
        Self::InvalidProducerIdMapping,
        Self::ProducerFenced,
        Self::InvalidState,
        Self::Abortable,
        Self::NotFound,
        Self::Limit,
    ];

    /// The protocol's code, as the newest versions of requests know it.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Loading => ErrorCode::CoordinatorLoadInProgress,
            Self::NotCoordinator => ErrorCode::NotCoordinator,
            Self::Unavailable => ErrorCode::CoordinatorNotAvailable,
            Self::InvalidRequest => ErrorCode::InvalidRequest,
            Self::InvalidTimeout => ErrorCode::InvalidTransactionTimeout,
            Self::Concurrent => ErrorCode::ConcurrentTransactions,
            Self::InvalidProducerIdMapping => ErrorCode::InvalidProducerIdMapping,
            Self::ProducerFenced => ErrorCode::ProducerFenced,
            Self::InvalidState => ErrorCode::InvalidTxnState,
            Self::Abortable => ErrorCode::TransactionAbortable,
            Self::NotFound => ErrorCode::TransactionalIdNotFound,
            Self::Limit => ErrorCode::PolicyViolation,
        }
    }

    /// The error that has this code; `None` for codes of no such error.
    #[must_use]
    pub fn of_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.code().code() == code)
    }
}

impl From<Absent> for TransactionError {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::Loading => Self::Loading,
            Absent::NotCoordinator => Self::NotCoordinator,
            Absent::Unavailable => Self::Unavailable,
            Absent::Refused => Self::ProducerFenced,
        }
    }
}

impl Classified for TransactionError {
    fn action(&self) -> Action {
        match self {
            Self::Loading | Self::Unavailable | Self::Concurrent => Action::Retry,
            Self::NotCoordinator => Action::Refresh,
            _ => Action::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TransactionError;

    #[test]
    fn codes_are_distinct_and_lead_back() {
        for error in TransactionError::ALL {
            assert_eq!(TransactionError::of_code(error.code().code()), Some(error));
        }
        assert_eq!(TransactionError::of_code(0), None);
    }
}
