//! The bytes of one simulated file, by sector: what a process sees, what is durable, and what lies between.

use std::collections::BTreeMap;

use super::SECTOR;
use crate::Random;

type Block = [u8; SECTOR as usize];

/// Versions of a sector remembered between two syncs.
const MAX_VERSIONS: usize = 8;

/// A sector that differs, or may differ, from what is durable.
#[derive(Clone)]
struct Dirty {
    durable: Box<Block>,
    /// What was written since, with the numbers of the writes.
    versions: Vec<(u64, Box<Block>)>,
    /// A sync of this failed. The operating system takes it for clean, so a later sync does nothing for it.
    abandoned: bool,
}

/// One file.
#[derive(Clone, Default)]
pub(super) struct File {
    /// What a process sees; sectors never written are zero.
    live: BTreeMap<u64, Box<Block>>,
    dirty: BTreeMap<u64, Dirty>,
    pub(super) length: u64,
    durable_length: u64,
}

impl File {
    pub(super) fn write(&mut self, offset: u64, data: &[u8], number: u64) {
        let mut done = 0;
        while done < data.len() {
            let at = offset + done as u64;
            let inside = (at % SECTOR) as usize;
            let count = (SECTOR as usize - inside).min(data.len() - done);
            self.write_sector(at / SECTOR, inside, &data[done..done + count], number);
            done += count;
        }
        self.length = self.length.max(offset + data.len() as u64);
    }

    fn write_sector(&mut self, number: u64, inside: usize, data: &[u8], write: u64) {
        let live = self.live.entry(number).or_insert_with(|| Box::new([0; SECTOR as usize]));
        let dirty = self.dirty.entry(number).or_insert_with(|| Dirty {
            durable: live.clone(),
            versions: Vec::new(),
            abandoned: false,
        });
        live[inside..inside + data.len()].copy_from_slice(data);
        dirty.abandoned = false;
        if dirty.versions.len() == MAX_VERSIONS {
            dirty.versions.remove(0);
        }
        dirty.versions.push((write, live.clone()));
    }

    pub(super) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let length = length.min(usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX));
        let mut out = vec![0; length];
        if length == 0 {
            return out;
        }
        let end = offset + length as u64;
        for (number, sector) in self.live.range(offset / SECTOR..=(end - 1) / SECTOR) {
            let start = number * SECTOR;
            let (from, to) = (start.max(offset), (start + SECTOR).min(end));
            let target = &mut out[(from - offset) as usize..(to - offset) as usize];
            target.copy_from_slice(&sector[(from - start) as usize..(to - start) as usize]);
        }
        out
    }

    /// Makes durable what was written up to this write; or, when the sync failed, makes sure that it never will be.
    pub(super) fn sync(&mut self, upto: u64, failed: bool) {
        if !failed {
            self.durable_length = self.length;
        }
        self.dirty.retain(|_, dirty| {
            if failed {
                dirty.abandoned |= dirty.versions.iter().any(|(number, _)| *number <= upto);
                return true;
            }
            if dirty.abandoned {
                return true;
            }
            if let Some(last) = dirty.versions.iter().rposition(|(number, _)| *number <= upto) {
                dirty.durable = dirty
                    .versions
                    .drain(..=last)
                    .next_back()
                    .map_or_else(|| unreachable!("the range holds one"), |(_, version)| version);
            }
            !dirty.versions.is_empty()
        });
    }

    /// Each unsynced sector becomes one of its versions, or goes back; sometimes all do the same.
    pub(super) fn power_loss(&mut self, random: &dyn Random) {
        let fate = random.below(4);
        for (number, dirty) in std::mem::take(&mut self.dirty) {
            let versions = dirty.versions.len() as u64;
            let choice = match fate {
                0 => 0,
                1 => versions,
                _ => random.below(versions + 1),
            };
            let survivor = match choice.checked_sub(1) {
                None => dirty.durable,
                Some(version) => dirty.versions[version as usize].1.clone(),
            };
            self.live.insert(number, survivor);
        }
        if self.length != self.durable_length && random.below(2) == 0 {
            self.length = self.durable_length;
        }
        self.durable_length = self.length;
        self.cut(self.length);
    }

    pub(super) fn cut(&mut self, length: u64) {
        self.live.split_off(&length.div_ceil(SECTOR));
        self.dirty.split_off(&length.div_ceil(SECTOR));
        let rest = (length % SECTOR) as usize;
        if rest > 0
            && let Some(last) = self.live.get_mut(&(length / SECTOR))
        {
            last[rest..].fill(0);
        }
        self.length = length;
    }

    /// Changes a byte on the device and in every copy of it.
    pub(super) fn rot(&mut self, offset: u64, change: impl Fn(&mut u8)) -> bool {
        if offset >= self.length {
            return false;
        }
        let inside = (offset % SECTOR) as usize;
        let number = offset / SECTOR;
        change(&mut self.live.entry(number).or_insert_with(|| Box::new([0; SECTOR as usize]))[inside]);
        if let Some(dirty) = self.dirty.get_mut(&number) {
            change(&mut dirty.durable[inside]);
            for (_, version) in &mut dirty.versions {
                change(&mut version[inside]);
            }
        }
        true
    }
}
