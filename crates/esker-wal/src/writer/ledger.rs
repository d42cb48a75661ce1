//! The ledger that a lane writes: its members, the frames they do not all have yet, and what is on its way.

use std::{collections::VecDeque, sync::Arc};

use esker_core::{
    FrameIndex, LedgerId,
    frame::{Frame, FrameBuilder},
};
use esker_env::{BoxFuture, Env, Monotonic, Rule};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use super::{Avoid, AvoidReason, LaneConfig, Ticket, member::Member, progress::Copies};
use crate::{Descriptor, LogStore, StoreError, metrics::CopiesStatus};

/// What a kept frame takes besides its bytes, roughly.
const FRAME_OVERHEAD: u64 = 512;

/// Frames on their way to one store, as a multiple of those sent and not committed: a store that is behind catches up in
/// longer strides.
const STRIDE: u64 = 8;

/// A frame that some member may still need.
pub(super) struct Kept {
    pub(super) frame: Frame,
    /// The last ticket of its batches.
    pub(super) last: Ticket,
    /// What it takes off the backlog.
    pub(super) size: usize,
    /// Bytes of all frames of the ledger up to the end of this one.
    position: u64,
    /// When it was sent.
    pub(super) since: Monotonic,
    /// When the broker's own store had it.
    pub(super) own: Option<Monotonic>,
}

/// Something that happened to a member.
pub(super) enum Event {
    /// A store's answer to one frame.
    Ack { member: usize, stream: u32, index: FrameIndex, result: Result<(), StoreError> },
    /// Time to send again.
    Resume { member: usize },
    /// Time to look for members that lag.
    LagCheck,
}

pub(super) struct OpenLedger {
    pub(super) descriptor: Arc<Descriptor>,
    members: Vec<Member>,
    lane: LaneConfig,
    env: Env,
    /// Frames that are not committed, or that a live member does not hold. In order, without gaps, up to `next`.
    kept: VecDeque<Kept>,
    /// The index of the first frame kept.
    first: FrameIndex,
    /// Bytes of the frames before the first.
    before: u64,
    next: FrameIndex,
    /// Frames below are committed.
    end: FrameIndex,
    /// Answers and timers of this ledger. Dropped with it: what comes later is heard by nobody (W3).
    events: FuturesUnordered<BoxFuture<'static, Event>>,
    checking_lag: bool,
    /// The error that left fewer than W members.
    lost: Option<StoreError>,
}

impl OpenLedger {
    /// A new ledger, for what comes after the ticket `before`.
    pub(super) fn new(
        descriptor: Arc<Descriptor>,
        stores: Vec<Arc<dyn LogStore>>,
        before: Ticket,
        lane: LaneConfig,
        env: Env,
    ) -> Self {
        Self {
            descriptor,
            members: stores.into_iter().map(|store| Member::new(store, before)).collect(),
            lane,
            env,
            kept: VecDeque::new(),
            first: FrameIndex(0),
            before: 0,
            next: FrameIndex(0),
            end: FrameIndex(0),
            events: FuturesUnordered::new(),
            checking_lag: false,
            lost: None,
        }
    }

    pub(super) fn id(&self) -> LedgerId {
        self.descriptor.ledger
    }

    /// The index of the next frame.
    pub(super) fn next_index(&self) -> FrameIndex {
        self.next
    }

    /// Whether another frame may be sent before one is committed.
    pub(super) fn has_room(&self) -> bool {
        let bytes = self.position(self.next) - self.position(self.end);
        self.next.0 - self.end.0 < self.lane.frames_in_flight as u64
            && bytes < self.lane.bytes_in_flight as u64
    }

    /// Whether every frame is committed.
    pub(super) fn is_settled(&self) -> bool {
        self.end == self.next
    }

    /// Sends the next frame.
    pub(super) fn push(&mut self, frame: Frame, last: Ticket, size: usize) {
        assert_eq!((frame.ledger(), frame.index()), (self.id(), self.next), "frames are dense");
        let since = self.env.clock.now();
        let position = self.position(self.next) + frame.encoded().len() as u64 + FRAME_OVERHEAD;
        self.kept.push_back(Kept { frame, last, size, position, since, own: None });
        self.next = self.next.next();
        for member in 0..self.members.len() {
            self.pump(member);
        }
        if !self.checking_lag {
            self.check_lag_at(since + self.lane.lag_time, since);
        }
    }

    /// The next thing that happened; never ends while there is nothing under way.
    pub(super) async fn event(&mut self) -> Event {
        match self.events.next().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// The next thing that happened already.
    pub(super) fn event_now(&mut self) -> Option<Event> {
        self.events.next().now_or_never().flatten()
    }

    /// Returns whether a roll may be wanted now.
    pub(super) fn handle(&mut self, event: Event) -> bool {
        match event {
            Event::Ack { member, stream, index, result: Ok(()) } => {
                // Behind the first only when the member was given up; all others have the frame.
                let now = self.env.clock.now();
                let is_own = self.lane.watch.own_store == Some(self.members[member].store.id());
                if let Some(kept) = self.kept_at_mut(index) {
                    let last = kept.last;
                    if is_own {
                        kept.own.get_or_insert(now);
                    }
                    self.members[member].holds(index.next(), last, stream);
                    self.pump(member);
                }
                false
            }
            Event::Ack { member, stream, result: Err(error), .. } => self.failed(member, stream, error),
            Event::Resume { member } => {
                self.members[member].resume();
                self.pump(member);
                false
            }
            Event::LagCheck => self.check_lag(),
        }
    }

    fn failed(&mut self, index: usize, stream: u32, error: StoreError) -> bool {
        let now = self.env.clock.now();
        let ledger = self.id();
        let member = &mut self.members[index];
        if member.dead || stream != member.stream {
            return false;
        }
        let store = member.store.id();
        if let Some(pause) = member.failed(&error, now, self.lane.lag_time, &*self.env.random) {
            tracing::debug!(%ledger, %store, %error, ?pause, "sending to a store again");
            let sleep = self.env.clock.sleep(pause);
            self.events.push(sleep.map(move |()| Event::Resume { member: index }).boxed());
            return false;
        }
        tracing::warn!(%ledger, %store, %error, "a store takes no more of the ledger");
        if self.alive() < self.descriptor.write_quorum {
            self.lost.get_or_insert(error);
        }
        true
    }

    fn alive(&self) -> usize {
        self.members.iter().filter(|member| !member.dead).count()
    }

    /// The error that left fewer than W members; none while there are enough.
    pub(super) fn lost_quorum(&self) -> Option<&StoreError> {
        self.lost.as_ref()
    }

    /// Sends a member what it lacks, as far as its window goes.
    fn pump(&mut self, index: usize) {
        let window = self.lane.frames_in_flight as u64 * STRIDE;
        loop {
            let member = &self.members[index];
            if member.dead || member.pausing || member.sent == self.next {
                return;
            }
            let bytes = self.position(member.sent) - self.position(member.held);
            if member.sent.0 - member.held.0 >= window || bytes >= self.lane.bytes_in_flight as u64 {
                return;
            }
            let (at, stream) = (member.sent, member.stream);
            let frame = self.kept_at(at).expect("what a live member lacks is kept").frame.clone();
            let answer = self.members[index].store.append(frame);
            let ack = move |result| Event::Ack { member: index, stream, index: at, result };
            self.events.push(answer.map(ack).boxed());
            self.members[index].sent = at.next();
        }
    }

    fn kept_at(&self, index: FrameIndex) -> Option<&Kept> {
        self.kept.get(usize::try_from(index.0.checked_sub(self.first.0)?).ok()?)
    }

    fn kept_at_mut(&mut self, index: FrameIndex) -> Option<&mut Kept> {
        self.kept.get_mut(usize::try_from(index.0.checked_sub(self.first.0)?).ok()?)
    }

    /// How the copies are, for whoever looks at the lane.
    pub(super) fn copies_status(&self) -> CopiesStatus {
        let live = self.members.iter().filter(|member| !member.dead);
        let end = self.position(self.next);
        let lag = |member: &Member| end.saturating_sub(self.position(member.held));
        let lag = live.clone().map(lag).max().unwrap_or(0);
        CopiesStatus { live: live.count(), lag }
    }

    /// Bytes of the frames below `end`.
    fn position(&self, end: FrameIndex) -> u64 {
        end.0
            .checked_sub(1)
            .and_then(|last| self.kept_at(FrameIndex(last)))
            .map_or(self.before, |kept| kept.position)
    }

    /// W1: what W stores hold.
    pub(super) fn quorum_end(&self) -> FrameIndex {
        let mut held: Vec<FrameIndex> = self.members.iter().map(|member| member.held).collect();
        held.sort_unstable_by(|a, b| b.cmp(a));
        let missing = usize::from(Rule::CommitAtQuorum.is_broken());
        held[(self.descriptor.write_quorum - 1).saturating_sub(missing)]
    }

    /// Moves the commit point; returns the frames that are committed by this.
    pub(super) fn commit(&mut self, end: FrameIndex) -> impl Iterator<Item = &Kept> {
        assert!(self.end < end && end <= self.next, "the commit point moves up, within what was sent");
        let from = (self.end.0 - self.first.0) as usize;
        let count = (end.0 - self.end.0) as usize;
        self.end = end;
        self.kept.range(from..from + count)
    }

    /// Gives up who is too far behind, then lets go of what nobody needs any more. Returns whether a roll may be wanted.
    pub(super) fn release(&mut self) -> bool {
        let mut gave_up = false;
        while self.alive() > self.descriptor.write_quorum {
            let (end, limit) = (self.position(self.end), self.lane.lag_bytes as u64);
            let slowest = (0..self.members.len()).filter(|&at| !self.members[at].dead);
            let Some(slowest) = slowest.min_by_key(|&at| self.members[at].held) else { break };
            let behind = end.saturating_sub(self.position(self.members[slowest].held));
            if behind <= limit {
                break;
            }
            let (ledger, store) = (self.id(), self.members[slowest].store.id());
            tracing::warn!(%ledger, %store, behind, "a store is too far behind and is given up for this ledger");
            self.members[slowest].dead = true;
            gave_up = true;
        }
        let live = self.members.iter().filter(|member| !member.dead).map(|member| member.held);
        let needed = live.min().unwrap_or(self.end).min(self.end);
        while self.first < needed {
            let gone = self.kept.pop_front().expect("frames up to the next one are kept");
            self.before = gone.position;
            self.first = self.first.next();
        }
        gave_up
    }

    /// How far each number of copies has come.
    pub(super) fn copies(&self, copies: &mut Copies) {
        let fill = |levels: &mut Vec<u64>, tickets: &dyn Fn(&Member) -> u64| {
            levels.clear();
            levels.extend(self.members.iter().map(tickets));
            levels.sort_unstable_by(|a, b| b.cmp(a));
        };
        fill(&mut copies.held, &|member| member.held_ticket.0);
        fill(&mut copies.possible, &|member| if member.dead { member.held_ticket.0 } else { u64::MAX });
    }

    /// The members that the lane should do without.
    pub(super) fn unwanted(&self, draining: &[esker_core::StoreId]) -> Vec<Avoid> {
        let now = self.env.clock.now();
        let reason = |member: &Member| {
            if draining.contains(&member.store.id()) {
                Some(AvoidReason::Draining)
            } else if member.dead {
                Some(AvoidReason::Dead)
            } else {
                self.oldest(member)
                    .filter(|since| now - *since >= self.lane.lag_time)
                    .map(|_| AvoidReason::Lagging)
            }
        };
        let avoid = |member: &Member| reason(member).map(|reason| Avoid { store: member.store.id(), reason });
        self.members.iter().filter_map(avoid).collect()
    }

    /// Since when the oldest frame that this live member lacks is there.
    fn oldest(&self, member: &Member) -> Option<Monotonic> {
        self.kept_at(member.held).map(|kept| kept.since)
    }

    fn check_lag(&mut self) -> bool {
        self.checking_lag = false;
        let live = self.members.iter().filter(|member| !member.dead);
        let Some(oldest) = live.filter_map(|member| self.oldest(member)).min() else { return false };
        let now = self.env.clock.now();
        let due = oldest + self.lane.lag_time;
        let lags = now >= due;
        self.check_lag_at(if lags { now + self.lane.lag_time } else { due }, now);
        lags
    }

    fn check_lag_at(&mut self, due: Monotonic, now: Monotonic) {
        self.checking_lag = true;
        self.events.push(self.env.clock.sleep(due - now).map(|()| Event::LagCheck).boxed());
    }

    /// W3: nothing of this ledger is heard any more. Returns what is not committed, in order.
    pub(super) fn freeze(&mut self, end: FrameIndex) -> Vec<Kept> {
        assert_eq!(end, self.end, "the commit point is where the gate is");
        self.events = FuturesUnordered::new();
        let uncommitted = self.kept.split_off((self.end.0 - self.first.0) as usize);
        self.kept.clear();
        self.next = self.end;
        self.first = self.end;
        uncommitted.into()
    }

    /// After a freeze: frames behind the end are sent anew. For a broken rule only.
    pub(super) fn thaw(&mut self) {
        self.checking_lag = false;
        for member in &mut self.members {
            member.dead |= member.held < self.end;
            member.held = member.held.min(self.end);
            member.stream += 1;
            member.resume();
        }
    }
}

/// The same batches as a frame of another ledger.
pub(super) fn moved(frame: &Frame, ledger: LedgerId, index: FrameIndex) -> Frame {
    let payload = frame.payload();
    let built = FrameBuilder::new(ledger, index, frame.mode(), frame.headers().len(), payload.len());
    let mut builder = built.expect("it was a frame before");
    let mut at = 0;
    for header in frame.headers().iter() {
        let end = at + header.length as usize;
        builder.push(*header, &payload[at..end]);
        at = end;
    }
    builder.finish()
}
