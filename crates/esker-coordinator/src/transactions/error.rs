//! Why a transaction's coordinator refuses.

use esker_kafka_wire::ErrorCode;

/// The reasons, each with its code in the Kafka protocol ([`TransactionError::code`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// The id's partition of `__transaction_state` is being read.
    #[error("the transactional id's state is being loaded")]
    Loading,
    /// Another broker coordinates the id, or this one has just stopped to.
    #[error("this broker does not coordinate the transactional id")]
    NotCoordinator,
    /// For a short while nobody does, or the coordinator cannot be reached.
    #[error("the transaction's coordinator is not available")]
    Unavailable,
    /// The transaction before is not over yet: try again.
    #[error("the transaction before is being ended")]
    ConcurrentTransactions,
    /// The producer id is not the one that the transactional id has.
    #[error("the producer id does not belong to the transactional id")]
    InvalidProducerIdMapping,
    /// A newer epoch of the producer is in force.
    #[error("a newer producer with the same transactional id has taken over")]
    ProducerFenced,
    /// The same, where clients may go on after a new InitProducerId.
    #[error("the producer's epoch is not the current one")]
    InvalidProducerEpoch,
    /// Not in this state of the transaction.
    #[error("the transaction's state does not allow this")]
    InvalidState,
    /// The client should abort this transaction, and may go on with the next.
    #[error("the transaction can only be aborted")]
    Abortable,
    /// The transaction timeout is above `transaction.max.timeout.ms`, or not positive.
    #[error("the transaction timeout is outside the broker's bounds")]
    InvalidTimeout,
    /// The request makes no sense.
    #[error("the request is invalid")]
    InvalidRequest,
    /// No such transactional id.
    #[error("the transactional id does not exist")]
    NotFound,
    /// A limit of the broker is reached.
    #[error("a limit of the broker is reached")]
    Limit,
    /// Anything else.
    #[error("the coordinator failed")]
    Unknown,
}

impl TransactionError {
    /// The protocol's code.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Loading => ErrorCode::CoordinatorLoadInProgress,
            Self::NotCoordinator => ErrorCode::NotCoordinator,
            Self::Unavailable => ErrorCode::CoordinatorNotAvailable,
            Self::ConcurrentTransactions => ErrorCode::ConcurrentTransactions,
            Self::InvalidProducerIdMapping => ErrorCode::InvalidProducerIdMapping,
            Self::ProducerFenced => ErrorCode::ProducerFenced,
            Self::InvalidProducerEpoch => ErrorCode::InvalidProducerEpoch,
            Self::InvalidState => ErrorCode::InvalidTxnState,
            Self::Abortable => ErrorCode::TransactionAbortable,
            Self::InvalidTimeout => ErrorCode::InvalidTransactionTimeout,
            Self::InvalidRequest => ErrorCode::InvalidRequest,
            Self::NotFound => ErrorCode::TransactionalIdNotFound,
            Self::Limit => ErrorCode::PolicyViolation,
            Self::Unknown => ErrorCode::UnknownServerError,
        }
    }

    /// What a coordinator on another broker said.
    #[must_use]
    pub fn from_code(code: i16) -> Self {
        const ALL: [TransactionError; 13] = [
            TransactionError::Loading,
            TransactionError::NotCoordinator,
            TransactionError::Unavailable,
            TransactionError::ConcurrentTransactions,
            TransactionError::InvalidProducerIdMapping,
            TransactionError::ProducerFenced,
            TransactionError::InvalidProducerEpoch,
            TransactionError::InvalidState,
            TransactionError::Abortable,
            TransactionError::InvalidTimeout,
            TransactionError::InvalidRequest,
            TransactionError::NotFound,
            TransactionError::Limit,
        ];
        ALL.into_iter().find(|error| error.code().code() == code).unwrap_or(Self::Unknown)
    }
}
