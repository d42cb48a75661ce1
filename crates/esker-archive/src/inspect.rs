//! What the command line shows: plain descriptions of shards and objects.

use esker_core::{
    PartitionId, ShardId,
    manifest::{GarbageKind, ObjectRef},
    object::{FOOTER_SIZE, Footer, FormatError, ObjectId, Section},
};
use serde::{Deserialize, Serialize};

use crate::{Archive, ArchiveError, Parts, view::View};

/// A shard's manifest.
#[derive(Clone, Debug, Serialize)]
pub struct ShardDescription {
    /// The shard.
    pub shard: u32,
    /// Commits so far.
    pub sequence: u64,
    /// Epoch of the last commit.
    pub epoch: i32,
    /// Name of the root, if there is one.
    pub root: Option<String>,
    /// Objects committed since the root.
    pub recent: usize,
    /// Live data objects, oldest first.
    pub objects: Vec<ObjectSummary>,
    /// Partitions, by id.
    pub partitions: Vec<PartitionSummary>,
    /// Removed objects that still exist.
    pub garbage: usize,
}

/// A live object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectSummary {
    /// Its name.
    pub id: String,
    /// Its path in the store.
    pub path: String,
    /// Its length in bytes.
    pub length: u32,
    /// The shard's epoch when it was built.
    pub epoch: i32,
    /// When its name was made, milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Partitions that still have a range in it.
    pub partitions: usize,
}

/// A partition in the manifest.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionSummary {
    /// The topic's number.
    pub topic: u32,
    /// The partition's index.
    pub index: u32,
    /// The first offset that readers may have.
    pub log_start: i64,
    /// The offset after the last archived one.
    pub next_offset: i64,
    /// Its ranges.
    pub ranges: usize,
    /// Bytes of batches in them.
    pub bytes: u64,
}

/// An object, read from the store.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectDescription {
    /// Its path in the store.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// The shard it names.
    pub shard: u32,
    /// The epoch it names.
    pub epoch: i32,
    /// Its partitions.
    pub partitions: Vec<SectionDescription>,
}

/// A partition in an object.
#[derive(Clone, Debug, Serialize)]
pub struct SectionDescription {
    /// The topic's number.
    pub topic: u32,
    /// The partition's index.
    pub index: u32,
    /// First offset.
    pub first_offset: i64,
    /// Last offset.
    pub last_offset: i64,
    /// Largest timestamp, milliseconds since the Unix epoch; -1 when there is none.
    pub max_timestamp: i64,
    /// Log start as of the object.
    pub log_start: i64,
    /// Epochs as (epoch, first offset).
    pub epochs: Vec<(i32, i64)>,
    /// Producers in the snapshot.
    pub producers: usize,
    /// Transactions aborted in the object.
    pub aborted: usize,
    /// Blocks.
    pub blocks: Vec<BlockDescription>,
}

/// A block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlockDescription {
    /// First offset.
    pub base_offset: i64,
    /// Last offset.
    pub last_offset: i64,
    /// Position in the object.
    pub position: u32,
    /// Length in bytes.
    pub length: u32,
    /// Records.
    pub records: u32,
    /// Largest timestamp, milliseconds since the Unix epoch; -1 when there is none.
    pub max_timestamp: i64,
    /// CRC32C of its bytes.
    pub crc: u32,
}

impl Archive {
    /// Describes a shard's manifest; for anyone, not only the shard's owner.
    ///
    /// # Errors
    /// As [`ArchiveError`] says.
    pub async fn list(&self, shard: ShardId) -> Result<ShardDescription, ArchiveError> {
        let parts = &self.parts;
        let stored = parts.read_pointer(shard, parts.env.clock.now() + parts.config.commit_deadline).await?;
        let view = parts.load(shard, stored).await?;
        let partitions = view.partitions.iter().map(|(id, partition)| PartitionSummary {
            topic: id.topic.0,
            index: id.index,
            log_start: partition.log_start.0,
            next_offset: partition.next_offset.0,
            ranges: partition.ranges.len(),
            bytes: partition.ranges.iter().map(|range| range.bytes).sum(),
        });
        Ok(ShardDescription {
            shard: shard.0,
            sequence: view.pointer.sequence,
            epoch: view.pointer.epoch.0,
            root: view.pointer.root.map(|root| root.id.to_string()),
            recent: view.pointer.recent.len(),
            objects: summaries(parts, shard, &view),
            partitions: partitions.collect(),
            garbage: view.garbage.len(),
        })
    }

    /// Describes a data object from its own footer, index and sections, whether or not a manifest refers to it.
    ///
    /// # Errors
    /// As [`ArchiveError`] says; [`ArchiveError::Missing`] when there is no such object.
    pub async fn inspect(&self, shard: ShardId, id: ObjectId) -> Result<ObjectDescription, ArchiveError> {
        let parts = &self.parts;
        let path = parts.names.data(shard, id);
        let damaged = |position, source| ArchiveError::Damaged { path: path.to_string(), position, source };
        let length = parts.requests.length(&path).await?;
        let length = u32::try_from(length)
            .map_err(|_| damaged(0, FormatError::Field { what: "object", field: "length (over 4 GiB)" }))?;
        let position = length.checked_sub(FOOTER_SIZE as u32);
        let position = position.ok_or_else(|| damaged(0, FormatError::Truncated("object footer")))?;
        let footer = parts.requests.get(&path, position..length, length).await?;
        let footer = footer.first_chunk().ok_or(FormatError::Truncated("object footer"));
        let footer = footer.and_then(|footer| Footer::decode(footer, u64::from(position)));
        let footer = footer.map_err(|source| damaged(u64::from(position), source))?;
        let tail = parts.tail(footer.shard, ObjectRef::new(id, &footer)).await?;
        let sections = parts.requests.get(&path, footer.sections..footer.index, length).await?;
        let mut partitions = Vec::with_capacity(tail.index.len());
        for entry in &tail.index {
            let from = (entry.section.position - footer.sections) as usize;
            let bytes = &sections[from..from + entry.section.length as usize];
            let section = Section::decode(bytes, footer.sections)
                .map_err(|source| damaged(u64::from(entry.section.position), source))?;
            partitions.push(describe(entry.partition, &section));
        }
        Ok(ObjectDescription {
            path: path.to_string(),
            length: u64::from(length),
            shard: footer.shard.0,
            epoch: footer.epoch.0,
            partitions,
        })
    }
}

fn summaries(parts: &Parts, shard: ShardId, view: &View) -> Vec<ObjectSummary> {
    let mut counts = std::collections::BTreeMap::<ObjectId, usize>::new();
    for range in view.partitions.values().flat_map(|partition| partition.ranges.iter()) {
        *counts.entry(range.object.id).or_default() += 1;
    }
    let summary = |object: &ObjectRef| ObjectSummary {
        id: object.id.to_string(),
        path: parts.names.of(shard, GarbageKind::Data, object.id).to_string(),
        length: object.length,
        epoch: object.epoch.0,
        created_ms: object.id.created_ms(),
        partitions: counts.get(&object.id).copied().unwrap_or(0),
    };
    view.objects.values().map(|object| summary(object)).collect()
}

fn describe(partition: PartitionId, section: &Section) -> SectionDescription {
    let blocks = section.blocks.iter().map(|block| BlockDescription {
        base_offset: block.base_offset.0,
        last_offset: block.last_offset.0,
        position: block.span.position,
        length: block.span.length,
        records: block.records,
        max_timestamp: block.max_timestamp,
        crc: block.crc,
    });
    SectionDescription {
        topic: partition.topic.0,
        index: partition.index,
        first_offset: section.blocks.first().map_or(0, |block| block.base_offset.0),
        last_offset: section.blocks.last().map_or(-1, |block| block.last_offset.0),
        max_timestamp: section.blocks.iter().map(|block| block.max_timestamp).max().unwrap_or(-1),
        log_start: section.state.log_start.0,
        epochs: section.state.epochs.iter().map(|(epoch, offset)| (epoch.0, offset.0)).collect(),
        producers: section.state.producers.len(),
        aborted: section.state.aborted.len(),
        blocks: blocks.collect(),
    }
}
