//! Finding other stores for a lane.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use esker_control::{StoreDirectory, candidates, choose_copyset, descriptor};
use esker_core::{FrameIndex, LedgerId, Mode, StoreId};
use esker_env::BoxFuture;
use esker_wal::{Avoid, AvoidReason, NextLedger, NextLedgerPlan, NotReady, RollError, Roller, StoreError};
use futures::future::join_all;

use super::{Joined, nonce_of};

/// How long a store or the metadata store may take to show that it is there.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// The roller of one lane.
pub(crate) struct ClusterRoller {
    pub(crate) joined: Arc<Joined>,
    pub(crate) mode: Mode,
}

impl Joined {
    async fn plan(&self, old: LedgerId, mode: Mode, avoid: &[Avoid]) -> Result<NextLedgerPlan, NotReady> {
        for dead in avoid.iter().filter(|avoid| avoid.reason == AvoidReason::Dead) {
            self.suspect(dead.store, "its store does not answer a writer");
        }
        let later = |why: String| NotReady::Later(why.into());
        let stands = self.meta.session_stands(self.session.key());
        match self.env.timeout(ANSWER_WITHIN, stands).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Err(later("the session is over".to_owned())),
            Ok(Err(error)) => return Err(later(error.to_string())),
            Err(elapsed) => return Err(later(format!("the metadata store: {elapsed}"))),
        }
        let mut avoid: BTreeSet<StoreId> = avoid.iter().map(|avoid| avoid.store).collect();
        loop {
            let known = candidates(&self.membership.view());
            let nonce = (self.broker, nonce_of(mode));
            let Some(copyset) = choose_copyset(&known, &self.own, self.replication, &avoid, nonce) else {
                let (have, want) = (known.len(), self.replication.write_quorum);
                return Err(later(format!(
                    "{want} stores are needed, and of {have} that may take ledgers {} are not to be used",
                    avoid.len()
                )));
            };
            let asked = join_all(copyset.iter().map(async |store| (*store, self.answers(*store, old).await)));
            let silent: Vec<StoreId> =
                asked.await.into_iter().filter(|(_, answers)| !answers).map(|(store, _)| store).collect();
            if silent.is_empty() {
                return Ok(NextLedgerPlan { copyset, write_quorum: self.replication.write_quorum });
            }
            if silent.contains(&self.own.store) {
                return Err(NotReady::Nowhere("this broker's own store has failed".into()));
            }
            avoid.extend(silent);
        }
    }

    /// Whether a store answers at all.
    async fn answers(&self, store: StoreId, ledger: LedgerId) -> bool {
        let Some(client) = self.stores.store(store) else { return false };
        // Beyond every frame there is: the answer is short.
        let asked = client.directory(ledger, FrameIndex(1 << 62));
        match self.env.timeout(ANSWER_WITHIN, asked).await {
            Ok(Ok(_) | Err(StoreError::Forgotten(_) | StoreError::NotHeld { .. })) => true,
            Ok(Err(error)) => {
                tracing::debug!(%store, %error, "a store does not answer");
                false
            }
            Err(_) => false,
        }
    }

    async fn roll(
        &self,
        old: LedgerId,
        end: FrameIndex,
        plan: NextLedgerPlan,
    ) -> Result<NextLedger, RollError> {
        let refused = |why: String| RollError(why.into());
        // Before the transaction: after it there would be an open ledger that no writer knows of, and that a graceful stop
        // leaves behind.
        let stores: Vec<_> = plan.copyset.iter().filter_map(|store| self.stores.store(*store)).collect();
        if stores.len() < plan.copyset.len() {
            return Err(refused("a store of the new copyset is gone already".to_owned()));
        }
        let rolled = self.session.roll_lane(old, end, plan.copyset, plan.write_quorum as u8).await;
        let record = rolled.map_err(|error| refused(error.to_string()))?;
        Ok(NextLedger { descriptor: descriptor(&record), stores })
    }
}

impl Roller for ClusterRoller {
    fn ready(
        &self,
        old: LedgerId,
        avoid: Vec<Avoid>,
    ) -> BoxFuture<'static, Result<NextLedgerPlan, NotReady>> {
        let (joined, mode) = (Arc::clone(&self.joined), self.mode);
        Box::pin(async move { joined.plan(old, mode, &avoid).await })
    }

    fn roll(
        &self,
        old: LedgerId,
        end: FrameIndex,
        plan: NextLedgerPlan,
    ) -> BoxFuture<'static, Result<NextLedger, RollError>> {
        let joined = Arc::clone(&self.joined);
        Box::pin(async move { joined.roll(old, end, plan).await })
    }
}
