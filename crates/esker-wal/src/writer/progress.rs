//! How far a writer has come, and who waits for it.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{CopiesError, Ticket, WriterClosed};

/// Rolls whose copies are remembered, for waiters that come late.
const REMEMBERED: usize = 16;

/// The last committed ticket, and how far each number of copies has come. Waiters go on in the order in which they came;
/// `tokio::sync::watch` wakes its receivers in a random one, which no seed repeats.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    moved: Notify,
    /// Apart from `moved`: most waiters only want to hear of commits.
    copied: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Every ticket up to this one is committed.
    committed: u64,
    /// Of the current ledger.
    copies: Copies,
    /// Ledgers before it, in order: their last ticket and the copies that there were.
    past: VecDeque<(u64, Copies)>,
    /// Of tickets up to this one nothing is remembered but that they were committed.
    forgotten: u64,
    /// Nothing more will be.
    closed: Option<WriterClosed>,
}

/// How far a ledger's copies have come: place n - 1 is for n copies.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Every ticket of the ledger up to this one is on n stores.
    pub(super) held: Vec<u64>,
    /// A committed ticket beyond this one will never be.
    pub(super) possible: Vec<u64>,
}

impl State {
    fn is_committed(&self, ticket: Ticket) -> Option<Result<(), WriterClosed>> {
        if self.committed >= ticket.0 { Some(Ok(())) } else { self.closed.clone().map(Err) }
    }

    fn is_held(&self, ticket: Ticket, wanted: usize) -> Option<Result<(), CopiesError>> {
        if let Err(closed) = self.is_committed(ticket)? {
            return Some(Err(closed.into()));
        }
        let level = wanted.max(1) - 1;
        let past = self.past.iter().find(|(last, _)| ticket.0 <= *last).map(|(_, copies)| copies);
        let copies = past.unwrap_or(&self.copies);
        let reaches = |levels: &[u64]| levels.get(level).is_some_and(|last| ticket.0 <= *last);
        if ticket.0 > self.forgotten && reaches(&copies.held) {
            return Some(Ok(()));
        }
        let over = ticket.0 <= self.forgotten || past.is_some() || self.closed.is_some();
        (over || !reaches(&copies.possible)).then_some(Err(CopiesError::TooFew { wanted }))
    }
}

impl Progress {
    /// Everything up to `ticket` is committed.
    pub(super) fn commit(&self, ticket: Ticket) {
        {
            let mut state = self.state.lock();
            assert!(state.committed < ticket.0, "the commit point only moves up");
            state.committed = ticket.0;
        }
        self.moved.notify_waiters();
        self.copied.notify_waiters();
    }

    /// The current ledger's copies have moved.
    pub(super) fn copy(&self, update: impl FnOnce(&mut Copies)) {
        update(&mut self.state.lock().copies);
        self.copied.notify_waiters();
    }

    /// What is committed stays in a ledger that is over; the rest goes on in a new one.
    pub(super) fn roll(&self) {
        {
            let mut state = self.state.lock();
            let ended = (state.committed, std::mem::take(&mut state.copies));
            state.past.push_back(ended);
            if state.past.len() > REMEMBERED
                && let Some((last, _)) = state.past.pop_front()
            {
                state.forgotten = last;
            }
        }
        self.copied.notify_waiters();
    }

    /// Nothing more will be committed. Returns whether this call made it so.
    pub(super) fn end(&self, reason: &WriterClosed) -> bool {
        {
            let mut state = self.state.lock();
            if state.closed.is_some() {
                return false;
            }
            state.closed = Some(reason.clone());
        }
        self.moved.notify_waiters();
        self.copied.notify_waiters();
        true
    }

    pub(super) fn is_over(&self) -> bool {
        self.state.lock().closed.is_some()
    }

    pub(super) fn committed(&self) -> Ticket {
        Ticket(self.state.lock().committed)
    }

    /// Waits until the ticket is committed, or never will be.
    pub(super) async fn reached(&self, ticket: Ticket) -> Result<(), WriterClosed> {
        self.wait(&self.moved, |state| state.is_committed(ticket)).await
    }

    /// Waits until the ticket is committed and on `copies` stores, or never will be.
    pub(super) async fn held(&self, ticket: Ticket, copies: usize) -> Result<(), CopiesError> {
        self.wait(&self.copied, |state| state.is_held(ticket, copies)).await
    }

    /// Waits until the writer is over.
    pub(super) async fn ended(&self) {
        self.wait(&self.moved, |state| state.closed.as_ref().map(drop)).await;
    }

    async fn wait<T>(&self, moves: &Notify, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let moved = moves.notified();
            tokio::pin!(moved);
            // In line before the look, so that no move falls in between.
            moved.as_mut().enable();
            if let Some(seen) = look(&self.state.lock()) {
                return seen;
            }
            moved.await;
        }
    }
}
