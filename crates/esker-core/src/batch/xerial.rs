//! Snappy as Kafka's clients write it: blocks behind the stream header of the Java library (xerial). Some write one
//! bare snappy block instead; both are read.

use bytes::Bytes;

use super::{BatchError, Compression, codec::broken};

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
/// Magic, version, lowest compatible version.
const HEADER_LEN: usize = 16;
/// Input bytes per block that the Java library uses.
const BLOCK: usize = 32 * 1024;
/// A snappy element of 3 bytes yields at most 64, so no block can honestly claim more than this per byte.
const MAX_RATIO: usize = 22;

pub(super) fn decompress(input: &[u8], limit: usize) -> Result<Bytes, BatchError> {
    let mut out = Vec::new();
    if input.get(..MAGIC.len()) != Some(&MAGIC) {
        append_block(&mut out, input, limit)?;
        return Ok(out.into());
    }
    let cut_short = || broken(Compression::Snappy, "a block is cut short");
    let mut rest = input;
    while !rest.is_empty() {
        // Streams may follow one another, each with its header.
        if rest.get(..MAGIC.len()) == Some(&MAGIC) {
            rest = rest.get(HEADER_LEN..).ok_or_else(cut_short)?;
            continue;
        }
        let (length, tail) = rest.split_first_chunk::<4>().ok_or_else(cut_short)?;
        let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| cut_short())?;
        let (block, tail) = tail.split_at_checked(length).ok_or_else(cut_short)?;
        append_block(&mut out, block, limit)?;
        rest = tail;
    }
    Ok(out.into())
}

/// Decompresses one block behind what is there already.
fn append_block(out: &mut Vec<u8>, block: &[u8], limit: usize) -> Result<(), BatchError> {
    let length = snap::raw::decompress_len(block).map_err(|error| broken(Compression::Snappy, &error))?;
    if length / MAX_RATIO > block.len() {
        return Err(broken(Compression::Snappy, "a block claims more than it can hold"));
    }
    let start = out.len();
    let end = start.checked_add(length).filter(|end| *end <= limit);
    let end = end.ok_or(BatchError::DecompressedTooLarge { limit })?;
    out.resize(end, 0);
    let written = snap::raw::Decoder::new()
        .decompress(block, &mut out[start..])
        .map_err(|error| broken(Compression::Snappy, &error))?;
    assert_eq!(written, length, "the decoder fills exactly the length that the block states");
    Ok(())
}

pub(super) fn compress(input: &[u8]) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::with_capacity(HEADER_LEN + input.len() / 2);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    let mut encoder = snap::raw::Encoder::new();
    for block in input.chunks(BLOCK) {
        let packed = encoder.compress_vec(block).map_err(|error| broken(Compression::Snappy, &error))?;
        let length = u32::try_from(packed.len()).expect("a block of 32 KiB stays small");
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}
