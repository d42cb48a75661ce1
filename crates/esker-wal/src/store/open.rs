//! Opening a store: identity, files, replay, and the first checkpoint of this run.

use std::{io, sync::Arc};

use bytes::Bytes;
use esker_core::{BatchHeader, frame::FrameHeader};
use esker_env::{Disk, Durability, Env};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    Shared,
    files::{Files, LogFile},
    ledger::Place,
    physical_writer::{Failure, PhysicalWriter},
    replay::Replay,
    state::State,
};
use crate::{
    OpenError, StoreConfig,
    physical::{
        ALIGN, FIRST_ENTRY, FileScan, Found, IDENTITY_LEN, Identity, Lsn, Record, Step, file_name,
        file_sequence,
    },
};

const IDENTITY_FILE: &str = "store";
const NEW_IDENTITY_FILE: &str = "store.new";

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        Self::Store(failure.0)
    }
}

pub(super) async fn open(
    disk: Arc<dyn Disk>,
    env: Env,
    config: StoreConfig,
) -> Result<(Arc<Shared>, PhysicalWriter), OpenError> {
    let names = disk.list("").await.map_err(OpenError::io("listing the store's files"))?;
    let mut sequences: Vec<u32> = names.iter().filter_map(|name| file_sequence(name)).collect();
    sequences.sort_unstable();
    let identity = if names.iter().any(|name| name == IDENTITY_FILE) {
        read_identity(disk.as_ref()).await?
    } else if sequences.is_empty() {
        format(disk.as_ref(), &env).await?
    } else {
        return Err(OpenError::Identity(format!("there are log files but no file {IDENTITY_FILE:?}")));
    };

    let mut log =
        Log { disk: Arc::clone(&disk), identity, replay: Replay::default(), files: Files::default() };
    log.read(&sequences).await?;
    let Log { mut replay, mut files, .. } = log;
    files.check_spares(&config);
    replay.conclude(config.boot_id.as_deref());
    report(&identity, &replay);
    count_frames(&replay, &mut files);

    let state = State {
        ledgers: replay.ledgers,
        forgotten: replay.forgotten,
        files,
        synced: Default::default(),
        received: Default::default(),
        next_number: 0,
        queued: 0,
        failed: None,
        closing: false,
        boot_id: replay.boot_id,
        lost_power: replay.lost_power,
        lost_entries: replay.lost_entries,
    };
    let shared =
        Arc::new(Shared { identity, disk, env, config, state: Mutex::new(state), wake: Notify::new() });
    let writer = start(&shared).await?;
    Ok((shared, writer))
}

async fn read_identity(disk: &dyn Disk) -> Result<Identity, OpenError> {
    let read = async { disk.open(IDENTITY_FILE).await?.read_at(0, IDENTITY_LEN).await };
    let bytes = read.await.map_err(OpenError::io("reading the store's identity"))?;
    Identity::decode(&bytes).map_err(OpenError::Identity)
}

async fn format(disk: &dyn Disk, env: &Env) -> Result<Identity, OpenError> {
    let identity = Identity::random(env.random.as_ref());
    let write = async {
        let file = disk.open(NEW_IDENTITY_FILE).await?;
        file.write_at(0, vec![identity.encode().into()], Durability::Synced).await?;
        disk.rename(NEW_IDENTITY_FILE, IDENTITY_FILE).await?;
        disk.sync_dir("").await
    };
    write.await.map_err(OpenError::io("formatting the store"))?;
    tracing::info!(store = %identity.id, "formatted a new store");
    Ok(identity)
}

fn report(identity: &Identity, replay: &Replay) {
    let store = identity.id;
    if !replay.lost_entries.is_empty() {
        let place = &replay.lost_entries;
        tracing::error!(%store, place, "the log lost entries that nothing names: the store takes no more appends");
    }
    for (ledger, range) in replay.missing() {
        let (from, to) = (range.start, range.end);
        tracing::error!(%store, %ledger, %from, %to, "frames of the log are lost");
    }
}

fn count_frames(replay: &Replay, files: &mut Files) {
    for ledger in replay.ledgers.values() {
        for (_, slot) in ledger.slots_from(ledger.trim()) {
            if let Place::At(lsn) = slot.place {
                files.gained(lsn);
            }
        }
    }
}

/// Writes the checkpoint of this run, in the active file or in the first of all.
async fn start(shared: &Arc<Shared>) -> Result<PhysicalWriter, OpenError> {
    let active = shared.state.lock().files.active().cloned();
    let mut writer = if let Some(active) = active {
        let end = shared.state.lock().files.end;
        let mut writer = PhysicalWriter::new(Arc::clone(shared), active, end);
        writer.resume().await?;
        writer
    } else {
        PhysicalWriter::first(Arc::clone(shared)).await?
    };
    writer.prepare_spares().await?;
    Ok(writer)
}

struct Log {
    disk: Arc<dyn Disk>,
    identity: Identity,
    replay: Replay,
    files: Files,
}

/// One thing found in a file, in order.
enum Event {
    Frame {
        at: u32,
        next: u32,
        header: FrameHeader,
        directory: Vec<BatchHeader>,
    },
    Record {
        at: u32,
        next: u32,
        record: Record,
    },
    /// Only the entry's own header is damaged.
    Headless {
        at: u32,
        header: FrameHeader,
        directory: Vec<BatchHeader>,
    },
    /// With an intact header, or not even that.
    Bad {
        at: u32,
        header: bool,
    },
}

impl Event {
    fn at(&self) -> u32 {
        match self {
            Self::Frame { at, .. }
            | Self::Record { at, .. }
            | Self::Headless { at, .. }
            | Self::Bad { at, .. } => *at,
        }
    }

    /// Whether it would be met as an entry again, were it not erased.
    fn has_header(&self) -> bool {
        match self {
            Self::Frame { .. } | Self::Record { .. } => true,
            Self::Headless { .. } => false,
            Self::Bad { header, .. } => *header,
        }
    }
}

/// All events of a file, and the highest `synced` among its intact entries.
struct Scanned {
    file: Arc<LogFile>,
    scan: FileScan,
    events: Vec<Event>,
    synced: Lsn,
    /// Some entry is intact.
    any: bool,
}

impl Log {
    async fn read(&mut self, sequences: &[u32]) -> Result<(), OpenError> {
        let mut spares = Vec::new();
        let mut later: Option<Scanned> = None;
        // From the back: the last file that holds entries is the one that may have a torn tail.
        let mut rest = sequences;
        while let Some((sequence, before)) = rest.split_last() {
            let mut scan = self.open_file(*sequence).await?;
            rest = before;
            let used = self.is_used(&mut scan).await;
            let used = used.map_err(OpenError::io(format!("reading {}", file_name(*sequence))))?;
            let (scan, file) = scan;
            if used {
                let scanned = self.scan(scan, file).await?;
                if scanned.any {
                    later = Some(scanned);
                    break;
                }
                spares.push(scanned.file);
            } else {
                spares.push(file);
            }
        }
        for sequence in rest {
            let (scan, file) = self.open_file(*sequence).await?;
            let scanned = self.scan(scan, file).await?;
            self.replay_closed(scanned).await?;
        }
        if let Some(active) = later {
            self.replay_active(active).await?;
        }
        for file in spares.into_iter().rev() {
            self.files.add_spare(file);
        }
        Ok(())
    }

    async fn open_file(&self, sequence: u32) -> Result<(FileScan, Arc<LogFile>), OpenError> {
        let name = file_name(sequence);
        let file = self.disk.open(&name).await.map_err(OpenError::io(format!("opening {name}")))?;
        let mut scan = FileScan::new(Arc::clone(&file), sequence, self.identity.nonce);
        let header = scan.file_header().await.map_err(OpenError::io(format!("reading {name}")))?;
        if let Some(header) = header.filter(|header| header.store != self.identity.id) {
            return Err(OpenError::ForeignFile { file: name, found: header.store });
        }
        let size = file.len().await.map_err(OpenError::io(format!("reading {name}")))?;
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        Ok((scan, Arc::new(LogFile { sequence, file, size })))
    }

    /// Whether a file has been in use under its sequence. Header and first entry go to the device in one write, before
    /// anything else; one of the two survives the loss of a block.
    async fn is_used(&self, opened: &mut (FileScan, Arc<LogFile>)) -> io::Result<bool> {
        let (scan, file) = opened;
        let header = scan.file_header().await?;
        Ok(header.is_some_and(|header| header.sequence == file.sequence)
            || scan.is_entry(FIRST_ENTRY).await?)
    }

    async fn scan(&self, mut scan: FileScan, file: Arc<LogFile>) -> Result<Scanned, OpenError> {
        let mut scanned = Vec::new();
        let (mut durable, mut any) = (Lsn::default(), false);
        let mut at = FIRST_ENTRY;
        let reading = |at| OpenError::io(format!("reading {}", Lsn::new(file.sequence, at)));
        while let Some(step) = scan.step(at).await.map_err(reading(at))? {
            let next = match step {
                Step::Entry { at, next, synced, found } => {
                    any = true;
                    durable = durable.max(synced);
                    let over = matches!(found, Found::Record(Record::End));
                    scanned.push(match found {
                        Found::Frame { header, directory } => Event::Frame { at, next, header, directory },
                        Found::Record(record) => Event::Record { at, next, record },
                    });
                    (!over).then_some(next)
                }
                Step::Bad { at, next, header, frame } => {
                    scanned.push(match frame {
                        Some((header, directory)) => Event::Headless { at, header, directory },
                        None => Event::Bad { at, header },
                    });
                    next
                }
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        Ok(Scanned { file, scan, events: scanned, synced: durable, any })
    }

    /// A file with a successor: it was durable to its end, so all damage is rot.
    async fn replay_closed(&mut self, scanned: Scanned) -> Result<(), OpenError> {
        let Scanned { file, mut scan, events, .. } = scanned;
        let sequence = file.sequence;
        self.files.add_used(file);
        if events.is_empty() {
            self.replay.unnamed(Lsn::new(sequence, FIRST_ENTRY));
        }
        for event in events {
            self.apply(&mut scan, sequence, event).await?;
        }
        Ok(())
    }

    /// The last file: durable up to the highest `synced` in it; cut at the first damage behind that.
    async fn replay_active(&mut self, scanned: Scanned) -> Result<(), OpenError> {
        let Scanned { file, mut scan, events, synced, .. } = scanned;
        let sequence = file.sequence;
        let mut end = FIRST_ENTRY;
        let mut cut = false;
        let mut torn = Vec::new();
        for event in events {
            let lsn = Lsn::new(sequence, event.at());
            cut = cut || (lsn >= synced && self.is_torn(&mut scan, sequence, &event).await?);
            if cut {
                if event.has_header() {
                    torn.push(event.at());
                }
                continue;
            }
            end = match &event {
                // The next file was not started: this one goes on.
                Event::Record { at, record: Record::End, .. } => *at,
                Event::Frame { next, .. } | Event::Record { next, .. } => *next,
                Event::Headless { .. } | Event::Bad { .. } => end,
            };
            self.apply(&mut scan, sequence, event).await?;
        }
        if !torn.is_empty() {
            let (lsn, entries) = (Lsn::new(sequence, end), torn.len());
            tracing::info!(%lsn, entries, "the log ends in writes that were never known durable");
        }
        erase(&file, &torn)
            .await
            .map_err(OpenError::io(format!("erasing the torn end of {}", file_name(sequence))))?;
        self.files.add_used(file);
        self.files.end = end;
        Ok(())
    }

    async fn is_torn(&self, scan: &mut FileScan, sequence: u32, event: &Event) -> Result<bool, OpenError> {
        match event {
            Event::Frame { at, header, .. } => {
                let intact = scan.payload_is_intact(*at, header).await;
                Ok(!intact.map_err(OpenError::io(format!("reading {}", Lsn::new(sequence, *at))))?)
            }
            Event::Record { .. } => Ok(false),
            Event::Headless { .. } | Event::Bad { .. } => Ok(true),
        }
    }

    async fn apply(&mut self, scan: &mut FileScan, sequence: u32, event: Event) -> Result<(), OpenError> {
        let lsn = Lsn::new(sequence, event.at());
        match event {
            Event::Frame { header, directory, .. } => self.replay.frame(lsn, header, directory),
            Event::Record { record, .. } => self.replay.record(record),
            Event::Headless { at, header, directory } if self.replay.is_next(&header) => {
                let intact = scan.payload_is_intact(at, &header).await;
                let intact = intact.map_err(OpenError::io(format!("reading {lsn}")))?;
                tracing::error!(%lsn, "the header of a log entry is damaged");
                if intact {
                    self.replay.frame(lsn, header, directory);
                } else {
                    self.replay.damaged_frame(lsn, header, directory);
                }
            }
            Event::Headless { .. } | Event::Bad { .. } => {
                tracing::error!(%lsn, "log entries are damaged");
                self.replay.unnamed(lsn);
            }
        }
        Ok(())
    }
}

/// Wipes the headers of entries behind a cut, so that none of them is met again behind what is written next.
async fn erase(file: &LogFile, torn: &[u32]) -> io::Result<()> {
    for at in torn {
        let zeros = Bytes::from_static(&[0; ALIGN as usize]);
        file.file.write_at(u64::from(*at), vec![zeros], Durability::Received).await?;
    }
    if torn.is_empty() { Ok(()) } else { file.file.sync().await }
}
