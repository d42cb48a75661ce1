//! The controller: elected among the brokers by a leased key, and nothing of its own to lose.
//!
//! Every broker runs one of these. Whoever holds `/controller` does four things at once, each in its own file: it
//! recovers dead sessions and gives shards without an owner to living ones (`recover`), plans and orders moves
//! (`balance`), forgets what nothing needs (`tidy`) and confirms suspicions (`suspicion`). All state is in the metadata
//! store; what a controller leaves half done, the next one finds there.

mod balance;
mod campaign;
mod recover;
mod suspicion;
mod tidy;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_core::{LedgerId, ShardId};
use esker_env::{Env, TaskGuard};
use esker_meta::{Cluster, Controller as Elected, LedgerRecord, Membership, Meta, MetaError, SessionKey};
use parking_lot::Mutex;
use tokio::sync::Notify;

use self::suspicion::Suspicion;
use crate::{BlockedRecovery, BrokerSession, Ledgers, Peers};

/// What a controller stands on.
#[derive(Clone)]
pub struct ControllerParts {
    /// Clock, randomness, tasks.
    pub env: Env,
    /// The broker's session.
    pub session: Arc<BrokerSession>,
    /// Who is there.
    pub membership: Arc<Membership>,
    /// The other brokers.
    pub peers: Arc<dyn Peers>,
    /// The cluster's facts.
    pub cluster: Cluster,
}

/// Settings of a controller: plain data.
#[derive(Clone, Debug)]
pub struct ControllerConfig {
    /// Planned moves at a time.
    pub concurrent_moves: usize,
    /// How long the owner of a shard may take to move it, before the shard is planned anew.
    pub move_timeout: Duration,
    /// How long the set of brokers must have been the same before shards are moved to even them out. Drains do not wait.
    pub settle: Duration,
    /// Between two looks for what can be forgotten.
    pub tidy_interval: Duration,
    /// Between two looks for work that nothing announced.
    pub idle_interval: Duration,
    /// Longest wait between two attempts at a recovery that is blocked.
    pub longest_backoff: Duration,
    /// How long one attempt at a recovery may take.
    pub recovery_timeout: Duration,
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self {
            concurrent_moves: 8,
            move_timeout: Duration::from_secs(60),
            settle: Duration::from_secs(1),
            tidy_interval: Duration::from_secs(10),
            idle_interval: Duration::from_secs(2),
            longest_backoff: Duration::from_secs(5),
            recovery_timeout: Duration::from_secs(15),
        }
    }
}

/// A broker's part in controlling the cluster: it stands for election, and controls while it is elected.
pub struct Controller {
    inner: Arc<Inner>,
    _tasks: Vec<TaskGuard>,
}

struct Inner {
    parts: ControllerParts,
    config: ControllerConfig,
    /// Set while this broker is the controller.
    elected: Mutex<Option<Elected>>,
    /// Recoveries that wait, and why; for the status.
    blocked: Mutex<BTreeMap<LedgerId, BlockedRecovery>>,
    /// Planned moves under way, with where they go.
    moving: Mutex<BTreeMap<ShardId, SessionKey>>,
    /// Sessions that somebody suspects.
    suspects: Mutex<BTreeMap<SessionKey, Suspicion>>,
    suspected: Notify,
    /// What the last two looks for work listed: for a broken rule.
    #[cfg(feature = "mutations")]
    listed: Mutex<[Option<std::collections::BTreeSet<LedgerId>>; 2]>,
    /// Held while shards are given out, so that two recoveries see each other's choices.
    placing: tokio::sync::Mutex<()>,
}

impl Controller {
    /// Stands for election until the session is over or the controller dropped.
    #[must_use]
    pub fn start(parts: ControllerParts, config: ControllerConfig) -> Self {
        let env = parts.env.clone();
        let inner = Arc::new(Inner {
            parts,
            config,
            elected: Mutex::default(),
            blocked: Mutex::default(),
            moving: Mutex::default(),
            suspects: Mutex::default(),
            suspected: Notify::new(),
            #[cfg(feature = "mutations")]
            listed: Mutex::default(),
            placing: tokio::sync::Mutex::default(),
        });
        let tasks = vec![
            env.tasks.spawn_vital_guarded("the controller", Arc::clone(&inner).run()),
            env.tasks
                .spawn_vital_guarded("the controller's suspicions", Arc::clone(&inner).confirm_suspicions()),
            env.tasks.spawn_vital_guarded("the controller's tidying", Arc::clone(&inner).forget_orphans()),
        ];
        Self { inner, _tasks: tasks }
    }

    /// Whether this broker believes to be the controller. It may have been deposed a moment ago: its transactions find out.
    #[must_use]
    pub fn is_elected(&self) -> bool {
        self.inner.elected.lock().is_some()
    }

    /// Recoveries that wait for stores, while this broker is the controller.
    #[must_use]
    pub fn blocked(&self) -> Vec<BlockedRecovery> {
        self.inner.blocked.lock().values().cloned().collect()
    }

    /// Planned moves under way and where they go, while this broker is the controller.
    #[must_use]
    pub fn moving(&self) -> Vec<(ShardId, SessionKey)> {
        self.inner.moving.lock().iter().map(|(shard, to)| (*shard, *to)).collect()
    }
}

impl Controller {
    pub(crate) fn membership(&self) -> &Membership {
        &self.inner.parts.membership
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.inner.parts.cluster
    }

    pub(crate) async fn ledger_records(&self) -> Result<Vec<LedgerRecord>, MetaError> {
        let ledgers = self.inner.meta().list_all_ledgers().await?;
        Ok(ledgers.into_iter().map(|ledger| ledger.record).collect())
    }
}

impl Inner {
    fn meta(&self) -> &Meta {
        self.parts.session.meta()
    }

    fn ledgers(&self) -> &dyn Ledgers {
        &**self.parts.session.ledgers()
    }

    async fn sleep(&self, duration: Duration) {
        self.parts.env.clock.sleep(duration).await;
    }

    /// Controls whenever elected, until the session is over.
    async fn run(self: Arc<Self>) {
        let mut lost = self.parts.session.lost();
        let over = async {
            // An error means that the session itself is gone.
            let _ = lost.wait_for(|lost| *lost).await;
        };
        tokio::select! {
            biased;
            () = over => {}
            () = self.stand() => {}
        }
        self.resign();
    }

    async fn stand(&self) {
        loop {
            let me = self.win().await;
            tracing::info!(session = %me.session, elected = %me.elected, "this broker is the controller");
            *self.elected.lock() = Some(me);
            tokio::select! {
                biased;
                () = self.deposed(me) => {}
                () = self.recover_dead(me) => {}
                () = self.balance() => {}
                () = self.tidy(me) => {}
            }
            tracing::warn!(session = %me.session, "this broker is no longer the controller");
            self.resign();
        }
    }

    /// Drops what only a controller knows.
    fn resign(&self) {
        *self.elected.lock() = None;
        self.blocked.lock().clear();
        self.moving.lock().clear();
    }
}
