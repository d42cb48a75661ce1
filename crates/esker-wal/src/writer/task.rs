//! The task of a lane's writer: packs, commits, rolls.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use esker_core::{FrameIndex, frame::FrameBuilder};
use esker_env::{BoxFuture, Env, Rule};

use super::{
    Avoid, AvoidReason, CommitSink, CommittedFrame, NextLedger, NextLedgerPlan, NotReady, PendingBatch,
    RollError, Roller, Shared, Ticket, WriterClosed,
    ledger::{Event, Kept, OpenLedger, moved},
    roll::{Rolls, Step, no_quorum, or_pending, refuse, unusable},
};

pub(super) struct Task {
    shared: Arc<Shared>,
    env: Env,
    sink: Arc<dyn CommitSink>,
    ledger: OpenLedger,
    rolls: Rolls,
    /// What the last question asked to avoid.
    asked: Vec<Avoid>,
    plan: Option<NextLedgerPlan>,
    /// Between the freeze and the new ledger: frames of the old one that are not committed.
    leftover: Vec<Kept>,
    /// Runs while the first batch of the next frame waits for more.
    window: Option<BoxFuture<'static, ()>>,
    window_over: bool,
}

impl Task {
    pub(super) fn new(
        shared: Arc<Shared>,
        ledger: OpenLedger,
        env: Env,
        sink: Arc<dyn CommitSink>,
        roller: Arc<dyn Roller>,
    ) -> Self {
        let rolls = Rolls::new(roller, env.clone());
        Self {
            shared,
            env,
            sink,
            ledger,
            rolls,
            asked: Vec::new(),
            plan: None,
            leftover: Vec::new(),
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
                event = self.ledger.event() => self.on_events(event),
                step = self.rolls.step() => self.on_step(step),
                () = self.shared.wake.notified() => {
                    if self.shared.look.swap(false, Ordering::AcqRel) {
                        self.consider();
                    }
                }
                () = or_pending(self.window.as_mut()) => {
                    self.window = None;
                    self.window_over = true;
                }
            }
        }
    }

    fn drained(&self) -> bool {
        let queue = self.shared.queue.lock();
        let settled = !self.rolls.is_rolling() && self.ledger.is_settled();
        settled && queue.is_draining() && queue.is_empty()
    }

    /// The batches of the next frame, when one may be sent now.
    fn take(&mut self) -> Option<(VecDeque<PendingBatch>, usize, Ticket)> {
        if self.rolls.is_rolling() || !self.ledger.has_room() {
            return None;
        }
        let lane = &self.shared.lane;
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
        Some(queue.take(lane, self.env.clock.now()))
    }

    fn send(&mut self, mut batches: VecDeque<PendingBatch>, payload: usize, last: Ticket) {
        // They commit together, so only the order within a partition counts. Side by side, a partition's batches are
        // one read for whoever lags behind, and one piece of an object.
        batches.make_contiguous().sort_by_key(|batch| batch.header.partition);
        let (ledger, mode) = (self.ledger.id(), self.ledger.descriptor.mode);
        let built = FrameBuilder::new(ledger, self.ledger.next_index(), mode, batches.len(), payload);
        let mut builder = built.expect("the queue keeps frames within the format's bounds");
        let size = batches.iter().map(PendingBatch::size).sum();
        for batch in batches {
            builder.push(batch.header, &batch.bytes);
        }
        self.ledger.push(builder.finish(), last, size);
    }

    fn on_events(&mut self, first: Event) {
        let mut look = self.ledger.handle(first);
        // What is there already moves the commit point in one step.
        while let Some(event) = self.ledger.event_now() {
            look |= self.ledger.handle(event);
        }
        self.advance();
        look |= self.ledger.release();
        self.shared.copies.set(self.ledger.copies_status());
        self.shared.progress.copy(|copies| self.ledger.copies(copies));
        if look {
            self.consider();
        }
    }

    /// W1: commits what W stores hold.
    fn advance(&mut self) {
        let end = self.ledger.quorum_end();
        {
            let mut gate = self.shared.gate.lock();
            if gate.frozen || end <= gate.end {
                return;
            }
            gate.end = end;
        }
        let quorum = self.env.clock.now();
        let figures = &self.shared.lane.watch.metrics;
        let (mut last, mut size, mut batches) = (Ticket(0), 0, 0);
        for Kept { frame, last: ticket, size: bytes, since, own, .. } in self.ledger.commit(end) {
            last = *ticket;
            size += bytes;
            let (synced, count) = (own.unwrap_or(quorum), frame.headers().len() as u64);
            figures.sync.observe_many(synced - *since, count);
            figures.replication.observe_many(quorum - synced, count);
            batches += count;
            self.sink.committed(CommittedFrame {
                ledger: frame.ledger(),
                index: frame.index(),
                headers: Arc::clone(frame.headers()),
                payload: frame.payload(),
                last,
            });
        }
        figures.commit.observe_many(self.env.clock.now() - quorum, batches);
        self.shared.gate.lock().told = end;
        self.shared.backlog.fetch_sub(size, Ordering::Relaxed);
        // Only where a broken rule has acknowledged it before is it committed already.
        if !Rule::FreezeEndsAcks.is_broken() || self.shared.progress.committed() < last {
            self.shared.progress.commit(last);
        }
    }

    /// Looks whether a roll is wanted, and asks for it when none is under way.
    fn consider(&mut self) {
        if self.rolls.is_rolling() {
            return; // whoever is unwanted in the new ledger will be noticed there
        }
        if self.ledger.lost_quorum().is_some() {
            let in_vain = self.shared.gate.lock().end == FrameIndex(0);
            self.rolls.hurry(self.shared.lane.quorum_time, in_vain);
        }
        if self.rolls.is_idle() {
            let unwanted = self.unwanted();
            if unwanted.is_empty() && !self.is_narrow() {
                self.rolls.drop_wish();
            } else {
                tracing::info!(ledger = %self.ledger.id(), ?unwanted, "the lane wants another ledger");
                self.asked.clone_from(&unwanted);
                self.rolls.want(self.ledger.id(), unwanted);
            }
        }
    }

    /// Whether a new ledger could have more copies than this one.
    fn is_narrow(&self) -> bool {
        self.ledger.descriptor.copyset.len() < self.shared.possible.load(Ordering::Acquire)
    }

    /// What the next ledger should do without; nothing when the lane can stay in this one.
    fn unwanted(&self) -> Vec<Avoid> {
        let draining = self.shared.draining.lock();
        let mut unwanted = self.ledger.unwanted(&draining);
        if !unwanted.is_empty() {
            // Not a reason to leave, but no place to go either.
            let others = draining.iter().filter(|store| !self.ledger.descriptor.copyset.contains(store));
            unwanted.extend(others.map(|&store| Avoid { store, reason: AvoidReason::Draining }));
        }
        unwanted
    }

    fn on_step(&mut self, step: Step) {
        match step {
            Step::Paused => self.consider(),
            Step::Answered(Ok(plan)) => {
                let unwanted = self.unwanted();
                let wider = plan.copyset.len() > self.ledger.descriptor.copyset.len();
                if unwanted.is_empty() && !self.is_narrow() {
                    self.rolls.drop_wish();
                } else if unwanted.is_empty() && !wider {
                    self.not_ready(&NotReady::Later("the plan has no more stores than the ledger".into()));
                } else if let Some(problem) = refuse(&plan, &self.asked, &unwanted) {
                    self.not_ready(&problem);
                } else {
                    self.freeze(plan);
                }
            }
            Step::Answered(Err(problem)) => self.not_ready(&problem),
            Step::Rolled(Ok(next)) => self.go_on(next),
            Step::Rolled(Err(error)) => self.refused(&error),
            Step::OutOfTime => {
                let lost = self.ledger.lost_quorum().expect("the time runs once the quorum is lost");
                self.fail(&no_quorum(lost, &"no other copyset in time"));
            }
        }
    }

    fn not_ready(&mut self, problem: &NotReady) {
        let ledger = self.ledger.id();
        match (problem, self.ledger.lost_quorum()) {
            (NotReady::Nowhere(_), Some(lost)) => self.fail(&no_quorum(lost, problem)),
            _ => {
                tracing::info!(%ledger, %problem, "the lane stays in its ledger for now");
                self.rolls.pause();
            }
        }
    }

    /// W3: the commit point stays where it is, whatever arrives late; then the transaction.
    fn freeze(&mut self, plan: NextLedgerPlan) {
        let end = {
            let mut gate = self.shared.gate.lock();
            if gate.frozen {
                return; // from outside: the writer is over
            }
            gate.frozen = true;
            gate.end
        };
        self.leftover = self.ledger.freeze(end);
        if Rule::NothingAfterFreeze.is_broken()
            && let Some(last) = self.leftover.drain(..).next_back()
        {
            self.shared.progress.commit(last.last);
        }
        if let Some(last) = self.leftover.last()
            && Rule::FreezeEndsAcks.is_broken()
        {
            self.shared.progress.commit(last.last);
        }
        if Rule::LeftoverCarried.is_broken() {
            self.leftover.clear();
        }
        tracing::info!(ledger = %self.ledger.id(), %end, ?plan, "rolling");
        self.plan = Some(plan.clone());
        let sealed = if Rule::RollAtCommit.is_broken() { FrameIndex(end.0.saturating_sub(1)) } else { end };
        self.rolls.roll(self.ledger.id(), sealed, plan);
    }

    /// The old ledger is sealed. What was not committed there comes first in the new one.
    fn go_on(&mut self, next: NextLedger) {
        let old = Arc::clone(&self.ledger.descriptor);
        let plan = self.plan.take().expect("a roll follows a plan");
        if let Some(error) = unusable(&old, &plan, &next) {
            return self.refused(&error);
        }
        let NextLedger { descriptor, stores } = next;
        let end = self.shared.gate.lock().end;
        // The sink first: whoever reads the commit point sees the old ledger there or with the sink, never nowhere.
        self.sink.rolled(old.ledger, end, &descriptor, &stores);
        let descriptor = Arc::new(descriptor);
        if !self.shared.gate.lock().open(Arc::clone(&descriptor)) {
            return; // frozen from outside meanwhile: the new ledger stays empty
        }
        self.shared.progress.roll();
        let before = self.shared.progress.committed();
        self.ledger = OpenLedger::new(descriptor, stores, before, self.shared.lane.clone(), self.env.clone());
        for Kept { frame, last, size, .. } in std::mem::take(&mut self.leftover) {
            let frame = moved(&frame, self.ledger.id(), self.ledger.next_index());
            self.ledger.push(frame, last, size);
        }
        self.shared.copies.set(self.ledger.copies_status());
        self.shared.progress.copy(|copies| self.ledger.copies(copies));
        // What the caller wants to be rid of may have changed during the roll.
        self.consider();
    }

    /// W4.
    fn refused(&mut self, error: &RollError) {
        if Rule::RefusedRollEnds.is_broken() {
            return self.thaw();
        }
        self.fail(&format!("the roll failed: {error}"));
    }

    /// What breaking W4 means: the writer goes on where it was.
    fn thaw(&mut self) {
        {
            let mut gate = self.shared.gate.lock();
            gate.frozen = gate.over;
        }
        self.ledger.thaw();
        for Kept { frame, last, size, .. } in std::mem::take(&mut self.leftover) {
            self.ledger.push(frame, last, size);
        }
        self.consider();
    }

    fn fail(&self, reason: &str) {
        let ledger = self.ledger.id();
        let closed = WriterClosed::Failed { ledger, reason: reason.into() };
        if self.shared.end(&closed) {
            tracing::error!(%ledger, %reason, "the ledger's writer has failed");
            self.sink.closed(&closed);
        }
    }
}

impl Drop for Task {
    /// However the task ends, nobody waits on.
    fn drop(&mut self) {
        let ledger = self.ledger.id();
        self.shared.end(&WriterClosed::Failed { ledger, reason: "the writer's task was ended".into() });
    }
}
