//! What happens when a frame is committed: watermarks move, fetchers wake, the tail grows.

use std::sync::{Arc, Weak};

use esker_core::{EntryKind, FrameIndex, LedgerId, Mode, shard_map::shard_of};
use esker_wal::{CommitSink, CommittedFrame, Descriptor, LogStore, WriterClosed};

use crate::{log::Inner, partition::FrameRef};

/// The log as its writers see it. Weak: writers do not keep a closed log alive.
pub(crate) struct Sink {
    pub(crate) log: Weak<Inner>,
    /// Of its lane.
    pub(crate) mode: Mode,
}

impl CommitSink for Sink {
    fn committed(&self, frame: CommittedFrame) {
        let Some(inner) = self.log.upgrade() else { return };
        // Into the tail first: whoever the new watermark wakes finds the bytes in memory.
        inner.tail.push(frame.ledger, frame.index, frame.payload);
        let now = inner.env.clock.now();
        let frame = Arc::new(FrameRef {
            ledger: frame.ledger,
            index: frame.index,
            headers: frame.headers,
            written: Some((self.mode, frame.last)),
            since: now,
        });
        let mut wake = Vec::new();
        let mut position = 0;
        let mut slot = 0;
        // One lock for each run of entries of the same shard.
        while slot < frame.headers.len() {
            let id = shard_of(frame.headers[slot].partition, inner.shards.len());
            let shard = inner.shards.get(id).expect("only owned shards append");
            let mut state = shard.state.lock();
            while let Some(header) = frame.headers.get(slot) {
                if shard_of(header.partition, inner.shards.len()) != id {
                    break;
                }
                // A row is missing only when its topic was deleted meanwhile.
                if let Some(row) = state.rows.get_mut(&header.partition) {
                    wake.extend(row.committed(&frame, slot as u32, position));
                    if header.kind == EntryKind::Batch {
                        state.unarchived_bytes += u64::from(header.length);
                        state.unarchived_batches += 1;
                        state.unarchived_since.get_or_insert(now);
                        inner.pressure.batches_added(1);
                    }
                }
                position += header.length;
                slot += 1;
            }
        }
        for waiter in wake {
            waiter.notify_one();
        }
    }

    fn rolled(&self, old: LedgerId, end: FrameIndex, new: &Descriptor, _: &[Arc<dyn LogStore>]) {
        let Some(inner) = self.log.upgrade() else { return };
        inner.stores.add_ledger(new.ledger, &new.copyset);
        inner.rolled.lock().insert(old, end);
    }

    fn closed(&self, reason: &WriterClosed) {
        if let Some(inner) = self.log.upgrade() {
            inner.closed(&reason.to_string());
        }
    }
}
