//! From a store's id to the store, wherever it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use esker_core::StoreId;
use esker_env::{Env, TaskGuard};
use esker_meta::{Endpoint, LiveSession, Membership, StoreState};
use esker_wal::LogStore;
use parking_lot::Mutex;

/// Name of the listener at which brokers talk to each other.
pub const GRPC_LISTENER: &str = "grpc";

/// The stores that this process can talk to.
pub trait StoreDirectory: Send + Sync + 'static {
    /// The store; `None` when no living broker serves it.
    fn store(&self, id: StoreId) -> Option<Arc<dyn LogStore>>;

    /// All that `store` knows now.
    fn reachable(&self) -> BTreeSet<StoreId>;

    /// Whether the store is gone for good: its broker is back with another one, or an operator declared it lost.
    fn is_gone(&self, id: StoreId) -> bool;

    /// All of these; `None` when a living broker is missing for one.
    fn all(&self, ids: &[StoreId]) -> Option<Vec<Arc<dyn LogStore>>> {
        ids.iter().map(|id| self.store(*id)).collect()
    }
}

/// Makes clients of other brokers' stores.
pub trait RemoteStores: Send + Sync + 'static {
    /// A client of the store, which is served at this endpoint now. Called once for each store.
    fn connect(&self, store: StoreId, at: &Endpoint) -> Arc<dyn LogStore>;

    /// The store is served at another endpoint now: the client that `connect` made goes there.
    fn moved(&self, store: StoreId, to: &Endpoint);
}

/// Where a broker serves its store to others.
#[must_use]
pub fn grpc_endpoint(session: &LiveSession) -> Option<&Endpoint> {
    session.record.endpoints.iter().find(|endpoint| endpoint.listener == GRPC_LISTENER)
}

/// A node that knows of no other.
pub(crate) struct OwnStore(pub(crate) Arc<dyn LogStore>);

impl StoreDirectory for OwnStore {
    fn store(&self, id: StoreId) -> Option<Arc<dyn LogStore>> {
        (id == self.0.id()).then(|| Arc::clone(&self.0))
    }

    fn reachable(&self) -> BTreeSet<StoreId> {
        [self.0.id()].into()
    }

    fn is_gone(&self, _: StoreId) -> bool {
        false // nobody tells
    }
}

/// The own store, and those of the living brokers. Clients are made on first use and kept: a store that comes back is
/// reached through the client that its ledgers' writers already have.
pub struct ClusterStores {
    own: Arc<dyn LogStore>,
    membership: Arc<Membership>,
    remote: Arc<dyn RemoteStores>,
    clients: Mutex<BTreeMap<StoreId, Client>>,
    following: Mutex<Option<TaskGuard>>,
}

struct Client {
    at: Endpoint,
    store: Arc<dyn LogStore>,
}

impl ClusterStores {
    /// Follows the membership with a task of `env` until it is dropped.
    #[must_use]
    pub fn start(
        own: Arc<dyn LogStore>,
        membership: Arc<Membership>,
        remote: Arc<dyn RemoteStores>,
        env: &Env,
    ) -> Arc<Self> {
        let mut changed = membership.changed();
        let (clients, following) = (Mutex::default(), Mutex::new(None));
        let stores = Arc::new(Self { own, membership, remote, clients, following });
        let weak: Weak<Self> = Arc::downgrade(&stores);
        let follow = async move {
            while changed.changed().await.is_ok() {
                let Some(stores) = weak.upgrade() else { return };
                stores.follow();
            }
        };
        *stores.following.lock() = Some(env.tasks.spawn_vital_guarded("following stores", follow));
        stores
    }

    /// Tells the clients whose stores are somewhere else now.
    fn follow(&self) {
        let view = self.membership.view();
        for session in view.sessions.values() {
            let store = session.record.store;
            if let Some(at) = grpc_endpoint(session)
                && let Some(client) = self.clients.lock().get_mut(&store)
            {
                self.point(store, client, at);
            }
        }
    }

    fn point(&self, store: StoreId, client: &mut Client, at: &Endpoint) {
        if client.at != *at {
            tracing::info!(%store, host = at.host, port = at.port, "a store is served somewhere else");
            client.at = at.clone();
            self.remote.moved(store, at);
        }
    }
}

impl StoreDirectory for ClusterStores {
    fn store(&self, id: StoreId) -> Option<Arc<dyn LogStore>> {
        if id == self.own.id() {
            return Some(Arc::clone(&self.own));
        }
        let view = self.membership.view();
        let at = grpc_endpoint(view.serving(id)?)?;
        let mut clients = self.clients.lock();
        let client = clients
            .entry(id)
            .or_insert_with(|| Client { at: at.clone(), store: self.remote.connect(id, at) });
        self.point(id, client, at);
        Some(Arc::clone(&client.store))
    }

    fn reachable(&self) -> BTreeSet<StoreId> {
        let view = self.membership.view();
        let served = view.sessions.values().filter(|session| grpc_endpoint(session).is_some());
        served.map(|session| session.record.store).chain([self.own.id()]).collect()
    }

    fn is_gone(&self, id: StoreId) -> bool {
        let view = self.membership.view();
        let Some(record) = view.stores.get(&id) else { return false };
        let replaced = view.sessions.get(&record.broker).is_some_and(|live| live.record.store != id);
        record.state == StoreState::Lost || (replaced && view.serving(id).is_none())
    }
}
