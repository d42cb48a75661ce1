//! A share partition as it is stored.

/// What outlives a broker. Its form in the log is another crate's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Grows when an operator moves the start.
    pub state_epoch: i32,
    /// The first offset that is not done with.
    pub start: i64,
    /// What is known from there on, in ascending order. Between two of them there is nothing but what is available.
    pub batches: Vec<StoredBatch>,
}

/// Records that follow one another in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    /// First offset.
    pub first: i64,
    /// Last offset.
    pub last: i64,
    /// Their state.
    pub state: StoredState,
    /// How often they were given out.
    pub count: u16,
}

/// A record's state as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredState {
    /// To be given out.
    Available,
    /// Some member has accepted it.
    Accepted,
    /// Nobody has, and nobody gets it again.
    Archived,
}

/// Why a stored share partition is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The start is negative.
    #[error("it begins at {0}")]
    Start(i64),
    /// A batch overlaps the one before it, lies before the start, ends before it begins, or at the last of all offsets.
    #[error("a batch of {first} to {last} cannot follow {behind}")]
    Batch {
        /// Its first offset.
        first: i64,
        /// Its last offset.
        last: i64,
        /// Where it may begin.
        behind: i64,
    },
}

impl Snapshot {
    pub(crate) fn check(&self) -> Result<(), SnapshotError> {
        if self.start < 0 {
            return Err(SnapshotError::Start(self.start));
        }
        let mut behind = self.start;
        for batch in &self.batches {
            if batch.first < behind || batch.last < batch.first || batch.last == i64::MAX {
                return Err(SnapshotError::Batch { first: batch.first, last: batch.last, behind });
            }
            behind = batch.last + 1;
        }
        Ok(())
    }
}
