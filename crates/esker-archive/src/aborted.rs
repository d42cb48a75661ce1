//! Aborted transactions of archived batches.
//!
//! An object says which transactions were aborted by markers in it. One that was open at the object's end was ended by a
//! marker in a later one, or by one that no object has yet; sections say what is open at their end, so that the search stops
//! as soon as nothing of it is.

use std::ops::Range;

use esker_core::{Offset, PartitionId, producer::AbortedTxn};

use crate::{ArchiveError, ShardArchive};

impl ShardArchive {
    /// Aborted transactions with offsets in `read`, whose markers are in objects. By the offset of their markers.
    ///
    /// Asks for the sections of the ranges that `read` touches, and of as many behind them as it takes until every
    /// transaction of `read` has ended.
    ///
    /// # Errors
    /// As [`ArchiveError`] says. An unknown partition has none.
    pub async fn aborted(
        &self,
        id: PartitionId,
        read: Range<Offset>,
    ) -> Result<Vec<AbortedTxn>, ArchiveError> {
        let view = self.view();
        let Some(partition) = view.partitions.get(&id) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for range in &partition.ranges[partition.range_at(read.start)..] {
            let index = self.parts.blocks.index(self.shard, &range.object, range.section).await?;
            let overlapping =
                |txn: &&AbortedTxn| txn.first_offset < read.end && txn.last_offset >= read.start;
            found.extend(index.aborted.iter().filter(overlapping).copied());
            let is_behind = range.last_offset.0 + 1 >= read.end.0;
            if is_behind && index.open_txns.iter().all(|first| *first >= read.end) {
                break;
            }
        }
        Ok(found)
    }
}
