//! Names and files of a simulated disk.

use std::{collections::BTreeMap, io};

use bytes::Bytes;

use super::file::File;
use crate::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inode(u64);

/// A change of names that no directory sync has made durable.
enum Change {
    Create(String, Inode),
    Rename(String, String),
    Remove(String),
}

impl Change {
    fn dir(&self) -> &str {
        match self {
            Self::Create(path, _) | Self::Rename(path, _) | Self::Remove(path) => parent(path),
        }
    }

    fn apply(self, names: &mut BTreeMap<String, Inode>) {
        match self {
            Self::Create(path, inode) => {
                names.insert(path, inode);
            }
            Self::Rename(from, to) => {
                if let Some(inode) = names.remove(&from) {
                    names.insert(to, inode);
                }
            }
            Self::Remove(path) => {
                names.remove(&path);
            }
        }
    }
}

pub(super) struct Tree {
    files: BTreeMap<Inode, File>,
    names: BTreeMap<String, Inode>,
    durable_names: BTreeMap<String, Inode>,
    changes: Vec<Change>,
    next: u64,
    pub(super) capacity: u64,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn out_of_space() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error())
}

impl Tree {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
            next: 0,
            capacity,
        }
    }

    pub(super) fn open(&mut self, path: &str) -> Inode {
        if let Some(inode) = self.names.get(path) {
            return *inode;
        }
        let inode = Inode(self.next);
        self.next += 1;
        self.files.insert(inode, File::default());
        self.change(Change::Create(path.to_owned(), inode));
        inode
    }

    fn change(&mut self, change: Change) {
        let again = match &change {
            Change::Create(path, inode) => Change::Create(path.clone(), *inode),
            Change::Rename(from, to) => Change::Rename(from.clone(), to.clone()),
            Change::Remove(path) => Change::Remove(path.clone()),
        };
        again.apply(&mut self.names);
        self.changes.push(change);
    }

    pub(super) fn list(&self, dir: &str) -> Vec<String> {
        let own = self.names.keys().filter(|path| parent(path) == dir);
        own.map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect()
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        if !self.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if parent(from) != parent(to) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "renames stay in their directory"));
        }
        self.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) {
        if self.names.contains_key(path) {
            self.change(Change::Remove(path.to_owned()));
        }
    }

    pub(super) fn sync_dir(&mut self, dir: &str) {
        let changes = std::mem::take(&mut self.changes);
        for change in changes {
            if change.dir() == dir {
                change.apply(&mut self.durable_names);
            } else {
                self.changes.push(change);
            }
        }
        self.drop_unnamed();
    }

    /// Files that no name leads to, now or after a power loss, are gone with their last handle; tests have no use for the
    /// handle.
    fn drop_unnamed(&mut self) {
        let pending = self.changes.iter().filter_map(|change| match change {
            Change::Create(_, inode) => Some(inode),
            _ => None,
        });
        let named: std::collections::BTreeSet<Inode> =
            self.names.values().chain(self.durable_names.values()).chain(pending).copied().collect();
        self.files.retain(|inode, _| named.contains(inode));
    }

    pub(super) fn power_loss(&mut self, random: &dyn Random) {
        // A journal keeps the order of changes, so a prefix of them survives.
        let survive = random.below(self.changes.len() as u64 + 1) as usize;
        let mut changes = std::mem::take(&mut self.changes);
        changes.truncate(survive);
        for change in changes {
            change.apply(&mut self.durable_names);
        }
        self.names = self.durable_names.clone();
        self.drop_unnamed();
        for file in self.files.values_mut() {
            file.power_loss(random);
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.files.values().map(|file| file.length).sum()
    }

    /// Bytes that a file may grow to.
    fn limit(&self, inode: Inode) -> u64 {
        let own = self.length(inode);
        own + self.capacity.saturating_sub(self.used())
    }

    pub(super) fn write(&mut self, inode: Inode, offset: u64, data: &[u8], number: u64) -> io::Result<()> {
        let limit = self.limit(inode);
        let Some(file) = self.files.get_mut(&inode) else { return Err(io::ErrorKind::NotFound.into()) };
        let fits = usize::try_from(limit.saturating_sub(offset)).unwrap_or(usize::MAX).min(data.len());
        file.write(offset, &data[..fits], number);
        if fits < data.len() { Err(out_of_space()) } else { Ok(()) }
    }

    pub(super) fn read(&self, inode: Inode, offset: u64, length: usize) -> Bytes {
        self.files.get(&inode).map(|file| file.read(offset, length)).unwrap_or_default().into()
    }

    pub(super) fn sync(&mut self, inode: Inode, upto: u64, failed: bool) {
        if let Some(file) = self.files.get_mut(&inode) {
            file.sync(upto, failed);
        }
    }

    pub(super) fn length(&self, inode: Inode) -> u64 {
        self.files.get(&inode).map_or(0, |file| file.length)
    }

    pub(super) fn allocate(&mut self, inode: Inode, length: u64) -> io::Result<()> {
        if length > self.limit(inode) {
            return Err(out_of_space());
        }
        let Some(file) = self.files.get_mut(&inode) else { return Err(io::ErrorKind::NotFound.into()) };
        if length < file.length {
            file.cut(length);
        }
        file.length = length;
        Ok(())
    }

    pub(super) fn rot(&mut self, path: &str, offset: u64, change: impl Fn(&mut u8)) -> bool {
        let file = self.names.get(path).and_then(|inode| self.files.get_mut(inode));
        file.is_some_and(|file| file.rot(offset, change))
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    pub(super) fn peek(&self, path: &str) -> Option<Bytes> {
        let file = self.files.get(self.names.get(path)?)?;
        Some(file.read(0, usize::try_from(file.length).ok()?).into())
    }
}
