//! Reading batches back from the stores of their ledgers.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use bytes::Bytes;
use esker_core::{FrameIndex, LedgerId, StoreId};
use esker_wal::{LogStore, StoreError};
use parking_lot::RwLock;

/// The stores of every ledger that this broker's shards may read. The local store comes first in each list.
pub(crate) struct Stores {
    by_id: BTreeMap<StoreId, Arc<dyn LogStore>>,
    ledgers: RwLock<BTreeMap<LedgerId, Vec<Arc<dyn LogStore>>>>,
}

impl Stores {
    /// `stores` in the order in which they should be asked.
    pub(crate) fn new(stores: Vec<Arc<dyn LogStore>>) -> Self {
        Self {
            by_id: stores.into_iter().map(|store| (store.id(), store)).collect(),
            ledgers: RwLock::default(),
        }
    }

    /// The stores of a copyset that can be reached.
    pub(crate) fn of_copyset(&self, copyset: &[StoreId]) -> Vec<Arc<dyn LogStore>> {
        copyset.iter().filter_map(|id| self.by_id.get(id).cloned()).collect()
    }

    /// Makes a ledger readable.
    pub(crate) fn add_ledger(&self, ledger: LedgerId, copyset: &[StoreId]) {
        self.add_stores(ledger, self.of_copyset(copyset));
    }

    /// Makes a ledger readable from these stores.
    pub(crate) fn add_stores(&self, ledger: LedgerId, stores: Vec<Arc<dyn LogStore>>) {
        self.ledgers.write().insert(ledger, stores);
    }

    /// Ledgers that can be read.
    pub(crate) fn ledgers(&self) -> Vec<(LedgerId, Vec<Arc<dyn LogStore>>)> {
        self.ledgers.read().iter().map(|(id, stores)| (*id, stores.clone())).collect()
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
        let stores = self.ledgers.read().get(&ledger).cloned().unwrap_or_default();
        let mut last = StoreError::NotHeld { ledger, index };
        for store in stores {
            match store.read(ledger, index, range.clone()).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
