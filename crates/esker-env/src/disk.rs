//! The disk as the write-ahead log needs it.

use std::{io, sync::Arc};

use bytes::Bytes;

use crate::BoxFuture;

/// Whether a write waits for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Done once the operating system has the bytes.
    Received,
    /// Done once `fdatasync` of the file has returned.
    Synced,
}

/// Space of the filesystem that holds a disk's root, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskUsage {
    /// All of it.
    pub total: u64,
    /// What this process may still take.
    pub available: u64,
}

/// A directory tree on a device. Paths are relative to its root, with `/` between parts; no `..`.
///
/// Contract, which the simulator's disk takes at its word:
/// - bytes written are lost at power loss unless a later `Synced` write or [`DiskFile::sync`] of that file returned;
///   what survives of unsynced bytes may be any part of them, in any order;
/// - a file created, renamed or removed may come back in its earlier state at power loss unless
///   [`Disk::sync_dir`] of its directory returned;
/// - after a failed sync nothing is known about the file's unsynced bytes, ever: the caller must not retry.
pub trait Disk: Send + Sync + 'static {
    /// Opens a file for reading and writing, creating it (and its parent directories) when missing.
    fn open(&self, path: &str) -> BoxFuture<'_, io::Result<Arc<dyn DiskFile>>>;

    /// Names (not paths) of the entries of a directory, sorted; empty when it does not exist.
    fn list(&self, dir: &str) -> BoxFuture<'_, io::Result<Vec<String>>>;

    /// Renames a file, replacing the target.
    fn rename(&self, from: &str, to: &str) -> BoxFuture<'_, io::Result<()>>;

    /// Removes a file; no error when it does not exist.
    fn remove(&self, path: &str) -> BoxFuture<'_, io::Result<()>>;

    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &str) -> BoxFuture<'_, io::Result<()>>;

    /// Space left.
    fn usage(&self) -> BoxFuture<'_, io::Result<DiskUsage>>;
}

/// An open file.
///
/// Calls take their place when they are made, not when their future is first polled: writes take effect in the order of
/// the calls, and a sync covers every write called before it. Dropping a future abandons the answer, not the operation.
#[allow(clippy::len_without_is_empty, reason = "nobody asks whether a log file is empty")]
pub trait DiskFile: Send + Sync + 'static {
    /// Writes the chunks one after another from `offset` on, growing the file as needed.
    fn write_at(
        &self,
        offset: u64,
        chunks: Vec<Bytes>,
        durability: Durability,
    ) -> BoxFuture<'static, io::Result<()>>;

    /// Reads up to `length` bytes at `offset`; fewer only at the end of the file.
    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'static, io::Result<Bytes>>;

    /// `fdatasync`.
    fn sync(&self) -> BoxFuture<'static, io::Result<()>>;

    /// Length in bytes.
    fn len(&self) -> BoxFuture<'static, io::Result<u64>>;

    /// Truncates, or grows and allocates the space (`fallocate`), so that a later write in range cannot fail for
    /// want of space.
    fn allocate(&self, length: u64) -> BoxFuture<'static, io::Result<()>>;
}
