//! What can go wrong, in words that say what to do.

use std::time::Duration;

use esker_core::batch::BatchError;
use esker_core::{Action, Classified};
use esker_kafka_wire::{DecodeError, EncodeError, ErrorCode};

/// An error of the client. Cheap enough to clone: one failed batch fails all of its records with it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// No address answered.
    #[error("cannot reach a broker at {addresses}: {detail}. Is it running, and is the address right?")]
    Unreachable {
        /// What was tried.
        addresses: String,
        /// The last failure.
        detail: String,
    },
    /// An established connection ended.
    #[error("lost the connection to {address}: {detail}")]
    Disconnected {
        /// The broker's address.
        address: String,
        /// Why.
        detail: String,
    },
    /// No answer in time. Whether the request took effect is unknown.
    #[error("{address} did not answer {api} within {limit:?}")]
    TimedOut {
        /// The broker's address.
        address: String,
        /// The request.
        api: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The broker lacks the API, or every version of it that the client speaks.
    #[error("{address} does not offer {api} in a version that this client speaks ({ours})")]
    Unsupported {
        /// The broker's address.
        address: String,
        /// The request.
        api: &'static str,
        /// The client's versions.
        ours: String,
    },
    /// The broker's bytes make no sense.
    #[error("{address} sent a malformed answer: {detail}")]
    Malformed {
        /// The broker's address.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The request cannot be expressed in the version that the broker speaks.
    #[error("the request does not fit the broker's version: {0}")]
    Encode(#[from] EncodeError),
    /// Records that cannot be read or written.
    #[error("{topic}-{partition}: {error}")]
    Batch {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// What is wrong.
        error: BatchError,
    },
    /// The topic does not exist.
    #[error("topic {0:?} does not exist: create it, for example with `esker topic create {0}`")]
    UnknownTopic(String),
    /// The topic exists, the partition does not.
    #[error("topic {topic:?} has {count} partitions, numbered from 0: there is no partition {partition}")]
    UnknownPartition {
        /// The topic.
        topic: String,
        /// The partition asked for.
        partition: i32,
        /// How many there are.
        count: usize,
    },
    /// No broker leads the partition now.
    #[error("{topic}-{partition} has no leader at the moment")]
    NoLeader {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// The broker refused.
    #[error("{what}: {}{}", code.name(), detail(message))]
    Refused {
        /// What was asked for.
        what: String,
        /// The broker's error code.
        code: ErrorCode,
        /// The broker's own words.
        message: Option<String>,
    },
    /// The broker refused with a code that the protocol did not know when this was written.
    #[error("{what}: error code {code}, unknown to this client")]
    UnknownCode {
        /// What was asked for.
        what: String,
        /// The code.
        code: i16,
    },
    /// The record is larger than the producer's buffer or batch allows.
    #[error("a record of {size} bytes is larger than the limit of {limit} bytes")]
    RecordTooLarge {
        /// The record's size, bytes.
        size: usize,
        /// The limit, bytes.
        limit: usize,
    },
    /// The record was not acknowledged in time. It may or may not be in the log.
    #[error("not acknowledged within {0:?}; the last failure was: {1}")]
    DeliveryTimeout(Duration, String),
    /// The producer or consumer was closed.
    #[error("closed")]
    Closed,
    /// The caller's settings contradict each other.
    #[error("{0}")]
    Settings(String),
    /// The consumer's position is outside of the log and its settings forbid to reset it.
    #[error("offset {offset} of {topic}-{partition} is not in the log")]
    OffsetOutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The position.
        offset: i64,
    },
}

fn detail(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(" ({text})")).unwrap_or_default()
}

impl ClientError {
    /// `Ok` for code 0, else the broker's refusal.
    ///
    /// # Errors
    /// Every code but 0.
    pub fn check(code: i16, message: Option<&str>, what: impl FnOnce() -> String) -> Result<(), Self> {
        match ErrorCode::from_code(code) {
            Some(ErrorCode::None) => Ok(()),
            Some(code) => Err(Self::Refused { what: what(), code, message: message.map(str::to_owned) }),
            None => Err(Self::UnknownCode { what: what(), code }),
        }
    }

    /// The broker's code, if the broker refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether trying again may help, with fresh metadata where that is what is stale.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        matches!(self.action(), Action::Retry | Action::Refresh)
    }
}

impl Classified for ClientError {
    fn action(&self) -> Action {
        match self {
            Self::Disconnected { .. } | Self::NoLeader { .. } | Self::Unreachable { .. } => Action::Refresh,
            Self::TimedOut { .. } => Action::Retry,
            Self::Refused { code, .. } => match code {
                ErrorCode::NotLeaderOrFollower
                | ErrorCode::LeaderNotAvailable
                | ErrorCode::UnknownTopicOrPartition
                | ErrorCode::UnknownTopicId
                | ErrorCode::InconsistentTopicId
                | ErrorCode::FencedLeaderEpoch
                | ErrorCode::UnknownLeaderEpoch
                | ErrorCode::NotController
                | ErrorCode::NotCoordinator
                | ErrorCode::CoordinatorNotAvailable
                | ErrorCode::KafkaStorageError => Action::Refresh,
                code if code.is_retriable() => Action::Retry,
                _ => Action::GiveUp,
            },
            Self::Malformed { .. } => Action::Operator,
            _ => Action::GiveUp,
        }
    }
}

/// Names the broker in a decoding error.
pub(crate) fn malformed(address: &str, error: &DecodeError) -> ClientError {
    ClientError::Malformed { address: address.to_owned(), detail: error.to_string() }
}
