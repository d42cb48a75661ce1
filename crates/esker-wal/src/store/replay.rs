//! Rebuilding a store's state from its log.
//!
//! Damage is either the torn tail (written, never known durable: cut off) or rot (it was durable: remembered). What tells
//! them apart is `synced`, which every entry carries: an intact entry anywhere proves that all below its `synced` was
//! durable once.

use std::collections::BTreeMap;

use esker_core::{BatchHeader, FrameIndex, LedgerId, Mode, frame::FrameHeader};

use super::{
    ledger::{Content, Ledger, Place, Slot},
    tombstones::Tombstones,
};
use crate::physical::{Checkpoint, LedgerMark, Lsn, Record};

/// The state as far as the log has been read.
#[derive(Debug, Default)]
pub(super) struct Replay {
    pub(super) ledgers: BTreeMap<LedgerId, Ledger>,
    pub(super) forgotten: Tombstones,
    pub(super) boot_id: String,
    pub(super) lost_power: bool,
    pub(super) lost_entries: String,
    /// Trims of ledgers that nothing has named yet.
    early_trims: BTreeMap<LedgerId, FrameIndex>,
    /// The last entry says that the store was closed in order.
    pub(super) clean: bool,
    /// Entries lost since the last checkpoint that nothing names: where.
    unnamed: Option<String>,
}

/// The ledger, begun when nothing has named it before.
fn known<'a>(
    ledgers: &'a mut BTreeMap<LedgerId, Ledger>,
    early_trims: &mut BTreeMap<LedgerId, FrameIndex>,
    id: LedgerId,
    mode: Mode,
) -> &'a mut Ledger {
    ledgers.entry(id).or_insert_with(|| {
        let mut ledger = Ledger::new(mode);
        if let Some(before) = early_trims.remove(&id) {
            ledger.trim_to(before);
        }
        ledger
    })
}

impl Replay {
    /// An intact frame entry.
    pub(super) fn frame(&mut self, lsn: Lsn, header: FrameHeader, directory: Vec<BatchHeader>) {
        let content = Content { header, directory: directory.into() };
        self.slot(header, Slot { place: Place::At(lsn), content: Some(content) });
    }

    /// A frame entry whose payload is damaged.
    pub(super) fn damaged_frame(&mut self, lsn: Lsn, header: FrameHeader, directory: Vec<BatchHeader>) {
        let content = Content { header, directory: directory.into() };
        let place = Place::Lost(format!("damaged at {lsn}").into());
        self.slot(header, Slot { place, content: Some(content) });
    }

    fn slot(&mut self, header: FrameHeader, slot: Slot) {
        self.clean = false;
        if self.forgotten.contains(header.ledger) {
            return;
        }
        let (mode, index) = (header.mode, header.index);
        // Each file's checkpoint names the ledgers before it, so one that is new here begins with its first frame. If it does
        // not, entries are lost. To call what they held trimmed would tell a recovery that it is in the object store.
        let ledger = known(&mut self.ledgers, &mut self.early_trims, header.ledger, mode);
        if index < ledger.trim() {
            return;
        }
        ledger.extend_lost(index);
        match ledger.slot_mut(index) {
            // A repair of what was damaged, further up in the log.
            Some(held) => *held = slot,
            None => ledger.push(slot),
        }
    }

    /// Whether a frame is the very next one of a ledger that this log knows.
    pub(super) fn is_next(&self, header: &FrameHeader) -> bool {
        self.ledgers
            .get(&header.ledger)
            .is_some_and(|ledger| ledger.mode == header.mode && ledger.tail() == header.index)
    }

    /// Bytes that held entries, nobody can say which. The next checkpoint says what they amounted to.
    pub(super) fn unnamed(&mut self, lsn: Lsn) {
        self.clean = false;
        self.unnamed.get_or_insert_with(|| lsn.to_string());
    }

    /// An intact entry that is not a frame.
    pub(super) fn record(&mut self, record: Record) {
        self.clean = matches!(record, Record::Clean);
        match record {
            Record::Seal(mark) => {
                self.mark(&mark);
                let Some(ledger) = self.ledgers.get_mut(&mark.ledger) else { return };
                ledger.sealed = true;
            }
            Record::Trim { ledger, before } => {
                if let Some(ledger) = self.ledgers.get_mut(&ledger) {
                    ledger.trim_to(before);
                } else {
                    self.early_trims.insert(ledger, before);
                }
            }
            Record::Forget(ledger) => {
                self.ledgers.remove(&ledger);
                self.forgotten.insert(ledger);
            }
            Record::Checkpoint(checkpoint) => self.checkpoint(checkpoint),
            Record::Mark | Record::Clean | Record::End => {}
        }
    }

    fn mark(&mut self, mark: &LedgerMark) {
        // A seal's mark was taken when it was accepted: a trim that was on its way then stands before it.
        let ledger = known(&mut self.ledgers, &mut self.early_trims, mark.ledger, mark.mode);
        ledger.trim_to(mark.trim);
        ledger.extend_lost(mark.tail);
        ledger.sealed = mark.sealed;
        ledger.doubt = mark.doubt;
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        for mark in &checkpoint.ledgers {
            self.mark(mark);
        }
        let known: std::collections::BTreeSet<LedgerId> =
            checkpoint.ledgers.iter().map(|mark| mark.ledger).collect();
        self.ledgers.retain(|ledger, _| known.contains(ledger));
        self.early_trims.clear();
        self.forgotten = Tombstones::from_ranges(&checkpoint.forgotten);
        self.boot_id = checkpoint.boot_id;
        self.lost_power = checkpoint.lost_power;
        self.lost_entries = checkpoint.lost_entries;
        self.unnamed = None;
    }

    /// Draws the conclusions once all is read: what this store may no longer deny.
    pub(super) fn conclude(&mut self, boot_id: Option<&str>) {
        if let Some(place) = self.unnamed.take() {
            self.lost_entries = place;
        }
        let rebooted = boot_id.is_some_and(|now| !self.boot_id.is_empty() && self.boot_id != now);
        if rebooted && !self.clean {
            self.lost_power = true;
        }
        let lost_entries = !self.lost_entries.is_empty();
        for ledger in self.ledgers.values_mut().filter(|ledger| !ledger.sealed) {
            ledger.doubt |= lost_entries || (rebooted && !self.clean && ledger.mode == Mode::Received);
        }
        if let Some(boot_id) = boot_id {
            boot_id.clone_into(&mut self.boot_id);
        }
    }

    /// Frames that were lost, for the log.
    pub(super) fn missing(&self) -> impl Iterator<Item = (LedgerId, std::ops::Range<FrameIndex>)> {
        self.ledgers.iter().flat_map(|(id, ledger)| ledger.missing().into_iter().map(|range| (*id, range)))
    }
}
