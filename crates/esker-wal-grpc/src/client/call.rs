//! What waits for a connection or an answer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use esker_wal::{SealAnswer, StoreError};
use tokio::sync::oneshot;

use super::{connect::Channel, unreachable};
use crate::proto::write_request::Change;

/// What a change counts for besides its frame's bytes.
const CHANGE_BYTES: usize = 256;

/// A call on its way to the link.
pub(super) enum Call {
    /// A change, in its order.
    Change { change: Change, reply: Reply, entry: Entry },
    /// Somebody needs a connection.
    Channel(oneshot::Sender<Result<Channel, StoreError>>),
}

pub(super) type Reply = oneshot::Sender<Result<Answer, StoreError>>;

impl Call {
    pub(super) fn fail(self, error: &StoreError) {
        // Whoever does not wait any more does not need the answer.
        match self {
            Self::Change { reply, .. } => {
                let _ = reply.send(Err(error.clone()));
            }
            Self::Channel(reply) => {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}

/// What a store answers to a change.
#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Sealed(SealAnswer),
}

impl Answer {
    pub(super) fn done(self) -> Result<(), StoreError> {
        match self {
            Self::Done => Ok(()),
            Self::Sealed(_) => Err(unreachable("it answers with a seal where there was none")),
        }
    }

    pub(super) fn sealed(self) -> Result<SealAnswer, StoreError> {
        match self {
            Self::Sealed(answer) => Ok(answer),
            Self::Done => Err(unreachable("it answers a seal without saying what is sealed")),
        }
    }
}

/// Bytes of changes that are not answered.
#[derive(Clone)]
pub(super) struct InFlight {
    bytes: Arc<AtomicUsize>,
    limit: usize,
}

/// One change's part of it, until dropped.
pub(super) struct Entry {
    bytes: Arc<AtomicUsize>,
    size: usize,
}

impl InFlight {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Arc::default(), limit }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts a change in, unless there are too many.
    pub(super) fn enter(&self, size: usize) -> Result<Entry, StoreError> {
        let size = size + CHANGE_BYTES;
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        let entry = Entry { bytes: Arc::clone(&self.bytes), size };
        if before > 0 && before + size > self.limit {
            return Err(unreachable(format!("{before} bytes wait for its answers")));
        }
        Ok(entry)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.size, Ordering::Relaxed);
    }
}
