//! Brokers' incarnations and the cluster that they make: sessions, recovery of dead ones, who owns which shard, which
//! stores hold which ledger.
//!
//! Each broker opens a session (`start`) and keeps it alive. One of them is the [`Controller`]. What a dead session
//! left is fenced, then listed, then sealed, then handed over (the order is load-bearing, see `recovery`), and every
//! step may be cut short and repeated, by anyone.

mod cleanup;
mod controller;
mod copyset;
mod error;
mod keep_alive;
mod lanes;
mod ledgers;
mod loss;
mod peers;
mod placement;
mod recovery;
mod session;
mod start;
mod status;
mod stores;
mod wal_ledgers;

pub use controller::{Controller, ControllerConfig, ControllerParts};
pub use copyset::{Candidate, Replication, candidates, choose_copyset};
pub use error::{LostLedger, StartError};
pub use ledgers::{Holding, LedgerError, Ledgers};
pub use loss::{Loss, LossError};
pub use peers::{PeerError, Peers, Probe};
pub use placement::{Loads, Role, plan_moves};
pub use session::BrokerSession;
pub use start::{StartOptions, join_cluster, start_broker};
pub use status::{BlockedRecovery, BrokerStatus, ClusterStatus, LedgerStatus, drained, may_restart};
pub use stores::{ClusterStores, GRPC_LISTENER, RemoteStores, StoreDirectory, grpc_endpoint};
pub use wal_ledgers::{WalLedgers, descriptor};

#[cfg(test)]
mod tests;
