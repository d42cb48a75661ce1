//! Watches over an [`Engine`]: its history is their only buffer, so a slow watcher costs nothing.

use std::sync::Arc;

use esker_env::watch;
use futures::stream;
use parking_lot::Mutex;

use crate::{Event, Revision, Watch, WatchError, engine::Engine};

/// Whether the way to the store is open; when it closes, watches end.
pub(crate) type LinkUp = watch::Receiver<bool>;

struct Watcher {
    engine: Arc<Mutex<Engine>>,
    prefix: String,
    next: Revision,
    moved: watch::Receiver<Revision>,
    links: [LinkUp; 2],
}

/// A watch of `prefix` from revision `from` on, while both links (the client's and the store's) are up.
pub(crate) fn watch_engine(
    engine: &Arc<Mutex<Engine>>,
    prefix: String,
    from: Revision,
    links: [LinkUp; 2],
) -> Watch {
    let moved = engine.lock().moved();
    let watcher = Watcher { engine: Arc::clone(engine), prefix, next: from, moved, links };
    Watch::new(Box::pin(stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        match watcher.next().await {
            Ok(events) => Some((Ok(events), Some(watcher))),
            Err(error) => Some((Err(error), None)),
        }
    })))
}

impl Watcher {
    async fn next(&mut self) -> Result<Vec<Event>, WatchError> {
        loop {
            if self.links.iter_mut().any(|link| !*link.borrow_and_update()) {
                return Err(WatchError::Ended("metadata store unreachable".to_owned()));
            }
            // Marked as seen before looking, so that a change after the look wakes us.
            self.moved.borrow_and_update();
            let (events, next) = self.engine.lock().changes(&self.prefix, self.next)?;
            self.next = next;
            if !events.is_empty() {
                return Ok(events);
            }
            let [client, store] = &mut self.links;
            let alive = tokio::select! {
                biased;
                alive = client.changed() => alive.is_ok(),
                alive = store.changed() => alive.is_ok(),
                alive = self.moved.changed() => alive.is_ok(),
            };
            if !alive {
                return Err(WatchError::Ended("metadata store closed".to_owned()));
            }
        }
    }
}
