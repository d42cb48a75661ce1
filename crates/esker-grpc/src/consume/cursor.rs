//! A stream's place in one partition.

use esker_core::PartitionId;

/// The place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub(super) partition: PartitionId,
    /// What is read next.
    pub(super) next: i64,
    /// The end of what may be seen, as last heard.
    pub(super) end: i64,
    /// Where the stream ends here, if it does.
    pub(super) stop_at: Option<i64>,
}

impl Cursor {
    /// Nothing more is wanted.
    pub(super) fn is_done(&self) -> bool {
        self.stop_at.is_some_and(|stop| self.next >= stop)
    }
}
