//! Recovering dead sessions, and giving out shards that nobody owns.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use esker_core::{BrokerId, LedgerId};
use esker_env::BoxFuture;
#[cfg(feature = "mutations")]
use esker_env::Rule;
use esker_meta::{
    Controller as Elected, GuardedError, MembershipView, MetaError, SessionKey, ShardRecord, StoreState,
};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use super::Inner;
use crate::{
    BlockedRecovery,
    placement::{Loads, Role},
    recovery::{Inheritance, NoEpochsLeft, SealError},
};

/// The first wait after a failed attempt; it doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// Why a recovery has not come to its end.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    #[error("{} ledgers cannot be recovered", .0.len())]
    Blocked(Vec<BlockedRecovery>),
    #[error("it took too long")]
    TimedOut,
    #[error(transparent)]
    NoEpochsLeft(#[from] NoEpochsLeft),
    #[error(transparent)]
    Guarded(#[from] GuardedError),
}

impl From<MetaError> for Unfinished {
    fn from(error: MetaError) -> Self {
        Self::Guarded(error.into())
    }
}

impl Inner {
    /// Recovers each session that shards name and that is dead, all at once, and gives out what nobody owns, for ever.
    pub(super) async fn recover_dead(&self, me: Elected) {
        let mut changed = self.parts.membership.changed();
        let mut under_way: BTreeSet<Job> = BTreeSet::new();
        // All that waits for the placing lock is polled in here, together with whoever holds it.
        let mut jobs: FuturesUnordered<BoxFuture<'_, Job>> = FuturesUnordered::new();
        loop {
            changed.borrow_and_update();
            let mut pause = self.config.idle_interval;
            match self.find_work(&under_way).await {
                Ok(found) => {
                    for job in found {
                        under_way.insert(job);
                        jobs.push(match job {
                            Job::Recover(dead) => self.recover(me, dead).map(move |()| job).boxed(),
                            Job::GiveOut => self.give_out_unowned(me).map(move |()| job).boxed(),
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "could not look for dead brokers; trying again");
                    pause = FIRST_BACKOFF;
                }
            }
            let idle = self.parts.env.clock.sleep(pause);
            tokio::select! {
                biased;
                Some(done) = jobs.next() => {
                    under_way.remove(&done);
                }
                _ = changed.changed() => {}
                () = idle => {}
            }
        }
    }

    /// What the view suggests, confirmed by the store: a session is dead once its key is gone, and not when the view
    /// has not heard of it yet.
    async fn find_work(&self, under_way: &BTreeSet<Job>) -> Result<BTreeSet<Job>, MetaError> {
        #[cfg(feature = "mutations")]
        self.list_too_early().await?;
        let view = self.parts.membership.view();
        let mut work = BTreeSet::new();
        let mut doubtful = BTreeSet::new();
        if view.shards.len() < self.parts.cluster.shards as usize {
            work.insert(Job::GiveOut);
        }
        for shard in view.shards.values() {
            match shard.record.owned_by() {
                None => {
                    work.insert(Job::GiveOut);
                }
                Some(owner) if view.session(owner).is_some() => {}
                Some(owner) => {
                    doubtful.insert(owner);
                }
            }
        }
        doubtful.retain(|session| !under_way.contains(&Job::Recover(*session)));
        if !doubtful.is_empty() {
            let (revision, living) = self.meta().sessions_at().await?;
            let living: BTreeSet<_> = living.into_iter().map(|live| live.key).collect();
            doubtful.retain(|session| session.session.0 <= revision.0 && !living.contains(session));
            for dead in &doubtful {
                tracing::warn!(session = %dead, "a broker's session is over; recovering what it left");
            }
            work.extend(doubtful.into_iter().map(Job::Recover));
        }
        work.retain(|job| !under_way.contains(job));
        Ok(work)
    }

    /// Recovers one dead session, however long it takes.
    async fn recover(&self, me: Elected, dead: SessionKey) {
        let mut failures = 0_u32;
        loop {
            let reachable = self.ledgers().reachable();
            let attempt = self.try_recover(me, dead);
            let attempt = self.parts.env.timeout(self.config.recovery_timeout, attempt).await;
            let why = match attempt.unwrap_or(Err(Unfinished::TimedOut)) {
                Ok(()) => {
                    self.unblock(dead);
                    let names = |view: &MembershipView| {
                        view.shards.values().any(|shard| shard.record.owned_by() == Some(dead))
                    };
                    // Until the view shows it, there would seem to be work left.
                    let shown = self.parts.membership.wait_until(|view| !names(view));
                    let _ = self.parts.env.timeout(self.config.idle_interval, shown).await;
                    return;
                }
                Err(why) => why,
            };
            failures += 1;
            // Once, then now and then.
            if failures.is_power_of_two() {
                tracing::warn!(session = %dead, failures, %why, "a dead broker's recovery is not finished");
            }
            if let Unfinished::Blocked(blocked) = why {
                self.block(dead, blocked, failures);
            }
            let backoff = FIRST_BACKOFF * 2_u32.pow((failures - 1).min(8));
            self.wait_for_stores(&reachable, backoff.min(self.config.longest_backoff)).await;
        }
    }

    /// Waits, but not longer than until other stores can be asked than before.
    async fn wait_for_stores(&self, before: &BTreeSet<esker_core::StoreId>, longest: Duration) {
        let others = self.parts.membership.wait_until(|_| self.ledgers().reachable() != *before);
        // Other stores or not: a store that was just announced needs a moment, and failures must not spin.
        self.sleep(FIRST_BACKOFF.min(longest)).await;
        let _ = self.parts.env.timeout(longest.saturating_sub(FIRST_BACKOFF), others).await;
    }

    /// Steps 2 to 5; step 1, the fence, is behind us. Done once no shard names the session any more.
    async fn try_recover(&self, me: Elected, dead: SessionKey) -> Result<(), Unfinished> {
        let mut inheritance = Inheritance::read(self.meta(), dead.broker, |writer| writer == dead).await?;
        #[cfg(feature = "mutations")]
        if let (true, Some(listed)) = (Rule::FenceBeforeList.is_broken(), &self.listed.lock()[0]) {
            inheritance.retain(listed);
        }
        let unsealed = inheritance.seal(self.meta(), self.ledgers(), me.into(), |_| false, false).await;
        let mut blocked = Vec::new();
        for (ledger, error) in unsealed {
            match error {
                SealError::Guarded(error) => return Err(error.into()),
                SealError::Ledger(error) => {
                    blocked.push(self.blocked_by(&inheritance, dead, ledger, error.why));
                }
            }
        }
        if !blocked.is_empty() {
            return Err(Unfinished::Blocked(blocked));
        }
        // Everything that it wrote has a known end now.
        let _placing = self.placing.lock().await;
        inheritance.read_shards_again(self.meta()).await?;
        self.give_out(me, &inheritance, |shard| shard.owned_by() == Some(dead)).await
    }

    /// What breaking the first rule of recovery means: a session's ledgers are those of the look before its end was seen.
    #[cfg(feature = "mutations")]
    async fn list_too_early(&self) -> Result<(), MetaError> {
        if Rule::FenceBeforeList.is_broken() {
            let now = self.meta().list_all_ledgers().await?;
            let now = now.into_iter().map(|ledger| ledger.record.id).collect();
            let mut listed = self.listed.lock();
            listed[0] = listed[1].replace(now);
        }
        Ok(())
    }

    /// Gives shards that nobody owns, or that have no record yet, to living brokers.
    async fn give_out_unowned(&self, me: Elected) {
        let given = async {
            let _placing = self.placing.lock().await;
            let nobody = Inheritance::read(self.meta(), me.session.broker, |_| false).await?;
            self.give_out(me, &nobody, |shard| shard.owner.is_none()).await
        };
        if let Err(error) = given.await {
            tracing::info!(%error, "could not give out shards; trying again");
        }
        // Also lets the view catch up.
        self.sleep(FIRST_BACKOFF).await;
    }

    /// Step 5 for the shards that `orphaned` names, and those without a record.
    async fn give_out(
        &self,
        me: Elected,
        inheritance: &Inheritance,
        orphaned: impl Fn(&ShardRecord) -> bool,
    ) -> Result<(), Unfinished> {
        let (sessions, roles) = self.living().await?;
        let owners = inheritance.shards().values().filter_map(|shard| shard.record.owned_by());
        let standing = owners.filter(|owner| sessions.get(&owner.broker) == Some(owner));
        let mut loads = Loads::new(&roles, standing.map(|owner| owner.broker));
        let moves = inheritance.moves(self.parts.cluster.shards, &BTreeSet::new(), |_, shard| {
            if shard.is_none_or(&orphaned) { sessions.get(&loads.take()?).copied() } else { None }
        })?;
        let count = moves.len();
        self.meta().move_shards(me, &moves).await?;
        if count > 0 {
            tracing::info!(shards = count, "gave shards to living brokers");
        }
        Ok(())
    }

    /// The living brokers and what placement may do with them, from the store.
    async fn living(&self) -> Result<(BTreeMap<BrokerId, SessionKey>, BTreeMap<BrokerId, Role>), MetaError> {
        let sessions = self.meta().sessions().await?;
        let stores = self.meta().store_records().await?;
        let role = |store| {
            let record = stores.iter().find(|record| record.id == store);
            if record.is_some_and(|record| record.state != StoreState::Active) {
                Role::Drains
            } else {
                Role::Takes
            }
        };
        let roles = sessions.iter().map(|live| (live.key.broker, role(live.record.store))).collect();
        Ok((sessions.into_iter().map(|live| (live.key.broker, live.key)).collect(), roles))
    }

    fn blocked_by(
        &self,
        inheritance: &Inheritance,
        dead: SessionKey,
        ledger: LedgerId,
        why: String,
    ) -> BlockedRecovery {
        let reachable = self.ledgers().reachable();
        let record = inheritance.ledger(ledger);
        BlockedRecovery {
            ledger,
            writer: dead,
            mode: record.map(|record| record.mode),
            missing: record
                .map(|record| {
                    record.copyset.iter().filter(|store| !reachable.contains(store)).copied().collect()
                })
                .unwrap_or_default(),
            why,
            shards: record.map(|record| inheritance.needed_by(record)).unwrap_or_default(),
            attempts: 1,
            since_ms: self.parts.env.clock.wall_ms(),
        }
    }

    fn block(&self, dead: SessionKey, now: Vec<BlockedRecovery>, attempts: u32) {
        let mut blocked = self.blocked.lock();
        let before: BTreeMap<_, _> = blocked.extract_if(.., |_, entry| entry.writer == dead).collect();
        for entry in now {
            if !before.contains_key(&entry.ledger) {
                tracing::error!(%entry, "shards wait for a store");
            }
            let since_ms = before.get(&entry.ledger).map_or(entry.since_ms, |before| before.since_ms);
            blocked.insert(entry.ledger, BlockedRecovery { attempts, since_ms, ..entry });
        }
    }

    fn unblock(&self, dead: SessionKey) {
        self.blocked.lock().retain(|_, entry| entry.writer != dead);
    }
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    /// Give out shards that nobody owns.
    GiveOut,
    /// Recover a dead session.
    Recover(SessionKey),
}
