//! A receiver's way to one broker that leads partitions of its queue.

use std::sync::Arc;

use esker_env::TaskGuard;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::desk;
use crate::{
    fault::Fault,
    forward::stream_of,
    proto::esker::forward::v1::{self as proto, deliver_request::Request, deliver_response::Response},
    targets::{Place, Targets},
};

/// Answers of all lines that wait for the receiver.
pub(super) const ANSWERS: usize = 64;
/// Answers of a desk in this process that wait.
const NEAR: usize = 4;

/// What comes from a line of this number.
pub(super) enum News {
    /// An answer.
    Said(u64, Response),
    /// It has ended. What was said there and is not answered may count or not.
    Ended(u64, Fault),
}

/// Whose way it is.
#[derive(Clone, Debug)]
pub(super) struct Receiver {
    pub(super) group: String,
    /// Nobody else's.
    pub(super) id: String,
    /// What it wants; empty for everything.
    pub(super) filter: String,
}

/// The way. Dropping it breaks the stream, and what the receiver has there is given back.
pub(super) struct Line {
    pub(super) place: Place,
    requests: mpsc::UnboundedSender<proto::DeliverRequest>,
    _task: TaskGuard,
}

impl Line {
    /// Opens one, under a number that no other has had.
    pub(super) fn open(
        targets: &Arc<Targets>,
        place: Place,
        number: u64,
        receiver: &Receiver,
        news: &mpsc::Sender<News>,
    ) -> Self {
        let (requests, taken) = mpsc::unbounded_channel();
        let (answers, mut answered) = mpsc::channel(NEAR);
        // A later line to the same broker is another member: what this one had may come back behind its back.
        let Receiver { group, id, filter } = receiver;
        let open = proto::DeliverOpen {
            group: group.clone(),
            member: format!("{id}-{number}"),
            filter: filter.clone(),
        };
        let _ = requests.send(proto::DeliverRequest { request: Some(Request::Open(open)) });
        let (through, news) = (Arc::clone(targets), news.clone());
        let task = targets.env.tasks.spawn_guarded(async move {
            let driven = drive(&through, place, taken, answers);
            let passed = async {
                while let Some(proto::DeliverResponse { response }) = answered.recv().await {
                    let Some(response) = response else { continue };
                    if news.send(News::Said(number, response)).await.is_err() {
                        break;
                    }
                }
            };
            let (fault, ()) = tokio::join!(driven, passed);
            let _ = news.send(News::Ended(number, fault)).await;
        });
        Self { place, requests, _task: task }
    }

    /// Says something. On a line that has ended it is not heard, as the news will tell.
    pub(super) fn say(&self, request: Request) {
        let _ = self.requests.send(proto::DeliverRequest { request: Some(request) });
    }
}

/// Connects a line with its desk until it ends. Why it does.
async fn drive(
    targets: &Arc<Targets>,
    place: Place,
    requests: mpsc::UnboundedReceiver<proto::DeliverRequest>,
    answers: mpsc::Sender<proto::DeliverResponse>,
) -> Fault {
    match (place, targets.shared_remote()) {
        (Place::Here, _) => {
            let requests = stream_of(requests).map(Ok).boxed();
            // Not ended with the line: it gives back what the receiver had.
            targets.env.tasks.spawn(desk(targets.leader.clone(), requests, answers));
            Fault::not_here("it was ended")
        }
        (Place::At(at), Some(remote)) => remote.deliver(at, requests, &answers).await,
        _ => Fault::not_here("nobody has the partition for now"),
    }
}
