//! The Kafka front end: connections, and one file per API.
//!
//! [`Broker`] holds what all connections share. [`serve_connection`] serves one connection over any pair of byte
//! streams; [`Server`] accepts them from TCP listeners.

mod api;
mod broker;
mod budget;
mod cluster;
mod config;
mod connection;
mod context;
mod dispatch;
mod errors;
mod metrics;
mod request_memory;
mod server;
mod topics;

#[cfg(test)]
mod testing;

pub use broker::{Broker, KafkaParts, MemoryUse};
pub use cluster::{Cluster, Leadership, Node, SingleNode};
pub use config::KafkaConfig;
pub use connection::{Closed, serve_connection};
pub use context::{Peer, Principal};
pub use metrics::KafkaMetrics;
pub use server::{Server, ServerError};
