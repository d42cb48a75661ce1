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
    /// Stores whose disks are gone, with the ledgers that existed then.
    lost: Mutex<BTreeMap<StoreId, BTreeSet<LedgerId>>>,
    /// Copies of ledgers that may have rotten.
    rotten: Mutex<BTreeSet<(LedgerId, StoreId)>>,
    /// Stores that may have lost entries which they cannot name: once they notice, they deny nothing any more, of ledgers
    /// that came after it neither.
    doubtful: Mutex<BTreeSet<StoreId>>,
    /// Sealed ledgers whose ends were found by recoveries, with the disks that were lost before these began: W other stores
    /// hold all of them.
    recovered: Mutex<BTreeMap<LedgerId, BTreeSet<StoreId>>>,
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    ends: BTreeMap<LedgerId, FrameIndex>,
    copysets: BTreeMap<LedgerId, (SessionKey, Mode, Vec<StoreId>)>,
    shards: BTreeMap<ShardId, (Epoch, Option<SessionKey>)>,
    /// Ledgers that were open after the ends of their sessions, with the disks that were lost by then.
    orphans: BTreeMap<LedgerId, BTreeSet<StoreId>>,
    /// Disks that were lost at the last look: one that goes while a recovery runs may still be among its W.
    lost: BTreeSet<StoreId>,
}

impl Audit {
    pub(super) fn new(env: Env, meta: Meta, history: History) -> Self {
        Self {
            env,
            meta,
            history,
            lost: Mutex::default(),
            rotten: Mutex::default(),
            doubtful: Mutex::default(),
            recovered: Mutex::default(),
        }
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
        // Fails while the metadata store is down. The sessions first: one that is over by then seals nothing any more.
        if let (Ok(living), Ok(ledgers)) = (self.meta.sessions().await, self.meta.list_all_ledgers().await) {
            let living = living.into_iter().map(|live| live.key).collect();
            let mut open: BTreeMap<(SessionKey, u8), LedgerId> = BTreeMap::new();
            for ledger in ledgers {
                self.ledger(&ledger.record, seen, &mut open);
                self.recovery(&ledger.record, seen, &living);
            }
            seen.lost = self.lost.lock().keys().copied().collect();
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

    fn recovery(&self, record: &LedgerRecord, seen: &mut Seen, living: &BTreeSet<SessionKey>) {
        if record.end().is_some() {
            if let Some(lost) = seen.orphans.remove(&record.id) {
                self.recovered.lock().insert(record.id, lost);
            }
        } else if !living.contains(&record.writer()) {
            seen.orphans.entry(record.id).or_insert_with(|| seen.lost.clone());
        }
    }

    /// Whether every ledger can be recovered without this store and those that are lost already: then it may be lost.
    /// Notes that it is.
    pub(super) async fn lose(&self, store: StoreId) -> bool {
        let borne = self.held_elsewhere(store).await.is_some();
        let Ok(ledgers) = self.meta.list_all_ledgers().await else { return false };
        if borne {
            self.lost.lock().insert(store, ledgers.into_iter().map(|ledger| ledger.record.id).collect());
        }
        borne
    }

    /// Ledgers that nobody can recover, since the copysets they were given were lost in part already, and nobody knew: such
    /// a ledger waits for an operator, as it must.
    pub(super) async fn unlucky(&self) -> Vec<LedgerId> {
        let ledgers = self.meta.list_all_ledgers().await.unwrap_or_default();
        let lost = self.lost.lock();
        let unlucky = |record: &LedgerRecord| {
            let gone: Vec<_> = record.copyset.iter().filter_map(|held| lost.get(held)).collect();
            record.copyset.len() - gone.len() < record.read_quorum()
                && gone.iter().any(|before| !before.contains(&record.id))
        };
        let open = ledgers.into_iter().map(|ledger| ledger.record).filter(|record| record.end().is_none());
        open.filter(unlucky).map(|record| record.id).collect()
    }

    /// The same of what the store holds now: then bits of it may flip. What it comes to hold later is another matter, unless
    /// bits of `headers` flip.
    pub(super) async fn rot(&self, store: StoreId, headers: bool) -> bool {
        let Some(held) = self.held_elsewhere(store).await else { return false };
        self.rotten.lock().extend(held.into_iter().map(|ledger| (ledger, store)));
        if headers {
            self.doubtful.lock().insert(store);
        }
        true
    }

    /// The ledgers that this store may hold, if each of them can be recovered from the other stores that have it whole.
    async fn held_elsewhere(&self, store: StoreId) -> Option<Vec<LedgerId>> {
        let mut ledgers = self.meta.list_all_ledgers().await.ok()?;
        ledgers.retain(|ledger| ledger.record.copyset.contains(&store));
        let (lost, recovered) = (self.lost.lock(), self.recovered.lock());
        let (rotten, doubtful) = (self.rotten.lock(), self.doubtful.lock());
        let rotten = |ledger, held: &StoreId| rotten.contains(&(ledger, *held)) || doubtful.contains(held);
        let borne = |record: &LedgerRecord| {
            if let Some(before) = recovered.get(&record.id) {
                let gone = |held: &&StoreId| {
                    **held == store
                        || rotten(record.id, held)
                        || (lost.contains_key(held) && !before.contains(held))
                };
                let gone = record.copyset.iter().filter(gone).count();
                // Where fewer than W stores were left, those have it.
                let left = record.copyset.iter().filter(|held| !before.contains(held)).count();
                return gone < left.min(usize::from(record.write_quorum));
            }
            let whole =
                |held: &&StoreId| **held != store && !lost.contains_key(held) && !rotten(record.id, held);
            let left = record.copyset.iter().filter(whole).count();
            left >= usize::from(record.write_quorum).max(record.read_quorum())
        };
        let all = ledgers.iter().all(|ledger| borne(&ledger.record));
        all.then(|| ledgers.iter().map(|ledger| ledger.record.id).collect())
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
            "living {:?}; shards {shards:?}; ledgers {ledgers:#?}; lost {:?}; rotten {:?}; doubtful {:?}",
            self.living().await,
            self.lost.lock().keys(),
            self.rotten.lock(),
            self.doubtful.lock()
        )
    }
}
