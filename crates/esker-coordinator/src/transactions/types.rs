//! What is asked of transactions and what they answer: plain structures, no protocol's.

use std::time::Duration;

use esker_core::ProducerId;
use esker_env::BoxFuture;
use esker_kafka_wire::KString;

use super::error::TransactionError;

/// A producer as it names itself: fenced once another one has the same id and a newer epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// Its id.
    pub id: ProducerId,
    /// Its epoch, never negative where it comes from the coordinator.
    pub epoch: i16,
}

/// Which end a transaction's partitions are to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkerOrder {
    /// Whose transaction.
    pub producer: ProducerId,
    /// The producer's epoch from the marker on.
    pub epoch: i16,
    /// Committed; else aborted.
    pub commit: bool,
    /// The epoch is newer than that of the transaction: a transaction of this very epoch is a later one, and this marker a
    /// late repetition that must not end it.
    pub bumped: bool,
    /// The leader epoch of the coordinator's partition.
    pub coordinator_epoch: i32,
    /// Topic names and partitions.
    pub partitions: Vec<(KString, i32)>,
}

/// Why a partition has no marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// Nobody could be asked, or it is not known whether the marker was written: ask again.
    #[error("the partition is not available: {0}")]
    Unavailable(String),
    /// The partition is gone, which is as good as a marker.
    #[error("the partition does not exist")]
    UnknownPartition,
    /// A newer epoch of the producer has been there.
    #[error("a newer epoch of the producer has been there")]
    Fenced,
    /// A newer coordinator has been there.
    #[error("a newer coordinator has been there")]
    FencedCoordinator,
}

/// Where the coordinator sends ends: local partitions directly, others over the broker-to-broker service.
pub trait TransactionPeers: Send + Sync + 'static {
    /// Writes markers. Completes when each of them is durable or is known not to be, with results in the order of the
    /// partitions. Markers that were written before are not an error.
    fn write_markers(&self, order: MarkerOrder) -> BoxFuture<'_, Vec<Result<(), MarkerError>>>;
}

/// How a partition's leader comes to know that a transaction may begin there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The partition must be in the ongoing transaction already (the first protocol of transactions).
    Verify,
    /// The partition is added when it is not (the second one).
    Add,
}

/// A question of a partition's leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmitRequest {
    /// Whose transaction.
    pub transactional_id: KString,
    /// The producer's id.
    pub producer: ProducerId,
    /// The producer's epoch.
    pub epoch: i16,
    /// Topic names and partitions.
    pub partitions: Vec<(KString, i32)>,
    /// How.
    pub admission: Admission,
}

/// What a partition's leader asks the transaction's coordinator before it appends (KIP-890).
pub trait TransactionGate: Send + Sync + 'static {
    /// Whether the producer's ongoing transaction has these partitions; results in their order. For
    /// [`Admission::Verify`], a partition that is not in it is [`TransactionError::Abortable`].
    fn admit(&self, request: AdmitRequest) -> BoxFuture<'_, Vec<Result<(), TransactionError>>>;
}

/// The two protocols of ending a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndProtocol {
    /// The epoch stays (EndTxn up to version 4).
    KeepEpoch,
    /// Every end gives the producer a new epoch, so that nothing late counts for the next transaction (version 5 on).
    BumpEpoch,
}

/// What a transactional id is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransactionState {
    /// It has a producer, and no transaction since.
    Empty,
    /// A transaction has partitions.
    Ongoing,
    /// It is decided that it commits; its partitions are being told.
    PrepareCommit,
    /// It is decided that it aborts; its partitions are being told.
    PrepareAbort,
    /// The last transaction was committed.
    CompleteCommit,
    /// The last transaction was aborted.
    CompleteAbort,
    /// Being forgotten.
    Dead,
    /// A newer producer takes over, or time is up: the decision to abort is being written.
    PrepareEpochFence,
}

impl TransactionState {
    const ALL: [Self; 8] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
        Self::Dead,
        Self::PrepareEpochFence,
    ];

    /// The protocol's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
            Self::Dead => "Dead",
            Self::PrepareEpochFence => "PrepareEpochFence",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Its number in records of `__transaction_state`.
    pub(crate) const fn number(self) -> i8 {
        self as i8
    }

    pub(crate) fn of_number(number: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// A transactional id in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionDescription {
    /// What it is doing.
    pub state: TransactionState,
    /// Its producer.
    pub producer: Producer,
    /// How long a transaction may take.
    pub timeout: Duration,
    /// When the last transaction began, milliseconds since the Unix epoch; -1 when there was none.
    pub started_ms: i64,
    /// Partitions in the transaction whose end they have not been told.
    pub partitions: Vec<(KString, i32)>,
}

/// One line of a list of transactional ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionSummary {
    /// The id.
    pub transactional_id: KString,
    /// What it is doing.
    pub state: TransactionState,
    /// Its producer.
    pub producer: Producer,
    /// When the last transaction began, milliseconds since the Unix epoch; -1 when there was none.
    pub started_ms: i64,
}
