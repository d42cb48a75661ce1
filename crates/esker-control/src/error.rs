//! Why a broker did not start.

use std::fmt::{self, Write};

use esker_core::{Action, BrokerId, Classified, LedgerId, Mode, ShardId, StoreId};
use esker_meta::{Endpoint, GuardedError, MetaError, OpenSessionError, SessionKey};

use crate::LedgerError;

/// A ledger that shards still need and whose stores cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostLedger {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its mode.
    pub mode: Mode,
    /// Its stores that cannot be asked.
    pub missing: Vec<StoreId>,
    /// How many of its stores can.
    pub reachable: usize,
    /// How many of them it takes.
    pub needed: usize,
    /// Shards that may have bytes in it which are not in the object store.
    pub shards: Vec<ShardId>,
}

impl fmt::Display for LostLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ledger, mode, missing, reachable, needed, shards } = self;
        write!(
            f,
            "ledger {ledger} ({mode}) of {} needs {needed} of its stores and {reachable} can be asked; missing:",
            ranges(shards)
        )?;
        missing.iter().try_for_each(|store| write!(f, " {store}"))
    }
}

/// Shards as people read them: `shards 0-7, 9`.
pub(crate) fn ranges(shards: &[ShardId]) -> String {
    let mut out = "shards".to_owned();
    for run in shards.chunk_by(|a, b| a.0 + 1 == b.0) {
        let separator = if out.len() > 6 { "," } else { "" };
        let (first, last) = (run[0], run[run.len() - 1]);
        let _ = match run.len() {
            1 => write!(out, "{separator} {first}"),
            _ => write!(out, "{separator} {first}-{last}"),
        };
    }
    out
}

/// Why a broker did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Another process with the same broker id, on another store, keeps its session alive.
    #[error(
        "broker id {broker} is in use by a living broker with another data directory (endpoints {endpoints:?}): give \
         this one another id, or stop the other one"
    )]
    BrokerIdInUse {
        /// The id.
        broker: BrokerId,
        /// Where the other one listens.
        endpoints: Vec<Endpoint>,
    },
    /// Acknowledged bytes may exist only on stores that cannot be asked.
    #[error(
        "{}\nWhat these ledgers hold was acknowledged and may not be in the object store yet. Bring the log directories \
         back and start again; or, if they are gone for good, accept the loss of what only they held by starting once \
         with accept-lost-stores", join(.0)
    )]
    StoresMissing(Vec<LostLedger>),
    /// A ledger could not be recovered.
    #[error("ledger {ledger} cannot be recovered: {source}{}", advice(.source))]
    Ledger {
        /// The ledger.
        ledger: LedgerId,
        /// Why.
        source: LedgerError,
    },
    /// A shard has changed owner as often as its epoch can count.
    #[error("shard {0} has no epochs left")]
    NoEpochsLeft(ShardId),
    /// The session ended while the broker started.
    #[error("{0} ended while the broker started")]
    SessionLost(SessionKey),
    /// Somebody else changed the same records again and again.
    #[error("metadata key {0} keeps changing while the broker starts")]
    Contended(String),
    /// The metadata store failed.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

fn advice(error: &LedgerError) -> &'static str {
    match error.action {
        Action::Operator => {
            "\nMend the log directory and start again; or accept the loss of what it no longer holds by starting once \
             with accept-lost-stores"
        }
        _ => "",
    }
}

fn join(lost: &[LostLedger]) -> String {
    lost.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Classified for StartError {
    fn action(&self) -> Action {
        match self {
            Self::BrokerIdInUse { .. } | Self::StoresMissing(_) | Self::NoEpochsLeft(_) => Action::Operator,
            Self::Ledger { source, .. } => source.action,
            Self::SessionLost(_) | Self::Contended(_) => Action::Retry,
            Self::Meta(error) => error.action(),
        }
    }
}

impl From<GuardedError> for StartError {
    fn from(error: GuardedError) -> Self {
        match error {
            GuardedError::SessionLost(session) => Self::SessionLost(session),
            GuardedError::Changed(key) => Self::Contended(key),
            GuardedError::Meta(error) => Self::Meta(error),
        }
    }
}

impl From<OpenSessionError> for StartError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Alive(live) => {
                Self::BrokerIdInUse { broker: live.key.broker, endpoints: live.record.endpoints }
            }
            OpenSessionError::Meta(error) => Self::Meta(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_named_as_ranges() {
        let shards = [0, 1, 2, 5, 7, 8].map(ShardId);
        assert_eq!(ranges(&shards), "shards 0-2, 5, 7-8");
    }
}
