//! The one place where errors of the parts below become Kafka's error codes.

use esker_core::{
    Action,
    batch::{BatchError, BatchErrorKind},
};
use esker_kafka_wire::ErrorCode;
use esker_log::{AppendError, DeleteError, LogError, ProducerError, ReadError};
use esker_meta::{MetaError, TopicError};

/// An error that has a code in the protocol.
pub(crate) trait KafkaError {
    /// The code.
    fn code(&self) -> ErrorCode;
}

impl KafkaError for BatchError {
    fn code(&self) -> ErrorCode {
        match self.kind() {
            BatchErrorKind::Corrupt => ErrorCode::CorruptMessage,
            BatchErrorKind::InvalidRecord => ErrorCode::InvalidRecord,
            BatchErrorKind::TooLarge => ErrorCode::MessageTooLarge,
            BatchErrorKind::UnsupportedCompression => ErrorCode::UnsupportedCompressionType,
            BatchErrorKind::InvalidTimestamp => ErrorCode::InvalidTimestamp,
        }
    }
}

impl KafkaError for LogError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownPartition(_) => ErrorCode::UnknownTopicOrPartition,
            Self::NotOwner(_) | Self::Moving(_) | Self::Reopened(_) => ErrorCode::NotLeaderOrFollower,
            Self::FencedEpoch { .. } => ErrorCode::FencedLeaderEpoch,
            Self::UnknownEpoch { .. } => ErrorCode::UnknownLeaderEpoch,
        }
    }
}

impl KafkaError for AppendError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Log(error) => error.code(),
            Self::Batch(error) => error.code(),
            Self::Producer(ProducerError::OutOfOrder { .. }) => ErrorCode::OutOfOrderSequenceNumber,
            Self::Producer(ProducerError::OldEpoch { .. }) => ErrorCode::InvalidProducerEpoch,
            Self::Producer(ProducerError::OldCoordinator { .. }) => ErrorCode::TransactionCoordinatorFenced,
            Self::Producer(ProducerError::NoTransaction { .. } | ProducerError::InTransaction { .. }) => {
                ErrorCode::InvalidTxnState
            }
            Self::NotEnoughReplicas { .. } => ErrorCode::NotEnoughReplicas,
            Self::TooFewCopies { .. } => ErrorCode::NotEnoughReplicasAfterAppend,
            // Clients retry it; the message says what is wrong.
            Self::LogFull { .. } => ErrorCode::KafkaStorageError,
            // The append may have happened: clients look for the leader again and send it again.
            Self::Closed(_) => ErrorCode::NotLeaderOrFollower,
        }
    }
}

impl KafkaError for ReadError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Log(error) => error.code(),
            Self::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
            Self::Storage { action: Action::Refresh, .. } => ErrorCode::NotLeaderOrFollower,
            Self::Storage { .. } => ErrorCode::KafkaStorageError,
        }
    }
}

impl KafkaError for DeleteError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
            Self::Append(error) => error.code(),
        }
    }
}

impl KafkaError for MetaError {
    fn code(&self) -> ErrorCode {
        match self {
            // Nothing happened: clients may try again.
            Self::Unavailable(_) => ErrorCode::BrokerNotAvailable,
            Self::Unknown(_) | Self::LeaseGone(_) => ErrorCode::RequestTimedOut,
            Self::Invalid(_) | Self::Corrupt { .. } | Self::Broken(_) => ErrorCode::UnknownServerError,
        }
    }
}

impl KafkaError for TopicError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TopicExists(_) => ErrorCode::TopicAlreadyExists,
            Self::UnknownTopic(_) => ErrorCode::UnknownTopicOrPartition,
            Self::InvalidName { .. } => ErrorCode::InvalidTopicException,
            Self::InvalidPartitions { .. } => ErrorCode::InvalidPartitions,
            Self::InvalidReplicationFactor => ErrorCode::InvalidReplicationFactor,
            Self::ConfigsTooLarge(_) => ErrorCode::InvalidConfig,
            // Every caller tries again first; clients may do so as well.
            Self::Changed(_) => ErrorCode::RequestTimedOut,
            Self::Meta(error) => error.code(),
        }
    }
}
