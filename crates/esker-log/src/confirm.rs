//! The read-index round: making sure that nobody has taken over before saying what only an owner may say.
//!
//! A broker that was frozen past its lease serves on until it notices: what it says is old, not wrong, as long as clients
//! only learn less than there is. Two answers are worse than that: that an offset is beyond the end (the client would
//! begin somewhere else), and where a group stands (it would go back). Before these the owner asks the stores of a ledger
//! that it writes. A recovery seals all open ledgers of a session on R - W + 1 of their stores before any shard changes
//! owner, so W stores that have it open prove that none had come that far.

use std::time::Duration;

use esker_core::PartitionId;
use esker_env::Rule;
use futures::{StreamExt, stream::FuturesUnordered};

use crate::{
    error::LogError,
    lanes::Lane,
    log::{Inner, Log},
};

/// How long the round may take, rolls included.
const WITHIN: Duration = Duration::from_secs(2);
/// Between two looks at a lane that rolls.
const PAUSE: Duration = Duration::from_millis(5);

impl Log {
    /// Makes sure that this broker owned the partition's shard when this was called: what its rows said then, and say
    /// before this returns, no other broker has gone beyond.
    ///
    /// # Errors
    /// [`LogError::NotOwner`] when the stores of its ledger deny it or too few of them answer, and when the shard is on its
    /// way to another broker: whether it has arrived there only the metadata knows.
    pub async fn confirm(&self, id: PartitionId) -> Result<(), LogError> {
        let inner = &self.0;
        if Rule::ReadIndex.is_broken() {
            return Ok(());
        }
        // The ledgers of a session are sealed together: any lane tells.
        let lane = inner.lanes.all().next().ok_or(LogError::NotOwner(id))?;
        if !inner.env.timeout(WITHIN, inner.confirm(lane)).await.unwrap_or(false) {
            return Err(LogError::NotOwner(id));
        }
        // After the round: a move that came since would still be seen.
        let shard = inner.locate(id)?;
        let state = shard.state.lock();
        let held = state.held && !Rule::HeldNotConfirmed.is_broken();
        if held || state.closed { Err(LogError::NotOwner(id)) } else { Ok(()) }
    }
}

impl Inner {
    async fn confirm(&self, lane: &Lane) -> bool {
        loop {
            if self.closed.borrow().is_some() {
                return false;
            }
            // Between the freeze and the new ledger the old one may be sealed in the metadata alone, and others may
            // have recovered the new one.
            let Some(ledger) = lane.unfrozen() else {
                self.env.clock.sleep(PAUSE).await;
                continue;
            };
            let stores = self.stores.of_copyset(&ledger.copyset);
            let mut asked: FuturesUnordered<_> =
                stores.iter().map(|store| store.is_open(ledger.ledger)).collect();
            let wanted = if Rule::ReadIndexAtQuorum.is_broken() { 1 } else { ledger.write_quorum };
            let mut open = 0;
            while let Some(answer) = asked.next().await {
                open += usize::from(answer == Ok(true));
                if open >= wanted {
                    break;
                }
            }
            match lane.unfrozen() {
                Some(now) if now.ledger == ledger.ledger => return open >= wanted,
                _ => {} // it has rolled meanwhile, or is about to
            }
        }
    }
}
