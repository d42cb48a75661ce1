//! Following a prefix: a listing, then a watch from there, and another listing when its changes are gone.

use std::time::Duration;

use crate::{Event, KeyValue, Meta, Revision, WatchError};

/// What has become known of a prefix.
pub(crate) enum News<'a> {
    /// This is all there is.
    All(&'a [KeyValue]),
    /// These changes, in order.
    Changes(&'a [Event]),
}

/// Follows `prefix` for ever from a listing at revision `shown`, and hands on all that happens after it.
pub(crate) async fn follow(
    meta: Meta,
    prefix: String,
    mut shown: Revision,
    mut hand_on: impl FnMut(News<'_>) + Send,
) {
    const PAUSE: Duration = Duration::from_millis(200);
    loop {
        let mut watch = meta.store().watch(prefix.clone(), shown.next());
        let ended = loop {
            match watch.next().await {
                Ok(events) => {
                    hand_on(News::Changes(&events));
                    shown = events.last().map_or(shown, Event::revision);
                }
                Err(ended) => break ended,
            }
        };
        tracing::debug!(%ended, %shown, prefix, "a watch ended");
        if let WatchError::Compacted(_) = ended {
            match meta.store().list(prefix.clone()).await {
                Ok(listing) => {
                    hand_on(News::All(&listing.entries));
                    shown = listing.revision;
                    continue;
                }
                Err(error) => tracing::warn!(%error, prefix, "cannot list; showing what was known"),
            }
        }
        meta.env().clock.sleep(PAUSE).await;
    }
}
