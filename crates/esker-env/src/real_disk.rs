//! The real disk: writes and syncs run on two threads of its own, reads and everything rare on tokio's blocking pool.

mod workers;

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use crate::{BoxFuture, Disk, DiskFile, DiskUsage, Durability};
use workers::{Operation, Workers};

/// Name of the file whose lock says that a process uses the directory.
const LOCK_FILE: &str = "LOCK";

/// Reads up to this many bytes are tried on the caller's thread first: copying that much from the page cache takes a
/// tenth of a millisecond, which is what the other tasks of that thread wait.
const IN_PLACE: usize = 1 << 20;

/// A directory of the real filesystem, held by one process at a time.
#[derive(Debug)]
pub struct RealDisk {
    root: Arc<PathBuf>,
    workers: Arc<Workers>,
}

impl RealDisk {
    /// Opens the directory, creating it when missing, and takes its lock. The lock is held until this disk, all its
    /// files and their last operation are gone. Blocks; for start-up.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another process (or another `RealDisk`) holds the directory; anything that
    /// the operating system says otherwise.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        if let Some(parent) = root.parent() {
            sync_directory(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(root.join(LOCK_FILE))?;
        if let Err(error) = rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            let error = io::Error::from(error);
            let reason = format!("{} is used by another process: {error}", root.display());
            return Err(io::Error::new(error.kind(), reason));
        }
        Ok(Self { root: Arc::new(root), workers: Arc::new(Workers::start(lock)?) })
    }

    /// The kernel's boot id: another one means that the machine was restarted, or lost power, in between. Blocks; for
    /// start-up. `None` where the kernel does not tell.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "part of the disk's view of the machine")]
    pub fn boot_id() -> Option<String> {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned())
    }

    fn resolve(&self, path: &str) -> io::Result<PathBuf> {
        let relative = Path::new(path);
        if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            let reason = format!("{path:?} is not a path below the disk's root");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        Ok(self.root.join(relative))
    }

    /// Runs `work` on a resolved path in tokio's blocking pool.
    fn with_path<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'_, io::Result<T>> {
        let path = self.resolve(path);
        Box::pin(blocking(move || work(&path?)))
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the disk that the lint asks for")]
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}

/// What the page cache has of a range, from its start on, without waiting for the disk: `RWF_NOWAIT` of preadv2(2). Empty
/// where the filesystem does not offer that.
#[cfg(target_os = "linux")]
fn cached(file: &File, offset: u64, length: usize) -> Vec<u8> {
    let mut buffer = vec![0; length];
    let slices = &mut [io::IoSliceMut::new(&mut buffer)];
    // An error is not one yet: the read that may wait says it again, or succeeds.
    let count = rustix::io::preadv2(file, slices, offset, rustix::io::ReadWriteFlags::NOWAIT).unwrap_or(0);
    buffer.truncate(count);
    buffer
}

/// Nothing: other systems cannot read without waiting.
#[cfg(not(target_os = "linux"))]
fn cached(_: &File, _: u64, _: usize) -> Vec<u8> {
    Vec::new()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).open(path)?.sync_all()
}

impl Disk for RealDisk {
    fn open(&self, path: &str) -> BoxFuture<'_, io::Result<Arc<dyn DiskFile>>> {
        let workers = Arc::clone(&self.workers);
        self.with_path(path, move |path| {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
            Ok(Arc::new(RealFile { file: Arc::new(file), workers }) as Arc<dyn DiskFile>)
        })
    }

    fn list(&self, dir: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        let root = Arc::clone(&self.root);
        self.with_path(dir, move |path| {
            let entries = match fs::read_dir(path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let mut names = Vec::new();
            for entry in entries {
                let name = entry?.file_name();
                if path == root.as_path() && name == LOCK_FILE {
                    continue;
                }
                names.push(name.into_string().map_err(|name| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("{} is not UTF-8", name.display()))
                })?);
            }
            names.sort_unstable();
            Ok(names)
        })
    }

    fn rename(&self, from: &str, to: &str) -> BoxFuture<'_, io::Result<()>> {
        let to = self.resolve(to);
        self.with_path(from, move |from| fs::rename(from, to?))
    }

    fn remove(&self, path: &str) -> BoxFuture<'_, io::Result<()>> {
        self.with_path(path, |path| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }

    fn sync_dir(&self, dir: &str) -> BoxFuture<'_, io::Result<()>> {
        self.with_path(dir, sync_directory)
    }

    fn usage(&self) -> BoxFuture<'_, io::Result<DiskUsage>> {
        self.with_path("", |path| {
            let space = rustix::fs::statvfs(path)?;
            Ok(DiskUsage {
                total: space.f_blocks.saturating_mul(space.f_frsize),
                available: space.f_bavail.saturating_mul(space.f_frsize),
            })
        })
    }
}

/// An open file of a [`RealDisk`].
#[derive(Debug)]
struct RealFile {
    file: Arc<File>,
    workers: Arc<Workers>,
}

impl DiskFile for RealFile {
    fn write_at(
        &self,
        offset: u64,
        chunks: Vec<Bytes>,
        durability: Durability,
    ) -> BoxFuture<'static, io::Result<()>> {
        let sync = durability == Durability::Synced;
        self.workers.submit(Operation { file: Arc::clone(&self.file), offset, chunks, sync })
    }

    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'static, io::Result<Bytes>> {
        let file = Arc::clone(&self.file);
        Box::pin(async move {
            // Waking a thread of the blocking pool costs more than copying what the page cache has.
            let mut buffer = if length <= IN_PLACE { cached(&file, offset, length) } else { Vec::new() };
            if buffer.len() == length {
                return Ok(buffer.into());
            }
            blocking(move || {
                // Not zeroed first: most reads fill all of it.
                buffer.reserve_exact(length - buffer.len());
                while buffer.len() < length {
                    let at = offset + buffer.len() as u64;
                    match rustix::io::pread(&*file, rustix::buffer::spare_capacity(&mut buffer), at) {
                        Ok(0) => break,
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                // Nothing says that a vector has no more room than was asked for.
                buffer.truncate(length);
                Ok(buffer.into())
            })
            .await
        })
    }

    fn sync(&self) -> BoxFuture<'static, io::Result<()>> {
        self.workers.submit(Operation {
            file: Arc::clone(&self.file),
            offset: 0,
            chunks: Vec::new(),
            sync: true,
        })
    }

    fn len(&self) -> BoxFuture<'static, io::Result<u64>> {
        let file = Arc::clone(&self.file);
        Box::pin(blocking(move || Ok(file.metadata()?.len())))
    }

    fn allocate(&self, length: u64) -> BoxFuture<'static, io::Result<()>> {
        let file = Arc::clone(&self.file);
        Box::pin(blocking(move || {
            if file.metadata()?.len() > length {
                file.set_len(length)?;
            }
            match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, length) {
                Ok(()) => Ok(()),
                Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                    tracing::warn!(
                        "the filesystem cannot allocate space ahead: a later write may find the disk full"
                    );
                    file.set_len(length)
                }
                Err(error) => Err(error.into()),
            }
        }))
    }
}
