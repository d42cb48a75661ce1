//! One partition's row: its offsets, epochs, producers, and where its batches lie in the local log.
//!
//! A row is plain data under its shard's lock. Ten thousand of them must be cheap: an idle row is a few hundred bytes
//! and has no task, timer or channel of its own.

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc};

use esker_core::{
    BatchHeader, EntryKind, Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ProducerId,
};
use esker_env::Monotonic;
use esker_wal::Ticket;
use tokio::sync::Notify;

use crate::{
    offsets::Offsets,
    producers::{ProducerError, ProducerTable},
    transactions::{Transactions, TxnGuard, TxnWrite},
};

/// A committed frame of the local log, as rows refer to it.
#[derive(Debug)]
pub(crate) struct FrameRef {
    /// Its ledger.
    pub(crate) ledger: LedgerId,
    /// Its index there.
    pub(crate) index: FrameIndex,
    /// Its directory.
    pub(crate) headers: Arc<[BatchHeader]>,
    /// Who can tell how many stores have it: the lane of this mode, by this ticket. `None` for what this session did not
    /// write, or had no row for when it did.
    pub(crate) written: Option<(Mode, Ticket)>,
    /// When it was committed; what an earlier session wrote: when this one found it.
    pub(crate) since: Monotonic,
}

/// A batch in the local log.
#[derive(Clone, Debug)]
pub(crate) struct LocalBatch {
    /// Offset of its first record (copied out of the header: searches stay in one array).
    pub(crate) base_offset: Offset,
    /// Its frame.
    pub(crate) frame: Arc<FrameRef>,
    /// Its number in the frame's directory.
    pub(crate) slot: u32,
    /// Where its bytes begin in the frame's payload.
    pub(crate) position: u32,
}

impl LocalBatch {
    /// Its directory entry.
    #[must_use]
    pub(crate) fn header(&self) -> &BatchHeader {
        &self.frame.headers[self.slot as usize]
    }
}

/// A partition's row.
#[derive(Debug)]
pub(crate) struct Partition {
    /// The partition.
    pub(crate) id: PartitionId,
    /// First offset a client may read.
    pub(crate) log_start: Offset,
    /// Offset after the last committed record.
    pub(crate) high_watermark: Offset,
    /// Offset after the last appended record, committed or not.
    pub(crate) log_end: Offset,
    /// Where each leader epoch starts, ascending in both.
    pub(crate) epochs: Vec<(Epoch, Offset)>,
    /// Producers as of `log_end`.
    pub(crate) producers: ProducerTable,
    /// Transactions as of `log_end`.
    pub(crate) transactions: Transactions,
    /// The lane of the newest append; a partition changes lanes only when nothing of it is in flight.
    pub(crate) lane: Option<Mode>,
    /// Committed batches that the local log still has, ascending and contiguous.
    pub(crate) local: VecDeque<LocalBatch>,
    /// Bytes of `local`.
    pub(crate) local_bytes: u64,
    /// Offset after the last record that a committed object holds.
    pub(crate) archived_end: Offset,
    /// Producers as of `archived_end`: what the next object's snapshot continues from.
    pub(crate) archived_producers: ProducerTable,
    /// The frame with a log start that no manifest holds yet.
    pub(crate) unsaved_start: Option<Arc<FrameRef>>,
    /// Who wants to know when the high watermark moves next.
    waiters: Vec<Arc<Notify>>,
}

impl Partition {
    /// The row of a partition that has never been written.
    #[must_use]
    pub(crate) fn new(id: PartitionId) -> Self {
        let zero = Offset(0);
        Self {
            id,
            log_start: zero,
            high_watermark: zero,
            log_end: zero,
            epochs: Vec::new(),
            producers: ProducerTable::default(),
            transactions: Transactions::default(),
            lane: None,
            local: VecDeque::new(),
            local_bytes: 0,
            archived_end: zero,
            archived_producers: ProducerTable::default(),
            unsaved_start: None,
            waiters: Vec::new(),
        }
    }

    /// The row's offsets as a client may see them.
    #[must_use]
    pub(crate) fn offsets(&self, epoch: Epoch) -> Offsets {
        Offsets {
            log_start: self.log_start,
            high_watermark: self.high_watermark,
            // Records of an open transaction may be deleted like any others.
            last_stable: self.transactions.last_stable(self.high_watermark).max(self.log_start),
            log_end: self.log_end,
            epoch,
        }
    }

    /// Whether the producer has a transaction here that it began with this epoch.
    fn is_in_transaction(&self, producer: ProducerId, epoch: i16) -> bool {
        self.transactions.is_open(producer)
            && self.producers.get(producer).is_some_and(|state| state.epoch == epoch)
    }

    /// What a transaction's first batch needs, see [`crate::Log::guard`].
    pub(crate) fn guard(&mut self, write: TxnWrite, fresh: impl FnOnce() -> TxnGuard) -> Option<TxnGuard> {
        (!self.is_in_transaction(write.producer, write.epoch))
            .then(|| self.transactions.guard(write, fresh()))
    }

    /// Whether a marker has nothing to say any more: it, or another one of its epoch, was appended before.
    ///
    /// # Errors
    /// As [`ProducerTable::check_marker`].
    pub(crate) fn has_marker(&self, marker: &BatchHeader, bumped: bool) -> Result<bool, ProducerError> {
        let BatchHeader { producer, producer_epoch, coordinator_epoch, .. } = *marker;
        self.producers.check_marker(producer, producer_epoch, coordinator_epoch)?;
        // Without a transaction it still says the epoch: what the producer sent before it is too late from here on.
        let Some(state) = self.producers.get(producer).filter(|state| state.epoch == producer_epoch) else {
            return Ok(false);
        };
        // Of the very epoch that is open, and of a newer one than its transaction: a late copy. The transaction that it ended
        // was of the epoch before, and the next one is under way. Where the next one has the same epoch, a newer coordinator's
        // is written again: what the one before may still send must not end that.
        let is_fenced = state.coordinator_epoch >= coordinator_epoch;
        Ok(bumped || (is_fenced && !self.transactions.is_open(producer)))
    }

    /// Whether a batch would be the first of its producer's transaction here.
    pub(crate) fn needs_guard(&self, header: &BatchHeader) -> bool {
        let of_transaction = header.is_transactional() && header.marker().is_none();
        of_transaction && !self.is_in_transaction(header.producer, header.producer_epoch)
    }

    /// Whether a batch fits the transactions that are open here.
    ///
    /// # Errors
    /// [`ProducerError::NoTransaction`], [`ProducerError::InTransaction`], and [`ProducerError::OutOfOrder`] for one that
    /// would overtake the transaction's first batch.
    pub(crate) fn may_write(
        &self,
        header: &BatchHeader,
        guard: Option<TxnGuard>,
    ) -> Result<(), ProducerError> {
        let producer = header.producer;
        if header.marker().is_some() {
            return Ok(());
        }
        if !header.is_transactional() {
            let inside = self.transactions.is_open(producer);
            return if inside { Err(ProducerError::InTransaction { producer }) } else { Ok(()) };
        }
        if !self.needs_guard(header) {
            return Ok(());
        }
        let Some((lowest, bumps)) = self.transactions.may_begin(producer, guard) else {
            return Err(ProducerError::NoTransaction { producer });
        };
        let known = self.producers.get(producer).is_some_and(|state| !state.batches.is_empty());
        let most = if bumps && !known { 0 } else { lowest };
        let got = header.base_sequence;
        if got > most { Err(ProducerError::OutOfOrder { producer, got, expected: most }) } else { Ok(()) }
    }

    /// Takes note that an append has been given to a lane. `header` carries its assigned offset and epoch.
    pub(crate) fn appended(&mut self, header: &BatchHeader, now: i64) {
        assert_eq!(header.base_offset, self.log_end, "appends are contiguous");
        if self.epochs.last().is_none_or(|&(epoch, _)| epoch < header.epoch) {
            self.epochs.push((header.epoch, header.base_offset));
        }
        self.producers.apply(header, now);
        self.transactions.appended(header);
        self.log_end = header.next_offset();
    }

    /// Takes note that an entry is committed: moves the high watermark (or the log start) and hands back who waits.
    pub(crate) fn committed(&mut self, frame: &Arc<FrameRef>, slot: u32, position: u32) -> Vec<Arc<Notify>> {
        let header = &frame.headers[slot as usize];
        match header.kind {
            EntryKind::Batch => {
                assert_eq!(header.base_offset, self.high_watermark, "commits are contiguous in {}", self.id);
                self.high_watermark = header.next_offset();
                assert!(self.high_watermark <= self.log_end, "only what was appended is committed");
                self.transactions.committed(self.high_watermark);
                self.push_local(frame, slot, position);
            }
            EntryKind::LogStart => {
                if header.base_offset > self.log_start {
                    assert!(header.base_offset <= self.high_watermark, "a log start is a committed offset");
                    self.log_start = header.base_offset;
                    self.unsaved_start = Some(Arc::clone(frame));
                }
            }
        }
        std::mem::take(&mut self.waiters)
    }

    /// Applies a directory entry found while opening: as if appended and committed in one go.
    ///
    /// # Errors
    /// When records before it are missing.
    pub(crate) fn replay(
        &mut self,
        frame: &Arc<FrameRef>,
        slot: u32,
        position: u32,
        now: i64,
    ) -> Result<(), Gap> {
        let header = &frame.headers[slot as usize];
        if header.kind == EntryKind::LogStart {
            if header.base_offset > self.log_start {
                self.log_start = header.base_offset;
                self.unsaved_start = Some(Arc::clone(frame));
            }
            return Ok(());
        }
        if header.next_offset() <= self.log_end {
            return Ok(()); // an object, or another ledger's copy of an unacked frame, already has it
        }
        if header.base_offset != self.log_end {
            return Err(Gap { partition: self.id, expected: self.log_end, found: header.base_offset });
        }
        self.appended(header, now);
        self.high_watermark = self.log_end;
        self.transactions.committed(self.high_watermark);
        self.push_local(frame, slot, position);
        Ok(())
    }

    fn push_local(&mut self, frame: &Arc<FrameRef>, slot: u32, position: u32) {
        let header = &frame.headers[slot as usize];
        self.local_bytes += u64::from(header.length);
        self.local.push_back(LocalBatch {
            base_offset: header.base_offset,
            frame: Arc::clone(frame),
            slot,
            position,
        });
    }

    /// The index in `local` of the batch that holds `offset`, if the local log has it.
    #[must_use]
    pub(crate) fn find_local(&self, offset: Offset) -> Option<usize> {
        let after = self.local.partition_point(|batch| batch.base_offset <= offset);
        let at = after.checked_sub(1)?;
        (self.local[at].header().last_offset() >= offset).then_some(at)
    }

    /// Batches that no object holds yet: the index in `local` where they begin.
    #[must_use]
    pub(crate) fn unarchived(&self) -> usize {
        self.local.partition_point(|batch| batch.base_offset < self.archived_end)
    }

    /// The log start, if the manifest does not have it and may: one beyond what objects hold stays in the ledger until
    /// they get there, because a manifest must not promise more than a lost log leaves.
    #[must_use]
    pub(crate) fn start_to_save(&self) -> Option<Offset> {
        (self.unsaved_start.is_some() && self.log_start <= self.archived_end).then_some(self.log_start)
    }

    /// Forgets local batches that objects hold and whose frames the log has trimmed.
    pub(crate) fn drop_trimmed(&mut self, is_trimmed: impl Fn(LedgerId, FrameIndex) -> bool) {
        while let Some(first) = self.local.front() {
            if !is_trimmed(first.frame.ledger, first.frame.index) {
                break;
            }
            assert!(
                first.header().next_offset() <= self.archived_end,
                "only archived batches are trimmed: {} at {} of {}",
                self.id,
                first.base_offset,
                self.archived_end
            );
            self.local_bytes -= u64::from(first.header().length);
            self.local.pop_front();
        }
        let first_local = self.local.front().map_or(self.archived_end, |batch| batch.base_offset);
        self.transactions.forget_before(first_local.min(self.archived_end));
    }

    /// Asks to be told when the high watermark moves next (or the row goes).
    pub(crate) fn watch(&mut self, waiter: &Arc<Notify>) {
        if !self.waiters.iter().any(|known| Arc::ptr_eq(known, waiter)) {
            // A fetcher that gave up leaves its entry behind until the next move: sweep before the list grows.
            if self.waiters.len() >= 64 && self.waiters.len().is_power_of_two() {
                self.waiters.retain(|known| Arc::strong_count(known) > 1);
            }
            self.waiters.push(Arc::clone(waiter));
        }
    }

    /// Everyone who waits, when the row goes away.
    #[must_use]
    pub(crate) fn take_waiters(&mut self) -> Vec<Arc<Notify>> {
        std::mem::take(&mut self.waiters)
    }
}

/// Records are missing between what the manifest and the ledgers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("partition {partition} has no record {expected}: the next one in its ledgers is {found}")]
pub struct Gap {
    /// The partition.
    pub partition: PartitionId,
    /// The first missing offset.
    pub expected: Offset,
    /// The first offset after the hole.
    pub found: Offset,
}
