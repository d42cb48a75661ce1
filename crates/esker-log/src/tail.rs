//! The memory tail: payloads of recently committed frames, so that consumers who keep up never touch the disk.

use std::collections::VecDeque;

use bytes::Bytes;
use esker_core::{FastMap, FrameIndex, LedgerId};
use parking_lot::Mutex;

/// Recent payloads, oldest out first, within a budget of bytes.
#[derive(Debug)]
pub(crate) struct Tail {
    budget: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    order: VecDeque<(LedgerId, FrameIndex)>,
    frames: FastMap<(LedgerId, FrameIndex), Bytes>,
    bytes: usize,
}

impl Tail {
    /// An empty tail that keeps up to `budget` bytes.
    #[must_use]
    pub(crate) fn new(budget: usize) -> Self {
        Self { budget, inner: Mutex::default() }
    }

    /// Adds a frame's payload; the oldest leave until the budget holds again. A payload above the budget is not kept.
    pub(crate) fn push(&self, ledger: LedgerId, index: FrameIndex, payload: Bytes) {
        if payload.len() > self.budget {
            return;
        }
        let mut evicted = Vec::new(); // dropped after the lock: freeing megabytes takes a while
        let mut inner = self.inner.lock();
        inner.bytes += payload.len();
        inner.order.push_back((ledger, index));
        evicted.extend(inner.frames.insert((ledger, index), payload));
        while inner.bytes > self.budget {
            let oldest = inner.order.pop_front().expect("bytes over budget belong to some frame");
            let gone = inner.frames.remove(&oldest).expect("every frame in the order is in the map");
            inner.bytes -= gone.len();
            evicted.push(gone);
        }
        drop(inner);
        drop(evicted);
    }

    /// A frame's payload, if it is still here.
    #[must_use]
    pub(crate) fn get(&self, ledger: LedgerId, index: FrameIndex) -> Option<Bytes> {
        self.inner.lock().frames.get(&(ledger, index)).cloned()
    }

    /// Bytes held.
    #[must_use]
    pub(crate) fn bytes(&self) -> usize {
        self.inner.lock().bytes
    }
}

#[cfg(test)]
mod tests {
    use esker_core::BrokerId;

    use super::*;

    #[test]
    fn the_oldest_leave_first_and_the_budget_holds() {
        let tail = Tail::new(100);
        let ledger = LedgerId { broker: BrokerId(1), number: 1 };
        for index in 0..10 {
            tail.push(ledger, FrameIndex(index), Bytes::from(vec![0; 30]));
            assert!(tail.bytes() <= 100);
        }
        assert_eq!(tail.get(ledger, FrameIndex(6)), None);
        assert!(tail.get(ledger, FrameIndex(7)).is_some());
        tail.push(ledger, FrameIndex(10), Bytes::from(vec![0; 101]));
        assert_eq!((tail.get(ledger, FrameIndex(10)), tail.bytes()), (None, 90));
    }
}
