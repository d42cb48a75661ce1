//! Transactions: comparisons, then one of two lists of operations.

use std::{collections::BTreeSet, fmt};

use bytes::Bytes;

use crate::{KeyValue, MetaError};

/// A revision of the whole store. 0 is before everything: "no such key" as a modification revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub i64);

impl Revision {
    /// Before everything; as an expectation about a key: it does not exist.
    pub const NONE: Self = Self(0);

    /// The revision after this one.
    ///
    /// # Panics
    /// When `i64` is exhausted, which takes longer than any store lives.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(next) => Self(next),
            None => panic!("a store makes fewer than 2^63 changes"),
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A lease's id, chosen by the store; positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub i64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A condition on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The key.
    pub key: String,
    /// What must hold.
    pub is: Expect,
}

/// What a [`Compare`] asks of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It does not exist.
    Absent,
    /// It exists.
    Present,
    /// It was created by this revision and exists since.
    Created(Revision),
    /// This revision put it last; [`Revision::NONE`]: it does not exist.
    Modified(Revision),
}

/// One operation of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes the key, attached to the lease or to none.
    Put {
        /// The key.
        key: String,
        /// The new value.
        value: Bytes,
        /// The lease to attach the key to.
        lease: Option<LeaseId>,
    },
    /// Deletes the key; nothing when it does not exist.
    Delete {
        /// The key.
        key: String,
    },
    /// Reads the key as it stood before the transaction.
    Get {
        /// The key.
        key: String,
    },
}

impl Op {
    fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } | Self::Get { key } => key,
        }
    }
}

/// A transaction, built up in the order it reads: `Txn::new().when(..).put(..).or_get(..)`.
///
/// Limits, which are etcd's defaults with some room: [`Txn::MAX_OPS`] comparisons and as many operations per branch,
/// [`Txn::MAX_BYTES`] of keys and values; no key twice in one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// All must hold for `then`.
    pub compare: Vec<Compare>,
    /// Applied when they hold.
    pub then: Vec<Op>,
    /// Applied when one does not.
    pub otherwise: Vec<Op>,
}

impl Txn {
    /// Most comparisons, and most operations of one branch (etcd's `--max-txn-ops`).
    pub const MAX_OPS: usize = 128;
    /// Most bytes of keys and values together (etcd's `--max-request-bytes` is 1.5 MiB).
    pub const MAX_BYTES: usize = 1 << 20;

    /// An empty transaction, whose comparison holds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a comparison.
    #[must_use]
    pub fn when(mut self, key: impl Into<String>, is: Expect) -> Self {
        self.compare.push(Compare { key: key.into(), is });
        self
    }

    /// Adds a put without a lease to the first branch.
    #[must_use]
    pub fn put(mut self, key: impl Into<String>, value: Bytes) -> Self {
        self.then.push(Op::Put { key: key.into(), value, lease: None });
        self
    }

    /// Adds a put attached to a lease to the first branch.
    #[must_use]
    pub fn put_leased(mut self, key: impl Into<String>, value: Bytes, lease: LeaseId) -> Self {
        self.then.push(Op::Put { key: key.into(), value, lease: Some(lease) });
        self
    }

    /// Adds a deletion to the first branch.
    #[must_use]
    pub fn delete(mut self, key: impl Into<String>) -> Self {
        self.then.push(Op::Delete { key: key.into() });
        self
    }

    /// Adds a read to the first branch.
    #[must_use]
    pub fn get(mut self, key: impl Into<String>) -> Self {
        self.then.push(Op::Get { key: key.into() });
        self
    }

    /// Adds a read to the second branch: the usual way to learn which comparison failed.
    #[must_use]
    pub fn or_get(mut self, key: impl Into<String>) -> Self {
        self.otherwise.push(Op::Get { key: key.into() });
        self
    }

    /// Checks the limits; every implementation calls it first.
    ///
    /// # Errors
    /// [`MetaError::Invalid`], naming the limit.
    pub fn check(&self) -> Result<(), MetaError> {
        let longest = self.compare.len().max(self.then.len()).max(self.otherwise.len());
        if longest > Self::MAX_OPS {
            return Err(MetaError::Invalid(format!("{longest} operations in one transaction")));
        }
        let mut bytes = self.compare.iter().map(|compare| compare.key.len()).sum::<usize>();
        for branch in [&self.then, &self.otherwise] {
            let mut keys = BTreeSet::new();
            for op in branch {
                if !keys.insert(op.key()) {
                    return Err(MetaError::Invalid(format!("key {} twice in one transaction", op.key())));
                }
                bytes += op.key().len();
                if let Op::Put { value, .. } = op {
                    bytes += value.len();
                }
            }
        }
        if bytes > Self::MAX_BYTES {
            return Err(MetaError::Invalid(format!("{bytes} bytes in one transaction")));
        }
        Ok(())
    }
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnAnswer {
    /// Whether the comparisons held, and so which branch was applied.
    pub succeeded: bool,
    /// The store's revision after it; that of its changes, when it made any.
    pub revision: Revision,
    /// One item for each [`Op::Get`] of the branch applied, in order.
    pub reads: Vec<Option<KeyValue>>,
}
