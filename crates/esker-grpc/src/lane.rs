//! One stream's batches for one partition: sent in their order, taken back together, and sent again in their order.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{PartitionId, producer::REMEMBERED_BATCHES};
use esker_env::{BoxFuture, Monotonic};
use futures::{FutureExt, StreamExt, stream::FuturesOrdered};
use tokio::sync::mpsc;

use crate::{
    budget::Share,
    fault::{Fault, Kind},
    forward::RemoteAppends,
    owner::{Rules, Written},
    targets::{Road, Targets},
};

#[cfg(test)]
mod tests;

/// Batches under way at the same time, of a producer without sequences.
const PIPELINE: usize = 128;

/// A batch of a stream.
pub(crate) struct Batch {
    /// The client's number for it.
    pub(crate) id: u64,
    pub(crate) bytes: Bytes,
    /// Records whose ids are known in a window of so many milliseconds are left out; 0 for none.
    pub(crate) window_ms: u64,
    /// All of its records have such ids: one that may have been written can be sent again.
    pub(crate) has_ids: bool,
    /// Until when it may be tried.
    pub(crate) give_up: Monotonic,
    /// What it holds of the memory for requests.
    pub(crate) share: Share,
}

/// What became of one.
pub(crate) struct Done {
    pub(crate) id: u64,
    pub(crate) partition: PartitionId,
    pub(crate) result: Result<Written, Fault>,
    pub(crate) share: Share,
}

/// A batch that has been sent.
pub(crate) struct Sent {
    pub(crate) road: Road,
    /// How long the next one should wait, as the log fills up.
    pub(crate) throttle: Duration,
    pub(crate) landed: BoxFuture<'static, Result<Written, Fault>>,
}

/// The way of a stream's batches to one partition.
pub(crate) trait Way: Send + Sync {
    /// Sends a batch behind those that are not answered, which took the road `behind`. `attempt` counts how often batches of this
    /// partition have come back together.
    ///
    /// # Errors
    /// It was not sent, or not appended.
    fn send(
        &self,
        batch: &Batch,
        attempt: u32,
        behind: Option<Road>,
    ) -> impl Future<Output = Result<Sent, Fault>> + Send;

    /// Waits a little before what came back is sent again.
    fn pause(&self) -> impl Future<Output = ()> + Send;

    fn now(&self) -> Monotonic;

    fn sleep(&self, for_: Duration) -> impl Future<Output = ()> + Send;
}

/// The way to whoever has the partition.
pub(crate) struct ToOwner {
    pub(crate) targets: Arc<Targets>,
    /// The stream's ways to other brokers.
    pub(crate) ways: Arc<RemoteAppends>,
    pub(crate) partition: PartitionId,
    pub(crate) all_replicas: bool,
}

impl Way for ToOwner {
    async fn send(&self, batch: &Batch, attempt: u32, behind: Option<Road>) -> Result<Sent, Fault> {
        let Self { targets, ways, partition, all_replicas } = self;
        let rules = Rules { all_replicas: *all_replicas, window_ms: batch.window_ms };
        let flight = targets.append(ways, *partition, &batch.bytes, rules, attempt, behind).await?;
        Ok(Sent { road: flight.road(), throttle: flight.throttle(), landed: flight.land().boxed() })
    }

    async fn pause(&self) {
        self.targets.pause().await;
    }

    fn now(&self) -> Monotonic {
        self.targets.env.clock.now()
    }

    async fn sleep(&self, for_: Duration) {
        self.targets.env.clock.sleep(for_).await;
    }
}

/// Keeps the order of batches to one partition.
pub(crate) struct Lane<W> {
    pub(crate) way: W,
    pub(crate) partition: PartitionId,
    /// Batches have sequences: one that may have been written can be sent again.
    pub(crate) idempotent: bool,
    pub(crate) done: mpsc::UnboundedSender<Done>,
}

/// A batch of this number comes back.
type Landing = BoxFuture<'static, (u64, Batch, Result<Written, Fault>)>;

/// What a lane has to do. Batches are known by their numbers in it.
#[derive(Default)]
struct Work {
    flying: FuturesOrdered<Landing>,
    /// The road of what flies: another one might be faster.
    road: Option<Road>,
    /// Not written. Nothing is sent past them, and one that could not be sent is here before those that fly.
    again: BTreeMap<u64, Batch>,
    /// How often batches have come back together.
    attempt: u32,
    /// Answers behind one that there is not yet.
    done: BTreeMap<u64, Done>,
    /// The number of the next answer.
    answer: u64,
}

impl<W: Way> Lane<W> {
    /// Takes batches until there are no more, and answers each.
    pub(crate) async fn run(self, mut batches: mpsc::UnboundedReceiver<Batch>) {
        let most = if self.idempotent { REMEMBERED_BATCHES } else { PIPELINE };
        let mut work = Work::default();
        let mut next = 0;
        let mut open = true;
        while open || !work.flying.is_empty() || !work.again.is_empty() {
            if work.flying.is_empty() && !work.again.is_empty() {
                self.way.pause().await;
                self.send_again(&mut work).await;
                continue;
            }
            let room = open && work.again.is_empty() && work.flying.len() < most;
            tokio::select! {
                biased;
                Some((number, batch, result)) = work.flying.next(), if !work.flying.is_empty() => match result {
                    Err(fault) if self.may_go_again(&batch, &fault) => { work.again.insert(number, batch); }
                    result => self.tell(&mut work, number, batch, result),
                },
                batch = batches.recv(), if room => match batch {
                    Some(batch) => {
                        self.send(&mut work, next, batch).await;
                        next += 1;
                    }
                    None => open = false,
                },
            }
        }
    }

    async fn send_again(&self, work: &mut Work) {
        work.attempt += 1;
        while let Some((number, batch)) = work.again.pop_first() {
            if !self.send(work, number, batch).await {
                break;
            }
        }
    }

    /// Sends a batch, or answers it; unless it is to be sent again behind what is flying.
    async fn send(&self, work: &mut Work, number: u64, batch: Batch) -> bool {
        let behind = work.road.filter(|_| !work.flying.is_empty());
        match self.way.send(&batch, work.attempt, behind).await {
            Ok(Sent { road, throttle, landed }) => {
                work.road = Some(road);
                work.flying.push_back(landed.map(move |landed| (number, batch, landed)).boxed());
                // As the log fills up, who writes is slowed down.
                if !throttle.is_zero() {
                    self.way.sleep(throttle).await;
                }
                true
            }
            Err(fault) if self.may_go_again(&batch, &fault) => {
                work.again.insert(number, batch);
                false
            }
            Err(fault) => {
                self.tell(work, number, batch, Err(fault));
                true
            }
        }
    }

    fn may_go_again(&self, batch: &Batch, fault: &Fault) -> bool {
        let harmless = match fault.kind {
            Kind::NotHere => true,
            Kind::Unknown => self.idempotent || batch.has_ids,
            Kind::Refused => false,
        };
        harmless && self.way.now() < batch.give_up
    }

    /// Answers a batch, once those before it are answered.
    fn tell(&self, work: &mut Work, number: u64, batch: Batch, result: Result<Written, Fault>) {
        let Batch { id, share, .. } = batch;
        work.done.insert(number, Done { id, partition: self.partition, result, share });
        while let Some(done) = work.done.remove(&work.answer) {
            work.answer += 1;
            // Nobody listens once the stream is over.
            let _ = self.done.send(done);
        }
    }
}
