//! What control asks of other brokers.

use esker_core::{Action, Classified, ShardId};
use esker_env::BoxFuture;
use esker_meta::{Endpoint, SessionKey};

/// The other brokers (and this one: an implementation answers for it without the network).
pub trait Peers: Send + Sync + 'static {
    /// Asks the owner of a shard to hand it over to another session: it flushes, holds what is produced meanwhile, and
    /// does the transaction ([`crate::BrokerSession::hand_over`]). Answered when that is done.
    fn move_shard(
        &self,
        owner: SessionKey,
        shard: ShardId,
        to: SessionKey,
    ) -> BoxFuture<'_, Result<(), PeerError>>;

    /// Tries to open a connection, without any that exist. Well below a second.
    fn probe(&self, at: &Endpoint) -> BoxFuture<'_, Probe>;

    /// Tells the controller that a broker seems to be dead: its [`crate::Controller::suspect`].
    fn report(
        &self,
        controller: SessionKey,
        suspect: SessionKey,
        why: &str,
    ) -> BoxFuture<'_, Result<(), PeerError>>;
}

/// What came of an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Somebody listens.
    Alive,
    /// The host answered that nobody does.
    Refused,
    /// No answer, which says nothing.
    Silent,
}

/// Why a peer did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct PeerError {
    /// What happened.
    pub why: String,
    /// What to do about it.
    pub action: Action,
}

impl Classified for PeerError {
    fn action(&self) -> Action {
        self.action
    }
}
