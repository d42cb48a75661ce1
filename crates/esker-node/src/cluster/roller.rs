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
        let known = candidates(&self.membership.view());
        let choose = |avoid: &BTreeSet<StoreId>| {
            let nonce = (self.broker, nonce_of(mode));
            choose_copyset(&known, &self.own, self.replication, avoid, nonce)
        };
        let write_quorum = self.replication.write_quorum;
        match settle(self.own.store, avoid, choose, |store| self.answers(store, old)).await {
            Ok(copyset) => Ok(NextLedgerPlan { copyset, write_quorum }),
            Err(NoCopyset::OwnFailed) => Err(NotReady::Nowhere("this broker's own store has failed".into())),
            Err(NoCopyset::TooFew { avoided }) => Err(later(format!(
                "{write_quorum} stores are needed, and of {} that may take ledgers {avoided} are not to be used",
                known.len()
            ))),
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
        let Some(stores) = self.stores.all(&plan.copyset) else {
            return Err(refused("a store of the new copyset is gone already".to_owned()));
        };
        let rolled = self.session.roll_lane(old, end, plan.copyset, plan.write_quorum as u8).await;
        let record = rolled.map_err(|error| refused(error.to_string()))?;
        Ok(NextLedger { descriptor: descriptor(&record), stores })
    }
}

/// Why there is no copyset.
#[derive(Debug, PartialEq, Eq)]
enum NoCopyset {
    /// Without so many stores there are fewer than W.
    TooFew { avoided: usize },
    /// The one that is in every copyset does not answer.
    OwnFailed,
}

/// Finds a copyset of stores that all answer. One that was given up as dead is the last resort: it is asked when there
/// are too few without it. After a cut of a second the others of a small cluster are all dead to a writer, and well.
async fn settle<F: Future<Output = bool>>(
    own: StoreId,
    avoid: &[Avoid],
    choose: impl Fn(&BTreeSet<StoreId>) -> Option<Vec<StoreId>>,
    answers: impl Fn(StoreId) -> F,
) -> Result<Vec<StoreId>, NoCopyset> {
    let dead = avoid.iter().filter(|avoid| avoid.reason == AvoidReason::Dead);
    let mut dead: Vec<StoreId> = dead.map(|avoid| avoid.store).collect();
    let mut avoid: BTreeSet<StoreId> = avoid.iter().map(|avoid| avoid.store).collect();
    loop {
        let Some(copyset) = choose(&avoid) else {
            if dead.is_empty() {
                return Err(NoCopyset::TooFew { avoided: avoid.len() });
            }
            dead.drain(..).for_each(|store| _ = avoid.remove(&store));
            continue;
        };
        let asked = join_all(copyset.iter().map(|store| answers(*store))).await;
        let silent: Vec<StoreId> =
            copyset.iter().zip(asked).filter(|(_, answers)| !answers).map(|(store, _)| *store).collect();
        if silent.is_empty() {
            return Ok(copyset);
        }
        if silent.contains(&own) {
            return Err(NoCopyset::OwnFailed);
        }
        avoid.extend(silent);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn store(id: u8) -> StoreId {
        StoreId::from_random([id; 16])
    }

    /// Store 0 is the own one; two are needed, three are wanted, of stores 0 to `count`.
    async fn settled(
        count: u8,
        avoid: &[(u8, AvoidReason)],
        silent: &[u8],
    ) -> Result<Vec<StoreId>, NoCopyset> {
        let avoid: Vec<Avoid> =
            avoid.iter().map(|(id, reason)| Avoid { store: store(*id), reason: *reason }).collect();
        let choose = |avoid: &BTreeSet<StoreId>| {
            let others = (1..count).map(store).filter(|store| !avoid.contains(store));
            let chosen: Vec<StoreId> = std::iter::once(store(0)).chain(others).take(3).collect();
            (chosen.len() >= 2).then_some(chosen)
        };
        let silent: Vec<StoreId> = silent.iter().copied().map(store).collect();
        settle(store(0), &avoid, choose, |store| std::future::ready(!silent.contains(&store))).await
    }

    #[tokio::test]
    async fn the_dead_are_the_last_resort() {
        use AvoidReason::{Dead, Draining, Lagging};
        let ids = |ids: &[u8]| Ok(ids.iter().copied().map(store).collect::<Vec<_>>());
        let dead = [(1, Dead), (2, Dead)];
        assert_eq!(settled(3, &dead, &[]).await, ids(&[0, 1, 2]), "they answer again");
        assert_eq!(settled(3, &dead, &[1]).await, ids(&[0, 2]), "one of them does");
        assert_eq!(settled(3, &dead, &[1, 2]).await, Err(NoCopyset::TooFew { avoided: 2 }));
        assert_eq!(settled(5, &dead, &[]).await, ids(&[0, 3, 4]), "there are others");
        assert_eq!(settled(3, &dead[..1], &[]).await, ids(&[0, 2]), "enough without it");
        let unwanted = [(1, Lagging), (2, Draining)];
        assert_eq!(settled(3, &unwanted, &[]).await, Err(NoCopyset::TooFew { avoided: 2 }));
        assert_eq!(settled(3, &[], &[0]).await, Err(NoCopyset::OwnFailed));
    }
}
