//! What brokers ask of one another for transactions and share groups, over gRPC: `proto/esker/coordination/v1/coordination.proto`.
//!
//! - [`CoordinationService`] answers, out of a broker's [`Coordinators`]. It has its place on the brokers' gRPC port: see
//!   `esker_control_grpc::Router`.
//! - [`GrpcCoordination`] is `esker_coordinator::RemoteCoordination`: it asks the others.
//!
//! # Sessions
//! No session is named: a broker that took over an address answers for what it leads, and for nothing else.
//!
//! # Limits
//! - A request: [`MAX_REQUEST`], and `esker_coordinator::MAX_PARTITIONS`. A reason: [`MAX_REASON`]; the rest is cut.
//! - Time: [`WRITE_MARKERS`], [`ADMIT`] and [`SHARE`], at the server and at the client.
//!
//! Nothing is repeated here: a call that failed may have happened.

mod client;
mod convert;
mod method;
mod service;

#[cfg(test)]
mod tests;

/// What travels; see `proto/esker/coordination/v1/coordination.proto`.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    include!(concat!(env!("OUT_DIR"), "/esker.coordination.v1.rs"));
}

use std::time::Duration;

pub use client::GrpcCoordination;
pub use service::{CoordinationService, Coordinators};

/// Most bytes of a request: [`esker_coordinator::MAX_PARTITIONS`] of topics with the longest names, twice over.
pub const MAX_REQUEST: usize = 1 << 20;
/// Most bytes of an answer.
pub const MAX_ANSWER: usize = 1 << 20;
/// Most bytes of a reason.
pub const MAX_REASON: usize = 256;
/// Time for markers to be durable.
pub const WRITE_MARKERS: Duration = Duration::from_secs(10);
/// Time for an admission, which may have to be durable too.
pub const ADMIT: Duration = Duration::from_secs(5);
/// Time for what an administrator of share groups asks.
pub const SHARE: Duration = Duration::from_secs(10);

const WRITE_MARKERS_PATH: &str = "/esker.coordination.v1.Coordination/WriteMarkers";
const ADMIT_PATH: &str = "/esker.coordination.v1.Coordination/Admit";
const SHARE_PATH: &str = "/esker.coordination.v1.Coordination/Share";
const APPEND_PATH: &str = "/esker.coordination.v1.Coordination/Append";
const ENDS_PATH: &str = "/esker.coordination.v1.Coordination/Ends";
