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
    BatchHeader, Offset, ProducerId,
    producer::{AbortedTxn, ProducerState},
};

/// Says that a transaction was looked up at its coordinator while no other of its producer ended here. Worth nothing once
/// one does: what was looked up may be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxnGuard(u64);

/// Guards that are kept; whoever comes back later looks its transaction up again.
const GUARDS: usize = 1_000;

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
    /// Of producers that are being looked up.
    guards: BTreeMap<ProducerId, u64>,
    /// The newest guard.
    guard: u64,
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
        let Some(known) = &mut self.0 else { return };
        known.guards.remove(&header.producer);
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

    /// Takes note of a new high watermark: transactions whose marker lies below it are over.
    pub(crate) fn committed(&mut self, high_watermark: Offset) {
        if let Some(known) = &mut self.0 {
            known.unstable.retain(|_, marker| marker.is_none_or(|marker| marker >= high_watermark));
        }
    }

    /// The offset after the last record that readers of committed records may have.
    pub(crate) fn last_stable(&self, high_watermark: Offset) -> Offset {
        let oldest = self.0.as_ref().and_then(|known| known.unstable.first_key_value());
        oldest.map_or(high_watermark, |(first, _)| high_watermark.min(*first))
    }

    /// Whether the producer has an open transaction here.
    pub(crate) fn is_open(&self, producer: ProducerId) -> bool {
        self.0.as_ref().is_some_and(|known| known.open.contains_key(&producer))
    }

    /// The guard under which a producer's transaction may begin here, once its coordinator says that it may; `None` when
    /// it has begun.
    pub(crate) fn guard(&mut self, producer: ProducerId) -> Option<TxnGuard> {
        let known = self.0.get_or_insert_default();
        if known.open.contains_key(&producer) {
            return None;
        }
        if known.guards.len() >= GUARDS && !known.guards.contains_key(&producer) {
            known.guards.pop_first();
        }
        known.guard += 1;
        // Those that look it up at the same time share one.
        Some(TxnGuard(*known.guards.entry(producer).or_insert(known.guard)))
    }

    /// Whether a producer's transaction may begin here.
    pub(crate) fn may_begin(&self, producer: ProducerId, guard: Option<TxnGuard>) -> bool {
        let known = self.0.as_ref().and_then(|known| known.guards.get(&producer));
        known.is_some_and(|known| guard == Some(TxnGuard(*known)))
    }

    /// The first offset of each open transaction, by producer.
    pub(crate) fn open(&self) -> impl Iterator<Item = (ProducerId, Offset)> {
        self.0.iter().flat_map(|known| known.open.iter().map(|(producer, first)| (*producer, *first)))
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
