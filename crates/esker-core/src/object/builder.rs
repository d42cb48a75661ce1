//! Building an object: the batches' bytes stay where they are, the object is a list of pieces.

use bytes::Bytes;

use super::{
    BlockEntry, FOOTER_SIZE, Footer, HEADER_SIZE, IndexEntry, PartitionSection, Span, encode_header, index,
    section, state,
};
use crate::{BatchHeader, EntryKind, Epoch, Offset, PartitionId, ShardId};

/// A block is closed before it would grow beyond this; only a single batch may be larger.
pub const MAX_BLOCK_BYTES: u32 = 1 << 20;

/// What cannot be put into an object: a bug of the caller, who validated the batches long before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Batches or state break a rule.
    #[error("partition {partition}: bad {what}")]
    Bad {
        /// The partition.
        partition: PartitionId,
        /// What is wrong.
        what: &'static str,
    },
    /// An object's positions are 32 bits wide.
    #[error("the object would be larger than 4 GiB")]
    TooLarge,
}

/// An object, ready to be uploaded.
#[derive(Clone, Debug)]
pub struct BuiltObject {
    /// Its bytes in order; batches as they were handed in.
    pub pieces: Vec<Bytes>,
    /// Length of all pieces.
    pub length: u32,
    /// Its footer.
    pub footer: Footer,
    /// Its index, by partition.
    pub index: Vec<IndexEntry>,
    /// The block index of each partition, in the index's order.
    pub blocks: Vec<Vec<BlockEntry>>,
}

/// Collects partitions, in the order of their ids.
pub struct ObjectBuilder {
    shard: ShardId,
    epoch: Epoch,
    pieces: Vec<Bytes>,
    length: u32,
    partitions: Vec<(IndexEntry, Vec<BlockEntry>, Vec<u8>)>,
}

impl ObjectBuilder {
    /// An empty object of this shard.
    #[must_use]
    pub fn new(shard: ShardId, epoch: Epoch) -> Self {
        let header = Bytes::copy_from_slice(&encode_header());
        Self { shard, epoch, pieces: vec![header], length: HEADER_SIZE as u32, partitions: Vec::new() }
    }

    /// Adds a partition's batches (contiguous, at least one) and its state as of the last of them.
    ///
    /// # Errors
    /// When partitions do not ascend, batches leave gaps, a header and its bytes disagree, or the object grows
    /// beyond 4 GiB. The builder is of no use afterwards.
    pub fn add<'a>(
        &mut self,
        partition: PartitionId,
        batches: impl IntoIterator<Item = &'a (BatchHeader, Bytes)>,
        section: &PartitionSection,
    ) -> Result<(), BuildError> {
        let bad = |what| BuildError::Bad { partition, what };
        if self.partitions.last().is_some_and(|(last, ..)| last.partition >= partition) {
            return Err(bad("order of partitions"));
        }
        state::check_state(section).map_err(bad)?;
        let mut blocks: Vec<BlockEntry> = Vec::new();
        for (header, bytes) in batches {
            check_batch(partition, header, bytes).map_err(bad)?;
            if blocks.last().is_some_and(|last| header.base_offset.0 != last.last_offset.0 + 1) {
                return Err(bad("order of batches"));
            }
            match blocks.last_mut() {
                Some(block) if header.length <= MAX_BLOCK_BYTES.saturating_sub(block.span.length) => {
                    block.last_offset = header.last_offset();
                    block.span.length += header.length;
                    block.records = block.records.saturating_add(header.records);
                    block.max_timestamp = block.max_timestamp.max(header.max_timestamp);
                    block.crc = crc32c::crc32c_append(block.crc, bytes);
                }
                _ => blocks.push(BlockEntry {
                    base_offset: header.base_offset,
                    last_offset: header.last_offset(),
                    span: Span { position: self.length, length: header.length },
                    records: header.records,
                    max_timestamp: header.max_timestamp,
                    crc: crc32c::crc32c(bytes),
                }),
            }
            self.push(bytes.clone())?;
        }
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
            return Err(bad("empty upload"));
        };
        let entry = IndexEntry {
            partition,
            first_offset: first.base_offset,
            last_offset: last.last_offset,
            max_timestamp: blocks.iter().map(|block| block.max_timestamp).max().unwrap_or(-1),
            bytes: blocks.iter().map(|block| u64::from(block.span.length)).sum(),
            section: Span { position: 0, length: 0 },
        };
        let section = section::encode_section(section, &blocks);
        self.partitions.push((entry, blocks, section));
        Ok(())
    }

    /// Whether no partition was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), BuildError> {
        let length = u32::try_from(bytes.len()).map_err(|_| BuildError::TooLarge)?;
        self.length = self.length.checked_add(length).ok_or(BuildError::TooLarge)?;
        self.pieces.push(bytes);
        Ok(())
    }

    /// Writes sections, index and footer.
    ///
    /// # Errors
    /// When the object would be larger than 4 GiB.
    pub fn finish(mut self) -> Result<BuiltObject, BuildError> {
        let sections = self.length;
        let mut tail = Vec::new();
        let (mut entries, mut blocks) = (Vec::new(), Vec::new());
        for (mut entry, partition_blocks, section) in std::mem::take(&mut self.partitions) {
            let position = u32::try_from(tail.len()).ok().and_then(|at| sections.checked_add(at));
            let position = position.ok_or(BuildError::TooLarge)?;
            let length = u32::try_from(section.len()).map_err(|_| BuildError::TooLarge)?;
            entry.section = Span { position, length };
            tail.extend_from_slice(&section);
            entries.push(entry);
            blocks.push(partition_blocks);
        }
        let index = index::encode_index(&entries);
        self.push(Bytes::from(tail))?;
        let index_position = self.length;
        let index_crc = crc32c::crc32c(&index);
        self.push(Bytes::from(index))?;
        let footer = Footer {
            shard: self.shard,
            epoch: self.epoch,
            sections,
            index: index_position,
            footer: self.length,
            index_crc,
            partitions: entries.len() as u32,
            blocks: blocks.iter().map(Vec::len).sum::<usize>() as u32,
        };
        self.push(Bytes::copy_from_slice(&footer.encode()))?;
        assert_eq!(
            self.length as usize,
            footer.footer as usize + FOOTER_SIZE,
            "the footer is the object's end"
        );
        Ok(BuiltObject { pieces: self.pieces, length: self.length, footer, index: entries, blocks })
    }
}

/// A header and its bytes must speak of the same batch: the bytes are what readers will get.
fn check_batch(partition: PartitionId, header: &BatchHeader, bytes: &[u8]) -> Result<(), &'static str> {
    let Some((start, rest)) = bytes.split_first_chunk::<8>() else { return Err("batch length") };
    let Some(length) = rest.first_chunk::<4>() else { return Err("batch length") };
    if header.kind != EntryKind::Batch || header.partition != partition {
        return Err("batch header");
    }
    if header.base_offset.0 < 0 || Offset(i64::from_be_bytes(*start)) != header.base_offset {
        return Err("base offset");
    }
    if header.last_offset_delta < 0 || header.base_offset.0.checked_add(i64::from(i32::MAX) + 1).is_none() {
        return Err("last offset");
    }
    // Kafka's batch length counts what follows the length field itself.
    if bytes.len() != header.length as usize || u32::from_be_bytes(*length) as usize + 12 != bytes.len() {
        return Err("batch length");
    }
    Ok(())
}
