//! Why a share partition does not do what it is asked.

use esker_core::{Action, Classified};
use esker_kafka_wire::ErrorCode;
use esker_share::AckError;

use crate::runtime::Absent;

/// The reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Its state is being read.
    #[error("the state of the share partition is being loaded")]
    Loading,
    /// Another broker leads the partition, or this one has just stopped to.
    #[error("this broker does not lead the partition")]
    NotLeader,
    /// Nothing was written; the same may succeed later.
    #[error("the state of the share partition cannot be written now")]
    Unavailable,
    /// The group has not read from the partition.
    #[error("the group has not read from the partition")]
    Unknown,
    /// The broker keeps as many share partitions as it may.
    #[error("the broker keeps too much state of share groups")]
    Limit,
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(AckError),
    /// The records are not with the member, or not any more.
    #[error("the records are not with the member")]
    InvalidRecordState,
}

impl ShareError {
    /// The protocol's code.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Loading => ErrorCode::CoordinatorLoadInProgress,
            Self::NotLeader => ErrorCode::NotLeaderOrFollower,
            Self::Unavailable => ErrorCode::CoordinatorNotAvailable,
            Self::Unknown => ErrorCode::UnknownTopicOrPartition,
            Self::Limit => ErrorCode::PolicyViolation,
            Self::Invalid(_) => ErrorCode::InvalidRequest,
            Self::InvalidRecordState => ErrorCode::InvalidRecordState,
        }
    }
}

impl ShareError {
    /// The error of a code that another broker has sent.
    #[must_use]
    pub fn of_code(code: i16) -> Option<Self> {
        let all = [
            Self::Loading,
            Self::NotLeader,
            Self::Unavailable,
            Self::Unknown,
            Self::Limit,
            Self::InvalidRecordState,
        ];
        all.into_iter().find(|error| error.code().code() == code)
    }
}

impl From<Absent> for ShareError {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::Loading => Self::Loading,
            Absent::NotCoordinator => Self::NotLeader,
            // Nothing here speaks for a producer.
            Absent::Unavailable | Absent::Refused => Self::Unavailable,
        }
    }
}

impl From<AckError> for ShareError {
    fn from(error: AckError) -> Self {
        match error {
            AckError::Malformed | AckError::Beyond => Self::Invalid(error),
            AckError::NotAcquired => Self::InvalidRecordState,
        }
    }
}

impl Classified for ShareError {
    fn action(&self) -> Action {
        match self {
            Self::Loading | Self::Unavailable => Action::Retry,
            Self::NotLeader => Action::Refresh,
            Self::Unknown | Self::Limit | Self::Invalid(_) | Self::InvalidRecordState => Action::GiveUp,
        }
    }
}
