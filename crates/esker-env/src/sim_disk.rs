//! A disk in memory that keeps [`crate::Disk`]'s contract to the letter and no further: what was not synced is lost,
//! kept or torn at power loss as the seed has it. For tests and the simulator (feature `sim`).

mod file;
mod tree;

#[cfg(test)]
mod tests;

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::{BoxFuture, Clock, Disk, DiskFile, DiskUsage, Durability, Random};
use tree::{Inode, Tree};

/// Bytes that the device writes whole or not at all.
pub const SECTOR: u64 = 512;

/// A kind of operation that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A write; part of its sectors are written all the same.
    Write,
    /// A sync, alone or of a synced write. What it should have made durable never will be, whatever is synced later.
    Sync,
    /// A read.
    Read,
    /// Open, list, rename, remove, directory sync, allocation.
    Metadata,
}

/// A simulated disk. A handle: clones are the same disk, so a test keeps one while the broker on it dies and comes back.
#[derive(Clone)]
pub struct SimDisk(Arc<Inner>);

struct Inner {
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    tree: Tree,
    /// Grows when the process that uses the disk dies: its handles are no good any more.
    life: u64,
    /// For each kind, how many more succeed before one fails.
    faults: Vec<(Fault, u64)>,
    /// Slowest write or sync, and how one in how many is that slow.
    slow: Option<(Duration, u64)>,
    writes: u64,
    syncs: u64,
}

fn eio() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())
}

impl SimDisk {
    /// An empty disk of this many bytes.
    #[must_use]
    pub fn new(random: Arc<dyn Random>, clock: Arc<dyn Clock>, capacity: u64) -> Self {
        let state =
            State { tree: Tree::new(capacity), life: 0, faults: Vec::new(), slow: None, writes: 0, syncs: 0 };
        Self(Arc::new(Inner { random, clock, state: Mutex::new(state) }))
    }

    /// The machine loses power: unsynced bytes are kept, lost or mixed, unsynced names go back, and every open handle
    /// ends.
    pub fn power_loss(&self) {
        let mut state = self.0.state.lock();
        state.life += 1;
        state.faults.clear();
        state.tree.power_loss(self.0.random.as_ref());
    }

    /// The process dies and the machine lives on: nothing is lost but the handles.
    pub fn process_death(&self) {
        let mut state = self.0.state.lock();
        state.life += 1;
        state.faults.clear();
    }

    /// Makes one operation of this kind fail with EIO, after `successes` more that do not.
    pub fn fail_after(&self, fault: Fault, successes: u64) {
        self.0.state.lock().faults.push((fault, successes));
    }

    /// Makes one write or sync in `one_in` take up to `longest`; `None` for none.
    pub fn set_slow(&self, slow: Option<(Duration, u64)>) {
        self.0.state.lock().slow = slow;
    }

    /// Changes the size; the next allocation or growth beyond it fails with ENOSPC.
    pub fn set_capacity(&self, capacity: u64) {
        self.0.state.lock().tree.capacity = capacity;
    }

    /// Flips one bit of a file at rest. `false` when the file does not reach that far.
    pub fn flip_bit(&self, path: &str, offset: u64, bit: u8) -> bool {
        self.0.state.lock().tree.rot(path, offset, |byte| *byte ^= 1 << (bit & 7))
    }

    /// Overwrites part of a file at rest with noise. `false` when the file does not reach that far.
    pub fn scramble(&self, path: &str, offset: u64, length: u64) -> bool {
        let mut state = self.0.state.lock();
        (offset..offset + length).all(|at| {
            let noise = (self.0.random.next_u64() as u8) | 1;
            state.tree.rot(path, at, |byte| *byte ^= noise)
        })
    }

    /// A file's length and bytes as a running process sees them, for tests that look.
    #[must_use]
    pub fn peek(&self, path: &str) -> Option<Bytes> {
        self.0.state.lock().tree.peek(path)
    }

    /// The paths of all files as a running process sees them, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.0.state.lock().tree.paths()
    }

    /// Writes and syncs so far.
    #[must_use]
    pub fn operations(&self) -> (u64, u64) {
        let state = self.0.state.lock();
        (state.writes, state.syncs)
    }

    fn fails(state: &mut State, fault: Fault) -> bool {
        let mut fails = false;
        state.faults.retain_mut(|(kind, successes)| {
            if *kind != fault {
                return true;
            }
            let now = *successes == 0 && !fails;
            fails |= now;
            *successes = successes.saturating_sub(1);
            !now
        });
        fails
    }

    fn delay(&self, state: &State) -> Option<Duration> {
        let (longest, one_in) = state.slow?;
        if self.0.random.below(one_in.max(1)) > 0 {
            return None;
        }
        let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        Some(Duration::from_nanos(self.0.random.below(nanos.max(1))))
    }

    fn metadata<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> BoxFuture<'static, io::Result<T>> {
        let mut state = self.0.state.lock();
        let result = if Self::fails(&mut state, Fault::Metadata) { Err(eio()) } else { work(&mut state) };
        Box::pin(async move { result })
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &str) -> BoxFuture<'_, io::Result<Arc<dyn DiskFile>>> {
        self.metadata(|state| {
            let inode = state.tree.open(path);
            Ok(Arc::new(SimFile { disk: self.clone(), inode, life: state.life }) as Arc<dyn DiskFile>)
        })
    }

    fn list(&self, dir: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        self.metadata(|state| Ok(state.tree.list(dir)))
    }

    fn rename(&self, from: &str, to: &str) -> BoxFuture<'_, io::Result<()>> {
        self.metadata(|state| state.tree.rename(from, to))
    }

    fn remove(&self, path: &str) -> BoxFuture<'_, io::Result<()>> {
        self.metadata(|state| {
            state.tree.remove(path);
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &str) -> BoxFuture<'_, io::Result<()>> {
        self.metadata(|state| {
            state.tree.sync_dir(dir);
            Ok(())
        })
    }

    fn usage(&self) -> BoxFuture<'_, io::Result<DiskUsage>> {
        self.metadata(|state| {
            let total = state.tree.capacity;
            Ok(DiskUsage { total, available: total.saturating_sub(state.tree.used()) })
        })
    }
}

struct SimFile {
    disk: SimDisk,
    inode: Inode,
    life: u64,
}

impl SimFile {
    /// Runs `work` unless this handle's process is dead or the fault is due.
    fn now<T>(
        &self,
        fault: Fault,
        work: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<(T, Option<Duration>)> {
        let mut state = self.disk.0.state.lock();
        if state.life != self.life {
            return Err(io::Error::other("this handle's process is dead"));
        }
        if SimDisk::fails(&mut state, fault) {
            return Err(eio());
        }
        let delay = self.disk.delay(&state);
        Ok((work(&mut state)?, delay))
    }

    /// Waits out the delay, then makes durable what was written up to and including write `upto`.
    fn sync_later(&self, upto: u64, delay: Option<Duration>) -> BoxFuture<'static, io::Result<()>> {
        let (disk, inode, life) = (self.disk.clone(), self.inode, self.life);
        Box::pin(async move {
            if let Some(delay) = delay {
                disk.0.clock.sleep(delay).await;
            }
            let mut state = disk.0.state.lock();
            if state.life != life {
                return Err(io::Error::other("this handle's process is dead"));
            }
            state.syncs += 1;
            let failed = SimDisk::fails(&mut state, Fault::Sync);
            state.tree.sync(inode, upto, failed);
            if failed { Err(eio()) } else { Ok(()) }
        })
    }
}

impl DiskFile for SimFile {
    fn write_at(
        &self,
        offset: u64,
        chunks: Vec<Bytes>,
        durability: Durability,
    ) -> BoxFuture<'static, io::Result<()>> {
        let data = chunks.concat();
        let written = self.now(Fault::Write, |state| {
            state.writes += 1;
            let number = state.writes;
            state.tree.write(self.inode, offset, &data, number)?;
            Ok(number)
        });
        match written {
            Ok((number, delay)) if durability == Durability::Synced => self.sync_later(number, delay),
            Ok((_, None)) => Box::pin(async { Ok(()) }),
            Ok((_, Some(delay))) => {
                let sleep = self.disk.0.clock.sleep(delay);
                Box::pin(async move {
                    sleep.await;
                    Ok(())
                })
            }
            Err(error) => {
                // Some of it may be on the disk.
                let mut state = self.disk.0.state.lock();
                if state.life == self.life && !data.is_empty() {
                    let part = self.disk.0.random.below(data.len() as u64) as usize;
                    state.writes += 1;
                    let number = state.writes;
                    let _ = state.tree.write(self.inode, offset, &data[..part], number);
                }
                Box::pin(async move { Err(error) })
            }
        }
    }

    fn read_at(&self, offset: u64, length: usize) -> BoxFuture<'static, io::Result<Bytes>> {
        let read = self.now(Fault::Read, |state| Ok(state.tree.read(self.inode, offset, length)));
        Box::pin(async move { Ok(read?.0) })
    }

    fn sync(&self) -> BoxFuture<'static, io::Result<()>> {
        // The fault is drawn when the sync takes place.
        let (upto, life, delay) = {
            let state = self.disk.0.state.lock();
            (state.writes, state.life, self.disk.delay(&state))
        };
        if life != self.life {
            return Box::pin(async { Err(io::Error::other("this handle's process is dead")) });
        }
        self.sync_later(upto, delay)
    }

    fn len(&self) -> BoxFuture<'static, io::Result<u64>> {
        let length = self.now(Fault::Metadata, |state| Ok(state.tree.length(self.inode)));
        Box::pin(async move { Ok(length?.0) })
    }

    fn allocate(&self, length: u64) -> BoxFuture<'static, io::Result<()>> {
        let result = self.now(Fault::Metadata, |state| state.tree.allocate(self.inode, length));
        Box::pin(async move {
            result?;
            Ok(())
        })
    }
}
