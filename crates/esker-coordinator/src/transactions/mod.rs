//! The transaction coordinator of this broker: what front ends and partitions' leaders call, on machines that the
//! [`runtime`](crate::runtime) keeps.
//!
//! A [`transaction`] is a state machine without I/O or a clock, a [`shard`] holds the transactional ids of one partition of
//! `__transaction_state`. The decision point is the durable record of a `Prepare` state; whoever loads it tells the
//! transaction's partitions, until all of them have their marker.

mod api;
mod error;
mod local;
mod machine;
mod partitions;
mod record;
mod routing;
mod settings;
mod shard;
mod stats;
mod transaction;
mod types;

#[cfg(test)]
mod tests;

pub use self::{
    api::{Transactions, TransactionsGuard},
    error::TransactionError,
    local::LocalMarkers,
    routing::{GateRouter, Leaders, MAX_PARTITIONS, MarkerRouter, Place, RemoteCoordination, Routes},
    settings::TransactionConfig,
    stats::TransactionStats,
    types::{
        Admission, AdmitRequest, EndProtocol, MarkerError, MarkerOrder, Producer, TransactionDescription,
        TransactionGate, TransactionPeers, TransactionState, TransactionSummary,
    },
};
