//! All exchanges, in memory: listed once, then kept by a watch.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_env::{TaskGuard, watch};
use parking_lot::{Mutex, RwLock};

use super::ExchangeRecord;
use crate::{
    Event, KeyValue, Meta, MetaError, Revision, Versioned,
    membership::follow::{News, follow},
};

/// An exchange as the view hands it out; cheap to keep, never changes (a changed exchange is another one).
pub type Exchange = Arc<Versioned<ExchangeRecord>>;

/// The cluster's exchanges. They may lag behind the store; [`Exchanges::reached`] waits until they show a known change.
pub struct Exchanges {
    shared: Arc<Shared>,
    _task: Mutex<TaskGuard>,
}

struct Shared {
    prefix: String,
    view: RwLock<View>,
    /// The revision of the last change shown.
    shown: watch::Sender<Revision>,
}

#[derive(Default)]
struct View {
    all: BTreeMap<String, Exchange>,
    /// Of all records.
    bytes: usize,
}

impl View {
    fn put(&mut self, exchange: Versioned<ExchangeRecord>) {
        self.remove(&exchange.record.name);
        self.bytes += exchange.record.encode().len();
        self.all.insert(exchange.record.name.clone(), Arc::new(exchange));
    }

    fn remove(&mut self, name: &str) {
        if let Some(gone) = self.all.remove(name) {
            self.bytes -= gone.record.encode().len();
        }
    }
}

impl Exchanges {
    /// Lists them, and keeps following them with a task of the `Env` until this is dropped.
    ///
    /// # Errors
    /// When the store fails or a record cannot be read.
    pub async fn start(meta: Meta) -> Result<Arc<Self>, MetaError> {
        let prefix = meta.keys().exchanges();
        let listing = meta.store().list(prefix.clone()).await?;
        let mut view = View::default();
        for entry in &listing.entries {
            view.put(ExchangeRecord::decode(entry)?);
        }
        let shared = Arc::new(Shared {
            prefix: prefix.clone(),
            view: RwLock::new(view),
            shown: watch::Sender::new(listing.revision),
        });
        let (tasks, following) = (meta.env().tasks.clone(), Arc::clone(&shared));
        let task = tasks.spawn_vital_guarded(
            "following exchanges",
            follow(meta, prefix, listing.revision, move |news| following.apply(&news)),
        );
        Ok(Arc::new(Self { shared, _task: Mutex::new(task) }))
    }

    /// The exchange of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<Exchange> {
        self.shared.view.read().all.get(name).cloned()
    }

    /// Up to `most` exchanges by name, of those that begin with `prefix` and come after `after`.
    #[must_use]
    pub fn page(&self, prefix: &str, after: &str, most: usize) -> Vec<Exchange> {
        let view = self.shared.view.read();
        let from = std::cmp::max(prefix, after).to_owned();
        let found = view.all.range(from..).skip_while(|(name, _)| name.as_str() <= after);
        let found = found.take_while(|(name, _)| name.starts_with(prefix));
        found.take(most).map(|(_, exchange)| Arc::clone(exchange)).collect()
    }

    /// How many there are, and how many bytes their records take.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let view = self.shared.view.read();
        (view.all.len(), view.bytes)
    }

    /// Reports the revision of the last change shown, each time one is.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<Revision> {
        self.shared.shown.subscribe()
    }

    /// Completes once the change of this revision is shown. Bound it with a timeout.
    pub async fn reached(&self, revision: Revision) {
        // The sender lives as long as `self`.
        let _ = self.changed().wait_for(|shown| *shown >= revision).await;
    }
}

impl Shared {
    fn apply(&self, news: &News<'_>) {
        let mut view = self.view.write();
        let put = |view: &mut View, entry: &KeyValue| match ExchangeRecord::decode(entry) {
            Ok(exchange) => view.put(exchange),
            Err(error) => tracing::error!(%error, "cannot read an exchange; keeping it as it was"),
        };
        let shown = match news {
            News::All(entries) => {
                let there: BTreeSet<&str> =
                    entries.iter().filter_map(|entry| entry.key.strip_prefix(&self.prefix)).collect();
                let gone = view.all.keys().filter(|name| !there.contains(name.as_str()));
                let gone: Vec<String> = gone.cloned().collect();
                gone.iter().for_each(|name| view.remove(name));
                entries.iter().for_each(|entry| put(&mut view, entry));
                entries.iter().map(|entry| entry.modified).max()
            }
            News::Changes(events) => {
                for event in *events {
                    match event {
                        Event::Put(entry) => put(&mut view, entry),
                        Event::Delete { key, .. } => {
                            view.remove(key.strip_prefix(&self.prefix).unwrap_or(key));
                        }
                    }
                }
                events.last().map(Event::revision)
            }
        };
        drop(view);
        if let Some(shown) = shown {
            self.shown.send_replace(shown);
        }
    }
}
