//! The index of an object: one entry per partition.

use super::{
    FormatError,
    codec::{Reader, Writer},
};
use crate::{Offset, PartitionId, TopicNumber};

/// Where a part of an object lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Position of its first byte in the object.
    pub position: u32,
    /// Its length in bytes.
    pub length: u32,
}

impl Span {
    /// Position after its last byte.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.position as u64 + self.length as u64
    }
}

/// What an object holds of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The partition.
    pub partition: PartitionId,
    /// Its first offset in the object.
    pub first_offset: Offset,
    /// Its last offset in the object, not before `first_offset`.
    pub last_offset: Offset,
    /// The largest timestamp of its batches, milliseconds since the Unix epoch; -1 when none has one.
    pub max_timestamp: i64,
    /// Bytes of its batches.
    pub bytes: u64,
    /// Its section.
    pub section: Span,
}

/// The index's bytes; its CRC is in the footer. Entries are sorted by partition, each partition once.
#[must_use]
pub(super) fn encode_index(entries: &[IndexEntry]) -> Vec<u8> {
    let mut out = Writer::default();
    let (mut topic, mut index, mut position) = (0, 0, 0);
    for entry in entries {
        let IndexEntry { partition, section, .. } = *entry;
        if partition.topic.0 != topic {
            index = 0;
        }
        out.varint(u64::from(partition.topic.0 - topic));
        out.varint(u64::from(partition.index - index));
        (topic, index) = (partition.topic.0, partition.index);
        out.varint(u64::from(section.position - position));
        out.varint(u64::from(section.length));
        position = section.position + section.length;
        out.offset(entry.first_offset);
        out.varint(entry.last_offset.0.abs_diff(entry.first_offset.0));
        out.zigzag(entry.max_timestamp);
        out.varint(entry.bytes);
    }
    out.0
}

/// Reads the index; `footer` names its CRC, its number of entries and the positions its sections must lie between.
///
/// # Errors
/// When the bytes are damaged or contradict the footer.
pub fn decode_index(bytes: &[u8], footer: &super::Footer) -> Result<Vec<IndexEntry>, FormatError> {
    const LEAST: usize = 8;
    let what = "object index";
    if crc32c::crc32c(bytes) != footer.index_crc {
        return Err(FormatError::Crc(what));
    }
    let mut reader = Reader::new(bytes, what);
    if footer.partitions as usize > bytes.len() / LEAST {
        return Err(reader.bad("count"));
    }
    let mut entries = Vec::with_capacity(footer.partitions as usize);
    let (mut topic, mut index, mut position) = (0u32, 0u32, 0u64);
    for number in 0..footer.partitions {
        let (topic_step, index_step) = (reader.varint32("topic")?, reader.varint32("partition")?);
        if number > 0 && topic_step == 0 && index_step == 0 {
            return Err(reader.bad("order"));
        }
        if topic_step != 0 {
            index = 0;
        }
        topic = topic.checked_add(topic_step).ok_or_else(|| reader.bad("topic"))?;
        index = index.checked_add(index_step).ok_or_else(|| reader.bad("partition"))?;
        position = position.saturating_add(reader.varint()?);
        let length = reader.varint32("section length")?;
        if position < u64::from(footer.sections) || position + u64::from(length) > u64::from(footer.index) {
            return Err(reader.bad("section position"));
        }
        let section = Span { position: position as u32, length };
        position = section.end();
        let first_offset = reader.offset("first offset")?;
        let last_offset = reader.offset_after(first_offset, "last offset")?;
        let partition = PartitionId { topic: TopicNumber(topic), index };
        let (max_timestamp, bytes) = (reader.zigzag()?, reader.varint()?);
        entries.push(IndexEntry { partition, first_offset, last_offset, max_timestamp, bytes, section });
    }
    reader.finish()?;
    Ok(entries)
}
