//! A node among others: its stores hold others' ledgers, its shards come and go.

mod follow;
mod moves;
mod roller;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_control::{
    BrokerSession, Candidate, ClusterStores, Controller, ControllerConfig, ControllerParts, Peers,
    RemoteStores, Replication, StartOptions, StoreDirectory, WalLedgers, candidates, choose_copyset,
    join_cluster, may_restart,
};
use esker_core::{BrokerId, Epoch, FrameIndex, Mode, ShardId, StoreId};
use esker_env::{Env, TaskGuard};
use esker_log::{Log, OwnedLane, StoreLookup};
use esker_meta::{Catalog, Cluster, GuardedError, Membership, MembershipView, Meta, SessionKey};
use esker_wal::{LogStore, Store};
use parking_lot::Mutex;

pub(crate) use roller::ClusterRoller;

use crate::node::{LANES, StartError, ledger_place};

/// Makes what a broker's session asks of others from who is there.
pub type PeersOf = Box<dyn FnOnce(SessionKey, &Arc<Membership>) -> Arc<dyn Peers> + Send>;

/// How a node reaches other brokers, and what it asks of them.
pub struct ClusterParts {
    /// Clients of their stores.
    pub remote_stores: Arc<dyn RemoteStores>,
    /// What brokers ask of each other.
    pub peers: PeersOf,
    /// R and W.
    pub replication: Replication,
    /// Settings of the controller.
    pub controller: ControllerConfig,
}

/// A node's part in its cluster, once it has joined.
pub(crate) struct Joined {
    pub(crate) env: Env,
    pub(crate) meta: Meta,
    pub(crate) membership: Arc<Membership>,
    pub(crate) stores: Arc<ClusterStores>,
    pub(crate) session: Arc<BrokerSession>,
    pub(crate) replication: Replication,
    /// The broker, and its own store as a member of copysets.
    pub(crate) broker: BrokerId,
    pub(crate) own: Candidate,
    /// The last epoch under which each shard was given away. The view may lag behind that.
    pub(crate) given: Mutex<BTreeMap<ShardId, Epoch>>,
    pub(crate) controller: std::sync::OnceLock<Controller>,
}

/// How often a start that waits for other stores says so.
const SAY_EVERY: Duration = Duration::from_secs(5);

impl Joined {
    /// Opens a session, and knows the others.
    pub(crate) async fn join(
        env: &Env,
        meta: &Meta,
        store: &Arc<Store>,
        cluster: &Cluster,
        options: StartOptions,
        parts: ClusterParts,
    ) -> Result<Arc<Self>, StartError> {
        let membership = Membership::start(meta.clone()).await?;
        let own_store = Arc::clone(store) as Arc<dyn LogStore>;
        let stores = ClusterStores::start(own_store, Arc::clone(&membership), parts.remote_stores, env);
        let directory = Arc::clone(&stores) as Arc<dyn StoreDirectory>;
        let ledgers = Arc::new(WalLedgers::new(Arc::clone(store), directory, env.clone()));
        let own = Candidate { store: store.id(), rack: options.rack.clone() };
        let broker = options.broker;
        let session = Arc::new(join_cluster(meta.clone(), env.clone(), ledgers, options).await?);
        let peers = (parts.peers)(session.key(), &membership);
        let joined = Arc::new(Self {
            env: env.clone(),
            meta: meta.clone(),
            membership: Arc::clone(&membership),
            stores,
            session: Arc::clone(&session),
            replication: parts.replication,
            broker,
            own,
            given: Mutex::default(),
            controller: std::sync::OnceLock::new(),
        });
        joined.wait_for_stores().await;
        let parts_of_controller =
            ControllerParts { env: env.clone(), session, membership, peers, cluster: *cluster };
        let _ = joined.controller.set(Controller::start(parts_of_controller, parts.controller));
        Ok(joined)
    }

    /// Waits until there are W stores. Lanes take more in when more come.
    async fn wait_for_stores(&self) {
        let write_quorum = self.replication.write_quorum;
        let known = |view: &MembershipView| {
            let others = candidates(view).iter().filter(|other| other.store != self.own.store).count();
            others + 1
        };
        loop {
            let enough = self.membership.wait_until(|view| known(view) >= write_quorum);
            if self.env.timeout(SAY_EVERY, enough).await.is_ok() {
                return;
            }
            let stores = known(&self.membership.view());
            tracing::warn!(stores, write_quorum, "waiting for more brokers: nothing can be acknowledged yet");
        }
    }

    /// Opens the lanes of this session on stores of now: those that sync. After a power loss of all stores nobody could
    /// deny what another lane's ledger held, and recovery would wait for ever, so such a lane is opened when a topic
    /// wants it ([`follow::lanes`]) and not before.
    pub(crate) async fn open_lanes(&self) -> Result<Vec<OwnedLane>, StartError> {
        let mut lanes = Vec::new();
        for mode in LANES.into_iter().filter(|mode| mode.syncs()) {
            lanes.push(self.open_lane(mode).await?);
        }
        Ok(lanes)
    }

    /// Opens a lane on stores of now.
    async fn open_lane(&self, mode: Mode) -> Result<OwnedLane, GuardedError> {
        let mut changed = self.membership.changed();
        let (copyset, stores) = loop {
            changed.borrow_and_update();
            let view = self.membership.view();
            let (nonce, none) = ((self.broker, nonce_of(mode)), std::collections::BTreeSet::new());
            match choose_copyset(&candidates(&view), &self.own, self.replication, &none, nonce) {
                Some(copyset) => match self.stores.all(&copyset) {
                    Some(stores) => break (copyset, stores),
                    // One of them went in between: the view is about to change, or has.
                    None => _ = changed.changed().await,
                },
                None => self.wait_for_stores().await,
            }
        };
        let write_quorum = self.replication.write_quorum as u8;
        let mut record = self.session.open_lane(mode, copyset.clone(), write_quorum).await?;
        let mut held_by = Some(stores);
        if record.copyset != copyset {
            // An earlier attempt created it, whose answer was lost: nothing is written to it.
            let stores = std::mem::replace(&mut held_by, self.stores.all(&record.copyset));
            if held_by.is_none() {
                record = self.session.roll_lane(record.id, FrameIndex(0), copyset, write_quorum).await?;
                held_by = stores;
            }
        }
        let stores = held_by.unwrap_or_default();
        let write_quorum = usize::from(record.write_quorum);
        Ok(OwnedLane { mode, ledger: ledger_place(record), stores, write_quorum })
    }

    pub(crate) fn lookup(&self) -> StoreLookup {
        let stores = Arc::clone(&self.stores);
        Arc::new(move |id| stores.store(id))
    }

    /// Follows the metadata for a log: shards that come, stores that go, modes that topics want.
    pub(crate) fn follow(self: &Arc<Self>, log: &Log, catalog: &Arc<Catalog>) -> Vec<TaskGuard> {
        vec![
            self.env.tasks.spawn_vital_guarded(
                "following lanes",
                follow::lanes(Arc::clone(self), log.clone(), Arc::clone(catalog)),
            ),
            self.env
                .tasks
                .spawn_vital_guarded("following shards", follow::shards(Arc::clone(self), log.clone())),
            self.env
                .tasks
                .spawn_vital_guarded("following stores", follow::stores(Arc::clone(self), log.clone())),
        ]
    }

    /// Gives everything away that others would miss while this broker is not there, for at most `limit`. Returns whether
    /// all went.
    pub(crate) async fn drain(&self, limit: Duration) -> bool {
        if self.membership.view().sessions.len() < 2 {
            return false; // nobody could take anything
        }
        if let Err(error) = self.session.set_draining(self.own.store, true).await {
            tracing::warn!(%error, "cannot be drained now; others take over when the session ends");
            return false;
        }
        let done = async {
            let own = self.session.key();
            let owns_none = |view: &MembershipView| {
                view.shards.values().all(|shard| shard.record.owned_by() != Some(own))
            };
            self.membership.wait_until(owns_none).await;
            loop {
                if let Ok(ledgers) = self.meta.list_all_ledgers().await {
                    let ledgers: Vec<_> = ledgers.into_iter().map(|ledger| ledger.record).collect();
                    if may_restart(&self.membership.view(), &ledgers, self.broker) {
                        return;
                    }
                }
                self.env.clock.sleep(Duration::from_millis(50)).await;
            }
        };
        self.env.timeout(limit, done).await.is_ok()
    }

    /// The living broker that serves a store.
    fn server_of(&self, store: StoreId) -> Option<BrokerId> {
        self.membership.view().serving(store).map(|session| session.key.broker)
    }

    /// Tells the controller that a store does not answer.
    fn suspect(&self, store: StoreId, why: &str) {
        if let (Some(broker), Some(controller)) = (self.server_of(store), self.controller.get()) {
            controller.suspect(broker, why);
        }
    }
}

/// Where the lanes of a mode stand in [`LANES`].
fn nonce_of(mode: Mode) -> u64 {
    LANES.iter().position(|lane| *lane == mode).unwrap_or_default() as u64
}
