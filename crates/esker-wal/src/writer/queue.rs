//! Batches that wait for a frame.

use std::{collections::VecDeque, mem};

use esker_env::Monotonic;

use super::{LaneConfig, PendingBatch, Ticket, WriterClosed};

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<PendingBatch>,
    /// Since when each of them does.
    since: VecDeque<Monotonic>,
    /// Sizes of what waits, added up.
    bytes: usize,
    /// The last ticket given out.
    last: u64,
    closed: Option<WriterClosed>,
}

impl Queue {
    /// Adds a batch; also says whether the task has to hear of it.
    pub(super) fn push(
        &mut self,
        batch: PendingBatch,
        now: Monotonic,
        window_bytes: usize,
    ) -> Result<(Ticket, bool), WriterClosed> {
        if let Some(closed) = &self.closed {
            return Err(closed.clone());
        }
        let was = self.bytes;
        self.bytes += batch.size();
        let wake = self.waiting.is_empty() || (was < window_bytes && self.bytes >= window_bytes);
        self.waiting.push_back(batch);
        self.since.push_back(now);
        self.last += 1;
        Ok((Ticket(self.last), wake))
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the batches of the next frame; their payload bytes, and the last one's ticket.
    pub(super) fn take(
        &mut self,
        lane: &LaneConfig,
        now: Monotonic,
    ) -> (VecDeque<PendingBatch>, usize, Ticket) {
        let (mut count, mut payload) = (0, 0);
        for batch in self.waiting.iter().take(lane.frame_entries) {
            if count > 0 && payload + batch.bytes.len() > lane.frame_bytes {
                break;
            }
            payload += batch.bytes.len();
            count += 1;
        }
        let rest = self.waiting.split_off(count);
        let taken = mem::replace(&mut self.waiting, rest);
        for since in self.since.drain(..count) {
            lane.watch.metrics.queue.observe(now - since);
        }
        self.bytes -= taken.iter().map(PendingBatch::size).sum::<usize>();
        let ticket = Ticket(self.last - self.waiting.len() as u64);
        (taken, payload, ticket)
    }

    /// Takes no more; what waits stays.
    pub(super) fn drain(&mut self) {
        self.closed.get_or_insert(WriterClosed::Closed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.closed.is_some()
    }

    /// Takes no more and drops what waits; returns its size.
    pub(super) fn close(&mut self, reason: WriterClosed) -> usize {
        self.closed.get_or_insert(reason);
        self.waiting.clear();
        self.since.clear();
        mem::take(&mut self.bytes)
    }
}
