//! Errors of the log, precise; [`esker_core::Classified`] says what to do about each.

use esker_core::{Action, Classified, Epoch, Offset, PartitionId, batch::BatchError};
use esker_wal::{CopiesError, WriterClosed};

use crate::{partition::Gap, producers::ProducerError};

/// A partition that cannot be served here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// No such topic or partition (any more).
    #[error("partition {0} does not exist")]
    UnknownPartition(PartitionId),
    /// Another broker owns its shard, or this one is closing.
    #[error("partition {0} is not served by this broker")]
    NotOwner(PartitionId),
    /// Its shard is on its way to another broker: wait for [`crate::Log::settled`] and try again.
    #[error("partition {0} is moving to another broker")]
    Moving(PartitionId),
    /// Its shard came to this broker after its transaction began to be looked up: look it up again.
    #[error("partition {0} has come to this broker since its transaction was looked up")]
    Reopened(PartitionId),
    /// The caller knows an older leader epoch.
    #[error("leader epoch {given} is older than {current}")]
    FencedEpoch {
        /// What the caller said.
        given: Epoch,
        /// The epoch in force.
        current: Epoch,
    },
    /// The caller knows a leader epoch that this broker has not heard of.
    #[error("leader epoch {given} is not known here, the epoch is {current}")]
    UnknownEpoch {
        /// What the caller said.
        given: Epoch,
        /// The epoch in force.
        current: Epoch,
    },
}

impl Classified for LogError {
    fn action(&self) -> Action {
        match self {
            Self::UnknownPartition(_) | Self::NotOwner(_) | Self::FencedEpoch { .. } => Action::Refresh,
            Self::UnknownEpoch { .. } | Self::Moving(_) | Self::Reopened(_) => Action::Retry,
        }
    }
}

/// Why an append was refused or failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
    /// The batch itself is not acceptable.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The producer's epoch or sequence is not acceptable.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// `acks=all` with more `min.insync.replicas` than there are replicas.
    #[error("min.insync.replicas is {wanted}, but the log has {replicas} replicas")]
    NotEnoughReplicas {
        /// The topic's setting.
        wanted: u16,
        /// Stores in the copyset.
        replicas: usize,
    },
    /// `acks=all` with more `min.insync.replicas` than stores that took the append. It is committed all the same.
    #[error("the append is committed, but fewer than {wanted} stores (min.insync.replicas) hold it")]
    TooFewCopies {
        /// The topic's setting.
        wanted: usize,
    },
    /// The log holds too much that the object store does not have yet.
    #[error(
        "the write-ahead log is {percent} % full and refuses appends until the object store has taken more: check the \
         object store, or raise wal.max_bytes"
    )]
    LogFull {
        /// Of its capacity.
        percent: u32,
    },
    /// The log can no longer write.
    #[error("the log is closed: {0}")]
    Closed(#[from] WriterClosed),
}

impl From<CopiesError> for AppendError {
    fn from(error: CopiesError) -> Self {
        match error {
            CopiesError::Closed(closed) => closed.into(),
            CopiesError::TooFew { wanted } => Self::TooFewCopies { wanted },
        }
    }
}

impl Classified for AppendError {
    fn action(&self) -> Action {
        match self {
            Self::Log(error) => error.action(),
            Self::NotEnoughReplicas { .. } | Self::TooFewCopies { .. } | Self::LogFull { .. } => {
                Action::Retry
            }
            Self::Closed(_) => Action::Refresh,
            Self::Batch(_) | Self::Producer(_) => Action::GiveUp,
        }
    }
}

/// Why a read failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
    /// The offset is below the log start or beyond the log end.
    #[error("offset {offset} is outside {log_start}..={log_end}")]
    OutOfRange {
        /// What was asked for.
        offset: Offset,
        /// First readable.
        log_start: Offset,
        /// Last acceptable.
        log_end: Offset,
    },
    /// The bytes could not be had from the store or the object store.
    #[error("reading failed: {message}")]
    Storage {
        /// What happened.
        message: String,
        /// What to do.
        action: Action,
    },
}

impl ReadError {
    pub(crate) fn storage(error: &(impl Classified + std::fmt::Display)) -> Self {
        Self::Storage { message: error.to_string(), action: error.action() }
    }
}

impl Classified for ReadError {
    fn action(&self) -> Action {
        match self {
            Self::Log(error) => error.action(),
            Self::OutOfRange { .. } => Action::GiveUp,
            Self::Storage { action, .. } => *action,
        }
    }
}

/// Why a shard cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Acknowledged records are missing.
    #[error(transparent)]
    Gap(#[from] Gap),
    /// The manifest, an object or a ledger could not be read.
    #[error("{what}: {message}")]
    Unreadable {
        /// Which.
        what: String,
        /// Why.
        message: String,
    },
    /// A broker-wide default of a topic config is not valid.
    #[error(transparent)]
    Config(#[from] crate::topic_config::InvalidConfig),
}
