//! Which log files there are, and the making, reuse and removal of them.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt, io,
    sync::Arc,
};

use esker_env::{BoxFuture, Disk, DiskFile};

use crate::{
    config::StoreConfig,
    physical::{Lsn, file_name},
};

/// A log file under its present sequence.
pub(super) struct LogFile {
    pub(super) sequence: u32,
    pub(super) file: Arc<dyn DiskFile>,
    /// Its length.
    pub(super) size: u32,
}

impl fmt::Debug for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogFile").field(&self.sequence).finish()
    }
}

#[derive(Debug)]
struct Used {
    /// Readers hold clones while they read; the file is not reused before they let go.
    file: Arc<LogFile>,
    /// Frames in it that are not trimmed.
    live: u64,
}

/// The log files of a store. A file is used (it holds entries; the last one is being written), or a spare (next in line
/// to be written), or free (every frame in it is trimmed; it becomes a spare or goes).
///
/// Files become free in any order: everything but frames is repeated in the checkpoint at the start of each later file.
#[derive(Debug, Default)]
pub(super) struct Files {
    used: BTreeMap<u32, Used>,
    spares: VecDeque<Arc<LogFile>>,
    free: Vec<Arc<LogFile>>,
    /// Sequence for the next spare; larger than all.
    next: u32,
    /// Being made, renamed or removed.
    in_work: usize,
    /// The device had no room for another file.
    disk_full: bool,
    /// Where the next entry goes in the file being written.
    pub(super) end: u32,
}

/// A piece of upkeep.
pub(super) enum Upkeep {
    Create(u32),
    Recycle(Arc<LogFile>, u32),
    Remove(Arc<LogFile>),
}

/// What came of it.
pub(super) enum Kept {
    Spare(Arc<LogFile>),
    Removed,
    DiskFull,
}

impl Files {
    /// Adds a file found at start; `live` frames are counted as they are placed.
    pub(super) fn add_used(&mut self, file: Arc<LogFile>) {
        self.next = self.next.max(file.sequence + 1);
        self.used.insert(file.sequence, Used { file, live: 0 });
    }

    pub(super) fn add_spare(&mut self, file: Arc<LogFile>) {
        self.next = self.next.max(file.sequence + 1);
        self.spares.push_back(file);
    }

    /// Spares of another size than this run's (or half made by the last) are made anew before they are used.
    pub(super) fn check_spares(&mut self, config: &StoreConfig) {
        let (spares, other): (Vec<_>, Vec<_>) =
            self.spares.drain(..).partition(|file| file.size == config.file_size);
        self.spares.extend(spares);
        self.free.extend(other);
    }

    pub(super) fn active(&self) -> Option<&Arc<LogFile>> {
        self.used.last_key_value().map(|(_, used)| &used.file)
    }

    pub(super) fn get(&self, sequence: u32) -> Option<&Arc<LogFile>> {
        self.used.get(&sequence).map(|used| &used.file)
    }

    /// Takes the next spare into use.
    pub(super) fn activate(&mut self) -> Option<Arc<LogFile>> {
        let file = self.spares.pop_front()?;
        assert!(
            self.active().is_none_or(|active| active.sequence < file.sequence),
            "files are used in order"
        );
        self.used.insert(file.sequence, Used { file: Arc::clone(&file), live: 0 });
        Some(file)
    }

    pub(super) fn gained(&mut self, lsn: Lsn) {
        let Some(used) = self.used.get_mut(&lsn.file()) else { unreachable!("{lsn} is in no used file") };
        used.live += 1;
    }

    pub(super) fn lost(&mut self, lsn: Lsn) {
        let Some(used) = self.used.get_mut(&lsn.file()) else { unreachable!("{lsn} is in no used file") };
        assert!(used.live > 0, "{lsn} was counted");
        used.live -= 1;
    }

    /// Frees files without frames. Only to be called when everything before the file being written is durable and
    /// repeated in its checkpoint, which is so whenever no rotation is under way.
    pub(super) fn reap(&mut self) {
        let Some(active) = self.active().map(|file| file.sequence) else { return };
        let free: Vec<u32> = self
            .used
            .iter()
            .filter(|(sequence, used)| {
                **sequence != active && used.live == 0 && Arc::strong_count(&used.file) == 1
            })
            .map(|(sequence, _)| *sequence)
            .collect();
        for sequence in free {
            if let Some(used) = self.used.remove(&sequence) {
                self.disk_full = false;
                self.free.push(used.file);
            }
        }
    }

    fn total(&self) -> usize {
        self.used.len() + self.spares.len() + self.free.len() + self.in_work
    }

    /// Files that can still be taken into use.
    pub(super) fn available(&self, config: &StoreConfig) -> usize {
        let more = if self.disk_full { 0 } else { config.max_files().saturating_sub(self.total()) };
        self.spares.len() + self.free.len() + self.in_work + more
    }

    pub(super) fn left_in_active(&self) -> u64 {
        let size = self.active().map_or(0, |file| file.size);
        u64::from(size.saturating_sub(self.end)).saturating_sub(super::END_SIZE)
    }

    pub(super) fn used(&self, config: &StoreConfig) -> u64 {
        let closed = self.used.len().saturating_sub(1) as u64;
        closed * u64::from(config.file_size) + u64::from(self.end)
    }

    /// Bytes that appends can fill: what there is and can be made, less the reserve.
    pub(super) fn capacity(&self, config: &StoreConfig) -> u64 {
        let files = (self.used.len() + self.available(config)).saturating_sub(super::state::RESERVED_FILES);
        files as u64 * u64::from(config.file_size)
    }

    /// The next thing to do, if any.
    pub(super) fn plan(&mut self, config: &StoreConfig) -> Option<Upkeep> {
        let upkeep = if self.spares.len() + self.in_work < config.spare_files {
            match self.free.pop() {
                Some(file) => Upkeep::Recycle(file, self.take_sequence()),
                None if self.total() < config.max_files() && !self.disk_full => {
                    Upkeep::Create(self.take_sequence())
                }
                None => return None,
            }
        } else {
            Upkeep::Remove(self.free.pop()?)
        };
        self.in_work += 1;
        Some(upkeep)
    }

    fn take_sequence(&mut self) -> u32 {
        let sequence = self.next;
        self.next = sequence.checked_add(1).unwrap_or_else(|| unreachable!("2^32 log files are not used up"));
        sequence
    }

    pub(super) fn kept(&mut self, kept: Kept) {
        assert!(self.in_work > 0, "upkeep ends once");
        self.in_work -= 1;
        match kept {
            Kept::Spare(file) => {
                // One at a time, so spares line up by sequence.
                assert!(
                    self.spares.back().is_none_or(|last| last.sequence < file.sequence),
                    "spares are in order"
                );
                self.spares.push_back(file);
            }
            Kept::Removed => {}
            Kept::DiskFull => self.disk_full = true,
        }
    }
}

impl Upkeep {
    /// Does it. A spare is durable in its directory, and its space is taken, before anything is written to it.
    ///
    /// # Errors
    /// When the device fails; running out of space is no failure.
    pub(super) fn run(self, disk: Arc<dyn Disk>, size: u32) -> BoxFuture<'static, io::Result<Kept>> {
        Box::pin(async move {
            match self {
                Self::Create(sequence) => {
                    let name = file_name(sequence);
                    let file = disk.open(&name).await?;
                    allocate(disk.as_ref(), &name, file, sequence, size).await
                }
                Self::Recycle(old, sequence) => {
                    let name = file_name(sequence);
                    disk.rename(&file_name(old.sequence), &name).await?;
                    let file = Arc::clone(&old.file);
                    if old.size != size {
                        return allocate(disk.as_ref(), &name, file, sequence, size).await;
                    }
                    disk.sync_dir("").await?;
                    Ok(Kept::Spare(Arc::new(LogFile { sequence, file, size })))
                }
                Self::Remove(old) => {
                    disk.remove(&file_name(old.sequence)).await?;
                    disk.sync_dir("").await?;
                    Ok(Kept::Removed)
                }
            }
        })
    }
}

async fn allocate(
    disk: &dyn Disk,
    name: &str,
    file: Arc<dyn DiskFile>,
    sequence: u32,
    size: u32,
) -> io::Result<Kept> {
    let made = async {
        file.allocate(u64::from(size)).await?;
        file.sync().await?;
        disk.sync_dir("").await
    };
    match made.await {
        Ok(()) => Ok(Kept::Spare(Arc::new(LogFile { sequence, file, size }))),
        Err(error) if out_of_space(&error) => {
            tracing::warn!(file = name, %error, "no room for another log file");
            disk.remove(name).await?;
            Ok(Kept::DiskFull)
        }
        Err(error) => Err(error),
    }
}

fn out_of_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
