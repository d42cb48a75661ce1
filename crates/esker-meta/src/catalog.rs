//! The topics, in memory: listed once, then kept by a watch.

mod view;

use std::{sync::Arc, time::Duration};

use esker_core::{TopicId, TopicNumber};
use esker_env::{TaskGuard, watch};
use parking_lot::{Mutex, RwLock};

use self::view::View;
use crate::{Event, Meta, MetaError, Revision, TopicRecord, Versioned, WatchError, topic::TOPIC_COUNTER};

/// A topic as the catalog hands it out; cheap to keep, never changes (a changed topic is another one).
pub type Topic = Versioned<TopicRecord>;

/// The cluster's topics. Readers look things up under a lock that is only ever held for a change in memory.
///
/// It may lag behind the store; [`Catalog::reached`] waits until it shows a known revision.
pub struct Catalog {
    shared: Arc<Shared>,
    _task: Mutex<TaskGuard>,
}

struct Shared {
    view: RwLock<View>,
    changed: watch::Sender<Revision>,
}

impl Catalog {
    /// Lists the topics, and keeps following them with a task of the `Env` until the catalog is dropped.
    ///
    /// # Errors
    /// When the store fails or a topic's record cannot be read.
    pub async fn start(meta: Meta) -> Result<Arc<Self>, MetaError> {
        let view = list(&meta).await?;
        let changed = watch::Sender::new(view.revision());
        let shared = Arc::new(Shared { view: RwLock::new(view), changed });
        let task = meta
            .env()
            .tasks
            .clone()
            .spawn_vital_guarded("following topics", follow(meta, Arc::clone(&shared)));
        Ok(Arc::new(Self { shared, _task: Mutex::new(task) }))
    }

    /// The topic of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<Arc<Topic>> {
        self.shared.view.read().by_name(name)
    }

    /// The topic with this UUID.
    #[must_use]
    pub fn by_id(&self, id: TopicId) -> Option<Arc<Topic>> {
        self.shared.view.read().by_id(id)
    }

    /// The topic with this number.
    #[must_use]
    pub fn by_number(&self, number: TopicNumber) -> Option<Arc<Topic>> {
        self.shared.view.read().by_number(number)
    }

    /// Whether a topic of this number existed and was deleted. `false` also when the catalog cannot know yet.
    #[must_use]
    pub fn is_dropped(&self, number: TopicNumber) -> bool {
        self.shared.view.read().is_dropped(number)
    }

    /// All topics, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Topic>> {
        self.shared.view.read().all()
    }

    /// How many topics there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.view.read().len()
    }

    /// Whether there is no topic.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reports the revision up to which the catalog shows every topic, each time a topic has changed.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<Revision> {
        self.shared.changed.subscribe()
    }

    /// Completes once the catalog shows the topic change of this revision. Only for revisions of topic changes; bound
    /// it with a timeout.
    pub async fn reached(&self, revision: Revision) {
        // The sender lives as long as `self`.
        let _ = self.changed().wait_for(|shown| *shown >= revision).await;
    }
}

async fn list(meta: &Meta) -> Result<View, MetaError> {
    // The counter first: every topic with a number below it is in the listing, or was deleted.
    let counter = meta.counter(TOPIC_COUNTER).await?;
    let listing = meta.store().list(meta.keys().topics()).await?;
    let topics = listing.entries.iter().map(TopicRecord::decode).collect::<Result<Vec<_>, _>>()?;
    Ok(View::new(listing.revision, counter.next, topics))
}

/// Follows the topics for ever: a watch from where the view stands, a new listing when its changes are gone.
async fn follow(meta: Meta, shared: Arc<Shared>) {
    const PAUSE: Duration = Duration::from_millis(200);
    loop {
        let from = shared.view.read().revision().next();
        let mut watch = meta.store().watch(meta.keys().topics(), from);
        let ended = loop {
            match watch.next().await {
                Ok(events) => apply(&meta, &shared, &events),
                Err(ended) => break ended,
            }
        };
        tracing::debug!(%ended, %from, "the watch on topics ended");
        if let WatchError::Compacted(_) = ended {
            match list(&meta).await {
                Ok(view) => {
                    let revision = view.revision();
                    *shared.view.write() = view;
                    shared.changed.send_replace(revision);
                    continue;
                }
                Err(error) => tracing::error!(%error, "cannot list the topics; showing them as they were"),
            }
        }
        meta.env().clock.sleep(PAUSE).await;
    }
}

fn apply(meta: &Meta, shared: &Shared, events: &[Event]) {
    let prefix = meta.keys().topics();
    let Some(last) = events.last() else { return };
    {
        let mut view = shared.view.write();
        for event in events {
            match event {
                Event::Put(entry) => match TopicRecord::decode(entry) {
                    Ok(topic) => view.put(topic),
                    Err(error) => tracing::error!(%error, "cannot read a topic; keeping it as it was"),
                },
                Event::Delete { key, .. } => view.delete(key.strip_prefix(&prefix).unwrap_or(key)),
            }
        }
        view.advance(last.revision());
    }
    shared.changed.send_replace(last.revision());
}
