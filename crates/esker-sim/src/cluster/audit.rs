//! What must hold of the metadata at any time, and which losses a cluster has to survive.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use esker_core::{BrokerId, Epoch, FrameIndex, LedgerId, Mode, ShardId, StoreId};
use esker_env::Env;
use esker_meta::{LedgerRecord, Meta, SessionKey};
use parking_lot::Mutex;

use crate::history::History;

/// Looks at the metadata past all faults.
pub(super) struct Audit {
    pub(super) env: Env,
    pub(super) meta: Meta,
    pub(super) history: History,
    /// Stores whose disks are gone.
    lost: Mutex<BTreeSet<StoreId>>,
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    ends: BTreeMap<LedgerId, FrameIndex>,
    copysets: BTreeMap<LedgerId, (SessionKey, Mode, Vec<StoreId>)>,
    shards: BTreeMap<ShardId, (Epoch, Option<SessionKey>)>,
}

impl Audit {
    pub(super) fn new(env: Env, meta: Meta, history: History) -> Self {
        Self { env, meta, history, lost: Mutex::default() }
    }

    /// Watches for as long as the world runs.
    pub(super) async fn watch(&self) {
        let mut seen = Seen::default();
        loop {
            self.env.clock.sleep(Duration::from_millis(50)).await;
            self.look(&mut seen).await;
        }
    }

    async fn look(&self, seen: &mut Seen) {
        // Fails while the metadata store is down.
        if let Ok(ledgers) = self.meta.list_all_ledgers().await {
            let mut open: BTreeMap<(SessionKey, u8), LedgerId> = BTreeMap::new();
            for ledger in ledgers {
                self.ledger(&ledger.record, seen, &mut open);
            }
        }
        if let Ok(shards) = self.meta.list_shards().await {
            for (id, shard) in shards {
                let now = (shard.record.epoch, shard.record.owned_by());
                let Some(before) = seen.shards.insert(id, now).filter(|before| *before != now) else {
                    continue;
                };
                self.history.count("changes of owner");
                if now.0 <= before.0 {
                    self.history.violation(format!("shard {id} was {before:?} and is {now:?}"));
                }
            }
        }
    }

    fn ledger(
        &self,
        record: &LedgerRecord,
        seen: &mut Seen,
        open: &mut BTreeMap<(SessionKey, u8), LedgerId>,
    ) {
        let id = record.id;
        let facts = (record.writer(), record.mode, record.copyset.clone());
        let known = seen.copysets.entry(id).or_insert_with(|| facts.clone());
        if *known != facts {
            self.history.violation(format!("ledger {id} was {known:?} and is {facts:?}"));
        }
        match record.end() {
            None => {
                if let Some(end) = seen.ends.get(&id) {
                    self.history.violation(format!("ledger {id} was sealed at {end} and is open"));
                }
                let lane = (record.writer(), record.mode.number());
                if let Some(other) = open.insert(lane, id) {
                    self.history.violation(format!("{} has ledgers {other} and {id} open", record.writer()));
                }
            }
            Some(end) => {
                let known = *seen.ends.entry(id).or_insert(end);
                if known != end {
                    self.history.violation(format!("ledger {id} was sealed at {known} and then at {end}"));
                }
            }
        }
    }

    /// Whether every ledger can be recovered without this store and those that are lost already: then it may be lost.
    /// Notes that it is.
    pub(super) async fn lose(&self, store: StoreId) -> bool {
        let Ok(ledgers) = self.meta.list_all_ledgers().await else { return false };
        let mut lost = self.lost.lock();
        let bears = |record: &LedgerRecord| {
            let left = record.copyset.iter().filter(|held| **held != store && !lost.contains(held)).count();
            left >= usize::from(record.write_quorum).max(record.read_quorum())
        };
        let affected = |record: &LedgerRecord| record.copyset.contains(&store);
        let may = ledgers.iter().map(|ledger| &ledger.record).filter(|record| affected(record)).all(bears);
        if may {
            lost.insert(store);
        }
        may
    }

    /// Who owns what, for whoever has to decide.
    pub(super) async fn owners(&self) -> BTreeMap<ShardId, SessionKey> {
        let shards = self.meta.list_shards().await.unwrap_or_default();
        shards.into_iter().filter_map(|(id, shard)| Some((id, shard.record.owned_by()?))).collect()
    }

    /// The living sessions.
    pub(super) async fn living(&self) -> BTreeMap<BrokerId, SessionKey> {
        let sessions = self.meta.sessions().await.unwrap_or_default();
        sessions.into_iter().map(|live| (live.key.broker, live.key)).collect()
    }

    /// What the metadata says now, for a world that does not come to rest.
    pub(super) async fn describe(&self) -> String {
        let shards = self.meta.list_shards().await.unwrap_or_default();
        let shards: Vec<_> = shards.values().map(|shard| &shard.record).collect();
        let ledgers = self.meta.list_all_ledgers().await.unwrap_or_default();
        let ledgers: Vec<_> = ledgers
            .iter()
            .map(|ledger| {
                let LedgerRecord { id, session, mode, copyset, state, .. } = &ledger.record;
                format!("{id} session {session} {mode:?} {state:?} on {copyset:?}")
            })
            .collect();
        format!(
            "living {:?}; shards {shards:?}; ledgers {ledgers:#?}; lost {:?}",
            self.living().await,
            self.lost.lock()
        )
    }
}
