//! What brokers and operators' tools ask of a broker, over gRPC: `proto/esker/control/v1/control.proto`.
//!
//! - [`ControlService`] answers, out of a [`ControlApi`] that the node implements. [`Router`] puts it on one port with the
//!   store and another service: `esker_wal_grpc::serve(Router::new(control, store, other), ..)`.
//! - [`GrpcPeers`] is [`esker_control::Peers`], [`GrpcStores`] is [`esker_control::RemoteStores`].
//! - [`ControlClient`] asks one broker, for a CLI.
//! - [`Sessions`] are the connections between brokers, for other services on that port.
//!
//! # Sessions
//! `MoveShard` and `Report` name the session that is meant, and no other one answers them: a broker that took over the
//! address refuses with [`Action::Refresh`](esker_core::Action). The other calls may.
//!
//! # Limits
//! - A request: [`MAX_REQUEST`]. An answer: [`MAX_ANSWER`]. The reason of a refusal or a report: [`MAX_REASON`]; the rest
//!   is cut.
//! - Time: [`MOVE_SHARD`] for moving a shard, [`LOSS`] for what an operator decides about one, [`OTHERS`] for all else, at the
//!   server; a client has its own
//!   ([`PeerOptions`], [`ControlClient`]), the same unless told otherwise.
//!
//! Nothing is repeated here: a call that failed may have happened.

mod api;
mod client;
mod convert;
mod error;
mod loss_view;
mod method;
mod peers;
mod router;
mod service;
mod sessions;
mod stores;
mod view;

/// What travels; see `proto/esker/control/v1/control.proto`.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    include!(concat!(env!("OUT_DIR"), "/esker.control.v1.rs"));
}

use std::time::Duration;

pub use api::ControlApi;
pub use client::ControlClient;
pub use loss_view::{HoldingView, LossView, TopicView};
pub use peers::{GrpcPeers, PeerOptions};
pub use router::Router;
pub use service::ControlService;
pub use sessions::{HeldChannel, Sessions};
pub use stores::{GrpcStores, endpoint_text};
pub use view::{
    BlockedView, BrokerView, ClusterView, EndpointView, LedgerIdView, LedgerView, MoveView, SessionView,
};

/// Most bytes of a request.
pub const MAX_REQUEST: usize = 64 << 10;
/// Most bytes of an answer: a status of some ten thousand ledgers and more.
pub const MAX_ANSWER: usize = 16 << 20;
/// Most bytes of a reason, of a refusal (it travels in a header, where a byte may take three) or of a report.
pub const MAX_REASON: usize = 1 << 10;
/// Time for moving a shard.
pub const MOVE_SHARD: Duration = Duration::from_secs(30);
/// Time for an assessment of a loss, or its acceptance: stores that are away are waited for.
pub const LOSS: Duration = Duration::from_secs(30);
/// Time for any other call.
pub const OTHERS: Duration = Duration::from_secs(2);

const MOVE_SHARD_PATH: &str = "/esker.control.v1.Control/MoveShard";
const REPORT_PATH: &str = "/esker.control.v1.Control/Report";
const STATUS_PATH: &str = "/esker.control.v1.Control/Status";
const DRAIN_PATH: &str = "/esker.control.v1.Control/Drain";
const DRAINED_PATH: &str = "/esker.control.v1.Control/Drained";
const ASSESS_LOSS_PATH: &str = "/esker.control.v1.Control/AssessLoss";
const ACCEPT_LOSS_PATH: &str = "/esker.control.v1.Control/AcceptLoss";
