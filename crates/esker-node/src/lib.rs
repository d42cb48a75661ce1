//! One broker's parts put together: store, session, archive, log. Knows nothing of protocols.
//!
//! The binary starts a [`Node`] on real parts, the simulator on simulated ones; what happens in between is the same.

mod cluster;
mod node;

pub use cluster::{ClusterParts, PeersOf};
pub use node::{Node, NodeConfig, NodeParts, PreparedNode, StartError};
