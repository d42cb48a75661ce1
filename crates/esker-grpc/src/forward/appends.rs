//! One stream of appends of another broker.

use std::collections::{BTreeMap, VecDeque};

use esker_core::PartitionId;
use esker_env::{BoxFuture, Env};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use tonic::{Status, Streaming};

use crate::{
    convert,
    fault::{Fault, Kind},
    owner::{Owner, Placed, Rules, Written},
    proto::esker::forward::v1 as proto,
};

/// Bytes of batches of one stream that are not durable, above which no more is read from it.
const UNDER_WAY: usize = 16 << 20;

/// A batch to be appended.
struct Asked {
    sequence: u64,
    batch: bytes::Bytes,
    rules: Rules,
    attempt: u32,
}

/// What became of one: whether it has its place.
type Tried = (PartitionId, Asked, Result<Placed, Fault>);

pub(super) struct Appends {
    owner: Result<Owner, Status>,
    env: Env,
    requests: Streaming<proto::AppendRequest>,
    /// What has its place and is not durable, with its bytes.
    running: FuturesUnordered<BoxFuture<'static, (proto::AppendResponse, usize)>>,
    /// Batches with ids that look for their places, one of a partition at a time: what they wait for must not hold up other
    /// partitions.
    looking: FuturesUnordered<BoxFuture<'static, Tried>>,
    /// What has come behind one of these for the same partition.
    behind: BTreeMap<PartitionId, VecDeque<Asked>>,
    /// Of all of them.
    bytes: usize,
    /// Partitions that were not here, with the attempt: what was sent behind it is not to overtake it.
    gone: BTreeMap<PartitionId, u32>,
    /// No more is read.
    over: bool,
    refusal: Option<Status>,
}

impl Appends {
    pub(super) fn new(
        owner: Result<Owner, Status>,
        env: Env,
        requests: Streaming<proto::AppendRequest>,
    ) -> Self {
        Self {
            owner,
            env,
            requests,
            running: FuturesUnordered::new(),
            looking: FuturesUnordered::new(),
            behind: BTreeMap::new(),
            bytes: 0,
            gone: BTreeMap::new(),
            over: false,
            refusal: None,
        }
    }

    pub(super) async fn next(&mut self) -> Option<Result<proto::AppendResponse, Status>> {
        loop {
            let is_idle = self.running.is_empty() && self.looking.is_empty();
            if self.over && is_idle {
                return self.refusal.take().map(Err);
            }
            let room = !self.over && (is_idle || self.bytes < UNDER_WAY);
            tokio::select! {
                biased;
                Some((answer, size)) = self.running.next(), if !self.running.is_empty() => {
                    self.bytes -= size;
                    return Some(Ok(answer));
                }
                Some((id, asked, placed)) = self.looking.next(), if !self.looking.is_empty() => {
                    self.placed(id, &asked, placed).await;
                    self.go_on(id).await;
                }
                request = self.requests.message(), if room => {
                    let taken = match request {
                        Ok(Some(request)) => self.take(request).await,
                        Ok(None) => { self.over = true; Ok(()) }
                        Err(status) => Err(status),
                    };
                    if let Err(status) = taken {
                        self.over = true;
                        self.refusal = Some(status);
                    }
                }
            }
        }
    }

    async fn take(&mut self, request: proto::AppendRequest) -> Result<(), Status> {
        let proto::AppendRequest { sequence, partition, batch, all_replicas, attempt, window_ms } = request;
        let id = convert::partition(partition)?;
        if let Err(status) = &self.owner {
            return Err(status.clone());
        }
        self.bytes += batch.len();
        let asked = Asked { sequence, batch, rules: Rules { all_replicas, window_ms }, attempt };
        match self.behind.get_mut(&id) {
            Some(behind) => behind.push_back(asked),
            None => self.append(id, asked).await,
        }
        Ok(())
    }

    /// Appends what has waited for a place to be found, up to the next one that looks for its own.
    async fn go_on(&mut self, id: PartitionId) {
        let mut waiting = self.behind.remove(&id).unwrap_or_default();
        while let Some(asked) = waiting.pop_front() {
            self.append(id, asked).await;
            if let Some(behind) = self.behind.get_mut(&id) {
                *behind = waiting;
                return;
            }
        }
    }

    async fn append(&mut self, id: PartitionId, asked: Asked) {
        let Ok(owner) = self.owner.clone() else { return };
        let Asked { attempt, rules, .. } = asked;
        let placed = match self.gone.get(&id) {
            Some(gone) if attempt <= *gone => Err(Fault::not_here("the partition has gone")),
            _ if rules.window_ms == 0 => owner.append(id, &asked.batch, rules).await,
            _ => {
                self.behind.insert(id, VecDeque::new());
                let look = async move {
                    let placed = owner.append(id, &asked.batch, rules).await;
                    (id, asked, placed)
                };
                self.looking.push(look.boxed());
                return;
            }
        };
        self.placed(id, &asked, placed).await;
    }

    async fn placed(&mut self, id: PartitionId, asked: &Asked, placed: Result<Placed, Fault>) {
        let (sequence, size) = (asked.sequence, asked.batch.len());
        match placed {
            Ok(placed) => {
                self.gone.remove(&id);
                let pause = placed.throttle();
                let done = Owner::durable(placed);
                self.running.push(done.map(move |done| (response(sequence, done), size)).boxed());
                // As the log fills up, who writes is slowed down.
                if !pause.is_zero() {
                    self.env.clock.sleep(pause).await;
                }
            }
            Err(fault) => {
                if fault.kind == Kind::NotHere {
                    self.gone.insert(id, asked.attempt);
                }
                let answer = response(sequence, Err(fault));
                self.running.push(std::future::ready((answer, size)).boxed());
            }
        }
    }
}

fn response(sequence: u64, done: Result<Written, Fault>) -> proto::AppendResponse {
    use proto::append_response::Result as Sent;
    let result = match done {
        Ok(Written { first_offset, last_offset, duplicate, repeats }) => {
            let repeat = |repeat: crate::owner::Repeat| {
                let crate::owner::Repeat { record, offset } = repeat;
                proto::Repeat { record, offset }
            };
            let repeats = repeats.into_iter().map(repeat).collect();
            Sent::Appended(proto::Appended { first_offset, last_offset, duplicate, repeats })
        }
        Err(fault) => Sent::Fault(convert::fault_message(fault)),
    };
    proto::AppendResponse { sequence, result: Some(result) }
}
