//! Why a group request is refused.

use esker_core::{Action, Classified};
use esker_kafka_wire::ErrorCode;

use crate::{runtime::Absent, transactions::TransactionError};

/// The reasons, each with its code in the Kafka protocol ([`GroupError::code`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The group's partition of `__consumer_offsets` is being read.
    #[error("the group's offsets are being loaded")]
    Loading,
    /// Another broker coordinates the group, or this one has just stopped to.
    #[error("this broker does not coordinate the group")]
    NotCoordinator,
    /// For a short while nobody does: find the coordinator again.
    #[error("the group's coordinator is not available")]
    Unavailable,
    /// An empty group id where one is needed.
    #[error("a group id is needed")]
    InvalidGroupId,
    /// The session timeout is outside what the broker allows.
    #[error("the session timeout is outside the broker's bounds")]
    InvalidSessionTimeout,
    /// The member is not in the group (any more): join again as a new one.
    #[error("the member is not known")]
    UnknownMember,
    /// Join again with the member id in the answer.
    #[error("join again with the member id that was given")]
    MemberIdRequired,
    /// A newer member has the same instance id: this one must stop.
    #[error("another member with the same instance id has replaced this one")]
    FencedInstance,
    /// The member speaks of an older or newer generation.
    #[error("the generation is not the current one")]
    IllegalGeneration,
    /// The member should join again.
    #[error("the group is rebalancing")]
    RebalanceInProgress,
    /// No protocol in common with the other members.
    #[error("no protocol in common with the group")]
    InconsistentProtocol,
    /// No room for another member.
    #[error("the group is full")]
    GroupFull,
    /// No such group.
    #[error("the group does not exist")]
    GroupNotFound,
    /// The group still has members.
    #[error("the group has members")]
    NonEmptyGroup,
    /// The group's members consume the topic.
    #[error("the group is subscribed to the topic")]
    SubscribedToTopic,
    /// The metadata string of an offset is too long.
    #[error("the offset's metadata is too long")]
    MetadataTooLarge,
    /// The group holds as many offsets as it may.
    #[error("the group holds too many offsets")]
    TooManyOffsets,
    /// The broker coordinates as many groups as it may, or a member brings more metadata than it may.
    #[error("a limit of the broker is reached")]
    Limit,
    /// The consumer protocol: the member must let go of everything and join again.
    #[error("the member's epoch is not one of its own: it must let go of its partitions and join again")]
    FencedMemberEpoch,
    /// The consumer protocol: the member's epoch is not the current one, try again with that.
    #[error("the member's epoch is not its current one")]
    StaleMemberEpoch,
    /// The consumer protocol: another member with this instance id has not left.
    #[error("the instance id is in use by another member")]
    UnreleasedInstance,
    /// The consumer protocol: no such assignor here.
    #[error("the assignor is not supported")]
    UnsupportedAssignor,
    /// The consumer protocol: the pattern is not one, or too large.
    #[error("the regular expression is invalid")]
    InvalidRegularExpression,
    /// A member of the consumer protocol uses an old version of a request.
    #[error("this version of the request is not for members of the consumer protocol")]
    UnsupportedVersion,
    /// The group's state does not fit a record.
    #[error("the group's state is too large to be stored")]
    TooLarge,
    /// Offsets of a transaction wait for its end: ask again.
    #[error("an offset of a transaction is not decided yet")]
    UnstableOffset,
    /// The transaction that offsets are committed in does not allow it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl GroupError {
    /// The protocol's code.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Loading => ErrorCode::CoordinatorLoadInProgress,
            Self::NotCoordinator => ErrorCode::NotCoordinator,
            Self::Unavailable => ErrorCode::CoordinatorNotAvailable,
            Self::InvalidGroupId => ErrorCode::InvalidGroupId,
            Self::InvalidSessionTimeout => ErrorCode::InvalidSessionTimeout,
            Self::UnknownMember => ErrorCode::UnknownMemberId,
            Self::MemberIdRequired => ErrorCode::MemberIdRequired,
            Self::FencedInstance => ErrorCode::FencedInstanceId,
            Self::IllegalGeneration => ErrorCode::IllegalGeneration,
            Self::RebalanceInProgress => ErrorCode::RebalanceInProgress,
            Self::InconsistentProtocol => ErrorCode::InconsistentGroupProtocol,
            Self::GroupFull => ErrorCode::GroupMaxSizeReached,
            Self::GroupNotFound => ErrorCode::GroupIdNotFound,
            Self::NonEmptyGroup => ErrorCode::NonEmptyGroup,
            Self::SubscribedToTopic => ErrorCode::GroupSubscribedToTopic,
            Self::MetadataTooLarge => ErrorCode::OffsetMetadataTooLarge,
            Self::TooManyOffsets => ErrorCode::InvalidCommitOffsetSize,
            Self::Limit => ErrorCode::PolicyViolation,
            Self::FencedMemberEpoch => ErrorCode::FencedMemberEpoch,
            Self::StaleMemberEpoch => ErrorCode::StaleMemberEpoch,
            Self::UnreleasedInstance => ErrorCode::UnreleasedInstanceId,
            Self::UnsupportedAssignor => ErrorCode::UnsupportedAssignor,
            Self::InvalidRegularExpression => ErrorCode::InvalidRegularExpression,
            Self::UnsupportedVersion => ErrorCode::UnsupportedVersion,
            Self::TooLarge => ErrorCode::UnknownServerError,
            Self::UnstableOffset => ErrorCode::UnstableOffsetCommit,
            Self::Transaction(error) => error.code(),
        }
    }
}

impl From<Absent> for GroupError {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::Loading => Self::Loading,
            Absent::NotCoordinator => Self::NotCoordinator,
            Absent::Unavailable => Self::Unavailable,
            Absent::Refused => Self::Transaction(TransactionError::ProducerFenced),
        }
    }
}

impl Classified for GroupError {
    fn action(&self) -> Action {
        match self {
            Self::Loading | Self::Unavailable | Self::RebalanceInProgress | Self::UnstableOffset => {
                Action::Retry
            }
            Self::Transaction(error) => error.action(),
            Self::NotCoordinator
            | Self::UnknownMember
            | Self::MemberIdRequired
            | Self::IllegalGeneration
            | Self::FencedMemberEpoch
            | Self::StaleMemberEpoch => Action::Refresh,
            _ => Action::GiveUp,
        }
    }
}
