//! What a node answers.

use esker_control::{ClusterStatus, PeerError};
use esker_core::{BrokerId, FrameIndex, LedgerId, ShardId};
use esker_env::BoxFuture;
use esker_meta::SessionKey;

use crate::LossView;

/// One session's answers. A future may be dropped at any point, when the caller is gone or its time is up: what then has
/// to be finished belongs into a task of its own.
pub trait ControlApi: Send + Sync + 'static {
    /// Hands a shard that this session owns over to another one, and completes when it is over there.
    fn move_shard(&self, shard: ShardId, to: SessionKey) -> BoxFuture<'_, Result<(), PeerError>>;

    /// Somebody thinks that a broker is dead; `why` is theirs, unchecked but for its length.
    fn report(&self, suspect: SessionKey, why: &str) -> BoxFuture<'_, Result<(), PeerError>>;

    /// The cluster's state as seen from here.
    fn status(&self) -> BoxFuture<'_, Result<ClusterStatus, PeerError>>;

    /// Begins to drain a broker; the same when that has begun.
    fn drain(&self, broker: BrokerId) -> BoxFuture<'_, Result<(), PeerError>>;

    /// Whether nothing refers to a broker any more.
    fn drained(&self, broker: BrokerId) -> BoxFuture<'_, Result<bool, PeerError>>;

    /// What an unclean recovery of a ledger would lose.
    fn assess_loss(&self, ledger: LedgerId) -> BoxFuture<'_, Result<LossView, PeerError>>;

    /// Recovers it uncleanly, if [`LossView::token`] is still this. Its end.
    fn accept_loss(&self, ledger: LedgerId, token: String) -> BoxFuture<'_, Result<FrameIndex, PeerError>>;
}
