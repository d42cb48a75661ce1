//! Reading batches back from the stores of their ledgers.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use bytes::Bytes;
use esker_core::{FrameIndex, LedgerId, StoreId};
use esker_wal::{LogStore, StoreError};
use parking_lot::RwLock;

/// Finds a store by its id: this broker's own, or a client of another broker's. `None` for one that nobody serves now.
pub type StoreLookup = Arc<dyn Fn(StoreId) -> Option<Arc<dyn LogStore>> + Send + Sync>;

/// The stores of every ledger that this broker's shards may read.
pub(crate) struct Stores {
    lookup: StoreLookup,
    /// Asked first: it needs no network.
    own: StoreId,
    ledgers: RwLock<BTreeMap<LedgerId, Arc<[StoreId]>>>,
}

impl Stores {
    pub(crate) fn new(own: StoreId, lookup: StoreLookup) -> Self {
        Self { lookup, own, ledgers: RwLock::default() }
    }

    /// The broker's own.
    pub(crate) const fn own(&self) -> StoreId {
        self.own
    }

    /// The stores of a copyset that can be found now, in its order.
    pub(crate) fn of_copyset(&self, copyset: &[StoreId]) -> Vec<Arc<dyn LogStore>> {
        copyset.iter().filter_map(|id| (self.lookup)(*id)).collect()
    }

    /// Makes a ledger readable.
    pub(crate) fn add_ledger(&self, ledger: LedgerId, copyset: &[StoreId]) {
        let mut stores = copyset.to_vec();
        stores.sort_by_key(|store| *store != self.own);
        self.ledgers.write().insert(ledger, stores.into());
    }

    /// The stores of a readable ledger that can be found now, in the order in which to ask them.
    pub(crate) fn of_ledger(&self, ledger: LedgerId) -> Vec<Arc<dyn LogStore>> {
        let stores = self.ledgers.read().get(&ledger).cloned();
        stores.map(|stores| self.of_copyset(&stores)).unwrap_or_default()
    }

    /// Stops reading a ledger that was forgotten.
    pub(crate) fn remove_ledger(&self, ledger: LedgerId) {
        self.ledgers.write().remove(&ledger);
    }

    /// Part of a frame's payload, from the first store that has it.
    pub(crate) async fn read(
        &self,
        ledger: LedgerId,
        index: FrameIndex,
        range: Range<u32>,
    ) -> Result<Bytes, StoreError> {
        let mut last = StoreError::NotHeld { ledger, index };
        for store in self.of_ledger(ledger) {
            match store.read(ledger, index, range.clone()).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
