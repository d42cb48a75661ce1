//! Where bits of a log may flip: in what it knows to have been durable. Damage to the last writes cannot be told from
//! writes that a power loss tore, on one store alone (`docs/formats/wal-file.md`).

use esker_core::frame::FrameHeader;
use esker_env::{Random, SimDisk};

/// Where the first entry stands, and what entries are aligned to.
const FIRST: usize = 4096;
const ALIGN: usize = 64;
/// Bytes of an entry's header.
const HEADER: usize = 32;

/// The bytes of an entry that may rot.
struct Entry {
    path: String,
    at: usize,
    length: usize,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// Flips a bit of a frame's entry that is durable for certain, of its payload or `headers` too; says where. `None` when
/// there is no such frame. Without its header an entry may be one that nothing names.
pub(super) fn flip(disk: &SimDisk, headers: bool, random: &dyn Random) -> Option<String> {
    let mut frames = Vec::new();
    // What says that something is durable must be durable itself: a power loss may take the one that says so, and leave a
    // last entry that nobody vouches for. So: up to where entries say so whose own end others vouch for.
    let mut said = Vec::new();
    for path in disk.paths() {
        let Some(sequence) = path.strip_suffix(".wal").and_then(|digits| digits.parse::<u32>().ok()) else {
            continue;
        };
        let bytes = disk.peek(&path)?;
        for at in (FIRST..bytes.len().saturating_sub(HEADER)).step_by(ALIGN) {
            // What an earlier life of the file has left names another sequence.
            if &bytes[at..at + 4] != b"EskE" || u32_at(&bytes, at + 8) != Some(sequence) {
                continue;
            }
            let length = HEADER + u32_at(&bytes, at + 12)? as usize;
            let end = (u64::from(sequence) << 32) + (at + length) as u64;
            said.push((end, u64_at(&bytes, at + 16)?));
            if bytes[at + 4] == 1 {
                let skip = match FrameHeader::parse(&bytes[at + HEADER..]) {
                    _ if headers => 0,
                    Ok(frame) => HEADER + frame.payload_start(),
                    Err(_) => continue,
                };
                if skip < length {
                    frames.push((end, Entry { path: path.clone(), at: at + skip, length: length - skip }));
                }
            }
        }
    }
    let synced = said.iter().map(|(_, durable)| *durable).max()?;
    let durable = said.iter().filter(|(end, _)| *end <= synced).map(|(_, durable)| *durable).max()?;
    frames.retain(|(end, _)| *end <= durable);
    if frames.is_empty() {
        return None;
    }
    let (_, Entry { path, at, length }) = &frames[random.below(frames.len() as u64) as usize];
    let offset = *at as u64 + random.below(*length as u64);
    let flipped = disk.flip_bit(path, offset, random.below(8) as u8);
    flipped.then(|| format!("{path} at {offset}, of the {length} bytes at {at}"))
}
