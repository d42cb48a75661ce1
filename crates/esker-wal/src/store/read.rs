//! Reading frames back.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use esker_core::{
    BatchHeader, FrameIndex, LedgerId,
    batch::BatchFields,
    frame::{Frame, FrameHeader},
};

use super::{
    Shared,
    files::LogFile,
    ledger::{Place, Slot, its_entry_is_lost},
    state::State,
};
use crate::{
    Directory, StoreError,
    physical::{EntryHeader, Lsn},
};

/// Where a frame's bytes are; holding it keeps the file from being reused.
struct Located {
    file: Arc<LogFile>,
    lsn: Lsn,
    header: FrameHeader,
    directory: Arc<[BatchHeader]>,
}

impl Located {
    /// Where the encoded frame starts in its file.
    fn start(&self) -> u64 {
        u64::from(self.lsn.offset()) + u64::from(EntryHeader::SIZE)
    }

    async fn bytes(&self, skip: usize, count: usize) -> Result<Bytes, StoreError> {
        let read = self.file.file.read_at(self.start() + skip as u64, count).await;
        read.map_err(|error| StoreError::Read(format!("{}: {error}", self.lsn).into()))
    }
}

fn held(state: &State, ledger: LedgerId, index: FrameIndex) -> Result<&Slot, StoreError> {
    if state.forgotten.contains(ledger) {
        return Err(StoreError::Forgotten(ledger));
    }
    let Some(found) = state.ledgers.get(&ledger) else { return Err(StoreError::NotHeld { ledger, index }) };
    found.slot(index).ok_or_else(|| {
        if index >= found.trim() && found.front_is_lost(index) {
            return StoreError::Unreadable { ledger, index, place: its_entry_is_lost() };
        }
        StoreError::NotHeld { ledger, index }
    })
}

fn locate(state: &State, ledger: LedgerId, index: FrameIndex) -> Result<Located, StoreError> {
    let slot = held(state, ledger, index)?;
    let lsn = match &slot.place {
        Place::At(lsn) => *lsn,
        Place::Queued | Place::Repairing => return Err(StoreError::NotHeld { ledger, index }),
        Place::Lost(place) => return Err(StoreError::Unreadable { ledger, index, place: Arc::clone(place) }),
    };
    let content = slot.content.as_ref().ok_or(StoreError::NotHeld { ledger, index })?;
    let file = state.files.get(lsn.file()).ok_or(StoreError::NotHeld { ledger, index })?;
    Ok(Located {
        file: Arc::clone(file),
        lsn,
        header: content.header,
        directory: Arc::clone(&content.directory),
    })
}

/// Checked each time: what was right once may have rotten since, and what is read here is served, and written into objects.
pub(super) async fn payload(
    shared: Arc<Shared>,
    ledger: LedgerId,
    index: FrameIndex,
    range: Range<u32>,
) -> Result<Bytes, StoreError> {
    let located = locate(&shared.state.lock(), ledger, index)?;
    let length = located.header.payload_len;
    let range = range.start.min(length) as usize..range.end.min(length) as usize;
    if range.is_empty() {
        return Ok(Bytes::new());
    }
    let start = located.header.payload_start();
    // Whole batches prove themselves: no need to read what lies around them.
    if let Some(batches) = run_of(&located.directory, &range).filter(|_| range.len() < length as usize) {
        let bytes = located.bytes(start + range.start, range.len()).await?;
        if proven(batches, &bytes) {
            return Ok(bytes);
        }
    }
    // Any other part cannot be checked without the rest.
    let bytes = located.bytes(start, length as usize).await?;
    if bytes.len() != length as usize || crc32c::crc32c(&bytes) != located.header.payload_crc {
        return Err(damaged(&shared, ledger, index, located.lsn));
    }
    if range.len() == length as usize {
        return Ok(bytes);
    }
    // A copy, for a slice would keep the whole frame in memory.
    Ok(Bytes::copy_from_slice(&bytes[range]))
}

/// The entries whose bytes are exactly this range of the payload.
fn run_of<'a>(directory: &'a [BatchHeader], range: &Range<usize>) -> Option<&'a [BatchHeader]> {
    let (mut position, mut first) = (0, None);
    for (slot, entry) in directory.iter().enumerate() {
        // Entries without bytes stand where the next one begins.
        if position == range.start && entry.length > 0 {
            first = Some(slot);
        }
        position += entry.length as usize;
        if position >= range.end {
            return (position == range.end).then(|| first.map(|first| &directory[first..=slot])).flatten();
        }
    }
    None
}

fn proven(entries: &[BatchHeader], mut bytes: &[u8]) -> bool {
    entries.iter().all(|entry| {
        bytes.split_at_checked(entry.length as usize).is_some_and(|(batch, rest)| {
            bytes = rest;
            batch.is_empty() || BatchFields::proves(entry, batch)
        })
    })
}

pub(super) async fn frame(
    shared: Arc<Shared>,
    ledger: LedgerId,
    index: FrameIndex,
) -> Result<Frame, StoreError> {
    let located = locate(&shared.state.lock(), ledger, index)?;
    let bytes = located.bytes(0, located.header.encoded_len()).await?;
    match Frame::decode(bytes) {
        Ok(frame) if *frame.header() == located.header => Ok(frame),
        _ => Err(damaged(&shared, ledger, index, located.lsn)),
    }
}

pub(super) fn directory(state: &State, id: LedgerId, from: FrameIndex) -> Result<Directory, StoreError> {
    if state.forgotten.contains(id) {
        return Err(StoreError::Forgotten(id));
    }
    let Some(ledger) = state.ledgers.get(&id) else { return Ok(Vec::new()) };
    if ledger.front_is_lost(from) {
        return Ok(Vec::new());
    }
    let headers =
        |(index, slot): (FrameIndex, &Slot)| Some((index, Arc::clone(&slot.content.as_ref()?.directory)));
    Ok(ledger.slots_from(from).map_while(headers).collect())
}

/// Remembers that the bytes at `lsn` are not the frame. The reader held the file, so they were not being replaced.
fn damaged(shared: &Shared, id: LedgerId, index: FrameIndex, lsn: Lsn) -> StoreError {
    let place: Arc<str> = format!("damaged at {lsn}").into();
    let mut state = shared.state.lock();
    let slot = state.ledgers.get_mut(&id).and_then(|ledger| ledger.slot_mut(index));
    if let Some(slot) = slot.filter(|slot| slot.place == Place::At(lsn)) {
        slot.place = Place::Lost(Arc::clone(&place));
        state.files.lost(lsn);
        tracing::error!(ledger = %id, %index, %lsn, "a frame of the log is damaged");
    }
    StoreError::Unreadable { ledger: id, index, place }
}
