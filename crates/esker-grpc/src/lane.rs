//! One stream's batches for one partition: sent in their order, taken back together, and sent again in their order.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use esker_core::{PartitionId, producer::REMEMBERED_BATCHES};
use esker_env::{BoxFuture, Monotonic};
use futures::{FutureExt, StreamExt, stream::FuturesOrdered};
use tokio::sync::mpsc;

use crate::{
    budget::Share,
    fault::{Fault, Kind},
    forward::RemoteAppends,
    owner::Written,
    targets::Targets,
};

/// Batches under way at the same time, of a producer without sequences.
const PIPELINE: usize = 128;

/// A batch of a stream.
pub(crate) struct Batch {
    /// The client's number for it.
    pub(crate) id: u64,
    pub(crate) bytes: Bytes,
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

/// The way of batches to one partition.
pub(crate) struct Lane {
    pub(crate) targets: Arc<Targets>,
    /// The stream's ways to other brokers.
    pub(crate) ways: Arc<RemoteAppends>,
    pub(crate) partition: PartitionId,
    pub(crate) all_replicas: bool,
    /// Batches have sequences: one that may have been written can be sent again.
    pub(crate) idempotent: bool,
    pub(crate) done: mpsc::UnboundedSender<Done>,
}

type Flying = FuturesOrdered<BoxFuture<'static, (Batch, Result<Written, Fault>)>>;

impl Lane {
    /// Takes batches until there are no more, and answers each.
    pub(crate) async fn run(self, mut batches: mpsc::UnboundedReceiver<Batch>) {
        let most = if self.idempotent { REMEMBERED_BATCHES } else { PIPELINE };
        let mut flying = Flying::new();
        // Not written, in order. Nothing is sent past them.
        let mut again: VecDeque<Batch> = VecDeque::new();
        let mut attempt = 0;
        let mut open = true;
        while open || !flying.is_empty() || !again.is_empty() {
            if flying.is_empty() && !again.is_empty() {
                self.targets.pause().await;
                attempt += 1;
                while let Some(batch) = again.pop_front() {
                    if let Some(back) = self.send(batch, attempt, &mut flying).await {
                        again.push_front(back);
                        break;
                    }
                }
                continue;
            }
            tokio::select! {
                biased;
                Some((batch, result)) = flying.next(), if !flying.is_empty() => match result {
                    Err(fault) if self.may_go_again(&batch, &fault) => again.push_back(batch),
                    result => self.tell(batch, result),
                },
                batch = batches.recv(), if open && again.is_empty() && flying.len() < most => match batch {
                    Some(batch) => {
                        if let Some(back) = self.send(batch, attempt, &mut flying).await {
                            again.push_back(back);
                        }
                    }
                    None => open = false,
                },
            }
        }
    }

    /// Sends a batch, answers it, or gives it back to be sent again behind what is flying.
    async fn send(&self, batch: Batch, attempt: u32, flying: &mut Flying) -> Option<Batch> {
        let Self { targets, ways, partition, all_replicas, .. } = self;
        match targets.append(ways, *partition, &batch.bytes, *all_replicas, attempt).await {
            Ok(flight) => {
                let pause = flight.throttle();
                flying.push_back(flight.land().map(|landed| (batch, landed)).boxed());
                // As the log fills up, who writes is slowed down.
                if !pause.is_zero() {
                    targets.env.clock.sleep(pause).await;
                }
                None
            }
            Err(fault) if self.may_go_again(&batch, &fault) => Some(batch),
            Err(fault) => {
                self.tell(batch, Err(fault));
                None
            }
        }
    }

    fn may_go_again(&self, batch: &Batch, fault: &Fault) -> bool {
        let harmless = match fault.kind {
            Kind::NotHere => true,
            Kind::Unknown => self.idempotent,
            Kind::Refused => false,
        };
        harmless && self.targets.env.clock.now() < batch.give_up
    }

    fn tell(&self, batch: Batch, result: Result<Written, Fault>) {
        let Batch { id, share, .. } = batch;
        // Nobody listens once the stream is over.
        let _ = self.done.send(Done { id, partition: self.partition, result, share });
    }
}
