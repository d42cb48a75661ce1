//! The contract between Esker and the place where its few agreed facts live.

use std::{fmt, time::Duration};

use bytes::Bytes;
use esker_env::BoxFuture;
use futures::{StreamExt, stream::BoxStream};

use crate::{LeaseId, MetaError, Revision, Txn, TxnAnswer};

/// An ordered key-value store with revisions, transactions, leases and watches: what etcd offers, and nothing that
/// it does not.
///
/// **Revisions.** One counter for the whole store. A transaction that changes anything raises it by one, and all it
/// changes carries the new number; one that changes nothing leaves it. A key's `created` is the revision that brought
/// it into existence (again, after a deletion), `modified` the last that put it, `version` counts puts since
/// `created`, from 1. An empty store stands at a revision of at least 1, so 0 never names one.
///
/// **Reads** are linearizable: they show every transaction that was answered before they were asked.
///
/// **Transactions** are atomic and serializable. See [`Txn`] for their limits; beyond these: [`MetaError::Invalid`].
/// Only `txn`, and only it, may answer [`MetaError::Unknown`]: the change may have happened, or may happen *later*.
///
/// **Leases.** A lease that is not kept alive for its time to live ends, at the earliest that long after the last
/// successful `keep_alive`; its keys are then deleted, as one change with a revision. A put that names a lease that is
/// gone fails as a whole with [`MetaError::LeaseGone`]. A put without a lease detaches the key from its former one.
///
/// **Watches** report every change below a prefix from a revision on, in order, once, all changes of one revision
/// together. The store keeps a bounded history: a watch that asks for a revision older than that, or falls behind it,
/// ends with [`WatchError::Compacted`], and its owner lists again.
pub trait MetaStore: Send + Sync + 'static {
    /// The key's present state; `None` when it does not exist.
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>>;

    /// All keys that start with `prefix`, in byte order, as they stood together at one revision.
    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>>;

    /// Compares, then applies one of two branches.
    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>>;

    /// A new lease. `ttl` is rounded up to whole seconds where the store knows no finer time.
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>>;

    /// Starts the lease's time to live anew. [`MetaError::LeaseGone`] is definite; any other error says nothing.
    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>>;

    /// Ends the lease and deletes its keys; no error when it is gone already.
    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>>;

    /// Changes below `prefix` at revision `from` and later. Errors come as the first item.
    fn watch(&self, prefix: String, from: Revision) -> Watch;
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The full key.
    pub key: String,
    /// The value.
    pub value: Bytes,
    /// The revision that created the key.
    pub created: Revision,
    /// The revision that put it last.
    pub modified: Revision,
    /// Puts since it was created; at least 1.
    pub version: u64,
    /// The lease it is attached to.
    pub lease: Option<LeaseId>,
}

/// Keys below a prefix at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The store's revision that this listing shows; a watch from the next one misses nothing.
    pub revision: Revision,
    /// The keys in byte order.
    pub entries: Vec<KeyValue>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The key was put; `modified` is the change's revision.
    Put(KeyValue),
    /// The key was deleted, or its lease ended.
    Delete {
        /// The full key.
        key: String,
        /// The change's revision.
        revision: Revision,
    },
}

impl Event {
    /// The key that changed.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put(entry) => &entry.key,
            Self::Delete { key, .. } => key,
        }
    }

    /// When it changed.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        match self {
            Self::Put(entry) => entry.modified,
            Self::Delete { revision, .. } => *revision,
        }
    }
}

/// Why a watch ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// Changes that were asked for are no longer kept: list again.
    #[error("changes up to revision {0} are no longer kept")]
    Compacted(Revision),
    /// The connection to the store ended: watch again from the revision after the last one seen.
    #[error("watch ended: {0}")]
    Ended(String),
}

/// A running watch. Dropping it ends it.
pub struct Watch(BoxStream<'static, Result<Vec<Event>, WatchError>>);

impl Watch {
    /// Wraps a stream of changes: each item the (never empty) changes of one revision or several, in order, a
    /// revision never split between items; an error is the last item.
    #[must_use]
    pub fn new(stream: BoxStream<'static, Result<Vec<Event>, WatchError>>) -> Self {
        Self(stream)
    }

    /// The next changes. Cancel-safe.
    ///
    /// # Errors
    /// [`WatchError`] once; the watch is over then.
    pub async fn next(&mut self) -> Result<Vec<Event>, WatchError> {
        match self.0.next().await {
            Some(item) => item,
            None => Err(WatchError::Ended("the stream is over".to_owned())),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
