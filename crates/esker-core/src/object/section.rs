//! A partition's section of an object: its state and its block index.

use super::{
    FormatError, HEADER_SIZE, PartitionSection, Span,
    codec::{Reader, Writer},
    state,
};
use crate::{Offset, ProducerId, producer::AbortedTxn};

/// One block: contiguous record batches of one partition, the unit of a ranged read and of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockEntry {
    /// First offset.
    pub base_offset: Offset,
    /// Last offset.
    pub last_offset: Offset,
    /// Where the block's bytes lie.
    pub span: Span,
    /// Records in it.
    pub records: u32,
    /// The largest timestamp of its batches; -1 when none has one.
    pub max_timestamp: i64,
    /// CRC32C of its bytes.
    pub crc: u32,
}

/// A section, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The partition's state as of the object's last offset, and the transactions aborted in this object.
    pub state: PartitionSection,
    /// The blocks in offset order; positions ascend too. Never empty.
    pub blocks: Vec<BlockEntry>,
}

pub(super) fn encode_section(section: &PartitionSection, blocks: &[BlockEntry]) -> Vec<u8> {
    let mut out = Writer::default();
    state::encode_state(section, &mut out);
    out.count(section.aborted.len());
    let mut marker = 0;
    for txn in &section.aborted {
        out.varint(txn.producer.0.cast_unsigned());
        out.varint(txn.last_offset.0.abs_diff(marker));
        out.varint(txn.last_offset.0.abs_diff(txn.first_offset.0));
        marker = txn.last_offset.0;
    }
    out.count(blocks.len());
    let (mut offset, mut position, mut timestamp) = (0, 0, 0);
    for block in blocks {
        out.varint(block.base_offset.0.abs_diff(offset));
        out.varint(block.last_offset.0.abs_diff(block.base_offset.0));
        out.varint(u64::from(block.span.position - position));
        out.varint(u64::from(block.span.length));
        out.varint(u64::from(block.records));
        out.zigzag(block.max_timestamp.wrapping_sub(timestamp));
        out.bytes(&block.crc.to_le_bytes());
        (offset, timestamp) = (block.last_offset.0 + 1, block.max_timestamp);
        position = block.span.position + block.span.length;
    }
    out.seal()
}

impl Section {
    /// Reads a section; `limit` is the position of the object's first section, which no block may reach beyond.
    ///
    /// # Errors
    /// When the bytes are damaged, or blocks overlap or lie outside the object's block area.
    pub fn decode(bytes: &[u8], limit: u32) -> Result<Self, FormatError> {
        let mut reader = Reader::sealed(bytes, "object section")?;
        let mut state = state::decode_state(&mut reader)?;
        let mut marker = Offset(0);
        for number in 0..reader.count(3)? {
            let producer = ProducerId(reader.offset("producer id")?.0);
            let last_offset = reader.offset_after(marker, "marker offset")?;
            if number > 0 && last_offset == marker {
                return Err(reader.bad("marker order"));
            }
            marker = last_offset;
            let length = reader.varint()?;
            let first_offset = last_offset.0.checked_sub_unsigned(length).filter(|&first| first >= 0);
            let first_offset = Offset(first_offset.ok_or_else(|| reader.bad("transaction offset"))?);
            state.aborted.push(AbortedTxn { producer, first_offset, last_offset });
        }
        let blocks = decode_blocks(&mut reader, limit)?;
        reader.finish()?;
        Ok(Self { state, blocks })
    }
}

fn decode_blocks(reader: &mut Reader<'_>, limit: u32) -> Result<Vec<BlockEntry>, FormatError> {
    let count = reader.count(10)?;
    let mut blocks = Vec::with_capacity(count);
    let (mut next, mut position, mut timestamp) = (Offset(0), 0u64, 0i64);
    for _ in 0..count {
        let base_offset = reader.offset_after(next, "block offset")?;
        let last_offset = reader.offset_after(base_offset, "block offset")?;
        position = position.saturating_add(reader.varint()?);
        let length = reader.varint32("block length")?;
        if position < HEADER_SIZE as u64 || length == 0 || position + u64::from(length) > u64::from(limit) {
            return Err(reader.bad("block position"));
        }
        let span = Span { position: position as u32, length };
        position = span.end();
        let records = reader.varint32("block records")?;
        timestamp = timestamp.wrapping_add(reader.zigzag()?);
        let crc = reader.u32()?;
        blocks.push(BlockEntry { base_offset, last_offset, span, records, max_timestamp: timestamp, crc });
        next = Offset(last_offset.0.checked_add(1).ok_or_else(|| reader.bad("block offset"))?);
    }
    if blocks.is_empty() {
        return Err(reader.bad("blocks"));
    }
    Ok(blocks)
}
