//! The cluster's state as plain data, for `esker cluster status`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use esker_core::{BrokerId, FrameIndex, LedgerId, Mode, ShardId, StoreId};
use esker_meta::{Endpoint, LedgerRecord, LedgerState, MembershipView, MetaError, SessionKey, StoreState};

use crate::{Controller, cleanup::Needed, error::ranges};

/// A ledger of a dead session whose end cannot be told yet, and the shards that wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedRecovery {
    /// The ledger.
    pub ledger: LedgerId,
    /// The dead session that wrote it.
    pub writer: SessionKey,
    /// Its mode.
    pub mode: Option<Mode>,
    /// Its stores that cannot be asked.
    pub missing: Vec<StoreId>,
    /// What stands in the way.
    pub why: String,
    /// Shards that wait.
    pub shards: Vec<ShardId>,
    /// Attempts so far.
    pub attempts: u32,
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: i64,
}

impl fmt::Display for BlockedRecovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ledger, writer, missing, why, shards, .. } = self;
        write!(f, "{} wait for ledger {ledger} of {writer}, which is over: {why}", ranges(shards))?;
        if missing.is_empty() {
            return Ok(());
        }
        f.write_str("; stores that nobody serves:")?;
        missing.iter().try_for_each(|store| write!(f, " {store}"))
    }
}

/// A living broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerStatus {
    /// Its session.
    pub session: SessionKey,
    /// Where it listens.
    pub endpoints: Vec<Endpoint>,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Its store.
    pub store: StoreId,
    /// What may be done with that; `None` in the first moments of a new store.
    pub state: Option<StoreState>,
    /// The shards that it owns.
    pub shards: Vec<ShardId>,
    /// Whether nothing refers to it any more (see [`drained`]).
    pub drained: bool,
}

/// A ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerStatus {
    /// Its descriptor.
    pub record: LedgerRecord,
    /// Whether its writer lives.
    pub alive: bool,
    /// Its stores that nobody serves.
    pub missing: Vec<StoreId>,
    /// Shards that have it pending: bytes of theirs in it may not be in the object store yet.
    pub pending_in: Vec<ShardId>,
}

/// The cluster at a glance. Its parts were read one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterStatus {
    /// The controller.
    pub controller: Option<SessionKey>,
    /// The living brokers.
    pub brokers: Vec<BrokerStatus>,
    /// Shards without a living owner.
    pub ownerless: Vec<ShardId>,
    /// All ledgers.
    pub ledgers: Vec<LedgerStatus>,
    /// Recoveries that wait; complete at the controller only, empty elsewhere.
    pub blocked: Vec<BlockedRecovery>,
    /// Planned moves under way and where they go; at the controller only.
    pub moving: Vec<(ShardId, SessionKey)>,
}

impl Controller {
    /// The cluster's state, as this broker sees it.
    ///
    /// # Errors
    /// When the metadata store fails.
    pub async fn status(&self) -> Result<ClusterStatus, MetaError> {
        let ledgers = self.ledger_records().await?;
        let view = self.membership().view();
        let shards = (0..self.cluster().shards).map(ShardId);
        Ok(ClusterStatus {
            controller: view.controller.map(|controller| controller.session),
            brokers: brokers(&view, &ledgers),
            ownerless: shards.filter(|shard| view.owner(*shard).is_none()).collect(),
            ledgers: ledgers.into_iter().map(|record| ledger(&view, record)).collect(),
            blocked: self.blocked(),
            moving: self.moving(),
        })
    }

    /// Whether a broker that is being drained can be stopped; see [`drained`].
    ///
    /// # Errors
    /// When the metadata store fails.
    pub async fn drained(&self, broker: BrokerId) -> Result<bool, MetaError> {
        let ledgers = self.ledger_records().await?;
        Ok(drained(&self.membership().view(), &ledgers, broker))
    }
}

/// Whether nothing refers to a broker or its store any more: it owns no shard, no shard has pending what its store
/// holds, and no other living session's ledger is on its store. Its own session's ledgers do not count: it retires
/// them when it stops.
#[must_use]
pub fn drained(view: &MembershipView, ledgers: &[LedgerRecord], broker: BrokerId) -> bool {
    let mut shards = view.shards.values().map(|shard| &shard.record);
    if shards.clone().any(|shard| shard.owner == Some(broker)) {
        return false;
    }
    let needed = Needed::by(&mut shards);
    let stores: BTreeSet<StoreId> =
        view.stores.values().filter(|store| store.broker == broker).map(|store| store.id).collect();
    ledgers.iter().filter(|ledger| ledger.copyset.iter().any(|store| stores.contains(store))).all(|ledger| {
        let others = ledger.id.broker != broker;
        let lives = view.session(ledger.writer()).is_some();
        !(needed.needs(ledger) || (others && lives))
    })
}

/// Whether a broker that comes back with its disk can be stopped without anybody noticing: it owns no shard, and nobody
/// writes to its store. Others may still need to read what its store holds; they have further copies, and until they find
/// out whether it comes back ([`drained`]) they need not offload it.
#[must_use]
pub fn may_restart(view: &MembershipView, ledgers: &[LedgerRecord], broker: BrokerId) -> bool {
    let owns = view.shards.values().any(|shard| shard.record.owner == Some(broker));
    let here = |store: &StoreId| view.stores.get(store).is_some_and(|store| store.broker == broker);
    let written = ledgers.iter().any(|ledger| {
        ledger.id.broker != broker
            && ledger.state == LedgerState::Open
            && view.session(ledger.writer()).is_some()
            && ledger.copyset.iter().any(here)
    });
    !owns && !written
}

fn brokers(view: &MembershipView, ledgers: &[LedgerRecord]) -> Vec<BrokerStatus> {
    let mut owned: BTreeMap<SessionKey, Vec<ShardId>> = BTreeMap::new();
    for (id, shard) in view.shards.iter() {
        if let Some(owner) = shard.record.owned_by() {
            owned.entry(owner).or_default().push(*id);
        }
    }
    let status = |(broker, live): (&BrokerId, &esker_meta::LiveSession)| BrokerStatus {
        session: live.key,
        endpoints: live.record.endpoints.clone(),
        rack: live.record.rack.clone(),
        store: live.record.store,
        state: view.stores.get(&live.record.store).map(|store| store.state),
        shards: owned.remove(&live.key).unwrap_or_default(),
        drained: drained(view, ledgers, *broker),
    };
    view.sessions.iter().map(status).collect()
}

fn ledger(view: &MembershipView, record: LedgerRecord) -> LedgerStatus {
    let missing = record.copyset.iter().filter(|store| view.serving(**store).is_none()).copied().collect();
    let pending = view.shards.iter().filter(|(_, shard)| shard.record.pending.contains(&record.id));
    LedgerStatus {
        alive: view.session(record.writer()).is_some(),
        missing,
        pending_in: pending.map(|(id, _)| *id).collect(),
        record,
    }
}

impl LedgerStatus {
    /// Its end, once it is sealed.
    #[must_use]
    pub const fn end(&self) -> Option<FrameIndex> {
        self.record.end()
    }
}
