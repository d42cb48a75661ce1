//! Bytes of group state in memory, over all partitions: what clients bring stays as long as the groups do, so it is
//! counted and bounded. Counts are estimates from above of what was brought, with a fixed part for the structures around it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Around a group.
pub(crate) const GROUP: usize = 1024;
/// Around a member.
pub(crate) const MEMBER: usize = 512;
/// Around a committed offset.
pub(crate) const OFFSET: usize = 192;

/// One shard's part of the bytes that all shards use together; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    all: Arc<AtomicUsize>,
    here: usize,
}

impl Usage {
    /// A shard's part, of nothing yet.
    pub(crate) fn of(all: &Arc<AtomicUsize>) -> Self {
        Self { all: Arc::clone(all), here: 0 }
    }

    /// Something of `before` bytes has `after` bytes now.
    pub(crate) fn change(&mut self, before: usize, after: usize) {
        self.here = (self.here + after).checked_sub(before).expect("only what was counted goes");
        self.all.fetch_add(after, Ordering::Relaxed);
        self.all.fetch_sub(before, Ordering::Relaxed);
    }

    /// Bytes left below a limit. Shards that ask at the same time may each use them: the limit may be passed by as
    /// many requests as there are partitions.
    pub(crate) fn room(&self, limit: usize) -> usize {
        limit.saturating_sub(self.all.load(Ordering::Relaxed))
    }

    #[cfg(test)]
    pub(crate) fn here(&self) -> usize {
        self.here
    }
}

impl Drop for Usage {
    fn drop(&mut self) {
        self.all.fetch_sub(self.here, Ordering::Relaxed);
    }
}
