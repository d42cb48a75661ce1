//! The cluster's state as a JSON document: what [`esker_control::ClusterStatus`] says, in plain fields.

use esker_control::{BlockedRecovery, BrokerStatus, ClusterStatus, LedgerStatus};
use esker_core::{LedgerId, ShardId, StoreId};
use esker_meta::{SessionKey, StoreState};
use serde::{Deserialize, Serialize};

/// One incarnation of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The broker's id.
    pub broker: i32,
    /// The incarnation's.
    pub session: i64,
}

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointView {
    /// `kafka`, `grpc`, ...
    pub listener: String,
    /// Host, as clients resolve it.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A living broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerView {
    /// Its session.
    pub session: SessionView,
    /// Where it listens.
    pub endpoints: Vec<EndpointView>,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Its store, a UUID.
    pub store: String,
    /// `active`, `draining` or `lost`; absent in the first moments of a new store.
    pub state: Option<String>,
    /// The shards that it owns.
    pub shards: Vec<u32>,
    /// Whether nothing refers to it any more.
    pub drained: bool,
}

/// A ledger's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerIdView {
    /// The broker that wrote it.
    pub broker: i32,
    /// Its number there.
    pub number: u64,
}

/// A ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerView {
    /// Its name.
    pub id: LedgerIdView,
    /// The session that writes it.
    pub writer: SessionView,
    /// Its durability mode, as a topic's config spells it.
    pub mode: String,
    /// UUIDs of the stores that hold it.
    pub copyset: Vec<String>,
    /// How many of them commit a frame.
    pub write_quorum: u8,
    /// Its end in frames, once it is sealed.
    pub end: Option<u64>,
    /// Whether its writer lives.
    pub alive: bool,
    /// Its stores that nobody serves.
    pub missing: Vec<String>,
    /// Shards of which it has bytes that may not be in the object store yet.
    pub pending_in: Vec<u32>,
}

/// A recovery that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedView {
    /// The ledger.
    pub ledger: LedgerIdView,
    /// The dead session that wrote it.
    pub writer: SessionView,
    /// Its mode.
    pub mode: Option<String>,
    /// Its stores that cannot be asked.
    pub missing: Vec<String>,
    /// What stands in the way.
    pub why: String,
    /// Shards that wait.
    pub shards: Vec<u32>,
    /// Attempts so far.
    pub attempts: u32,
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: i64,
    /// All of that in a line for people.
    pub text: String,
}

/// A move under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveView {
    /// What moves.
    pub shard: u32,
    /// Where to.
    pub to: SessionView,
}

/// The cluster at a glance. Its parts were read one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterView {
    /// The controller.
    pub controller: Option<SessionView>,
    /// The living brokers.
    pub brokers: Vec<BrokerView>,
    /// Shards without a living owner.
    pub ownerless: Vec<u32>,
    /// All ledgers.
    pub ledgers: Vec<LedgerView>,
    /// Recoveries that wait; known to the controller only.
    pub blocked: Vec<BlockedView>,
    /// Planned moves under way; known to the controller only.
    pub moving: Vec<MoveView>,
}

impl From<SessionKey> for SessionView {
    fn from(key: SessionKey) -> Self {
        Self { broker: key.broker.0, session: key.session.0 }
    }
}

impl From<LedgerId> for LedgerIdView {
    fn from(id: LedgerId) -> Self {
        Self { broker: id.broker.0, number: id.number }
    }
}

impl From<&ClusterStatus> for ClusterView {
    fn from(status: &ClusterStatus) -> Self {
        Self {
            controller: status.controller.map(Into::into),
            brokers: status.brokers.iter().map(broker).collect(),
            ownerless: numbers(&status.ownerless),
            ledgers: status.ledgers.iter().map(ledger).collect(),
            blocked: status.blocked.iter().map(blocked).collect(),
            moving: status
                .moving
                .iter()
                .map(|(shard, to)| MoveView { shard: shard.0, to: (*to).into() })
                .collect(),
        }
    }
}

fn numbers(shards: &[ShardId]) -> Vec<u32> {
    shards.iter().map(|shard| shard.0).collect()
}

fn uuids(stores: &[StoreId]) -> Vec<String> {
    stores.iter().map(ToString::to_string).collect()
}

const fn state(state: StoreState) -> &'static str {
    match state {
        StoreState::Active => "active",
        StoreState::Draining => "draining",
        StoreState::Lost => "lost",
    }
}

fn broker(status: &BrokerStatus) -> BrokerView {
    let endpoint = |at: &esker_meta::Endpoint| EndpointView {
        listener: at.listener.clone(),
        host: at.host.clone(),
        port: at.port,
    };
    BrokerView {
        session: status.session.into(),
        endpoints: status.endpoints.iter().map(endpoint).collect(),
        rack: status.rack.clone(),
        store: status.store.to_string(),
        state: status.state.map(|found| state(found).to_owned()),
        shards: numbers(&status.shards),
        drained: status.drained,
    }
}

fn ledger(status: &LedgerStatus) -> LedgerView {
    let record = &status.record;
    LedgerView {
        id: record.id.into(),
        writer: record.writer().into(),
        mode: record.mode.to_string(),
        copyset: uuids(&record.copyset),
        write_quorum: record.write_quorum,
        end: record.end().map(|end| end.0),
        alive: status.alive,
        missing: uuids(&status.missing),
        pending_in: numbers(&status.pending_in),
    }
}

fn blocked(blocked: &BlockedRecovery) -> BlockedView {
    BlockedView {
        ledger: blocked.ledger.into(),
        writer: blocked.writer.into(),
        mode: blocked.mode.map(|mode| mode.to_string()),
        missing: uuids(&blocked.missing),
        why: blocked.why.clone(),
        shards: numbers(&blocked.shards),
        attempts: blocked.attempts,
        since_ms: blocked.since_ms,
        text: blocked.to_string(),
    }
}
