//! A small Kafka client: connections, metadata, producer, consumer, classic group membership, admin.
//!
//! It serves the command line, the tests and the simulator: transport, time and randomness come in from outside
//! ([`Connector`], [`esker_env::Env`]). Memory is bounded by the settings of each part. It speaks the newest version of
//! each API that both sides know.

mod admin;
mod client;
mod cluster;
mod config;
mod connection;
mod consumer;
mod error;
mod group;
mod metadata;
mod offsets;
mod producer;
mod retry;
mod transport;
mod versions;

#[cfg(test)]
mod testing;

pub use admin::{
    ActiveProducer, CommittedOffset, ConfigEntry, ConfigOp, CreatedTopic, GroupDescription, GroupListing,
    GroupMember, GroupOffsets, HangingTransaction, NewTopic, ResourceKind, TransactionDescription,
    TransactionFilter, TransactionListing,
};
pub use client::Client;
pub use cluster::{Broker, Cluster, PartitionInfo, Topic};
pub use config::ClientConfig;
pub use connection::{Connection, PendingResponse};
pub use consumer::{ConsumedRecord, Consumer, ConsumerConfig, Polled, ResetTo, StartAt};
pub use error::ClientError;
pub use esker_core::partitioner::{murmur2, partition_for_key};
pub use group::{GroupConfig, GroupConsumer};
pub use offsets::{FoundOffset, Isolation, OffsetSpec};
pub use producer::{Acknowledged, Acks, Delivery, Producer, ProducerConfig, ProducerRecord};
pub use transport::{Connector, Stream, TcpConnector};
