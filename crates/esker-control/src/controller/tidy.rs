//! Forgetting what nothing needs.

use std::time::Duration;

use esker_meta::Controller as Elected;

use super::Inner;
use crate::cleanup;

/// Between two looks of a broker for what its own store holds of forgotten ledgers.
const ORPHAN_INTERVAL: Duration = Duration::from_secs(60);

impl Inner {
    /// Forgets dead sessions' ledgers that no shard needs and stores that no ledger needs, again and again.
    pub(super) async fn tidy(&self, me: Elected) {
        loop {
            self.sleep(self.config.tidy_interval).await;
            if let Err(error) = cleanup::forget_all_unneeded(self.meta(), self.ledgers(), me.into()).await {
                tracing::warn!(%error, "ledgers that nothing needs stay for now");
            }
            if let Err(error) = cleanup::forget_replaced_stores(self.meta(), me.into()).await {
                tracing::warn!(%error, "records of stores that were replaced stay for now");
            }
        }
    }

    /// Every broker, for its own store: what was forgotten while it could not be asked.
    pub(super) async fn forget_orphans(self: std::sync::Arc<Self>) {
        loop {
            if let Err(error) = cleanup::forget_orphans(self.meta(), self.ledgers()).await {
                tracing::debug!(%error, "could not look for what the store holds of forgotten ledgers");
            }
            self.sleep(ORPHAN_INTERVAL).await;
        }
    }
}
