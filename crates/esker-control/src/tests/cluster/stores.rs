//! The stores of all brokers, and what a process can ask of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use esker_core::{Action, FrameIndex, LedgerId, StoreId};
use esker_env::BoxFuture;
use esker_meta::{LedgerRecord, Membership};
use parking_lot::Mutex;

use super::super::world::Life;
use crate::{Holding, LedgerError, Ledgers};

/// What a store holds of a ledger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) tail: u64,
    pub(super) sealed: bool,
}

/// All log directories, and what was acknowledged to writers.
#[derive(Debug, Default)]
pub(super) struct Disks {
    held: Mutex<BTreeMap<StoreId, BTreeMap<LedgerId, Held>>>,
    /// Stores that answer nothing: their process is dead or their disk is away.
    pub(super) down: Mutex<BTreeSet<StoreId>>,
    /// Ledgers whose writer is frozen for a roll (rule W3): nothing of theirs is acknowledged any more.
    pub(super) frozen: Mutex<BTreeSet<LedgerId>>,
    /// Frames acknowledged.
    pub(super) acked: Mutex<BTreeMap<LedgerId, u64>>,
}

impl Disks {
    fn up(&self, store: StoreId) -> bool {
        !self.down.lock().contains(&store)
    }

    /// A writer's frame, sent to `reached` of the copyset's stores. Whether it was acknowledged.
    pub(super) fn append(&self, ledger: &LedgerRecord, reached: &[StoreId]) -> bool {
        if self.frozen.lock().contains(&ledger.id) {
            return false;
        }
        let next = self.acked.lock().get(&ledger.id).map_or(1, |acked| acked + 1);
        let mut held = self.held.lock();
        let mut acks = 0;
        for store in reached.iter().filter(|store| self.up(**store)) {
            let found = held.entry(*store).or_default().entry(ledger.id).or_default();
            if !found.sealed {
                found.tail = next;
                acks += 1;
            }
        }
        if acks >= usize::from(ledger.write_quorum) {
            self.acked.lock().insert(ledger.id, next);
            return true;
        }
        false
    }

    pub(super) fn holds(&self, store: StoreId, ledger: LedgerId) -> Option<Held> {
        self.held.lock().get(&store)?.get(&ledger).copied()
    }

    pub(super) fn held(&self, store: StoreId) -> Vec<LedgerId> {
        self.held.lock().get(&store).map(|held| held.keys().copied().collect()).unwrap_or_default()
    }

    fn seal(&self, store: StoreId, ledger: LedgerId) -> u64 {
        let mut held = self.held.lock();
        let found = held.entry(store).or_default().entry(ledger).or_default();
        found.sealed = true;
        found.tail
    }

    fn repair(&self, store: StoreId, ledger: LedgerId, end: u64) {
        let mut held = self.held.lock();
        let found = held.entry(store).or_default().entry(ledger).or_default();
        assert!(found.sealed, "only sealed ledgers are repaired");
        found.tail = found.tail.max(end);
    }
}

/// The stores as one process sees them.
pub(super) struct Process {
    pub(super) disks: Arc<Disks>,
    pub(super) own: StoreId,
    pub(super) life: Arc<Life>,
    pub(super) membership: OnceLock<Arc<Membership>>,
}

impl Process {
    fn step(&self) -> Result<(), LedgerError> {
        let dead = || LedgerError { why: "the process is dead".to_owned(), action: Action::Retry };
        if self.life.step() { Ok(()) } else { Err(dead()) }
    }

    fn answering(&self, copyset: &[StoreId]) -> Vec<StoreId> {
        let reachable = self.reachable();
        copyset.iter().filter(|id| reachable.contains(id) && self.disks.up(**id)).copied().collect()
    }
}

impl Ledgers for Process {
    fn reachable(&self) -> BTreeSet<StoreId> {
        let view = self.membership.get().map(|membership| membership.view()).unwrap_or_default();
        view.sessions.values().map(|live| live.record.store).chain([self.own]).collect()
    }

    fn recover(&self, ledger: LedgerRecord, unclean: bool) -> BoxFuture<'_, Result<FrameIndex, LedgerError>> {
        Box::pin(async move {
            let mut tails = BTreeMap::new();
            for store in self.answering(&ledger.copyset) {
                self.step()?;
                tails.insert(store, self.disks.seal(store, ledger.id));
                // Others do things in between.
                tokio::task::yield_now().await;
            }
            if tails.len() < ledger.read_quorum() && !unclean {
                let why = format!("{} of {} authoritative answers", tails.len(), ledger.read_quorum());
                return Err(LedgerError { why, action: Action::Retry });
            }
            let end = tails.values().max().copied().unwrap_or(0);
            let mut holders = 0;
            for store in tails.keys() {
                self.step()?;
                self.disks.repair(*store, ledger.id, end);
                holders += 1;
            }
            if holders < usize::from(ledger.write_quorum) && !unclean {
                return Err(LedgerError { why: "too few holders".to_owned(), action: Action::Retry });
            }
            Ok(FrameIndex(end))
        })
    }

    fn survey(&self, ledger: LedgerRecord) -> BoxFuture<'_, Vec<(StoreId, Result<Holding, String>)>> {
        Box::pin(async move {
            let reachable = self.reachable();
            let asked = ledger.copyset.iter().filter(|store| reachable.contains(store));
            let answer = |store: &StoreId| {
                if !self.disks.up(*store) {
                    return (*store, Err("no answer".to_owned()));
                }
                let tail = FrameIndex(self.disks.seal(*store, ledger.id));
                (*store, Ok(Holding { tail, trim: FrameIndex(0), authoritative: true }))
            };
            asked.map(answer).collect()
        })
    }

    fn forget(&self, ledger: LedgerId, stores: Vec<StoreId>) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async move {
            self.step()?;
            for store in self.answering(&stores) {
                if let Some(held) = self.disks.held.lock().get_mut(&store) {
                    held.remove(&ledger);
                }
            }
            Ok(())
        })
    }

    fn own(&self) -> StoreId {
        self.own
    }

    fn held(&self) -> Vec<LedgerId> {
        self.disks.held(self.own)
    }
}
