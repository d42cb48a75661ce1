//! The log's part of a planned move: the shard is flushed, held, flushed again, and given up with nothing left behind.
//!
//! Held means that appends wait while reads go on. Whoever takes the shard finds all of it in the object store, so it
//! opens within a few reads and no ledger becomes pending.

use std::sync::Arc;

use esker_core::{Epoch, PartitionId, ShardId, shard_map::shard_of};
use esker_env::Rule;

use crate::{
    error::AppendError,
    log::{Inner, Log},
    offload::FlushError,
    partition::Partition,
    shard::Shard,
};

/// Why a shard was not held. It is served as before.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// It is not open here, or about to be given up already.
    #[error("shard {0} is not served here, or on its way to another broker already")]
    NotHere(ShardId),
    /// The object store or the metadata store did not take what only the log has.
    #[error("shard {shard} cannot be flushed: {source}")]
    Flush {
        /// The shard.
        shard: ShardId,
        /// What went wrong.
        source: FlushError,
    },
    /// What was being appended did not become durable: the log is closed.
    #[error("shard {shard}: {source}")]
    Append {
        /// The shard.
        shard: ShardId,
        /// What went wrong.
        source: AppendError,
    },
}

/// Flushes before the hold: what came while the one before ran is the next one's, and each is shorter.
const PRE_FLUSHES: usize = 8;

/// A shard whose appends wait and whose every record is in the object store. Dropping it lets the appends go on.
#[must_use = "dropping it ends the hold"]
pub struct HeldShard {
    inner: Arc<Inner>,
    shard: Arc<Shard>,
}

impl Log {
    /// Prepares a shard to be given away: flushes it, then holds its appends, waits for what is under way, and flushes
    /// the rest.
    ///
    /// # Errors
    /// See [`HoldError`]; appends go on then.
    pub async fn hold_shard(&self, id: ShardId) -> Result<HeldShard, HoldError> {
        let inner = &self.0;
        let shard = inner.shards.get(id).ok_or(HoldError::NotHere(id))?;
        let flush = |source| HoldError::Flush { shard: id, source };
        for _ in 0..PRE_FLUSHES {
            if !inner.flush(&shard).await.map_err(flush)? {
                break;
            }
        }
        {
            let mut state = shard.state.lock();
            if state.closed || state.held {
                return Err(HoldError::NotHere(id));
            }
            state.held = !Rule::MoveHolds.is_broken();
        }
        let held = HeldShard { inner: Arc::clone(inner), shard };
        for lane in inner.lanes.all() {
            let everything = lane.committed(lane.last_ticket()).await;
            everything.map_err(|source| HoldError::Append { shard: id, source })?;
        }
        while inner.flush(&held.shard).await.map_err(flush)? {}
        if !Rule::MoveHolds.is_broken() {
            held.assert_archived();
        }
        Ok(held)
    }

    /// Completes when appends to the partition need not wait (any more) for a move of its shard. Whether the shard is
    /// still here is for the next append to tell.
    pub async fn settled(&self, id: PartitionId) {
        let inner = &self.0;
        let Some(shard) = inner.shards.get(shard_of(id, inner.shards.len())) else { return };
        loop {
            let settled = shard.settled.notified();
            tokio::pin!(settled);
            // In line before the look, so that no end of the hold falls in between.
            settled.as_mut().enable();
            if !shard.state.lock().held {
                return;
            }
            settled.await;
        }
    }
}

impl HeldShard {
    /// Which shard.
    #[must_use]
    pub fn id(&self) -> ShardId {
        self.shard.id
    }

    /// The epoch under which it was served here.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.shard.epoch
    }

    /// Gives the shard up: it belongs to another broker by now.
    pub fn give_up(self) {
        self.inner.close_shard(self.shard.id);
    }

    fn assert_archived(&self) {
        let state = self.shard.state.lock();
        assert!(
            state.pending.is_empty(),
            "a flush that finds nothing to do has cleared every pending ledger"
        );
        for row in state.rows.values() {
            assert!(
                row.archived_end == row.high_watermark
                    && row.high_watermark == row.log_end
                    && row.unsaved_start.is_none(),
                "partition {} has records that no object has",
                row.id
            );
        }
    }
}

impl Drop for HeldShard {
    fn drop(&mut self) {
        self.shard.state.lock().held = false;
        self.shard.settled.notify_waiters();
    }
}

impl Inner {
    /// Stops serving a shard at once. Waiting fetches and appends come to know.
    pub(crate) fn close_shard(&self, id: ShardId) {
        let Some(shard) = self.shards.remove(id) else { return };
        let waiters: Vec<_> = {
            let mut state = shard.state.lock();
            state.closed = true;
            state.held = false;
            state.rows.values_mut().flat_map(Partition::take_waiters).collect()
        };
        for waiter in waiters {
            waiter.notify_one();
        }
        shard.settled.notify_waiters();
        self.ownership.send_modify(|changes| *changes += 1);
    }
}
