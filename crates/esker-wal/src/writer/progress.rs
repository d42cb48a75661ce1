//! How far a writer has come, and who waits for it.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Ticket, WriterClosed};

/// The last committed ticket. Waiters go on in the order in which they came; `tokio::sync::watch` wakes its receivers
/// in a random one, which no seed repeats.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Every ticket up to this one is committed.
    committed: u64,
    /// Nothing more will be.
    closed: Option<WriterClosed>,
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
        true
    }

    pub(super) fn is_over(&self) -> bool {
        self.state.lock().closed.is_some()
    }

    /// Waits until the ticket is committed, or never will be.
    pub(super) async fn reached(&self, ticket: Ticket) -> Result<(), WriterClosed> {
        self.wait(
            |state| {
                if state.committed >= ticket.0 { Some(Ok(())) } else { state.closed.clone().map(Err) }
            },
        )
        .await
    }

    /// Waits until the writer is over.
    pub(super) async fn ended(&self) {
        self.wait(|state| state.closed.as_ref().map(drop)).await;
    }

    async fn wait<T>(&self, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let moved = self.moved.notified();
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
