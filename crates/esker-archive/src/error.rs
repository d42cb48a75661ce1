//! What can go wrong, and what the caller should do about it.

use std::{sync::Arc, time::Duration};

use esker_core::{
    Action, Classified, ClusterId, Offset, PartitionId,
    object::{BuildError, FormatError},
};
use esker_meta::MetaError;

/// An error of the archive. Cheap to clone: waiters of one request share its outcome.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The object store refused in a way that no repetition mends: permissions, credentials, configuration.
    #[error("object store refused to {operation} {path}: {source}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// The object's path in the store.
        path: String,
        /// The store's answer.
        source: Arc<object_store::Error>,
    },
    /// The object store did not do it in time, however often it was asked.
    #[error("object store did not {operation} {path} within {limit:?} ({attempts} attempts, last: {last})")]
    Deadline {
        /// What was tried.
        operation: &'static str,
        /// The object's path in the store.
        path: String,
        /// The call's time limit.
        limit: Duration,
        /// Attempts made.
        attempts: u32,
        /// The last attempt's error.
        last: String,
    },
    /// An object that the manifest refers to does not exist.
    #[error("object {path} is missing although the manifest refers to it")]
    Missing {
        /// The object's path in the store.
        path: String,
    },
    /// An object is not what it should be.
    #[error("object {path} at byte {position}: {source}")]
    Damaged {
        /// The object's path in the store.
        path: String,
        /// Where in the object.
        position: u64,
        /// What is wrong.
        source: FormatError,
    },
    /// The pointer in the metadata store cannot be read.
    #[error("manifest pointer of shard {shard}: {source}")]
    BadPointer {
        /// The shard.
        shard: u32,
        /// What is wrong.
        source: FormatError,
    },
    /// The prefix holds another cluster's objects: nothing is written or deleted there.
    #[error(
        "{path} says that these objects are those of cluster {theirs}, but the metadata is that of cluster {ours}: \
         restore the metadata of {theirs} (etcd's prefix or snapshot), or give this cluster another object_store.url; \
         only if nobody needs those objects any more, delete them and then {path}"
    )]
    OtherCluster {
        /// The marker's path in the store.
        path: String,
        /// The cluster that the marker names.
        theirs: ClusterId,
        /// The cluster of the metadata store.
        ours: ClusterId,
    },
    /// There are objects, nothing says whose they are, and the metadata knows none of them.
    #[error(
        "there are objects of some cluster and no {path}, and the metadata (cluster {ours}) knows none of them: restore the \
         metadata that does (etcd's prefix or snapshot), or give this cluster another object_store.url; only if nobody \
         needs those objects any more, delete them"
    )]
    Unmarked {
        /// The path in the store of the marker that is not there.
        path: String,
        /// The cluster of the metadata store.
        ours: ClusterId,
    },
    /// The shard or the session is no longer ours: nothing was committed.
    #[error("fenced: {0}")]
    Fenced(String),
    /// Another commit moved the pointer: nothing of this one is visible. Open the shard again.
    #[error("the manifest pointer was moved by another commit ({0})")]
    Conflict(String),
    /// The commit may or may not have happened; the next call on the shard finds out first. Repeat the call.
    #[error("the outcome of a commit is unknown: {0}")]
    Uncertain(String),
    /// The metadata store could not be asked, or is broken.
    #[error(transparent)]
    Metadata(MetaError),
    /// The upload took so long that garbage collection might take it for an orphan: upload again.
    #[error("the upload is {age:?} old, more than {limit:?}: it may not be committed any more")]
    TooOld {
        /// Since its name was made.
        age: Duration,
        /// The limit.
        limit: Duration,
    },
    /// An upload does not begin where the archived part ends.
    #[error(
        "partition {partition}: an upload begins at offset {found}, the archived part ends at {expected}"
    )]
    NotContiguous {
        /// The partition.
        partition: PartitionId,
        /// Where it should begin.
        expected: Offset,
        /// Where it begins.
        found: Offset,
    },
    /// An object cannot be built of what was handed in.
    #[error("cannot build an object: {0}")]
    Build(#[from] BuildError),
    /// Nothing of this partition was ever archived.
    #[error("partition {0} has nothing in the archive")]
    UnknownPartition(PartitionId),
    /// The offset lies outside of what is archived.
    #[error("partition {partition}: offset {offset} is not in the archived range {log_start}..{next_offset}")]
    OutOfRange {
        /// The partition.
        partition: PartitionId,
        /// The offset asked for.
        offset: Offset,
        /// The first offset that readers may have.
        log_start: Offset,
        /// The offset after the last archived one.
        next_offset: Offset,
    },
    /// A setting is wrong.
    #[error("{0}")]
    Config(String),
    /// The disk tier of the cache cannot be opened.
    #[error("cache: {0}")]
    Cache(String),
}

impl ArchiveError {
    /// Whether the prefix of the object store is, as far as anybody knows, another cluster's.
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        matches!(self, Self::OtherCluster { .. } | Self::Unmarked { .. })
    }
}

impl Classified for ArchiveError {
    fn action(&self) -> Action {
        match self {
            Self::Deadline { .. } | Self::Uncertain(_) | Self::Metadata(_) | Self::TooOld { .. } => {
                Action::Retry
            }
            Self::Fenced(_) | Self::Conflict(_) => Action::Refresh,
            Self::NotContiguous { .. }
            | Self::Build(_)
            | Self::UnknownPartition(_)
            | Self::OutOfRange { .. } => Action::GiveUp,
            Self::Refused { .. }
            | Self::Missing { .. }
            | Self::Damaged { .. }
            | Self::BadPointer { .. }
            | Self::OtherCluster { .. }
            | Self::Unmarked { .. }
            | Self::Config(_)
            | Self::Cache(_) => Action::Operator,
        }
    }
}
