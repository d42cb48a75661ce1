//! All state of a store behind its one lock. No I/O here: the physical writer does that with what it takes from the queues.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::Arc,
};

use bytes::Bytes;
use esker_core::{FrameIndex, LedgerId, Mode, frame::Frame};
use esker_env::Rule;
use tokio::sync::oneshot;

use super::{
    files::Files,
    ledger::{Content, Ledger, Place, Slot},
    tombstones::Tombstones,
};
use crate::{
    SealAnswer, StoreError, Trim,
    config::StoreConfig,
    physical::{Checkpoint, FIRST_ENTRY, Lsn, Record, padded},
};

pub(super) type Reply = oneshot::Sender<Result<(), StoreError>>;
pub(super) type Answer = oneshot::Receiver<Result<(), StoreError>>;

/// What the physical writer is to do.
#[derive(Debug)]
pub(super) enum Work {
    Frame(Frame),
    Record(Record),
    /// Nothing, once everything accepted before it is done.
    Barrier,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) reply: Reply,
    /// Its place in the order of acceptance over both queues.
    pub(super) number: u64,
}

impl Job {
    /// Bytes that it takes in the log.
    pub(super) fn size(&self) -> u64 {
        match &self.work {
            Work::Frame(frame) => padded(frame.encoded().len() as u32),
            Work::Record(record) => padded(record.encode().len() as u32),
            Work::Barrier => 0,
        }
    }

    pub(super) fn body(&self) -> Bytes {
        match &self.work {
            Work::Frame(frame) => frame.encoded().clone(),
            Work::Record(record) => record.encode().into(),
            Work::Barrier => Bytes::new(),
        }
    }
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) ledgers: BTreeMap<LedgerId, Ledger>,
    pub(super) forgotten: Tombstones,
    pub(super) files: Files,
    /// Jobs answered after a sync, in the order of acceptance.
    pub(super) synced: VecDeque<Job>,
    /// Jobs answered after a write, in the order of acceptance: the frames of `received` ledgers. Their trims may overtake
    /// them (through the other queue), their seals may not.
    pub(super) received: VecDeque<Job>,
    pub(super) next_number: u64,
    /// Log bytes of jobs accepted and not yet given a place.
    pub(super) queued: u64,
    /// S6: set once, never cleared.
    pub(super) failed: Option<StoreError>,
    pub(super) closing: bool,
    pub(super) boot_id: String,
    pub(super) lost_power: bool,
    /// Where entries were lost that nothing names; empty when none were.
    pub(super) lost_entries: String,
}

/// Log bytes left free for seals, trims and checkpoints when appends are refused, in files.
pub(super) const RESERVED_FILES: usize = 1;
/// A checkpoint's fixed part, and room for ledgers that are made before it is written.
const CHECKPOINT_SLACK: u64 = 16 << 10;

impl State {
    fn check_open(&self) -> Result<(), StoreError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        if self.closing { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn check_intact(&self) -> Result<(), StoreError> {
        if self.lost_entries.is_empty() {
            return Ok(());
        }
        Err(StoreError::Damaged(self.lost_entries.as_str().into()))
    }

    fn check_known(&self, ledger: LedgerId) -> Result<(), StoreError> {
        if self.forgotten.contains(ledger) { Err(StoreError::Forgotten(ledger)) } else { Ok(()) }
    }

    /// S1. The answer comes after the mode's durability point (S2).
    pub(super) fn append(&mut self, config: &StoreConfig, frame: Frame) -> Result<Answer, StoreError> {
        self.check_open()?;
        self.check_intact()?;
        let (id, index, mode) = (frame.ledger(), frame.index(), frame.mode());
        self.check_known(id)?;
        let mut tail = FrameIndex(0);
        if let Some(ledger) = self.ledgers.get(&id) {
            if ledger.mode != mode {
                return Err(StoreError::WrongMode { ledger: id, expected: ledger.mode, found: mode });
            }
            if ledger.sealed && !config.accept_after_seal() {
                if index < ledger.tail() && Rule::RepairIsNoAck.is_broken() {
                    return self.append_again(&frame);
                }
                return Err(StoreError::Sealed(id));
            }
            tail = ledger.tail();
            if index < tail {
                return self.append_again(&frame);
            }
        }
        if index > tail && Rule::GapRefused.is_broken() {
            return Ok(self.push(true, Work::Barrier));
        }
        if index > tail {
            return Err(StoreError::Gap { ledger: id, index, tail });
        }
        self.check_space(config, &frame)?;
        let ledger = self.ledgers.entry(id).or_insert_with(|| Ledger::new(mode));
        assert_eq!(ledger.tail(), index, "an append is accepted at the tail only");
        ledger.push(queued_slot(&frame));
        Ok(self.push(mode.syncs(), Work::Frame(frame)))
    }

    /// A writer's frame that is here already: answered again, when all before it are durable.
    fn append_again(&mut self, frame: &Frame) -> Result<Answer, StoreError> {
        let (id, index) = (frame.ledger(), frame.index());
        let ledger = self.ledgers.get(&id).ok_or(StoreError::NotHeld { ledger: id, index })?;
        // Trimmed means committed, and it cannot be compared any more; whoever sends it does not need the answer.
        let slot = ledger.slot(index).ok_or(StoreError::NotHeld { ledger: id, index })?;
        if !slot.is(frame.header()) {
            return Err(StoreError::Conflict { ledger: id, index });
        }
        Ok(self.push(frame.mode().syncs(), Work::Barrier))
    }

    /// S4.
    pub(super) fn repair_append(&mut self, config: &StoreConfig, frame: Frame) -> Result<Answer, StoreError> {
        self.check_open()?;
        let (id, index) = (frame.ledger(), frame.index());
        self.check_known(id)?;
        let Some(ledger) = self.ledgers.get(&id).filter(|ledger| ledger.sealed) else {
            return Err(StoreError::NotSealed(id));
        };
        if ledger.mode != frame.mode() {
            return Err(StoreError::WrongMode { ledger: id, expected: ledger.mode, found: frame.mode() });
        }
        let tail = ledger.tail();
        if index > tail {
            return Err(StoreError::Gap { ledger: id, index, tail });
        }
        if index < ledger.trim() {
            return Ok(self.push(true, Work::Barrier));
        }
        if let Some(slot) = ledger.slot(index) {
            if slot.content.is_some() && !slot.is(frame.header()) {
                return Err(StoreError::Conflict { ledger: id, index });
            }
            if !matches!(slot.place, Place::Lost(_)) {
                return Ok(self.push(true, Work::Barrier));
            }
        }
        self.check_space(config, &frame)?;
        let Some(ledger) = self.ledgers.get_mut(&id) else { unreachable!("looked up above") };
        match ledger.slot_mut(index) {
            Some(slot) => *slot = Slot { place: Place::Repairing, ..queued_slot(&frame) },
            None => ledger.push(queued_slot(&frame)),
        }
        Ok(self.push(!Rule::RepairDurable.is_broken(), Work::Frame(frame)))
    }

    /// Whether the ledger's writer can still append. A store that takes no seals has no say, and one that may have lost one
    /// has none either.
    pub(super) fn is_open(&self, id: LedgerId) -> Result<bool, StoreError> {
        self.check_open()?;
        self.check_intact()?;
        let sealed = self.ledgers.get(&id).is_some_and(|ledger| ledger.sealed);
        Ok(!sealed && !self.forgotten.contains(id))
    }

    /// S3. The returned answer is the truth once the wait is over.
    pub(super) fn seal(
        &mut self,
        config: &StoreConfig,
        id: LedgerId,
        mode: Mode,
    ) -> Result<(SealAnswer, Answer), StoreError> {
        self.check_open()?;
        self.check_known(id)?;
        let may_deny_unknown = self.may_deny_unknown(mode) || config.limbo_authoritative();
        let ledger = self.ledgers.entry(id).or_insert_with(|| {
            // S5: unknown here, tail 0 is the truth, unless this store may have forgotten.
            let mut ledger = Ledger::new(mode);
            ledger.doubt = !may_deny_unknown;
            ledger
        });
        if ledger.mode != mode {
            return Err(StoreError::WrongMode { ledger: id, expected: ledger.mode, found: mode });
        }
        let work = if ledger.sealed {
            Work::Barrier
        } else {
            ledger.sealed = true;
            Work::Record(Record::Seal(ledger.mark(id)))
        };
        let tail = if Rule::SealQueues.is_broken() { ledger.written_mark(id).tail } else { ledger.tail() };
        let answer = SealAnswer {
            tail,
            trim: ledger.trim(),
            authoritative: !ledger.doubt || config.limbo_authoritative(),
            missing: ledger.missing(),
        };
        Ok((answer, self.push(!config.seal_not_durable(), work)))
    }

    /// Whether a ledger that this store has never heard of has no frames here for sure.
    fn may_deny_unknown(&self, mode: Mode) -> bool {
        self.lost_entries.is_empty() && (mode.syncs() || !self.lost_power)
    }

    pub(super) fn trim(&mut self, id: LedgerId, trim: Trim) -> Result<Option<Answer>, StoreError> {
        self.check_open()?;
        if self.forgotten.contains(id) {
            return Ok(None);
        }
        let record = match trim {
            Trim::Forget => {
                // From here on nothing more is accepted for it.
                if let Some(ledger) = self.ledgers.get_mut(&id) {
                    ledger.sealed = true;
                }
                Record::Forget(id)
            }
            Trim::Before(before) => {
                let Some(ledger) = self.ledgers.get(&id) else { return Ok(None) };
                let before = if ledger.sealed { before } else { before.min(ledger.tail()) };
                if before <= ledger.trim() {
                    return Ok(None);
                }
                Record::Trim { ledger: id, before }
            }
        };
        Ok(Some(self.push(true, Work::Record(record))))
    }

    /// Queues a job that needs no check.
    pub(super) fn push(&mut self, sync: bool, work: Work) -> Answer {
        let (reply, answer) = oneshot::channel();
        let job = Job { work, reply, number: self.next_number };
        self.next_number += 1;
        self.queued += job.size();
        let queue = if sync { &mut self.synced } else { &mut self.received };
        queue.push_back(job);
        answer
    }

    fn check_space(&self, config: &StoreConfig, frame: &Frame) -> Result<(), StoreError> {
        let size = padded(frame.encoded().len() as u32);
        let usable = self.usable_per_file(config);
        if size > usable {
            let size = frame.encoded().len() as u64;
            return Err(StoreError::TooLarge { size, limit: usable });
        }
        let wanted = self.queued + size;
        // Frames do not straddle files: in the worst case each file is filled a little more than half.
        let files = usize::try_from((2 * wanted).div_ceil(usable)).unwrap_or(usize::MAX);
        let left = self.files.available(config).saturating_sub(RESERVED_FILES);
        if wanted > self.files.left_in_active() && files > left {
            let (used, capacity) = (self.used(config), self.files.capacity(config));
            return Err(StoreError::Full { used, capacity });
        }
        Ok(())
    }

    /// Bytes for frames in a fresh file: less its header, the checkpoint at its start (with room to grow) and its end.
    fn usable_per_file(&self, config: &StoreConfig) -> u64 {
        let other = u64::from(FIRST_ENTRY) + self.checkpoint_bound() + padded(0);
        u64::from(config.file_size).saturating_sub(other)
    }

    /// Bytes that a checkpoint takes at most, with room for ledgers to come.
    pub(super) fn checkpoint_bound(&self) -> u64 {
        let entries = self.ledgers.len() as u64 + self.forgotten.len() as u64;
        entries * Checkpoint::ENTRY_BOUND + CHECKPOINT_SLACK
    }

    /// Bytes of the log that hold something, or soon will.
    pub(super) fn used(&self, config: &StoreConfig) -> u64 {
        self.files.used(config) + self.queued
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            boot_id: self.boot_id.clone(),
            lost_power: self.lost_power,
            lost_entries: self.lost_entries.clone(),
            ledgers: self.ledgers.iter().map(|(id, ledger)| ledger.written_mark(*id)).collect(),
            forgotten: self.forgotten.ranges(),
        }
    }

    /// After a write: the frame can be read.
    pub(super) fn place(&mut self, frame: &Frame, lsn: Lsn) {
        let Some(ledger) = self.ledgers.get_mut(&frame.ledger()) else { return };
        // Trimmed or forgotten while it was on its way.
        let Some(slot) = ledger.slot_mut(frame.index()) else { return };
        assert!(matches!(slot.place, Place::Queued | Place::Repairing), "a frame is written once");
        slot.place = Place::At(lsn);
        self.files.gained(lsn);
    }

    /// Ends everything that waits.
    pub(super) fn drop_queues(&mut self, reason: &StoreError) {
        self.queued = 0;
        for job in mem::take(&mut self.synced).into_iter().chain(mem::take(&mut self.received)) {
            // Whoever does not wait any more does not need the answer.
            let _ = job.reply.send(Err(reason.clone()));
        }
    }

    /// After a record is durable.
    pub(super) fn apply(&mut self, record: &Record) {
        let gone = match record {
            Record::Trim { ledger, before } => {
                let Some(ledger) = self.ledgers.get_mut(ledger) else { return };
                ledger.trim_to(*before)
            }
            Record::Forget(id) => {
                self.forgotten.insert(*id);
                let Some(mut ledger) = self.ledgers.remove(id) else { return };
                let tail = ledger.tail();
                ledger.trim_to(tail)
            }
            _ => return,
        };
        for slot in gone {
            if let Place::At(lsn) = slot.place {
                self.files.lost(lsn);
            }
        }
    }
}

fn queued_slot(frame: &Frame) -> Slot {
    let content = Content { header: *frame.header(), directory: Arc::clone(frame.headers()) };
    Slot { place: Place::Queued, content: Some(content) }
}
