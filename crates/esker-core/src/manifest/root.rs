//! The root: everything a shard has, as of one commit.

use bytes::Bytes;

use super::ObjectRef;
use crate::{
    Epoch, Offset, PartitionId, ShardId, TopicNumber,
    object::{
        FormatError, ObjectId, Span,
        codec::{Reader, Writer},
    },
};

const MAGIC: [u8; 8] = *b"\x89ESKROO\n";
const VERSION: u16 = 1;
const WHAT: &str = "manifest root";

/// What one object holds of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootRange {
    /// The object, as an index into [`Root::objects`].
    pub object: u32,
    /// First offset.
    pub first_offset: Offset,
    /// Last offset.
    pub last_offset: Offset,
    /// Largest timestamp; -1 when no batch has one.
    pub max_timestamp: i64,
    /// Bytes of its batches.
    pub bytes: u64,
    /// Its section in the object.
    pub section: Span,
}

/// A partition as the root knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootPartition {
    /// The partition.
    pub id: PartitionId,
    /// The first offset that readers may have. Retention may have moved it beyond the one in `state`.
    pub log_start: Offset,
    /// The offset after the last archived one, also when retention has removed every range.
    pub next_offset: Offset,
    /// The state in its newest section ([`crate::object::PartitionSection::encode_state`]): a new owner opens
    /// thousands of idle partitions without a request for each.
    pub state: Bytes,
    /// Its ranges, contiguous and in offset order.
    pub ranges: Vec<RootRange>,
}

/// What a removed object was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum GarbageKind {
    /// A data object.
    Data = 0,
    /// A former root.
    Root = 1,
}

/// An object that is no longer reachable and waits for the end of its grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// What it was.
    pub kind: GarbageKind,
    /// Its name.
    pub id: ObjectId,
    /// When it was removed, milliseconds since the Unix epoch.
    pub removed_ms: i64,
}

/// A root object's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The shard.
    pub shard: ShardId,
    /// The epoch of the owner that wrote it.
    pub epoch: Epoch,
    /// The pointer's sequence at the commit that first named it.
    pub sequence: u64,
    /// All live data objects, by name.
    pub objects: Vec<ObjectRef>,
    /// All partitions, by id.
    pub partitions: Vec<RootPartition>,
    /// Removed objects, oldest first.
    pub garbage: Vec<Garbage>,
}

impl Root {
    /// Its bytes. Orders are the caller's promise (see the fields); they make the deltas small.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes(&MAGIC);
        out.bytes(&VERSION.to_le_bytes());
        out.bytes(&[0; 2]); // flags: none yet
        out.varint(u64::from(self.shard.0));
        out.varint(u64::from(self.epoch.0.cast_unsigned()));
        out.varint(self.sequence);
        out.count(self.objects.len());
        for object in &self.objects {
            object.encode(&mut out);
        }
        out.count(self.partitions.len());
        for partition in &self.partitions {
            encode_partition(partition, &mut out);
        }
        out.count(self.garbage.len());
        for garbage in &self.garbage {
            out.bytes(&[garbage.kind as u8]);
            out.bytes(&garbage.id.0.to_be_bytes());
            out.zigzag(garbage.removed_ms);
        }
        // References to index pages: none in this version.
        out.count(0);
        out.seal()
    }

    /// Reads a root.
    ///
    /// # Errors
    /// When the bytes are damaged, of a newer version, or contradict themselves.
    pub fn decode(bytes: &Bytes) -> Result<Self, FormatError> {
        let mut reader = Reader::sealed(bytes, WHAT)?;
        if reader.array::<8>()? != MAGIC {
            return Err(FormatError::Magic(WHAT));
        }
        let (version, flags) = (reader.u16()?, reader.u16()?);
        if version != VERSION || flags != 0 {
            return Err(FormatError::Version { what: WHAT, version, flags });
        }
        let shard = ShardId(reader.varint32("shard")?);
        let epoch = reader.epoch()?;
        let sequence = reader.varint()?;
        let count = reader.count(ObjectRef::LEAST)?;
        let objects: Vec<_> = (0..count).map(|_| ObjectRef::decode(&mut reader)).collect::<Result<_, _>>()?;
        if objects.windows(2).any(|pair| pair[0].id >= pair[1].id) {
            return Err(reader.bad("order of objects"));
        }
        let count = reader.count(6)?;
        let mut partitions: Vec<RootPartition> = Vec::with_capacity(count);
        for _ in 0..count {
            let partition = decode_partition(&mut reader, &objects)?;
            if partitions.last().is_some_and(|last| last.id >= partition.id) {
                return Err(reader.bad("order of partitions"));
            }
            partitions.push(partition);
        }
        let count = reader.count(18)?;
        let garbage = (0..count).map(|_| decode_garbage(&mut reader)).collect::<Result<_, _>>()?;
        if reader.varint()? != 0 {
            return Err(reader.bad("index pages (a newer release wrote them)"));
        }
        reader.finish()?;
        Ok(Self { shard, epoch, sequence, objects, partitions, garbage })
    }
}

fn encode_partition(partition: &RootPartition, out: &mut Writer) {
    out.varint(u64::from(partition.id.topic.0));
    out.varint(u64::from(partition.id.index));
    out.offset(partition.log_start);
    out.offset(partition.next_offset);
    out.count(partition.state.len());
    out.bytes(&partition.state);
    out.count(partition.ranges.len());
    let (mut object, mut offset, mut timestamp) = (0i64, 0, 0);
    for range in &partition.ranges {
        out.zigzag(i64::from(range.object) - object);
        out.varint(range.first_offset.0.abs_diff(offset));
        out.varint(range.last_offset.0.abs_diff(range.first_offset.0));
        out.zigzag(range.max_timestamp.wrapping_sub(timestamp));
        out.varint(range.bytes);
        out.varint(u64::from(range.section.position));
        out.varint(u64::from(range.section.length));
        object = i64::from(range.object);
        (offset, timestamp) = (range.last_offset.0 + 1, range.max_timestamp);
    }
}

fn decode_partition(reader: &mut Reader<'_>, objects: &[ObjectRef]) -> Result<RootPartition, FormatError> {
    let topic = TopicNumber(reader.varint32("topic")?);
    let id = PartitionId { topic, index: reader.varint32("partition")? };
    let log_start = reader.offset("log start")?;
    let next_offset = reader.offset("next offset")?;
    let state = reader.count(1)?;
    // Copied: a slice would keep the whole root in memory.
    let state = Bytes::copy_from_slice(reader.bytes(state)?);
    let count = reader.count(7)?;
    let mut ranges = Vec::with_capacity(count);
    let (mut object, mut offset, mut timestamp) = (0i64, Offset(0), 0i64);
    for _ in 0..count {
        object = reader.near(object, "object number")?;
        let target = usize::try_from(object).ok().and_then(|at| objects.get(at));
        let target = target.ok_or_else(|| reader.bad("object number"))?;
        let first_offset = reader.offset_after(offset, "range offset")?;
        let last_offset = reader.offset_after(first_offset, "range offset")?;
        timestamp = timestamp.wrapping_add(reader.zigzag()?);
        let bytes = reader.varint()?;
        let section = Span {
            position: reader.varint32("section position")?,
            length: reader.varint32("section length")?,
        };
        if section.position < target.sections || section.end() > u64::from(target.index) {
            return Err(reader.bad("section position"));
        }
        offset = Offset(last_offset.0.checked_add(1).ok_or_else(|| reader.bad("range offset"))?);
        ranges.push(RootRange {
            object: object as u32,
            first_offset,
            last_offset,
            max_timestamp: timestamp,
            bytes,
            section,
        });
    }
    if ranges.last().is_some_and(|last| last.last_offset.0 + 1 != next_offset.0) {
        return Err(reader.bad("next offset"));
    }
    Ok(RootPartition { id, log_start, next_offset, state, ranges })
}

fn decode_garbage(reader: &mut Reader<'_>) -> Result<Garbage, FormatError> {
    let kind = match reader.u8()? {
        0 => GarbageKind::Data,
        1 => GarbageKind::Root,
        _ => return Err(reader.bad("kind of garbage")),
    };
    Ok(Garbage { kind, id: ObjectId(reader.u128()?), removed_ms: reader.zigzag()? })
}
