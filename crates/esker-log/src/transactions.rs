//! A partition's transactions: up to where readers of committed records may go, and which transactions were aborted.
//!
//! All of it follows from the directory entries: a transaction begins with its producer's first transactional batch and
//! ends with a marker, a control batch (Kafka's record format, version 2). The last stable offset is the first offset of
//! the oldest transaction that is open or whose marker is not committed yet.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque, btree_map},
    ops::Range,
};

use esker_core::{
    BatchHeader, Epoch, Offset, ProducerId,
    producer::{AbortedTxn, ProducerState},
};
use esker_env::Rule;

/// Says that a transaction was looked up at its coordinator while no other of its producer ended here. Worth nothing once
/// one does: what was looked up may be over. Nor is it once the shard has been elsewhere: it may have ended there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxnGuard {
    /// Under which the shard was owned when the lookup began.
    pub(crate) epoch: Epoch,
    /// One for each that the shard has given out under this epoch, never twice.
    pub(crate) number: u64,
}

/// A batch that may be the first of its producer's transaction in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxnWrite {
    /// Who wrote it.
    pub producer: ProducerId,
    /// With which epoch.
    pub epoch: i16,
    /// The sequence number of its first record.
    pub sequence: i32,
    /// The producer's epoch is a new one with each transaction, so that sequence numbers begin at 0 (second protocol).
    pub bumps: bool,
}

/// Guards that are kept; whoever comes back later looks its transaction up again.
const GUARDS: usize = 1_000;

/// A producer whose transaction is being looked up.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    guard: TxnGuard,
    epoch: i16,
    /// The lowest sequence number that came with this epoch: a later batch must not overtake one that was refused.
    lowest: i32,
    bumps: bool,
}

/// The transactions of one partition as of its log end. A partition that never had one costs one pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transactions(Option<Box<Known>>);

#[derive(Clone, Debug, Default)]
struct Known {
    /// The first offset of each producer's open transaction.
    open: BTreeMap<ProducerId, Offset>,
    /// By first offset, transactions that are open or whose marker is not committed: the marker's offset, once it is
    /// appended.
    unstable: BTreeMap<Offset, Option<Offset>>,
    /// Aborted ones, by the offset of their markers: those that no object says or that local reads may need.
    aborted: VecDeque<AbortedTxn>,
    /// Producers that are being looked up.
    guards: BTreeMap<ProducerId, Awaited>,
}

impl Transactions {
    /// Those that are open in a snapshot.
    pub(crate) fn from_snapshot(producers: &[ProducerState]) -> Self {
        let mut made = Self::default();
        for state in producers {
            if let Some(first) = state.current_txn_first_offset {
                made.begin(state.producer, first);
            }
        }
        made
    }

    fn begin(&mut self, producer: ProducerId, first: Offset) {
        let known = self.0.get_or_insert_default();
        known.guards.remove(&producer);
        if let btree_map::Entry::Vacant(entry) = known.open.entry(producer) {
            entry.insert(first);
            known.unstable.insert(first, None);
        }
    }

    /// Takes note of a batch that was appended; entries come in offset order.
    pub(crate) fn appended(&mut self, header: &BatchHeader) {
        let Some(commit) = header.marker() else {
            if header.is_transactional() && header.control_type < 0 {
                self.begin(header.producer, header.base_offset);
            }
            return;
        };
        self.end_guard(header);
        let Some(known) = &mut self.0 else { return };
        // A marker without a transaction: the producer wrote nothing here, or the marker was sent again.
        let Some(first) = known.open.remove(&header.producer) else { return };
        let marker = known.unstable.insert(first, Some(header.base_offset));
        assert_eq!(marker, Some(None), "an open transaction has no marker yet");
        if !commit {
            known.aborted.push_back(AbortedTxn {
                producer: header.producer,
                first_offset: first,
                last_offset: header.base_offset,
            });
        }
    }

    /// Takes note of a marker, written or not: a transaction that is being looked up may be the one that it ended. Where
    /// each transaction has an epoch of its own, it ended an older one unless it brings a newer epoch.
    pub(crate) fn end_guard(&mut self, marker: &BatchHeader) {
        let Some(known) = &mut self.0 else { return };
        let is_older = |awaited: &Awaited| awaited.bumps && marker.producer_epoch <= awaited.epoch;
        if !known.guards.get(&marker.producer).is_some_and(is_older) {
            known.guards.remove(&marker.producer);
        }
    }

    /// Takes note of a new high watermark: transactions whose marker lies below it are over.
    pub(crate) fn committed(&mut self, high_watermark: Offset) {
        if let Some(known) = &mut self.0 {
            known.unstable.retain(|_, marker| marker.is_none_or(|marker| marker >= high_watermark));
        }
    }

    /// The offset after the last record that readers of committed records may have.
    pub(crate) fn last_stable(&self, high_watermark: Offset) -> Offset {
        if Rule::OpenHidden.is_broken() {
            return high_watermark;
        }
        let oldest = self.0.as_ref().and_then(|known| known.unstable.first_key_value());
        oldest.map_or(high_watermark, |(first, _)| high_watermark.min(*first))
    }

    /// Whether the producer has an open transaction here.
    pub(crate) fn is_open(&self, producer: ProducerId) -> bool {
        self.0.as_ref().is_some_and(|known| known.open.contains_key(&producer))
    }

    /// The guard under which a producer's transaction may begin here, once its coordinator says that it may: `fresh`,
    /// unless the producer is being looked up already.
    pub(crate) fn guard(&mut self, write: TxnWrite, fresh: TxnGuard) -> TxnGuard {
        let known = self.0.get_or_insert_default();
        if known.guards.len() >= GUARDS && !known.guards.contains_key(&write.producer) {
            let oldest =
                known.guards.iter().min_by_key(|(_, awaited)| awaited.guard.number).map(|(id, _)| *id);
            known.guards.remove(&oldest.expect("there are many"));
        }
        let TxnWrite { producer, epoch, sequence, bumps } = write;
        let new = Awaited { guard: fresh, epoch, lowest: sequence, bumps };
        // Those that look it up at the same time share one.
        let awaited = known.guards.entry(producer).or_insert(new);
        if awaited.epoch < epoch {
            *awaited = Awaited { guard: awaited.guard, ..new };
        } else if awaited.epoch == epoch {
            awaited.lowest = awaited.lowest.min(sequence);
        }
        awaited.guard
    }

    /// Whether a producer's transaction may begin here under this guard, and with which sequence number at most; and
    /// whether the producer has another epoch in each of its transactions.
    pub(crate) fn may_begin(&self, producer: ProducerId, guard: Option<TxnGuard>) -> Option<(i32, bool)> {
        let awaited = self.0.as_ref()?.guards.get(&producer)?;
        (guard == Some(awaited.guard)).then_some((awaited.lowest, awaited.bumps))
    }

    /// Aborted transactions with an offset in `read`, of those that are kept here. All markers are asked for, also
    /// those behind `read`: where it ends at the last stable offset, every transaction in it has one.
    pub(crate) fn aborted_in(&self, read: Range<Offset>) -> Vec<AbortedTxn> {
        let Some(known) = &self.0 else { return Vec::new() };
        let from = known.aborted.partition_point(|txn| txn.last_offset < read.start);
        known.aborted.range(from..).filter(|txn| txn.first_offset < read.end).copied().collect()
    }

    /// Aborted transactions whose markers lie in `offsets`: what an object of these says.
    pub(crate) fn aborted_by(&self, offsets: Range<Offset>) -> Vec<AbortedTxn> {
        let Some(known) = &self.0 else { return Vec::new() };
        let from = known.aborted.partition_point(|txn| txn.last_offset < offsets.start);
        let by = known.aborted.range(from..).take_while(|txn| txn.last_offset < offsets.end);
        by.copied().collect()
    }

    /// Forgets aborted transactions whose markers lie before `offset`: objects say them, and no local read needs them.
    pub(crate) fn forget_before(&mut self, offset: Offset) {
        let Some(known) = &mut self.0 else { return };
        let gone = known.aborted.partition_point(|txn| txn.last_offset < offset);
        known.aborted.drain(..gone);
        let Known { open, unstable, aborted, guards, .. } = &**known;
        if open.is_empty() && unstable.is_empty() && aborted.is_empty() && guards.is_empty() {
            self.0 = None;
        }
    }
}
