//! Reading a log file from front to back, past damage.

use std::{io, sync::Arc};

use bytes::Bytes;
use esker_core::{
    BatchHeader,
    frame::{Frame, FrameHeader, decode_directory},
};
use esker_env::DiskFile;

use super::{ALIGN, EntryHeader, FIRST_ENTRY, FileHeader, Kind, Lsn, Record, padded};

/// Bytes read at a time.
const WINDOW: usize = 256 << 10;

/// What an intact entry holds. Of a frame, the payload has not been looked at.
pub(crate) enum Found {
    Frame { header: FrameHeader, directory: Vec<BatchHeader> },
    Record(Record),
}

/// One step through a file.
pub(crate) enum Step {
    /// An intact entry.
    Entry { at: u32, next: u32, synced: Lsn, found: Found },
    /// Bytes that are no intact entry; the next one that may be stands at `next`, if there is any. `frame` is set when
    /// only the entry's own header is damaged and an intact frame header stands behind it; `header` when the entry's header
    /// is intact and what follows is not.
    Bad { at: u32, next: Option<u32>, header: bool, frame: Option<(FrameHeader, Vec<BatchHeader>)> },
}

/// Reads one file through a window that moves along.
pub(crate) struct FileScan {
    file: Arc<dyn DiskFile>,
    sequence: u32,
    nonce: u64,
    window: Bytes,
    window_at: u64,
}

impl FileScan {
    pub(crate) fn new(file: Arc<dyn DiskFile>, sequence: u32, nonce: u64) -> Self {
        Self { file, sequence, nonce, window: Bytes::new(), window_at: 0 }
    }

    /// The header block, when this file has been in use under its sequence (or under another, or another store's).
    pub(crate) async fn file_header(&mut self) -> io::Result<Option<FileHeader>> {
        Ok(FileHeader::decode(&self.bytes(0, FileHeader::SIZE).await?))
    }

    /// Whether an entry header stands here.
    pub(crate) async fn is_entry(&mut self, at: u32) -> io::Result<bool> {
        Ok(self.header(at).await?.is_some())
    }

    /// Looks at the entry at `at`; `None` at the end of the file.
    pub(crate) async fn step(&mut self, at: u32) -> io::Result<Option<Step>> {
        let Some(header) = self.header(at).await? else {
            if self.bytes(u64::from(at), 1).await?.is_empty() {
                return Ok(None);
            }
            return self.behind_bad_header(at).await.map(Some);
        };
        let next = u64::from(at) + header.span();
        let Ok(next) = u32::try_from(next) else {
            return Ok(Some(Step::Bad { at, next: None, header: true, frame: None }));
        };
        let body = u64::from(at) + u64::from(EntryHeader::SIZE);
        let found = if header.kind == Kind::Frame {
            self.frame_at(body).await?.and_then(|(frame, directory)| {
                let fits = frame.encoded_len() == header.length as usize && frame.header_crc == header.check;
                fits.then_some(Found::Frame { header: frame, directory })
            })
        } else {
            let body = self.bytes(body, header.length as usize).await?;
            let intact = body.len() == header.length as usize && crc32c::crc32c(&body) == header.check;
            intact.then(|| Record::decode(header.kind, &body)).flatten().map(Found::Record)
        };
        Ok(Some(match found {
            Some(found) => Step::Entry { at, next, synced: header.synced, found },
            None => Step::Bad { at, next: Some(next), header: true, frame: None },
        }))
    }

    /// The payload's checksum, read anew.
    pub(crate) async fn payload_is_intact(&mut self, at: u32, frame: &FrameHeader) -> io::Result<bool> {
        let start = u64::from(at) + u64::from(EntryHeader::SIZE) + frame.payload_start() as u64;
        let mut crc = 0;
        let mut done = 0;
        while done < frame.payload_len as usize {
            let wanted = WINDOW.min(frame.payload_len as usize - done);
            let bytes = self.bytes(start + done as u64, wanted).await?;
            if bytes.len() < wanted {
                return Ok(false);
            }
            crc = crc32c::crc32c_append(crc, &bytes);
            done += wanted;
        }
        Ok(crc == frame.payload_crc)
    }

    async fn behind_bad_header(&mut self, at: u32) -> io::Result<Step> {
        let frame = self.frame_at(u64::from(at) + u64::from(EntryHeader::SIZE)).await?;
        if let Some((header, directory)) = frame {
            let next = u64::from(at) + padded(header.encoded_len() as u32);
            if let Ok(next) = u32::try_from(next)
                && self.is_entry(next).await?
            {
                return Ok(Step::Bad {
                    at,
                    next: Some(next),
                    header: false,
                    frame: Some((header, directory)),
                });
            }
        }
        Ok(Step::Bad { at, next: self.find_entry(at + ALIGN).await?, header: false, frame: None })
    }

    /// The first position from `from` on where an entry header stands.
    async fn find_entry(&mut self, from: u32) -> io::Result<Option<u32>> {
        debug_assert!(from.is_multiple_of(ALIGN) && from >= FIRST_ENTRY);
        let mut at = from;
        loop {
            let window = self.bytes(u64::from(at), WINDOW).await?;
            if window.len() < EntryHeader::SIZE as usize {
                return Ok(None);
            }
            for (number, slot) in window.chunks(ALIGN as usize).enumerate() {
                if EntryHeader::decode(slot, self.nonce, self.sequence).is_some() {
                    return Ok(Some(at + number as u32 * ALIGN));
                }
            }
            let Some(next) = at.checked_add(WINDOW as u32) else { return Ok(None) };
            at = next;
        }
    }

    async fn header(&mut self, at: u32) -> io::Result<Option<EntryHeader>> {
        let bytes = self.bytes(u64::from(at), EntryHeader::SIZE as usize).await?;
        Ok(EntryHeader::decode(&bytes, self.nonce, self.sequence))
    }

    async fn frame_at(&mut self, at: u64) -> io::Result<Option<(FrameHeader, Vec<BatchHeader>)>> {
        let Ok(header) = FrameHeader::parse(&self.bytes(at, FrameHeader::SIZE).await?) else {
            return Ok(None);
        };
        debug_assert!(header.encoded_len() <= Frame::MAX_ENCODED);
        Ok(decode_directory(&self.bytes(at, header.payload_start()).await?).ok())
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    async fn bytes(&mut self, at: u64, count: usize) -> io::Result<Bytes> {
        let inside = at.checked_sub(self.window_at).map(|skip| skip as usize);
        if let Some(skip) = inside
            && skip + count <= self.window.len()
        {
            return Ok(self.window.slice(skip..skip + count));
        }
        self.window = self.file.read_at(at, count.max(WINDOW)).await?;
        self.window_at = at;
        Ok(self.window.slice(..count.min(self.window.len())))
    }
}
