//! One shard's archive, as its owner sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_core::{
    Epoch, Offset, PartitionId, ShardId, TopicNumber,
    object::{FormatError, ObjectId, PartitionSection},
    producer::ProducerState,
};
use esker_meta::SessionKey;
use parking_lot::RwLock;

use crate::{
    ArchiveError, Parts,
    commit::CommitState,
    view::{PartitionView, View},
};

/// A shard opened by its owner. Reads go on in parallel; commits wait for each other.
pub struct ShardArchive {
    pub(crate) parts: Arc<Parts>,
    pub(crate) shard: ShardId,
    pub(crate) session: SessionKey,
    pub(crate) epoch: Epoch,
    /// Held only to take or replace the `Arc`.
    pub(crate) view: RwLock<Arc<View>>,
    /// Held across a commit's I/O: one commit of a shard at a time.
    pub(crate) commit: tokio::sync::Mutex<CommitState>,
}

/// What the archive knows of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedPartition {
    /// The first offset that readers may have; may lie beyond `next_offset`.
    pub log_start: Offset,
    /// The offset after the last archived one.
    pub next_offset: Offset,
    /// Every epoch under which something archived was written, with its first offset.
    pub epochs: Vec<(Epoch, Offset)>,
    /// Producers as of `next_offset`.
    pub producers: Vec<ProducerState>,
    /// Bytes of batches in all ranges.
    pub bytes: u64,
}

/// What one object holds of a partition: what retention by time and size goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The object.
    pub object: ObjectId,
    /// First offset.
    pub first_offset: Offset,
    /// Last offset.
    pub last_offset: Offset,
    /// Largest timestamp, milliseconds since the Unix epoch; -1 when no batch has one.
    pub max_timestamp: i64,
    /// Bytes of its batches.
    pub bytes: u64,
}

impl ShardArchive {
    /// The shard.
    #[must_use]
    pub const fn shard(&self) -> ShardId {
        self.shard
    }

    /// Commits so far, over the shard's whole life.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.view().pointer.sequence
    }

    /// All partitions of which something is or was archived.
    ///
    /// # Errors
    /// When a partition's state cannot be read: written by a newer release.
    pub fn partitions(&self) -> Result<BTreeMap<PartitionId, ArchivedPartition>, ArchiveError> {
        let view = self.view();
        view.partitions.iter().map(|(&id, partition)| Ok((id, self.describe(&view, partition)?))).collect()
    }

    /// One partition; `None` when nothing of it was ever archived.
    ///
    /// # Errors
    /// As [`ShardArchive::partitions`].
    pub fn partition(&self, id: PartitionId) -> Result<Option<ArchivedPartition>, ArchiveError> {
        let view = self.view();
        view.partitions.get(&id).map(|partition| self.describe(&view, partition)).transpose()
    }

    /// The archived range of a partition: log start and the offset after its last archived one. Both 0 when nothing
    /// of it was ever archived.
    #[must_use]
    pub fn bounds(&self, id: PartitionId) -> (Offset, Offset) {
        let view = self.view();
        view.partitions.get(&id).map_or((Offset(0), Offset(0)), |found| (found.log_start, found.next_offset))
    }

    /// The topics of which something is archived.
    #[must_use]
    pub fn topics(&self) -> BTreeSet<TopicNumber> {
        self.view().partitions.keys().map(|id| id.topic).collect()
    }

    /// The ranges of a partition in offset order; empty when it has none.
    #[must_use]
    pub fn segments(&self, id: PartitionId) -> Vec<Segment> {
        let view = self.view();
        let Some(partition) = view.partitions.get(&id) else { return Vec::new() };
        let segment = |range: &crate::view::RangeEntry| Segment {
            object: range.object.id,
            first_offset: range.first_offset,
            last_offset: range.last_offset,
            max_timestamp: range.max_timestamp,
            bytes: range.bytes,
        };
        partition.ranges.iter().map(segment).collect()
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read())
    }

    fn describe(&self, view: &View, partition: &PartitionView) -> Result<ArchivedPartition, ArchiveError> {
        let state = PartitionSection::decode_state(&partition.state).map_err(|source: FormatError| {
            let path = view.pointer.root.map(|root| self.parts.names.root(self.shard, root.id).to_string());
            ArchiveError::Damaged { path: path.unwrap_or_default(), position: 0, source }
        })?;
        Ok(ArchivedPartition {
            log_start: partition.log_start,
            next_offset: partition.next_offset,
            epochs: state.epochs,
            producers: state.producers,
            bytes: partition.ranges.iter().map(|range| range.bytes).sum(),
        })
    }
}
