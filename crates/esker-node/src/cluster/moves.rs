//! The owner's part in a planned move.

use std::{sync::Arc, time::Duration};

use esker_control::PeerError;
use esker_core::{Action, Classified, ShardId};
use esker_log::{HeldShard, Log};
use esker_meta::{GuardedError, MetaError, SessionKey};

use super::Joined;

/// How long the flushes of a move may take. Appends wait for a part of it.
const FLUSH_WITHIN: Duration = Duration::from_secs(20);
/// How long the view may take to show a move before clients are told of it all the same.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);
/// Between two attempts while the metadata store does not answer.
const PAUSE: Duration = Duration::from_millis(100);

impl Joined {
    /// Flushes a shard, holds its appends, hands it over, and stops serving it.
    pub(crate) async fn move_shard(
        self: &Arc<Self>,
        log: &Log,
        shard: ShardId,
        to: SessionKey,
    ) -> Result<(), PeerError> {
        if to == self.session.key() {
            return Ok(());
        }
        let failed = |why: String, action| PeerError { why, action };
        let held = self
            .env
            .timeout(FLUSH_WITHIN, log.hold_shard(shard))
            .await
            .map_err(|elapsed| failed(format!("flushing shard {shard}: {elapsed}"), Action::Retry))?
            .map_err(|error| failed(error.to_string(), Action::Retry))?;
        // Whoever asked may go away; from here on the move comes to its end all the same.
        let joined = Arc::clone(self);
        let (done, outcome) = tokio::sync::oneshot::channel();
        self.env.tasks.spawn_vital("moving a shard", async move {
            let _ = done.send(joined.hand_over(held, to).await);
        });
        match outcome.await {
            Ok(outcome) => outcome.map_err(|error| failed(error.to_string(), error.action())),
            Err(_) => Err(failed("the broker is going away".to_owned(), Action::Refresh)),
        }
    }

    async fn hand_over(&self, held: HeldShard, to: SessionKey) -> Result<(), GuardedError> {
        let (shard, epoch) = (held.id(), held.epoch());
        // Whether some attempt of this loop may have happened, or still may.
        let mut uncertain = false;
        loop {
            match self.session.hand_over(shard, epoch, to, &[]).await {
                Ok(_) => break,
                // An earlier attempt of this loop may have been the one that changed it.
                Err(GuardedError::Changed(key)) => match self.meta.shard(shard).await {
                    // By owner alone it might be this session's again, after others had it and wrote to it.
                    Ok(Some(found))
                        if found.record.owned_by() == Some(self.session.key())
                            && found.record.epoch == epoch =>
                    {
                        return Err(GuardedError::Changed(key)); // it was the target: the shard stays here
                    }
                    Ok(_) => break,
                    Err(error) => tracing::warn!(%error, %shard, "a move waits for the metadata store"),
                },
                Err(error @ GuardedError::SessionLost(_)) => return Err(error),
                // Whether it moved is not known: until it is, nobody serves appends.
                Err(GuardedError::Meta(error @ MetaError::Unknown(_))) => {
                    uncertain = true;
                    tracing::warn!(%error, %shard, "a move waits for the metadata store");
                }
                Err(error) if uncertain => {
                    tracing::warn!(%error, %shard, "a move waits for the metadata store");
                }
                // Nothing happened: an outage of the metadata store stops no produce.
                Err(error) => return Err(error),
            }
            self.env.clock.sleep(PAUSE).await;
        }
        self.given.lock().insert(shard, epoch);
        // Those whose appends waited are told where to go.
        let moved = |view: &esker_meta::MembershipView| {
            view.shards.get(&shard).is_some_and(|found| found.record.epoch > epoch)
        };
        let _ = self.env.timeout(SHOWN_WITHIN, self.membership.wait_until(moved)).await;
        held.give_up();
        Ok(())
    }
}
