//! What a store knows of one ledger: its flags and the directory of its frames.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use esker_core::{BatchHeader, FrameIndex, LedgerId, Mode, frame::FrameHeader};

use crate::physical::{LedgerMark, Lsn};

/// Where a frame's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Accepted, not written yet.
    Queued,
    /// As [`Place::Queued`], in place of bytes that were damaged: the frame was here before.
    Repairing,
    /// Its entry stands here.
    At(Lsn),
    /// It was here and its bytes are damaged; why.
    Lost(Arc<str>),
}

/// One frame that is not trimmed.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) place: Place,
    /// `None` when not even the header could be read.
    pub(super) content: Option<Content>,
}

/// The part of a frame that stays in memory.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) header: FrameHeader,
    pub(super) directory: Arc<[BatchHeader]>,
}

impl Slot {
    pub(super) fn lost(reason: &Arc<str>) -> Self {
        Self { place: Place::Lost(Arc::clone(reason)), content: None }
    }

    /// Whether the slot holds this very frame.
    pub(super) fn is(&self, frame: &FrameHeader) -> bool {
        self.content.as_ref().is_some_and(|content| content.header == *frame)
    }
}

pub(super) fn its_entry_is_lost() -> Arc<str> {
    "its entry is lost".into()
}

#[derive(Clone, Debug)]
pub(super) struct Ledger {
    pub(super) mode: Mode,
    pub(super) sealed: bool,
    /// The store may not deny frames at and above the tail.
    pub(super) doubt: bool,
    trim: FrameIndex,
    /// Frames from the trim point on that are lost, ahead of the slots: only how many, for nobody knows more of them and there
    /// may be millions.
    lost: u64,
    slots: VecDeque<Slot>,
}

impl Ledger {
    pub(super) fn new(mode: Mode) -> Self {
        Self { mode, sealed: false, doubt: false, trim: FrameIndex(0), lost: 0, slots: VecDeque::new() }
    }

    pub(super) fn trim(&self) -> FrameIndex {
        self.trim
    }

    pub(super) fn tail(&self) -> FrameIndex {
        FrameIndex(self.first() + self.slots.len() as u64)
    }

    /// The index of the first slot.
    fn first(&self) -> u64 {
        self.trim.0 + self.lost
    }

    fn place(&self, index: FrameIndex) -> Option<usize> {
        usize::try_from(index.0.checked_sub(self.first())?).ok()
    }

    /// `None` for a frame that is not there, or lost ahead of the slots.
    pub(super) fn slot(&self, index: FrameIndex) -> Option<&Slot> {
        self.slots.get(self.place(index)?)
    }

    /// As [`Ledger::slot`], but makes slots of the lost front from `index` on, so that they can be repaired.
    pub(super) fn slot_mut(&mut self, index: FrameIndex) -> Option<&mut Slot> {
        while self.trim <= index && index.0 < self.first() {
            self.lost -= 1;
            self.slots.push_front(Slot::lost(&its_entry_is_lost()));
        }
        let place = self.place(index)?;
        self.slots.get_mut(place)
    }

    /// Whether a frame at or above `from` is lost ahead of the slots.
    pub(super) fn front_is_lost(&self, from: FrameIndex) -> bool {
        self.lost > 0 && from.0 < self.first()
    }

    /// Adds the frame at the tail.
    pub(super) fn push(&mut self, slot: Slot) {
        assert!(self.tail().0 < u64::MAX, "a ledger holds fewer than 2^64 frames");
        self.slots.push_back(slot);
    }

    /// Moves the trim point up, the tail along with it where it has to, and hands out the slots that go.
    pub(super) fn trim_to(&mut self, before: FrameIndex) -> Vec<Slot> {
        let Some(count) = before.0.checked_sub(self.trim.0) else { return Vec::new() };
        let lost = count.min(self.lost);
        let gone = usize::try_from(count - lost).unwrap_or(usize::MAX).min(self.slots.len());
        self.lost -= lost;
        self.trim = before;
        self.slots.drain(..gone).collect()
    }

    /// Slots from `from` on with their indexes.
    pub(super) fn slots_from(&self, from: FrameIndex) -> impl Iterator<Item = (FrameIndex, &Slot)> {
        let first = self.first();
        let skip = usize::try_from(from.0.saturating_sub(first)).unwrap_or(usize::MAX);
        (first..).map(FrameIndex).zip(&self.slots).skip(skip)
    }

    /// Makes the tail at least this, with lost frames in between.
    pub(super) fn extend_lost(&mut self, tail: FrameIndex) {
        if self.slots.is_empty() {
            self.lost = self.lost.max(tail.0.saturating_sub(self.trim.0));
        }
        while self.tail() < tail {
            self.slots.push_back(Slot::lost(&its_entry_is_lost()));
        }
    }

    /// Ranges of frames that cannot be read any more.
    pub(super) fn missing(&self) -> Vec<Range<FrameIndex>> {
        let mut ranges: Vec<Range<FrameIndex>> = Vec::new();
        if self.lost > 0 {
            ranges.push(self.trim..FrameIndex(self.first()));
        }
        for (index, slot) in self.slots_from(self.trim) {
            if !matches!(slot.place, Place::Lost(_)) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.end == index => last.end = index.next(),
                _ => ranges.push(index..index.next()),
            }
        }
        ranges
    }

    /// What a checkpoint may claim now: frames still queued will stand in the log behind it, or never.
    pub(super) fn written_mark(&self, ledger: LedgerId) -> LedgerMark {
        let queued = self.slots.iter().rev().take_while(|slot| slot.place == Place::Queued).count();
        let mark = self.mark(ledger);
        LedgerMark { tail: FrameIndex(mark.tail.0 - queued as u64), ..mark }
    }

    pub(super) fn mark(&self, ledger: LedgerId) -> LedgerMark {
        LedgerMark {
            ledger,
            mode: self.mode,
            sealed: self.sealed,
            doubt: self.doubt,
            trim: self.trim,
            tail: self.tail(),
        }
    }
}
