//! The one place where errors of the parts below become Kafka's error codes.

use esker_core::{
    Action,
    batch::{BatchError, BatchErrorKind},
};
use esker_kafka_wire::ErrorCode;

use crate::log::{AppendError, LogError, ProducerError, ReadError};

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
            Self::NotOwner(_) => ErrorCode::NotLeaderOrFollower,
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
            Self::NotEnoughReplicas { .. } => ErrorCode::NotEnoughReplicas,
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
