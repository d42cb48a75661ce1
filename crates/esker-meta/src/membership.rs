//! Who is there and who owns what, in memory: listed once, then kept by watches.

pub(crate) mod follow;

use std::{collections::BTreeMap, sync::Arc};

use esker_core::{BrokerId, LedgerId, Mode, ShardId, StoreId};
use esker_env::{TaskGuard, watch};
use parking_lot::{Mutex, RwLock};

use self::follow::{News, follow};
use crate::{
    Controller, Event, KeyValue, LedgerRecord, LedgerState, LiveSession, Meta, MetaError, SessionKey,
    ShardRecord, StoreRecord, Versioned, session::live,
};

/// What a [`Membership`] showed at some moment. Cheap to clone; never changes.
///
/// The parts are each as they stood at one revision, and not all at the same one: a shard may name a session that is
/// not here yet, or not any more.
#[derive(Clone, Debug, Default)]
pub struct MembershipView {
    /// The living brokers' sessions.
    pub sessions: Arc<BTreeMap<BrokerId, LiveSession>>,
    /// The known stores.
    pub stores: Arc<BTreeMap<StoreId, StoreRecord>>,
    /// The shards that have a record.
    pub shards: Arc<BTreeMap<ShardId, Versioned<ShardRecord>>>,
    /// The ledgers, open and sealed.
    pub ledgers: Arc<BTreeMap<LedgerId, LedgerRecord>>,
    /// The controller; it may have been fenced (see [`MembershipView::standing_controller`]).
    pub controller: Option<Controller>,
}

impl MembershipView {
    /// The session, if it lives.
    #[must_use]
    pub fn session(&self, key: SessionKey) -> Option<&LiveSession> {
        self.sessions.get(&key.broker).filter(|live| live.key == key)
    }

    /// The living session that serves a store.
    #[must_use]
    pub fn serving(&self, store: StoreId) -> Option<&LiveSession> {
        self.sessions.values().find(|live| live.record.store == store)
    }

    /// The living session that owns a shard.
    #[must_use]
    pub fn owner(&self, shard: ShardId) -> Option<&LiveSession> {
        self.session(self.shards.get(&shard)?.record.owned_by()?)
    }

    /// The stores that a session writes to in a mode; empty when it has no open ledger of that mode (yet).
    #[must_use]
    pub fn copyset(&self, writer: SessionKey, mode: Mode) -> &[StoreId] {
        let of_broker = |number| LedgerId { broker: writer.broker, number };
        let mut newest_first = self.ledgers.range(of_broker(0)..=of_broker(u64::MAX)).rev();
        let open = newest_first.find(|(_, ledger)| {
            ledger.writer() == writer && ledger.mode == mode && ledger.state == LedgerState::Open
        });
        open.map_or(&[], |(_, ledger)| &ledger.copyset)
    }

    /// The controller, if its session lives.
    #[must_use]
    pub fn standing_controller(&self) -> Option<&LiveSession> {
        self.session(self.controller?.session)
    }
}

/// The living brokers, the stores, the shards and the controller. It may lag behind the store.
pub struct Membership {
    shared: Arc<Shared>,
    _tasks: Mutex<Vec<TaskGuard>>,
}

struct Shared {
    view: RwLock<MembershipView>,
    /// Counts changes of the view.
    changed: watch::Sender<u64>,
}

impl Membership {
    /// Lists everything, and keeps following it with tasks of the `Env` until it is dropped.
    ///
    /// # Errors
    /// When the store fails or a record cannot be read.
    pub async fn start(meta: Meta) -> Result<Arc<Self>, MetaError> {
        let shared = Arc::new(Shared { view: RwLock::default(), changed: watch::Sender::new(0) });
        let mut tasks = Vec::new();
        let keys = meta.keys().clone();
        for (prefix, part) in [
            (keys.sessions(), Part::Sessions),
            (keys.stores(), Part::Stores),
            (keys.shards(), Part::Shards),
            (keys.all_ledgers(), Part::Ledgers),
            (keys.controller(), Part::Controller),
        ] {
            let listing = meta.store().list(prefix.clone()).await?;
            for entry in &listing.entries {
                shared.view.write().put(part, entry)?;
            }
            let shared = Arc::clone(&shared);
            let following =
                follow(meta.clone(), prefix, listing.revision, move |news| shared.apply(part, &news));
            tasks.push(meta.env().tasks.spawn_vital_guarded("following the cluster", following));
        }
        Ok(Arc::new(Self { shared, _tasks: Mutex::new(tasks) }))
    }

    /// What is known now.
    #[must_use]
    pub fn view(&self) -> MembershipView {
        self.shared.view.read().clone()
    }

    /// Reports each change, after the view shows it. Whoever marks the value as seen before a look at the view misses
    /// nothing.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// Completes with the first view of which `holds` is true. Bound it with a timeout.
    pub async fn wait_until(&self, mut holds: impl FnMut(&MembershipView) -> bool) -> MembershipView {
        let mut changed = self.changed();
        loop {
            changed.borrow_and_update();
            let view = self.view();
            if holds(&view) {
                return view;
            }
            // The sender lives as long as `self`.
            let _ = changed.changed().await;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Sessions,
    Stores,
    Shards,
    Ledgers,
    Controller,
}

impl Shared {
    fn apply(&self, part: Part, news: &News<'_>) {
        {
            let mut view = self.view.write();
            let put = |view: &mut MembershipView, entry: &KeyValue| {
                if let Err(error) = view.put(part, entry) {
                    tracing::error!(%error, "cannot read a record; showing it as it was");
                }
            };
            match news {
                News::All(entries) => {
                    view.clear(part);
                    entries.iter().for_each(|entry| put(&mut view, entry));
                }
                News::Changes(events) => {
                    for event in *events {
                        match event {
                            Event::Put(entry) => put(&mut view, entry),
                            Event::Delete { key, .. } => view.delete(part, key),
                        }
                    }
                }
            }
        }
        self.changed.send_modify(|changes| *changes += 1);
    }
}

impl MembershipView {
    fn put(&mut self, part: Part, entry: &KeyValue) -> Result<(), MetaError> {
        match part {
            Part::Sessions => {
                let session = live(entry)?;
                Arc::make_mut(&mut self.sessions).insert(session.key.broker, session);
            }
            Part::Stores => {
                let store = StoreRecord::decode(entry)?;
                Arc::make_mut(&mut self.stores).insert(store.id, store);
            }
            Part::Shards => {
                let (id, shard) = ShardRecord::decode(entry)?;
                Arc::make_mut(&mut self.shards).insert(id, shard);
            }
            Part::Ledgers => {
                let ledger = LedgerRecord::decode(entry)?.record;
                Arc::make_mut(&mut self.ledgers).insert(ledger.id, ledger);
            }
            Part::Controller => self.controller = Some(Controller::decode(entry)?),
        }
        Ok(())
    }

    fn delete(&mut self, part: Part, key: &str) {
        let name = key.rsplit('/').next().unwrap_or_default();
        match part {
            Part::Sessions => Arc::make_mut(&mut self.sessions).retain(|id, _| id.to_string() != name),
            Part::Stores => Arc::make_mut(&mut self.stores).retain(|id, _| id.to_string() != name),
            Part::Shards => Arc::make_mut(&mut self.shards).retain(|id, _| id.to_string() != name),
            Part::Ledgers => {
                Arc::make_mut(&mut self.ledgers).retain(|id, _| !key.ends_with(&format!("/ledgers/{id}")))
            }
            Part::Controller => self.controller = None,
        }
    }

    fn clear(&mut self, part: Part) {
        match part {
            Part::Sessions => self.sessions = Arc::default(),
            Part::Stores => self.stores = Arc::default(),
            Part::Shards => self.shards = Arc::default(),
            Part::Ledgers => self.ledgers = Arc::default(),
            Part::Controller => self.controller = None,
        }
    }
}

#[cfg(test)]
mod tests;
