//! A broker's incarnation: its session, the recovery of its earlier ones, its shards and its lanes' ledgers.
//!
//! One node so far, in the shape of the cluster: sessions are leased, what a dead session left is fenced, then listed,
//! then sealed, then handed over (the order is load-bearing, see `recovery`), and every step may be cut short and
//! repeated.

mod cleanup;
mod error;
mod keep_alive;
mod lanes;
mod ledgers;
mod recovery;
mod session;
mod start;
mod stores;
mod wal_ledgers;

pub use error::{LostLedger, StartError};
pub use ledgers::{Holding, LedgerError, Ledgers};
pub use session::BrokerSession;
pub use start::{StartOptions, join_cluster, start_broker};
pub use stores::{ClusterStores, GRPC_LISTENER, RemoteStores, StoreDirectory, grpc_endpoint};
pub use wal_ledgers::{WalLedgers, descriptor};

#[cfg(test)]
mod tests;
