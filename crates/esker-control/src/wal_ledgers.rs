//! [`Ledgers`] over the write-ahead log's stores.

use std::{collections::BTreeSet, sync::Arc};

use esker_core::{Action, Classified, FrameIndex, LedgerId, Mode, StoreId};
use esker_env::{BoxFuture, Env};
use esker_meta::LedgerRecord;
use esker_wal::{Descriptor, LogStore, RecoverError, Store, Trim};

use futures::future::join_all;

use crate::{Holding, LedgerError, Ledgers, StoreDirectory, stores::OwnStore};

/// The stores that a process can talk to: its own, and clients of others'.
pub struct WalLedgers {
    own: Arc<Store>,
    stores: Arc<dyn StoreDirectory>,
    env: Env,
}

impl WalLedgers {
    /// A node's own store alone.
    #[must_use]
    pub fn one(own: Arc<Store>, env: Env) -> Self {
        let stores = Arc::new(OwnStore(Arc::clone(&own) as Arc<dyn LogStore>));
        Self { own, stores, env }
    }

    /// A node's own store, and the stores of others.
    #[must_use]
    pub const fn new(own: Arc<Store>, stores: Arc<dyn StoreDirectory>, env: Env) -> Self {
        Self { own, stores, env }
    }

    fn of(&self, copyset: &[StoreId]) -> Vec<Arc<dyn LogStore>> {
        copyset.iter().filter_map(|store| self.stores.store(*store)).collect()
    }
}

/// What the log needs to know of a ledger's record.
#[must_use]
pub fn descriptor(record: &LedgerRecord) -> Descriptor {
    Descriptor {
        ledger: record.id,
        mode: record.mode,
        copyset: record.copyset.clone(),
        write_quorum: usize::from(record.write_quorum),
    }
}

impl Ledgers for WalLedgers {
    fn reachable(&self) -> BTreeSet<StoreId> {
        self.stores.reachable()
    }

    fn recover(&self, record: LedgerRecord, unclean: bool) -> BoxFuture<'_, Result<FrameIndex, LedgerError>> {
        Box::pin(async move {
            let (gone, left): (Vec<_>, Vec<_>) =
                record.copyset.iter().copied().partition(|store| self.stores.is_gone(*store));
            let stores = self.of(&left);
            let recovering =
                esker_wal::recover_without(&descriptor(&record), &stores, gone.len(), &self.env).await;
            let error = match recovering {
                Ok(recovered) => {
                    if recovered.holders.len() < usize::from(record.write_quorum) {
                        let holders = recovered.holders.len();
                        tracing::warn!(ledger = %record.id, holders, ?gone, "recovered with fewer copies than W");
                    }
                    return Ok(recovered.end);
                }
                Err(error) => error,
            };
            // Alone, and never promised more than the page cache: what a power loss took no other store can give back,
            // and waiting for one would be waiting for ever.
            let page_cache_alone = record.mode == Mode::Received && record.copyset.len() == 1;
            let may_guess = match &error {
                RecoverError::TooFewAuthoritative { .. } => unclean || page_cache_alone,
                RecoverError::Unreadable { .. } | RecoverError::TooFewHolders { .. } => unclean,
                RecoverError::Over(_) => false,
            };
            if may_guess
                && let Ok(left) = esker_wal::recover_unclean(&descriptor(&record), &stores, &self.env).await
            {
                let end = left.end;
                tracing::error!(%error, ledger = %record.id, %end, "recovered a ledger up to what its stores still hold");
                return Ok(end);
            }
            Err(LedgerError { why: error.to_string(), action: action(&error, unclean) })
        })
    }

    fn survey(&self, record: LedgerRecord) -> BoxFuture<'_, Vec<(StoreId, Result<Holding, String>)>> {
        let asked = self.of(&record.copyset).into_iter().map(move |store| {
            let seal = store.seal(record.id, record.mode);
            async move {
                let answer = seal.await.map_err(|error| error.to_string());
                let holding = answer.map(|answer| Holding {
                    tail: answer.tail,
                    trim: answer.trim,
                    authoritative: answer.authoritative,
                });
                (store.id(), holding)
            }
        });
        Box::pin(join_all(asked))
    }

    fn forget(&self, ledger: LedgerId, stores: Vec<StoreId>) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async move {
            for store in self.of(&stores) {
                let forgotten = store.trim(ledger, Trim::Forget).await;
                forgotten.map_err(|error| LedgerError { why: error.to_string(), action: error.action() })?;
            }
            Ok(())
        })
    }

    fn own(&self) -> StoreId {
        self.own.id()
    }

    fn held(&self) -> Vec<LedgerId> {
        self.own.ledgers()
    }
}

/// A broker that starts cannot wait for its own store to come to know more.
fn action(error: &RecoverError, unclean: bool) -> Action {
    match error {
        RecoverError::TooFewAuthoritative { .. } if !unclean => Action::Operator,
        _ => error.action(),
    }
}
