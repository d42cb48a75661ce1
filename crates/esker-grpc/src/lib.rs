//! The native API over gRPC: topics as streams of records, `proto/esker/v1/streams.proto`, and as queues of messages,
//! `queues.proto`. They are its public contract.
//!
//! - [`StreamsService`] is the API as a tower service, for a port of its own: `esker_wal_grpc::serve(service, ..)` with
//!   [`server_options`].
//! - [`ForwardService`] answers the other brokers for what this one owns, on the brokers' gRPC port
//!   (`proto/esker/forward/v1/forward.proto`).
//!
//! # A way through
//! Queues have a page of their own: [`queues`]. [`service`] tells methods apart. `produce` and `consume` run one task for each stream. Both ask `targets` for a partition,
//! which knows its owner: `owner` over this broker's log, or `forward::client` over the other's `forward::service`, which is
//! its `owner` again.
//!
//! # Order
//! The batches of one stream for one partition are appended in their order: a `lane` sends them one after another, takes
//! back all of them when the owner turns one down because the partition has gone, and sends them again in order.
//!
//! # Memory
//! - What clients send is counted from the moment it comes out of the connection until it is answered, against
//!   [`GrpcConfig::request_memory`]; whoever goes beyond it is refused. One stream has at most [`STREAM_BYTES`] under way.
//! - What is read for clients is counted until their connections have taken it, against [`GrpcConfig::stream_memory`]; whoever
//!   takes nothing for [`PATIENCE`] is given up. A stream that waits, for records or for credit, holds nothing.
//! - Replies are counted among what clients send from when they come until they are on their way to who has asked;
//!   requests that wait for theirs are counted in numbers, [`GrpcConfig::waiting_requests`].
//! - Ids of messages take at most what [`Deduplication`] is given.
//! - Below that, HTTP/2's windows and buffers bound what each connection and stream holds: see [`server_options`] and
//!   [`MAX_STREAMS`].

mod budget;
mod client;
mod consume;
mod convert;
mod dedup;
mod fault;
mod forward;
mod lane;
mod lanes;
mod method;
mod owner;
mod produce;
mod queues;
mod records;
mod replies;
mod service;
mod targets;
mod topics;

/// What travels; see `proto/`.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]

    pub mod esker {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/esker.v1.rs"));
        }
        pub mod forward {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/esker.forward.v1.rs"));
            }
        }
    }

    pub mod google {
        pub mod rpc {
            include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
        }
    }
}

use std::{sync::Arc, time::Duration};

use esker_coordinator::ShareStates;
use esker_env::Env;
use esker_log::Log;
use esker_meta::{Catalog, Exchanges, GroupConfigs, Membership, Meta, ProducerIds, SessionKey};
use esker_wal_grpc::ServerOptions;

pub use client::QueueClient;
pub use dedup::Deduplication;
pub use forward::ForwardService;
/// The messages of the public contract.
pub use proto::esker::v1 as messages;
pub use queues::DeadLetter;
pub use replies::Replies;
pub use service::StreamsService;

/// Bytes of one stream's batches that are not answered, above which no more is read from it. A single one may be larger.
pub const STREAM_BYTES: usize = 4 << 20;
/// The same, in batches.
pub const STREAM_BATCHES: usize = 1024;
/// Streams of one broker at a time.
pub const MAX_STREAMS: usize = 10_000;
/// How long a batch, or a reader, waits for a partition that nobody has.
pub const OWNER_WAIT: Duration = Duration::from_secs(30);
/// How long a stream may take to say what it is for, and a client to take what it is sent.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Settings of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcConfig {
    /// The largest message that a client may send, bytes. A batch of records is one.
    pub message_bytes: usize,
    /// Bytes of all requests that are not answered.
    pub request_memory: usize,
    /// Bytes that were read for clients and are not on their way.
    pub stream_memory: usize,
    /// Requests of clients that wait for their replies.
    pub waiting_requests: usize,
}

impl Default for GrpcConfig {
    fn default() -> Self {
        Self {
            message_bytes: 4 << 20,
            request_memory: 128 << 20,
            stream_memory: 256 << 20,
            waiting_requests: 10_000,
        }
    }
}

/// What the API stands on.
pub struct StreamsParts {
    /// Clock and tasks.
    pub env: Env,
    /// This broker's partitions.
    pub log: Log,
    /// All topics.
    pub catalog: Arc<Catalog>,
    /// Ids for idempotent producers.
    pub producer_ids: Arc<ProducerIds>,
    /// What queues stand on beside that.
    pub queues: QueueParts,
    /// What this broker knows of messages' ids: the same that [`ForwardService::bind`] was given.
    pub ids: Deduplication,
    /// The other brokers; `None` where there are none.
    pub others: Option<Others>,
    /// Settings.
    pub config: GrpcConfig,
}

/// What queues stand on.
pub struct QueueParts {
    /// This broker's share partitions.
    pub shares: ShareStates,
    /// What is set for groups.
    pub group_configs: Arc<GroupConfigs>,
    /// All exchanges.
    pub exchanges: Arc<Exchanges>,
    /// Where topics are made and groups' configs are set.
    pub meta: Meta,
    /// Partitions of a queue that does not say how many.
    pub default_partitions: u32,
    /// The most partitions that a queue may be made with.
    pub max_partitions: u32,
    /// Of topics that are made.
    pub replication_factor: u16,
}

/// The brokers that share the cluster.
pub struct Others {
    /// This broker's session.
    pub own: SessionKey,
    /// Shards of the cluster.
    pub shards: u32,
    /// Who owns them.
    pub membership: Arc<Membership>,
    /// Connections to their gRPC ports.
    pub sessions: esker_control_grpc::Sessions,
}

/// How the API's port is to be served: more connections than between brokers, and less room for each.
#[must_use]
pub fn server_options() -> ServerOptions {
    ServerOptions {
        // Each request that waits for its reply is one.
        streams: 1_000,
        connections: 1_000,
        stream_window: 256 << 10,
        connection_window: 1 << 20,
        send_buffer: 64 << 10,
        ..ServerOptions::default()
    }
}
