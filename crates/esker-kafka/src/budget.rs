//! Byte budgets: memory that must be granted before it is filled.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes per permit: a semaphore counts in `u32`, a budget may be larger.
const UNIT: usize = 1024;

/// A number of bytes that many share. Grants are first come, first served, so that a large request is not starved
/// by small ones.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    semaphore: Arc<Semaphore>,
    total: usize,
}

/// Granted bytes, of one budget or several; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Grant(Vec<OwnedSemaphorePermit>);

impl Budget {
    /// A budget of `bytes`, at least one unit of 1 KiB.
    #[must_use]
    pub(crate) fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self { semaphore: Arc::new(Semaphore::new(units)), total: units * UNIT }
    }

    fn units(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.total).div_ceil(UNIT)).expect("the total is within u32 units")
    }

    /// Waits for `bytes`. Asking for more than there is in all waits for all of it.
    pub(crate) async fn take(&self, bytes: usize) -> Grant {
        let permit = Arc::clone(&self.semaphore).acquire_many_owned(self.units(bytes)).await;
        Grant(vec![permit.expect("the semaphore is never closed")])
    }

    /// `bytes`, if they are there right now.
    #[must_use]
    pub(crate) fn try_take(&self, bytes: usize) -> Option<Grant> {
        let permit = Arc::clone(&self.semaphore).try_acquire_many_owned(self.units(bytes)).ok()?;
        Some(Grant(vec![permit]))
    }

    /// All there are.
    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// Bytes that nobody holds.
    pub(crate) fn available(&self) -> usize {
        self.semaphore.available_permits() * UNIT
    }
}

impl Grant {
    /// Holds the other grant too.
    pub(crate) fn own(&mut self, other: Grant) {
        self.0.extend(other.0);
    }

    /// Bytes held, over all budgets.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|permit| permit.num_permits() * UNIT).sum()
    }

    /// Keeps `bytes` of each budget at most and gives back the rest.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let keep = bytes.div_ceil(UNIT);
        for permit in &mut self.0 {
            if let Some(surplus) = permit.num_permits().checked_sub(keep) {
                drop(permit.split(surplus));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn grants_come_back_and_shrink() {
        let budget = Budget::new(10 << 10);
        let mut first = budget.take(8 << 10).await;
        assert!(budget.try_take(3 << 10).is_none());
        first.shrink(100);
        assert_eq!((first.bytes(), budget.available()), (1 << 10, 9 << 10));
        first.own(budget.try_take(2 << 10).unwrap());
        assert_eq!((first.bytes(), budget.available()), (3 << 10, 7 << 10));
        drop(first);
        assert_eq!(budget.available(), 10 << 10);
        assert_eq!(budget.take(usize::MAX).await.bytes(), 10 << 10);
    }
}
