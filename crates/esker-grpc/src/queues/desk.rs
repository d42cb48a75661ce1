//! A receiver at the broker that leads some of its partitions: what it gets, and what it has.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use esker_core::PartitionId;
use esker_env::{BoxFuture, Monotonic};
use esker_filter::Filter;
use esker_share::{Ack, Cursor, Member, Release, Wanted};
use futures::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use tokio::sync::{Notify, mpsc};
use tonic::Status;

use super::leader::{Handful, Leader, READ_BYTES, Taking, lease_lost};
use crate::{
    convert,
    fault::{Fault, Kind},
    proto::esker::{
        forward::v1::{self as proto, deliver_request::Request, deliver_response::Response},
        v1::Verdict,
    },
};

/// What is under way at the same time, above which no more is taken from the stream.
const UNDER_WAY: usize = 256;
/// Longest name of a group, bytes.
const MAX_GROUP: usize = 1024;

/// Serves one receiver until its stream ends; then what it still has is given back.
pub(crate) async fn run(
    leader: Leader,
    mut requests: impl Stream<Item = Result<proto::DeliverRequest, Status>> + Unpin + Send,
    answers: mpsc::Sender<proto::DeliverResponse>,
) {
    let first = requests.next().await;
    let Some(Ok(proto::DeliverRequest { request: Some(Request::Open(open)) })) = first else { return };
    if open.group.is_empty() || open.group.len() > MAX_GROUP || open.member.is_empty() {
        return;
    }
    let filter = match open.filter.as_str() {
        "" => None,
        text => match Filter::parse(text) {
            Ok(filter) => Some(filter),
            // The receiver's broker has taken it.
            Err(error) => {
                tracing::error!(%error, "a filter that another broker understands");
                return;
            }
        },
    };
    let mut desk = Desk {
        leader,
        group: open.group,
        member: Arc::from(open.member),
        answers,
        held: BTreeMap::new(),
        served: BTreeSet::new(),
        filter,
        cursors: BTreeMap::new(),
        running: FuturesUnordered::new(),
        waiting: FuturesUnordered::new(),
    };
    let how = desk.serve(&mut requests).await;
    desk.end(how).await;
}

/// Something that was asked for is done.
enum Done {
    Taken(PartitionId, Result<Handful, Fault>, Arc<Notify>),
    Settled {
        id: u64,
        partition: PartitionId,
        ack: Ack,
        said: Vec<proto::Mark>,
        refused: Vec<proto::Refused>,
    },
}

struct Desk {
    leader: Leader,
    group: String,
    member: Member,
    answers: mpsc::Sender<proto::DeliverResponse>,
    /// What the receiver has: how often it was given out, and until when.
    held: BTreeMap<(PartitionId, i64), (u32, Monotonic)>,
    served: BTreeSet<PartitionId>,
    /// What the receiver wants, if not everything, and how far it has looked.
    filter: Option<Filter>,
    cursors: BTreeMap<PartitionId, Cursor>,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    waiting: FuturesUnordered<BoxFuture<'static, PartitionId>>,
}

impl Desk {
    /// Until the stream ends: how what the receiver has comes back.
    async fn serve(
        &mut self,
        requests: &mut (impl Stream<Item = Result<proto::DeliverRequest, Status>> + Unpin + Send),
    ) -> Release {
        let answers = self.answers.clone();
        let mut closing = false;
        while !closing || !self.running.is_empty() {
            let room = !closing && self.running.len() < UNDER_WAY;
            let response = tokio::select! {
                biased;
                Some(done) = self.running.next(), if !self.running.is_empty() => self.done(done),
                request = requests.next(), if room => match request {
                    Some(Ok(proto::DeliverRequest { request: Some(request) })) => match request {
                        Request::Take(take) => self.take(&take),
                        Request::Settle(settle) => self.settle(settle),
                        Request::Close(_) => { closing = true; None }
                        Request::Open(_) => return Release::Counted,
                    },
                    _ => return Release::Counted,
                },
                Some(partition) = self.waiting.next(), if !closing && !self.waiting.is_empty() => {
                    let partition = Some(convert::partition_message(partition));
                    Some(Response::Ready(proto::Ready { partition }))
                }
                () = answers.closed() => return Release::Counted,
            };
            if let Some(response) = response
                && answers.send(proto::DeliverResponse { response: Some(response) }).await.is_err()
            {
                return Release::Counted;
            }
        }
        Release::Unseen
    }

    fn take(&mut self, asked: &proto::Take) -> Option<Response> {
        let partition = convert::partition(asked.partition).ok()?;
        let place = match self.leader.place(&self.group, partition) {
            Ok(place) => place,
            Err(fault) => return Some(taken(partition, Err(fault))),
        };
        self.served.insert(partition);
        let wanted =
            Wanted { records: asked.max_records.max(1).into(), bytes: asked.max_bytes.clamp(1, READ_BYTES) };
        let leader = self.leader.clone();
        let watcher = Arc::new(Notify::new());
        let taking = Taking {
            member: Arc::clone(&self.member),
            wanted,
            filter: self
                .filter
                .clone()
                .map(|filter| (filter, self.cursors.get(&partition).copied().unwrap_or_default())),
            watcher: Arc::clone(&watcher),
        };
        let take = async move {
            let taken = leader.take(&place, taking).await;
            Done::Taken(partition, taken, watcher)
        };
        self.running.push(take.boxed());
        None
    }

    fn settle(&mut self, asked: proto::Settle) -> Option<Response> {
        let proto::Settle { id, partition, verdict, marks, delay_ms } = asked;
        let partition = convert::partition(partition).ok()?;
        let ack = match Verdict::try_from(verdict) {
            Ok(Verdict::Ack) => Ack::Accept,
            Ok(Verdict::Nack) if delay_ms > 0 => Ack::Defer(Duration::from_millis(delay_ms.into())),
            Ok(Verdict::Nack) => Ack::Release,
            Ok(Verdict::Reject) => Ack::Reject,
            Ok(Verdict::Extend) => Ack::Renew,
            _ => return Some(refused_all(id, &marks, &Fault::invalid("settle.verdict", "no such verdict"))),
        };
        let place = match self.leader.place(&self.group, partition) {
            Ok(place) => place,
            Err(fault) => return Some(refused_all(id, &marks, &fault)),
        };
        let now = self.leader.env.clock.now();
        let mine = |mark: &proto::Mark| {
            let held = self.held.get(&(partition, mark.offset));
            held.is_some_and(|(count, until)| *count == mark.count && *until > now)
        };
        let (said, lost): (Vec<_>, Vec<_>) = marks.into_iter().partition(mine);
        // What is settled is settled once.
        if ack != Ack::Renew {
            for mark in &said {
                self.held.remove(&(partition, mark.offset));
            }
        }
        let fault = lease_lost("the message is not with this receiver any more");
        let mut refused: Vec<proto::Refused> = lost.iter().map(|mark| refuse(*mark, &fault)).collect();
        if said.is_empty() {
            return Some(Response::Settled(proto::Settled { id, refused }));
        }
        let (leader, member) = (self.leader.clone(), Arc::clone(&self.member));
        let settle = async move {
            let offsets: Vec<i64> = said.iter().map(|mark| mark.offset).collect();
            for (offset, fault) in leader.settle(&place, &member, ack, &offsets).await {
                let mark = said.iter().find(|mark| mark.offset == offset);
                refused.extend(mark.map(|mark| refuse(*mark, &fault)));
            }
            Done::Settled { id, partition, ack, said, refused }
        };
        self.running.push(settle.boxed());
        None
    }

    fn done(&mut self, done: Done) -> Option<Response> {
        match done {
            Done::Taken(partition, result, watcher) => {
                if let Ok(handful) = &result {
                    self.note(partition, handful);
                    self.cursors.extend(handful.cursor.map(|cursor| (partition, cursor)));
                    if handful.records.is_empty() {
                        let told = async move {
                            watcher.notified().await;
                            partition
                        };
                        self.waiting.push(told.boxed());
                    }
                }
                Some(taken(partition, result))
            }
            Done::Settled { id, partition, ack, said, refused } => {
                if ack == Ack::Renew {
                    let lock = self.leader.lock(&self.group);
                    let until = self.leader.env.clock.now() + lock;
                    for mark in said {
                        let lost = refused.iter().any(|refused| refused.mark == Some(mark));
                        match self.held.get_mut(&(partition, mark.offset)) {
                            Some(held) if held.0 == mark.count && !lost => held.1 = until,
                            _ => {}
                        }
                    }
                }
                Some(Response::Settled(proto::Settled { id, refused }))
            }
        }
    }

    /// What the receiver has now. What it has no more, because its time is up, is forgotten.
    fn note(&mut self, partition: PartitionId, handful: &Handful) {
        let now = self.leader.env.clock.now();
        if self.held.len() > 2 * UNDER_WAY {
            self.held.retain(|_, (_, until)| *until > now);
        }
        for given in &handful.records {
            let Some(record) = &given.record else { continue };
            self.held.insert((partition, record.offset), (given.count, handful.until));
        }
    }

    async fn end(self, how: Release) {
        // What is under way would give out more.
        drop(self.running);
        for partition in &self.served {
            if let Ok(place) = self.leader.place(&self.group, *partition) {
                self.leader.release(&place, &self.member, how).await;
            }
        }
    }
}

fn taken(partition: PartitionId, result: Result<Handful, Fault>) -> Response {
    let partition = Some(convert::partition_message(partition));
    Response::Taken(match result {
        Ok(Handful { records, lease_ms, .. }) => proto::Taken { partition, records, lease_ms, fault: None },
        Err(fault) => {
            proto::Taken { partition, fault: Some(convert::fault_message(fault)), ..proto::Taken::default() }
        }
    })
}

fn refuse(mark: proto::Mark, fault: &Fault) -> proto::Refused {
    proto::Refused { mark: Some(mark), fault: Some(convert::fault_message(fault.clone())) }
}

/// Nothing of it counts.
fn refused_all(id: u64, marks: &[proto::Mark], fault: &Fault) -> Response {
    let fault = match fault.kind {
        Kind::NotHere => &lease_lost("the partition has moved to another broker"),
        _ => fault,
    };
    let refused = marks.iter().map(|mark| refuse(*mark, fault)).collect();
    Response::Settled(proto::Settled { id, refused })
}
