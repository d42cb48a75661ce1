//! The task of a ledger's writer: packs, sends, counts, commits.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use esker_core::{
    FrameIndex,
    frame::{Frame, FrameBuilder},
};
use esker_env::{BoxFuture, Env};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use super::{CommitSink, CommittedFrame, PendingBatch, Shared, Ticket, WriterClosed};
use crate::{LogStore, StoreError};

/// A store of the copyset as the writer sees it.
struct Member {
    store: Arc<dyn LogStore>,
    /// It holds every frame below (S1: a store accepts frames in order, and answers for one only when it has them all).
    held: FrameIndex,
    /// Its first error ends its part in this ledger: a gap can never be closed again.
    dead: bool,
}

/// A frame sent and not committed.
struct InFlight {
    frame: Frame,
    last: Ticket,
    /// What it takes off the backlog.
    size: usize,
}

/// A store's answer to one frame.
struct Ack {
    member: usize,
    index: FrameIndex,
    result: Result<(), StoreError>,
}

pub(super) struct Task {
    shared: Arc<Shared>,
    members: Vec<Member>,
    env: Env,
    sink: Arc<dyn CommitSink>,
    next: FrameIndex,
    in_flight: VecDeque<InFlight>,
    bytes_in_flight: usize,
    acks: FuturesUnordered<BoxFuture<'static, Ack>>,
    /// Runs while the first batch of the next frame waits for more.
    window: Option<BoxFuture<'static, ()>>,
    window_over: bool,
}

impl Task {
    pub(super) fn new(
        shared: Arc<Shared>,
        stores: Vec<Arc<dyn LogStore>>,
        env: Env,
        sink: Arc<dyn CommitSink>,
    ) -> Self {
        let members =
            stores.into_iter().map(|store| Member { store, held: FrameIndex(0), dead: false }).collect();
        Self {
            shared,
            members,
            env,
            sink,
            next: FrameIndex(0),
            in_flight: VecDeque::new(),
            bytes_in_flight: 0,
            acks: FuturesUnordered::new(),
            window: None,
            window_over: false,
        }
    }

    pub(super) async fn run(mut self) {
        while !self.shared.ended() {
            while let Some((batches, payload, last)) = self.take() {
                self.send(batches, payload, last);
            }
            if self.drained() {
                self.shared.end(&WriterClosed::Closed);
                return;
            }
            tokio::select! {
                biased;
                Some(ack) = self.acks.next(), if !self.acks.is_empty() => self.on_acks(ack),
                () = self.shared.wake.notified() => {}
                () = async {
                    match self.window.as_mut() {
                        Some(window) => window.await,
                        None => std::future::pending().await,
                    }
                } => {
                    self.window = None;
                    self.window_over = true;
                }
            }
        }
    }

    fn drained(&self) -> bool {
        let queue = self.shared.queue.lock();
        self.in_flight.is_empty() && queue.is_draining() && queue.is_empty()
    }

    /// The batches of the next frame, when one may be sent now.
    fn take(&mut self) -> Option<(VecDeque<PendingBatch>, usize, Ticket)> {
        let lane = &self.shared.lane;
        if self.in_flight.len() >= lane.frames_in_flight || self.bytes_in_flight >= lane.bytes_in_flight {
            return None;
        }
        let mut queue = self.shared.queue.lock();
        if queue.is_empty() {
            return None;
        }
        let waits = !lane.window.is_zero() && queue.bytes() < lane.window_bytes;
        if waits && !self.window_over && !queue.is_draining() {
            if self.window.is_none() {
                self.window = Some(self.env.clock.sleep(lane.window));
            }
            return None;
        }
        self.window = None;
        self.window_over = false;
        Some(queue.take(lane))
    }

    fn send(&mut self, mut batches: VecDeque<PendingBatch>, payload: usize, last: Ticket) {
        // They commit together, so only the order within a partition counts. Side by side, a partition's batches are
        // one read for whoever lags behind, and one piece of an object.
        batches.make_contiguous().sort_by_key(|batch| batch.header.partition);
        let (ledger, mode) = (self.shared.descriptor.ledger, self.shared.descriptor.mode);
        let built = FrameBuilder::new(ledger, self.next, mode, batches.len(), payload);
        let mut builder = built.expect("the queue keeps frames within the format's bounds");
        let size = batches.iter().map(PendingBatch::size).sum();
        for batch in batches {
            builder.push(batch.header, &batch.bytes);
        }
        let frame = builder.finish();
        let index = self.next;
        self.next = index.next();
        for (member, state) in self.members.iter().enumerate().filter(|(_, state)| !state.dead) {
            let answer = state.store.append(frame.clone());
            self.acks.push(answer.map(move |result| Ack { member, index, result }).boxed());
        }
        self.bytes_in_flight += frame.encoded().len();
        self.in_flight.push_back(InFlight { frame, last, size });
    }

    fn on_acks(&mut self, first: Ack) {
        self.on_ack(first);
        // What is there already moves the commit point in one step.
        while let Some(Some(ack)) = self.acks.next().now_or_never() {
            self.on_ack(ack);
        }
        self.advance();
    }

    fn on_ack(&mut self, ack: Ack) {
        let member = &mut self.members[ack.member];
        match ack.result {
            Ok(()) => member.held = member.held.max(ack.index.next()),
            Err(error) if !member.dead => {
                member.dead = true;
                let store = member.store.id();
                let ledger = self.shared.descriptor.ledger;
                tracing::warn!(%ledger, %store, %error, "a store takes no more of the ledger");
                let alive = self.members.iter().filter(|member| !member.dead).count();
                if alive < self.shared.descriptor.write_quorum {
                    // What W stores hold by now is committed all the same.
                    self.advance();
                    self.fail(&error);
                }
            }
            Err(_) => {}
        }
    }

    /// W1: commits what W stores hold.
    fn advance(&mut self) {
        let quorum = self.shared.descriptor.write_quorum;
        let mut held: Vec<FrameIndex> = self.members.iter().map(|member| member.held).collect();
        held.sort_unstable_by(|a, b| b.cmp(a));
        let end = held[quorum - 1];
        {
            let mut gate = self.shared.gate.lock();
            if gate.frozen || end <= gate.end {
                return;
            }
            gate.end = end;
        }
        let (mut last, mut size) = (Ticket(0), 0);
        while let Some(flight) = self.in_flight.pop_front_if(|flight| flight.frame.index() < end) {
            let frame = flight.frame;
            self.bytes_in_flight -= frame.encoded().len();
            last = flight.last;
            size += flight.size;
            self.sink.committed(CommittedFrame {
                ledger: frame.ledger(),
                index: frame.index(),
                headers: Arc::clone(frame.headers()),
                payload: frame.payload(),
            });
        }
        self.shared.backlog.fetch_sub(size, Ordering::Relaxed);
        self.shared.progress.commit(last);
    }

    fn fail(&self, error: &StoreError) {
        let ledger = self.shared.descriptor.ledger;
        let reason = WriterClosed::Failed { ledger, reason: error.to_string().into() };
        if self.shared.end(&reason) {
            tracing::error!(%ledger, %error, "the ledger's writer has lost its quorum");
            self.sink.closed(&reason);
        }
    }
}

impl Drop for Task {
    /// However the task ends, nobody waits on.
    fn drop(&mut self) {
        let ledger = self.shared.descriptor.ledger;
        self.shared.end(&WriterClosed::Failed { ledger, reason: "the writer's task was ended".into() });
    }
}
