//! Errors of the store service and of opening a store.

use std::sync::Arc;

use esker_core::{Action, Classified, FrameIndex, LedgerId, Mode};

/// Why a store did not do what it was asked. Cheap to clone: one failure answers many waiters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A write or a sync failed; nothing is written any more until the process is started again (S6).
    #[error("the store has failed and takes no more writes: {0}")]
    Failed(Arc<str>),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The store lost log entries that it cannot name. It serves reads and seals, and has to be replaced.
    #[error("the store lost log entries it cannot name ({0}): offload what it holds and replace it")]
    Damaged(Arc<str>),
    /// The log is full until something is trimmed.
    #[error("the log is full: {used} of {capacity} bytes")]
    Full {
        /// Bytes in use.
        used: u64,
        /// Bytes there are.
        capacity: u64,
    },
    /// The ledger is sealed: whoever appends is no longer its writer.
    #[error("ledger {0} is sealed")]
    Sealed(LedgerId),
    /// A repair of a ledger that is not sealed.
    #[error("ledger {0} is not sealed")]
    NotSealed(LedgerId),
    /// The ledger was sealed, offloaded and forgotten.
    #[error("ledger {0} is over and forgotten")]
    Forgotten(LedgerId),
    /// The frame is not the next one.
    #[error("ledger {ledger}: frame {index} leaves a gap, the tail is {tail}")]
    Gap {
        /// The ledger.
        ledger: LedgerId,
        /// Index offered.
        index: FrameIndex,
        /// Index expected.
        tail: FrameIndex,
    },
    /// The store holds another frame of the same index. Two writers wrote one ledger.
    #[error("ledger {ledger}: frame {index} differs from the one that is there")]
    Conflict {
        /// The ledger.
        ledger: LedgerId,
        /// The index.
        index: FrameIndex,
    },
    /// The frame's mode is not its ledger's.
    #[error("ledger {ledger} has mode {expected}, the frame {found}")]
    WrongMode {
        /// The ledger.
        ledger: LedgerId,
        /// The ledger's mode.
        expected: Mode,
        /// The frame's.
        found: Mode,
    },
    /// The frame does not fit into a log file.
    #[error("a frame of {size} bytes is larger than the largest, {limit}")]
    TooLarge {
        /// Encoded size.
        size: u64,
        /// Largest size.
        limit: u64,
    },
    /// The frame is not here: not written yet, trimmed, or never heard of.
    #[error("ledger {ledger}: frame {index} is not held here")]
    NotHeld {
        /// The ledger.
        ledger: LedgerId,
        /// The index.
        index: FrameIndex,
    },
    /// The store held the frame and its bytes are damaged.
    #[error("ledger {ledger}: frame {index} is unreadable ({place})")]
    Unreadable {
        /// The ledger.
        ledger: LedgerId,
        /// The index.
        index: FrameIndex,
        /// Where in the log, or what is missing.
        place: Arc<str>,
    },
    /// The device failed a read. The same read may succeed later.
    #[error("reading the log: {0}")]
    Read(Arc<str>),
    /// The store cannot be reached.
    #[error("the store is unreachable: {0}")]
    Unreachable(Arc<str>),
}

impl Classified for StoreError {
    fn action(&self) -> Action {
        match self {
            Self::Full { .. } | Self::Read(_) | Self::Unreachable(_) => Action::Retry,
            Self::Closed | Self::Sealed(_) | Self::Forgotten(_) | Self::Gap { .. } | Self::NotHeld { .. } => {
                Action::Refresh
            }
            Self::NotSealed(_) | Self::WrongMode { .. } | Self::TooLarge { .. } => Action::GiveUp,
            Self::Failed(_) | Self::Damaged(_) | Self::Conflict { .. } | Self::Unreadable { .. } => {
                Action::Operator
            }
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The device failed. Not corruption: the same open may succeed on a working device.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the file's name.
        what: String,
        /// The device's error.
        source: std::io::Error,
    },
    /// The store's identity file is damaged or of a newer format.
    #[error("the store's identity is unusable: {0}")]
    Identity(String),
    /// A log file that belongs to another store.
    #[error("{file} belongs to store {found}")]
    ForeignFile {
        /// The file.
        file: String,
        /// The store in its header.
        found: esker_core::StoreId,
    },
    /// The settings cannot work.
    #[error("store settings: {0}")]
    Config(String),
    /// A write failed while opening.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl Classified for OpenError {
    fn action(&self) -> Action {
        Action::Operator
    }
}
