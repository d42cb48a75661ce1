//! Watches. One lives through lost connections, failovers and changes of etcd's leader: it goes on from the revision
//! after the last that it reported. It ends when that revision is no longer kept, or when etcd refuses for good.

use bytes::Bytes;
use esker_meta::{Event, Revision, Watch, WatchError};
use futures::stream;
use tokio::sync::watch;
use tonic::Streaming;

use crate::{
    client::SharedClient,
    convert::{change, prefix_end, prefix_start},
    fault::Fault,
    proto::{self, WatchCreateRequest, WatchRequest, WatchResponse, watch_request},
};

const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// A watch of `prefix` from revision `from` on.
pub(crate) fn watch(client: SharedClient, prefix: String, from: Revision) -> Watch {
    let range_end = prefix_end(&prefix);
    let watcher = Watcher {
        moved: client.position(),
        client,
        key: prefix_start(prefix),
        range_end,
        // etcd takes 0 for "from now on".
        next: from.max(Revision(1)),
        open: None,
        failures: 0,
    };
    Watch::new(Box::pin(stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        match watcher.next().await {
            Ok(events) => Some((Ok(events), Some(watcher))),
            Err(error) => Some((Err(error), None)),
        }
    })))
}

struct Watcher {
    client: SharedClient,
    moved: watch::Receiver<u64>,
    key: Bytes,
    range_end: Bytes,
    /// Everything before it was reported.
    next: Revision,
    open: Option<Open>,
    /// Since the last sign of life.
    failures: u32,
}

/// A watch at one endpoint.
struct Open {
    position: u64,
    answers: Streaming<WatchResponse>,
    /// Changes of the last revision that arrived, while more of it may follow.
    held: Vec<Event>,
}

/// Why a watch at one endpoint ended.
enum End {
    /// Another attempt will do.
    Retry(Fault),
    /// The watch itself is over.
    Over(WatchError),
}

impl Watcher {
    async fn next(&mut self) -> Result<Vec<Event>, WatchError> {
        loop {
            let position = *self.moved.borrow_and_update();
            // Left while nobody waited for changes.
            self.open.take_if(|open| open.position != position);
            let end = match self.advance(position).await {
                Ok(events) if events.is_empty() => continue,
                Ok(events) => return Ok(events),
                Err(end) => end,
            };
            // What was held is asked for again.
            self.open = None;
            match end {
                End::Over(error) => return Err(error),
                End::Retry(fault) => {
                    self.client.leave(position, &fault);
                    self.failures = self.failures.saturating_add(1);
                    if self.failures.is_power_of_two() {
                        let endpoint = self.client.name(position);
                        tracing::debug!(endpoint, ?fault, failures = self.failures, "a watch begins anew");
                    }
                    self.client.env.clock.sleep(self.client.pause(self.failures)).await;
                }
            }
        }
    }

    /// The next whole revisions from this endpoint; none when it only showed that it is there.
    async fn advance(&mut self, position: u64) -> Result<Vec<Event>, End> {
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(Open {
                position,
                answers: open(&self.client, position, self.key.clone(), self.range_end.clone(), self.next)
                    .await?,
                held: Vec::new(),
            }),
        };
        let answer = tokio::select! {
            biased;
            answer = open.answers.message() => answer,
            // Somebody found the endpoint wanting; an idle stream would notice much later.
            moved = self.moved.changed() => {
                let why = if moved.is_ok() { "left after another call failed" } else { "closed" };
                return Err(End::Retry(Fault::Lost(why.to_owned())));
            }
        };
        let answer = match answer {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(End::Retry(Fault::Lost("the stream ended".to_owned()))),
            Err(status) => return Err(end_of(Fault::of(&status))),
        };
        if answer.canceled {
            return Err(cancellation(&answer));
        }
        self.failures = 0;
        let (events, next) = take(&mut open.held, answer, self.next).map_err(End::Over)?;
        self.next = next;
        Ok(events)
    }
}

async fn open(
    client: &SharedClient,
    position: u64,
    key: Bytes,
    range_end: Bytes,
    from: Revision,
) -> Result<Streaming<WatchResponse>, End> {
    let create =
        WatchCreateRequest { key, range_end, start_revision: from.0, progress_notify: true, fragment: true };
    let request = WatchRequest { request: Some(watch_request::Request::Create(create)) };
    client.open(position, WATCH, request).await.map_err(end_of)
}

fn end_of(fault: Fault) -> End {
    match fault {
        Fault::Invalid(why) | Fault::Broken(why) => End::Over(WatchError::Ended(why)),
        fault => End::Retry(fault),
    }
}

fn cancellation(answer: &WatchResponse) -> End {
    if answer.compact_revision > 0 {
        return End::Over(WatchError::Compacted(Revision(answer.compact_revision)));
    }
    let why = format!("etcd ended the watch: {}", answer.cancel_reason);
    if answer.cancel_reason.contains("permission denied") {
        End::Over(WatchError::Ended(why))
    } else {
        End::Retry(Fault::Lost(why))
    }
}

/// The whole revisions among what was held and what an answer brings, and the revision to go on from. Of an answer in
/// pieces, the last revision may go on in the next piece, and is held until then.
fn take(
    held: &mut Vec<Event>,
    answer: WatchResponse,
    mut next: Revision,
) -> Result<(Vec<Event>, Revision), WatchError> {
    let unreadable = |error: esker_meta::MetaError| WatchError::Ended(error.to_string());
    let mut events = std::mem::take(held);
    for event in answer.events {
        let event = change(event).map_err(unreadable)?;
        let last = events.last().map_or(next, Event::revision);
        if event.revision() < last {
            return Err(WatchError::Ended(format!(
                "etcd went back from revision {last} to {}",
                event.revision()
            )));
        }
        events.push(event);
    }
    if answer.fragment {
        let last = events.last().map(Event::revision);
        let whole = events.partition_point(|event| Some(event.revision()) < last);
        *held = events.split_off(whole);
    }
    if let Some(last) = events.last() {
        next = last.revision().next();
    } else if held.is_empty() && !answer.created {
        // Nothing happened below the prefix up to here: after a compaction that is worth knowing.
        let shown =
            answer.header.map_or(Revision::NONE, |proto::ResponseHeader { revision }| Revision(revision));
        next = next.max(shown.next());
    }
    Ok((events, next))
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
