//! A shard's manifest in memory: immutable, replaced as a whole by each commit.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use esker_core::{
    Epoch, Offset, PartitionId, ShardId,
    manifest::{Garbage, GarbageKind, ObjectRef, Pointer, Root, RootPartition, RootRange},
    object::{IndexEntry, ObjectId, Span},
};
use esker_meta::Revision;

/// What one object holds of one partition.
#[derive(Clone, Debug)]
pub(crate) struct RangeEntry {
    pub(crate) object: Arc<ObjectRef>,
    pub(crate) first_offset: Offset,
    pub(crate) last_offset: Offset,
    pub(crate) max_timestamp: i64,
    pub(crate) bytes: u64,
    pub(crate) section: Span,
}

/// A partition.
#[derive(Clone, Debug)]
pub(crate) struct PartitionView {
    pub(crate) log_start: Offset,
    pub(crate) next_offset: Offset,
    /// Encoded: most partitions' producers are never looked at between two opens.
    pub(crate) state: Bytes,
    /// In offset order. Shared between views until it changes.
    pub(crate) ranges: Arc<Vec<RangeEntry>>,
}

impl PartitionView {
    /// The index of the first range that ends at `offset` or later.
    pub(crate) fn range_at(&self, offset: Offset) -> usize {
        self.ranges.partition_point(|range| range.last_offset < offset)
    }
}

/// A shard.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) pointer: Pointer,
    /// The revision of the pointer; [`Revision::NONE`] before the first commit.
    pub(crate) revision: Revision,
    /// Live data objects.
    pub(crate) objects: BTreeMap<ObjectId, Arc<ObjectRef>>,
    pub(crate) partitions: BTreeMap<PartitionId, PartitionView>,
    /// Oldest first.
    pub(crate) garbage: Vec<Garbage>,
}

/// An object's range does not continue the partition.
#[derive(Debug)]
pub(crate) struct Overlap;

impl View {
    /// A shard that has nothing.
    pub(crate) fn empty(shard: ShardId) -> Self {
        Self {
            pointer: Pointer { shard, epoch: Epoch(0), sequence: 0, root: None, recent: Vec::new() },
            revision: Revision::NONE,
            objects: BTreeMap::new(),
            partitions: BTreeMap::new(),
            garbage: Vec::new(),
        }
    }

    /// The view as a root describes it, before recent objects.
    pub(crate) fn from_root(root: Root, pointer: Pointer, revision: Revision) -> Self {
        let objects: Vec<Arc<ObjectRef>> = root.objects.into_iter().map(Arc::new).collect();
        let partition = |partition: RootPartition| {
            let range = |range: &RootRange| RangeEntry {
                object: Arc::clone(&objects[range.object as usize]),
                first_offset: range.first_offset,
                last_offset: range.last_offset,
                max_timestamp: range.max_timestamp,
                bytes: range.bytes,
                section: range.section,
            };
            let view = PartitionView {
                log_start: partition.log_start,
                next_offset: partition.next_offset,
                state: partition.state,
                ranges: Arc::new(partition.ranges.iter().map(range).collect()),
            };
            (partition.id, view)
        };
        let partitions = root.partitions.into_iter().map(partition).collect();
        let objects = objects.iter().map(|object| (object.id, Arc::clone(object))).collect();
        Self { pointer, revision, objects, partitions, garbage: root.garbage }
    }

    /// The root that says what this view says.
    pub(crate) fn to_root(&self) -> Root {
        let numbers: BTreeMap<ObjectId, u32> = self.objects.keys().copied().zip(0..).collect();
        let partition = |(&id, view): (&PartitionId, &PartitionView)| RootPartition {
            id,
            log_start: view.log_start,
            next_offset: view.next_offset,
            state: view.state.clone(),
            ranges: view
                .ranges
                .iter()
                .map(|range| RootRange {
                    object: numbers[&range.object.id],
                    first_offset: range.first_offset,
                    last_offset: range.last_offset,
                    max_timestamp: range.max_timestamp,
                    bytes: range.bytes,
                    section: range.section,
                })
                .collect(),
        };
        Root {
            shard: self.pointer.shard,
            epoch: self.pointer.epoch,
            sequence: self.pointer.sequence,
            objects: self.objects.values().map(|object| **object).collect(),
            partitions: self.partitions.iter().map(partition).collect(),
            garbage: self.garbage.clone(),
        }
    }

    /// Adds an object's ranges. The partitions' states follow with [`View::set_state`].
    pub(crate) fn add_object(&mut self, object: ObjectRef, index: &[IndexEntry]) -> Result<(), Overlap> {
        let object = Arc::new(object);
        for entry in index {
            let partition = self.partitions.entry(entry.partition).or_insert_with(|| PartitionView {
                log_start: Offset(0),
                next_offset: Offset(0),
                state: Bytes::new(),
                ranges: Arc::default(),
            });
            if entry.first_offset < partition.next_offset {
                return Err(Overlap);
            }
            partition.next_offset = Offset(entry.last_offset.0 + 1);
            Arc::make_mut(&mut partition.ranges).push(RangeEntry {
                object: Arc::clone(&object),
                first_offset: entry.first_offset,
                last_offset: entry.last_offset,
                max_timestamp: entry.max_timestamp,
                bytes: entry.bytes,
                section: entry.section,
            });
        }
        self.objects.insert(object.id, object);
        Ok(())
    }

    /// Takes over the state of a partition's newest section.
    pub(crate) fn set_state(&mut self, partition: PartitionId, log_start: Offset, state: Bytes) {
        if let Some(partition) = self.partitions.get_mut(&partition) {
            partition.log_start = partition.log_start.max(log_start);
            partition.state = state;
        }
    }

    /// Whether the current pointer reaches this object.
    pub(crate) fn reaches(&self, kind: GarbageKind, id: ObjectId) -> bool {
        match kind {
            GarbageKind::Data => self.objects.contains_key(&id),
            GarbageKind::Root => self.pointer.root.is_some_and(|root| root.id == id),
        }
    }
}
