//! The stores as the recovery of dead sessions sees them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_control::{LedgerError, Ledgers};
use esker_core::{Classified, FrameIndex, LedgerId, StoreId};
use esker_env::{BoxFuture, Env};
use esker_meta::LedgerRecord;
use esker_wal::{Descriptor, LogStore, Store, Trim, recover};

/// This process's own store, and with it every store that can be reached so far.
pub(crate) struct LocalLedgers {
    pub(crate) env: Env,
    pub(crate) store: Arc<Store>,
}

impl LocalLedgers {
    fn stores(&self) -> BTreeMap<StoreId, Arc<dyn LogStore>> {
        let store: Arc<dyn LogStore> = Arc::clone(&self.store) as _;
        BTreeMap::from([(store.id(), store)])
    }
}

impl Ledgers for LocalLedgers {
    fn reachable(&self) -> BTreeSet<StoreId> {
        self.stores().into_keys().collect()
    }

    fn recover(&self, ledger: LedgerRecord) -> BoxFuture<'_, Result<FrameIndex, LedgerError>> {
        Box::pin(async move {
            let reachable = self.stores();
            let stores: Vec<_> = ledger.copyset.iter().filter_map(|id| reachable.get(id).cloned()).collect();
            let descriptor = Descriptor {
                ledger: ledger.id,
                mode: ledger.mode,
                copyset: ledger.copyset,
                write_quorum: usize::from(ledger.write_quorum),
            };
            let recovered = recover(&descriptor, &stores, &self.env).await;
            recovered.map(|recovered| recovered.end).map_err(|error| failed(&error))
        })
    }

    fn forget(&self, ledger: LedgerId) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async move { self.store.trim(ledger, Trim::Forget).await.map_err(|error| failed(&error)) })
    }

    fn held(&self) -> Vec<LedgerId> {
        self.store.ledgers()
    }
}

fn failed(error: &(impl Classified + std::fmt::Display)) -> LedgerError {
    LedgerError { why: error.to_string(), action: error.action() }
}
